"""When a sound is struck and how fast a thing is moved: steps walk, keys are typed, doors fall shut now and then."""

from __future__ import annotations

import numpy as np

from vssflow_dit.synthesis import pictures
from vssflow_dit.synthesis.pictures import Curve
from vssflow_dit.synthesis.waves import Strikes

STEPPED = ("wood", "stone", "thud", "gravel", "grass", "snow", "water")
"""Grounds that people walk on."""
APART_S = {"explosion": 1.2, "door": 0.8, "bell": 0.5, "water": 0.3}
"""What rarely happens twice within this time."""
MISSED = 0.02
"""Share of strikes of a drawn motion that nothing is heard of."""


def steps(rng: np.random.Generator, duration_s: float) -> Strikes:
    """Walking or running: a steady pace, one foot a little harder than the other."""
    apart, limp = rng.uniform(0.3, 0.75), rng.uniform(0.85, 1.0)
    force, first = rng.uniform(0.4, 1.0), rng.uniform(0.0, 1.0)
    times = first + apart * np.arange(int((duration_s - first) / apart)) + rng.normal(0, 0.015)
    stops_s = duration_s if rng.random() < 0.6 else rng.uniform(1.5, duration_s)
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


def strikes_for(rng: np.random.Generator, name: str, duration_s: float) -> Strikes:
    """Strikes as the class `name` is wont to be struck: half of them, where it has a rhythm, in that rhythm."""
    rhythm = taps if name == "typing" else steps if name in STEPPED else None
    if rhythm is not None and rng.random() < 0.5:
        return rhythm(rng, duration_s)
    motion = pictures.STRIKING[rng.integers(len(pictures.STRIKING))](rng, duration_s)
    strikes = tuple((t, s) for t, s in motion.strikes if rng.random() >= MISSED)
    return _thinned(strikes, APART_S[name]) if name in APART_S and rng.random() < 0.7 else strikes


def _thinned(strikes: Strikes, apart_s: float) -> Strikes:
    kept: list[tuple[float, float]] = []
    for time, strength in strikes:
        if not kept or time - kept[-1][0] >= apart_s:
            kept.append((time, strength))
    return tuple(kept)


def speed_for(rng: np.random.Generator, name: str, duration_s: float) -> Curve:
    """A speed (0..1, at GRID_HZ): a saw and cloth go to and fro, wheels and engines drive, most of the time."""
    to_and_fro = rng.random() < (0.25 if name in ("engine", "wheels") else 0.75)
    return (pictures.swing if to_and_fro else pictures.drive)(rng, duration_s).speed
