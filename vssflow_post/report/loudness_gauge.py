"""The measured levels of a mix on one scale with what was asked for: the numbers that the page draws."""

from __future__ import annotations

import math
from dataclasses import dataclass

from vssflow_post.report.facts import LoudnessFacts

QUIETEST, LOUDEST = -45.0, 3.0
"""The ends of the scale, LUFS and dBTP alike."""
NARROWEST_PERCENT = 4.0
"""A tolerance band is drawn at least so wide, or nobody could see it."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One measured level."""

    name: str
    value: float | None
    unit: str
    percent: float | None
    """Where it stands on the scale; None for silence."""
    wanted: str
    """What was asked for, in words; "" where nothing was."""
    band: tuple[float, float] | None
    """Left edge and width, in percent, of where it may be."""


def loudness_marks(loudness: LoudnessFacts) -> tuple[Mark, ...]:
    """The figures that a delivery specification speaks of; what was not measured is left out."""
    target = f"{_number(loudness.target_lufs)} ± {loudness.tolerance_lu:g} LU"
    within = _band(loudness.target_lufs - loudness.tolerance_lu, loudness.target_lufs + loudness.tolerance_lu)
    below = _band(QUIETEST, loudness.ceiling_dbtp)
    is_dialogue = loudness.measure == "dialogue"

    def mark(
        name: str, value: float | None, unit: str, wanted: str = "", band: tuple[float, float] | None = None
    ) -> Mark:
        return Mark(name, value, unit, _percent(value), wanted, band)

    marks = [
        mark("Integrated", loudness.integrated_lufs, "LUFS", *(() if is_dialogue else (target, within))),
    ]
    if loudness.dialogue_lufs is not None or is_dialogue:
        marks.append(mark("Dialogue", loudness.dialogue_lufs, "LUFS", *((target, within) if is_dialogue else ())))
    if loudness.max_short_term_lufs is not None:
        marks.append(mark("Short-term, highest", loudness.max_short_term_lufs, "LUFS"))
    if loudness.max_momentary_lufs is not None:
        marks.append(mark("Momentary, highest", loudness.max_momentary_lufs, "LUFS"))
    peak = f"at most {_number(loudness.ceiling_dbtp)}"
    return (*marks, mark("True peak", loudness.true_peak_dbtp, "dBTP", peak, below))


def scale_ticks() -> tuple[tuple[float, str], ...]:
    """(percent, label) of the whole tens."""
    return tuple((_percent(value) or 0.0, _number(value)) for value in (-40.0, -30.0, -20.0, -10.0, 0.0))


def _percent(value: float | None) -> float | None:
    if value is None or not math.isfinite(value):
        return None
    return round(100 * (min(LOUDEST, max(QUIETEST, value)) - QUIETEST) / (LOUDEST - QUIETEST), 2)


def _band(low: float, high: float) -> tuple[float, float]:
    left, right = _percent(low) or 0.0, _percent(high) or 0.0
    spare = max(0.0, NARROWEST_PERCENT - (right - left)) / 2
    return round(left - spare, 2), round(right - left + 2 * spare, 2)


def _number(value: float) -> str:
    return f"{value:g}".replace("-", "\N{MINUS SIGN}")
