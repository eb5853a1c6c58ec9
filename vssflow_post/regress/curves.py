"""Levels along a sound, one number every 10 ms: how loud it is, how much of it lies above 10 kHz, and where it begins.

Loudness shows drops, ramps, fades and silence; what lies above 10 kHz shows clicks, a missing dither and another
resampler, which the programme itself, of less bandwidth, would hide. Onsets are the places where the level
rises suddenly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vssflow_post.audio import Samples
from vssflow_post.regress.spectrum import Values, decibels
from vssflow_post.timeline import CLOCK_HZ

HOP = CLOCK_HZ // 100
"""Samples of a value: one analysis hop."""
SILENCE_DB = -160.0
"""Lower than any 24-bit sample that is not zero can be on average over a hop."""
HIGH_HZ = 10_000.0
WEAK_DB, STRONG_DB = 6.0, 15.0
"""A rise from WEAK_DB on is kept; only one of STRONG_DB must have its counterpart, so that no rise is half kept."""
_BEFORE = 6
"""Hops before an onset over which the level is compared: 60 ms."""
_APART = 8
"""Hops that onsets are apart at least: 80 ms."""
_FLOOR_DB = -70.0
"""Rises under this level are none."""
_PER_DB = 10
_TAPS = 127

Tenths = npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """Tenths of a dB of full scale, mean square over all channels."""

    level: Tenths
    """(hops,) of everything."""
    high: Tenths
    """(hops,) of what lies above HIGH_HZ."""

    @property
    def level_db(self) -> Values:
        return self.level.astype(np.float64) / _PER_DB

    @property
    def high_db(self) -> Values:
        return self.high.astype(np.float64) / _PER_DB


@dataclass(frozen=True, slots=True)
class Onset:
    """One rise of the level."""

    hop: int
    """Number of the 10 ms hop in which it begins."""
    rise_db: float

    @property
    def time_s(self) -> float:
        return self.hop * HOP / CLOCK_HZ


def curves_of(samples: Samples) -> Curves:
    """The curves of float32 (channels, n) at the clock's rate; a last hop that is not full counts as if it went on."""
    from scipy.signal import firwin, oaconvolve

    n = samples.shape[1]
    if n < HOP:
        empty = np.full(min(1, n), SILENCE_DB * _PER_DB, np.int16)
        return Curves(empty, empty.copy())
    taps = firwin(_TAPS, HIGH_HZ, fs=CLOCK_HZ, pass_zero="highpass", window=("kaiser", 14.0))
    high = oaconvolve(samples.astype(np.float64), taps[None], mode="same", axes=1)
    return Curves(_tenths(samples), _tenths(high))


def windowed_db(level_db: Values, n_hops: int) -> Values:
    """Mean power over every `n_hops` neighbouring values, in dB."""
    power = np.where(level_db <= SILENCE_DB, 0.0, 10.0 ** (level_db / 10.0))
    if len(power) < n_hops:
        return decibels(np.array([power.mean()]) if len(power) else np.zeros(0), SILENCE_DB)
    sums = np.cumsum(np.concatenate([[0.0], power]))
    return decibels(np.maximum(0.0, sums[n_hops:] - sums[:-n_hops]) / n_hops, SILENCE_DB)


def onsets_of(level_db: Values) -> list[Onset]:
    """The onsets of a level curve (see `Curves`): the steepest hop of each rise, none within 80 ms of a steeper one."""
    level = np.maximum(level_db, _FLOOR_DB)
    n = len(level)
    before = np.array([level[max(0, k - _BEFORE) : max(1, k)].max() for k in range(n)]) if n else level
    before[:1] = _FLOOR_DB
    rise = level - before
    chosen: list[int] = []
    for k in np.argsort(-rise, kind="stable"):
        if rise[k] < WEAK_DB:
            break
        if all(abs(int(k) - other) >= _APART for other in chosen):
            chosen.append(int(k))
    return [Onset(k, round(float(rise[k]), 1)) for k in sorted(chosen)]


def unmatched(wanted: Sequence[Onset], found: Sequence[Onset], within_hops: int) -> list[Onset]:
    """The strong ones of `wanted` for which `found` has none, not even a weak one, so near."""
    hops = np.array([onset.hop for onset in found])
    return [
        onset
        for onset in wanted
        if onset.rise_db >= STRONG_DB and not (len(hops) and np.abs(hops - onset.hop).min() <= within_hops)
    ]


def _tenths(samples: npt.NDArray[np.floating]) -> Tenths:
    squares = np.square(samples.astype(np.float64)).mean(axis=0)
    n_hops = -(-len(squares) // HOP)
    filled = np.pad(squares, (0, n_hops * HOP - len(squares)), mode="edge")
    levels = decibels(filled.reshape(n_hops, HOP).mean(axis=1), SILENCE_DB)
    return np.rint(levels * _PER_DB).astype(np.int16)
