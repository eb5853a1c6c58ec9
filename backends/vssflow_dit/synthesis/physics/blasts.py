"""What bursts: explosions, guns, fireworks, thunder. A shock, the noise that follows it, and what echoes it."""

from __future__ import annotations

import numpy as np

from vssflow_dit.synthesis.waves import (
    RATE_HZ,
    Strikes,
    Wave,
    add_at,
    at_peak,
    band,
    decay,
    grains,
    log_uniform,
    modulation,
    room,
    seconds,
    steep,
    swell,
)


def _blast(rng: np.random.Generator) -> Wave:
    """One explosion of peak 1: bands of noise, the lower the longer, that the air overdrives; debris falls after."""
    lasts = rng.uniform(1.6, 3.0)
    n = int(lasts * RATE_HZ)
    wave = np.zeros(n)
    for low, high, dies, gain in (
        (1500, 9000, 0.25, 0.35),
        (250, 1500, 0.8, 0.6),
        (60, 250, 1.6, 1.0),
        (25, 60, lasts, 0.8),
    ):
        noise = band(low, high, rng.normal(size=n), 1) * decay(lasts, min(lasts, dies * rng.uniform(0.8, 1.3)))[:n]
        wave += at_peak(noise, gain)
    rolls = (1 + 0.5 * modulation(rng, n, 3, 15)).clip(0.2, 3)
    rolls[: RATE_HZ // 10] = 1.5
    wave = np.tanh(2.0 * wave * rolls) * np.minimum(1, np.arange(n) / 24) * swell(lasts, 0.002)[:n]
    falls = rng.triangular(0.2, 0.5, lasts, 90)
    debris = grains(rng, n, falls, rng.lognormal(-1, 0.7, 90), (300, 4000), (0.01, 0.05))
    return at_peak(wave + at_peak(debris, 0.1), 1.0)


def explosion(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    wave, blast = np.zeros(n), _blast(rng)
    for time, strength in strikes:
        add_at(wave, time, blast * strength)
    return np.tanh(room(rng, wave, rng.uniform(1.0, 2.5), rng.uniform(0.2, 0.5)) * rng.uniform(0.6, 0.95))


def _shot(rng: np.random.Generator, heavy: float) -> Wave:
    """Muzzle blast of peak 1: a shock of a millisecond (pressure that falls through zero) and hot gas."""
    lasts = 0.5 + 0.5 * heavy
    n = int(lasts * RATE_HZ)
    t = seconds(n)
    positive = 0.0003 + 0.001 * heavy
    shock = (1 - t / positive) * np.exp(-t / positive)
    gas = steep(rng, n, -1.0 - 1.5 * heavy, 150, 10_500) * decay(lasts, 0.1 + 0.25 * heavy)[:n]
    tail = band(120, 1800, rng.normal(size=n), 1) * decay(lasts, 0.4 + 0.6 * heavy)[:n]
    boom = band(50, 350, rng.normal(size=n), 1) * decay(lasts, 0.2 + 0.4 * heavy)[:n]
    blast = shock + at_peak(gas, 1.0) + at_peak(tail, 0.35) + at_peak(boom, 0.2 + 0.5 * heavy)
    return at_peak(np.tanh(2.5 * blast) * np.minimum(1, np.arange(n)[::-1] / 1200), 1.0)


def gunshot(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """A pistol, a rifle or a shotgun: the blast, its echoes from houses or hills, and the air that rolls."""
    heavy = rng.uniform(0.0, 1.0)
    echoes = [(rng.uniform(0.04, 0.5), rng.uniform(0.1, 0.4)) for _ in range(int(rng.integers(2, 6)))]
    wave = np.zeros(n)
    for time, strength in strikes:
        shot = _shot(rng, heavy)
        add_at(wave, time, shot * strength)
        for later, weak in echoes:
            add_at(wave, time + later, band(100, 3000, shot, 1) * weak * strength)
    wave = room(rng, wave, rng.uniform(0.8, 2.5), rng.uniform(0.5, 1.2))
    return np.tanh(1.5 * wave) * rng.uniform(0.55, 0.85)


def fireworks(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """Shells that burst high up: a dull bang with its echo, and stars that crackle for a second after."""
    wave, crackles = np.zeros(n), rng.random() < 0.7
    for time, strength in strikes:
        bang = _shot(rng, rng.uniform(0.5, 1.0))
        add_at(wave, time, band(40, 3500, bang, 1) * strength)
        if crackles:
            when = rng.triangular(0.15, 0.5, 1.6, int(rng.uniform(60, 200)))
            stars = grains(
                rng, int(1.8 * RATE_HZ), when, rng.lognormal(-0.7, 0.6, len(when)), (1500, 8000), (0.002, 0.01), 8
            )
            add_at(wave, time, at_peak(stars, 0.35 * strength))
    wave = room(rng, wave, rng.uniform(1.0, 2.5), rng.uniform(0.4, 0.8))
    return np.tanh(1.2 * wave) * rng.uniform(0.5, 0.8)


def thunder(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """A clap at each call: a tearing if it is near, then low noise from ever farther parts of the bolt, for long."""
    wave = np.zeros(n)
    for time, strength in strikes:
        lasts = rng.uniform(5.0, 8.0)
        length = int(lasts * RATE_HZ)
        rolls = np.exp(rng.uniform(0.15, 0.45) * modulation(rng, length, 0.7, 5)) * decay(lasts, 2 * lasts)[:length]
        rolls *= (
            np.minimum(1, np.arange(length) / (rng.uniform(0.08, 0.4) * RATE_HZ)) * swell(lasts, 0.5)[:length] ** 0.3
        )
        roll = steep(rng, length, -rng.uniform(4.0, 5.5), 70, rng.uniform(600, 1000)) * rolls
        deep = band(30, 110, rng.normal(size=length), 1) * rolls
        tears = np.exp(0.5 * modulation(rng, length, 5, 40)) * decay(lasts, 1.5)[:length]
        tear = (
            steep(rng, length, -3.0, 150, log_uniform(rng, (900, 3500)))
            * tears
            * np.minimum(1, np.arange(length) / 1200)
        )
        clap = at_peak(roll, 1.0) + at_peak(deep, rng.uniform(0.0, 0.3)) + at_peak(tear, rng.uniform(0.1, 0.7))
        add_at(wave, time, at_peak(clap, strength))
    wave = room(rng, wave, rng.uniform(1.5, 2.5), rng.uniform(0.4, 0.7))
    return at_peak(wave, rng.uniform(0.4, 0.7) * max((s for _, s in strikes), default=0.0))


def drum(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """Bass drums, toms and snares: a skin whose pitch falls as it relaxes, a stick, and wires that rattle."""
    kind = rng.integers(3)
    low = (rng.uniform(48, 75), rng.uniform(85, 170), rng.uniform(170, 230))[kind]
    skin = np.array([1.0, 1.59, 2.14, 2.3, 2.65])
    wave = np.zeros(n)
    for time, strength in strikes:
        t = seconds(int(0.5 * RATE_HZ))
        fall = 1 + (0.25 + 0.3 * (kind == 0)) * strength * np.exp(-t / 0.03)
        tone = sum(
            g * np.sin(2 * np.pi * np.cumsum(low * r * fall) / RATE_HZ) * np.exp(-6.9 * t / (d * rng.uniform(0.9, 1.1)))
            for r, g, d in zip(skin, (1, 0.5, 0.35, 0.25, 0.2), (0.4, 0.25, 0.2, 0.15, 0.12), strict=True)
        )
        stick = band(800, 8000, rng.normal(size=len(t)), 1) * np.exp(-t / 0.004)
        wires = band(1500, 10_000, rng.normal(size=len(t)), 1) * np.exp(-t / 0.06) * (kind == 2)
        hit = at_peak(np.asarray(tone), 1.0) + at_peak(stick, 0.3) + at_peak(wires, 0.9 * (kind == 2))
        add_at(wave, time, hit * strength**1.2)
    return room(rng, wave, log_uniform(rng, (0.2, 0.8)), 0.25) * rng.uniform(0.35, 0.6)
