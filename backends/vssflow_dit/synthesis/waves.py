"""What computed sounds are made of: bands of noise, decaying tones, grains scattered in time, and levels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.signal import butter, lfilter, oaconvolve, sosfilt

RATE_HZ = 24_000
"""Of all audio that is synthesised to learn from."""
HIGHEST_HZ = 11_400.0
Wave: TypeAlias = npt.NDArray[np.float64]
Strikes: TypeAlias = tuple[tuple[float, float], ...]
"""(time in s, strength 0..1)"""
Numbers: TypeAlias = npt.NDArray[Any]
Range: TypeAlias = tuple[float, float]


def band(low_hz: float, high_hz: float, noise: Wave, order: int = 2) -> Wave:
    filtered: Wave = sosfilt(butter(order, [low_hz, high_hz], "bandpass", fs=RATE_HZ, output="sos"), noise)
    return filtered


def at_rms(wave: Wave, dbfs: float) -> Wave:
    return wave * float(10 ** (dbfs / 20) / (np.sqrt(np.mean(wave**2)) + 1e-9))


def following(wave: Wave, load: Wave, dbfs: float) -> Wave:
    """A wave at `dbfs` where the load it follows is 1 all along, and weaker by as much as that is less."""
    return at_rms(wave, dbfs) * float(np.sqrt(np.mean(load**2)))


def at_peak(wave: Wave, peak: float) -> Wave:
    return wave * float(peak / (np.abs(wave).max(initial=0.0) + 1e-9))


def seconds(n: int) -> Wave:
    return np.arange(n) / RATE_HZ


def log_uniform(rng: np.random.Generator, within: Range) -> float:
    return float(np.exp(rng.uniform(*np.log(within))))


def decay(duration_s: float, sixty_db_s: float) -> Wave:
    """An envelope from 1 that falls by 60 dB in `sixty_db_s`, of `duration_s`."""
    return np.asarray(10 ** (-3 * seconds(int(duration_s * RATE_HZ)) / sixty_db_s))


def swell(duration_s: float, peak_s: float) -> Wave:
    """An envelope that rises smoothly to 1 at `peak_s` and falls smoothly to 0 at `duration_s`."""
    t = seconds(int(duration_s * RATE_HZ))
    rise, fall = np.clip(t / peak_s, 0, 1), np.clip((duration_s - t) / (duration_s - peak_s), 0, 1)
    return np.asarray(np.sin(np.pi / 2 * rise) * np.sin(np.pi / 2 * fall))


def add_at(wave: Wave, time_s: float, piece: Wave) -> None:
    """`piece` added into `wave` from `time_s` on; what lies outside is cut off."""
    start = round(time_s * RATE_HZ)
    first, last = max(0, -start), min(len(piece), len(wave) - start)
    if last > first:
        wave[start + first : start + last] += piece[first:last]


def tones(hz: Numbers, gains: Numbers, sixty_db_s: Numbers, duration_s: float) -> Wave:
    """Sum of decaying sines that all start at zero phase; those above HIGHEST_HZ are left out."""
    kept = hz < HIGHEST_HZ
    t = seconds(int(duration_s * RATE_HZ))
    rings = np.sin(2 * np.pi * hz[kept, None] * t) * 10 ** (-3 * t / sixty_db_s[kept, None])
    return np.asarray(gains[kept] @ rings)


def grains(
    rng: np.random.Generator, n: int, times_s: Wave, gains: Wave, hz: Range, sixty_db_s: Range, n_kinds: int = 6
) -> Wave:
    """Tiny impacts at `times_s`, each the decaying tone of one of `n_kinds` grains drawn from the ranges."""
    wave = np.zeros(n)
    at = np.round(np.asarray(times_s) * RATE_HZ).astype(int)
    inside = (at >= 0) & (at < n)
    at, gains = at[inside], np.asarray(gains)[inside] * rng.choice([-1.0, 1.0], int(inside.sum()))
    kind = rng.integers(0, n_kinds, len(at))
    for k in range(n_kinds):
        impulses = np.zeros(n)
        np.add.at(impulses, at[kind == k], gains[kind == k])
        fades = log_uniform(rng, sixty_db_s)
        kernel = tones(np.array([log_uniform(rng, hz)]), np.ones(1), np.array([fades]), fades)
        wave += oaconvolve(impulses, kernel)[:n]
    return wave


def scattered(rng: np.random.Generator, n_grains: int, duration_s: float, peak_s: float) -> tuple[Wave, Wave]:
    """(times in s, gains) of grains crowded around `peak_s` within `duration_s`, few of them loud."""
    times = rng.triangular(0.0, peak_s, duration_s, n_grains)
    return times, rng.lognormal(-1.0, 0.8, n_grains)


def modulation(rng: np.random.Generator, n: int, low_hz: float, high_hz: float) -> Wave:
    """Slow noise of standard deviation 1 between two rates: gusts, wavering hands, rough ground."""
    step = RATE_HZ // 400
    coarse = rng.normal(size=n // step + 802)
    sos = butter(2, [low_hz, high_hz], "bandpass", fs=400, output="sos")
    slow = sosfilt(sos, coarse)[800:]
    return np.asarray(np.interp(np.arange(n) / step, np.arange(len(slow)), slow / (slow.std() + 1e-9)))


def steep(
    rng: np.random.Generator, n: int, db_an_octave: float, low_hz: float = 30.0, high_hz: float = 11_000.0
) -> Wave:
    """Noise of standard deviation 1 whose level changes by so much an octave between two limits, and ends at both."""
    hz = np.fft.rfftfreq(n, 1 / RATE_HZ)
    shape = (np.maximum(hz, low_hz) / low_hz) ** (db_an_octave / 6.02)
    shape = shape / (1 + (low_hz / np.maximum(hz, 1.0)) ** 4) / (1 + (hz / high_hz) ** 8)
    wave = np.fft.irfft(np.fft.rfft(rng.normal(size=n)) * shape, n)
    return np.asarray(wave / (wave.std() + 1e-12))


def resonances(
    wave: Wave, hz: Numbers | list[float], width_hz: Numbers | list[float], gains: Numbers | list[float]
) -> Wave:
    """What a body of several resonances, side by side, makes of a wave; each passes its own pitch at its gain."""
    out = np.zeros(len(wave))
    for centre, width, gain in zip(hz, width_hz, gains, strict=True):
        radius = np.exp(-np.pi * width / RATE_HZ)
        turn = 2 * np.pi * min(centre, HIGHEST_HZ) / RATE_HZ
        scale = gain * (1 - radius) * np.sqrt(1 - 2 * radius * np.cos(2 * turn) + radius**2)
        out += lfilter([scale], [1.0, -2 * radius * np.cos(turn), radius**2], wave)
    return out


def periodic(cycles: Wave, gains: Numbers) -> Wave:
    """Harmonics of a running phase (in cycles) with these gains, all in step, so that they make pulses."""
    around = np.linspace(0, 2 * np.pi, 2049)
    period = gains @ np.cos(np.arange(1, len(gains) + 1)[:, None] * around)
    return np.asarray(np.interp(cycles % 1.0 * 2048, np.arange(2049), period))


def turns(hz: Wave) -> Wave:
    """The phase, in cycles, of what goes round at `hz`."""
    return np.asarray(np.cumsum(hz) / RATE_HZ)


def passed(way: Wave, step: float, offset: float = 0.0) -> npt.NDArray[np.intp]:
    """The samples at which a growing `way` passes another whole `step`."""
    return np.flatnonzero(np.diff(np.floor(way / step + offset)) > 0)


def repeated(n: int, at: Numbers, gains: Numbers, kernel: Wave) -> Wave:
    """`kernel` from each of the samples `at` on, at its gain."""
    impulses = np.zeros(n)
    inside = (at >= 0) & (at < n)
    np.add.at(impulses, at[inside].astype(int), np.asarray(gains)[inside])
    return np.asarray(oaconvolve(impulses, kernel)[:n])


def until_next(strikes: Strikes) -> Iterator[tuple[float, float, float]]:
    """Of each strike: its time, its strength, and how long it has until the next (for ever after the last)."""
    for k, (time, strength) in enumerate(strikes):
        yield time, strength, strikes[k + 1][0] - time if k + 1 < len(strikes) else np.inf


def bursts(rng: np.random.Generator, n: int, at: Numbers, gains: Numbers, sixty_db_s: float) -> Wave:
    """Noise that decays from each of the samples `at` on, at its gain: unlike `repeated`, no two are alike."""
    fades = decay(1.3 * sixty_db_s, sixty_db_s)
    fades[:8] *= np.linspace(0.1, 1.0, 8)
    return rng.normal(size=n) * repeated(n, at, gains, fades)


def by_chance(rng: np.random.Generator, n: int, rate_hz: float) -> Wave:
    """Samples of events that come by chance, so many a second."""
    return rng.integers(0, n, rng.poisson(rate_hz * n / RATE_HZ)).astype(float)


def room(rng: np.random.Generator, wave: Wave, sixty_db_s: float, wet: float) -> Wave:
    """A wave and its diffuse tail, whose high part dies first; `wet` is the tail's share of the energy against it."""
    n = int(sixty_db_s * RATE_HZ)
    tail = steep(rng, n, -2.0, 120.0, 3500.0) * decay(sixty_db_s, sixty_db_s)[:n]
    tail += 0.5 * steep(rng, n, -2.0, 1500.0, 9000.0) * decay(sixty_db_s, 0.4 * sixty_db_s)[:n]
    tail *= np.minimum(1.0, np.arange(n) / (0.012 * RATE_HZ))
    tail *= wet / (np.sqrt(np.sum(tail**2)) + 1e-9)
    return np.asarray(wave + oaconvolve(wave, tail)[: len(wave)])
