"""Levelling: the one gain that brings the limited mix to its target loudness.

Without limiting, loudness follows the gain exactly and one correction is enough. A working limiter takes some of each
decibel back, so the gain is then found by secants over whole passes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

CLOSE_ENOUGH_LU = 0.05
"""Half of what the mix promises (0.1 LU), so that dither and another meter's rounding do not matter."""
_MAX_PASSES = 8
_LEAST_SLOPE = 0.1
_LARGEST_STEP_DB = 12.0
_MOST_LIMITING_DB = 30.0
"""Beyond this all sounds would become one wall: then the target is not reached, and the report says so."""


@dataclass(frozen=True, slots=True)
class LevelResult:
    """The gain that was found."""

    gain_db: float
    n_passes: int
    """Passes over the film, the first measure included."""
    reached: bool
    """Whether the limited mix came within 0.05 LU of the target."""


def find_gain(
    unlimited_lufs: float | None,
    target_lufs: float,
    ceiling_db: float,
    highest_db: float | None,
    measure: Callable[[float], float | None],
) -> LevelResult:
    """The static gain in dB for a target.

    `unlimited_lufs` is the loudness of the mix as laid (None for silence), `highest_db` its highest peak (true peak of
    the mix, sample peak of any stem);
    `measure(gain_db)` gives the loudness after gain and limiter, and costs a pass over the film.
    """
    if unlimited_lufs is None or highest_db is None:
        return LevelResult(0.0, 1, False)
    gain_db = target_lufs - unlimited_lufs
    if highest_db + gain_db <= ceiling_db:
        return LevelResult(gain_db, 1, True)
    most_db = ceiling_db - highest_db + _MOST_LIMITING_DB
    gain_db = min(gain_db, most_db)
    best_db, best_error = gain_db, math.inf
    slope, n_passes = 1.0, 1
    last: tuple[float, float] | None = None
    while n_passes <= _MAX_PASSES:
        measured = measure(gain_db)
        n_passes += 1
        error = target_lufs - (measured if measured is not None else -math.inf)
        if abs(error) < abs(best_error):
            best_db, best_error = gain_db, error
        if abs(error) <= CLOSE_ENOUGH_LU or not math.isfinite(error):
            break
        if last is not None:
            slope = max(_LEAST_SLOPE, (last[1] - error) / (gain_db - last[0]))
        last = (gain_db, error)
        gain_db = min(most_db, gain_db + max(-_LARGEST_STEP_DB, min(_LARGEST_STEP_DB, error / slope)))
        if gain_db == last[0]:
            break
    return LevelResult(best_db, n_passes, abs(best_error) <= CLOSE_ENOUGH_LU)
