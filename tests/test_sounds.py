"""Each class of sound is what its name says, follows what it claims to follow, and is told from the others."""

from __future__ import annotations

import numpy as np
import pytest

from vssflow_dit.evaluation.strikes import matched, onsets
from vssflow_dit.sounds import CLASSES, RINGS_DOWN, follows
from vssflow_dit.synthesis import sounds
from vssflow_dit.synthesis.clips import motion_for, steps
from vssflow_dit.synthesis.waves import RATE_HZ, Wave

SECONDS = 6.0
N = int(SECONDS * RATE_HZ)
STRIKES = ((0.7, 1.0), (2.2, 0.7), (4.1, 0.9))
STILL = np.zeros(N)


def made(name: str, seed: int = 5, speed: Wave = STILL) -> Wave:
    return sounds.sound(np.random.default_rng(seed), name, N, STRIKES, speed)


def level(wave: Wave) -> float:
    return float(20 * np.log10(np.sqrt(np.mean(wave**2)) + 1e-9))


def test_the_numbers_of_classes_never_change() -> None:
    """Weights store a class by its place in the list."""
    first = ("wood", "metal", "glass", "stone", "plastic", "thud", "engine", "whoosh", "rain", "wind", "stream", "fire")
    assert CLASSES[:12] == first


def test_every_class_is_made_from_what_it_follows() -> None:
    tables = {"strikes": sounds.STRUCK, "speed": sounds.MOVED, "nothing": sounds.STEADY}
    made_from = {name: what for what, table in tables.items() for name in table}
    assert {name: follows(name) for name in CLASSES} == made_from


@pytest.mark.parametrize("name", CLASSES)
def test_a_seed_says_what_is_heard(name: str) -> None:
    speed = np.full(N, 0.6)
    assert np.array_equal(made(name, 3, speed), made(name, 3, speed))
    assert not np.array_equal(made(name, 3, speed), made(name, 4, speed))
    assert np.isfinite(made(name, 3, speed)).all()


@pytest.mark.parametrize("name", sounds.STRUCK)
def test_what_is_struck_begins_at_the_strikes(name: str) -> None:
    wave = made(name)
    heard = onsets(wave.astype(np.float32), RATE_HZ)
    assert matched([time for time, _ in STRIKES], heard, 0.04) == 3
    assert float(np.abs(wave[: int(0.69 * RATE_HZ)]).max()) < 0.002, "something is heard before the first strike"
    assert 0.05 < float(np.abs(wave).max()) <= 1.1
    assert not sounds.STRUCK[name](np.random.default_rng(1), N, ()).any()


@pytest.mark.parametrize("name", RINGS_DOWN)
def test_what_rings_down_has_no_other_onset(name: str) -> None:
    assert len(onsets(made(name).astype(np.float32), RATE_HZ)) == 3


@pytest.mark.parametrize("name", sounds.MOVED)
def test_what_follows_speed_is_loud_when_it_is_fast(name: str) -> None:
    speed = np.where(np.arange(N) < N // 2, 0.9, 0.3)
    wave = made(name, speed=speed)
    assert level(wave[: N // 2]) > level(wave[N // 2 :]) + 3
    assert -45 < level(wave) < -15


@pytest.mark.parametrize("name", sounds.STEADY)
def test_what_goes_on_by_itself_is_there_in_every_stretch(name: str) -> None:
    stretches = [level(made(name)[k : k + 2 * RATE_HZ]) for k in range(0, N, 2 * RATE_HZ)]
    assert all(-60 < stretch < -15 for stretch in stretches)


def test_a_clock_keeps_its_pace() -> None:
    wave = made("clock", seed=11)
    gaps = np.diff(onsets(wave.astype(np.float32), RATE_HZ))
    assert len(gaps) > 3
    assert float(gaps.std()) < 0.01


def test_steps_walk_at_a_steady_pace() -> None:
    gaps = np.diff([time for time, _ in steps(np.random.default_rng(2), SECONDS)])
    assert 0.25 < float(np.median(gaps)) < 0.8
    assert float(gaps.std()) < 0.05


def spectrum(wave: Wave) -> Wave:
    """Mean power in third octaves of the loudest tenth, what lasts, and how much the level changes."""
    frames = wave[: N // 512 * 512].reshape(-1, 512) * np.hanning(512)
    power = np.abs(np.fft.rfft(frames, axis=1)) ** 2
    edges = np.unique(np.geomspace(2, 256, 25).astype(int))
    bands = np.log(np.add.reduceat(power, edges[:-1], axis=1) + 1e-8)
    total = power.sum(1)
    loud = bands[total >= np.quantile(total, 0.9)].mean(0)
    change = np.diff(bands, axis=0).std(0)
    return np.concatenate([loud - loud.mean(), bands.mean(0) - bands.mean(), change])


def test_classes_are_told_apart() -> None:
    """The nearest of ten examples of each class, in plain spectral statistics, is most often of the same class."""
    speed = np.clip(np.abs(np.sin(np.arange(N) / RATE_HZ * 2.5)), 0, 1)

    def features(name: str, seeds: range) -> list[Wave]:
        rngs = [np.random.default_rng((seed, CLASSES.index(name))) for seed in seeds]
        return [spectrum(sounds.sound(rng, name, N, motion_for(rng, name, SECONDS).strikes, speed)) for rng in rngs]

    known = {name: np.stack(features(name, range(10))) for name in CLASSES}
    scale = np.concatenate(list(known.values())).std(0)
    right = 0
    for name in CLASSES:
        for unseen in features(name, range(100, 103)):
            distance = {other: np.sort((((x - unseen) / scale) ** 2).sum(1))[0] for other, x in known.items()}
            right += min(distance, key=lambda other: distance[other]) == name
    assert right / (3 * len(CLASSES)) > 0.75
