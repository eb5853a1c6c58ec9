"""pyannote.audio for real: a small PyanNet is made, saved as pyannote saves it, and used as a user's model is."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from vssflow_post.analysis.detectors import vssflow_speech_detectors
from vssflow_post.analysis.pyannote_detector import PyannoteDetector
from vssflow_post.analysis.speech import find_segments
from vssflow_post.audio import AudioClip
from vssflow_post.backend import SpeechEvidence, SpeechSettings
from vssflow_post.errors import BackendUnavailable
from vssflow_post.timeline import CLOCK_HZ, Span

os.environ.setdefault("PYANNOTE_METRICS_ENABLED", "false")

FILM_S = 5.0
SPEECH, SILENCE = 8.0, -8.0


def evidence(film_s: float = FILM_S, *, loud: tuple[float, float] | None = None) -> SpeechEvidence:
    """A film with quiet noise, and loud noise in the span `loud` (seconds)."""

    def audio(rate_hz: int) -> AudioClip:
        samples = 1e-4 * np.random.default_rng(0).standard_normal((1, round(film_s * rate_hz)))
        if loud is not None:
            samples[:, round(loud[0] * rate_hz) : round(loud[1] * rate_hz)] *= 5e3
        return AudioClip(samples.astype(np.float32), rate_hz)

    return SpeechEvidence(Path("film.mp4"), Span(0, round(film_s * CLOCK_HZ)), None, audio, ())


def pyannet(powerset: bool = False) -> Any:
    import torch
    from pyannote.audio.core.task import Problem, Resolution, Specifications
    from pyannote.audio.models.segmentation import PyanNet

    torch.manual_seed(0)
    model = PyanNet(lstm={"hidden_size": 8, "num_layers": 1}, linear={"hidden_size": 8, "num_layers": 1})
    if powerset:
        model.specifications = Specifications(
            problem=Problem.MONO_LABEL_CLASSIFICATION,
            resolution=Resolution.FRAME,
            duration=2.0,
            classes=["speaker#1", "speaker#2"],
            powerset_max_classes=2,
            permutation_invariant=True,
        )
    else:
        model.specifications = Specifications(
            problem=Problem.BINARY_CLASSIFICATION, resolution=Resolution.FRAME, duration=2.0, classes=["speech"]
        )
    cast("Any", model).build()
    return model


def saved(model: Any, path: Path) -> Path:
    """The checkpoint as Lightning writes it for pyannote."""
    import lightning
    import torch

    content: dict[str, Any] = {
        "state_dict": model.state_dict(),
        "hyper_parameters": dict(model.hparams),
        "pytorch-lightning_version": lightning.__version__,
    }
    model.on_save_checkpoint(content)
    torch.save(content, path)
    return path


Biased = Callable[..., Path]


@pytest.fixture
def biased(tmp_path: Path) -> Biased:
    """Makes a checkpoint whose classifier says the same at every moment."""

    def make(bias: float, *, powerset: bool = False, name: str = "model.ckpt") -> Path:
        import torch

        model = pyannet(powerset)
        with torch.no_grad():
            model.classifier.weight.zero_()
            model.classifier.bias.fill_(0.0)
            model.classifier.bias[-1] = bias
        return saved(model, tmp_path / name)

    return make


def found(model: Path | str, film_s: float = FILM_S) -> list[tuple[float, float]]:
    segments = PyannoteDetector(SpeechSettings(pyannote_model=str(model))).detect(evidence(film_s))
    assert all(segment.origin == "pyannote" for segment in segments)
    return [(segment.span.start_s, segment.span.end_s) for segment in segments]


@pytest.mark.parametrize("powerset", [False, True])
@pytest.mark.parametrize("film_s", [FILM_S, 0.7])
def test_segments_follow_what_the_model_says(biased: Biased, powerset: bool, film_s: float) -> None:
    [(start, end)] = found(biased(SPEECH, powerset=powerset), film_s)
    assert start == pytest.approx(0.0, abs=0.1)
    assert end == pytest.approx(film_s, abs=0.1)
    assert end <= film_s
    assert found(biased(SILENCE, powerset=powerset), film_s) == []


def probe_of_noise(model: Any, clip: AudioClip, loud: tuple[float, float]) -> None:
    """Fits the classifier by least squares so that it says speech in the span `loud` of this clip."""
    import torch

    chunks = torch.from_numpy(clip.samples[0]).unfold(0, 2 * clip.rate_hz, clip.rate_hz // 2)
    seen: list[torch.Tensor] = []
    hook = model.classifier.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    with torch.no_grad():
        model.eval()(chunks[:, None])
        hook.remove()
        n_chunks, n_frames, _ = seen[0].shape
        at_s = 0.5 * torch.arange(n_chunks)[:, None] + (torch.arange(n_frames)[None] + 0.5) * 2.0 / n_frames
        wanted = torch.where((at_s >= loud[0]) & (at_s < loud[1]), 6.0, -6.0)
        rows = torch.cat([seen[0], torch.ones(n_chunks, n_frames, 1)], dim=2).flatten(0, 1)
        answer = torch.linalg.lstsq(rows.double(), wanted.flatten()[:, None].double()).solution.float()
        model.classifier.weight.copy_(answer[:-1].T)
        model.classifier.bias.copy_(answer[-1])


def test_segments_lie_where_the_model_hears_something(tmp_path: Path) -> None:
    film = evidence(loud=(2.0, 3.0))
    assert film.audio is not None
    model = pyannet()
    probe_of_noise(model, film.audio(16_000), (2.0, 3.0))
    path = saved(model, tmp_path / "model.ckpt")
    segments = PyannoteDetector(SpeechSettings(pyannote_model=str(path))).detect(film)
    spoken = sum(each.span.intersect(Span.of_seconds(2.0, 3.0)).duration_s for each in segments)
    elsewhere = sum(each.span.duration_s for each in segments) - spoken
    assert spoken > 0.7
    assert elsewhere < 0.5
    assert segments == sorted(segments, key=lambda each: each.span)


def test_a_pipeline_folder_is_read_with_its_own_thresholds(biased: Biased, tmp_path: Path) -> None:
    biased(1.0, name="pytorch_model.bin")  # sigmoid(1) = 0.73
    config = """
