"""A loop that goes with a motion: louder and a little higher where it is fast, silent where nothing moves."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vssflow_library.choosing import drawn
from vssflow_library.index import Recording
from vssflow_library.layers.levels import gain_of
from vssflow_library.layers.loops import ring
from vssflow_library.moments import Pace
from vssflow_library.recordings import Shelf, as_one
from vssflow_post.timeline import CLOCK_HZ

Samples = npt.NDArray[np.float32]
LONGEST_READ_S = 20.0
SMOOTH_S = 0.25
"""Over which the pace is averaged: nothing has speed enough to be heard changing it at once."""
STILL = 0.03
"""Pace up to which nothing moves."""
USUAL = 0.5
"""Pace at which a recording is heard as it is."""
OCTAVES = 0.6
"""By which pitch bends from rest to full speed."""
EDGE = 2048
"""Samples of a loop that are put around it while it is resampled, so that it is seen to go on."""
FINER = 4
"""Times that a loop is sampled more finely, so that a cubic through its samples bends it cleanly."""


def laid(shelf: Shelf, n: int, recording: Recording, pace: Pace, seed: int) -> Samples:
    """(1, n) at 48 kHz. Raises Lost."""
    last = min(recording.last, recording.first + round(LONGEST_READ_S * recording.rate_hz))
    loop = ring(as_one(shelf.part(recording, recording.first, last))[None])[0]
    speed = smooth(pace)
    grid = np.arange(n) / CLOCK_HZ * 100
    rows = np.arange(len(speed))
    rate = np.interp(grid, rows, 2.0 ** (OCTAVES * (speed - USUAL)))
    level = np.interp(grid, rows, _level(speed))
    start = drawn(len(loop), "from", seed)
    bent = _read_at(loop, start + np.cumsum(rate) - rate[0])
    return np.asarray(gain_of(recording.lufs) * level * bent, np.float32)[None]


def smooth(pace: Pace) -> npt.NDArray[np.float64]:
    """The pace as it is heard to change."""
    half = max(1, round(SMOOTH_S * 100 / 2))
    shape = np.hanning(2 * half + 3)[1:-1]
    return np.asarray(np.convolve(np.pad(pace.astype(np.float64), half, mode="edge"), shape / shape.sum(), "valid"))


def _level(speed: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Half the pace is 4 dB softer than the full one; towards rest it fades away."""
    return np.asarray(np.clip(speed, 0, 1) ** 0.7 * np.clip((speed - STILL) / STILL, 0, 1))


def _read_at(loop: Samples, at: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """A loop at places (n,) in samples, between them too: through a cubic on FINER times as many."""
    import soxr

    around = np.take(loop, np.arange(-EDGE, len(loop) + EDGE), mode="wrap").astype(np.float64)
    fine = soxr.resample(around, 1, FINER, quality="HQ")[FINER * EDGE : FINER * (EDGE + len(loop))]
    place = at * FINER
    whole = np.floor(place).astype(np.int64)
    t = place - whole
    before, here, after, next_ = (fine[(whole + k) % len(fine)] for k in (-1, 0, 1, 2))
    bend = before - 2.5 * here + 2 * after - 0.5 * next_
    twist = 0.5 * (next_ - before) + 1.5 * (here - after)
    return np.asarray(((twist * t + bend) * t + 0.5 * (after - before)) * t + here)
