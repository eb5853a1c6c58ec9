"""Water that moves: streams, surf, a lake at a jetty, falls, the deep; pouring, and what it does in a pan."""

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
    by_chance,
    grains,
    log_uniform,
    modulation,
    periodic,
    repeated,
    resonances,
    room,
    seconds,
    steep,
    swell,
    turns,
    until_next,
)


def rising(rng: np.random.Generator, n: int, rate_hz: float, low_hz: float, high_hz: float, kinds: int = 14) -> Wave:
    """Bubbles by chance, so many a second; each rings at the pitch of its size, rising as it nears the surface."""
    wave = np.zeros(n)
    for _ in range(kinds):
        pitch = log_uniform(rng, (low_hz, high_hz))
        dies = min(0.1, 30.0 / pitch)
        t = seconds(int(dies * RATE_HZ))
        tone = (
            np.sin(2 * np.pi * pitch * t * (1 + rng.uniform(0.0, 4.0) * t))
            * np.exp(-5 * t / dies)
            * np.minimum(1, t * 2500)
        )
        at = by_chance(rng, n, rate_hz / kinds)
        wave += repeated(n, at, rng.lognormal(-0.7, 0.8, len(at)) * (pitch / low_hz) ** -0.3, tone)
    return wave


def stream(rng: np.random.Generator, n: int) -> Wave:
    """A brook: hundreds of bubbles a second of many sizes over a soft rush, here strong and there weak."""
    low = rng.uniform(280, 600)
    many = rng.uniform(150, 700)
    wave = rising(rng, n, many, low, low * rng.uniform(5, 10)) * np.exp(0.25 * modulation(rng, n, 0.5, 6))
    rush = band(400, rng.uniform(4000, 9000), rng.normal(size=n), 1)
    return at_rms(at_rms(wave, -22) + at_rms(rush, rng.uniform(-34, -25)), rng.uniform(-31, -26))


def waterfall(rng: np.random.Generator, n: int) -> Wave:
    """Falling water: broad noise, deepest where the pool is struck, with bubbles drowned in it."""
    noise = steep(rng, n, -rng.uniform(1.5, 3.5), rng.uniform(120, 350), rng.uniform(6000, 11_000))
    wave = noise * (1 + 0.08 * modulation(rng, n, 0.5, 8)) + at_rms(
        rising(rng, n, 300, 250, 1500), rng.uniform(-18, -10)
    )
    return at_rms(wave, rng.uniform(-28, -23))


def surf(rng: np.random.Generator, n: int) -> Wave:
    """Waves on a beach: each swells, breaks from low to bright, and runs out over sand in a hiss that thins."""
    t, wave = seconds(n), at_rms(steep(rng, n, -4.0, 60, 4000), rng.uniform(-34, -28))
    time, period = -rng.uniform(1, 5), rng.uniform(4.5, 9.0)
    while time < n / RATE_HZ:
        since, hard = t - time, rng.uniform(0.5, 1.0)
        rise, fall = rng.uniform(1.2, 2.5), rng.uniform(1.5, 3.0)
        shape = np.where(since < rise, (since / rise).clip(0) ** 2, np.exp(-(since - rise).clip(0) / fall))
        late = np.where(
            since < rise + 0.5,
            ((since - 0.3) / (rise + 0.2)).clip(0) ** 3,
            np.exp(-(since - rise - 0.5).clip(0) / (1.4 * fall)),
        )
        crash = steep(rng, n, -4.0, 80, 2500) * shape
        foam = steep(rng, n, -3.5, 500, 7000) * late
        wave += (0.05 * crash + 0.02 * foam) * hard
        time += period * rng.uniform(0.7, 1.3)
    return at_rms(wave, rng.uniform(-30, -25))


def lapping(rng: np.random.Generator, n: int) -> Wave:
    """A calm lake at a jetty or a hull: small waves that slap wood one after another, gurgle under it and run back."""
    slosh, gulps = np.zeros(n), np.zeros(n)
    time, period = -rng.uniform(0, 1), rng.uniform(0.6, 1.3)
    while time < n / RATE_HZ:
        lasts, hard = rng.uniform(0.6, 1.4), rng.lognormal(-0.3, 0.5)
        shape = swell(lasts, 0.35 * lasts) ** 1.5
        length = len(shape)
        wash = band(300, rng.uniform(1500, 4500), rng.normal(size=length), 1) * shape
        add_at(slosh, time, hard * at_peak(wash * np.exp(0.6 * modulation(rng, length, 4, 30)), 1.0))
        gulp = rising(rng, length, rng.uniform(60, 200), 450, 2800, 24) * shape
        add_at(gulps, time + 0.2 * lasts, hard * gulp)
        time += period * rng.gamma(5.0, 0.2)
    drips = rising(rng, n, rng.uniform(8, 30), 600, 3500)
    wide = steep(rng, n, -3.5, 200, 4500) * np.exp(0.3 * modulation(rng, n, 0.2, 1))
    wave = (
        at_rms(slosh, -29)
        + at_rms(gulps, rng.uniform(-31, -26))
        + at_rms(drips, -38)
        + at_rms(wide, rng.uniform(-42, -35))
    )
    return at_rms(wave, rng.uniform(-34, -28))


