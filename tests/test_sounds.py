"""Each class of sound is what its name says, follows what it claims to follow, and is told from the others."""

from __future__ import annotations

import numpy as np
import pytest

from vssflow_dit.evaluation.strikes import matched, onsets
from vssflow_dit.sounds import CLASSES, RINGS_DOWN, follows
from vssflow_dit.synthesis import sounds
from vssflow_dit.synthesis.clips import motion_for, steps
from vssflow_dit.synthesis.physics import engines, signals, tools
from vssflow_dit.synthesis.waves import RATE_HZ, Wave

SECONDS = 6.0
N = int(SECONDS * RATE_HZ)
STRIKES = ((0.7, 1.0), (2.2, 0.7), (4.1, 0.9))
STILL = np.zeros(N)


def made(name: str, seed: int = 5, speed: Wave = STILL) -> Wave:
    return sounds.sound(np.random.default_rng(seed), name, N, STRIKES, speed)


def level(wave: Wave) -> float:
    return float(20 * np.log10(np.sqrt(np.mean(wave**2)) + 1e-9))


def test_every_class_is_made_from_what_it_follows() -> None:
    tables = {"strikes": sounds.STRUCK, "calls": sounds.CALLED, "speed": sounds.MOVED, "nothing": sounds.STEADY}
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


@pytest.mark.parametrize("name", sounds.CALLED)
def test_a_call_begins_at_its_strike_and_goes_on_as_it_does(name: str) -> None:
    wave = sounds.CALLED[name](np.random.default_rng(5), N, ((2.0, 1.0),))
    assert float(np.abs(wave[: int(1.99 * RATE_HZ)]).max()) < 0.002, "something is heard before the call"
    assert float(np.abs(wave[int(2.0 * RATE_HZ) : int(2.3 * RATE_HZ)]).max()) > 0.03
    assert 0.1 < float(np.abs(wave).max()) <= 1.1
    assert not sounds.CALLED[name](np.random.default_rng(1), N, ()).any()


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
    wave = made("clock_tick", seed=11)
    gaps = np.diff(onsets(wave.astype(np.float32), RATE_HZ))
    assert len(gaps) > 3
    assert float(gaps.std()) < 0.01


def peaks(wave: Wave, low_hz: float, high_hz: float) -> Wave:
    """Where the spectrum between two pitches is within 20 dB of its highest, in Hz."""
    power = np.abs(np.fft.rfft(wave * np.hanning(len(wave)))) ** 2
    hz = np.fft.rfftfreq(len(wave), 1 / RATE_HZ)
    inside = (hz > low_hz) & (hz < high_hz)
    return hz[inside][power[inside] > power[inside].max() / 100]


