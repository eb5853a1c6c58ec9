"""Dither and rounding: from float to the 24-bit integers of a file, and back."""

from __future__ import annotations

from collections.abc import Sequence

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


def shares(whole: Integers, lanes: Sequence[Samples]) -> list[Integers]:
    """A stem's integers, divided among the lanes that it is the sum of: their sum is the stem, sample by sample, and
    where a lane is silent it is digital silence. What rounding leaves over goes to the first lane that sounds.

    `lanes` are as loud as the stem. One that is louder alone than its sum, and than full scale, is clipped.
    """
    loudest = 1 - 1 / FULL_SCALE
    parts = [np.rint(np.clip(lane, -1, loudest) * FULL_SCALE).astype(np.int32) for lane in lanes]
    rest = whole - np.sum(parts, axis=0, dtype=np.int32)
    for lane, part in zip(lanes, parts, strict=True):
        part += np.where(lane == 0, 0, rest)
        rest = np.where(lane == 0, rest, 0)
        np.clip(part, -FULL_SCALE, FULL_SCALE - 1, out=part)
    return parts


def as_float(integers: Integers) -> Samples:
    """What the file says, as float32 with full scale 1.0 (exact: float32 holds 24-bit integers)."""
    return np.asarray(integers.astype(np.float32) / np.float32(FULL_SCALE), np.float32)