def underwater(rng: np.random.Generator, n: int) -> Wave:
    """Below the surface: nothing above a kilohertz but a hum of the sea, and bubbles that pass in strings."""
    wave = at_rms(steep(rng, n, -6.0, 40, 700) * np.exp(0.2 * modulation(rng, n, 0.1, 1)), -26)
    time = rng.uniform(0, 1.5)
    while time < n / RATE_HZ:
        length = int(rng.uniform(0.5, 1.6) * RATE_HZ)
        shape = swell(length / RATE_HZ + 1e-3, 0.2)[:length]
        string = rising(rng, length, rng.uniform(30, 110), 120, 900) * shape
        add_at(wave, time, at_rms(string, rng.uniform(-26, -18)))
        time += rng.uniform(0.8, 2.5)
    muffled = resonances(wave, [180.0, 420.0, 850.0], [160.0, 300.0, 500.0], [1.0, 0.8, 0.4])
    return at_rms(muffled + 0.3 * wave, rng.uniform(-32, -26))


def pour(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """Water poured into a vessel from each strike on: bubbles, a rush, and the air above, whose tone climbs."""
    wave = np.zeros(n)
    tap, lasts = rng.random() < 0.3, rng.uniform(0.9, 2.2)
    for time, strength, free in until_next(strikes):
        length = int(max(0.2, min(lasts * rng.uniform(0.8, 1.2), free - 0.15)) * RATE_HZ)
        shape = np.minimum(1, np.arange(length) / 400) * np.minimum(1, np.arange(length)[::-1] / (0.15 * RATE_HZ))
        pitch = rng.uniform(350, 700) * np.linspace(1, rng.uniform(1.3, 2.2), length)
        bubble = rising(rng, length, rng.uniform(90, 260), 420, 3200) * shape
        noise = rng.normal(size=length)
        rush = band(700, 9000, noise, 1) * shape * (1 + 0.4 * modulation(rng, length, 8, 40)).clip(0, 3)
        neck = at_rms(resonances(noise, *_neck(float(pitch[0]))), 0) * np.linspace(1, 0, length)
        neck = (neck + at_rms(resonances(noise, *_neck(float(pitch[-1]))), 0) * np.linspace(0, 1, length)) * shape
        mixed = at_rms(bubble, -20) + at_rms(rush, -24 if not tap else -17) + at_rms(neck, -27)
        add_at(wave, time, mixed * strength)
    return at_peak(
        room(rng, wave, rng.uniform(0.2, 0.5), 0.15), rng.uniform(0.2, 0.4) * max((s for _, s in strikes), default=0.0)
    )


def _neck(hz: float) -> tuple[list[float], list[float], list[float]]:
    """The air in a vessel: one resonance and its third."""
    return [hz, 2.9 * hz], [0.12 * hz, 0.3 * hz], [1.0, 0.4]


def cooking(rng: np.random.Generator, n: int) -> Wave:
    """A pan: water that bursts in fat, thousands of small crackles over a hiss; or a pot that boils."""
    heat = np.exp(0.25 * modulation(rng, n, 0.2, 3))
    at = np.flatnonzero(rng.random(n) < heat * rng.uniform(250, 900) / RATE_HZ)
    sizzle = grains(rng, n, at / RATE_HZ, rng.pareto(2.2, len(at)).clip(0, 8), (1800, 9500), (0.001, 0.005), 10)
    hiss = band(2500, 10_500, rng.normal(size=n), 1) * heat
    wave = at_rms(sizzle, -24) + at_rms(hiss, rng.uniform(-32, -26))
    if rng.random() < 0.35:
        wave += at_rms(rising(rng, n, rng.uniform(30, 80), 180, 800), rng.uniform(-28, -21))
    return at_rms(wave, rng.uniform(-31, -26))


def ship(rng: np.random.Generator, n: int) -> Wave:
    """A large ship: a slow engine felt through the hull, water along it, once in a while its horn."""
    cycles = turns(np.full(n, rng.uniform(3, 8)) * (1 + 0.01 * modulation(rng, n, 0.2, 2)))
    engine = resonances(
        periodic(cycles, np.ones(40)) + 0.5 * rng.normal(size=n),
        [55.0, 110.0, 190.0, 320.0],
        [20.0, 40.0, 60.0, 120.0],
        [1.0, 0.9, 0.6, 0.4],
    )
    water = steep(rng, n, -4.0, 150, 6000) * np.exp(0.3 * modulation(rng, n, 0.2, 1.5))
    wave = at_rms(engine, -24) + at_rms(water, rng.uniform(-32, -25))
    if rng.random() < 0.45:
        length = min(n, int(rng.uniform(1.5, 3.5) * RATE_HZ))
        hz = rng.uniform(70, 160) * (1 - 0.06 * np.exp(-seconds(length) / 0.15))
        horn = resonances(
            periodic(turns(hz), np.arange(1, 40) ** -0.4),
            [280.0, 560.0, 1100.0],
            [200.0, 300.0, 500.0],
            [1.0, 0.8, 0.4],
        )
        blown = at_peak(horn * swell(length / RATE_HZ + 1e-3, 0.25)[:length] ** 0.5, rng.uniform(0.15, 0.35))
        add_at(wave, rng.uniform(0, max(0.1, (n - length) / RATE_HZ)), blown)
    return at_rms(room(rng, wave, 1.5, 0.4), rng.uniform(-30, -25))
