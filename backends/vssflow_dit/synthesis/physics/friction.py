"""What rubs: cloth, paper, pens, brooms, creaking wood, tyres, hissing valves, and the air itself."""

from __future__ import annotations

import numpy as np

from vssflow_dit.synthesis.physics.vehicles import tyres_skid
from vssflow_dit.synthesis.waves import (
    RATE_HZ,
    Strikes,
    Wave,
    add_at,
    at_peak,
    at_rms,
    band,
    bursts,
    following,
    grains,
    log_uniform,
    modulation,
    repeated,
    resonances,
    room,
    swell,
    turns,
    until_next,
)


def _hardest(strikes: Strikes) -> float:
    return max((strength for _, strength in strikes), default=0.0)


def whoosh(rng: np.random.Generator, n: int, speed: Wave) -> Wave:
    """Air around something that moves: a band of noise that grows louder, wider and higher with speed."""
    noise, wave = rng.normal(size=n), np.zeros(n)
    centre = log_uniform(rng, (350, 800))
    for k, power in enumerate((1.5, 2.5, 3.5, 5.0)):
        hz = centre * 1.9**k
        voice = resonances(noise, [hz], [0.5 * hz], [1.0])
        wave += at_rms(voice, 0) * speed ** (1.5 * power) * 0.9**k
    return wave * float(rng.uniform(0.03, 0.07))


def cloth(rng: np.random.Generator, n: int, speed: Wave) -> Wave:
    """Fabric that rubs on itself: soft noise in bursts, louder the faster, with the small crackle of folds."""
    low, high = rng.uniform(400, 1200), rng.uniform(3500, 8500)
    folds = np.exp(0.4 * modulation(rng, n, 2, 10))
    rustle = band(low, high, rng.normal(size=n), 1) * folds * speed**1.2
    folds = folds * np.exp(0.5 * modulation(rng, n, 15, 60))
    at = np.flatnonzero(rng.random(n) < speed * folds * rng.uniform(300, 1200) / RATE_HZ)
    creases = grains(rng, n, at / RATE_HZ, rng.lognormal(-1, 0.6, len(at)) * speed[at], (900, 6500), (0.001, 0.005), 10)
    return (rustle + rng.uniform(0.0, 0.05) * creases) * float(rng.uniform(0.03, 0.07))


def cloth_flap(rng: np.random.Generator, n: int, speed: Wave) -> Wave:
    """A flag or a sail: the cloth cracks each time the wind turns it over, faster with speed, over its rustle."""
    beats = turns(rng.uniform(2.5, 6.0) * (0.3 + 0.9 * speed) * (1 + 0.25 * modulation(rng, n, 0.5, 3)).clip(0.3, 2))
    wave = np.zeros(n)
    for at in np.flatnonzero(np.diff(np.floor(beats)) > 0):
        lasts = rng.uniform(0.05, 0.16)
        crack = band(120, rng.uniform(1200, 4000), rng.normal(size=int(lasts * RATE_HZ)), 1) * swell(
            lasts, 0.15 * lasts
        )
        add_at(wave, at / RATE_HZ + rng.normal(0, 0.02), at_peak(crack, rng.uniform(0.3, 1.0)) * speed[at])
    rustle = band(400, 5000, rng.normal(size=n), 1) * speed**1.5 * (1 + 0.5 * modulation(rng, n, 4, 18)).clip(0, 3)
    return following(at_rms(wave, -20) + at_rms(rustle, rng.uniform(-30, -24)), speed, rng.uniform(-29, -24))


