"""The listener that judges generated speech must itself tell sentences apart, and hear nothing in noise."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from vssflow_dit.evaluation.heldout import SENTENCES
from vssflow_dit.evaluation.word_errors import Said, closed_set_accuracy, word_errors, words_of


def test_word_errors_count_substitutions_insertions_and_deletions() -> None:
    assert word_errors(["a", "b", "c", "d"], ["a", "x", "c", "d", "e"]) == 2
    assert word_errors(["a", "b", "c"], ["c"]) == 2
    assert word_errors([], ["a", "b"]) == 2


def test_sentences_are_simple_different_and_of_six_to_ten_words() -> None:
    counts = [len(words_of(sentence)) for sentence in SENTENCES]
    assert len(SENTENCES) == len({tuple(words_of(sentence)) for sentence in SENTENCES}) == 50
    assert min(counts) >= 6
    assert max(counts) <= 10


@pytest.mark.skipif(shutil.which("flite") is None, reason="needs Debian's flite")
def test_a_clear_voice_is_recognised_and_a_wrong_one_is_not() -> None:
    pytest.importorskip("pocketsphinx")
    from vssflow_dit.synthesis.speech import speak

    some = [*SENTENCES[:4], "Zarg met Dr. Blorf at 5 p.m. today."]
    said: list[Said] = []
    for index, sentence in enumerate(some):
        utterance = speak(sentence, "slt")
        assert utterance is not None
        said.append(((utterance.audio / 32768.0).astype(np.float32), index))
    assert closed_set_accuracy(said, some) == 1.0
    assert closed_set_accuracy([(waveform, (index + 1) % len(some)) for waveform, index in said], some) == 0.0
    noise = np.random.default_rng(0).normal(0.0, 0.05, 24_000).astype(np.float32)
    assert closed_set_accuracy([(noise, 0)], some) == 0.0
