"""Dither and rounding: from float to the 24-bit integers of a file, and back."""

from __future__ import annotations

import numpy as np

from vssflow_post.audio import Integers, Samples
from vssflow_post.errors import FilmFailed

FULL_SCALE = 1 << 23
"""24-bit integers lie in [-FULL_SCALE, FULL_SCALE)."""
_SEED = 0x5653_5346


class Quantiser:
    """Rounds one stem to 24 bits under TPDF dither of +-1 LSB, the same on every run.

    Where a sample is exactly zero no dither is added: digital silence stays digital silence, so that a stem without a
    single cue is empty and a gap between cues compresses to nothing.
    """

    def __init__(self, stem_number: int) -> None:
        """Stems with different numbers get independent dither, so that their noise does not add up coherently."""
        self._random = np.random.default_rng([_SEED, stem_number])

    def quantise(self, stem: Samples) -> Integers:
        """int32 (channels, n) of float (channels, n).

        Raises FilmFailed("overload") rather than clip: the limiter leaves no sample there.
        """
        if not stem.any():
            return np.zeros(stem.shape, np.int32)
        dither = self._random.random(stem.shape, np.float32) - self._random.random(stem.shape, np.float32)
        dither[stem == 0] = 0.0
        values = np.rint(stem.astype(np.float64) * FULL_SCALE + dither)
        if values.max() >= FULL_SCALE or values.min() < -FULL_SCALE:
            raise FilmFailed("overload", "a stem exceeds full scale after the limiter")
        return np.asarray(values, np.int32)


def as_float(integers: Integers) -> Samples:
    """What the file says, as float32 with full scale 1.0 (exact: float32 holds 24-bit integers)."""
    return np.asarray(integers.astype(np.float32) / np.float32(FULL_SCALE), np.float32)
