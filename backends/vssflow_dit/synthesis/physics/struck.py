"""Struck bodies by their modes: a harder blow is louder and brighter, and high modes die first. Balls and knuckles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vssflow_dit.synthesis.waves import (
    HIGHEST_HZ,
    RATE_HZ,
    Range,
    Strikes,
    Wave,
    add_at,
    at_peak,
    band,
    decay,
    log_uniform,
    resonances,
    room,
    seconds,
    tones,
)


@dataclass(frozen=True, slots=True)
class Body:
    """A struck body: its modes and how fast they die."""

    lowest_hz: Range
    decay_s: Range
    """Time in which the lowest mode falls by 60 dB."""
    ratios: tuple[float, ...]
    damping: float
    """How much faster high modes die: decay ~ ratio ** -damping."""
    click: float
    """Share of noise in the attack."""


BODIES = {
    "wood": Body((160, 600), (0.05, 0.16), (1.0, 1.57, 2.57, 3.4, 4.9, 6.6, 8.4), 0.7, 1.0),
    "metal": Body((280, 1200), (0.6, 2.5), (1.0, 1.58, 2.24, 2.92, 3.9, 4.6, 5.4, 6.8, 8.1), 0.5, 0.3),
    "stone": Body((500, 1300), (0.03, 0.09), (1.0, 1.7, 2.5, 3.6, 4.4), 0.4, 1.0),
    "plastic": Body((250, 800), (0.05, 0.14), (1.0, 1.9, 3.1), 1.0, 0.35),
    "thud": Body((55, 130), (0.08, 0.25), (1.0, 1.6, 2.2, 2.9, 4.1), 0.8, 0.6),
}


def body(name: str, rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """One body of BODIES struck several times."""
    kind = BODIES[name]
    ratios = np.array(kind.ratios) * rng.uniform(0.96, 1.04, len(kind.ratios))
    modes = log_uniform(rng, kind.lowest_hz) * ratios
    modes, ratios = modes[modes < HIGHEST_HZ], ratios[modes < HIGHEST_HZ]
    dies = rng.uniform(*kind.decay_s) * ratios**-kind.damping
    gains = rng.uniform(0.4, 1.0, len(modes)) / ratios ** rng.uniform(0.2, 0.9)
    t = seconds(int((dies.max() + 0.05) * RATE_HZ))
    rings = np.sin(2 * np.pi * modes[:, None] * t) * 10 ** (-3 * t / dies[:, None])
    attack = np.minimum(1.0, t * RATE_HZ / 12)
    wave = np.zeros(n)
    for time, strength in strikes:
        hit = at_peak((gains * strength ** (0.5 * (ratios - 1).clip(0, 3))) @ rings, 1.0)
        burst = t[: int(0.04 * RATE_HZ)]
        noise = rng.normal(size=len(burst)) * np.exp(-burst / rng.uniform(0.001, 0.005))
        hit[: len(burst)] += kind.click * noise * strength * 0.5
        add_at(wave, time, hit * attack * strength**1.5)
    return room(rng, wave, rng.uniform(0.15, 0.5), rng.uniform(0.1, 0.3)) * rng.uniform(0.35, 0.65)


def bounce(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """A ball: a slap of the skin, a thump of the floor, the air inside that rings for a moment; a hall."""
    t = seconds(int(0.25 * RATE_HZ))
    low = log_uniform(rng, (90, 200)) * np.array([1.0, 1.7, 2.6])
    cavity = log_uniform(rng, (350, 800)) * np.array([1.0, 1.46, 1.98, 2.7, 3.9])
    hollow, hall = rng.uniform(0.3, 0.9), (rng.uniform(0.4, 1.8), rng.uniform(0.3, 0.8))
    wave = np.zeros(n)
    for time, strength in strikes:
        contact = rng.normal(size=len(t)) * np.exp(-t / rng.uniform(0.008, 0.014))
        floor = at_peak(resonances(contact, low, 0.6 * low, [0.7, 0.9, 0.8]), 1.0)
        air = at_peak(resonances(contact, cavity, 0.2 * cavity + 30, [1.0, 0.8, 0.6, 0.5, 0.4]), hollow)
        skin = at_peak(band(300, 5000, contact, 1), 0.6 * strength)
        hit = (floor + air * strength**0.5 + skin) * np.minimum(1, t * RATE_HZ / 20)
        add_at(wave, time, hit * strength**1.3)
    return at_peak(room(rng, wave, *hall), rng.uniform(0.3, 0.55) * max((s for _, s in strikes), default=0.0))


def knock(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """Knuckles on a door: a hollow panel, damped at once, and the room behind it."""
    panel = log_uniform(rng, (95, 190)) * np.array([1.0, 1.9, 2.8, 4.3, 6.1]) * rng.uniform(0.95, 1.05, 5)
    dies = rng.uniform(0.05, 0.1) * np.array([1.6, 1.0, 0.8, 0.6, 0.5])
    ring = at_peak(tones(panel, np.array([1.0, 0.9, 0.7, 0.5, 0.3]), dies, 0.16), 1.0)
    room = band(150, 1100, rng.normal(size=int(0.35 * RATE_HZ))) * decay(0.35, rng.uniform(0.2, 0.4))
    wave = np.zeros(n)
    for time, strength in strikes:
        bone = band(700, 2600, rng.normal(size=480)) * decay(0.02, 0.012)
        hit = at_peak(room, 0.12)
        hit[: len(ring)] += ring * rng.uniform(0.85, 1.0)
        hit[: len(bone)] += 0.5 * strength * bone
        add_at(wave, time, hit * strength**1.3)
    return wave * rng.uniform(0.35, 0.65)


def ball_hit(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """A racket, a bat or a foot on a ball: a sharp contact, the strings or the wood that answer, a hollow ball."""
    low = log_uniform(rng, (250, 1100))
    modes = low * np.array([1.0, 1.6, 2.45, 3.9]) * rng.uniform(0.95, 1.05, 4)
    wave = np.zeros(n)
    for time, strength in strikes:
        contact = rng.normal(size=4800) * decay(0.2, rng.uniform(0.03, 0.07))
        ring = at_peak(resonances(contact, modes, 0.3 * modes + 40, [1.0, 0.8, 0.5, 0.35]), 1.0)
        slap = band(500, 9000, rng.normal(size=720), 1) * decay(0.03, 0.012)[:720]
        thump = tones(np.array([rng.uniform(90, 180)]), np.ones(1), np.array([0.08]), 0.1)
        add_at(wave, time, ring * strength * 0.8)
        add_at(wave, time, at_peak(slap, 0.7 * strength**1.3))
        add_at(wave, time, 0.5 * thump * strength)
    wave = room(rng, wave, rng.uniform(0.3, 1.2), rng.uniform(0.15, 0.4))
    return at_peak(wave, rng.uniform(0.35, 0.6) * max((s for _, s in strikes), default=0.0))
