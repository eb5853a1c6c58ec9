"""Recordings as they are laid: read from where they lie, at 48 kHz, in one channel or two.

What vanished since it was indexed, or holds something else, is `Lost`: another recording is heard instead.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from vssflow_library.index import Recording
from vssflow_library.indexing import content_digest
from vssflow_post.timeline import CLOCK_HZ

Samples = npt.NDArray[np.float32]
MARGIN_S = 0.02
"""Read beyond either end of a part, so that resampling sees no edge there."""
AGAINST = 0.25
"""Part of their power that channels keep when they are added, below which they cancel each other."""


class Lost(Exception):
    """A recording that is not what was indexed; `str(error)` says what happened to it."""

    def __init__(self, recording: Recording, what: str) -> None:
        super().__init__(what)
        self.recording = recording


class Shelf:
    """Reads recordings, each of which is held against the index once."""

    def __init__(self) -> None:
        self._whole: set[str] = set()
        self.laid: dict[str, None] = {}
        """Names of the files that were read since somebody cleared it, in order."""

    def part(self, recording: Recording, first: int, last: int) -> Samples:
        """(channels, n) of one channel or two at 48 kHz, from `first` to `last` in the recording's own samples.

        Raises Lost.
        """
        import soundfile

        self._held_against(recording)
        rate_hz = recording.rate_hz
        first, last = max(0, first), min(last, recording.n_samples)
        margin = round(MARGIN_S * rate_hz)
        start, stop = max(0, first - margin), min(recording.n_samples, last + margin)
        try:
            with soundfile.SoundFile(recording.path) as file:
                file.seek(start)
                samples = file.read(stop - start, dtype="float32", always_2d=True).T
        except (OSError, soundfile.LibsndfileError) as error:
            raise Lost(recording, f"cannot be read ({str(error).splitlines()[0]})") from None
        if samples.shape[1] < last - start or not np.isfinite(samples).all():
            raise Lost(recording, "is damaged")
        self.laid[Path(recording.path).name] = None
        return _at_clock(_two_at_most(samples), rate_hz, first - start, last - first)

    def _held_against(self, recording: Recording) -> None:
        if recording.path in self._whole:
            return
        path = Path(recording.path)
        try:
            status = path.stat()
            same = (status.st_size, status.st_mtime_ns) == (recording.size, recording.mtime_ns)
            if not same and (status.st_size != recording.size or content_digest(path) != recording.digest):
                raise Lost(recording, "holds something else than when it was indexed")
        except FileNotFoundError:
            raise Lost(recording, "is gone") from None
        except OSError as error:
            raise Lost(recording, f"cannot be read ({error.strerror or error})") from None
        self._whole.add(recording.path)


def _two_at_most(samples: Samples) -> Samples:
    """More channels than two folded down: the five of 5.1 (ITU-R BS.775), of others every second to each side."""
    n = samples.shape[0]
    if n <= 2:
        return samples
    if n == 6:
        left, right, centre, _, left_back, right_back = samples
        folded = [left + (centre + left_back) * np.float32(0.7071), right + (centre + right_back) * np.float32(0.7071)]
        return np.stack(folded)
    return np.stack([samples[side::2].sum(0) / np.float32(np.sqrt(len(samples[side::2]))) for side in (0, 1)])


def _at_clock(samples: Samples, rate_hz: int, first: int, n: int) -> Samples:
    """From `first` on n samples, at 48 kHz."""
    if rate_hz == CLOCK_HZ:
        return np.ascontiguousarray(samples[:, first : first + n])
    import soxr

    heard = soxr.resample(np.ascontiguousarray(samples.T), rate_hz, CLOCK_HZ, quality="VHQ").T
    start, length = round(first * CLOCK_HZ / rate_hz), max(1, round(n * CLOCK_HZ / rate_hz))
    part = np.zeros((len(heard), length), np.float32)
    got = heard[:, start : start + length]
    part[:, : got.shape[1]] = got
    return part


def as_one(samples: Samples) -> Samples:
    """(n,) of one channel or two: their mean; the louder one where they cancel each other."""
    mean: Samples = samples.mean(axis=0)
    powers = (samples.astype(np.float64) ** 2).mean(axis=1)
    cancels = float((mean.astype(np.float64) ** 2).mean()) < AGAINST * float(powers.mean())
    loudest: Samples = samples[int(np.argmax(powers))]
    return loudest if cancels else mean
