"""Sounds of what runs: an engine by its firing, wheels by what they roll over, a saw by its teeth, air by its speed."""

from __future__ import annotations

import numpy as np

from vssflow_dit.synthesis.waves import RATE_HZ, Wave, at_rms, band, grains, modulation


def engine(rng: np.random.Generator, n: int, speed: Wave) -> Wave:
    """Firing harmonics whose pitch and level follow speed (0..1), over broad-band noise."""
    firing = rng.uniform(28, 45) * (1 + rng.uniform(1.0, 2.2) * speed) * (1 + 0.01 * modulation(rng, n, 1, 8))
    phase = 2 * np.pi * np.cumsum(firing) / RATE_HZ
    slope = rng.uniform(0.5, 1.0)
    harmonics = np.arange(1, 40)
    # One period as a table, read at the phase: forty sines for the price of one look-up.
    around = np.linspace(0, 2 * np.pi, 4097)
    gains = rng.uniform(0.3, 1, 39) / harmonics**slope
    period = gains @ np.sin(harmonics[:, None] * around + rng.uniform(0, 6.28, 39)[:, None])
    tone = np.interp(phase % (2 * np.pi), around, period)
    noise = band(80, 1500, rng.normal(size=n))
    wave = (tone + noise * rng.uniform(1, 3)) * (0.15 + speed)
    return at_rms(wave, rng.uniform(-24, -20))


def whoosh(rng: np.random.Generator, n: int, speed: Wave) -> Wave:
    """Air around something that moves: noise, louder and higher with speed."""
    noise = rng.normal(size=n)
    low, high = band(150, 600, noise), band(600, 2500, noise)
    wave = low * speed**1.5 + high * speed**3 * 0.7
    return wave * float(rng.uniform(0.03, 0.07) / (np.std(low) + 1e-9))


def wheels(rng: np.random.Generator, n: int, speed: Wave) -> Wave:
    """Rolling: a rumble that grows with speed, and the joints of the ground, twice each, for two axles."""
    rumble = band(60, 350, rng.normal(size=n)) * (1 + 0.4 * modulation(rng, n, 2, 10)).clip(0.2, 3)
    surface = band(350, 1600, rng.normal(size=n), 1) * rng.uniform(0.2, 0.5)
    way = np.cumsum(speed) / RATE_HZ
    joint, axle = rng.uniform(0.1, 0.25), rng.uniform(0.2, 0.45)
    passed = np.flatnonzero(np.diff(np.floor(way / joint)) > 0)
    second = np.flatnonzero(np.diff(np.floor(way / joint + axle)) > 0)
    at = np.concatenate([passed, second])
    clacks = grains(rng, n, at / RATE_HZ, speed[at] ** 0.7, (180, 900), (0.03, 0.08), 4)
    wave = (rumble * 2.0 + surface) * speed + clacks * rng.uniform(0.3, 0.9)
    return np.asarray(wave * rng.uniform(0.1, 0.18))


def saw(rng: np.random.Generator, n: int, speed: Wave) -> Wave:
    """Teeth that tear wood: rasping noise, pulsed as often as teeth pass, loudest in the middle of each stroke."""
    teeth = np.cumsum(rng.uniform(90, 180) * speed) / RATE_HZ
    rasp = 0.25 + (0.5 + 0.5 * np.cos(2 * np.pi * teeth)) ** 3
    noise = rng.normal(size=n)
    centre = rng.uniform(1400, 2400)
    blade = band(centre * 0.7, centre * 1.5, noise) + 0.6 * band(centre * 1.6, min(centre * 3, 7000), noise)
    board = band(250, 700, noise)
    wave = (blade + 0.6 * board) * rasp * speed**1.2
    return wave * float(rng.uniform(0.12, 0.22))
