"""One clip of sound and the motion it belongs to: every class as often, and now and then silence.

Things move as they do that make a class of sound: steps walk, keys are typed, doors fall shut, wheels turn. What calls
(a dog, a bell, thunder) is not seen to do so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from vssflow_dit.sounds import follows
from vssflow_dit.synthesis import pictures, sounds
from vssflow_dit.synthesis.pictures import GRID_HZ, Motion
from vssflow_dit.synthesis.recordings import Recordings
from vssflow_dit.synthesis.waves import RATE_HZ, Strikes, Wave

SILENT_SHARE = 0.06
"""Of all clips: something moves, or nothing does, and nothing is heard."""
UNNAMED_SHARE = {"strikes": 0.1, "speed": 0.1}
"""Of the clips that follow strikes, or speed: of which nothing is said, so that one of PLAIN is heard."""
PLAIN = ("wood", "metal", "glass_clink", "stone", "plastic", "thud", "ball_bounce", "whoosh")
RECORDED_SHARE = 0.9
"""Of the clips of a class that has recordings, where they are asked for; the others keep the files from being known by
heart."""
FOOTSTEPS = ("footsteps_hard", "footsteps_wood", "footsteps_gravel", "footsteps_grass", "footsteps_snow")
APART_S = {
    "door": 1.0,
    "car_door": 1.2,
    "latch": 0.7,
    "wood_creak": 1.2,
    "keys_coins": 0.6,
    "paper": 0.8,
    "glass_break": 1.2,
    "camera_shutter": 0.8,
    "gunshot": 0.6,
    "explosion": 1.5,
    "fireworks": 0.8,
    "tyre_skid": 1.8,
    "water_pour": 2.0,
    "hiss": 1.2,
    "whistle": 1.0,
    "thunder": 4.0,
    "bell": 0.9,
    "phone_ring": 2.0,
    "cow": 1.8,
    "big_animal": 1.8,
    "wolf": 2.2,
    "whale": 2.0,
}
"""What seldom happens twice within this time."""
TURNED = ("bicycle", "cart_wheels", "car_engine", "truck_bus", "tractor", "motorcycle", "train_tram")
SWUNG = ("whoosh", "cloth", "cloth_flap", "saw", "scrape", "rowing")
"""What turns, and what goes to and fro; whatever else follows speed drives by."""


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """A clip of one class under one motion."""

    name: str
    named: bool
    """Whether the model is told the class."""
    motion: Motion
    strikes: Strikes
    """Of what is struck, or the starts of calls; none where the class follows neither."""
    speed: Wave
    """(n,) at RATE_HZ; zeros where the class does not follow it."""
    audio: npt.NDArray[np.float32]
    recorded: str = ""
    """`Source.name` of the recordings that were used; "" where all is computed."""


def class_of(seed: int, number: int, classes: Sequence[str]) -> str:
    """The class of clip `number`: every class once before any comes again, each time in another order."""
    turn, place = divmod(number, len(classes))
    return classes[int(np.random.default_rng((seed, turn)).permutation(len(classes))[place])]


def draw_clip(rng: np.random.Generator, duration_s: float, name: str, recordings: Recordings | None = None) -> Clip:
    """A clip of the class `name` under a motion that suits it; at times silent, or of another that is not told."""
    if rng.random() < SILENT_SHARE:
        return _silent(rng, duration_s, name)
    named = rng.random() >= UNNAMED_SHARE.get(follows(name), 0.0)
    if not named:
        name = str(rng.choice([plain for plain in PLAIN if follows(plain) == follows(name)]))
    return heard(rng, name, motion_for(rng, name, duration_s), duration_s, recordings, named)


def heard(
    rng: np.random.Generator,
    name: str,
    motion: Motion,
    duration_s: float,
    recordings: Recordings | None = None,
    named: bool = True,
) -> Clip:
    """The class `name` as it is heard of a motion."""
    n, what = int(duration_s * RATE_HZ), follows(name)
    strikes = motion.strikes if what in ("strikes", "calls") else ()
    speed = np.repeat(motion.speed, RATE_HZ // GRID_HZ)[:n] if what == "speed" else np.zeros(n)
    taken = None
    if recordings is not None and rng.random() < RECORDED_SHARE:
        taken = recordings.heard(rng, name, n, strikes, speed)
    wave, recorded = taken or (sounds.sound(rng, name, n, strikes, speed), "")
    return Clip(name, named, motion, strikes, speed, np.clip(wave, -0.99, 0.99).astype(np.float32), recorded)


def _silent(rng: np.random.Generator, duration_s: float, name: str) -> Clip:
    """Half of the time of a class: what is named need not happen, unless it goes on by itself."""
    nothing = np.zeros(int(duration_s * RATE_HZ))
    named = follows(name) in ("strikes", "calls") and rng.random() < 0.5
    return Clip(name, bool(named), unheard(rng, duration_s), (), nothing, nothing.astype(np.float32))


def motion_for(rng: np.random.Generator, name: str, duration_s: float) -> Motion:
    """A motion that the class `name` is heard of, with its strikes or calls; of what follows nothing, any."""
    what = follows(name)
    if what == "strikes":
        return _struck(rng, name, duration_s)
    if what == "calls":
        return replace(unheard(rng, duration_s), strikes=calls(rng, duration_s, APART_S.get(name, 0.7)))
    return _moved(rng, name, duration_s) if what == "speed" else unheard(rng, duration_s)


def unheard(rng: np.random.Generator, duration_s: float) -> Motion:
    """Stillness, or something that moves without a sound: a pendulum, a drifting cloud."""
    kinds = (pictures.still, pictures.still, pictures.swing, pictures.drive)
    return kinds[rng.integers(len(kinds))](rng, duration_s)


def _struck(rng: np.random.Generator, name: str, duration_s: float) -> Motion:
    """Mostly in the rhythm that the class has, else as things are struck; feet always walk, fingers always type."""
    if name in FOOTSTEPS or name == "typing" or rng.random() < 0.7:
        if name in APART_S:
            return tapped(rng, duration_s, now_and_then(rng, duration_s, APART_S[name]))
        if name in RHYTHMS:
            return tapped(rng, duration_s, RHYTHMS[name](rng, duration_s))
    return pictures.STRIKING[rng.integers(len(pictures.STRIKING))](rng, duration_s)


def _moved(rng: np.random.Generator, name: str, duration_s: float) -> Motion:
    usual = rng.random() < 0.75
    if name in TURNED and rng.random() < 0.3:
        return pictures.spin(rng, duration_s)
    return (pictures.swing if usual == (name in SWUNG) else pictures.drive)(rng, duration_s)


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
    now, struck = rng.uniform(0.0, 0.5), []
    pace = rng.uniform(0.07, 0.14)
    while now < duration_s:
        for _ in range(rng.integers(5, 22)):
            if now < duration_s:
                struck.append((float(now), float(rng.uniform(0.4, 1.0))))
            now += pace * rng.gamma(6.0, 1 / 6.0) + 0.03
        now += rng.uniform(0.1, 0.7)
    return tuple(struck)


def blows(rng: np.random.Generator, duration_s: float) -> Strikes:
    """Knocking, hammering, chopping: some blows at a steady pace, then a rest."""
    now, struck = rng.uniform(0.2, 1.0), []
    pace, force = rng.uniform(0.16, 0.8), rng.uniform(0.5, 1.0)
    while now < duration_s:
        for _ in range(rng.integers(2, 7)):
            if now < duration_s:
                struck.append((float(now), float(np.clip(force * rng.uniform(0.8, 1.15), 0.3, 1.0))))
            now += pace * rng.uniform(0.93, 1.07)
        now += rng.uniform(0.3, 2.0)
    return tuple(struck)


def calls(rng: np.random.Generator, duration_s: float, apart_s: float) -> Strikes:
    """One to four in six seconds, seldom within `apart_s`; at times none after the first moments."""
    most = max(1, round(4 * duration_s / 6))
    stops_s = duration_s * (1.0 if rng.random() < 0.6 else rng.uniform(0.3, 1.0))
    now = rng.uniform(0.1, 0.35 * duration_s)
    begun: list[tuple[float, float]] = []
    for _ in range(rng.integers(1, most + 1)):
        if now < stops_s or not begun:
            begun.append((float(now), float(rng.uniform(0.5, 1.0))))
        now += apart_s * rng.uniform(0.8, 2.5)
    return tuple(begun)


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


RHYTHMS: dict[str, Callable[[np.random.Generator, float], Strikes]] = {
    **dict.fromkeys((*FOOTSTEPS, "splash"), steps),
    **dict.fromkeys(("typing", "writing"), taps),
    **dict.fromkeys(("knock", "hammer", "chop", "drum", "mallets", "piano", "plucked"), blows),
}
"""How what is struck is struck most of the time."""
