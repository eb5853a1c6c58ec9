"""Loudness of programme audio as it streams by: ITU-R BS.1770-5, EBU R 128, EBU Tech 3341 and 3342.

Memory is one number per 100 ms. The K-weighting coefficients are the standard's own, for 48 kHz.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vssflow_post.audio import Samples
from vssflow_post.mix.truepeak import HALF, PeakFollower
from vssflow_post.timeline import CLOCK_HZ

Values = npt.NDArray[np.float64]

_K_WEIGHTING = (
    (1.53512485958697, -2.69169618940638, 1.19839281085285, 1.0, -1.69065929318241, 0.73248077421585),
    (1.0, -2.0, 1.0, 1.0, -1.99004745483398, 0.99007225036621),
)
"""BS.1770-5 annex 1, tables 1 and 2: the head's shelf and the RLB high pass."""
_HOP = CLOCK_HZ // 10
_MOMENTARY_HOPS = 4
_SHORT_TERM_HOPS = 30
GATING_BLOCK = _MOMENTARY_HOPS * _HOP
"""Samples in a gating block (400 ms): what is shorter has no integrated loudness."""
_ABSOLUTE_GATE_LUFS = -70.0
_RELATIVE_GATE_LU = -10.0
_RANGE_GATE_LU = -20.0
_CURVE_POINTS = 2000


@dataclass(frozen=True, slots=True)
class Loudness:
    """What a stem or mix measures. None stands for minus infinity: silence, or too short for the measure."""

    integrated_lufs: float | None
    """Gated loudness of the whole; None below the absolute gate or under 400 ms."""
    range_lu: float
    """Loudness range (EBU Tech 3342); 0 under 3 s."""
    true_peak_dbtp: float | None
    """None for digital silence, or where peaks were not asked for."""
    max_momentary_lufs: float | None
    """Highest loudness over 400 ms."""
    max_short_term_lufs: float | None
    """Highest loudness over 3 s."""
    short_term: tuple[tuple[float, float], ...] = ()
    """(end of the 3 s window in seconds, LUFS), in order of time, at most 2000 points; silence is -inf."""
    n_samples: int = 0


class LoudnessMeter:
    """Takes stereo audio block by block, then says how loud it was."""

    def __init__(self, true_peak: bool = True) -> None:
        self._sections = np.array(_K_WEIGHTING)
        self._state = np.zeros((len(_K_WEIGHTING), 2, 2))
        self._open: Values = np.zeros(0)
        self._energies: list[Values] = []
        self._peaks = PeakFollower() if true_peak else None
        self._peak = 0.0
        self._n_samples = 0

    def push(self, block: Samples) -> None:
        """`block` is float32 (2, n), full scale 1.0; n may be anything."""
        from scipy.signal import sosfilt

        if block.shape[1] == 0:
            return
        weighted, self._state = sosfilt(self._sections, block.astype(np.float64), axis=1, zi=self._state)
        np.square(weighted, out=weighted)
        squares = np.concatenate([self._open, weighted.sum(axis=0)])
        n_closed = len(squares) // _HOP * _HOP
        self._energies.append(squares[:n_closed].reshape(-1, _HOP).sum(axis=1))
        self._open = squares[n_closed:].copy()
        self._n_samples += block.shape[1]
        self._follow_peak(block)

    def finish(self) -> Loudness:
        """The figures over everything pushed; the meter is used up."""
        self._follow_peak(np.zeros((2, HALF), np.float32))
        energies = np.concatenate([np.zeros(0), *self._energies])
        momentary = _lufs(_window_means(energies, _MOMENTARY_HOPS))
        short_term = _lufs(_window_means(energies, _SHORT_TERM_HOPS))
        step = max(1, -(-len(short_term) // _CURVE_POINTS))
        times = (np.arange(len(short_term)) + _SHORT_TERM_HOPS) * _HOP / CLOCK_HZ
        return Loudness(
            integrated_lufs=_gated(momentary, _RELATIVE_GATE_LU),
            range_lu=_loudness_range(short_term),
            true_peak_dbtp=20 * math.log10(self._peak) if self._peak > 0 else None,
            max_momentary_lufs=_highest(momentary),
            max_short_term_lufs=_highest(short_term),
            short_term=tuple(zip(times[::step].tolist(), short_term[::step].tolist(), strict=True)),
            n_samples=self._n_samples,
        )

    def _follow_peak(self, block: Samples) -> None:
        if self._peaks is not None:
            self._peak = max(self._peak, float(self._peaks.push(block, self._peak).max(initial=0.0)))


def _window_means(energies: Values, n_hops: int) -> Values:
    """Mean square (channels summed, each weighing 1) of every whole window, one window per hop."""
    if len(energies) < n_hops:
        return np.zeros(0)
    windows = np.lib.stride_tricks.sliding_window_view(energies, n_hops)
    return np.asarray(windows.sum(axis=1) / (n_hops * _HOP), np.float64)


def _lufs(mean_squares: Values) -> Values:
    with np.errstate(divide="ignore"):
        return np.asarray(-0.691 + 10 * np.log10(mean_squares), np.float64)


def _gated(lufs: Values, relative_lu: float) -> float | None:
    """Mean loudness of the windows over both gates (BS.1770-5, annex 1, equations 4 to 7)."""
    loud = lufs[lufs > _ABSOLUTE_GATE_LUFS]
    if len(loud) == 0:
        return None
    kept = loud[loud > _energetic_mean(loud) + relative_lu]
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


def _highest(lufs: Values) -> float | None:
    highest = float(lufs.max(initial=-math.inf))
    return highest if math.isfinite(highest) else None
