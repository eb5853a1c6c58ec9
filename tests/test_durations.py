"""Durations: learned from speech whose times are known, fitted to a span, and to a mouth."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from vssflow_dit.text.durations import EDGE_S, DurationModel, Seconds, fit_to_span, laid_out, whole_words
from vssflow_dit.text.mouth_timing import expected_opening, fit_to_mouth
from vssflow_dit.text.phonemes import BLANK, ID, Phoneme, phoneme_frames, phonemise

SENTENCES = (
    "The old farmer gave me two apples and a map.",
    "My brother bought a warm coat, but he never wears it.",
    "Papa made a boat from paper, and Bob saw it float away.",
    "Where did you put the big box of matches?",
    "We moved the piano because my mother wanted more room.",
)


@dataclass(frozen=True)
class Spoken:
    voice: str
    phonemes: list[Phoneme]
    ends_s: Seconds


def rule(sounds: list[Phoneme], voice: str, pace: float = 1.0) -> Seconds:
    """A speaker whose rhythm is a product of simple factors, so that the additive model can learn it whole."""
    times = [
        0.05
        * (2.0 if sound.is_vowel else 1.0)
        * (1.5 if sound.phrase_final else 1.0)
        * (3.0 if sound.symbol == BLANK else 1.0)
        for sound in sounds
    ]
    return np.array(times, np.float32) * np.array(pace * {"fast": 0.8, "slow": 1.25}[voice], np.float32)


def spoken(text: str, voice: str, pace: float) -> Spoken:
    sounds = phonemise(text)
    ends = np.cumsum([EDGE_S, *rule(sounds, voice, pace), EDGE_S]).astype(np.float32)
    return Spoken(voice, [Phoneme(BLANK), *sounds, Phoneme(BLANK)], ends)


@pytest.fixture(scope="module")
def model() -> DurationModel:
    paces = np.random.default_rng(1).uniform(0.85, 1.18, 40)
    return DurationModel.fit([spoken(SENTENCES[k % 5], ("fast", "slow")[k % 2], pace) for k, pace in enumerate(paces)])


def test_a_regular_rhythm_is_learned_although_the_pace_varies(model: DurationModel) -> None:
    sounds = phonemise("The farmer bought my mother a piano.")
    for voice in ("fast", "slow"):
        predicted, truth = model.predict(sounds, voice), rule(sounds, voice)
        assert np.corrcoef(predicted, truth)[0, 1] > 0.9
        assert predicted.sum() == pytest.approx(truth.sum(), rel=0.15)
    assert model.predict(sounds, "slow").sum() > 1.3 * model.predict(sounds, "fast").sum()


def test_an_unknown_voice_speaks_between_the_known_ones(model: DurationModel) -> None:
    sounds = phonemise(SENTENCES[0])
    fast, slow, other = (model.predict(sounds, voice).sum() for voice in ("fast", "slow", None))
    assert fast < other < slow
    assert model.predict([], None).shape == (0,)


def test_a_saved_model_predicts_the_same(model: DurationModel, tmp_path: Path) -> None:
    model.save(tmp_path / "durations.safetensors")
    again = DurationModel.load(tmp_path / "durations.safetensors")
    sounds = phonemise(SENTENCES[1])
    assert again.voices == ("fast", "slow")
    assert np.array_equal(again.predict(sounds, "fast"), model.predict(sounds, "fast"))


def test_a_line_fills_a_span_near_its_length() -> None:
    natural = np.full(20, 0.1, np.float32)
    for span_s in (1.8, 2.0, 2.5):
        fitted, offset, note = fit_to_span(natural, span_s)
        assert offset == EDGE_S
        assert not note
        assert fitted.sum() + 2 * EDGE_S == pytest.approx(span_s, abs=1e-4)


def test_a_long_line_is_hurried_to_the_limit_and_says_so() -> None:
    fitted, _, note = fit_to_span(np.full(40, 0.1, np.float32), 2.0)
    assert fitted.sum() == pytest.approx(3.0, abs=1e-4)
    assert "3.1 s" in note
    assert "2.0 s" in note


def test_a_short_line_in_a_long_span_stays_natural_and_starts_with_it() -> None:
    fitted, offset, note = fit_to_span(np.full(10, 0.1, np.float32), 10.0)
    assert fitted.sum() == pytest.approx(1.2, abs=1e-4)
    assert offset == EDGE_S
    assert not note


def test_pauses_give_way_before_the_speech_does() -> None:
    sounds = phonemise("Papa, papa.")
    natural = np.array([0.3 if sound.symbol == BLANK else 0.1 for sound in sounds], np.float32)
    fitted, _, _ = fit_to_span(natural, float(natural.sum()) - 0.1 + 2 * EDGE_S, sounds)
    assert fitted[~np.array([sound.symbol == BLANK for sound in sounds])] == pytest.approx(0.1)
    assert fitted.min() == pytest.approx(0.1)
    assert fitted.sum() == pytest.approx(natural.sum() - 0.1)


def test_what_does_not_fit_is_cut_at_a_word_and_told() -> None:
    line = phonemise("Papa, baba, mama.")
    seconds = np.full(len(line), 0.1, np.float32)
    for span_s, said, lost in (
        (2.0, "papa baba mama", ""),
        (1.3, "papa baba", "mama"),
        (1.0, "papa baba", "mama"),
        (0.5, "papa", "baba mama"),
    ):
        sounds, lengths, found = whole_words(line, seconds, 0.05, span_s)
        assert " ".join(sound.word for sound in sounds if sound.word_final) == said
        assert (found, len(lengths)) == (lost, len(sounds))
    sounds, _, found = whole_words(line, seconds, 0.05, 0.2)
    assert (len(sounds), found) == (len(line), "papa baba mama")


def test_laid_out_line_starts_at_its_offset() -> None:
    sounds = phonemise("Papa")
    ids, ends = laid_out(sounds, np.full(len(sounds), 0.1, np.float32), 0.5)
    frames = phoneme_frames(ids, ends, 110)
    assert set(frames[:45]) == {0}
    assert set(frames[45:50]) == {ID[BLANK]}
    assert frames[50] == ID["P"]
    assert frames[94] == ID[BLANK]
    assert set(frames[95:]) == {0}


def boundary_error_s(found: Seconds, start_s: float, truth: Seconds, true_start_s: float) -> float:
    return float(np.abs(np.cumsum(found) + start_s - np.cumsum(truth) - true_start_s).mean())


@pytest.mark.parametrize("text", SENTENCES)
def test_a_visible_mouth_gives_the_times_back(text: str) -> None:
    chance = np.random.default_rng(len(text))
    sounds = phonemise(text)
    natural = rule(sounds, "slow")
    drift = 1.0 + 0.35 * np.sin(np.linspace(0.0, 5.0, len(sounds)))
    truth, start_s = (natural * drift).astype(np.float32), 0.35
    span_s = start_s + float(truth.sum()) + 0.3
    n = round(span_s * 25)
    opening = (5.0 + 2.0 * expected_opening(sounds, truth, start_s, n, 25.0) + chance.normal(0.0, 0.1, n)).astype(
        np.float32
    )
    unfitted, offset, _ = fit_to_span(natural, span_s, sounds)
    fitted, found_s, changed = fit_to_mouth(unfitted, sounds, opening, 25.0, span_s, offset)
    assert changed
    assert boundary_error_s(fitted, found_s, truth, start_s) < 0.6 * boundary_error_s(unfitted, offset, truth, start_s)
    assert (fitted > 0).all()
    assert found_s + fitted.sum() <= span_s + 0.021


def test_a_mouth_that_says_nothing_of_the_line_is_not_followed() -> None:
    sounds = phonemise(SENTENCES[2])
    natural = rule(sounds, "slow")
    span_s = float(natural.sum()) + 0.3
    n = round(span_s * 25)
    followed = 0
    for seed in range(12):
        noise = np.convolve(np.random.default_rng(seed).normal(0.0, 1.0, n + 6), np.hanning(7), "valid").astype(
            np.float32
        )
        fitted, _, changed = fit_to_mouth(natural, sounds, noise, 25.0, span_s)
        followed += changed
        assert changed or fitted is natural
    assert followed <= 2
    for opening in (np.zeros(n, np.float32), np.full(n, np.nan, np.float32), np.zeros(0, np.float32)):
        assert not fit_to_mouth(natural, sounds, opening, 25.0, span_s)[2]


@pytest.mark.skipif(shutil.which("flite") is None, reason="needs Debian's flite")
def test_flite_s_times_lie_under_our_symbols() -> None:
    from vssflow_dit.synthesis.speech import speak
    from vssflow_dit.synthesis.waves import RATE_HZ

    text = "The train was late again, and nobody knew why."
    utterance = speak(text, "slt", stretch=1.1)
    assert utterance is not None
    assert utterance.ends_s[-1] == pytest.approx(len(utterance.audio) / RATE_HZ, abs=1e-3)
    assert (np.diff(utterance.ends_s) > 0).all()
    assert utterance.ends_s[0] == pytest.approx(EDGE_S, abs=1e-3)
    inner = utterance.phonemes[1:-1]
    same = sum(a.symbol == b.symbol for a, b in zip(inner, phonemise(text), strict=True))
    assert same >= 0.9 * len(inner)
    audio = utterance.audio / 32768.0
    loud = [float(np.sqrt(np.mean(audio[round(a * RATE_HZ) : round(b * RATE_HZ)] ** 2)))
            for a, b in zip(utterance.ends_s[:-1], utterance.ends_s[1:], strict=True)]  # fmt: skip
    vowels = [level for level, sound in zip(loud, utterance.phonemes[1:], strict=True) if sound.is_vowel]
    assert min(vowels) > 5 * loud[-1]
