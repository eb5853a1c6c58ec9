"""K-weighting (ITU-R BS.1770-5, annex 1): the head's shelf and the RLB high pass, at any sampling rate.

The standard prints coefficients for 48 kHz only. These are the two analogue filters they come from, through the
bilinear transform; at 48 kHz they give the printed numbers to eleven digits.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import numpy.typing as npt

_SHELF_HZ, _SHELF_Q, _SHELF_DB = 1681.974450955533, 0.7071752369554196, 3.999843853973347
_SHELF_SLOPE = 0.4996667741545416
"""Exponent of the gain at the shelf's corner; one half would be the textbook shelf."""
_PASS_HZ, _PASS_Q = 38.13547087602444, 0.5003270373238773


@cache
def k_weighting(rate_hz: int) -> npt.NDArray[np.float64]:
    """Second-order sections for scipy's sosfilt, shape (2, 6)."""
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
