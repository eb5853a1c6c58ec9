"""Short-term loudness over the film, against its target, as the numbers an SVG needs."""

from __future__ import annotations

import math
from dataclasses import dataclass

from vssflow_post.report.facts import LoudnessFacts

WIDTH, HEIGHT = 1000.0, 100.0
"""Of the SVG's view box; it is stretched over the timeline."""
ABOVE_LU, BELOW_LU = 12.0, 30.0
"""How far over and under the target the chart reaches."""
NARROWEST_BAND_LU = 0.8
"""The tolerance band is drawn at least so wide, or nobody could see it."""


@dataclass(frozen=True, slots=True)
class LoudnessChart:
    """Coordinates in the view box."""

    lines: tuple[str, ...]
    """Points of one polyline per stretch that is not silent."""
    target_y: float
    band_y: float
    band_height: float
    grid: tuple[tuple[float, int], ...]
    """(y, LUFS) of the lines of the grid, at whole tens."""


def draw_loudness(loudness: LoudnessFacts, duration_s: float) -> LoudnessChart:
    """The chart of `loudness.short_term` over a film of `duration_s`."""
    top, bottom = loudness.target_lufs + ABOVE_LU, loudness.target_lufs - BELOW_LU

    def y_of(lufs: float) -> float:
        return round(HEIGHT * (top - min(top, max(bottom, lufs))) / (top - bottom), 2)

    lines: list[str] = []
    points: list[str] = []
    for time_s, lufs in (*loudness.short_term, (duration_s, -math.inf)):
        if lufs > bottom:
            points.append(f"{WIDTH * time_s / max(duration_s, 1e-6):.2f},{y_of(lufs)}")
        elif points:
            lines.append(" ".join(points))
            points = []
    half = max(loudness.tolerance_lu, NARROWEST_BAND_LU / 2)
    band_y = y_of(loudness.target_lufs + half)
    tens = range(math.ceil(bottom / 10) * 10, math.floor(top) + 1, 10)
    return LoudnessChart(
        lines=tuple(lines),
        target_y=y_of(loudness.target_lufs),
        band_y=band_y,
        band_height=round(y_of(loudness.target_lufs - half) - band_y, 2),
        grid=tuple((y_of(lufs), lufs) for lufs in tens),
    )
