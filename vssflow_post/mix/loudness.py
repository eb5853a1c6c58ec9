"""Loudness of programme audio as it streams by: ITU-R BS.1770-5, EBU R 128, EBU Tech 3341 and 3342.

Memory is one number per 100 ms. Dialogue loudness is the same measure over the stretches in which somebody is known to
speak, laid end to end.

A signal is K-weighted by its spectrum: scipy.signal, whose `sosfilt` gives the same to twelve digits, takes longer to
import than a clip to be mixed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

from vssflow_post.audio import STEREO, Layout, Loudness, Samples, k_weighting
from vssflow_post.mix.truepeak import HALF, PeakFollower
from vssflow_post.timeline import CLOCK_HZ, Span

Values = npt.NDArray[np.float64]

_BINS_PER_S = 100
"""Energies are gathered over 10 ms, so that the highest momentary loudness does not depend on where a window starts."""
_HOP_BINS = 10
_MOMENTARY_BINS = 40
_SHORT_TERM_BINS = 300
GATING_BLOCK = CLOCK_HZ * _MOMENTARY_BINS // _BINS_PER_S
"""Samples of the clock in a gating block (400 ms): what is shorter has no integrated loudness."""
_ABSOLUTE_GATE_LUFS = -70.0
_RELATIVE_GATE_LU = -10.0
_RANGE_GATE_LU = -20.0
_CURVE_POINTS = 2000
"""At most, of short-term loudness over the film."""
_MEMORY_S = 0.17
"""After so long nothing is left of a sample but what is below the rounding of float64."""


class LoudnessMeter:
    """Takes audio block by block, then says how loud it was."""

    def __init__(
        self, true_peak: bool = True, layout: Layout = STEREO, rate_hz: int = CLOCK_HZ, speech: Sequence[Span] = ()
    ) -> None:
        """`speech` is where dialogue loudness is measured, in samples of `rate_hz`, a multiple of 100."""
        self._weights = np.array(layout.weights)[:, None]
        self._rate_hz = rate_hz
        self._k_weighting = KWeighting(layout.n_channels, rate_hz)
        self._bin = rate_hz // _BINS_PER_S
        self._open: Values = np.zeros(0)
        self._whole, self._spoken = _Windows(), _Windows()
        self._speech = _Speech(speech)
        self._peaks = PeakFollower(layout.n_channels) if true_peak else None
        self._peak = 0.0
        self._n_samples = self._n_bins = 0

    def push(self, block: Samples) -> None:
        """`block` is float32 (channels, n), full scale 1.0; n may be anything."""
        self._n_samples += block.shape[1]
        self._gather(self._k_weighting.push(block))
        self._follow_peak(block)

    def finish(self) -> Loudness:
        """The figures over everything pushed; no more can be pushed after it."""
        self._gather(self._k_weighting.finish())
        self._follow_peak(np.zeros((len(self._weights), HALF), np.float32))
        short_term = self._whole.loudness(_SHORT_TERM_BINS)
        step = max(1, -(-len(short_term) // _CURVE_POINTS))
        times = (np.arange(len(short_term)) * _HOP_BINS + _SHORT_TERM_BINS) / _BINS_PER_S
        return Loudness(
            integrated_lufs=_gated(self._whole.loudness(_MOMENTARY_BINS)),
            range_lu=_loudness_range(short_term),
            true_peak_dbtp=20 * math.log10(self._peak) if self._peak > 0 else None,
            max_momentary_lufs=self._whole.highest(_MOMENTARY_BINS),
            max_short_term_lufs=self._whole.highest(_SHORT_TERM_BINS),
            short_term=tuple(zip(times[::step].tolist(), short_term[::step].tolist(), strict=True)),
            n_samples=self._n_samples,
            dialogue_lufs=_gated(self._spoken.loudness(_MOMENTARY_BINS)),
        )

    def raised(self, gain_db: float, dialogue: bool = False) -> float | None:
        """The gated loudness of all that was pushed (or of its speech alone), were it raised by `gain_db`.

        It does not follow the gain: the absolute gate lets more of a faint programme in as it is raised.
        """
        windows = self._spoken if dialogue else self._whole
        return _gated(windows.loudness(_MOMENTARY_BINS) + gain_db)

    def _gather(self, weighted: Values) -> None:
        """Mean squares of the bins that `weighted`, the next samples, completes."""
        np.square(weighted, out=weighted)
        squares = np.concatenate([self._open, (self._weights * weighted).sum(axis=0)])
        n_closed = len(squares) // self._bin * self._bin
        means = squares[:n_closed].reshape(-1, self._bin).mean(axis=1)
        middles = self._bin * (self._n_bins + np.arange(len(means))) + self._bin // 2
        self._whole.push(means)
        self._spoken.push(means[self._speech.holds(middles)])
        self._open = squares[n_closed:].copy()
        self._n_bins += len(means)

    def _follow_peak(self, block: Samples) -> None:
        if self._peaks is not None:
            self._peak = max(self._peak, float(self._peaks.push(block, self._peak).max(initial=0.0)))


class KWeighting:
    """K-weights a signal that comes in blocks; how it is cut into blocks makes no difference."""

    def __init__(self, n_channels: int, rate_hz: int) -> None:
        self._memory = math.ceil(_MEMORY_S * rate_hz)
        self._size = 1 << (4 * self._memory - 1).bit_length()
        self._response = _response(rate_hz, self._size)
        self._waiting: Values = np.zeros((n_channels, self._memory))
        """What the next samples remember, and those of them that do not fill a window yet."""

    def push(self, block: Samples) -> Values:
        """The next weighted samples (channels, m), as many as fill whole windows, of a block (channels, n)."""
        joined = np.concatenate([self._waiting, block], axis=1)
        step = self._size - self._memory
        n_weighted = (joined.shape[1] - self._memory) // step * step
        weighted = [self._weighted(joined[:, k : k + self._size]) for k in range(0, n_weighted, step)]
        self._waiting = joined[:, n_weighted:].copy()
        return np.concatenate([joined[:, :0], *weighted], axis=1)

    def finish(self) -> Values:
        """The last ones: with them, as many as were pushed."""
        n = self._waiting.shape[1]
        window = np.zeros((len(self._waiting), self._size))
        window[:, :n] = self._waiting
        return self._weighted(window)[:, : n - self._memory]

    def _weighted(self, window: Values) -> Values:
        """All of a window but the samples whose past is not in it."""
        return np.fft.irfft(np.fft.rfft(window) * self._response, self._size)[:, self._memory :]


@cache
def _response(rate_hz: int, size: int) -> npt.NDArray[np.complex128]:
    """The gain of each bin of a real FFT, (size / 2 + 1,)."""
    sections = k_weighting(rate_hz)
    gains = np.fft.rfft(sections[:, :3], size) / np.fft.rfft(sections[:, 3:], size)
    return np.asarray(gains.prod(axis=0), np.complex128)


class _Windows:
    """Mean squares over sliding windows: one kept every 100 ms, the highest of all that start on a 10 ms bin."""

    def __init__(self) -> None:
        self._recent: Values = np.zeros(0)
        self._hops: list[Values] = []
        self._open: Values = np.zeros(0)
        self._highest = {_MOMENTARY_BINS: 0.0, _SHORT_TERM_BINS: 0.0}

    def push(self, means: Values) -> None:
        """Mean squares of the next bins."""
        joined = np.concatenate([self._recent, means])
        for n_bins, highest in self._highest.items():
            fresh = joined[max(0, len(self._recent) - n_bins + 1) :]
            self._highest[n_bins] = max(highest, float(_sliding_means(fresh, n_bins).max(initial=0.0)))
        self._recent = joined[-_SHORT_TERM_BINS + 1 :].copy()
        waiting = np.concatenate([self._open, means])
        n_closed = len(waiting) // _HOP_BINS * _HOP_BINS
        self._hops.append(waiting[:n_closed].reshape(-1, _HOP_BINS).mean(axis=1))
        self._open = waiting[n_closed:].copy()

    def loudness(self, n_bins: int) -> Values:
        """LUFS of every whole window, one window per 100 ms."""
        return _lufs(_sliding_means(np.concatenate([np.zeros(0), *self._hops]), n_bins // _HOP_BINS))

    def highest(self, n_bins: int) -> float | None:
        """LUFS of the loudest window."""
        return float(_lufs(np.array([self._highest[n_bins]]))[0]) if self._highest[n_bins] > 0 else None


class _Speech:
    """Whether somebody speaks at a sample."""

    def __init__(self, spans: Sequence[Span]) -> None:
        ordered = sorted(spans)
        self._starts = np.array([span.start for span in ordered], np.int64)
        ends = np.array([span.end for span in ordered], np.int64)
        self._ends = np.maximum.accumulate(ends) if len(ends) else ends

    def holds(self, samples: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        begun = np.searchsorted(self._starts, samples, side="right")
        if len(self._ends) == 0:
            return np.zeros(len(samples), np.bool_)
        return np.asarray((begun > 0) & (samples < self._ends[np.maximum(begun - 1, 0)]), np.bool_)


def _sliding_means(values: Values, n: int) -> Values:
    """The mean of every n neighbours."""
    if len(values) < n:
        return np.zeros(0)
    return np.asarray(np.lib.stride_tricks.sliding_window_view(values, n).mean(axis=1), np.float64)


def _lufs(mean_squares: Values) -> Values:
    with np.errstate(divide="ignore"):
        return np.asarray(-0.691 + 10 * np.log10(mean_squares), np.float64)


def _gated(lufs: Values) -> float | None:
    """Mean loudness of the windows over both gates (BS.1770-5, annex 1, equations 4 to 7)."""
    loud = lufs[lufs > _ABSOLUTE_GATE_LUFS]
    if len(loud) == 0:
        return None
    kept = loud[loud > _energetic_mean(loud) + _RELATIVE_GATE_LU]
    return _energetic_mean(kept)


def _loudness_range(short_term: Values) -> float:
    """From the 10th to the 95th percentile of the gated short-term loudness (EBU Tech 3342)."""
    loud = short_term[short_term > _ABSOLUTE_GATE_LUFS]
    if len(loud) == 0:
        return 0.0
    kept = np.sort(loud[loud > _energetic_mean(loud) + _RANGE_GATE_LU])
    last = len(kept) - 1
    return float(kept[round(last * 0.95)] - kept[round(last * 0.10)])


def _energetic_mean(lufs: Values) -> float:
    return 10 * math.log10(float(np.mean(10 ** (lufs / 10))))
