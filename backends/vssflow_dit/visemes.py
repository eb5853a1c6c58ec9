"""The mouth that a listener would see: its opening, frame by frame, from phonemes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vssflow_dit.mouth_timing import OPENNESS
from vssflow_dit.phonemes import SYMBOLS

TABLE: npt.NDArray[np.float32] = np.array(
    [0.0, *(OPENNESS.get(symbol.rstrip("012"), 0.0) for symbol in SYMBOLS)], np.float32
)
"""Openness by phoneme id; 0 for "nothing" and the blank."""


def opening(frames: npt.NDArray[np.integer], rate_hz: float = 100.0) -> npt.NDArray[np.float32]:
    """Phoneme ids frame by frame to the mouth's opening, smoothed over 80 ms as lips are slow."""
    n = max(3, round(0.08 * rate_hz)) | 1
    window = np.hanning(n + 2)[1:-1]
    return np.convolve(TABLE[frames], window / window.sum(), mode="same").astype(np.float32)
