"""What comes and goes with a motion (a whoosh, a rustle) where no recording of it goes on: one for each burst of speed,
its loudest moment where the motion is fastest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from vssflow_library.index import Recording
from vssflow_library.layers.follows import smooth
from vssflow_library.layers.levels import gain_of, struck
from vssflow_library.moments import Moment, Pace
from vssflow_library.recordings import Shelf, as_one
from vssflow_post.timeline import CLOCK_HZ

Samples = npt.NDArray[np.float32]
LEAST = 0.15
"""Pace from which a burst is heard."""
APART_S = 0.4
"""Between two bursts, at least."""
LONGEST_S = 6.0
"""Of a recording."""
LOUDEST_S = 0.05
"""Over which its level is averaged to find where it is loudest."""
EDGE_S = 0.02
"""Fades at its ends."""


def bursts(pace: Pace, n: int) -> list[Moment]:
    """When the motion is fastest, for each time that it is, within n samples."""
    speed = smooth(pace)
    around = np.pad(speed, 1, constant_values=-1.0)
    tops = np.flatnonzero((speed >= LEAST) & (speed >= around[:-2]) & (speed > around[2:]))
    chosen: list[int] = []
    for k in tops[np.argsort(-speed[tops], kind="stable")]:
        if all(abs(int(k) - other) >= APART_S * 100 for other in chosen):
            chosen.append(int(k))
    found = [Moment(round(k / 100 * CLOCK_HZ), float(min(1.0, speed[k]))) for k in sorted(chosen)]
    return [one for one in found if one.sample < n]


def laid(shelf: Shelf, n: int, when: Sequence[Moment], chosen: Sequence[Recording]) -> Samples:
    """(1, n) at 48 kHz: each recording at the burst that it belongs to. Raises Lost."""
    take = np.zeros(n, np.float32)
    for moment, recording in zip(when, chosen, strict=True):
        last = min(recording.last, recording.first + round(LONGEST_S * recording.rate_hz))
        wave = as_one(shelf.part(recording, recording.first, last)).copy()
        edge = min(len(wave) // 4, round(EDGE_S * CLOCK_HZ))
        wave[:edge] *= np.linspace(0, 1, edge, dtype=np.float32)
        wave[len(wave) - edge :] *= np.linspace(1, 0, edge, dtype=np.float32)
        at = moment.sample - _loudest(wave)
        part = wave[max(0, -at) : n - at]
        take[max(0, at) : max(0, at) + len(part)] += (
            np.float32(gain_of(recording.lufs) * struck(moment.strength)) * part
        )
    return take[None]


def _loudest(wave: Samples) -> int:
    width = min(len(wave), round(LOUDEST_S * CLOCK_HZ))
    total = np.concatenate([[0.0], (wave.astype(np.float64) ** 2).cumsum()])
    return int(np.argmax(total[width:] - total[:-width])) + width // 2
