"""A recorded ambience for as long as its cue lasts, in stereo where it is recorded so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from vssflow_library.choosing import drawn, shuffled
from vssflow_library.index import Recording
from vssflow_library.layers.levels import gain_of
from vssflow_library.layers.loops import gone_round, ring
from vssflow_library.recordings import Shelf
from vssflow_post.timeline import CLOCK_HZ

Samples = npt.NDArray[np.float32]
LONGEST_READ_S = 180.0
"""Of a recording that is looped: nobody remembers what was heard three minutes ago."""


def chosen_for(found: Sequence[Recording], need_s: float, seed: int) -> Recording:
    """Of what may be laid as a bed or a loop one that is steady, if any is, and long enough, if any is."""
    steady = [one for one in found if one.is_steady] or list(found)
    long = [one for one in steady if _length_s(one) >= need_s]
    if not long:
        longest = max(_length_s(one) for one in steady)
        long = [one for one in steady if _length_s(one) >= longest / 2]
    order = shuffled(long)
    return order[drawn(len(order), "bed", seed)]


def _length_s(recording: Recording) -> float:
    return (recording.last - recording.first) / recording.rate_hz


def laid(shelf: Shelf, n: int, parts: Mapping[Recording, float], seed: int) -> Samples:
    """(channels, n) at 48 kHz: the recordings, each with its part of the power. Raises Lost."""
    heard = [
        gain_of(recording.lufs) * np.sqrt(part) * _going_on(shelf, recording, n, seed)
        for recording, part in parts.items()
    ]
    channels = max(one.shape[0] for one in heard)
    whole = np.zeros((channels, n), np.float32)
    for one in heard:
        whole += one.astype(np.float32)
    return whole


def _going_on(shelf: Shelf, recording: Recording, n: int, seed: int) -> Samples:
    """A stretch of the recording; where it is too short, a loop of it that begins somewhere in it."""
    rate_hz = recording.rate_hz
    spare = recording.last - recording.first - -(-n * rate_hz // CLOCK_HZ)
    if spare >= 0:
        first = recording.first + drawn(spare + 1, "from", seed)
        part = shelf.part(recording, first, first + -(-n * rate_hz // CLOCK_HZ))
        return part[:, :n] if part.shape[1] >= n else np.pad(part, ((0, 0), (0, n - part.shape[1])), mode="edge")
    last = min(recording.last, recording.first + round(LONGEST_READ_S * rate_hz))
    loop = ring(shelf.part(recording, recording.first, last))
    return gone_round(loop, drawn(loop.shape[1], "from", seed), n)
