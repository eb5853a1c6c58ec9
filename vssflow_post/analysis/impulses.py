"""What a mover does at once: jolts (recoil, a kick, what is hit and flies off) and flashes, in closed form.

A muscle takes several pictures to bring a thing to its speed; what fires or is struck has it in one, out of quiet. A
flash is light that comes and goes within a few pictures; a thing that passes brings as much light as it takes.
Blows, where a motion ends or turns, are read from a thing's `moments` by whoever has learnt to (the strike net).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from vssflow_post.analysis.movers import Row
from vssflow_post.backend import Strike
from vssflow_post.timeline import CLOCK_HZ

APART_S = 0.09
"""No two strikes of one thing lie closer."""
QUIET_S = 0.8
"""Seconds before a jolt in which little moves."""
QUIET = 0.2
"""Part of the jolt's first change above which it was not quiet."""
AT_ONCE = 3.0
"""Times its first change that a jolt's largest may reach in the pictures that follow: what takes longer is no jolt."""
JOLT = 3000.0
"""Summed change (grey levels times pixels) of the smallest jolt."""
FLASH = 250.0
"""Summed brightening (grey levels times cells) of the smallest flash."""
ONE_SIDED = 0.7
"""Part of a flash's change of light that goes one way, at least."""
FLASH_S = 0.2
"""A flash is over after this time."""
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


def jolts(things: Sequence[Sequence[Row]]) -> list[list[Strike]]:
    """Each thing's own, in order of time: quiet is what all of the shot is, a jolt is whose motion is largest in it."""
    found: list[list[Strike]] = [[] for _ in things]
    change: dict[int, list[float]] = {}
    for k, rows in enumerate(things):
        for row in rows:
            change.setdefault(row.sample, [0.0] * len(things))[k] = row.moments[0]
    if not change:
        return found
    samples = np.array(sorted(change), np.int64)
    each = np.array([change[int(sample)] for sample in samples]).reshape(len(samples), -1)
    total = each.sum(axis=1)
    for k in _starts(samples / CLOCK_HZ, total):
        middle = max(int(samples[k - 1]), int(samples[k]) - CLOCK_HZ // 24)
        strength = min(1.0, float(total[k : k + 5].max() / total.max()))
        found[int(each[k : k + 5].sum(axis=0).argmax())].append(
            Strike((middle + int(samples[k])) // 2, strength, "jolt")
        )
    return found


def _starts(times: Curve, change: Curve) -> list[int]:
    """Pictures at which much moves at once, out of quiet."""
    found: list[int] = []
    for k in np.flatnonzero(change >= JOLT):
        before, after = change[:k][times[:k] >= times[k] - QUIET_S], change[k + 1 : k + 5]
        if len(before) >= 2 and before.max() <= QUIET * change[k] and len(after) and after.max() <= AT_ONCE * change[k]:
            found.append(int(k))
    return found


def together(first: Sequence[Strike], others: Sequence[Strike]) -> list[Strike]:
    """`first`, and those of `others` that are none of them seen again, in order of time."""
    return sorted([*first, *(strike for strike in others if not _near(strike, first))])


def _near(strike: Strike, others: Sequence[Strike]) -> bool:
    return any(abs(strike.sample - other.sample) <= APART_S * CLOCK_HZ for other in others)


def brief(times: Curve, rise: Curve, least: float) -> list[int]:
    """Where `rise` is at least `least` and its light goes again within FLASH_S; none within FLASH_S of another."""
    found: list[int] = []
    for k in np.flatnonzero(rise >= least):
        if found and times[k] - times[found[-1]] < FLASH_S:
            continue
        soon = (times > times[k]) & (times <= times[k] + FLASH_S)
        before = (times < times[k]) & (times >= times[k] - FLASH_S)
        came = float(rise[k])
        if np.minimum(rise[soon], 0).sum() <= -BACK * came and np.minimum(rise[before], 0).sum() > -BACK * came:
            found.append(int(k))
    return found
