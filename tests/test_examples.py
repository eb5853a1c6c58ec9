"""What the transformer learns from: mixtures add or insert, and conditions say what is heard."""

from __future__ import annotations

import numpy as np
import pytest

from vssflow_dit.config import config_of
from vssflow_dit.sound.codec import Codec
from vssflow_dit.training.examples import FLOOR, Drawing, Examples, Sound, Utterance, Window

SPEECH, SOUND = -1.0, -2.0
"""Log-mel of a sentence and of a sound that hold one level throughout."""


@pytest.fixture(scope="module")
def examples() -> Examples:
    said = Utterance(np.full((100, 64), SPEECH, np.float16), np.full(100, 5, np.int16), voice=2)
    sound = Sound(
        np.full((600, 64), SOUND, np.float16), ((1.0, 1.0), (3.0, 0.5)), np.ones(600, np.float32), sound=7, is_bed=False
    )
    return Examples(config_of("starter"), [said], [sound], Codec(), Drawing())


def windows(examples: Examples, task: str) -> list[Window]:
    return [examples.window(np.random.default_rng(k), task) for k in range(20)]


def test_mixtures_add_the_sound_or_insert_the_speech(examples: Examples) -> None:
    inserted = 0
    for window in windows(examples, "both"):
        spoken = window.phonemes > 0
        assert (window.voice, window.sounds) == (2, {7: 1.0})
        heard, pause = window.mel[spoken], window.mel[~spoken]
        if window.motion[spoken].any():  # added: speech a little louder for the sound under it
            assert (
                SPEECH <= heard.min() <= heard.max() <= SPEECH + 0.5 * np.log(1 + np.exp(2 * (SOUND - SPEECH))) + 1e-3
            )
            assert pause.max() <= SOUND + 1e-3, "the sound lies lower where it is added"
        else:
            inserted += 1
            assert np.allclose(heard, SPEECH), "nothing sounds under inserted speech"
            assert np.allclose(pause, SOUND), "the sound stands in its pauses"
            assert window.motion[~spoken][:, 1].all()
    assert 4 <= inserted <= 16


def test_one_task_alone_knows_nothing_of_the_other(examples: Examples) -> None:
    for window in windows(examples, "speech"):
        assert window.sounds == {}
        assert not window.motion.any()
        assert np.allclose(window.mel[window.phonemes == 0], FLOOR)
    for window in windows(examples, "sound"):
        assert window.voice == 0
        assert not window.mouth.any()
        assert not window.phonemes.any()


def test_a_mouth_is_seen_in_half_of_the_speech(examples: Examples) -> None:
    seen = [window.mouth[:, 1].all() for window in windows(examples, "speech")]
    assert 4 <= sum(seen) <= 16
