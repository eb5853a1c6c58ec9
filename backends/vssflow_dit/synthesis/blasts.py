"""Explosions: a crack, a body of noise that darkens as it dies, and what falls down afterwards."""

from __future__ import annotations

import numpy as np

from vssflow_dit.synthesis.waves import RATE_HZ, Strikes, Wave, add_at, at_peak, band, decay, grains, swell


def _blast(rng: np.random.Generator) -> Wave:
    """One explosion of peak 1: three bands of noise, the lower the longer."""
    lasts = rng.uniform(1.4, 2.6)
    n = int(lasts * RATE_HZ)
    wave = np.zeros(n)
    for low, high, dies, gain in ((1200, 6500, 0.12, 0.5), (180, 1200, 0.5, 0.7), (30, 180, lasts, 1.0)):
        noise = band(low, high, rng.normal(size=n)) * decay(lasts, dies * rng.uniform(0.8, 1.2))
        wave += at_peak(noise, gain)
    wave *= np.minimum(1, np.arange(n) / 24) * swell(lasts, 0.002)
    falls = rng.triangular(0.2, 0.3, lasts, 60)
    debris = grains(rng, n, falls, rng.lognormal(-1, 0.7, 60), (300, 2500), (0.01, 0.05))
    return at_peak(wave + at_peak(debris, 0.08), 1.0)


def explosion(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    wave, blast = np.zeros(n), _blast(rng)
    for time, strength in strikes:
        add_at(wave, time, blast * strength)
    return np.tanh(wave * rng.uniform(0.6, 0.95))
