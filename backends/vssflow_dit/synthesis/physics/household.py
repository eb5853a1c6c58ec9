"""Sounds of small things at hand: doors, latches, keys, keyboards, cameras; a clock."""

from __future__ import annotations

import numpy as np

from vssflow_dit.synthesis.waves import (
    HIGHEST_HZ,
    RATE_HZ,
    Strikes,
    Wave,
    add_at,
    at_peak,
    at_rms,
    band,
    bursts,
    decay,
    grains,
    log_uniform,
    modulation,
    resonances,
    room,
    tones,
)


def _hardest(strikes: Strikes) -> float:
    return max((strength for _, strength in strikes), default=0.0)


def _click(rng: np.random.Generator, low_hz: float, high_hz: float, lasts_s: float) -> Wave:
    """A small mechanism that snaps: noise of an instant through half a dozen short resonances, of peak 1."""
    length = int((lasts_s + 0.01) * RATE_HZ)
    burst = rng.normal(size=length) * decay(lasts_s + 0.01, lasts_s)[:length]
    hz = np.exp(rng.uniform(np.log(low_hz), np.log(high_hz), 6))
    return at_peak(
        resonances(burst, hz, 0.35 * hz + 100, rng.uniform(0.3, 1.0, 6)) * np.minimum(1, np.arange(length) / 6), 1.0
    )


def _driven(rng: np.random.Generator, hz: Wave, lasts_s: float, rises: int) -> Wave:
    """Noise of an instant, half of it as it is and half through these resonances, of peak 1; `rises` samples long."""
    length = int(2.0 * lasts_s * RATE_HZ)
    burst = rng.normal(size=length) * decay(2.0 * lasts_s, lasts_s)[:length] * np.minimum(1, np.arange(length) / rises)
    answer = resonances(burst, hz, 0.3 * hz, rng.uniform(0.5, 1.0, len(hz)))
    return at_peak(at_peak(answer, 1.0) + at_peak(band(900, 9000, burst, 1), 0.5), 1.0)


def _panel(rng: np.random.Generator, hz: Wave, lasts_s: float) -> Wave:
    """A board or a sheet that is hit by something wide: its modes, driven by a burst rather than a tap, of peak 1."""
    length = int(0.5 * RATE_HZ)
    burst = rng.normal(size=length) * decay(0.5, lasts_s)[:length]
    boom = resonances(burst, hz, 0.1 * hz + 8, rng.uniform(0.5, 1.0, len(hz)) * np.arange(1, len(hz) + 1) ** -0.3)
    return at_peak(boom * np.minimum(1, np.arange(length) / 24), 1.0)


