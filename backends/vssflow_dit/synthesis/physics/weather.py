"""Sounds that go on by themselves outdoors: rain, wind, leaves, fire, a shaking ground, a farm."""

from __future__ import annotations

import numpy as np

from vssflow_dit.synthesis.physics.animals import cow, sheep
from vssflow_dit.synthesis.physics.birds import chicken, song
from vssflow_dit.synthesis.waves import (
    RATE_HZ,
    Wave,
    at_rms,
    band,
    by_chance,
    decay,
    grains,
    log_uniform,
    modulation,
    repeated,
    resonances,
    steep,
)


def _drops(rng: np.random.Generator, n: int, rate_hz: float, low_hz: float, high_hz: float, dies_s: float) -> Wave:
    """Drops that fall by chance on leaves, stones or roofs: tiny impacts, few of them loud."""
    at = by_chance(rng, n, rate_hz)
    return grains(
        rng, n, at / RATE_HZ, rng.pareto(2.6, len(at)).clip(0, 8) + 0.1, (low_hz, high_hz), (dies_s, 4 * dies_s), 14
    )


def rain(rng: np.random.Generator, n: int) -> Wave:
    """Rain: a wide hiss of drops too many to tell, and near ones that patter one by one."""
    hard = rng.uniform(0.0, 1.0)
    bed = steep(rng, n, rng.uniform(-2.5, 0.5), rng.uniform(300, 900), 11_000) * (1 + 0.06 * modulation(rng, n, 0.3, 5))
    patter = _drops(rng, n, 300 + 3500 * hard, 1200, 9000, 0.0015)
    near = _drops(rng, n, rng.uniform(10, 60), 500, 4000, 0.004)
    wave = at_rms(bed, -22) + at_rms(patter, rng.uniform(-26, -18)) + at_rms(near, rng.uniform(-34, -24))
    return at_rms(wave, rng.uniform(-30, -25))


def wind(rng: np.random.Generator, n: int) -> Wave:
    """Gusts past edges: low noise whose pitch and strength rise together, now and then a whistle in a crack."""
    gust = modulation(rng, n, 0.1, 0.6)
    strong = np.exp(0.6 * gust)
    centre = rng.uniform(150, 420)
    noise = rng.normal(size=n)
    wave = resonances(noise, [centre], [centre], [1.0]) * strong + 0.8 * steep(rng, n, -5.0, 50, 1500) * strong
    wave += 0.4 * resonances(noise, [centre * 2.3], [centre * 1.2], [1.0]) * strong**2
    if rng.random() < 0.5:
        hz = rng.uniform(450, 1100)
        crack = sum(
            resonances(noise, [hz * k], [0.05 * hz], [1.0]) * np.maximum(0, gust - 0.3 * i) ** 1.5
            for i, k in enumerate((1.0, 1.12, 1.25))
        )
        wave += rng.uniform(0.3, 1.0) * np.asarray(crack)
    return at_rms(wave, rng.uniform(-30, -25))


def wind_leaves(rng: np.random.Generator, n: int) -> Wave:
    """A wood in wind: thousands of leaves that touch, bright and dense in each gust, over the air itself."""
    strong = np.exp(0.8 * modulation(rng, n, 0.12, 0.7) + 0.25 * modulation(rng, n, 1, 6))
    dry = rng.uniform(0, 1)
    leaves = band(1200 + 1000 * dry, 10_500, rng.normal(size=n), 1) * strong**1.3
    at = np.flatnonzero(rng.random(n) < strong.clip(0, 6) * rng.uniform(600, 2500) / RATE_HZ)
    touches = grains(
        rng, n, at / RATE_HZ, rng.lognormal(-0.8, 0.6, len(at)) * strong[at] ** 0.5, (2000, 9500), (0.002, 0.008), 14
    )
    air = steep(rng, n, -5.0, 80, 1500) * strong
    wave = at_rms(leaves, -24) + at_rms(touches, rng.uniform(-36, -28)) + at_rms(air, rng.uniform(-34, -24))
    return at_rms(wave, rng.uniform(-32, -27))


def open_air(rng: np.random.Generator, n: int) -> Wave:
    """A wide landscape: hardly any wind, a rustle of grass, something far away that cannot be told."""
    air = steep(rng, n, -rng.uniform(3.5, 5.5), 60, 6000) * np.exp(0.25 * modulation(rng, n, 0.1, 0.6))
    grass = band(2500, 10_000, rng.normal(size=n), 1) * np.exp(0.6 * modulation(rng, n, 0.2, 1.5))
    far = song(rng, n) if rng.random() < 0.4 else np.zeros(n)
    return at_rms(at_rms(air, -38) + at_rms(grass, rng.uniform(-54, -46)) + at_rms(far, -54), rng.uniform(-40, -33))


def fire(rng: np.random.Generator, n: int) -> Wave:
    """Wood that burns: gas that breaks out in sharp cracks, in flurries, over a fluttering roar."""
    flurry = np.exp(1.0 * modulation(rng, n, 0.5, 6))
    at = np.flatnonzero(rng.random(n) < flurry * rng.uniform(25, 120) / RATE_HZ)
    cracks = grains(rng, n, at / RATE_HZ, rng.pareto(1.8, len(at)).clip(0, 6) + 0.1, (900, 9500), (0.001, 0.006), 16)
    pops = by_chance(rng, n, 1.5)
    snap = resonances(
        rng.normal(size=900) * decay(0.04, 0.03)[:900], rng.uniform(500, 3000, 5), rng.uniform(200, 600, 5), np.ones(5)
    )
    cracks += repeated(n, pops, rng.lognormal(0, 0.5, len(pops)), snap / (np.abs(snap).max() + 1e-9)) * 6 * cracks.std()
    roar = steep(rng, n, -5.0, 50, 1200) * np.exp(0.35 * modulation(rng, n, 1, 12))
    hiss = band(2000, 10_000, rng.normal(size=n), 1) * np.exp(0.5 * modulation(rng, n, 1, 8))
    wave = at_rms(cracks, -26) + at_rms(roar, rng.uniform(-30, -22)) + at_rms(hiss, rng.uniform(-40, -32))
    return at_rms(wave, rng.uniform(-32, -27))


def rumble(rng: np.random.Generator, n: int) -> Wave:
    """Ground that shakes: noise below 200 Hz that rolls, stones that fall somewhere."""
    rolls = np.exp(0.45 * modulation(rng, n, 0.4, 4))
    wave = at_rms(steep(rng, n, -6.0, rng.uniform(35, 70), rng.uniform(300, 900)) * rolls, -20)
    at = by_chance(rng, n, rng.uniform(5, 40))
    stones = grains(rng, n, at / RATE_HZ, rng.lognormal(-0.5, 0.8, len(at)), (150, 1800), (0.02, 0.08), 10)
    return at_rms(wave + at_rms(stones, rng.uniform(-42, -32)), rng.uniform(-29, -23))


def farm(rng: np.random.Generator, n: int) -> Wave:
    """A farm: hens near, a cow or sheep far, sparrows."""

    def calls(rate_hz: float) -> tuple[tuple[float, float], ...]:
        return tuple((float(at) / RATE_HZ, float(log_uniform(rng, (0.3, 1.0)))) for at in by_chance(rng, n, rate_hz))

    far = cow if rng.random() < 0.5 else sheep
    wave = at_rms(song(rng, n), -40) + 0.12 * chicken(rng, n, calls(0.6)) + 0.08 * far(rng, n, calls(0.25))
    return at_rms(wave + at_rms(steep(rng, n, -4.5, 80, 5000), -44), rng.uniform(-36, -30))
