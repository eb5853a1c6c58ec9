"""Engines that burn: strokes of pistons through an exhaust, faster and louder with speed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter

from vssflow_dit.synthesis.waves import (
    RATE_HZ,
    Range,
    Wave,
    at_rms,
    band,
    following,
    log_uniform,
    modulation,
    resonances,
    room,
    steep,
    turns,
)


@dataclass(frozen=True, slots=True)
class Engine:
    """What tells one kind of engine from another."""

    cylinders: tuple[int, ...]
    idle_hz: Range
    """Firings a second when it stands."""
    faster: Range
    """How many times as many at full speed."""
    sharp: Range
    """How much shorter than the time between two a stroke is."""
    pipes_hz: Range
    """Lowest resonance of the exhaust."""
    clatter: Range
    """Level of the noise of valves, chains and injection against the exhaust."""
    road: Range
    """Level of tyres and wind."""


CAR = Engine((4, 4, 6), (26, 34), (2.2, 4.5), (5, 14), (90, 190), (0.25, 0.7), (0.2, 0.8))
TRUCK = Engine((6, 4, 8), (28, 42), (1.6, 2.6), (5, 14), (70, 140), (1.0, 2.2), (0.3, 0.9))
TRACTOR = Engine((2, 3, 4), (11, 24), (1.6, 2.4), (8, 25), (65, 130), (0.5, 1.2), (0.0, 0.1))
MOTORCYCLE = Engine((1, 2, 2, 4), (18, 40), (3.0, 6.0), (7, 22), (140, 300), (0.3, 0.7), (0.05, 0.3))
MOWER = Engine((1,), (26, 34), (1.4, 1.9), (8, 20), (150, 260), (0.6, 1.2), (0.4, 1.0))
OUTBOARD = Engine((2, 3, 4), (24, 40), (2.0, 3.5), (5, 14), (90, 180), (0.3, 0.7), (0.0, 0.1))


def _strokes(rng: np.random.Generator, kind: Engine, cylinders: int) -> Wave:
    """The pressure of one working cycle, each cylinder a little different, of standard deviation 1."""
    around = np.arange(4096) / 4096 * cylinders
    sharp = rng.uniform(*kind.sharp)
    apart = rng.normal(0, 0.02, cylinders) + (0.25 if cylinders == 2 and rng.random() < 0.6 else 0.0) * np.arange(
        cylinders
    )
    cycle = np.zeros(4096)
    for k in range(cylinders):
        since = (around - k - apart[k]) % cylinders
        cycle += rng.uniform(0.75, 1.15) * np.exp(-sharp * since) * np.minimum(1, since * 40)
    cycle -= cycle.mean()
    return np.asarray(cycle / cycle.std())


def burning(rng: np.random.Generator, n: int, speed: Wave, kind: Engine) -> Wave:
    """The engine of a kind at a speed (0..1), of standard deviation about 1 at full speed."""
    cylinders = int(rng.choice(kind.cylinders))
    hunts = 1 + 0.012 * modulation(rng, n, 0.5, 6)
    firing = rng.uniform(*kind.idle_hz) * (1 + (rng.uniform(*kind.faster) - 1) * speed) * hunts
    cycles = turns(firing / cylinders) + rng.random()
    table = _strokes(rng, kind, cylinders)
    strokes = np.interp(cycles % 1.0 * 4096, np.arange(4097), np.append(table, table[0]))
    # No two combustions are alike: the gas is as turbulent as the stroke is strong.
    gas = strokes * (1 + 0.15 * modulation(rng, n, 5, 60)) + 0.25 * rng.normal(size=n) * np.maximum(strokes, 0)
    gas = lfilter([1.0, -0.975], [1.0], gas)  # the end of a pipe radiates changes of flow
    pipe = log_uniform(rng, kind.pipes_hz)
    modes = pipe * np.array([1.0, 2.2, 3.6, 5.9, 9.5, 14.0]) * rng.uniform(0.9, 1.1, 6)
    exhaust = resonances(
        gas, modes, 0.5 * modes + 40, rng.uniform(0.5, 1.0, 6) * np.array([1.0, 1.0, 0.9, 0.8, 0.8, 0.7])
    )
    exhaust = np.tanh(exhaust / (exhaust.std() + 1e-9) * rng.uniform(0.3, 0.8))
    valves = band(700, rng.uniform(3000, 6000), rng.normal(size=n), 1) * (0.3 + np.maximum(strokes, 0))
    load = 0.25 + 0.75 * speed
    wave = exhaust / exhaust.std() * load + rng.uniform(*kind.clatter) * 0.2 * valves / valves.std() * load**0.7
    wave += rng.uniform(*kind.road) * 0.6 * _road(rng, n) * speed**1.5
    return room(rng, wave, rng.uniform(0.3, 0.9), rng.uniform(0.1, 0.5))


def _road(rng: np.random.Generator, n: int) -> Wave:
    """Tyres on asphalt: noise with a broad hump near a kilohertz."""
    return at_rms(steep(rng, n, -3.0, 60, 6000), -3) + at_rms(band(600, 1600, rng.normal(size=n), 1), -6)


def car(rng: np.random.Generator, n: int, speed: Wave) -> Wave:
    """A car: a quiet idle, an exhaust that opens with speed, tyres on the road."""
    return following(burning(rng, n, speed, CAR), 0.25 + 0.75 * speed, rng.uniform(-25, -20))


def truck(rng: np.random.Generator, n: int, speed: Wave) -> Wave:
    """A truck or a bus: a slow, hard diesel that clatters, a turbine that whistles, brakes that let off air."""
    wave = burning(rng, n, speed, TRUCK)
    if rng.random() < 0.5:
        whine = np.sin(2 * np.pi * turns(rng.uniform(900, 1800) * (1 + 1.5 * speed))) * speed**2
        wave += 0.12 * whine
    if rng.random() < 0.4:
        at, lasts = rng.integers(0, n), int(rng.uniform(0.3, 0.9) * RATE_HZ)
        air = (
            band(1500, 9000, rng.normal(size=lasts), 1)
            * np.minimum(1, np.arange(lasts) / 400)
            * np.linspace(1, 0, lasts) ** 1.5
        )
        piece = wave[at : at + lasts]
        piece += 1.0 * air[: len(piece)] / air.std() * 0.5
    return following(wave, 0.25 + 0.75 * speed, rng.uniform(-25, -20))


def tractor(rng: np.random.Generator, n: int, speed: Wave) -> Wave:
    """A tractor or an excavator: few large cylinders, each stroke heard by itself."""
    return following(burning(rng, n, speed, TRACTOR), 0.25 + 0.75 * speed, rng.uniform(-25, -20))


def motorcycle(rng: np.random.Generator, n: int, speed: Wave) -> Wave:
    """A motorcycle: one to four cylinders that fire unevenly, a short pipe, much range."""
    wave = burning(rng, n, speed, MOTORCYCLE)
    rasp = np.tanh(2.5 * wave / wave.std())
    return following(
        wave + rng.uniform(0.2, 0.7) * band(300, 5000, rasp, 1), 0.25 + 0.75 * speed, rng.uniform(-25, -20)
    )


def lawn_mower(rng: np.random.Generator, n: int, speed: Wave) -> Wave:
    """One cylinder under a lid, and the blade that fans the grass."""
    wave = burning(rng, n, 0.6 + 0.4 * speed, MOWER) * (0.3 + 0.7 * speed)
    blade = steep(rng, n, -2.0, 200, 7000) * (1 + 0.3 * np.sin(2 * np.pi * turns(np.full(n, rng.uniform(80, 110)))))
    return following(
        wave + rng.uniform(0.2, 0.6) * blade * (0.3 + 0.7 * speed), 0.3 + 0.7 * speed, rng.uniform(-25, -20)
    )


def motor_boat(rng: np.random.Generator, n: int, speed: Wave) -> Wave:
    """An outboard whose exhaust bubbles through water, and the bow wave that hisses and slaps."""
    wave = burning(rng, n, speed, OUTBOARD) * (1 + 0.35 * modulation(rng, n, 4, 25)).clip(0.2, 3)
    wash = steep(rng, n, -3.5, 150, 7000) * (1 + 0.5 * modulation(rng, n, 0.5, 4)).clip(0.2, 3)
    return following(
        wave + rng.uniform(0.4, 0.9) * wash * (0.15 + speed**1.2), 0.25 + 0.75 * speed, rng.uniform(-25, -20)
    )
