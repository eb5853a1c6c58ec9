"""Which of the films below a folder are meant: by pattern, and by when they were last changed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from vssflow_post.errors import UsageError

if TYPE_CHECKING:
    pass

_AGE = re.compile(r"(\d+(?:\.\d+)?)\s*([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True, slots=True)
class Selection:
    """What a film must be like; without any condition every film is meant."""

    since_s: float | None = None
    """Changed at this time (seconds since the epoch) or later."""
    only: tuple[str, ...] = ()
    """Its path below the folder matches one of these patterns; `*` also stands for slashes."""
    exclude: tuple[str, ...] = ()
    """It matches none of these."""

    def takes(self, film: Path, root: Path) -> bool:
        """`root` is the folder that was named, or the film itself. A film that cannot be looked at is taken, so that it
        gets its verdict."""
        path = film.name if film == root else film.relative_to(root).as_posix()
        if self.only and not any(fnmatchcase(path, pattern) for pattern in self.only):
            return False
        if any(fnmatchcase(path, pattern) for pattern in self.exclude):
            return False
        try:
            return self.since_s is None or film.stat().st_mtime >= self.since_s
        except OSError:
            return True


EVERYTHING = Selection()


def time_of(text: str, now: datetime) -> float:
    """The time that a date (`2026-11-24`, `2026-11-24T18:00`) or an age (`90m`, `36h`, `2d`, `1w`) stands for, in
    seconds since the epoch. A date without an offset is one of `now`'s clock. Raises UsageError for anything else."""
    if age := _AGE.fullmatch(text.strip()):
        return (now - timedelta(**{_UNITS[age[2]]: float(age[1])})).timestamp()
    try:
        date = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(f"--since {text!r} is neither a date (2026-11-24T18:00) nor an age (90m, 36h, 2d)") from None
    return (date if date.tzinfo else date.replace(tzinfo=now.tzinfo)).timestamp()


def selected(since: str | None, only: tuple[str, ...], exclude: tuple[str, ...]) -> Selection:
    """Raises UsageError for a time that is none."""
    from datetime import datetime

    return Selection(time_of(since, datetime.now().astimezone()) if since else None, only, exclude)
