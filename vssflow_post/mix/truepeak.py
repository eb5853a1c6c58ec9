"""True peak: how high the signal goes between its samples (ITU-R BS.1770-5, annex 2), by 4x interpolation.

The interpolator is the one FFmpeg's `ebur128` uses through libswresample (a sinc of 32 taps a phase under a Kaiser
window, beta 9), so both meters read the same peaks. Only stretches that can exceed a threshold are interpolated: no
interpolated value exceeds the samples around it by more than the sum of the taps' magnitudes.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from vssflow_post.audio import Samples

PHASES = 4
HALF = 16
"""Samples of context an interpolated value needs on either side."""
_KAISER_BETA = 9.0
_HOP = 480
_WINDOW = _HOP + 2 * HALF
_BATCH = 64


@cache
def _taps() -> npt.NDArray[np.float64]:
    """(3, 32): row p gives the value at (p + 1)/4 after the sample under column HALF - 1."""
    offset = np.arange(-HALF + 1, HALF + 1) - np.arange(1, PHASES)[:, None] / PHASES
    window = np.i0(_KAISER_BETA * np.sqrt(np.maximum(0.0, 1 - (offset / HALF) ** 2)))
    taps = np.sinc(offset) * window
    return np.asarray(taps / taps.sum(axis=1, keepdims=True), np.float64)


@cache
def _spectra() -> npt.NDArray[np.complex64]:
    """(3, 1, 1, _WINDOW / 2 + 1): the taps for a correlation by FFT."""
    return np.asarray(np.conj(np.fft.rfft(_taps(), _WINDOW))[:, None, None], np.complex64)


@cache
def _overshoot() -> float:
    """No interpolated value exceeds its neighbours' peak by more than this factor."""
    return float(np.abs(_taps()).sum(axis=1).max())


class PeakFollower:
    """Follows a signal that comes in blocks; its answers lag by HALF samples."""

    def __init__(self, n_channels: int = 2) -> None:
        self._context: Samples = np.zeros((n_channels, 2 * HALF), np.float32)

    def push(self, block: Samples, threshold: float) -> Samples:
        """Per sample, the highest magnitude of any channel at it and in the gaps beside it, float32 (n,).

        `block` is float32 (channels, n); element k speaks of the sample HALF before block's k. Levels below
        `threshold` may be those of the samples alone.
        """
        n = block.shape[1]
        if n == 0:
            return np.zeros(0, np.float32)
        joined = np.concatenate([self._context, block], axis=1)
        self._context = joined[:, n:].copy()
        levels = np.abs(joined[:, HALF : HALF + n]).max(axis=0, initial=0.0)
        n_hops = -(-n // _HOP)
        padded = np.zeros((joined.shape[0], n_hops * _HOP + 2 * HALF), np.float32)
        padded[:, : joined.shape[1]] = joined
        windows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW, axis=1)[:, ::_HOP]
        magnitudes = np.abs(padded).max(axis=0)
        reach = np.lib.stride_tricks.sliding_window_view(magnitudes, _WINDOW)[::_HOP].max(axis=1)
        padded_levels = np.zeros((n_hops, _HOP), np.float32)
        padded_levels.reshape(-1)[:n] = levels
        high = np.flatnonzero(reach * _overshoot() > threshold)
        for first in range(0, len(high), _BATCH):
            hops = high[first : first + _BATCH]
            padded_levels[hops] = np.maximum(padded_levels[hops], _between(windows[:, hops]))
        return padded_levels.reshape(-1)[:n]


def _between(windows: Samples) -> Samples:
    """Highest magnitude in the gaps beside each of a hop's samples, float32 (k, _HOP), of (channels, k, _WINDOW)."""
    values = np.fft.irfft(np.fft.rfft(windows) * _spectra(), _WINDOW)[..., : _HOP + 1]
    gaps = np.abs(values).max(axis=(0, 1))
    return np.asarray(np.maximum(gaps[:, :-1], gaps[:, 1:]), np.float32)
