"""When a sound begins: the plain energy detector that the strike tests and the model card count with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

HOP_S = 0.005
RISE_DB = 9.0
"""An onset rises by this much over the level of the 60 ms before it."""
FLOOR_DB = -40.0
"""Below the loudest 5 ms of the clip: quieter things are not onsets."""
APART_S = 0.08


def onsets(samples: npt.NDArray[np.float32], rate_hz: int) -> list[float]:
    """Times (s) at which `samples` (n,) rise suddenly."""
    hop = round(HOP_S * rate_hz)
    n = len(samples) // hop
    if n < 8:
        return []
    power = (samples[: n * hop].reshape(n, hop).astype(np.float64) ** 2).mean(axis=1)
    level = 10 * np.log10(power + 1e-10)
    floor = max(level.max() + FLOOR_DB, -75.0)
    before = np.array([level[max(0, k - 14) : max(1, k - 2)].max() for k in range(n)])
    before[:3] = -100.0
    found: list[float] = []
    for k in np.flatnonzero((level > floor) & (level - np.maximum(before, floor - RISE_DB) >= RISE_DB)):
        if not found or k * HOP_S - found[-1] > APART_S:
            found.append(float(k * HOP_S))
    return found


def matched(wanted: Sequence[float], heard: Sequence[float], tolerance_s: float) -> int:
    """How many of `wanted` have an onset of their own within the tolerance, taken greedily in order of time."""
    hits, k = 0, 0
    for time in sorted(wanted):
        while k < len(heard) and heard[k] < time - tolerance_s:
            k += 1
        if k < len(heard) and heard[k] <= time + tolerance_s:
            hits, k = hits + 1, k + 1
    return hits
