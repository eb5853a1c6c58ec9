"""When a mover strikes: read in closed form from how its motion and its light change.

A muscle speeds up and slows down over several pictures; what strikes, is struck or fires changes its motion within one.
So a strike is a moment at which much of the motion, counted by direction, comes, goes or turns at once, and more so than
around it. A flash is light that comes and goes within a few pictures: a thing that passes brings as much as it takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from vssflow_post.analysis.camera import SIDE
from vssflow_post.analysis.movers import Row
from vssflow_post.timeline import CLOCK_HZ

APART_S = 0.09
"""No two strikes of one thing lie closer."""
AROUND_S = 0.5
"""Seconds to each side with which a moment is compared."""
STANDS_OUT = 2.0
"""Times the mean impulse around it that a strike has at least."""
OF_LARGEST = 0.12
"""Part of the thing's own largest impulse that a strike has at least."""
LEAST_IMPULSE = 8.0
"""Change of motion, in cells times picture lengths a second, below which nothing strikes."""
FAINTEST = 0.25
"""Strength of the weakest strike."""
FLASH_LEVELS = 250.0
"""Summed brightening (grey levels a cell) from which light may be a flash."""
ONE_SIDED = 0.7
"""Part of the light's change that goes one way, at least."""
FLASH_S = 0.2
"""A flash is over after this time."""

Curve: TypeAlias = npt.NDArray[np.float64]


class Strike(NamedTuple):
    """One strike of one thing."""

    sample: int
    """On the film's clock."""
    strength: float
    """FAINTEST to 1, relative to the thing's hardest."""
    kind: Literal["motion", "flash"] = "motion"


def impulses(rows: Sequence[Row]) -> Curve:
    """How much of the motion changed at each row: (n,), in cells times picture lengths a second."""
    ways = np.array([row.ways for row in rows]).reshape(len(rows), -1) / SIDE
    after = np.append(ways[1:], np.zeros_like(ways[:1]), axis=0)
    return np.abs(after - ways).sum(axis=1)


def strikes(rows: Sequence[Row]) -> list[Strike]:
    """Rows in order of time; a thing's strikes in order of time, flashes among them."""
    if len(rows) < 3:
        return []
    times = np.array([row.sample for row in rows]) / CLOCK_HZ
    flashes = _flashes(rows, times)
    size = impulses(rows)
    for time in (rows[k].sample / CLOCK_HZ for k in flashes):
        size[np.abs(times - time) < FLASH_S] = 0.0
    level = max(LEAST_IMPULSE, OF_LARGEST * float(size.max()))
    found = [k for k in _peaks(times, size) if size[k] >= level and size[k] >= STANDS_OUT * _around(times, size, k)]
    largest = max(float(size.max()), 1e-6)
    struck = [Strike(rows[k].sample, float(np.clip(size[k] / largest, FAINTEST, 1.0))) for k in found]
    return sorted([*struck, *(Strike(rows[k].sample, 1.0, "flash") for k in flashes)])


def _peaks(times: Curve, size: Curve) -> list[int]:
    """Rows that are larger than their neighbours, largest first, none within APART_S of a larger one."""
    chosen: list[int] = []
    for k in np.argsort(-size, kind="stable"):
        if size[k] > 0 and all(abs(times[k] - times[other]) > APART_S for other in chosen):
            chosen.append(int(k))
    return sorted(chosen)


def _around(times: Curve, size: Curve, k: int) -> float:
    """The mean impulse around row k, itself left out, over the whole of the time around it."""
    near = np.abs(times - times[k]) <= AROUND_S
    near[k] = False
    return float(size[near].mean()) if near.any() else 0.0


def _flashes(rows: Sequence[Row], times: Curve) -> list[int]:
    """Rows at which light came that is gone within FLASH_S."""
    found: list[int] = []
    for k, row in enumerate(rows):
        if row.rise < FLASH_LEVELS or row.rise < ONE_SIDED * row.change or (found and times[k] - times[found[-1]] < 0.05):
            continue
        gone = sum(
            later.rise
            for j, later in enumerate(rows[k + 1 : k + 9], k + 1)
            if times[j] - times[k] <= FLASH_S and -later.rise > ONE_SIDED * later.change
        )
        if -gone >= 0.6 * row.rise:
            found.append(k)
    return found
