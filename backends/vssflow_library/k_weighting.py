"""The K-weighting of ITU-R BS.1770, at any rate."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.signal import sosfilt

SHELF_HZ, SHELF_DB, SHELF_Q = 1681.974450955533, 3.999843853973347, 0.7071752369554196
PASS_HZ, PASS_Q = 38.13547087602444, 0.5003270373238773
"""The analogue filters behind the coefficients that the recommendation gives for 48 kHz."""
Samples = npt.NDArray[np.float32]


class KWeighting:
    """Weights one recording, block by block."""

    def __init__(self, rate_hz: int) -> None:
        self._sections = np.stack([_shelf(rate_hz), _high_pass(rate_hz)])
        self._state: npt.NDArray[np.float64] | None = None

    def weighted(self, block: Samples) -> npt.NDArray[np.float64]:
        """(n, channels), as what came before it goes on."""
        if self._state is None:
            self._state = np.zeros((2, 2, block.shape[1]))
        out, self._state = sosfilt(self._sections, block.astype(np.float64), axis=0, zi=self._state)
        return np.asarray(out)


def _shelf(rate_hz: int) -> npt.NDArray[np.float64]:
    k, high = math.tan(math.pi * SHELF_HZ / rate_hz), 10 ** (SHELF_DB / 20)
    middle, a0 = high**0.4996667741545416, 1 + k / SHELF_Q + k * k
    b = (high + middle * k / SHELF_Q + k * k, 2 * (k * k - high), high - middle * k / SHELF_Q + k * k)
    return np.array([*b, a0, 2 * (k * k - 1), 1 - k / SHELF_Q + k * k]) / a0


def _high_pass(rate_hz: int) -> npt.NDArray[np.float64]:
    k = math.tan(math.pi * PASS_HZ / rate_hz)
    a0 = 1 + k / PASS_Q + k * k
    return np.array([1, -2, 1, 1, 2 * (k * k - 1) / a0, (1 - k / PASS_Q + k * k) / a0])