pipeline:
  name: pyannote.audio.pipelines.VoiceActivityDetection
  params: {{segmentation: {model}}}
params: {{onset: {onset}, offset: {onset}, min_duration_on: 0.0, min_duration_off: 0.0}}
"""
    for onset, n_segments in ((0.6, 1), (0.8, 0)):
        text = config.format(model=tmp_path / "pytorch_model.bin", onset=onset)
        (tmp_path / "config.yaml").write_text(text, encoding="utf-8")
        assert len(found(tmp_path)) == n_segments
        assert len(found(tmp_path / "config.yaml")) == n_segments


def test_a_folder_with_a_bare_model_is_wrapped(biased: Biased, tmp_path: Path) -> None:
    biased(SPEECH, name="pytorch_model.bin")
    (tmp_path / "config.yaml").write_text("task: {duration: 2.0}\nmodel: {}\n", encoding="utf-8")
    assert len(found(tmp_path)) == 1


def test_auto_prefers_a_configured_model_and_says_so(biased: Biased) -> None:
    settings = SpeechSettings(pyannote_model=str(biased(SPEECH)))
    segments, sentence = find_segments(evidence(), settings, vssflow_speech_detectors())
    assert [segment.origin for segment in segments] == ["pyannote"]
    assert "pyannote" in sentence
    assert "1 speaking segment" in sentence


def test_auto_does_not_ask_silero_again_where_pyannote_heard_nothing(biased: Biased) -> None:
    settings = SpeechSettings(pyannote_model=str(biased(SILENCE)))
    segments, sentence = find_segments(evidence(), settings, vssflow_speech_detectors())
    assert segments == ()
    assert "silero" not in sentence


def test_diarization_labels_become_speakers() -> None:
    from pyannote.core import Annotation, Segment

    annotation = Annotation()
    annotation[Segment(2.0, 3.0)] = "SPEAKER_01"
    annotation[Segment(0.5, 1.0)] = "SPEAKER_00"
    annotation[Segment(4.5, 9.0)] = "SPEAKER_00"

    class Output:
        speaker_diarization = Annotation()
        exclusive_speaker_diarization = annotation

    detector = PyannoteDetector.__new__(PyannoteDetector)
    detector._pipeline = lambda file: Output()
    segments = detector.detect(evidence())
    assert [(each.speaker, each.span.start_s, each.span.end_s) for each in segments] == [
        ("SPEAKER_00", 0.5, 1.0),
        ("SPEAKER_01", 2.0, 3.0),
        ("SPEAKER_00", 4.5, 5.0),
    ]


class Bomb:
    """Runs a program when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self._target = target

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.mkdir, (str(self._target),)


