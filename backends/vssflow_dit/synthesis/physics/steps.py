"""Shoes and hooves on hard ground: a heel that clicks, a sole that follows, a floor that answers, a room around it."""

from __future__ import annotations

import numpy as np

from vssflow_dit.synthesis.waves import (
    RATE_HZ,
    Strikes,
    Wave,
    add_at,
    at_peak,
    at_rms,
    band,
    decay,
    log_uniform,
    modulation,
    passed,
    resonances,
    room,
    swell,
    tones,
)


def _heel(rng: np.random.Generator, hard: float, edge_hz: float) -> Wave:
    """A contact of a few milliseconds, brighter the harder the heel, of peak 1."""
    lasts = 0.03 + 0.05 * (1 - hard)
    knock = resonances(
        rng.normal(size=int(0.09 * RATE_HZ)) * decay(0.09, lasts)[: int(0.09 * RATE_HZ)],
        edge_hz * np.array([0.35, 1.0, 1.9, 3.1]) * rng.uniform(0.93, 1.07, 4),
        edge_hz * np.array([0.25, 0.5, 0.9, 1.6]),
        np.array([0.9, 1.0, 0.8 * hard, 0.6 * hard]),
    )
    return at_peak(knock * np.minimum(1, np.arange(len(knock)) / 10), 1.0)


def _sole(rng: np.random.Generator, hard: float) -> Wave:
    """The ball of the foot: softer, scuffing."""
    lasts = rng.uniform(0.05, 0.11)
    scuff = band(500, 2500 + 5000 * hard, rng.normal(size=int(lasts * RATE_HZ)), 1) * swell(lasts, 0.2 * lasts)
    return at_peak(scuff, 1.0)


def _walked(rng: np.random.Generator, n: int, strikes: Strikes, floor: Wave, thump: float, hard: float) -> Wave:
    """Heel and sole of every step over what the floor gives back, in steps that differ a little."""
    wave, edge = np.zeros(n), log_uniform(rng, (700, 1700))
    rolls = rng.uniform(0.07, 0.14)
    sole = rng.uniform(0.12, 0.35)
    for time, strength in strikes:
        hit = np.zeros(int(0.5 * RATE_HZ))
        add_at(hit, 0.0, _heel(rng, hard, edge * rng.uniform(0.93, 1.08)) * strength**0.5)
        add_at(hit, 0.0, floor * thump * rng.uniform(0.8, 1.2))
        add_at(hit, rolls * (1.3 - 0.5 * strength) * rng.uniform(0.9, 1.1), _sole(rng, hard) * sole)
        add_at(wave, time, hit * strength)
    return wave


def hard_floor(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """Shoes on stone or tiles: the floor gives nothing back but a thump of the leg; the room rings."""
    leg = tones(
        np.array([rng.uniform(70, 130), rng.uniform(150, 260)]), np.array([1.0, 0.5]), np.array([0.1, 0.06]), 0.12
    )
    wave = _walked(rng, n, strikes, at_peak(leg, 1.0), rng.uniform(0.2, 0.5), rng.uniform(0.3, 1.0))
    wave = room(rng, wave, rng.uniform(0.25, 1.1), rng.uniform(0.15, 0.5))
    return at_peak(wave, rng.uniform(0.35, 0.65) * _hardest(strikes))


def wooden_floor(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """Shoes on boards: a hollow knock of the plank and the space under it, damped within a tenth of a second."""
    low = log_uniform(rng, (85, 190))
    modes = low * np.array([1.0, 1.7, 2.6, 3.9, 5.3]) * rng.uniform(0.94, 1.06, 5)
    plank = tones(
        modes,
        rng.uniform(0.4, 1.0, 5) * np.arange(1, 6) ** -0.5,
        rng.uniform(0.09, 0.18) * np.arange(1, 6) ** -0.4,
        0.25,
    )
    wave = _walked(rng, n, strikes, at_peak(plank, 1.0), rng.uniform(0.9, 1.6), rng.uniform(0.2, 0.7))
    wave = room(rng, wave, rng.uniform(0.2, 0.6), rng.uniform(0.15, 0.4))
    return at_peak(wave, rng.uniform(0.35, 0.65) * _hardest(strikes))


def _hardest(strikes: Strikes) -> float:
    return max((strength for _, strength in strikes), default=0.0)


GAITS = (
    (0.35, (0.0, 0.25, 0.5, 0.75), (1.0, 0.8, 1.0, 0.8)),
    (0.75, (0.0, 0.04, 0.5, 0.54), (1.0, 0.6, 0.9, 0.6)),
    (2.0, (0.0, 0.17, 0.22, 0.38), (0.8, 1.0, 0.7, 1.0)),
)
"""(up to this speed, when in a stride each hoof falls, how hard): walk, trot, gallop."""


def hooves(rng: np.random.Generator, n: int, speed: Wave) -> Wave:
    """A horse on a road: hollow hooves in the order of its gait; it strides faster, and falls harder, with speed."""
    fastest = float(np.quantile(speed, 0.9)) if n else 0.0
    _, falls, hard = next(gait for gait in GAITS if fastest <= gait[0])
    stride = np.cumsum((0.75 + 1.2 * speed) * (speed > 0.04)) / RATE_HZ
    wave = np.zeros(n)
    base = log_uniform(rng, (650, 1250))
    for hoof, (when, strength) in enumerate(zip(falls, hard, strict=True)):
        pitch = base * (0.92, 1.0, 1.08, 1.17)[hoof] * rng.uniform(0.97, 1.03)
        for at in passed(stride, 1.0, 1.0 - when):
            add_at(
                wave, (at + rng.normal(0, 0.006 * RATE_HZ)) / RATE_HZ, _hoof(rng, pitch) * strength * (0.25 + speed[at])
            )
    wave = room(rng, wave, rng.uniform(0.15, 0.5), rng.uniform(0.1, 0.3))
    ground = at_rms(band(100, 900, rng.normal(size=n), 1) * speed * (1 + 0.3 * modulation(rng, n, 1, 6)), -60)
    return wave * rng.uniform(0.25, 0.5) + ground


def _hoof(rng: np.random.Generator, pitch: float) -> Wave:
    """A hollow horn cup that claps on stone: one wide resonance, its double, and a scrape after."""
    length = int(0.12 * RATE_HZ)
    burst = rng.normal(size=length) * decay(0.12, rng.uniform(0.03, 0.05))[:length]
    cup = resonances(
        burst,
        [pitch * rng.uniform(0.95, 1.05), pitch * 2.3, pitch * 4.1],
        [pitch * 0.12, pitch * 0.5, pitch],
        [1.0, 0.5, 0.35],
    )
    leg = tones(np.array([rng.uniform(90, 160)]), np.ones(1), np.array([0.08]), 0.1)
    cup[: len(leg)] += leg * np.abs(cup).max() * 0.5
    return at_peak(cup * np.minimum(1, np.arange(length) / 12), 1.0)
