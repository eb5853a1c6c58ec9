"""Training windows: what they hold, and that what is told of it is true."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from vssflow_dit.config import DiTConfig, ModelConfig, Stream
from vssflow_dit.sound.codec import Codec
from vssflow_dit.training.examples import FLOOR, Drawing, Examples, Sound, Utterance, values

CONFIG = ModelConfig(
    name="tiny",
    dit=DiTConfig(32, 1, 2, 48, 16, 2, "modulation", True, 1.0),
    streams=(Stream("voice", "cross", "ids", 1, 0, 16), Stream("sound", "cross", "ids", 3, 0, 16)),
    voices=("a",),
    sounds=("rain", "wind", "wood"),
    window_s=1.0,
)
N = 200


def bed(sound: int, level: float) -> Sound:
    return Sound(np.full((N, 64), level, np.float16), (), np.zeros(N, np.float32), sound, True)


def examples(clips: list[Sound], mixed: float = 1.0) -> Examples:
    said = Utterance(np.zeros((N, 64), np.float16), np.ones(N, np.int16), 1)
    return Examples(CONFIG, [said], clips, Codec(), Drawing(batch=4, window_s=1.0, mixed=mixed))


def test_a_mixture_has_the_power_of_its_parts_and_tells_their_weights() -> None:
    source = examples([bed(1, 0.0), bed(2, -2.0)])
    mixed = [w for w in (source.window(np.random.default_rng(k), "sound") for k in range(40)) if len(w.sounds) == 2]
    assert len(mixed) > 10
    for window in mixed:
        rain, wind = window.sounds[1], window.sounds[2]
        assert rain + wind == pytest.approx(1.0)
        assert 0.19 < rain < 0.81
        assert window.mel == pytest.approx(0.5 * np.log(rain + wind * np.exp(-4.0)), abs=1e-3)
        assert not window.motion.any()


def test_what_is_mixed_with_itself_is_all_of_it() -> None:
    window = examples([bed(1, -1.0)]).window(np.random.default_rng(1), "sound")
    assert window.sounds == pytest.approx({1: 1.0})
    assert window.mel == pytest.approx(-1.0, abs=1e-3)


def test_only_beds_are_mixed() -> None:
    struck = replace(bed(3, 0.0), strikes=((0.5, 1.0),), is_bed=False)
    unnamed = replace(bed(0, 0.0), is_bed=False)
    source = examples([struck, unnamed])
    told = [source.window(np.random.default_rng(k), "sound").sounds for k in range(20)]
    assert {tuple(each.items()) for each in told} == {((3, 1.0),), ()}


def test_the_model_is_told_weights_and_voices() -> None:
    source = examples([bed(1, 0.0), bed(2, -2.0)], mixed=0.0)
    windows = [source.window(np.random.default_rng(2), task) for task in ("speech", "sound")]
    told = values(windows, len(CONFIG.sounds))
    assert told["voice"].tolist() == [[1], [0]]
    assert told["sound"].shape == (2, 3)
    assert told["sound"][0].tolist() == [0.0, 0.0, 0.0]
    assert sorted(told["sound"][1].tolist()) == [0.0, 0.0, 1.0]


def test_a_batch_is_drawn_by_its_step_alone() -> None:
    source = examples([bed(1, 0.0), bed(2, -2.0)])
    (first, told), (again, _), (other, _) = source.mels(3), source.mels(3), source.mels(4)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert first.shape == (4, 64, 100)
    assert float(first.min()) >= FLOOR
    assert (told["voice"][:2] == 1).all()
