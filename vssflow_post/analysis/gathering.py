"""Movers that are one thing: seen in turns at one place, or one within the other at the same time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vssflow_post.analysis.camera import SIDE
from vssflow_post.analysis.movers import Row, around

INSIDE = 0.6
"""Part of the smaller box that lies in the larger one where two movers are one thing."""
NEAR = 0.12 * SIDE
"""Pixels between two places of one thing that is seen in turns."""
ALIKE = 1.6
"""Largest ratio of two widths that are about the same."""
IN_TURNS = 0.25
"""Part of its pictures in which a mover may be seen together with another and still be the same."""


def gathered(movers: Sequence[list[Row]]) -> list[list[Row]]:
    """The rows of each thing in order of time, one a picture."""
    things: list[list[Row]] = []
    for rows in sorted(movers, key=lambda rows: -sum(row.mass for row in rows)):
        home = next((k for k, thing in enumerate(things) if _are_one(thing, rows)), None)
        if home is None:
            things.append(rows)
        else:
            things[home] = _joined(things[home], rows)
    return things


def _are_one(thing: Sequence[Row], rows: Sequence[Row]) -> bool:
    seen = {row.sample: row for row in thing if row.mass > 0}
    own = [row for row in rows if row.mass > 0]
    if not own or not seen:
        return bool(own) == bool(seen)
    both = [(seen[row.sample], row) for row in own if row.sample in seen]
    if len(both) > IN_TURNS * len(own):
        return float(np.mean([_inside(one.box, other.box) for one, other in both])) > INSIDE
    nearest = min(seen.values(), key=lambda row: abs(row.sample - own[0].sample))
    off = nearest.centre - own[0].centre
    return abs(off) <= NEAR or (abs(off.real) <= NEAR and _are_alike(list(seen.values()), own))


def _are_alike(some: Sequence[Row], others: Sequence[Row]) -> bool:
    """Whether both are about as large: what is dropped anew, out of nowhere, over where it lay."""
    one, other = (float(np.median([row.box[2] - row.box[0] for row in rows])) for rows in (some, others))
    return 1 / ALIKE <= one / max(other, 1e-6) <= ALIKE


def _inside(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> float:
    """Part of the smaller box that lies in the larger one."""
    across = max(0.0, min(one[2], other[2]) - max(one[0], other[0]))
    down = max(0.0, min(one[3], other[3]) - max(one[1], other[1]))
    area = min((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return across * down / max(area, 1e-6)


def _joined(one: Sequence[Row], other: Sequence[Row]) -> list[Row]:
    by_sample = {row.sample: row for row in one}
    for row in other:
        known = by_sample.get(row.sample)
        by_sample[row.sample] = row if known is None else _both(known, row)
    return [by_sample[sample] for sample in sorted(by_sample)]


def _both(one: Row, other: Row) -> Row:
    """Two rows of one picture as one."""
    large, small = (one, other) if one.mass >= other.mass else (other, one)
    mass = large.mass + small.mass
    centre = (large.mass * large.centre + small.mass * small.centre) / mass if mass else large.centre
    return large._replace(
        mass=mass,
        centre=centre,
        box=around([large.box, small.box]) if small.mass else large.box,
        flow=large.flow if large.mass else max(large.flow, small.flow),
        rise=large.rise + small.rise,
        change=large.change + small.change,
        moments=_both_moments(large.moments, small.moments),
    )


def _both_moments(
    one: tuple[float, float, float, float], other: tuple[float, float, float, float]
) -> tuple[float, float, float, float]:
    mass = one[0] + other[0]
    if not one[0] or not other[0]:
        return one if one[0] else other
    x, y = ((one[0] * one[k] + other[0] * other[k]) / mass for k in (1, 2))
    spread = sum(m * (s * s + (mx - x) ** 2 + (my - y) ** 2) for m, mx, my, s in (one, other)) / mass
    return mass, x, y, float(np.sqrt(spread))
