"""One moving thing as the model hears it: its blows, read by the strike net from its own motion, and its speed.

What is read here has been parted from other things and freed of the camera (the analysis does both); to the net it is
one thing before a camera at rest, which is what its drawn films show.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from vssflow_dit.picture.motion import LEAST_MASS, RATE_HZ, WIDTH, describe
from vssflow_dit.picture.strikes import FULL_SPEED, StrikeNet, pulses
from vssflow_post.backend import Track
from vssflow_post.timeline import CLOCK_HZ

MEASURED_AT = 160
"""Longer side, in pixels, of the picture that a thing's change was summed on."""


def blows(net: StrikeNet, samples: npt.NDArray[np.int64], moments: npt.NDArray[np.float32]) -> list[tuple[int, float]]:
    """(clock sample, strength 0..1) of each blow of a thing.

    `samples` (m,) are its pictures, `moments` (m - 1, 4) what changed between them: the sum in grey levels times
    pixels, middle (x, y) and spread in longer sides of the picture.
    """
    if len(moments) < 3:
        return []
    rows = np.zeros((len(moments), 5))
    rows[:, 0] = moments[:, 0] * (WIDTH / MEASURED_AT) ** 2
    rows[:, 1:4] = np.where(rows[:, :1] >= LEAST_MASS, moments[:, 1:], np.nan)
    times_s = (samples - samples[0]) / CLOCK_HZ
    motion = describe(times_s, rows, math.ceil(times_s[-1] * RATE_HZ) + 1)
    found = net.strikes(motion)
    # What the last picture leaves off at is no stop.
    return [(int(samples[0]) + round(at_s * CLOCK_HZ), strength) for at_s, strength in found if at_s < times_s[-2]]


def heard_of(strikes: Sequence[tuple[int, float]], speed: Track, start: int) -> Track:
    """The `motion` stream of a thing: pulses of its strikes and its speed, (n, 2) at 100 a second.

    `strikes` in clock samples; `speed` in longer sides a second; both begin at the clock sample `start`.
    """
    n = max(1, round(len(speed.values) / speed.rate_hz * RATE_HZ))
    at = np.arange(len(speed.values)) / speed.rate_hz
    pace = np.interp(np.arange(n) / RATE_HZ, at, speed.values[:, 0]) / FULL_SPEED
    struck = pulses([((sample - start) / CLOCK_HZ, strength) for sample, strength in strikes], n)
    return Track(np.stack([struck, np.clip(pace, 0, 1)], axis=1).astype(np.float32), RATE_HZ)
