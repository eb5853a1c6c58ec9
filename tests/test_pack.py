"""A pack holds what training needs: the same sentences at the same times, sounds made anew, and no more than asked."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import butter, sosfilt

from vssflow_dit.config import config_of
from vssflow_dit.sound.codec import Codec
from vssflow_dit.synthesis.data_record import write_record
from vssflow_dit.synthesis.pack import coded, decoded, is_pack, open_pack, write_pack
from vssflow_dit.synthesis.packages import Package
from vssflow_dit.synthesis.recorded_speech import RECORDED
from vssflow_dit.synthesis.sound_shards import Recipe, write_sounds
from vssflow_dit.synthesis.speech import SpeechSet, Utterance, write_speech
from vssflow_dit.synthesis.waves import RATE_HZ
from vssflow_dit.training.examples import starter_examples
from vssflow_post.errors import UsageError
from vssflow_post.progress import silent

VOICES = ("slt", "joe")


def noise(seed: int, n: int) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    """In the band of speech, its loudness changing."""
    white = np.random.default_rng(seed).normal(0, 3000, n) * (0.6 + 0.4 * np.sin(np.arange(n) / 1000))
    return sosfilt(butter(4, [300, 3000], "bandpass", fs=RATE_HZ, output="sos"), white).astype(np.int16)


def said(k: int) -> Utterance:
    n = 30_000 + 1111 * k
    ids = np.array([59, 3 + k, 7, 59], np.int16)
    ends = np.array([0.05, 0.513, 1.1007, n / RATE_HZ], np.float32)
    return Utterance(f"line {k}", VOICES[k % 2], noise(k, n), ids, ends, np.array([0, 1, 3, 0], np.uint8))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    write_speech(folder / "speech", [said(k) for k in range(8)])
    np.save(folder / "speech" / RECORDED, noise(99, 20_000))
    recipe = Recipe(1, config_of("starter").sounds, clips_a_shard=50, pictured=0)
    write_record(folder, 1, write_sounds(folder / "sounds", 50, recipe, 1, lambda done, total: None), [])
    return folder


def lag(before: np.ndarray, after: np.ndarray) -> float:
    """By how many samples `after` comes late, to an eighth of a sample."""
    spectrum = np.fft.rfft(before, 2 * len(before)).conj() * np.fft.rfft(after, 2 * len(before))
    finer = np.fft.irfft(np.concatenate([spectrum, np.zeros(7 * (len(spectrum) - 1))]))
    near = np.concatenate([finer[-800:], finer[:801]])
    return (int(near.argmax()) - 800) / 8


def test_opus_keeps_every_sample_at_its_time() -> None:
    for n in (24_000, 100_001):
        before = noise(n, n)
        after = decoded(coded(before))
        assert len(after) == n
        assert abs(lag(before.astype(float), after.astype(float))) < 0.5


@pytest.mark.slow
def test_what_was_packed_trains_as_what_was_made(data: Path, tmp_path: Path) -> None:
    digest = write_pack(data, tmp_path / "pack", 1.0, 2, silent)
    assert is_pack(tmp_path / "pack")
    assert not is_pack(data)
    open_pack(tmp_path / "pack", tmp_path / "data", 1, silent)
    assert json.loads((tmp_path / "data" / "data.json").read_text())["from_pack"] == digest
    made = {one.text: one for one in SpeechSet(data / "speech")}
    found = {one.text: one for one in SpeechSet(tmp_path / "data" / "speech")}
    assert found.keys() == made.keys()
    for text, one in made.items():
        assert (found[text].voice, len(found[text].audio)) == (one.voice, len(one.audio))
        assert all(
            np.array_equal(getattr(found[text], name), getattr(one, name)) for name in ("ids", "ends_s", "flags")
        )
        assert abs(lag(one.audio.astype(float), found[text].audio.astype(float))) < 0.5
    assert len(np.load(tmp_path / "data" / "speech" / RECORDED)) == 20_000
    batches = [
        starter_examples(config_of("starter"), folder, Codec(), 4).mels(1) for folder in (data, tmp_path / "data")
    ]
    assert batches[0][0].shape == batches[1][0].shape
    for name, value in batches[0][1].items():
        assert (value.shape, value.dtype) == (batches[1][1][name].shape, batches[1][1][name].dtype)


def test_a_pack_is_as_small_as_asked_and_whole(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vssflow_dit.synthesis.pack.SHARD_S", 0.1)  # a sentence a file
    write_pack(data, tmp_path / "pack", 0.12, 1, silent)
    files = [path for path in (tmp_path / "pack").rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 0.12e6
    kept = json.loads((tmp_path / "pack" / "speech" / "texts.json").read_text())["texts"]
    assert 0 < len(kept) < 8
    with pytest.raises(UsageError, match="not empty"):
        write_pack(data, tmp_path / "pack", 1.0, 1, silent)
    with pytest.raises(UsageError, match=r"data\.json"):
        write_pack(tmp_path / "pack" / "speech", tmp_path / "other", 1.0, 1, silent)
    spoilt = tmp_path / "pack" / "speech" / "0000.opus"
    spoilt.write_bytes(spoilt.read_bytes()[:-1])
    with pytest.raises(UsageError, match=r"0000\.opus"):
        open_pack(tmp_path / "pack", tmp_path / "data", 1, silent)


def test_packed_recordings_are_found_by_the_names_of_their_package(tmp_path: Path) -> None:
    for name in ("openttd-opensfx/osfx_18.wav", "0ad-data/attack/weapon/bow_1.ogg"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_bytes(coded(noise(1, 5000)))
    assert list(Package("openttd-opensfx", tmp_path).found("osfx_18.wav")) == ["osfx_18.wav"]
    assert list(Package("0ad-data", tmp_path).found("attack/weapon/bow_*.ogg")) == ["attack/weapon/bow_1.ogg"]