def door(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """A door falls shut: the boom of the leaf, the latch that snaps, a frame that rattles, and the room."""
    modes = log_uniform(rng, (70, 150)) * np.array([1.0, 1.7, 2.6, 3.9, 5.5, 7.9]) * rng.uniform(0.94, 1.06, 6)
    hard, latched = rng.uniform(0.3, 1.0), rng.uniform(0.2, 0.6)
    wave = np.zeros(n)
    for time, strength in strikes:
        add_at(wave, time, _panel(rng, modes, rng.uniform(0.06, 0.15)) * strength)
        slam = band(200, 2500 + 3000 * hard, rng.normal(size=3600), 1) * decay(0.15, rng.uniform(0.05, 0.12))[:3600]
        add_at(wave, time, at_peak(slam, rng.uniform(0.5, 0.9) * hard * strength))
        first = rng.uniform(0.012, 0.05)
        for later, loud in ((first, 1.0), (first + rng.uniform(0.03, 0.09), 0.6)):
            add_at(wave, time + later, _click(rng, 500, 5000, 0.03) * loud * latched * strength**0.7)
        for k in range(1, int(rng.integers(2, 5))):
            add_at(wave, time + 0.06 * k * rng.uniform(0.8, 1.2), _panel(rng, modes, 0.05) * 0.3 * strength / k)
        if rng.random() < 0.4:  # the handle comes back
            add_at(wave, time + rng.uniform(0.15, 0.3), _click(rng, 400, 4000, 0.05) * 0.3 * strength)
    wave = room(rng, wave, rng.uniform(0.3, 1.0), rng.uniform(0.3, 0.7))
    return at_peak(wave, rng.uniform(0.35, 0.65) * _hardest(strikes))


def car_door(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """A car's door: a dull thump of sheet and seal, two clicks of the lock, hardly a room."""
    sheet = log_uniform(rng, (75, 130)) * np.array([1.0, 1.6, 2.4, 3.4, 5.2, 8.5]) * rng.uniform(0.94, 1.06, 6)
    wave = np.zeros(n)
    for time, strength in strikes:
        add_at(wave, time, _panel(rng, sheet, rng.uniform(0.05, 0.1)) * strength)
        slap = band(150, 3500, rng.normal(size=2400), 1) * decay(0.1, 0.06)[:2400]
        add_at(wave, time, at_peak(slap, 0.7 * strength))
        for later, loud in ((0.004, 0.4), (rng.uniform(0.02, 0.05), 0.35)):
            add_at(wave, time + later, _click(rng, 500, 5000, 0.04) * loud * strength)
    wave = room(rng, wave, rng.uniform(0.2, 0.6), rng.uniform(0.15, 0.4))
    return at_peak(wave, rng.uniform(0.35, 0.6) * _hardest(strikes))


def latch(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """A latch, a lock or a switch: a bolt that slides and snaps, two or three clicks of one mechanism."""
    low, lasts = log_uniform(rng, (350, 900)), rng.uniform(0.02, 0.06)
    wave = np.zeros(n)
    parts = [(0.0, 1.0)] + [(rng.uniform(0.03, 0.16), rng.uniform(0.4, 0.9)) for _ in range(int(rng.integers(1, 3)))]
    clicks = [_click(rng, low, low * 9, lasts * rng.uniform(0.6, 1.3)) for _ in parts]
    panel = at_peak(tones(rng.uniform(120, 420, 4), rng.uniform(0.3, 1, 4), rng.uniform(0.04, 0.1, 4), 0.15), 1.0)
    for time, strength in strikes:
        for (later, loud), click in zip(parts, clicks, strict=True):
            add_at(wave, time + later * rng.uniform(0.92, 1.08), click * loud * strength)
            add_at(wave, time + later, panel * 0.4 * loud * strength)
        slide = band(1500, 8000, rng.normal(size=int(parts[-1][0] * RATE_HZ) + 400), 1)
        add_at(wave, time, at_peak(slide * np.linspace(0.3, 1, len(slide)), 0.08 * strength))
    return at_peak(
        room(rng, wave, rng.uniform(0.2, 0.7), rng.uniform(0.15, 0.4)), rng.uniform(0.25, 0.5) * _hardest(strikes)
    )


def keys(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """A bunch of keys, or coins: small bright plates that hit each other many times at every shake, never two alike.

    Each hit rings several of a plate's modes at once, high and close together, and the hand soon damps them.
    """
    times, gains = [np.zeros(0)], [np.zeros(0)]
    many, lasts, dies = rng.uniform(30, 70), rng.uniform(0.35, 0.8), rng.uniform(0.02, 0.05)
    for time, strength in strikes:
        count = int(many * rng.uniform(0.6, 1.4))
        times.append(time + np.concatenate([[0.0], rng.triangular(0, 0.2 * lasts, lasts, count)]))
        gains.append(strength * np.concatenate([[1.0], rng.lognormal(-0.9, 0.8, count)]))
    wave = np.zeros(n)
    where, loud = np.concatenate(times), np.concatenate(gains)
    for low, high in ((2800, 4500), (3600, 6000), (4500, 7500), (6000, 9500), (8000, HIGHEST_HZ)):
        wave += grains(rng, n, where, loud * rng.uniform(0.5, 1.0), (low, high), (0.4 * dies, 2.5 * dies), 20)
    scratch = band(3000, 10_500, bursts(rng, n, where * RATE_HZ, loud, 0.012), 1)
    wave = at_peak(wave, 1.0) + at_peak(scratch, rng.uniform(0.5, 1.2)) if strikes else wave
    return at_peak(room(rng, wave, 0.3, 0.15), rng.uniform(0.2, 0.45) * _hardest(strikes))


def typing(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """A keyboard: each key lands on its plate, rattles in its hole, and clacks again when it comes up.

    All keys share the case that answers them, each is a little heavier or lighter; the hand rustles over them.
    """
    hz = np.exp(rng.uniform(np.log(700), np.log(7500), 10))
    lasts, up, soft = rng.uniform(0.015, 0.03), rng.uniform(0.4, 0.9), int(rng.uniform(24, 80))
    wave = np.zeros(n)
    for time, strength in strikes:
        own, later = rng.uniform(0.85, 1.18), rng.uniform(0.055, 0.11)
        for after, loud in ((0.0, 1.0), (rng.uniform(0.008, 0.02), rng.uniform(0.2, 0.7)), (later, up)):
            clack = _driven(rng, hz * own, lasts * rng.uniform(0.8, 1.3), soft)
            add_at(wave, time + after, clack * loud * rng.uniform(0.7, 1.1) * strength)
        hand = (
            band(120, 1500, rng.normal(size=6000), 1) * np.linspace(1, 0, 6000) * np.minimum(1, np.arange(6000) / 480)
        )
        add_at(wave, time, at_peak(hand, rng.uniform(0.06, 0.15) * strength))
    wave = room(rng, wave, rng.uniform(0.25, 0.5), rng.uniform(0.15, 0.35))
    return at_peak(wave, rng.uniform(0.1, 0.3) * _hardest(strikes))


def camera_shutter(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """A mirror that flips up, curtains that run, the mirror that falls back, and a motor that winds on for a moment."""
    hz = np.exp(rng.uniform(np.log(900), np.log(7000), 8))
    apart, winds, loud = rng.uniform(0.05, 0.12), rng.uniform(0.12, 0.3), rng.uniform(0.15, 0.4)
    gears = np.exp(rng.uniform(np.log(1200), np.log(8000), 4))
    wave = np.zeros(n)
    for time, strength in strikes:
        for later, share in ((0.0, 1.0), (0.4 * apart, 0.5), (apart, 0.9)):
            add_at(wave, time + later, _driven(rng, hz * rng.uniform(0.93, 1.08), 0.04, 10) * share * strength)
        length = int(winds * RATE_HZ)
        teeth = 1 + 0.5 * modulation(rng, length, 40, 150)
        whir = resonances(
            rng.normal(size=length) * teeth * np.linspace(1, 0, length) ** 0.5, gears, 0.3 * gears, np.ones(4)
        )
        add_at(wave, time + 0.3 * apart, at_peak(whir, loud * strength))
    return at_peak(room(rng, wave, 0.3, 0.15), rng.uniform(0.25, 0.5) * _hardest(strikes))


def clock(rng: np.random.Generator, n: int) -> Wave:
    """A clock: tick and tock at a steady pace, each a small hard resonance in a wooden case."""
    apart = float(rng.choice([0.25, 0.5, 0.5, 1.0, rng.uniform(0.3, 0.9)]))
    case = log_uniform(rng, (350, 700))
    wheel = rng.uniform(1800, 3600) * np.array([1.0, 1.47, 2.1, 2.9])
    wave = np.zeros(n)
    sides = []
    for pitch in (1.0, rng.uniform(0.8, 0.93)):
        tick = tones(wheel * pitch, np.array([1.0, 0.6, 0.4, 0.3]), rng.uniform(0.008, 0.025, 4), 0.1)
        tick += tones(case * pitch * np.array([1.0, 2.3]), np.array([0.2, 0.15]), np.array([0.05, 0.03]), 0.1)
        tick[:240] += 1.2 * band(1500, 10_000, rng.normal(size=240), 1) * np.exp(-np.arange(240) / 40)
        sides.append(at_peak(tick, 1.0))
    for k, time in enumerate(np.arange(rng.uniform(0, apart), n / RATE_HZ, apart)):
        add_at(wave, float(time), sides[k % 2] * rng.uniform(0.9, 1.0))
    still = at_rms(rng.normal(size=n) * (1 + 0.1 * modulation(rng, n, 0.2, 2)), -70)
    return room(rng, wave, rng.uniform(0.2, 0.5), 0.15) * rng.uniform(0.12, 0.3) + still
