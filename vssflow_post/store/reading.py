"""Reading back JSON that the tool itself has written, and that may be gone, torn or of another version by now."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

Found = TypeVar("Found")


def read_json(path: Path, build: Callable[[Any], Found]) -> Found | None:
    """What `build` makes of the JSON in a file; None where there is no file that can be read, or not as that."""
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        if path.is_file():
            return build(json.loads(path.read_bytes()))
    return None
