"""Shoes and hooves on hard ground: a heel that clicks, a sole that follows, a floor that answers, a room around it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vssflow_dit.synthesis.waves import (
    RATE_HZ,
    Strikes,
    Wave,
    add_at,
    at_peak,
    at_rms,
    band,
    bursts,
    decay,
    log_uniform,
    modulation,
    passed,
    resonances,
    room,
)


def _thud(rng: np.random.Generator, low_hz: float, high_hz: float, lasts_s: float) -> Wave:
    """The weight that lands: a burst of noise between two pitches, of peak 1."""
    length = int(1.5 * lasts_s * RATE_HZ)
    burst = band(low_hz, high_hz, rng.normal(size=length), 1) * decay(1.5 * lasts_s, lasts_s)[:length]
    return at_peak(burst * np.minimum(1, np.arange(length) / 30), 1.0)


def _heel(rng: np.random.Generator, hard: float, edge_hz: float) -> Wave:
    """A heel that lands: mostly the floor and the shoe at a few hundred hertz, an edge that is bright if it is hard."""
    length = int(0.16 * RATE_HZ)
    burst = rng.normal(size=length) * decay(0.16, rng.uniform(0.06, 0.12))[:length]
    hz = edge_hz * np.array([0.6, 1.0, 1.7, 3.1]) * rng.uniform(0.92, 1.08, 4)
    body = resonances(burst, hz, 0.45 * hz, [0.7, 1.0, 0.4, 0.2])
    edge = band(900, 1500 + 7000 * hard, rng.normal(size=length), 1) * decay(0.16, 0.01 + 0.03 * hard)[:length]
    attack = np.minimum(1, np.arange(length) / (6 + 50 * (1 - hard)))
    return at_peak((at_peak(body, 1.0) + at_peak(edge, 0.08 + 0.45 * hard)) * attack, 1.0)


def _sole(rng: np.random.Generator, hard: float) -> Wave:
    """The ball of the foot: a soft slap, and the grit that it grinds on the floor as it rolls."""
    lasts = rng.uniform(0.08, 0.18)
    length = int(lasts * RATE_HZ)
    slap = band(200, 900 + 2500 * hard, rng.normal(size=length), 1) * decay(lasts, 0.6 * lasts)[:length]
    many = int(rng.uniform(6, 30))
    grit = bursts(rng, length, rng.triangular(0, 0.1, 0.9, many) * length, rng.lognormal(-1, 0.8, many), 0.006)
    whole = at_peak(slap * np.minimum(1, np.arange(length) / 150), 1.0)
    return at_peak(whole + at_peak(band(1200, 8000, grit, 1), rng.uniform(0.05, 0.5)), 1.0)


@dataclass(frozen=True, slots=True)
class Shoe:
    """A pair of shoes and how they are walked in."""

    hard: float
    """0 rubber .. 1 leather and steel."""
    edge_hz: float
    rolls_s: float
    """From heel to sole."""
    sole: float
    weight: float


def _shoe(rng: np.random.Generator) -> Shoe:
    edge = log_uniform(rng, (280, 620))
    return Shoe(rng.uniform(0.0, 1.0), edge, rng.uniform(0.07, 0.15), rng.uniform(0.08, 0.4), rng.uniform(0.1, 0.5))


def _walked(rng: np.random.Generator, n: int, strikes: Strikes, shoe: Shoe, low: tuple[float, float, float]) -> Wave:
    """Heel, weight and sole of every step; no two are alike. `low`: the band and length of what the floor gives."""
    wave = np.zeros(n)
    for time, strength in strikes:
        hit = np.zeros(int(0.5 * RATE_HZ))
        add_at(hit, 0.0, _heel(rng, shoe.hard, shoe.edge_hz * rng.uniform(0.9, 1.1)) * strength**0.5)
        add_at(hit, 0.0, _thud(rng, *low) * shoe.weight * rng.uniform(0.7, 1.2))
        rolls = shoe.rolls_s * (1.3 - 0.5 * strength) * rng.uniform(0.85, 1.15)
        add_at(hit, rolls, _sole(rng, shoe.hard) * shoe.sole * rng.uniform(0.6, 1.2))
        add_at(hit, rolls, _thud(rng, *low) * 0.4 * shoe.weight)
        add_at(wave, time, hit * strength)
    return wave


def hard_floor(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """Shoes on stone, tiles or asphalt: the floor gives back only a thump; a room, a passage or a street rings."""
    wave = _walked(rng, n, strikes, _shoe(rng), (70, 320, 0.06))
    wave = room(rng, wave, rng.uniform(0.2, 1.2), log_uniform(rng, (0.03, 0.3)))
    return at_peak(wave, rng.uniform(0.35, 0.65) * _hardest(strikes))


def wooden_floor(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """Shoes on boards: a hollow knock of the plank and the space under it, damped within a tenth of a second."""
    shoe = _shoe(rng)
    wave = _walked(rng, n, strikes, shoe, (70, 260, 0.08))
    low = log_uniform(rng, (90, 200))
    modes = low * np.array([1.0, 1.7, 2.6, 3.9, 5.3, 7.1]) * rng.uniform(0.94, 1.06, 6)
    plank = resonances(wave, modes, 0.12 * modes + 12, rng.uniform(0.4, 1.0, 6))
    wave = at_peak(wave, 1.0) + at_peak(plank, rng.uniform(0.8, 1.6)) if strikes else wave
    wave = room(rng, wave, rng.uniform(0.2, 0.7), rng.uniform(0.05, 0.25))
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
    base = log_uniform(rng, (700, 1300))
    for hoof, (when, strength) in enumerate(zip(falls, hard, strict=True)):
        pitch = base * (0.92, 1.0, 1.08, 1.17)[hoof] * rng.uniform(0.97, 1.03)
        for at in passed(stride, 1.0, 1.0 - when):
            add_at(
                wave, (at + rng.normal(0, 0.006 * RATE_HZ)) / RATE_HZ, _hoof(rng, pitch) * strength * (0.25 + speed[at])
            )
    wave = room(rng, wave, rng.uniform(0.4, 1.0), rng.uniform(0.03, 0.15))
    ground = at_rms(band(100, 900, rng.normal(size=n), 1) * speed * (1 + 0.3 * modulation(rng, n, 1, 6)), -60)
    return wave * rng.uniform(0.25, 0.5) + ground


def _hoof(rng: np.random.Generator, pitch: float) -> Wave:
    """A hollow horn cup that claps on stone: a clack of the edge, the air in the cup, the weight on the ground."""
    length = int(0.15 * RATE_HZ)
    burst = rng.normal(size=length) * decay(0.15, rng.uniform(0.05, 0.08))[:length]
    cup = resonances(
        burst,
        pitch * rng.uniform(0.93, 1.07, 3) * [0.62, 1.0, 1.9],
        [pitch * 0.2, pitch * 0.13, pitch * 0.35],
        [0.4, 1.0, 0.4],
    )
    clack = band(900, 7000, burst, 1) * decay(0.15, 0.03)[:length]
    ground = band(80, 350, rng.normal(size=length), 1) * decay(0.15, 0.09)[:length]
    hit = at_peak(cup, 1.0) + at_peak(clack, 0.6) + at_peak(ground, 0.5)
    return at_peak(hit * np.minimum(1, np.arange(length) / 12), 1.0)
