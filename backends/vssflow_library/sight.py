"""What reads a film's strikes for the library, and what that depends on: the starter's reader, between its grid."""

from __future__ import annotations

import hashlib
from pathlib import Path

from vssflow_dit.config import STRIKES, folder_of


def reader() -> Path:
    """The weights of the shipped reader of strikes."""
    return folder_of("starter") / STRIKES


def sees() -> str:
    """As `Backend.sees`: another library sees the same."""
    return f"strikes between the grid {hashlib.sha256(reader().read_bytes()).hexdigest()}"
