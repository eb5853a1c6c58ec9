"""The colour of a sound: its power in bands, stretch by stretch."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

BANDS_HZ = (60, 150, 300, 600, 1200, 2400, 4800, 9600, 20_000)


def band_powers(stretches: npt.NDArray[np.float32], rate_hz: int) -> npt.NDArray[np.float64]:
    """(stretches, bands) of mono sound, (stretches, samples)."""
    hop = stretches.shape[1]
    power = np.abs(np.fft.rfft(stretches * np.hanning(hop), axis=1)) ** 2
    edges = np.searchsorted(np.fft.rfftfreq(hop, 1 / rate_hz), BANDS_HZ)
    return np.asarray(np.stack([power[:, a:b].sum(axis=1) for a, b in pairwise(edges)], axis=1))
