"""The whole line on small films, with the backend that needs no model: what lands on disk, and that it lands whole."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner, Result

from conftest import MakeFilm
from vssflow_post.cli import cli
from vssflow_post.deliver.report.stem_pictures import draw_stems
from vssflow_post.store.entries import file_digest

SCRIPT = "1\n00:00:00,300 --> 00:00:01,100\nANNA: Hello there.\n\n2\n00:00:01,200 --> 00:00:01,800\nTOM: Good bye.\n"


def render(*arguments: object) -> Result:
    words = [str(argument) for argument in arguments]
    return CliRunner().invoke(cli, ["render", "-p", "ci", "-q", *words])


def stems(folder: Path) -> dict[str, np.ndarray]:
    found = {}
    for name in ("DX", "FX", "MIX"):
        samples, rate_hz = soundfile.read(folder / f"{folder.name}_{name}.wav", dtype="int32", always_2d=True)
        assert rate_hz == 48_000
        found[name] = samples.T.astype(np.int64) >> 8
    return found


def report(folder: Path) -> dict[str, Any]:
    table = json.loads((folder / "report.json").read_text("utf-8"))
    assert isinstance(table, dict)
    return table


@pytest.mark.parametrize(("rate", "n_frames"), [(Fraction(24000, 1001), 50), (Fraction(30000, 1001), 61)])
def test_every_deliverable_with_exactly_the_films_samples(
    make_film: MakeFilm, fake_backend: Path, tmp_path: Path, rate: Fraction, n_frames: int
) -> None:
    film = make_film("take 1.mp4", n_frames, rate, timecode="01:00:00:00")
    film.with_suffix(".srt").write_text(SCRIPT)
    result = CliRunner().invoke(cli, ["render", str(film), "-o", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    folder = tmp_path / "out" / "take 1"
    endings = ("_DX.wav", "_FX.wav", "_MIX.wav", ".mp4", ".cues.json", ".cues.csv", ".otio", ".srt", ".vtt")
    assert {path.name for path in folder.iterdir()} == {
        *(f"take 1{ending}" for ending in endings), "report.html", "report.json", "manifest.json", "cast.toml",
    }  # fmt: skip
    found = stems(folder)
    n_samples = int(Fraction(n_frames) / rate * 48_000 + Fraction(1, 2))
    assert {stem.shape for stem in found.values()} == {(2, n_samples)}
    assert np.array_equal(found["DX"] + found["FX"], found["MIX"])
    assert found["DX"].any()
    assert found["FX"].any()
    page = (folder / "report.html").read_text("utf-8")
    for name, pictures in draw_stems({name: folder / f"take 1_{name}.wav" for name in found}).items():
        assert pictures is not None
        assert pictures.waveform in page, name
        assert pictures.spectrogram in page, name


def test_dialogue_lies_in_its_lines_and_nowhere_else(make_film: MakeFilm, fake_backend: Path, tmp_path: Path) -> None:
    film = make_film("a.mp4")
    film.with_suffix(".srt").write_text(SCRIPT)
    assert render(film, "-o", tmp_path / "out").exit_code == 0
    loud = np.abs(stems(tmp_path / "out" / "a")["DX"]).max(axis=0) > 1000
    assert not loud[: int(0.29 * 48_000)].any()
    assert loud[int(0.32 * 48_000) : int(1.08 * 48_000)].any()
    assert not loud[int(1.11 * 48_000) : int(1.19 * 48_000)].any()
    assert not loud[int(1.81 * 48_000) :].any()


def test_speakers_get_different_voices_and_the_cast_decides(
    make_film: MakeFilm, fake_backend: Path, tmp_path: Path
) -> None:
    film = make_film("a.mp4")
    film.with_suffix(".srt").write_text(SCRIPT)
    assert render(film, "-o", tmp_path / "out").exit_code == 0
    voices = {cue["speaker"]: cue["voice"] for cue in report(tmp_path / "out" / "a")["cues"] if cue["text"]}
    assert len(set(voices.values())) == 2
    preset = tmp_path / "house.toml"
    preset.write_text("extends = 'ci'\n[cast]\nANNA = 'tenor'\n")
    assert render(film, "-o", tmp_path / "out", "-p", preset).exit_code == 0
    voices = {cue["speaker"]: cue["voice"] for cue in report(tmp_path / "out" / "a")["cues"] if cue["text"]}
    assert voices["ANNA"] == "tenor"
    preset.write_text("extends = 'ci'\n[cast]\nANNA = 'soprano'\n")
    result = render(film, "-o", tmp_path / "out", "-p", preset)
    assert result.exit_code == 2
    assert "no voice 'soprano' (there are: alto, bass, tenor)" in result.stderr


def test_twice_is_byte_identical_and_nothing_is_rendered_twice(
    make_film: MakeFilm, fake_backend: Path, tmp_path: Path
) -> None:
    film = make_film("a.mp4")
    film.with_suffix(".srt").write_text(SCRIPT)
    names = ("a_DX.wav", "a_FX.wav", "a_MIX.wav", "a.cues.json", "a.otio", "a.mp4")
    digests = []
    for out in ("one", "two"):
        assert render(film, "-o", tmp_path / out, "-p", "draft").exit_code == 0
        digests.append([file_digest(tmp_path / out / "a" / name) for name in names])
    assert digests[0] == digests[1]
    n_cues = len(fake_backend.read_text().splitlines())
    manifest = tmp_path / "one" / "a" / "manifest.json"
    written = manifest.stat().st_mtime_ns
    assert render(film, "-o", tmp_path / "one", "-p", "draft").exit_code == 0
    assert manifest.stat().st_mtime_ns == written
    assert render(film, "-o", tmp_path / "one", "-p", "draft", "--fresh").exit_code == 0
    assert manifest.stat().st_mtime_ns > written
    assert [file_digest(tmp_path / "one" / "a" / name) for name in names] == digests[0]
    assert len(fake_backend.read_text().splitlines()) == n_cues
    assert all(cue["cached"] for cue in report(tmp_path / "one" / "a")["cues"])


def test_a_changed_line_renders_that_line_only(make_film: MakeFilm, fake_backend: Path, tmp_path: Path) -> None:
    film, script = make_film("a.mp4"), tmp_path / "a.srt"
    script.write_text(SCRIPT)
    assert render(film, "-o", tmp_path / "out").exit_code == 0
    fake_backend.unlink()
    script.write_text(SCRIPT.replace("Good bye", "See you"))
    assert render(film, "-o", tmp_path / "out").exit_code == 0
    assert [line.split(maxsplit=3)[3] for line in fake_backend.read_text().splitlines()] == ["See you."]


def test_what_a_rotten_store_lost_is_made_again(make_film: MakeFilm, fake_backend: Path, tmp_path: Path) -> None:
    film = make_film("a.mp4")
    assert render(film, "-o", tmp_path / "out").exit_code == 0
    before = file_digest(tmp_path / "out" / "a" / "a_MIX.wav")
    take = next((tmp_path / "out" / ".vssflow-post" / "takes").rglob("*.take"))
    data = bytearray(take.read_bytes())
    data[100] ^= 1
    take.write_bytes(data)
    fake_backend.unlink()
    assert render(film, "-o", tmp_path / "out", "--fresh").exit_code == 0
    assert len(fake_backend.read_text().splitlines()) == 1
    assert file_digest(tmp_path / "out" / "a" / "a_MIX.wav") == before


def test_an_edited_cue_sheet_is_rendered_as_edited(make_film: MakeFilm, fake_backend: Path, tmp_path: Path) -> None:
    film, sheet = make_film("a.mp4"), tmp_path / "edited.json"
    assert CliRunner().invoke(cli, ["spot", str(film), "-o", str(sheet), "-p", "ci"]).exit_code == 0
    table = json.loads(sheet.read_text())
    cue = table["cues"][0]
    cue |= {"kind": "speech", "text": "So it is.", "speaker": "EVA", "voice": "tenor", "seed": 5, "sound": ""}
    sheet.write_text(json.dumps(table))
    assert render(film, "-o", tmp_path / "out", "--cues", sheet).exit_code == 0
    delivered = json.loads((tmp_path / "out" / "a" / "a.cues.json").read_text())
    assert delivered["cues"] == table["cues"]
    assert f"{cue['id']} tenor - So it is." in fake_backend.read_text().splitlines()


def test_production_dialogue_is_kept_where_there_is_no_script(
    make_film: MakeFilm, fake_backend: Path, tmp_path: Path
) -> None:
    """Which stretches are speech is said by a cue sheet here; what detectors hear is tested with the detectors."""
    sound = np.zeros(2 * 48_000, np.float32)
    sound[48_000:72_000] = 0.4 * np.sin(2 * np.pi * 1000 * np.arange(24_000) / 48_000)
    film, sheet, preset = make_film("a.mp4", sound=sound), tmp_path / "cues.json", tmp_path / "deaf.toml"
    preset.write_text("extends = 'ci'\n[speech]\nsource = 'none'\n[dialogue]\nproduction = 'speech'\n")
    assert CliRunner().invoke(cli, ["spot", str(film), "-o", str(sheet), "-p", str(preset)]).exit_code == 0
    table = json.loads(sheet.read_text())
    span = {"start_s": 1.1, "end_s": 1.4}
    table["cues"].append({"id": "d1", "kind": "speech", "text": "", "origin": "silero", **span})
    sheet.write_text(json.dumps(table))
    assert render(film, "-o", tmp_path / "out", "--cues", sheet, "-p", preset).exit_code == 0
    dialogue = stems(tmp_path / "out" / "a")["DX"][0].astype(float)
    assert not dialogue[: int(1.1 * 48_000)].any()
    assert not dialogue[int(1.4 * 48_000) + 1 :].any()
    middle = dialogue[int(1.2 * 48_000) : int(1.3 * 48_000)]
    spectrum = np.abs(np.fft.rfft(middle))
    assert abs(int(spectrum.argmax()) * 10 - 1000) <= 10
    assert " d1 " not in fake_backend.read_text()


def test_speech_without_words_in_a_silent_film_is_a_warning(
    make_film: MakeFilm, fake_backend: Path, tmp_path: Path
) -> None:
    film, sheet = make_film("a.mp4"), tmp_path / "cues.json"
    assert CliRunner().invoke(cli, ["spot", str(film), "-o", str(sheet), "-p", "ci"]).exit_code == 0
    table = json.loads(sheet.read_text())
    table["cues"].append({"id": "d1", "kind": "speech", "text": "", "origin": "lips", "start_s": 1.1, "end_s": 1.4})
    sheet.write_text(json.dumps(table))
    result = render(film, "-o", tmp_path / "out", "--cues", sheet, "--json")
    assert result.exit_code == 0
    answer = json.loads(result.stdout)
    assert answer["films"][0]["verdict"] == "done_with_warnings"
    assert (answer["done"], answer["warnings"]) == (0, 1)
    assert not stems(tmp_path / "out" / "a")["DX"].any()


@pytest.mark.parametrize(
    ("fault", "verdict"),
    [
        ("raise", "failed:backend"),
        ("exit", "failed:backend"),
        ("short", "failed:bad_take"),
        ("surround", "failed:bad_take"),
        ("nan", "failed:bad_take"),
        ("stranger", "failed:bad_take"),
    ],
)
def test_a_backend_that_breaks_its_contract_fails_its_film_only(
    make_film: MakeFilm, fake_backend: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str, verdict: str
) -> None:
    film = make_film("a.mp4", n_frames=12, shots=1)
    monkeypatch.setenv("FAKE_BACKEND_FAULT", fault)
    result = render(film, "-o", tmp_path / "out", "--json")
    assert result.exit_code == 1
    answer = json.loads(result.stdout)["films"][0]
    assert answer["verdict"] == verdict
    assert answer["reason"]
    assert not (tmp_path / "out" / "a").exists()


def test_a_killed_run_leaves_no_final_name_and_the_next_one_goes_on(
    make_film: MakeFilm, fake_backend: Path, tmp_path: Path
) -> None:
    film, out = make_film("a.mp4"), tmp_path / "out"
    command = [sys.executable, "-m", "vssflow_post", "render", str(film), "-o", str(out), "-p", "ci", "-q"]
    process = subprocess.Popen(command)
    takes = out / ".vssflow-post" / "takes"
    deadline = time.monotonic() + 60
    while not list(takes.rglob("*.take")) and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (out / "a").exists() or (out / "a" / "manifest.json").exists()
    assert render(film, "-o", out).exit_code == 0
    assert render(film, "-o", tmp_path / "other").exit_code == 0
    for name in ("a_DX.wav", "a_FX.wav", "a_MIX.wav"):
        assert file_digest(out / "a" / name) == file_digest(tmp_path / "other" / "a" / name)


def test_sigterm_ends_the_run_with_143(make_film: MakeFilm, fake_backend: Path, tmp_path: Path) -> None:
    film, out = make_film("a.mp4", n_frames=1500), tmp_path / "out"
    command = [sys.executable, "-m", "vssflow_post", "render", str(film), "-o", str(out), "-p", "ci", "-q"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while not (out / ".vssflow-post" / "lock").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    process.terminate()
    _, told = process.communicate(timeout=30)
    assert process.returncode == 143
    assert b"Traceback" not in told
    assert not (out / "a").exists()


def test_a_second_run_on_the_same_output_says_so_at_once(
    make_film: MakeFilm, fake_backend: Path, tmp_path: Path
) -> None:
    from vssflow_post.store.output_folder import OutputFolder, output_lock

    film = make_film("a.mp4")
    with output_lock(OutputFolder(tmp_path / "out")):
        result = render(film, "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert "another run is writing into" in result.stderr
    assert render(film, "-o", tmp_path / "out").exit_code == 0


def test_files_of_the_user_in_the_result_folder_survive(
    make_film: MakeFilm, fake_backend: Path, tmp_path: Path
) -> None:
    film, out = make_film("a.mp4"), tmp_path / "out"
    assert render(film, "-o", out, "-p", "draft").exit_code == 0
    (out / "a" / "notes.txt").write_text("mine")
    assert render(film, "-o", out, "-p", "ci").exit_code == 0
    assert (out / "a" / "notes.txt").read_text() == "mine"
    assert not (out / "a" / "a.mp4").exists(), "the ci preset delivers no picture, so the old one is gone"


@pytest.mark.parametrize(
    "name",
    [
        "-y.mp4", "a:b.mp4", "concat:x|y.mp4", "100%d.mp4", "new\nline.mp4", "tab\t.mp4", "esc\x1b[31m.mp4",
        "[red]x.mp4", "=1+1.mp4", "🎬.mp4", "x" * 251 + ".mp4", "byte\udcff.mp4",
    ],
)  # fmt: skip
def test_names_of_all_kinds(make_film: MakeFilm, fake_backend: Path, tmp_path: Path, name: str) -> None:
    plain = make_film("plain.mp4", n_frames=12, shots=1)
    film = tmp_path / "in" / name
    film.parent.mkdir()
    os.rename(plain, film)  # noqa: PTH104  pathlib would do, but this is what is meant
    result = CliRunner().invoke(cli, ["render", "-q", "-p", "draft", str(film.parent), "-o", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    assert "\x1b" not in result.output
    (folder,) = [path for path in (tmp_path / "out").iterdir() if path.name not in (".vssflow-post", "batch.jsonl")]
    assert (folder / "manifest.json").exists()
    assert len(list(folder.glob("*_MIX.wav"))) == 1


def test_what_a_backend_remarks_on_a_cue_is_a_warning_of_the_film(
    make_film: MakeFilm, fake_backend: Path, tmp_path: Path
) -> None:
    film, preset = make_film("a.mp4", n_frames=12, shots=1), tmp_path / "dragon.toml"
    preset.write_text("extends = 'ci'\n[cues]\nsound = 'dragon'\n")
    result = render(film, "-o", tmp_path / "out", "-p", preset, "--json")
    assert result.exit_code == 0
    answer = json.loads(result.stdout)["films"][0]
    assert answer["verdict"] == "done_with_warnings"
    assert "I know no dragon." in answer["reason"]
    assert report(tmp_path / "out" / "a")["verdict"] == "done_with_warnings"
