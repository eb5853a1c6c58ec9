"""One clip of sound and the motion it belongs to: half struck, a fifth moved, a fifth steady, a tenth silent.

Things move as they do that make a class of sound: steps walk, keys are typed, doors fall shut, wheels turn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vssflow_dit.sounds import follows
from vssflow_dit.synthesis import pictures, sounds
from vssflow_dit.synthesis.pictures import GRID_HZ, Motion
from vssflow_dit.synthesis.recordings import Recordings
from vssflow_dit.synthesis.waves import RATE_HZ, Strikes, Wave

SHARES = {"strikes": 0.5, "speed": 0.2, "nothing": 0.2, "silence": 0.1}
"""Of all clips, by what they follow; classes of a kind come equally often."""
UNNAMED_SHARE = {"strikes": 0.3, "speed": 0.2, "silence": 0.5}
PLAIN = ("wood", "metal", "glass", "stone", "plastic", "thud", "bounce", "whoosh")
"""What may be heard of a motion of which nothing is said."""
RECORDED_SHARE = 0.4
"""Of the clips of a class that has recordings, where they are asked for."""
STEPPED = ("wood", "stone", "thud", "gravel", "grass", "snow", "water")
"""Grounds that people walk on."""
APART_S = {"explosion": 1.5, "door": 1.0, "bell": 0.7}
"""What seldom happens twice within this time."""
TURNED = ("engine", "wheels")


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


def motion_for(rng: np.random.Generator, name: str, duration_s: float) -> Motion:
    """A motion that the class `name` is heard of; one that nothing is heard of where it follows nothing."""
    what = follows(name)
    if what == "strikes":
        return _struck(rng, name, duration_s)
    return _moved(rng, name, duration_s) if what == "speed" else unheard(rng, duration_s)


def unheard(rng: np.random.Generator, duration_s: float) -> Motion:
    """Stillness, or something that moves without a sound: a pendulum, a drifting cloud."""
    kinds = (pictures.still, pictures.still, pictures.swing, pictures.drive)
    return kinds[rng.integers(len(kinds))](rng, duration_s)


def _struck(rng: np.random.Generator, name: str, duration_s: float) -> Motion:
    """Half of the time, where the class has a rhythm, in that rhythm."""
    if name in APART_S and rng.random() < 0.7:
        return tapped(rng, duration_s, now_and_then(rng, duration_s, APART_S[name]))
    rhythm = taps if name == "typing" else steps if name in STEPPED else None
    if rhythm is not None and rng.random() < 0.5:
        return tapped(rng, duration_s, rhythm(rng, duration_s))
    return pictures.STRIKING[rng.integers(len(pictures.STRIKING))](rng, duration_s)


def _moved(rng: np.random.Generator, name: str, duration_s: float) -> Motion:
    """A saw and cloth go to and fro, engines and wheels drive or turn, most of the time."""
    usual = rng.random() < 0.75
    if name in TURNED and rng.random() < 0.5:
        return pictures.spin(rng, duration_s)
    return (pictures.drive if usual == (name in TURNED) else pictures.swing)(rng, duration_s)


def steps(rng: np.random.Generator, duration_s: float) -> Strikes:
    """Walking or running: a steady pace, one foot a little harder than the other."""
    apart, limp = rng.uniform(0.3, 0.75), rng.uniform(0.85, 1.0)
    force, first = rng.uniform(0.4, 1.0), rng.uniform(0.0, 1.0)
    times = first + apart * np.arange(int(duration_s / apart)) + rng.normal(0, 0.015)
    stops_s = duration_s if rng.random() < 0.6 else rng.uniform(0.3, 1.0) * duration_s
    return tuple(
        (float(t), float(np.clip(force * (limp if k % 2 else 1.0) * rng.uniform(0.85, 1.1), 0.15, 1.0)))
        for k, t in enumerate(times)
        if 0 <= t < stops_s
    )


def taps(rng: np.random.Generator, duration_s: float) -> Strikes:
    """Typing: quick, uneven, in bursts of a word or two."""
    now, struck = rng.uniform(0.0, 0.8), []
    pace = rng.uniform(0.1, 0.22)
    while now < duration_s:
        for _ in range(rng.integers(3, 14)):
            if now < duration_s:
                struck.append((float(now), float(rng.uniform(0.4, 1.0))))
            now += pace * rng.gamma(6.0, 1 / 6.0) + 0.03
        now += rng.uniform(0.2, 1.2)
    return tuple(struck)


def now_and_then(rng: np.random.Generator, duration_s: float, apart_s: float) -> Strikes:
    """Once in a while, never twice within `apart_s`."""
    now, struck = rng.uniform(0.2, 1.5), []
    while now < duration_s:
        struck.append((float(now), float(rng.uniform(0.4, 1.0))))
        now += apart_s * rng.uniform(1.0, 3.0)
    return tuple(struck)


def tapped(rng: np.random.Generator, duration_s: float, strikes: Strikes) -> Motion:
    """Something that comes down at each strike, a foot or a finger, and is lifted in the time that is left between."""
    t = np.arange(int(duration_s * pictures.GRID_HZ)) / pictures.GRID_HZ
    times = [time for time, _ in strikes]
    down = np.zeros(len(t))
    for k, (time, strength) in enumerate(strikes):
        room = min([0.5, *(abs(time - other) for other in times[max(0, k - 1) : k + 2] if other != time)])
        falls, rises = min(0.12, 0.4 * room), min(0.25, 0.5 * room)
        shape = np.where(t < time, ((t - time + falls) / falls).clip(0, 1) ** 1.5, (1 - (t - time) / rises).clip(0, 1))
        down = np.maximum(down, (0.4 + 0.6 * strength) * shape)
    reach, base = rng.uniform(0.15, 0.35), rng.uniform(0.3, 0.5)
    return Motion(np.full(len(t), rng.uniform(0.4, 1.3)), base + reach * down, strikes)
