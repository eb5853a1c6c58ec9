"""Which of the films below a folder are meant: by pattern, and by when they were last changed."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path


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
