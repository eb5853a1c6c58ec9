"""One clip of sound with the motion it belongs to: half struck, a fifth moved, a fifth steady, a tenth silent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vssflow_dit.sound_classes import follows
from vssflow_dit.synthesis import sounds
from vssflow_dit.synthesis.pictures import GRID_HZ, Motion
from vssflow_dit.synthesis.recordings import Recordings
from vssflow_dit.synthesis.rhythms import motion_for, unheard
from vssflow_dit.synthesis.waves import RATE_HZ, Strikes, Wave

SHARES = {"strikes": 0.5, "speed": 0.2, "nothing": 0.2, "silence": 0.1}
"""Of all clips, by what they follow; classes of a kind come equally often."""
UNNAMED_SHARE = {"strikes": 0.3, "speed": 0.2, "silence": 0.5}
PLAIN = ("wood", "metal", "glass", "stone", "plastic", "thud", "bounce", "whoosh")
"""What may be heard of a motion of which nothing is said."""
RECORDED_SHARE = 0.4
"""Of the clips of a class that has recordings, where they are asked for."""


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """A clip of one class under one motion."""

    name: str
    named: bool
    """Whether the model is told the class."""
    motion: Motion
    strikes: Strikes
    speed: Wave
    """(n,) at RATE_HZ; zeros where the class does not follow it."""
    audio: npt.NDArray[np.float32]
    recorded: str = ""
    """Pattern of the recordings that were used; "" where all is computed."""


def draw_clip(
    rng: np.random.Generator, duration_s: float, classes: tuple[str, ...], recordings: Recordings | None = None
) -> Clip:
    """A clip of a class of `classes` under a motion that suits it; now and then silence under one that is unheard."""
    n = int(duration_s * RATE_HZ)
    kind = str(rng.choice(list(SHARES), p=list(SHARES.values())))
    name, named = _class(rng, kind, classes)
    motion = unheard(rng, duration_s) if kind == "silence" else motion_for(rng, name, duration_s)
    strikes = motion.strikes if kind == "strikes" else ()
    speed = np.repeat(motion.speed, RATE_HZ // GRID_HZ)[:n] if kind == "speed" else np.zeros(n)
    wave, recorded = np.zeros(n), ""
    if kind != "silence":
        taken = None
        if recordings is not None and rng.random() < RECORDED_SHARE:
            taken = recordings.struck(rng, name, n, strikes) if kind == "strikes" else recordings.steady(rng, name, n)
        wave, recorded = taken or (sounds.sound(rng, name, n, strikes, speed), "")
    return Clip(name, named, motion, strikes, speed, np.clip(wave, -0.99, 0.99).astype(np.float32), recorded)


def _class(rng: np.random.Generator, kind: str, classes: tuple[str, ...]) -> tuple[str, bool]:
    """A class of `classes` that follows `kind` (silence: strikes that do not come), and whether it is told."""
    unnamed = rng.random() < UNNAMED_SHARE.get(kind, 0.0)
    followed = "strikes" if kind == "silence" else kind
    known = [c for c in classes if follows(c) == followed and (not unnamed or c in PLAIN)]
    return str(rng.choice(known)), not unnamed