def pace(wave: Wave, low_hz: float, high_hz: float) -> float:
    """How often a second the level goes up and down, between two rates: the strongest."""
    envelope = np.abs(wave)[: len(wave) // 24 * 24].reshape(-1, 24).mean(1)
    power = np.abs(np.fft.rfft((envelope - envelope.mean()) * np.hanning(len(envelope))))
    hz = np.fft.rfftfreq(len(envelope), 24 / RATE_HZ)
    power[(hz < low_hz) | (hz > high_hz)] = 0.0
    return float(hz[np.argmax(power)])


def test_a_helicopter_slaps_the_air_ten_to_twenty_two_times_a_second() -> None:
    for seed in range(4):
        assert 9 < pace(made("helicopter", seed, np.full(N, 0.8)), 4, 60) < 24


def test_a_jackhammer_and_a_lawn_mower_have_their_rates() -> None:
    fast = np.full(N, 1.0)
    assert 13 < pace(tools._jackhammer(np.random.default_rng(1), N, fast), 4, 60) < 27
    assert 34 < pace(engines.lawn_mower(np.random.default_rng(1), N, fast), 20, 80) < 66


def test_an_engine_turns_faster_with_speed() -> None:
    slow, fast = (engines.burning(np.random.default_rng(3), N, np.full(N, v), engines.CAR) for v in (0.1, 0.9))
    assert peaks(fast, 20, 400).mean() > 1.5 * peaks(slow, 20, 400).mean()


def test_hooves_fall_more_often_with_speed() -> None:
    falls = [len(onsets(made("horse_hooves", 2, np.full(N, v)).astype(np.float32), RATE_HZ)) for v in (0.1, 0.3)]
    assert 8 < falls[0] < falls[1]


def test_a_two_tone_siren_has_two_tones_a_fourth_or_a_third_apart() -> None:
    t = np.arange(N) / RATE_HZ
    low, high = np.unique(signals._two_tone(np.random.default_rng(2), t))
    assert 350 < low < 480
    assert 1.2 < high / low < 1.4


def test_a_telephone_rings_for_a_while_and_rests() -> None:
    wave = signals.telephone(np.random.default_rng(1), N, ((0.5, 1.0), (3.5, 1.0)))
    heard = [level(wave[int(at * RATE_HZ) : int((at + 0.3) * RATE_HZ)]) for at in (0.5, 3.2, 3.5)]
    assert heard[0] > heard[1] + 20 < heard[2]


def test_a_bell_has_hum_prime_tierce_quint_and_nominal() -> None:
    assert signals.BELL[:5] == pytest.approx([0.5, 1.0, 1.2, 1.5, 2.0], rel=0.02)
    wave = signals.bell(np.random.default_rng(4), N, ((0.1, 1.0),))
    late = wave[2 * RATE_HZ : 4 * RATE_HZ]
    assert level(wave[4 * RATE_HZ :]) > level(late) - 20, "it rings on"
    assert len(np.unique(np.round(peaks(late, 150, 3000) / 20))) >= 2


@pytest.mark.parametrize(
    ("name", "above_hz", "share"),
    [
        ("rain", 4000, 0.1),
        ("glass_break", 4000, 0.3),
        ("keys_coins", 4000, 0.3),
        ("hiss", 5000, 0.2),
        ("splash", 3000, 0.1),
    ],
)
def test_what_is_bright_reaches_beyond_a_telephone(name: str, above_hz: float, share: float) -> None:
    wave = made(name)
    power = np.abs(np.fft.rfft(wave)) ** 2
    hz = np.fft.rfftfreq(N, 1 / RATE_HZ)
    assert power[hz > above_hz].sum() > share * power.sum()
    assert power[(hz > 8000) & (hz < 11_000)].sum() > 0.001 * power.sum()


@pytest.mark.parametrize("name", ["thunder", "rumble", "underwater", "ship", "door", "thud"])
def test_what_is_dull_is_dull(name: str) -> None:
    wave = made(name)
    power = np.abs(np.fft.rfft(wave)) ** 2
    hz = np.fft.rfftfreq(N, 1 / RATE_HZ)
    assert power[hz < 1500].sum() > 0.8 * power.sum()


def test_a_fast_clip_is_louder_than_a_slow_one() -> None:
    for name in ("car_engine", "train_tram", "power_tool", "helicopter"):
        assert level(made(name, 3, np.full(N, 0.9))) > level(made(name, 3, np.full(N, 0.2))) + 3


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


@pytest.mark.slow
def test_classes_are_told_apart() -> None:
    """The nearest of eight examples of each class, in plain spectral statistics, is most often of the same class."""
    speed = np.clip(np.abs(np.sin(np.arange(N) / RATE_HZ * 2.5)), 0, 1)

    def features(name: str, seeds: range) -> list[Wave]:
        rngs = [np.random.default_rng((seed, CLASSES.index(name))) for seed in seeds]
        return [spectrum(sounds.sound(rng, name, N, motion_for(rng, name, SECONDS).strikes, speed)) for rng in rngs]

    known = {name: np.stack(features(name, range(8))) for name in CLASSES}
    scale = np.concatenate(list(known.values())).std(0)
    right = 0
    for name in CLASSES:
        for unseen in features(name, range(100, 102)):
            distance = {other: np.sort((((x - unseen) / scale) ** 2).sum(1))[0] for other, x in known.items()}
            right += min(distance, key=lambda other: distance[other]) == name
    assert right / (2 * len(CLASSES)) > 0.75
