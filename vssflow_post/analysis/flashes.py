"""Flashes, in closed form: light that comes and goes within a few pictures.

A thing that passes brings as much light as it takes. Blows, where a motion ends, turns or begins at once, are read from
a thing's `moments` by whoever has learnt to (the strike net).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from vssflow_post.analysis.movers import Row
from vssflow_post.backend import Strike
from vssflow_post.timeline import CLOCK_HZ

FLASH = 250.0
"""Summed brightening (grey levels times cells) of the smallest flash."""
ONE_SIDED = 0.7
"""Part of a flash's change of light that goes one way, at least."""
FLASH_S = 0.2
"""A flash is over after this time."""
RISES = 3
"""Pictures in which a flash becomes brighter, at most."""
QUIET_S = 0.12
"""Seconds before a flash in which the light is quiet: a bright thing that goes to and fro is none."""
QUIET = 0.3
"""Part of a flash's light, up to which it is."""
LIGHTNING = 12.0
"""Grey levels by which the whole picture brightens in the faintest flash of all of it."""
BACK = 0.6
"""Part of a flash's light that is gone once it is over, at least."""

Curve: TypeAlias = npt.NDArray[np.float64]


def flashes(rows: Sequence[Row]) -> list[Strike]:
    """Of one thing's rows, in order of time."""
    rise, change = np.array([row.rise for row in rows]), np.array([row.change for row in rows])
    one_sided = np.where(np.abs(rise) >= ONE_SIDED * change, rise, 0.0)
    times = np.array([row.sample for row in rows]) / CLOCK_HZ
    return [Strike(rows[k].sample, 1.0, "flash") for k in brief(times, one_sided, FLASH)]


def brief(times: Curve, rise: Curve, least: float) -> list[int]:
    """Where `rise` is at least `least`, out of quiet, and its light goes again; none within FLASH_S of another."""
    found: list[int] = []
    for k in np.flatnonzero(rise >= least):
        if found and times[k] - times[found[-1]] < FLASH_S:
            continue
        soon = (times > times[k]) & (times <= times[k] + FLASH_S)
        before = (times < times[k]) & (times >= times[k] - QUIET_S)
        came = float(np.cumsum(rise[k : k + RISES]).max())
        if np.abs(rise[before]).sum() <= QUIET * came and np.minimum(rise[soon], 0).sum() <= -BACK * came:
            found.append(int(k))
    return found