def paper(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """A sheet turned, crumpled or torn at each strike: bright crackles that crowd and thin out, on a thin hiss."""
    wave, kind = np.zeros(n), rng.integers(3)
    dense, hissing = (400, 1200, 2500)[kind] * rng.uniform(0.7, 1.4), (0.8, 0.3, 0.6)[kind]
    for time, strength in strikes:
        lasts = rng.uniform(*((0.4, 0.8), (0.6, 1.3), (0.4, 0.9))[kind])
        length = int(lasts * RATE_HZ)
        ways = np.exp(0.8 * modulation(rng, length, 3, 20))
        shape = np.minimum(1, np.arange(length) / 240) * np.linspace(1, 0, length) ** 0.7 * ways
        at = np.append(np.flatnonzero(rng.random(length) < shape * dense / RATE_HZ), [0, 60, 150])
        crackle = bursts(rng, length, at, rng.lognormal(-1, 1.0, len(at)), 0.004)
        creases = grains(rng, length, at / RATE_HZ, rng.lognormal(-1, 0.6, len(at)), (1200, 9500), (0.002, 0.008), 12)
        swish = band(1200, 10_500, rng.normal(size=length), 1) * shape
        whole = at_peak(band(1000, 10_000, crackle, 1), 0.7) + at_peak(creases, 0.7) + at_peak(swish, hissing)
        add_at(wave, time, whole * strength)
    return at_peak(room(rng, wave, 0.25, 0.15), rng.uniform(0.15, 0.35) * _hardest(strikes))


def writing(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """A pen or chalk: each stroke taps the paper and scratches over its fibres, quicker in its middle."""
    wave, chalk = np.zeros(n), rng.random() < 0.35
    centre = rng.uniform(1800, 4500)
    for time, strength in strikes:
        now = 0.0
        for _ in range(int(rng.integers(3, 8))):
            lasts = rng.uniform(0.05, 0.16)
            length = int(lasts * RATE_HZ)
            stroke = (
                band(centre * 0.6, min(2.2 * centre, 10_000), rng.normal(size=length), 1)
                * swell(lasts + 1e-3, 0.3 * lasts)[:length]
            )
            stroke *= (1 + 0.6 * modulation(rng, length, 30, 150)).clip(0, 3)
            tap = resonances(
                rng.normal(size=300) * np.exp(-np.arange(300) / 30),
                [450.0, 1300.0, 3000.0],
                [200.0, 500.0, 1200.0],
                [1.0, 0.8, 0.6],
            )
            add_at(wave, time + now, at_peak(tap, (1.0 if chalk else 0.5) * strength))
            add_at(wave, time + now, at_peak(stroke, rng.uniform(0.3, 0.7) * strength))
            now += lasts + rng.uniform(0.01, 0.08)
    return at_peak(room(rng, wave, 0.3, 0.2), rng.uniform(0.12, 0.3) * _hardest(strikes))


def scrape(rng: np.random.Generator, n: int, speed: Wave) -> Wave:
    """Something dragged or swept over rough ground: it catches many times a centimetre, and rings a hard body."""
    body = log_uniform(rng, (900, 2200)) * np.array([1.0, 1.6, 2.5, 3.6])
    pace = rng.uniform(90, 260) * speed * (1 + 0.2 * modulation(rng, n, 5, 40)).clip(0.2, 2)
    at = np.flatnonzero(np.diff(np.floor(turns(pace))) > 0)
    catches = bursts(rng, n, at, rng.lognormal(0, 0.3, len(at)), 0.008)
    source = (catches / (catches.std() + 1e-9) + 0.6 * rng.normal(size=n)) * speed**1.3
    wave = resonances(source, body, 0.3 * body, rng.uniform(0.4, 1, 4)) + 0.1 * band(1500, 9500, source, 1)
    return following(wave, speed, rng.uniform(-30, -24))


def wood_creak(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """A hinge or a board: it sticks and slips, faster and faster and then slower, and every slip rings the wood."""
    wave = np.zeros(n)
    body = log_uniform(rng, (350, 900)) * np.array([1.0, 1.9, 2.7, 4.1, 5.9]) * rng.uniform(0.93, 1.07, 5)
    for time, strength in strikes:
        lasts = rng.uniform(0.35, 1.0)
        length = int(lasts * RATE_HZ)
        pace = (
            rng.uniform(50, 160)
            * (0.6 + 0.6 * np.sin(np.pi * np.linspace(0.05, 0.95, length)))
            * (1 + 0.15 * modulation(rng, length, 4, 25))
        )
        at = np.flatnonzero(np.diff(np.floor(turns(pace) + 0.99)) > 0)
        slips = repeated(length, at, rng.lognormal(0, 0.3, len(at)), np.exp(-np.arange(60) / 9))
        creak = resonances(slips, body, 0.06 * body + 25, rng.uniform(0.4, 1, 5))
        shape = np.minimum(1, np.arange(length) / 300) * np.minimum(1, np.arange(length)[::-1] / 2000)
        add_at(wave, time, at_peak(creak * shape, strength))
    return at_peak(room(rng, wave, rng.uniform(0.3, 0.8), 0.3), rng.uniform(0.25, 0.5) * _hardest(strikes))


def tyre_skid(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """Tyres that lock at each strike and squeal until the car stands."""
    wave = np.zeros(n)
    for time, strength, free in until_next(strikes):
        lasts = max(0.3, min(rng.uniform(0.7, 1.8), free - 0.15))
        add_at(wave, time, tyres_skid(rng, lasts) * strength)
    return at_peak(room(rng, wave, rng.uniform(0.4, 1.2), 0.25), rng.uniform(0.3, 0.6) * _hardest(strikes))


def hiss(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """Air or steam let out at each strike: wide bright noise that starts at once and sinks as the pressure does."""
    wave, low = np.zeros(n), log_uniform(rng, (900, 3500))
    for time, strength in strikes:
        lasts = rng.uniform(0.4, 1.6)
        length = int(lasts * RATE_HZ)
        shape = np.minimum(1, np.arange(length) / 200) * np.linspace(1, 0, length) ** rng.uniform(0.8, 2.5)
        jet = band(low, 11_000, rng.normal(size=length), 1) * shape * (1 + 0.1 * modulation(rng, length, 10, 80))
        add_at(wave, time, at_peak(jet, strength))
    return at_peak(room(rng, wave, 0.4, 0.2), rng.uniform(0.2, 0.45) * _hardest(strikes))
