"""Levelling: the one gain that brings the limited mix to its target loudness, as far as it may be limited for that.

Without limiting, loudness follows the gain but for the absolute gate, which lets more of a faint mix in as it is
raised: what one measure knows is gated anew after each correction. A working limiter takes some of each decibel back,
so the gain is then found by secants over whole passes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vssflow_post.settings.preset import LoudnessSettings

CLOSE_ENOUGH_LU = 0.05
"""Half of what the mix promises (0.1 LU), so that dither and another meter's rounding do not matter."""
_MAX_PASSES = 8
_EXACT_LU = 1e-4
_MAX_GATINGS = 200
"""Far more than it takes: each lets something more in."""
_LEAST_SLOPE = 0.1
_LARGEST_STEP_DB = 12.0
_ANY_LIMITING_DB = 30.0
"""Beyond this all sounds would become one wall, whatever must be reached."""
_ROUNDING_DB = 0.001
"""A peak is measured before the gain and limited after it: between the two, float32 rounds."""


@dataclass(frozen=True, slots=True)
class LevelResult:
    """The gain that was found."""

    gain_db: float
    n_passes: int
    """Passes over the film, the first measure included."""
    reached: bool
    """Whether the limited mix came within 0.05 LU of the target."""


def most_gain_db(room_db: float, settings: LoudnessSettings) -> float:
    """The gain at which the limiter takes all that it may; `room_db` is the one at which it begins to work."""
    most_limiting_db = _ANY_LIMITING_DB if settings.must_hit_target else settings.max_limiting_db
    return room_db + most_limiting_db - _ROUNDING_DB


def find_gain(
    raised: Callable[[float], float | None],
    room_db: float,
    settings: LoudnessSettings,
    measure: Callable[[float], float | None],
) -> LevelResult:
    """The static gain in dB for the target.

    `raised(gain_db)` is the loudness of the mix after a gain alone (None where it has none), `room_db` the gain that
    its highest peak has room for; `measure(gain_db)` gives the loudness after gain and limiter, and costs a pass over
    the film.
    """
    target_lufs, most_db = settings.target_lufs, most_gain_db(room_db, settings)
    unlimited_db = _gain_alone(raised, target_lufs)
    if unlimited_db is None:
        return LevelResult(min(0.0, most_db), 1, False)
    gain_db = unlimited_db
    if gain_db <= min(room_db, most_db):
        return LevelResult(gain_db, 1, True)
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


def _gain_alone(raised: Callable[[float], float | None], target_lufs: float) -> float | None:
    """The gain that brings a mix without a limiter to its target: each round what has come over the gate counts, too.

    What comes in is softer than what was there, so the gain only rises (or only falls), and the rounds end.
    """
    lufs, gain_db = raised(0.0), 0.0
    if lufs is None:
        return None
    for _ in range(_MAX_GATINGS):
        if lufs is None or abs(target_lufs - lufs) <= _EXACT_LU:
            break
        gain_db += target_lufs - lufs
        lufs = raised(gain_db)
    return gain_db
