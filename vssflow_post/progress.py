"""Progress as a value: stages report it, the console draws it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one stage of one film is."""

    stage: str
    """`probe` (in seconds of the film), `analyse`, `speech`, `generate`, `mix` or `deliver`."""
    done: int
    total: int
    detail: str = ""
    """What is being worked on, e.g. a cue's id."""


OnProgress: TypeAlias = Callable[[Progress], None]


def silent(progress: Progress) -> None:
    """For callers that do not watch."""
