"""What is heard though the picture need not show it: calls now and then, and what a caption tells of, at its time."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from vssflow_dit.picture.strikes import PULSE_S, pulses
from vssflow_dit.sounds import follows, is_from_afar

FIRST_S = PULSE_S
"""When the first call or strike is heard, after the cue begins: as soon as the whole of its pulse is in the cue."""
LAST_S = 0.1
"""Before the cue's end in which no strike of a row is heard any more."""
CALLS_APART_S, ROLLS_APART_S = (1.5, 4.0), (6.0, 12.0)
STRENGTH = 0.8
SPEED = 0.4
"""As parts of a hard blow, and of full speed: of what is heard and not seen."""
SEEN_STRENGTH = 0.5
"""Strikes from this on are the ones that a caption tells of; somebody who nods meanwhile strikes less."""
_IN_A_ROW = {
    "footsteps_hard": 0.55, "footsteps_wood": 0.55, "footsteps_gravel": 0.55, "footsteps_grass": 0.6,
    "footsteps_snow": 0.65, "typing": 0.15, "writing": 0.25, "knock": 0.25, "hammer": 0.8, "chop": 0.5,
    "ball_bounce": 0.6, "keys_coins": 0.2, "drum": 0.35, "mallets": 0.35, "piano": 0.4, "plucked": 0.4,
    "dishes": 0.6, "splash": 0.8, "paper": 0.7, "fireworks": 0.8,
}  # fmt: skip
"""Seconds from one strike to the next, of classes that people name for more than one; of the others there is one."""
_MOST_IN_A_ROW = {"knock": 3}
_JITTER = 0.1
Motion = npt.NDArray[np.float32]


def calls(name: str, duration_s: float, seed: int) -> list[tuple[float, float]]:
    """(time in s, strength) of calls of a class that nothing in the picture shows: one at once, others now and then."""
    rng = np.random.default_rng(seed)
    apart_s = ROLLS_APART_S if is_from_afar(name) else CALLS_APART_S
    times: list[tuple[float, float]] = []
    now = FIRST_S
    while not times or now < duration_s - 1.0:
        times.append((now, STRENGTH))
        now += float(rng.uniform(*apart_s))
    return times


def struck(name: str, duration_s: float, seed: int) -> list[tuple[float, float]]:
    """The same of strikes of a class: one at once, and others where it sounds in a row."""
    rng = np.random.default_rng(seed)
    times = [(FIRST_S, STRENGTH)]
    apart_s = _IN_A_ROW.get(name, math.inf)
    while len(times) < _MOST_IN_A_ROW.get(name, len(times) + 1):
        now = times[-1][0] + apart_s * float(rng.uniform(1 - _JITTER, 1 + _JITTER))
        if now >= duration_s - LAST_S:
            break
        times.append((now, STRENGTH * float(rng.uniform(1 - 2 * _JITTER, 1))))
    return times


def heard_anyway(motion: Motion, name: str, duration_s: float, seed: int) -> Motion:
    """The motion (n, 2) of a sound that is heard now, whatever the picture shows: struck or called at once, or at an
    even pace; what is seen to strike hard is taken for it."""
    what, n = follows(name) if name else "", len(motion)
    heard: Motion = motion.copy()
    if float(motion[:, 0].max(initial=0.0)) < SEEN_STRENGTH:
        if what == "strikes":
            heard[:, 0] = pulses(struck(name, duration_s, seed), n)
        elif what == "calls":
            heard[:, 0] = pulses(calls(name, duration_s, seed), n)
    if what == "speed" and float(motion[:, 1].max(initial=0.0)) < SPEED:
        heard[:, 1] = SPEED
    return heard
