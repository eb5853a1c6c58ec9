"""A film that has sound keeps it: whole, under new lines, and without effects that nobody asks for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import drawn_films
import numpy as np
import opentimelineio as otio
import pytest
import soundfile
from click.testing import CliRunner, Result

from conftest import MakeFilm
from vssflow_post.audio import Samples
from vssflow_post.cli import cli
from vssflow_post.media.pickups import pickups_of
from vssflow_post.media.probe import probe
from vssflow_post.media.sound import stereo_blocks

RATE_HZ = 48_000
SCRIPT = "1\n00:00:02,000 --> 00:00:03,000\nANNA: Hello.\n"


def render(film: Path, out: Path, settings: str = "") -> Result:
    preset = out.parent / "own.toml"
    preset.write_text(f"extends = 'ci'\n{settings}")
    result = CliRunner().invoke(cli, ["render", "-q", "-p", str(preset), str(film), "-o", str(out)])
    assert result.exit_code == 0, result.output
    return result


def stem(out: Path, name: str) -> Samples:
    audio, _ = soundfile.read(out / "a" / f"a_{name}.wav", dtype="float32", always_2d=True)
    return np.asarray(audio.T, np.float32)


def told(out: Path) -> dict[str, Any]:
    return dict(json.loads((out / "a" / "report.json").read_text()))


def hum(seconds: int = 4) -> Samples:
    """A room that hums, all the time."""
    return np.asarray(0.05 * np.sin(2 * np.pi * 440 * np.arange(seconds * RATE_HZ) / RATE_HZ), np.float32)


def levels_db(audio: Samples, *seconds: tuple[float, float]) -> list[float]:
    parts = [audio[:, round(start * RATE_HZ) : round(end * RATE_HZ)] for start, end in seconds]
    return [float(20 * np.log10(np.sqrt((part**2).mean()))) for part in parts]


def test_all_of_the_films_own_sound_is_kept_and_nothing_is_laid_over_it(
    make_film: MakeFilm, fake_backend: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    render(make_film("a.mp4", 100, sound=hum()), out)
    before, middle, after = levels_db(stem(out, "DX"), (0.1, 1), (1.5, 2.5), (3, 3.9))
    assert before == pytest.approx(middle, abs=0.2)
    assert after == pytest.approx(middle, abs=0.2)
    assert not stem(out, "FX").any()
    assert any("kept whole, in DX" in sentence for sentence in told(out)["warnings"])
    assert told(out)["verdict"] == "done"


def test_a_stereo_film_keeps_its_sides_and_its_level(fake_backend: Path, tmp_path: Path) -> None:
    """A tone on the left, another in the middle; in mono the middle one lies as loud in both loudspeakers."""
    seconds = np.arange(3 * RATE_HZ) / RATE_HZ
    left, middle = (0.1 * np.sin(2 * np.pi * hz * seconds) for hz in (500, 2000))
    pictures = [drawn_films.texture(1, 96, 64)] * 75
    sound = np.stack([left + middle, middle]).astype(np.float32)
    drawn_films.write_film(tmp_path / "a.mkv", pictures, 25, audio=sound)
    drawn_films.write_film(tmp_path / "b.mkv", pictures, 25, audio=middle[None].astype(np.float32))
    render(tmp_path / "a.mkv", tmp_path / "out", "[mix]\nlayout = 'stereo'\n")
    audio = stem(tmp_path / "out", "DX")
    spectra = np.abs(np.fft.rfft(audio[:, RATE_HZ : 2 * RATE_HZ]))
    assert spectra[1, 500] < 0.01 * spectra[0, 500]
    assert spectra[0, 2000] == pytest.approx(spectra[1, 2000], rel=0.02)
    assert spectra[0, 500] == pytest.approx(spectra[0, 2000], rel=0.05)
    one, other = (probe(tmp_path / name) for name in ("a.mkv", "b.mkv"))
    sides = np.concatenate(list(stereo_blocks(one, RATE_HZ, pickups_of(one.audio_streams[0]))), axis=1)
    mono = np.concatenate(list(stereo_blocks(other, RATE_HZ, pickups_of(other.audio_streams[0]))), axis=1)
    assert np.abs(np.fft.rfft(sides[1]))[6000] == pytest.approx(np.abs(np.fft.rfft(mono[1]))[6000], rel=0.02)


@pytest.mark.parametrize(("layout", "hums"), [("5.1", [True] * 6), ("stereo", [True, True])])
def test_surround_stays_surround_where_the_mix_has_it(
    fake_backend: Path, tmp_path: Path, layout: str, hums: list[bool]
) -> None:
    """Each channel with a tone of its own, and a room that hums: what comes out is what went in, at one gain."""
    seconds = np.arange(3 * RATE_HZ) / RATE_HZ
    sound = np.stack([0.1 * np.sin(2 * np.pi * hz * seconds) for hz in (500, 700, 900, 60, 1300, 1500)])
    pictures = [drawn_films.texture(1, 96, 64)] * 75
    drawn_films.write_film(tmp_path / "a.mov", pictures, 25, audio=sound.astype(np.float32))
    render(tmp_path / "a.mov", tmp_path / "out", f"[mix]\nlayout = '{layout}'\n")
    audio = stem(tmp_path / "out", "DX")[:, RATE_HZ // 2 : 5 * RATE_HZ // 2]
    own = sound[:, RATE_HZ // 2 : 5 * RATE_HZ // 2]
    assert len(audio) == len(hums)
    if layout == "stereo":
        mid = np.sqrt(0.5)
        own = np.stack([own[k] + mid * own[2] + mid * own[4 + k] for k in (0, 1)])
    gain = float((audio * own).sum() / (own * own).sum())
    assert np.abs(audio - gain * own).max() < 1e-3 * gain, "the LFE is left out of stereo, as ITU-R BS.775 has it"
    assert [bool(channel.any()) for channel in audio] == hums


def test_a_scripted_line_is_laid_over_it_and_the_track_steps_back(
    make_film: MakeFilm, fake_backend: Path, tmp_path: Path
) -> None:
    film, out = make_film("a.mp4", 100, sound=hum()), tmp_path / "out"
    film.with_suffix(".srt").write_text(SCRIPT)
    render(film, out, "[mix]\nproduction_stem = true\nproduction_duck_db = 9\n")
    free, under = levels_db(stem(out, "PD"), (0.2, 1.2), (2.1, 2.9))
    assert under == pytest.approx(free - 9, abs=0.2)
    assert stem(out, "DX")[:, 2 * RATE_HZ : 3 * RATE_HZ].any()
    assert not stem(out, "DX")[:, : 2 * RATE_HZ - 1].any()


@pytest.mark.parametrize(
    ("settings", "sound", "has_effects"),
    [
        ("[cues]\neffects = 'always'\n", hum(), True),
        pytest.param("[cues]\nsound = 'rain'\n", hum(), True, marks=pytest.mark.slow),
        ("[dialogue]\nproduction = 'speech'\n", hum(), True),
        pytest.param("[dialogue]\nsource = 'generate'\n", hum(), True, marks=pytest.mark.slow),
        ("", np.zeros(4 * RATE_HZ, np.float32), True),
        pytest.param("", None, True, marks=pytest.mark.slow),
        ("[cues]\neffects = 'never'\n", None, False),
        pytest.param("[cues]\neffects = 'never'\nsound = 'rain'\n", None, False, marks=pytest.mark.slow),
    ],
)
def test_effects_are_made_where_they_are_asked_for_or_there_is_no_sound(
    make_film: MakeFilm, fake_backend: Path, tmp_path: Path, settings: str, sound: Samples | None, has_effects: bool
) -> None:
    out = tmp_path / "out"
    render(make_film("a.mp4", 100, sound=sound), out, settings)
    assert stem(out, "FX").any() == has_effects


def test_what_was_decided_about_it_is_told_with_a_cue_sheet_and_without_effects_too(
    make_film: MakeFilm, fake_backend: Path, tmp_path: Path
) -> None:
    film, out = make_film("a.mp4", 50, sound=hum(2)), tmp_path / "out"
    render(film, out, "[cues]\neffects = 'never'\n")
    assert any("no effects are made" in sentence for sentence in told(out)["warnings"])
    sheet = tmp_path / "mine.cues.json"
    sheet.write_bytes((out / "a" / "a.cues.json").read_bytes())
    result = CliRunner().invoke(cli, ["render", "-q", "-p", "ci", str(film), "-o", str(out), "--cues", str(sheet)])
    assert result.exit_code == 0, result.output
    assert any(
        "kept whole, in DX; what is made beside it is what the cue sheet says" in said for said in told(out)["warnings"]
    )


@pytest.mark.parametrize("settings", ["", "takes = true\n", "aaf = true\n[mix]\nproduction_stem = true\n"])
def test_a_timeline_plays_as_the_mix_also_beside_its_cues(
    make_film: MakeFilm, fake_backend: Path, tmp_path: Path, settings: str
) -> None:
    """The film's own sound between the lines, room tone, and effects that sound at the same time: each once."""
    film, out = make_film("a.mp4", 150, sound=hum(6)), tmp_path / "out"
    film.with_suffix(".srt").write_text(
        "1\n00:00:01,000 --> 00:00:02,000\nANNA: Hello.\n\n2\n00:00:01,500 --> 00:00:02,500\nTOM: You there?\n\n"
        "3\n00:00:01,000 --> 00:00:05,000\n[rain]\n\n4\n00:00:03,000 --> 00:00:04,000\n[door slams]\n"
    )
    render(film, out, f"[deliver]\n{settings}")
    folder = out / "a"
    timeline = otio.adapters.read_from_file(str(folder / "a.otio"))
    mix, _ = soundfile.read(folder / "a_MIX.wav", dtype="int32", always_2d=True)
    heard = np.zeros_like(mix)
    for clip in (clip for track in timeline.audio_tracks() for clip in track.find_clips() if clip.enabled):
        audio, _ = soundfile.read(folder / clip.media_reference.target_url, dtype="int32", always_2d=True)
        held, played = clip.media_reference.available_range.start_time, clip.source_range
        first, n = round((played.start_time - held).value), round(played.duration.value)
        at = round(clip.range_in_parent().start_time.value)
        heard[at : at + n] += audio[first : first + n]
    assert np.array_equal(heard, mix)
    names = [clip.name for track in timeline.audio_tracks() for clip in track.find_clips()]
    assert {"d0001 ANNA: Hello.", "d0002 TOM: You there?", "own-sound-1"} <= set(names)
    assert len(names) == len(set(names))
    assert not list(folder.glob("*.lane"))
