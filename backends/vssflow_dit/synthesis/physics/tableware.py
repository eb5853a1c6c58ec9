"""Glass and china: things that ring when touched, and shatter when struck."""

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
    room,
    tones,
)

RIM = np.array([1.0, 2.32, 4.25, 6.63, 9.38])
"""Modes of a glass or a cup: its rim bends in two, three, four waves."""
PLATE = np.array([1.0, 1.73, 2.33, 3.91, 4.11, 6.3])


def _hardest(strikes: Strikes) -> float:
    return max((strength for _, strength in strikes), default=0.0)


def _ring(rng: np.random.Generator, lowest_hz: float, ratios: Wave, sixty_db_s: float) -> Wave:
    """One piece of glass or china touched once, of peak 1: modes in close pairs, and the tick of the contact."""
    hz = lowest_hz * ratios * rng.uniform(0.98, 1.02, len(ratios))
    gains = rng.uniform(0.3, 1.0, len(ratios)) * ratios**-0.2
    dies = sixty_db_s * ratios**-0.5
    pairs = np.concatenate([hz, hz * (1 + rng.uniform(0.0005, 0.004, len(hz)))])
    ring = tones(pairs, np.concatenate([gains, 0.5 * gains]), np.tile(dies, 2), sixty_db_s)
    tick = band(3000, 11_000, rng.normal(size=200), 1) * decay(0.01, 0.006)[:200]
    ring[:200] += at_peak(tick, 0.4 * np.abs(ring).max())
    return at_peak(ring, 1.0)


def clink(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """Glasses that touch: two rims, one a little higher, that ring on unless they are full or held."""
    lowest, full = log_uniform(rng, (800, 2400)), rng.uniform(0.25, 1.1)
    two = [(lowest * ratio, full * rng.uniform(0.7, 1.2)) for ratio in (1.0, rng.uniform(1.05, 1.5))]
    wave = np.zeros(n)
    for time, strength in strikes:
        for k, (hz, dies) in enumerate(two):
            add_at(wave, time + 0.0006 * k, _ring(rng, hz, RIM, dies) * strength)
        if rng.random() < 0.3:  # they touch again
            add_at(wave, time + rng.uniform(0.03, 0.09), _ring(rng, lowest, RIM, full) * 0.4 * strength)
    return at_peak(room(rng, wave, rng.uniform(0.2, 0.6), 0.2), rng.uniform(0.3, 0.6) * _hardest(strikes))


def dishes(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """Plates, cups and cutlery put down: china that rings short and dull, steel that jingles, a table under them."""
    wave = np.zeros(n)
    plates = [(log_uniform(rng, (500, 1700)), log_uniform(rng, (0.08, 0.45))) for _ in range(3)]
    steel = [(log_uniform(rng, (1500, 4200)), rng.uniform(0.08, 0.4)) for _ in range(3)]
    table = at_peak(tones(rng.uniform(110, 420, 4), rng.uniform(0.4, 1, 4), rng.uniform(0.04, 0.1, 4), 0.15), 1.0)
    for time, strength in strikes:
        when = np.concatenate([[0.0], rng.triangular(0.0, 0.05, 0.4, int(rng.integers(1, 6)))])
        for k, later in enumerate(when):
            hz, dies = plates[rng.integers(3)] if rng.random() < 0.6 else steel[rng.integers(3)]
            ratios = PLATE if hz < 1700 else np.array([1.0, 2.76, 5.4])
            loud = strength * (1.0 if k == 0 else rng.uniform(0.15, 0.7))
            add_at(wave, time + later, _ring(rng, hz * rng.uniform(0.97, 1.03), ratios, dies) * loud)
        add_at(wave, time, table * rng.uniform(0.2, 0.6) * strength)
    return at_peak(
        room(rng, wave, rng.uniform(0.2, 0.6), rng.uniform(0.15, 0.35)), rng.uniform(0.3, 0.6) * _hardest(strikes)
    )


def glass_break(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """A pane or a bottle: it cracks at once, its shards ring and fall on the floor for a second, ever smaller ones."""
    wave = np.zeros(n)
    size, floor = rng.uniform(0.6, 1.5), rng.uniform(0.15, 0.5)
    for time, strength in strikes:
        length = int(0.25 * RATE_HZ)
        crack = band(900, 11_000, rng.normal(size=length), 1) * decay(0.25, rng.uniform(0.08, 0.2))[:length]
        add_at(wave, time, at_peak(crack * np.minimum(1, np.arange(length) / 8), strength))
        pane = at_peak(
            tones(rng.uniform(250, 1400, 5) / size, rng.uniform(0.3, 1, 5), rng.uniform(0.05, 0.15, 5), 0.2), 0.5
        )
        add_at(wave, time, pane * strength)
        for many, lasts, low, high, dies in (
            (25, 0.25, 1800, 6000, 0.35),
            (70, 0.7, 2500, 9000, 0.25),
            (50, 1.0, 3500, 11_000, 0.12),
        ):
            count = int(many * rng.uniform(0.6, 1.4))
            when = rng.triangular(0.0, min(floor, 0.5 * lasts * size), lasts * size, count)
            loud = rng.lognormal(-1.2, 0.8, count) * (1 - when / (lasts * size + 1e-9)).clip(0.02) ** 2
            shards = grains(rng, int(2.6 * RATE_HZ), when, loud, (low / size**0.3, high), (0.3 * dies, dies), 12)
            add_at(wave, time, at_peak(shards, rng.uniform(0.3, 0.6) * strength))
    return at_peak(
        room(rng, wave, rng.uniform(0.3, 0.8), rng.uniform(0.15, 0.3)), rng.uniform(0.4, 0.7) * _hardest(strikes)
    )
