"""A look-ahead limiter for true peaks: one gain curve, computed from the mix, for all stems.

The curve never asks for more than a peak needs and is there before the peak: the gain each sample needs is held over
the look-ahead, released exponentially, and smoothed by two boxes as long as the look-ahead together. A mean over values
that are all low enough is low enough, so no peak slips through.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vssflow_post.audio import Samples
from vssflow_post.mix.truepeak import HALF, PeakFollower
from vssflow_post.timeline import CLOCK_HZ

LOOK_AHEAD = CLOCK_HZ * 5 // 1000
"""Samples; even, so that two boxes of half the length (plus one) smooth over exactly the look-ahead."""
LATENCY = HALF + LOOK_AHEAD
"""How many samples the gain curve lags behind the audio pushed."""
_RELEASE_S = 0.04
"""Short, because effects are mostly knocks: the longer the gain stays down behind a peak, the less loud they can be."""
_NEGLIGIBLE = 1e-6
_BOX = LOOK_AHEAD // 2 + 1

Gains = npt.NDArray[np.float64]


class Limiter:
    """Turns audio that comes in blocks into the gain curve that keeps it under a ceiling."""

    def __init__(self, ceiling: float, n_channels: int = 2) -> None:
        """`ceiling` is a linear magnitude, 1.0 is full scale."""
        self._ceiling = ceiling
        self._n_channels = n_channels
        self._peaks = PeakFollower(n_channels)
        self._stem_peaks: Samples = np.zeros(HALF, np.float32)
        self._ahead: Gains = np.ones(0)
        self._behind: Gains | None = None
        self._shortfall = 0.0
        self._n_skip = HALF

    def push(self, mix: Samples, stem_peaks: Samples) -> Gains:
        """The next gains, float64 (m,): of the samples up to LATENCY before the end of `mix`.

        `mix` is float32 (channels, n). `stem_peaks`, float32 (n,), is the highest sample magnitude of any stem: stems
        may cancel in the mix, and each must still fit its file.
        """
        levels = self._peaks.push(mix, self._ceiling)
        lagging = np.concatenate([self._stem_peaks, stem_peaks])
        self._stem_peaks = lagging[len(stem_peaks) :].copy()
        levels = np.maximum(levels, lagging[: len(levels)])
        skipped = min(self._n_skip, len(levels))  # what lies before the first sample is context, not audio
        self._n_skip -= skipped
        with np.errstate(divide="ignore"):
            needed = np.minimum(1.0, self._ceiling / levels[skipped:].astype(np.float64))
        return self._curve(needed)

    def flush(self) -> Gains:
        """The last gains: with them, as many gains as samples were pushed."""
        silence = np.zeros((self._n_channels, LATENCY), np.float32)
        return self.push(silence, silence[0])

    def _curve(self, needed: Gains) -> Gains:
        joined = np.concatenate([self._ahead, needed])
        n = max(0, len(joined) - LOOK_AHEAD)
        self._ahead = joined[n:].copy()
        if n == 0:
            return np.ones(0)
        idle = self._shortfall == 0.0 and joined.min() == 1.0
        if idle and self._behind is not None and self._behind.min() == 1.0:
            return np.ones(n)
        released = self._release(_held(joined))
        if self._behind is None:  # the first sample may be a peak: before it the gain was what it is there
            self._behind = np.full(LOOK_AHEAD, released[0])
        curve = np.concatenate([self._behind, released])
        self._behind = curve[n:].copy()
        return _smoothed(curve)

    def _release(self, held: Gains) -> Gains:
        """Lets each shortfall (1 - gain) decay with the release time: y[k] = max(x[k], decay * y[k-1]), at once.

        In logarithms the recursion is a running maximum over values that rise by a constant per sample.
        """
        rise = np.arange(1, len(held) + 1) / (_RELEASE_S * CLOCK_HZ)
        with np.errstate(divide="ignore"):
            raised = np.log(1.0 - held) + rise
            before = np.log(self._shortfall)
        shortfall = np.exp(np.maximum(np.maximum.accumulate(raised), before) - rise)
        shortfall[shortfall < _NEGLIGIBLE] = 0.0
        self._shortfall = float(shortfall[-1])
        return np.asarray(1.0 - shortfall, np.float64)


def _held(joined: Gains) -> Gains:
    """For each value but the last LOOK_AHEAD the least among it and the LOOK_AHEAD after it."""
    least, reach = joined, 1
    while reach <= LOOK_AHEAD:  # the least of two stretches side by side is that of both
        step = min(reach, LOOK_AHEAD + 1 - reach)
        least = np.minimum(least[:-step], least[step:])
        reach += step
    return least


def _smoothed(curve: Gains) -> Gains:
    """Two running means of _BOX values each; shorter than `curve` by LOOK_AHEAD."""
    for _ in range(2):
        total = np.concatenate([[0.0], np.cumsum(curve)])
        curve = (total[_BOX:] - total[:-_BOX]) / _BOX
    return np.minimum(curve, 1.0)
