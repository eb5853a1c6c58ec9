"""From what FFmpeg meets in a film to its verdict: errors one by one, and damage counted until there is enough."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from vssflow_post.errors import FilmError, FilmFailed, FilmRejected
from vssflow_post.timeline import CLOCK_HZ

_UNREADABLE = (errno.EACCES, errno.ENOENT, errno.ENXIO, errno.ESTALE, errno.EISDIR)
"""What the file system says, not the film. (EIO may be either: FFmpeg says it of odd packets too.)"""

_ENOUGH = 100
"""A film this broken is given up; counting on would take as long as decoding it."""
_FEW = 1 / 20
"""Share of pictures that may be damaged in a film that goes on: each broken packet spoils one, and those that refer to
it."""


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


def is_damage(error: Exception) -> bool:
    """Whether what a decoder raises is about the packet that it was given, and not about the whole stream."""
    import av

    whole = (MemoryError, av.error.DecoderNotFoundError, av.error.PatchWelcomeError, av.error.ExternalError)
    return not isinstance(error, whole)


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
    """What is wrong with a film's pictures, found out by decoding them; times are samples of the clock."""

    is_known: bool = False
    """Whether it was told already, of a film that was salvaged: then it is no verdict."""
    n_pictures: int = 0
    """That came out, damaged or not."""
    spoilt: list[int] = field(default_factory=list)
    """Pictures that came out damaged: a player shows them with blemishes."""
    lost: list[int] = field(default_factory=list)
    """Pictures that did not come out."""
    first: int | None = None
    """The first picture that came out."""
    sizes: list[tuple[int, int, int]] = field(default_factory=list)
    """(sample, width, height) from where on pictures have that size."""

    def shown(self, sample: int, width: int, height: int, is_spoilt: bool) -> None:
        """Takes note of a picture. Raises FilmRejected `corrupt` when one too many is damaged."""
        self.n_pictures += 1
        self.first = sample if self.first is None else min(sample, self.first)
        if not self.sizes or self.sizes[-1][1:] != (width, height):
            self.sizes.append((sample, width, height))
        if is_spoilt:
            self.spoilt.append(sample)
            self._enough()

    def missed(self, sample: int) -> None:
        """Takes note of a picture that cannot be decoded. Raises FilmRejected `corrupt` when it is one too many."""
        self.lost.append(sample)
        self._enough()

    def _enough(self) -> None:
        if len(self.spoilt) + len(self.lost) >= _ENOUGH:
            self.raise_if_any()

    @property
    def errors(self) -> list[int]:
        """All that are not whole, by time."""
        return sorted([*self.spoilt, *self.lost])

    @property
    def _is_bad(self) -> bool:
        """Whether pictures are lost, or more are damaged than a broken packet or two explain."""
        return bool(self.lost) or len(self.spoilt) > self.n_pictures * _FEW

    def raise_if_any(self) -> None:
        """Raises FilmRejected `corrupt`, with how many and when the first, where the film has lost pictures or a good
        part of them is damaged."""
        if self.is_known or not self._is_bad:
            return
        errors = self.errors
        count = f"At least {len(errors)}" if len(errors) >= _ENOUGH else f"{len(errors)}"
        raise FilmRejected(
            "corrupt",
            f"{count} of its pictures are damaged, the first at {errors[0] / CLOCK_HZ:.3f} s ({len(self.lost)} of them "
            "cannot be decoded at all). With --salvage it is taken as it is.",
        )

    def sentences(self) -> Iterator[str]:
        """What is told of a film that goes on all the same."""
        if self.spoilt and not self.is_known:
            yield f"{pictures_at(self.spoilt)} damaged in the file; the rest is whole."
        for (_, *before), (sample, *after) in pairwise(self.sizes):
            old, new = ("x".join(map(str, size)) for size in (before, after))
            yield f"Its pictures change from {old} to {new} at {sample / CLOCK_HZ:.3f} s; both are copied as they are."
        if self.first is not None and self.first > CLOCK_HZ // 1000:
            yield f"Its first {self.first / CLOCK_HZ:.3f} s cannot be shown: the file starts between two key pictures."


def pictures_at(samples: Sequence[int]) -> str:
    """`1 picture, at 2.000 s, is` or `3 pictures, from 2.000 s to 2.120 s, are`."""
    first, last = min(samples) / CLOCK_HZ, max(samples) / CLOCK_HZ
    if len(samples) == 1:
        return f"1 picture, at {first:.3f} s, is"
    return f"{len(samples)} pictures, from {first:.3f} s to {last:.3f} s, are"
