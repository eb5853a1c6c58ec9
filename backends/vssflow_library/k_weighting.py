"""A recording K-weighted as it is read."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.signal import sosfilt

from vssflow_post.audio import k_weighting

Samples = npt.NDArray[np.float32]


class KWeighting:
    """Weights one recording, block by block."""

    def __init__(self, rate_hz: int) -> None:
        self._sections = k_weighting(rate_hz)
        self._state: npt.NDArray[np.float64] | None = None

    def weighted(self, block: Samples) -> npt.NDArray[np.float64]:
        """(n, channels), as what came before it goes on."""
        if self._state is None:
            self._state = np.zeros((2, 2, block.shape[1]))
        out, self._state = sosfilt(self._sections, block.astype(np.float64), axis=0, zi=self._state)
        return np.asarray(out)