def test_a_checkpoint_that_would_run_code_is_refused(biased: Biased, tmp_path: Path) -> None:
    import torch

    content = torch.load(biased(SPEECH), weights_only=False)
    content["bomb"] = Bomb(tmp_path / "ran")
    torch.save(content, tmp_path / "pytorch_model.bin")
    with pytest.raises(BackendUnavailable, match=r"pytorch_model\.bin .* could run code: it holds .*mkdir"):
        found(tmp_path / "pytorch_model.bin")
    text = (
        "pipeline:\n  name: pyannote.audio.pipelines.VoiceActivityDetection\n"
        f"  params: {{segmentation: {tmp_path / 'pytorch_model.bin'}}}\n"
    )
    (tmp_path / "config.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(BackendUnavailable):
        found(tmp_path)
    assert not (tmp_path / "ran").exists()
    assert "TORCH_FORCE_WEIGHTS_ONLY_LOAD" not in os.environ


def test_a_pipeline_of_foreign_classes_is_refused(tmp_path: Path) -> None:
    text = f"pipeline:\n  name: os.mkdir\n  params: {{path: {tmp_path / 'ran'}}}\n"
    (tmp_path / "config.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(BackendUnavailable, match=r"os\.mkdir"):
        found(tmp_path)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("content", [b"", b"no checkpoint", b"PK\x03\x04 and so on"])
def test_a_file_that_is_no_checkpoint_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.ckpt").write_bytes(content)
    with pytest.raises(BackendUnavailable, match=r"model\.ckpt"):
        found(tmp_path / "model.ckpt")


def test_pyannote_sends_no_usage_metrics(biased: Biased, monkeypatch: pytest.MonkeyPatch) -> None:
    model = biased(SILENCE)
    monkeypatch.delenv("PYANNOTE_METRICS_ENABLED", raising=False)
    found(model)
    from pyannote.audio.telemetry.metrics import is_metrics_enabled

    assert not is_metrics_enabled()


@pytest.mark.parametrize(
    ("model", "problem"),
    [
        ("", "no model is configured"),
        ("/nowhere/model.ckpt", "there is no file or folder /nowhere/model.ckpt"),
        ("../x", "there is no file or folder"),
    ],
)
def test_a_model_that_is_not_there_is_named(model: str, problem: str) -> None:
    settings = SpeechSettings(source="pyannote", pyannote_model=model)
    with pytest.raises(BackendUnavailable, match=problem):
        find_segments(evidence(), settings, vssflow_speech_detectors())


def test_a_hub_model_that_cannot_be_fetched_leaves_auto_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    settings = SpeechSettings(pyannote_model="somebody/no-such-model")
    segments, sentence = find_segments(evidence(), settings, vssflow_speech_detectors())
    assert segments == ()
    assert "silero: no speaking segments" in sentence
    assert "pyannote: somebody/no-such-model is not in the local cache" in sentence
    with pytest.raises(BackendUnavailable, match="somebody/no-such-model"):
        PyannoteDetector(settings)
