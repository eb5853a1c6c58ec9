"""The physics that makes every class of sound the starter knows (`vssflow_dit.sounds`).

A class turns control curves (strikes with times and strengths, a speed, or nothing) into 24 kHz audio. Levels are
those of a rough cut: a hard strike peaks near -3 dBFS, steady ambience lies near -30 dBFS RMS.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from vssflow_dit.synthesis.ground import grass, gravel, snow, water
from vssflow_dit.synthesis.household import clock, cloth, door, keys, paper, typing
from vssflow_dit.synthesis.machines import engine, saw, wheels, whoosh
from vssflow_dit.synthesis.struck import BODIES, bell, body, bounce, explosion, knock
from vssflow_dit.synthesis.waves import Strikes, Wave
from vssflow_dit.synthesis.weather import bird, fire, rain, stream, thunder, wind

STRUCK: dict[str, Callable[[np.random.Generator, int, Strikes], Wave]] = {
    **{name: partial(body, name) for name in BODIES},
    "gravel": gravel,
    "grass": grass,
    "snow": snow,
    "water": water,
    "bounce": bounce,
    "knock": knock,
    "door": door,
    "keys": keys,
    "typing": typing,
    "bell": bell,
    "explosion": explosion,
}
"""Heard at each strike."""
MOVED: dict[str, Callable[[np.random.Generator, int, Wave], Wave]] = {
    "engine": engine,
    "whoosh": whoosh,
    "wheels": wheels,
    "cloth": cloth,
    "paper": paper,
    "saw": saw,
}
"""As loud, or as high, as something moves fast."""
STEADY: dict[str, Callable[[np.random.Generator, int], Wave]] = {
    "rain": rain,
    "wind": wind,
    "stream": stream,
    "fire": fire,
    "thunder": thunder,
    "clock": clock,
    "bird": bird,
}
"""Goes on by itself, whatever moves."""


def sound(rng: np.random.Generator, name: str, n: int, strikes: Strikes, speed: Wave) -> Wave:
    """`n` samples of a class under strikes and a speed (n,); it takes what it follows."""
    if name in STRUCK:
        return STRUCK[name](rng, n, strikes)
    return MOVED[name](rng, n, speed) if name in MOVED else STEADY[name](rng, n)
