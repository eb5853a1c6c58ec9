"""The mix's loudness as the page draws it, in numbers: a curve over the film, and every level on one scale.

The curve is short-term loudness against its target, as points of an SVG; the scale shows what was measured beside what
was asked for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from vssflow_post.deliver.report.facts import LoudnessFacts

WIDTH, HEIGHT = 1000.0, 100.0
"""Of the SVG's view box; it is stretched over the timeline."""
ABOVE_LU, BELOW_LU = 12.0, 30.0
"""How far over and under the target the chart reaches."""
NARROWEST_BAND_LU = 0.8
"""The tolerance band is drawn at least so wide, or nobody could see it."""
QUIETEST, LOUDEST = -45.0, 3.0
"""The ends of the scale, LUFS and dBTP alike."""
NARROWEST_PERCENT = 4.0
"""A band on the scale is drawn at least so wide, for the same reason."""


@dataclass(frozen=True, slots=True)
class LoudnessChart:
    """The curve, as coordinates in the view box."""

    lines: tuple[str, ...]
    """Points of one polyline per stretch that is not silent."""
    target_y: float
    band_y: float
    band_height: float
    grid: tuple[tuple[float, int], ...]
    """(y, LUFS) of the lines of the grid, at whole tens."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One measured level on the scale."""

    name: str
    value: float | None
    unit: str
    percent: float | None
    """Where it stands on the scale; None for silence."""
    wanted: str
    """What was asked for, in words; "" where nothing was."""
    band: tuple[float, float] | None
    """Left edge and width, in percent, of where it may be."""


def draw_loudness(loudness: LoudnessFacts, duration_s: float) -> LoudnessChart:
    """Short-term loudness over a film of `duration_s`."""
    target_lufs = loudness.wanted.target_lufs
    top, bottom = target_lufs + ABOVE_LU, target_lufs - BELOW_LU

    def y_of(lufs: float) -> float:
        return round(HEIGHT * (top - min(top, max(bottom, lufs))) / (top - bottom), 2)

    lines: list[str] = []
    points: list[str] = []
    for time_s, lufs in (*loudness.measured.short_term, (duration_s, -math.inf)):
        if lufs > bottom:
            points.append(f"{WIDTH * time_s / max(duration_s, 1e-6):.2f},{y_of(lufs)}")
        elif points:
            lines.append(" ".join(points))
            points = []
    half = max(loudness.wanted.tolerance_lu, NARROWEST_BAND_LU / 2)
    band_y = y_of(target_lufs + half)
    tens = range(math.ceil(bottom / 10) * 10, math.floor(top) + 1, 10)
    return LoudnessChart(
        lines=tuple(lines),
        target_y=y_of(target_lufs),
        band_y=band_y,
        band_height=round(y_of(target_lufs - half) - band_y, 2),
        grid=tuple((y_of(lufs), lufs) for lufs in tens),
    )


def loudness_marks(loudness: LoudnessFacts) -> tuple[Mark, ...]:
    """The figures that a delivery specification speaks of; what was not measured is left out."""
    measured, wanted = loudness.measured, loudness.wanted
    target = f"{_number(wanted.target_lufs)} ± {wanted.tolerance_lu:g} LU"
    within = _band(wanted.target_lufs - wanted.tolerance_lu, wanted.target_lufs + wanted.tolerance_lu)
    below = _band(QUIETEST, wanted.ceiling_dbtp)
    is_dialogue = loudness.measure == "dialogue"
    marks = [_mark("Integrated", measured.integrated_lufs, "LUFS", *(() if is_dialogue else (target, within)))]
    if measured.dialogue_lufs is not None or is_dialogue:
        marks.append(_mark("Dialogue", measured.dialogue_lufs, "LUFS", *((target, within) if is_dialogue else ())))
    if measured.max_short_term_lufs is not None:
        marks.append(_mark("Short-term, highest", measured.max_short_term_lufs, "LUFS"))
    if measured.max_momentary_lufs is not None:
        marks.append(_mark("Momentary, highest", measured.max_momentary_lufs, "LUFS"))
    peak = f"at most {_number(wanted.ceiling_dbtp)}"
    return (*marks, _mark("True peak", measured.true_peak_dbtp, "dBTP", peak, below))


def scale_ticks() -> tuple[tuple[float, str], ...]:
    """(percent, label) of the whole tens."""
    return tuple((_percent(value) or 0.0, _number(value)) for value in (-40.0, -30.0, -20.0, -10.0, 0.0))


def _mark(name: str, value: float | None, unit: str, wanted: str = "", band: tuple[float, float] | None = None) -> Mark:
    return Mark(name, value, unit, _percent(value), wanted, band)


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
