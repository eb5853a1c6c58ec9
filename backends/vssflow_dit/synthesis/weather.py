"""Sounds that go on by themselves outdoors: rain, wind, running water, fire, thunder, birds."""

from __future__ import annotations

import numpy as np

from vssflow_dit.synthesis.waves import RATE_HZ, Wave, add_at, at_peak, at_rms, band, decay, modulation, seconds, swell


def _drops(rng: np.random.Generator, n: int, rate: float, low_hz: float, high_hz: float, decay_s: float) -> Wave:
    """Poisson impulses through a resonance: drops, crackles, bubbles."""
    impulses = np.zeros(n)
    where = rng.integers(0, n, rng.poisson(rate * n / RATE_HZ))
    np.add.at(impulses, where, rng.normal(size=len(where)) * rng.pareto(3.0, len(where)).clip(0, 6))
    t = seconds(int(decay_s * RATE_HZ * 4))
    kernel = np.exp(-t / decay_s) * np.sin(2 * np.pi * rng.uniform(low_hz, high_hz) * t)
    return np.convolve(impulses, kernel)[:n]


def rain(rng: np.random.Generator, n: int) -> Wave:
    bed = band(rng.uniform(300, 900), rng.uniform(5000, 7500), rng.normal(size=n), 1)
    drops = _drops(rng, n, rng.uniform(50, 400), 1500, 5000, 0.001)
    return at_rms(at_rms(bed, -20) + at_rms(drops, rng.uniform(-30, -20)), rng.uniform(-30, -25))


def wind(rng: np.random.Generator, n: int) -> Wave:
    gusts = (1 + 0.6 * modulation(rng, n, 0.15, 0.8)).clip(0.1, 3)
    centre = rng.uniform(200, 500)
    wave = band(centre * 0.5, centre * 2, rng.normal(size=n)) * gusts
    wave += 0.15 * band(centre * 2, centre * 5, rng.normal(size=n)) * gusts**2
    return at_rms(wave, rng.uniform(-30, -25))


def stream(rng: np.random.Generator, n: int) -> Wave:
    bubbles = sum(_drops(rng, n, rng.uniform(30, 120), f, f * 1.6, 0.006) for f in (350.0, 700.0, 1300.0))
    bed = band(300, 4000, rng.normal(size=n), 1)
    return at_rms(at_rms(np.asarray(bubbles), -22) + at_rms(bed, rng.uniform(-30, -24)), rng.uniform(-30, -26))


def fire(rng: np.random.Generator, n: int) -> Wave:
    crackle = np.tanh(0.7 * _drops(rng, n, rng.uniform(6, 25), 1500, 4500, 0.0015))
    roar = band(40, 300, rng.normal(size=n))
    return at_rms(at_rms(crackle, -24) + at_rms(roar, rng.uniform(-32, -26)), rng.uniform(-32, -27))


def thunder(rng: np.random.Generator, n: int) -> Wave:
    """Claps that roll: each a crack and then low noise that comes back from ever farther clouds."""
    wave = band(25, 120, rng.normal(size=n)) * 0.15 * (1 + 0.5 * modulation(rng, n, 0.3, 2)).clip(0.1, 3)
    time = rng.uniform(-1.5, 0.8)
    while time < n / RATE_HZ:
        lasts, near = rng.uniform(2.5, 4.5), rng.uniform(0.1, 1.0)
        length = int(lasts * RATE_HZ)
        rolls = (1 + 0.8 * modulation(rng, length, 1.0, 6)).clip(0.05, 4)
        roll = band(28, rng.uniform(110, 220), rng.normal(size=length)) * rolls * swell(lasts, 0.15)
        roll *= decay(lasts, 1.4 * lasts)
        crack = band(150, 1800, rng.normal(size=int(0.7 * RATE_HZ)), 1) * swell(0.7, 0.03) * decay(0.7, 0.6)
        add_at(wave, time, at_peak(roll, rng.uniform(0.6, 1.0)))
        add_at(wave, time, at_peak(crack, 0.4 * near))
        time += lasts * rng.uniform(0.6, 1.2)
    return at_rms(wave, rng.uniform(-28, -22))


def _note(rng: np.random.Generator, centre_hz: float, lasts_s: float, shape: int) -> Wave:
    """One note: a whistle that slides up, down, or there and back, with some trill."""
    t = np.linspace(0, 1, int(lasts_s * RATE_HZ))
    slide = (t, 1 - t, np.sin(np.pi * t), np.cos(2 * np.pi * t) * 0.5)[shape] - 0.5
    trill = 0.04 * np.sin(2 * np.pi * rng.uniform(20, 45) * t * lasts_s) * (rng.random() < 0.4)
    hz = centre_hz * (1 + rng.uniform(0.15, 0.5) * slide + trill)
    tone = np.sin(2 * np.pi * np.cumsum(hz.clip(1200, 7400)) / RATE_HZ)
    return np.asarray(tone * np.sin(np.pi * t) ** 0.7)


def bird(rng: np.random.Generator, n: int) -> Wave:
    """One or two birds that sing: a phrase of a few whistled notes, said again after a rest."""
    wave = np.zeros(n)
    for far in (1.0, rng.uniform(0.15, 0.5))[: int(rng.integers(1, 3))]:
        centre = rng.uniform(2600, 5400)
        phrase = [
            (centre * rng.uniform(0.8, 1.25), rng.uniform(0.05, 0.18), int(rng.integers(4)), rng.uniform(0.02, 0.12))
            for _ in range(rng.integers(2, 6))
        ]
        time = rng.uniform(0.0, 0.8)
        while time < n / RATE_HZ:
            for pitch, lasts, shape, gap in phrase * int(rng.integers(1, 3)):
                add_at(wave, time, far * _note(rng, pitch * rng.uniform(0.98, 1.02), lasts, shape))
                time += lasts + gap
            time += rng.uniform(0.3, 1.5)
    return at_peak(wave, rng.uniform(0.06, 0.16)) + at_rms(band(200, 3000, rng.normal(size=n), 1), -58)
