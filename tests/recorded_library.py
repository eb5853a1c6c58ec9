"""A library of recordings made on the spot: named by UCS, with onsets that are known to the sample."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

RATE_HZ = 48_000
HITS = {
    "DOORWood": ("door", ("Slam Heavy Oak", "Slam Light", "Close Soft", "Slam Angry", "Shut Kitchen", "Bang Hall")),
    "FEETHmn": ("footsteps_gravel", ("Boots Gravel Walk", "Gravel Sneakers", "Walk On Pebbles", "Gravel Run")),
    "METLImpt": ("metal", ("Pipe Hit", "Anvil Clang", "Plate Drop", "Pan Bang", "Rod Ping", "Sheet Crash")),
    "WOODImpt": ("wood", ("Plank Hit", "Log Knock", "Crate Drop", "Board Slap", "Table Thump")),
    "ANMLDog": ("dog", ("Bark Large", "Bark Small", "Bark Puppy", "Bark Angry")),
}
LOOPS = {
    "RAIN": ("rain", ("On Roof Steady", "Heavy Street", "Light Drizzle")),
    "VEHCar": ("car_engine", ("Idle Sedan", "Constant Drive")),
    "WIND": ("wind", ("Mountain Steady", "Howl Plain")),
}
Samples = npt.NDArray[np.float32]


def hit(rng: np.random.Generator, rate_hz: int = RATE_HZ, length_s: float = 0.5) -> Samples:
    """A struck thing that begins with its first sample."""
    t = np.arange(round(length_s * rate_hz)) / rate_hz
    tone = sum(np.cos(2 * np.pi * hz * t) for hz in rng.uniform(200, 4000, 4))
    wave = (tone + rng.normal(0, 1, len(t))) * np.exp(-t / rng.uniform(0.03, 0.12))
    wave[0] = np.abs(wave).max()
    return (0.7 * wave / np.abs(wave).max()).astype(np.float32)


def with_hits(rng: np.random.Generator, n_hits: int, rate_hz: int = RATE_HZ) -> tuple[Samples, list[int]]:
    """(n,) with so many hits over a little noise, and the sample at which each begins."""
    starts = [round((0.2 + 0.8 * k + rng.uniform(0, 0.2)) * rate_hz) for k in range(n_hits)]
    wave = rng.normal(0, 1e-4, round((0.2 + 0.8 * n_hits + 0.5) * rate_hz)).astype(np.float32)
    for start in starts:
        one = hit(rng, rate_hz) * np.float32(rng.uniform(0.5, 1.0))
        wave[start : start + len(one)] += one
    return wave, starts


def steady(rng: np.random.Generator, seconds: float, channels: int = 2) -> Samples:
    """(channels, n) of noise that is the same from its start to its end, coloured, and wider than one channel."""
    n = round(seconds * RATE_HZ)
    colour = 1 / np.sqrt(1 + (np.fft.rfftfreq(n, 1 / RATE_HZ) / rng.uniform(300, 2000)) ** 2)
    waves = [np.fft.irfft(np.fft.rfft(rng.normal(0, 1, n)) * colour, n) for _ in range(channels)]
    return (0.1 * np.stack(waves) / np.std(waves)).astype(np.float32)


def make(folder: Path, each: int = 1, loop_s: float = 12.0, seed: int = 5) -> dict[str, list[int]]:
    """Writes the library, `each` takes of every hit; gives file name -> the samples at which its hits begin."""
    rng = np.random.default_rng(seed)
    known: dict[str, list[int]] = {}
    for cat_id, name in _named(HITS):
        for number in range(1, each + 1):
            rate_hz = (48_000, 44_100, 96_000)[number % 3]
            wave, starts = with_hits(rng, 1 + number % 3, rate_hz)
            file = f"{cat_id}_{name} {number:02d}_VP_TEST.{'flac' if number % 2 else 'wav'}"
            soundfile.write(folder / file, wave, rate_hz, subtype="PCM_24")
            known[file] = starts
    for cat_id, name in _named(LOOPS):
        file = f"{cat_id}_{name}_VP_TEST.wav"
        soundfile.write(folder / file, steady(rng, loop_s).T, RATE_HZ, subtype="PCM_24")
        known[file] = []
    return known


def _named(table: dict[str, tuple[str, tuple[str, ...]]]) -> Iterator[tuple[str, str]]:
    yield from ((cat_id, name) for cat_id, (_, names) in table.items() for name in names)
