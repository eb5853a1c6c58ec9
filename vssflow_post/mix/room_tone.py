"""Room tone: what a scene sounds like when nothing happens in it.

Read from the scene's own effects: the mean spectrum of their quietest moments, without what rings in it. Noise with
that spectrum, made anew for each scene, has no loop to be heard and any length.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vssflow_post.audio import Samples
from vssflow_post.mix.laid_take import LaidTake

Values = npt.NDArray[np.float64]

_FRAME = 1024
_HOP = _FRAME // 2
_PIECE = _FRAME * 64
_QUIETEST = 0.2
"""Share of the moments that count as quiet."""
_LEAST_POWER = 1e-12
"""Mean square below which a moment is no sound at all (-120 dBFS)."""
_RANGE_DB = 30.0
"""From the loudest room tone down to the softest one."""
_WINDOW = np.sqrt(np.hanning(_FRAME + 1)[:_FRAME])


@dataclass(frozen=True, slots=True, eq=False)
class Tone:
    """The colour and level of a room tone."""

    power: Values
    """Mean power spectrum of windowed frames, shape (_FRAME / 2 + 1,)."""
    rate_hz: int


def tone_of(takes: Sequence[LaidTake], loudest_db: float) -> Tone | None:
    """The room tone of a scene, from its effects at their gains; None where they are silent.

    It is at most `loudest_db` (negative) against their mean power, so that the tone under a bed does not double it, and
    no more than 30 dB below that: what falls silent between two knocks has no tone of its own to give. Reads the takes
    twice, and keeps one number per frame.
    """
    rate_hz = takes[0].source.rate_hz
    alike = [take for take in takes if take.source.rate_hz == rate_hz]
    level = np.concatenate([np.zeros(0), *(power for _, power in _sounding_frames(alike))])
    if len(level) == 0:
        return None
    quiet = float(np.quantile(level, _QUIETEST))
    total, power_of_quiet, n = np.zeros(_FRAME // 2 + 1), 0.0, 0
    for frames, power in _sounding_frames(alike):
        kept = power <= quiet
        total += (np.abs(np.fft.rfft(frames[kept] * _WINDOW)) ** 2).sum(axis=0)
        power_of_quiet += float(power[kept].sum())
        n += int(kept.sum())
    air = _without_lines(total)
    relative_db = 10 * math.log10(air.sum() / total.sum() * power_of_quiet / n / float(level.mean()))
    wanted_db = min(loudest_db, max(loudest_db - _RANGE_DB, relative_db))
    return Tone(air / n * 10 ** ((wanted_db - relative_db) / 10), rate_hz)


def _without_lines(power: Values) -> Values:
    """A power spectrum, each bin the median of a fourth of its frequency on both sides.

    What was struck still rings when it is quiet, and a tone that goes on would be heard as a beep.
    """
    return np.array([np.median(power[max(0, k - 2 - k // 4) : k + 3 + k // 4]) for k in range(len(power))])


def _sounding_frames(takes: Sequence[LaidTake]) -> Iterator[tuple[Values, Values]]:
    """Frames that are not silent, (k, _FRAME), and their powers (k,), piece by piece; a rest is left out."""
    for source, gain in ((take.source, 10 ** (take.gain_db / 20)) for take in takes):
        for start in range(0, source.n_samples - _FRAME + 1, _PIECE):
            mono = source.read(start, min(source.n_samples, start + _PIECE)).mean(axis=0, dtype=np.float64)
            frames = gain * mono[: len(mono) // _FRAME * _FRAME].reshape(-1, _FRAME)
            power = np.square(frames).mean(axis=1)
            yield frames[power > _LEAST_POWER], power[power > _LEAST_POWER]


@dataclass(frozen=True, slots=True, eq=False)
class ToneSource:
    """Room tone of any length, as a source: the same samples on every run, however they are read."""

    tone: Tone
    n_samples: int
    seed: int

    @property
    def rate_hz(self) -> int:
        return self.tone.rate_hz

    def read(self, start: int, stop: int) -> Samples:
        """float32 (1, stop - start): frames of noise under a window whose overlapping squares add to one."""
        first, last = start // _HOP, max(start, stop - 1) // _HOP + 1
        out = np.zeros((last - first + 2) * _HOP)
        for number in range(first, last + 1):
            at = (number - first) * _HOP
            out[at : at + _FRAME] += self._frame(number)
        offset = start - first * _HOP + _HOP
        return np.asarray(out[None, offset : offset + stop - start], np.float32)

    def _frame(self, number: int) -> Values:
        """One frame of noise; frame k covers the hops k - 1 and k."""
        random = np.random.default_rng([self.seed, number])
        noise = np.fft.rfft(random.standard_normal(_FRAME))
        # The spectrum was read through a window that passes half of the power.
        shaped = np.fft.irfft(noise * np.sqrt(self.tone.power / (_FRAME / 2)), _FRAME)
        return np.asarray(shaped * _WINDOW, np.float64)
