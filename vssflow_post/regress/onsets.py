"""When sounds begin: places where the level rises suddenly, and by how much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vssflow_post.regress.curves import HOP
from vssflow_post.regress.spectrum import Values
from vssflow_post.timeline import CLOCK_HZ

WEAK_DB, STRONG_DB = 6.0, 15.0
"""A rise from WEAK_DB on is kept; only one of STRONG_DB must have its counterpart, so that no rise is half kept."""
_BEFORE = 6
"""Hops before an onset over which the level is compared: 60 ms."""
_APART = 8
_FLOOR_DB = -70.0


@dataclass(frozen=True, slots=True)
class Onset:
    """One rise of the level."""

    hop: int
    """Number of the 10 ms hop in which it begins."""
    rise_db: float

    @property
    def time_s(self) -> float:
        return self.hop * HOP / CLOCK_HZ


def onsets_of(level_db: Values) -> list[Onset]:
    """The onsets of a level curve (see `curves`): the steepest hop of each rise, none within 80 ms of a steeper one."""
    level = np.maximum(level_db, _FLOOR_DB)
    n = len(level)
    before = np.array([level[max(0, k - _BEFORE) : max(1, k)].max() for k in range(n)]) if n else level
    before[:1] = _FLOOR_DB
    rise = level - before
    chosen: list[int] = []
    for k in np.argsort(-rise, kind="stable"):
        if rise[k] < WEAK_DB:
            break
        if all(abs(int(k) - other) >= _APART for other in chosen):
            chosen.append(int(k))
    return [Onset(k, round(float(rise[k]), 1)) for k in sorted(chosen)]


def unmatched(wanted: Sequence[Onset], found: Sequence[Onset], within_hops: int) -> list[Onset]:
    """The strong ones of `wanted` for which `found` has none, not even a weak one, so near."""
    hops = np.array([onset.hop for onset in found])
    return [
        onset
        for onset in wanted
        if onset.rise_db >= STRONG_DB and not (len(hops) and np.abs(hops - onset.hop).min() <= within_hops)
    ]
