"""Training data is the same for the same recipe, whatever happened on the way, and says what it is."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from vssflow_dit.onsets import matched, onsets
from vssflow_dit.synthesis import sound_shards
from vssflow_dit.synthesis.clips import SHARES, draw_clip
from vssflow_dit.synthesis.recordings import CC_BY_SA, SOURCES, Recordings
from vssflow_dit.synthesis.sound_shards import Recipe, frames_of, write_sounds
from vssflow_dit.synthesis.sounds import CLASSES, follows
from vssflow_dit.synthesis.waves import RATE_HZ
from vssflow_dit.training.examples import load_sounds
from vssflow_post.errors import UsageError


def digests(folder: Path, recipe: Recipe, n: int = 8) -> list[str]:
    return [shard["sha256"] for shard in write_sounds(folder, n, recipe, 1, lambda done, total: None)]


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sound_shards, "CLIPS_A_SHARD", 4)
    monkeypatch.setattr(sound_shards, "PICTURED", 2)


def test_a_killed_run_goes_on_to_the_same_data(tmp_path: Path) -> None:
    whole = digests(tmp_path / "a", Recipe(3, CLASSES))
    assert len(whole) == 2
    kept = (tmp_path / "a" / "0000.npy").stat()
    for name in ("0001.json", "0001.npz"):  # killed between two files of the second shard
        (tmp_path / "a" / name).unlink()
    assert digests(tmp_path / "a", Recipe(3, CLASSES)) == whole
    assert (tmp_path / "a" / "0000.npy").stat().st_mtime_ns == kept.st_mtime_ns, "a whole shard was made again"
    assert digests(tmp_path / "b", Recipe(4, CLASSES), 4) != whole[:1]


def test_sounds_of_another_recipe_are_not_mixed_in(tmp_path: Path) -> None:
    digests(tmp_path, Recipe(3, CLASSES), 4)
    with pytest.raises(UsageError, match="another seed"):
        digests(tmp_path, Recipe(4, CLASSES), 4)


def test_training_reads_what_was_written(tmp_path: Path) -> None:
    digests(tmp_path, Recipe(5, CLASSES))
    clips = load_sounds(tmp_path)
    told = [clip for path in sorted(tmp_path.glob("*.json")) for clip in json.loads(path.read_text())["clips"]]
    assert len(clips) == len(told) == 8
    for clip, fact in zip(clips, told, strict=True):
        assert clip.sound == (CLASSES.index(fact["sound"]) + 1 if fact["named"] else 0)
        assert clip.mel.shape == (600, 64)
        assert clip.speed.shape == (600,)
    pictures = list(frames_of(tmp_path / "0001.npz", 2))
    assert 5.9 < pictures[-1][0] < 6.0
    assert len({picture.shape for _, picture in pictures}) == 1


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
    write_sounds(tmp_path / "out", 40, Recipe(1, CLASSES, recorded), 1, lambda done, total: None)
    told = [json.loads(path.read_text()) for path in sorted((tmp_path / "out").glob("*.json"))]
    assert any(clip["recorded"] for shard in told for clip in shard["clips"])
    assert told[0]["recipe"]["recordings"] == recordings.facts()


def test_a_folder_without_the_recordings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="minetest-data"):
        Recordings(tmp_path)
