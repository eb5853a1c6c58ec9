"""K-weighting (ITU-R BS.1770-5, annex 1): the head's shelf and the RLB high pass, at any sampling rate.

The standard prints coefficients for 48 kHz only. These are the two analogue filters they come from, through the
bilinear transform; at 48 kHz they give the printed numbers to eleven digits. A signal goes through them by its
spectrum: scipy.signal, whose `sosfilt` gives the same to twelve digits, takes longer to import than a clip to be mixed.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import numpy.typing as npt

from vssflow_post.audio import Samples

Weighted = npt.NDArray[np.float64]
_SHELF_HZ, _SHELF_Q, _SHELF_DB = 1681.974450955533, 0.7071752369554196, 3.999843853973347
_SHELF_SLOPE = 0.4996667741545416
"""Exponent of the gain at the shelf's corner; one half would be the textbook shelf."""
_PASS_HZ, _PASS_Q = 38.13547087602444, 0.5003270373238773
_MEMORY_S = 0.17
"""After so long nothing is left of a sample but what is below the rounding of float64."""


@cache
def k_weighting(rate_hz: int) -> npt.NDArray[np.float64]:
    """Second-order sections, shape (2, 6): b0, b1, b2, a0 = 1, a1, a2."""
    k = math.tan(math.pi * _SHELF_HZ / rate_hz)
    high = 10 ** (_SHELF_DB / 20)
    corner = high**_SHELF_SLOPE
    a0 = 1 + k / _SHELF_Q + k * k
    shelf = (
        (high + corner * k / _SHELF_Q + k * k) / a0, 2 * (k * k - high) / a0,
        (high - corner * k / _SHELF_Q + k * k) / a0,
        1.0, 2 * (k * k - 1) / a0, (1 - k / _SHELF_Q + k * k) / a0,
    )  # fmt: skip
    k = math.tan(math.pi * _PASS_HZ / rate_hz)
    a0 = 1 + k / _PASS_Q + k * k
    high_pass = (1.0, -2.0, 1.0, 1.0, 2 * (k * k - 1) / a0, (1 - k / _PASS_Q + k * k) / a0)
    return np.array([shelf, high_pass])


class KWeighting:
    """K-weights a signal that comes in blocks; how it is cut into blocks makes no difference."""

    def __init__(self, n_channels: int, rate_hz: int) -> None:
        self._memory = math.ceil(_MEMORY_S * rate_hz)
        self._size = 1 << (4 * self._memory - 1).bit_length()
        self._response = _response(rate_hz, self._size)
        self._waiting: Weighted = np.zeros((n_channels, self._memory))
        """What the next samples remember, and those of them that do not fill a window yet."""

    def push(self, block: Samples) -> Weighted:
        """The next weighted samples (channels, m), as many as fill whole windows, of a block (channels, n)."""
        joined = np.concatenate([self._waiting, block], axis=1)
        step = self._size - self._memory
        n_weighted = (joined.shape[1] - self._memory) // step * step
        weighted = [self._weighted(joined[:, k : k + self._size]) for k in range(0, n_weighted, step)]
        self._waiting = joined[:, n_weighted:].copy()
        return np.concatenate([joined[:, :0], *weighted], axis=1)

    def finish(self) -> Weighted:
        """The last ones: with them, as many as were pushed."""
        n = self._waiting.shape[1]
        window = np.zeros((len(self._waiting), self._size))
        window[:, :n] = self._waiting
        return self._weighted(window)[:, : n - self._memory]

    def _weighted(self, window: Weighted) -> Weighted:
        """All of a window but the samples whose past is not in it."""
        return np.fft.irfft(np.fft.rfft(window) * self._response, self._size)[:, self._memory :]


@cache
def _response(rate_hz: int, size: int) -> npt.NDArray[np.complex128]:
    """The gain of each bin of a real FFT, (size / 2 + 1,)."""
    sections = k_weighting(rate_hz)
    gains = np.fft.rfft(sections[:, :3], size) / np.fft.rfft(sections[:, 3:], size)
    return np.asarray(gains.prod(axis=0), np.complex128)
