"""Sounds of small things at hand: doors, keys, keyboards; cloth and paper that are moved; a clock."""

from __future__ import annotations

import numpy as np

from vssflow_dit.synthesis.waves import (
    HIGHEST_HZ,
    RATE_HZ,
    Strikes,
    Wave,
    add_at,
    at_peak,
    at_rms,
    band,
    decay,
    grains,
    log_uniform,
    modulation,
    tones,
)


def door(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """A door falls shut: the boom of the leaf, the latch that snaps, a frame that rattles, and the room."""
    boom_hz = log_uniform(rng, (45, 85)) * np.array([1.0, 1.7, 2.6, 3.9, 5.5])
    boom = tones(
        boom_hz, np.array([1.0, 0.8, 0.6, 0.4, 0.3]), rng.uniform(0.25, 0.5) * np.arange(1.0, 6.0) ** -0.5, 0.5
    )
    latch_hz = rng.uniform(1200, 5500, 5)
    room = band(80, 900, rng.normal(size=int(0.6 * RATE_HZ))) * decay(0.6, rng.uniform(0.4, 0.7))
    wave = np.zeros(n)
    for time, strength in strikes:
        clack = band(200, 3500, rng.normal(size=int(0.05 * RATE_HZ))) * decay(0.05, 0.04)
        add_at(wave, time, at_peak(boom, strength))
        add_at(wave, time, at_peak(clack, 0.7 * strength))
        add_at(wave, time, at_peak(room, 0.25 * strength))
        snap = at_peak(tones(latch_hz, rng.uniform(0.3, 1, 5), rng.uniform(0.02, 0.07, 5), 0.08), 0.35 * strength**0.5)
        first = rng.uniform(0.015, 0.04)
        add_at(wave, time + first, snap)
        add_at(wave, time + first + rng.uniform(0.03, 0.06), 0.6 * snap)
        for k in range(1, int(rng.integers(2, 5))):
            add_at(wave, time + 0.05 * k * rng.uniform(0.8, 1.2), at_peak(clack, 0.35 * strength / k))
    return wave * rng.uniform(0.3, 0.55)


def keys(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """A bunch of keys: small bright plates that hit each other many times at every shake."""
    times, gains = [np.zeros(0)], [np.zeros(0)]
    for time, strength in strikes:
        many, lasts = int(rng.uniform(10, 24)), rng.uniform(0.15, 0.35)
        times.append(time + np.concatenate([[0.0], rng.triangular(0, 0.04, lasts, many)]))
        gains.append(strength * np.concatenate([[1.0], rng.lognormal(-0.9, 0.6, many)]))
    wave = np.zeros(n)
    where, loud = np.concatenate(times), np.concatenate(gains)
    for low, high in ((2600, 4200), (4000, 6200), (5600, HIGHEST_HZ)):
        wave += grains(rng, n, where, loud * rng.uniform(0.5, 1.0), (low, high), (0.05, 0.22), 5)
    return at_peak(wave, rng.uniform(0.2, 0.45) * max((s for _, s in strikes), default=0.0))


def typing(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """A keyboard: each key clicks on its way down, lands, and clicks softer when it comes up."""
    wave = np.zeros(n)
    bright, thock_hz = rng.uniform(1800, 3200), rng.uniform(180, 380)
    for time, strength in strikes:
        own = rng.uniform(0.85, 1.15)
        click = band(bright * own, min(bright * own * 2.2, 7500), rng.normal(size=160)) * decay(0.01, 0.008)
        thock = tones(thock_hz * own * np.array([1, 2.7]), np.array([1.0, 0.5]), np.array([0.05, 0.03]), 0.06)
        add_at(wave, time, at_peak(click, 0.9 * strength**0.5))
        add_at(wave, time + rng.uniform(0.004, 0.012), at_peak(thock, 0.6 * strength))
        add_at(wave, time + rng.uniform(0.06, 0.11), at_peak(click, 0.25 * strength**0.5))
    return wave * rng.uniform(0.2, 0.4)


def cloth(rng: np.random.Generator, n: int, speed: Wave) -> Wave:
    """Fabric that rubs on itself: soft noise in bursts, louder the faster it is moved."""
    low, high = rng.uniform(250, 500), rng.uniform(2200, 3600)
    folds = np.exp(0.5 * modulation(rng, n, 3, 14))
    rustle = band(low, high, rng.normal(size=n), 1) * folds * speed**1.2
    return rustle * float(rng.uniform(0.03, 0.07))


def paper(rng: np.random.Generator, n: int, speed: Wave) -> Wave:
    """A sheet that is crumpled and turned: sharp bright crackles, as many as it moves fast, on a thin hiss."""
    density = speed**1.3 * np.exp(0.6 * modulation(rng, n, 2, 9))
    snaps = np.flatnonzero(rng.random(n) < density * rng.uniform(60, 160) / RATE_HZ)
    gains = rng.pareto(2.5, len(snaps)).clip(0, 6) + 0.1
    crackle = grains(rng, n, snaps / RATE_HZ, gains, (1800, 7000), (0.002, 0.008), 10)
    hiss = band(3000, 7500, rng.normal(size=n)) * density
    return (crackle * 0.12 + hiss * 0.012) * float(rng.uniform(0.7, 1.3))


def clock(rng: np.random.Generator, n: int) -> Wave:
    """A clock: tick and tock at a steady pace, each a small hard resonance in a wooden case."""
    apart = float(rng.choice([0.25, 0.5, 0.5, 1.0, rng.uniform(0.3, 0.9)]))
    case = log_uniform(rng, (350, 700))
    wheel = rng.uniform(1800, 3600) * np.array([1.0, 1.47, 2.1])
    wave = np.zeros(n)
    sides = []
    for pitch in (1.0, rng.uniform(0.8, 0.93)):
        tick = tones(wheel * pitch, np.array([1.0, 0.6, 0.4]), rng.uniform(0.015, 0.04, 3), 0.1)
        tick += tones(case * pitch * np.array([1.0, 2.3]), np.array([0.35, 0.2]), np.array([0.08, 0.05]), 0.1)
        sides.append(at_peak(tick, 1.0))
    for k, time in enumerate(np.arange(rng.uniform(0, apart), n / RATE_HZ, apart)):
        add_at(wave, float(time), sides[k % 2] * rng.uniform(0.9, 1.0))
    return wave * rng.uniform(0.12, 0.3) + at_rms(rng.normal(size=n), -72)
