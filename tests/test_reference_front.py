"""The reference's weights behind the seam: features from frames and from a file, timing of phonemes, takes, notes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import reference_weights as reference
import torch
from click.testing import CliRunner

from conftest import MakeFilm
from vssflow_dit.checkpoint.reference import import_checkpoint
from vssflow_dit.frontends.reference import ReferenceEncoder
from vssflow_dit.text.phonemes import ID, phonemise, stretched
from vssflow_post.backend import Backend, CueRequest, Frame, GenerationSettings, Track
from vssflow_post.cli import cli
from vssflow_post.errors import FilmRejected
from vssflow_post.timeline import CLOCK_HZ, Scene, Span


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("reference")
    import_checkpoint(reference.WEIGHTS, reference.configuration(folder), folder / "weights", lambda line: None)
    return folder / "weights"


@pytest.fixture(scope="module")
def backend(weights: Path) -> Backend:
    from vssflow_cpu.engine import open_engine

    return open_engine(GenerationSettings(weights=str(weights), steps=3))


def features(seconds: float) -> dict[str, Track]:
    rng = np.random.default_rng(0)

    def track(rate_hz: float, channels: int) -> Track:
        return Track(rng.normal(size=(round(seconds * rate_hz), channels)).astype(np.float32), rate_hz)

    speaker = Track(rng.normal(size=(1, 256)).astype(np.float32), 0.0)
    return {"clip": track(10, 768), "sync": track(24, 768), "lip": track(25, 1024), "speaker": speaker}


def samples(backend: Backend, *requests: CueRequest) -> dict[str, np.ndarray]:
    return {take.id: take.audio.samples[0] for take in backend.render(requests)}


@pytest.mark.parametrize("seconds", [0.5, 2.0, 5.3])
@pytest.mark.parametrize("kind", ["speech", "sound"])
def test_takes_are_as_long_as_their_spans_shorter_and_longer_than_the_window(
    backend: Backend, kind: str, seconds: float
) -> None:
    span = Span.of_seconds(1.0, 1.0 + seconds)
    request = CueRequest("c1", kind, span, seed=4, text="Hello there.", visual=features(seconds))
    (take,) = backend.render([request])
    assert take.audio.n_samples == round(seconds * 16_000)
    assert np.isfinite(take.audio.samples).all()
    assert float(np.abs(take.audio.samples).max()) <= 1.0
    assert take.notes == ()


def test_every_feature_is_heard(backend: Backend) -> None:
    span, given = Span.of_seconds(0, 2.0), features(2.0)
    request = CueRequest("c1", "speech", span, seed=4, text="Hello there.", visual=given)
    whole = samples(backend, request)["c1"]
    for name in given:
        rest = {other: track for other, track in given.items() if other != name}
        without = CueRequest("c1", "speech", span, seed=4, text="Hello there.", visual=rest)
        assert not np.array_equal(samples(backend, without)["c1"], whole), name
    silent = CueRequest("c1", "speech", span, seed=4, visual=given)
    assert not np.array_equal(samples(backend, silent)["c1"], whole)


def test_what_is_absent_is_told(backend: Backend) -> None:
    speech = CueRequest("c1", "speech", Span.of_seconds(0, 1), seed=1, text="Hi.")
    sound = CueRequest("c2", "sound", Span.of_seconds(0, 1), seed=1, sound="rain")
    notes = {take.id: " ".join(take.notes) for take in backend.render([speech, sound])}
    assert "no clip, sync, lip, speaker features" in notes["c1"]
    assert "no clip, sync features" in notes["c2"]
    assert "takes no sound prompt" in notes["c2"]
    slip = {"synch": Track(np.zeros((24, 768), np.float32), 24.0)}
    with pytest.raises(FilmRejected, match="no feature is called 'synch'; there are: clip, sync, lip, speaker"):
        list(backend.render([CueRequest("c1", "speech", Span.of_seconds(0, 1), seed=1, text="Hi.", visual=slip)]))
    wrong = {"lip": Track(np.zeros((25, 7), np.float32), 25.0)}
    with pytest.raises(FilmRejected, match="feature lip has 7 channels, expected 1024"):
        list(backend.render([CueRequest("c1", "speech", Span.of_seconds(0, 1), seed=1, text="Hi.", visual=wrong)]))


@pytest.mark.parametrize(("n_ids", "n_frames"), [(5, 50), (7, 50), (13, 31), (60, 25), (3, 1), (1, 10)])
def test_phonemes_are_stretched_as_the_released_code_stretches_them(n_ids: int, n_frames: int) -> None:
    ids = torch.arange(1, n_ids + 1)
    repeated = ids.repeat_interleave(-(-n_frames // n_ids)).float()
    wanted = torch.nn.functional.interpolate(repeated[None, None], size=n_frames, mode="nearest")[0, 0].long()
    assert stretched(ids.tolist(), n_frames).tolist() == wanted.tolist()


def test_a_line_stands_between_two_blanks(backend: Backend) -> None:
    from vssflow_dit.frontends.reference import _phonemes

    ids = _phonemes(CueRequest("c1", "speech", Span.of_seconds(0, 1.5), seed=0, text="Go now"))[0].tolist()
    assert len(ids) == 37
    order = list(dict.fromkeys(ids))
    assert order[0] == ID["<blank>"]
    assert ids[-1] == ID["<blank>"]
    assert order[1:] == list(dict.fromkeys(sound.id for sound in phonemise("Go now")))


class Images:
    """An image encoder that says which picture it saw."""

    def features(self, pictures: np.ndarray) -> np.ndarray:
        return np.repeat(pictures[:, 0, 0, :1].astype(np.float32), 768, axis=1)


@pytest.mark.parametrize(("rate", "n"), [(24, 60), (25, 51), (30, 10), (5, 13), (10, 21)])
def test_for_every_tenth_of_a_second_the_nearest_frame_is_looked_at(rate: int, n: int) -> None:
    encoder = ReferenceEncoder(
        Images(),
    )  # type: ignore[arg-type]
    for k in range(n):
        grey = np.full((4, 4), k, np.uint8)
        encoder.push(Frame(k * CLOCK_HZ // rate, np.repeat(grey[..., None], 3, axis=2), grey))
    track = encoder.finish([Scene(0, Span(0, n * CLOCK_HZ // rate))])["clip"]
    assert track.rate_hz == 10.0
    assert len(track.values) == -(-n * 10 // rate)
    for at, seen in enumerate(track.values[:, 0]):
        assert abs(seen / rate - min(at / 10, (n - 1) / rate)) <= 0.5 / rate + 1e-6


@pytest.mark.slow
def test_a_film_is_rendered_with_features_from_the_file_beside_it(
    make_film: MakeFilm, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    film = make_film("a.mp4", 50)
    film.with_suffix(".srt").write_text("1\n00:00:00,300 --> 00:00:01,500\nANNA: Hello there.\n")
    rng = np.random.default_rng(1)
    arrays = {
        "clip": rng.normal(size=(20, 768)), "sync": rng.normal(size=(6, 8, 768)), "lip": rng.normal(size=(50, 1024)),
        "speaker": rng.normal(size=(3, 256)),
    }  # fmt: skip
    notes = []
    for run, names in enumerate((["clip"], list(arrays))):
        np.savez(film.with_suffix(".npz"), **{name: arrays[name].astype(np.float32) for name in names})
        words = ["render", film, "-o", tmp_path / "out", "--weights", weights, "-p", "ci", "-q"]
        done = CliRunner().invoke(cli, [str(word) for word in words])
        assert done.exit_code == 0, done.output
        report = json.loads((tmp_path / "out" / "a" / "report.json").read_text())
        notes.append(" ".join(report["warnings"]))
        assert any(not cue["cached"] for cue in report["cues"]), run
    assert not (tmp_path / "out" / ".vssflow-post" / "features").exists()  # there may be a CLIP the next time
    assert "no sync, lip, speaker features" in notes[0]
    assert "features" not in notes[1]
