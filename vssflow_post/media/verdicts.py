"""From what FFmpeg meets in a film to its verdict: errors one by one, and damage counted until there is enough."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from vssflow_post.errors import FilmError, FilmFailed, FilmRejected
from vssflow_post.timeline import CLOCK_HZ

_UNREADABLE = (errno.EACCES, errno.ENOENT, errno.ENXIO, errno.ESTALE, errno.EISDIR)
"""What the file system says, not the film. (EIO may be either: FFmpeg says it of odd packets too.)"""

_ENOUGH = 100
"""A film this broken is given up; counting on would take as long as decoding it."""


@contextmanager
def reading(path: Path, doing: str) -> Iterator[None]:
    """Turns what FFmpeg raises into a verdict; `doing` is what stops, as the start of a sentence.

    Raises FilmRejected `corrupt`, `too_large` or `unsupported_codec`, FilmFailed `source_io`.
    """
    import av

    try:
        yield
    except MemoryError as error:
        raise FilmRejected("too_large", f"{doing} needs more memory than a film may take.") from error
    except av.error.ExitError as error:
        raise FilmRejected("too_large", f"{doing} takes too long.") from error
    except av.error.FFmpegError as error:
        raise _verdict_on(error, path, doing) from error


def _verdict_on(error: Exception, path: Path, doing: str) -> FilmError:
    import av

    reason = getattr(error, "strerror", None) or str(error)
    code = getattr(error, "errno", None)
    if code in _UNREADABLE or (code == errno.EIO and not _is_readable(path)):
        return FilmFailed("source_io", f"{path} cannot be read: {reason}.")
    if isinstance(error, (av.error.DecoderNotFoundError, av.error.PatchWelcomeError, av.error.ExternalError)):
        return FilmRejected("unsupported_codec", f"{doing} is not possible here: {reason}.")
    return FilmRejected("corrupt", f"{doing} fails: {reason}.")


def _is_readable(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            while file.read(1 << 20):
                pass
    except OSError:
        return False
    return True


@dataclass(slots=True)
class Damage:
    """Decode errors so far."""

    what: str
    """What is counted, in the plural."""
    is_known: bool = False
    """Whether it was told already, of a film that is cut off: then it is no verdict."""
    n_errors: int = 0
    first_sample: int = 0

    def add(self, sample: int) -> None:
        """Counts one error at `sample` of the clock. Raises FilmRejected `corrupt` when it is one too many."""
        if not self.n_errors or sample < self.first_sample:
            self.first_sample = sample
        self.n_errors += 1
        if self.n_errors >= _ENOUGH:
            self.raise_if_any()

    def raise_if_any(self) -> None:
        """Raises FilmRejected `corrupt`, with how many and when the first, unless there was no error."""
        if not self.n_errors or self.is_known:
            return
        count = f"At least {self.n_errors}" if self.n_errors >= _ENOUGH else f"{self.n_errors}"
        raise FilmRejected(
            "corrupt", f"{count} of its {self.what} are damaged, the first at {self.first_sample / CLOCK_HZ:.3f} s."
        )
