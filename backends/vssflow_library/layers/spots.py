"""A recorded hit at each strike: its own onset on the picture's, to the sample; its tail rings over into the next."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from vssflow_library.choosing import drawn
from vssflow_library.index import Recording
from vssflow_library.layers.levels import hit_gain, struck
from vssflow_library.moments import Moment
from vssflow_library.recordings import Shelf, as_one
from vssflow_post.timeline import CLOCK_HZ

Samples = npt.NDArray[np.float32]
LEAD_S = 0.004
"""Of the recording that is heard before the attack, faded in."""
LEADS_UP = 0.2
"""Part of a recording's peak under which a hit only leads up to another (a latch before the slam), or follows it."""
LONGEST_S = 12.0
"""Of a hit."""
AWAY_S = 0.03
"""Fade of a hit that the next one in its recording cuts, and of what the take's end cuts."""


def laid(shelf: Shelf, n: int, moments: Sequence[Moment], chosen: Sequence[Recording], seed: int) -> Samples:
    """(1, n) at 48 kHz: of each chosen recording one of its hits, at the moment that it belongs to. Raises Lost."""
    take = np.zeros(n, np.float32)
    before: dict[str, int] = {}
    for number, (moment, recording) in enumerate(zip(moments, chosen, strict=True)):
        which, hit, onset = _another(shelf, recording, before.get(recording.path), seed, number)
        before[recording.path] = which
        at = moment.sample - onset
        part = hit[max(0, -at) : n - at]
        gain = np.float32(hit_gain(hit) * struck(moment.strength))
        take[max(0, at) : max(0, at) + len(part)] += gain * part
    fade = min(n, round(AWAY_S * CLOCK_HZ))
    take[n - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)
    return take[None]


def _another(
    shelf: Shelf, recording: Recording, before: int | None, seed: int, number: int
) -> tuple[int, Samples, int]:
    """Of a recording's hits another one than the last time, and as `hit_of` reads it; none that only leads up to one,
    if there are others. Raises Lost."""
    others = [k for k in range(max(1, len(recording.onsets))) if k != before] or [0]
    first = drawn(len(others), "hit", seed, number)
    for which in (*others[first:], *others[:first]):
        hit, onset = hit_of(shelf, recording, which)
        if float(np.abs(hit).max()) >= LEADS_UP * recording.peak:
            return which, hit, onset
    return (others[first], *hit_of(shelf, recording, others[first]))


def hit_of(shelf: Shelf, recording: Recording, which: int) -> tuple[Samples, int]:
    """Hit number `which` of a recording, (n,) at 48 kHz, and the sample of its onset. Raises Lost."""
    rate_hz = recording.rate_hz
    onsets = recording.onsets or (recording.first,)
    onset = onsets[which]
    cut = onsets[which + 1] - round(LEAD_S * rate_hz) if which + 1 < len(onsets) else max(recording.last, onset + 1)
    first, last = max(0, onset - round(LEAD_S * rate_hz)), min(cut, onset + round(LONGEST_S * rate_hz))
    hit = as_one(shelf.part(recording, first, last)).copy()
    at = round((onset - first) * CLOCK_HZ / rate_hz)
    rise, fall = min(at, round(LEAD_S * CLOCK_HZ)), min(len(hit) // 4, round(AWAY_S * CLOCK_HZ))
    hit[:rise] *= np.linspace(0, 1, rise, endpoint=False, dtype=np.float32)
    hit[len(hit) - fall :] *= np.linspace(1, 0, fall, dtype=np.float32)
    return hit, at
