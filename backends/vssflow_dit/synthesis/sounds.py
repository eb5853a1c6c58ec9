"""Sounds that physics can make: struck bodies by their modes, engines by their firing, weather by filtered noise.

Each class turns control curves (strikes with times and strengths, a speed) into 16 kHz audio. Levels are those of a
rough cut: a hard strike peaks near -3 dBFS, steady ambience lies near -30 dBFS RMS.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.signal import butter, sosfilt

RATE_HZ = 16_000
Wave: TypeAlias = npt.NDArray[np.float64]
Strikes: TypeAlias = tuple[tuple[float, float], ...]
"""(time in s, strength 0..1)"""


@dataclass(frozen=True, slots=True)
class Material:
    """A struck body: its modes and how fast they die."""

    lowest_hz: tuple[float, float]
    decay_s: tuple[float, float]
    """Time in which the lowest mode falls by 60 dB."""
    ratios: tuple[float, ...]
    damping: float
    """How much faster high modes die: decay ~ ratio ** -damping."""
    click: float
    """Share of noise in the attack."""


MATERIALS = {
    "wood": Material((160, 600), (0.08, 0.3), (1.0, 2.57, 4.9, 6.6, 8.4), 0.7, 0.5),
    "metal": Material((280, 1200), (0.6, 2.5), (1.0, 1.58, 2.24, 2.92, 3.9, 4.6, 5.4, 6.8, 8.1), 0.5, 0.3),
    "glass": Material((1300, 3200), (0.25, 0.9), (1.0, 1.47, 1.93, 2.3), 0.3, 0.15),
    "stone": Material((500, 1300), (0.03, 0.09), (1.0, 1.7, 2.5, 3.6, 4.4), 0.4, 1.0),
    "plastic": Material((250, 800), (0.05, 0.14), (1.0, 1.9, 3.1), 1.0, 0.35),
    "thud": Material((50, 120), (0.15, 0.45), (1.0, 1.6, 2.2, 2.9), 1.0, 0.25),
}


def _band(low_hz: float, high_hz: float, noise: Wave, order: int = 2) -> Wave:
    filtered: Wave = sosfilt(butter(order, [low_hz, high_hz], "bandpass", fs=RATE_HZ, output="sos"), noise)
    return filtered


def _rms(wave: Wave, dbfs: float) -> Wave:
    return wave * float(10 ** (dbfs / 20) / (np.sqrt(np.mean(wave**2)) + 1e-9))


def strike(rng: np.random.Generator, material: str, n: int, strikes: Strikes) -> Wave:
    """One body struck several times; a harder blow is louder and brighter."""
    body = MATERIALS[material]
    lowest = np.exp(rng.uniform(*np.log(body.lowest_hz)))
    ratios = np.array(body.ratios) * rng.uniform(0.96, 1.04, len(body.ratios))
    modes = lowest * ratios
    modes, ratios = modes[modes < 7600], ratios[modes < 7600]
    decay = rng.uniform(*body.decay_s) * ratios**-body.damping
    gains = rng.uniform(0.4, 1.0, len(modes)) / ratios ** rng.uniform(0.2, 0.9)
    wave = np.zeros(n)
    for time, strength in strikes:
        start = round(time * RATE_HZ)
        if not 0 <= start < n:
            continue
        t = np.arange(min(n - start, int(RATE_HZ * (decay.max() + 0.05)))) / RATE_HZ
        tilt = strength ** (0.5 * (ratios - 1).clip(0, 3))
        rings = np.sin(2 * np.pi * modes[:, None] * t) * 10 ** (-3 * t / decay[:, None])
        hit = (gains * tilt) @ rings
        hit /= np.abs(hit).max() + 1e-9
        burst = rng.normal(size=len(t)) * np.exp(-t / rng.uniform(0.001, 0.005))
        hit += body.click * burst * strength * 0.5
        attack = np.minimum(1.0, t * RATE_HZ / 12)
        wave[start : start + len(t)] += hit * attack * strength**1.5
    return wave * rng.uniform(0.35, 0.7)


def engine(rng: np.random.Generator, n: int, speed: Wave) -> Wave:
    """Firing harmonics whose pitch and level follow speed (0..1), over broad-band noise."""
    firing = (rng.uniform(28, 45) * (1 + rng.uniform(1.0, 2.2) * speed)) * (1 + 0.01 * _band(1, 8, rng.normal(size=n)))
    phase = 2 * np.pi * np.cumsum(firing) / RATE_HZ
    slope = rng.uniform(0.5, 1.0)
    tone = sum(np.sin(h * phase + rng.uniform(0, 6.28)) * rng.uniform(0.3, 1) / h**slope for h in range(1, 40))
    noise = _band(80, 1500, rng.normal(size=n))
    wave = (np.asarray(tone) + noise * rng.uniform(1, 3)) * (0.15 + speed)
    return _rms(wave, rng.uniform(-24, -20))


def whoosh(rng: np.random.Generator, n: int, speed: Wave) -> Wave:
    """Air around something that moves: noise, louder and higher with speed."""
    noise = rng.normal(size=n)
    low, high = _band(150, 600, noise), _band(600, 2500, noise)
    wave = low * speed**1.5 + high * speed**3 * 0.7
    return wave * float(rng.uniform(0.03, 0.07) / (np.std(low) + 1e-9))


def _drops(rng: np.random.Generator, n: int, rate: float, low_hz: float, high_hz: float, decay_s: float) -> Wave:
    """Poisson impulses through a resonance: drops, crackles, bubbles."""
    impulses = np.zeros(n)
    where = rng.integers(0, n, rng.poisson(rate * n / RATE_HZ))
    np.add.at(impulses, where, rng.normal(size=len(where)) * rng.pareto(3.0, len(where)).clip(0, 6))
    t = np.arange(int(decay_s * RATE_HZ * 4)) / RATE_HZ
    shaped: Wave = np.convolve(impulses, np.exp(-t / decay_s) * np.sin(2 * np.pi * rng.uniform(low_hz, high_hz) * t))[
        :n
    ]
    return shaped


def rain(rng: np.random.Generator, n: int, speed: Wave) -> Wave:
    bed = _band(rng.uniform(300, 900), rng.uniform(5000, 7500), rng.normal(size=n), 1)
    drops = _drops(rng, n, rng.uniform(50, 400), 1500, 5000, 0.001)
    return _rms(_rms(bed, -20) + _rms(drops, rng.uniform(-30, -20)), rng.uniform(-30, -25))


def wind(rng: np.random.Generator, n: int, speed: Wave) -> Wave:
    gusts = 1 + 0.6 * _rms(_band(0.15, 0.8, rng.normal(size=n + RATE_HZ), 1)[RATE_HZ:], 0)
    centre = rng.uniform(200, 500)
    wave = _band(centre * 0.5, centre * 2, rng.normal(size=n)) * gusts.clip(0.1, 3)
    wave += 0.15 * _band(centre * 2, centre * 5, rng.normal(size=n)) * gusts.clip(0.1, 3) ** 2
    return _rms(wave, rng.uniform(-30, -25))


def stream(rng: np.random.Generator, n: int, speed: Wave) -> Wave:
    bubbles = sum(_drops(rng, n, rng.uniform(30, 120), f, f * 1.6, 0.006) for f in (350.0, 700.0, 1300.0))
    bed = _band(300, 4000, rng.normal(size=n), 1)
    return _rms(_rms(np.asarray(bubbles), -22) + _rms(bed, rng.uniform(-30, -24)), rng.uniform(-30, -26))


def fire(rng: np.random.Generator, n: int, speed: Wave) -> Wave:
    crackle = _drops(rng, n, rng.uniform(6, 25), 1500, 4500, 0.0015)
    roar = _band(40, 300, rng.normal(size=n))
    return _rms(_rms(crackle, -24) + _rms(roar, rng.uniform(-32, -26)), rng.uniform(-32, -27))


CONTINUOUS: dict[str, Callable[[np.random.Generator, int, Wave], Wave]] = {
    "engine": engine,
    "whoosh": whoosh,
    "rain": rain,
    "wind": wind,
    "stream": stream,
    "fire": fire,
}
CLASSES = (*MATERIALS, *CONTINUOUS)
"""Every class the starter knows; id k + 1 in the model, 0 is "unspecified"."""
FOLLOWS_SPEED = ("engine", "whoosh")
