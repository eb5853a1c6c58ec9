"""The command line as others call it: exit codes, a sentence per mistake, JSON and nothing else, batches that go on."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from conftest import MakeFilm
from tests.fake_backend import FakeBackend
from vssflow_post.backend import CueRequest, Take
from vssflow_post.batch.inputs import Films, find_jobs
from vssflow_post.cli import cli
from vssflow_post.cli.console import safe
from vssflow_post.errors import UsageError
from vssflow_post.generate.voice_samples import write_samples
from vssflow_post.settings.preset import GenerateSection

COMMANDS = ("render", "spot", "demo", "voices", "verify", "cache", "presets", "backends", "doctor")
HEAVY = ("torch", "cv2", "av", "pyannote", "scenedetect", "silero_vad", "scipy", "rich")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def verdicts(result: Result) -> dict[str, str]:
    """Verdict by file name."""
    return {Path(film["film"]).name: film["verdict"] for film in json.loads(result.stdout)["films"]}


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom vssflow_post.cli import cli\ntry: cli(['--help'])\nexcept SystemExit: pass\n"
        f"print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    for command in COMMANDS:
        assert command in done.stdout


@pytest.mark.parametrize(
    "command", ["render", "spot", "demo", "voices", "verify", "cache", "presets", "backends", "doctor"]
)
def test_every_command_shows_an_example(command: str) -> None:
    assert f"vssflow-post {command}" in run(command, "--help").output


def test_one_bad_film_does_not_stop_the_others(make_film: MakeFilm, fake_backend: Path, tmp_path: Path) -> None:
    folder = tmp_path / "films"
    make_film("films/good.mp4", n_frames=12, shots=1)
    make_film("films/deep/er.mkv", n_frames=12, shots=1)
    good = (folder / "good.mp4").read_bytes()
    (folder / "named-otherwise.dat").write_bytes((folder / "deep" / "er.mkv").read_bytes())
    (folder / "empty.mp4").touch()
    (folder / "text.mov").write_text("no film at all")
    (folder / "half.mp4").write_bytes(good[: len(good) // 2])
    (folder / "list.m4v").write_text("#EXTM3U\nhttp://example.org/a.ts\n")
    os.mkfifo(folder / "pipe.mp4")
    os.mkfifo(folder / "pipe")
    for sidecar in ("good.txt", "notes.json", "still.jpg", "tune.wav", ".hidden.mp4"):
        (folder / sidecar).write_text("not a film")
    (folder / "loop").symlink_to(folder)
    (folder / "self.mp4").symlink_to(folder / "self.mp4")
    result = run("render", folder, "-o", tmp_path / "out", "-p", "ci", "--json", "-q")
    assert result.exit_code == 1
    found = verdicts(result)
    assert found.pop("half.mp4") in ("rejected:truncated", "rejected:corrupt")
    assert found == {
        "good.mp4": "done",
        "er.mkv": "done",
        "named-otherwise.dat": "done",
        "empty.mp4": "rejected:empty",
        "text.mov": "rejected:not_media",
        "list.m4v": "rejected:playlist",
        "pipe.mp4": "rejected:not_regular",
        "self.mp4": found["self.mp4"],
    }
    assert not found["self.mp4"].startswith("done")
    answer = json.loads(result.stdout)
    assert answer["done"] + answer["warnings"] == 3
    assert answer["done"] + answer["warnings"] + answer["rejected"] + answer["failed"] == len(answer["films"])
    assert all(film["reason"] and film["output"] is None for film in answer["films"] if film["verdict"] != "done")


def test_explicit_inputs_always_get_a_verdict(make_film: MakeFilm, fake_backend: Path, tmp_path: Path) -> None:
    note, device = tmp_path / "note.txt", tmp_path / "sock.mp4"
    note.write_text("words")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(device))
        result = run("render", note, device, "-o", tmp_path / "out", "--json", "-q")
    assert result.exit_code == 1
    assert verdicts(result) == {"note.txt": "rejected:not_media", "sock.mp4": "rejected:not_regular"}


def test_two_films_for_one_folder_are_both_refused_before_any_work(
    make_film: MakeFilm, fake_backend: Path, tmp_path: Path
) -> None:
    for name in ("films/a.mp4", "films/b/a.mkv", "films/c.mp4"):
        make_film(name, n_frames=12, shots=1)
    result = run("render", tmp_path / "films", "-o", tmp_path / "out", "-p", "ci", "--json", "-q")
    assert verdicts(result) == {
        "a.mp4": "rejected:output_collision",
        "a.mkv": "rejected:output_collision",
        "c.mp4": "done",
    }
    assert not (tmp_path / "out" / "a").exists()


def test_a_film_is_never_delivered_over_itself(make_film: MakeFilm, fake_backend: Path, tmp_path: Path) -> None:
    film = make_film("a/a.mp4", n_frames=12, shots=1)
    before = film.read_bytes()
    result = run("render", film, "-o", tmp_path, "-p", "ci", "--json", "-q")
    assert verdicts(result) == {"a.mp4": "rejected:output_collision"}
    assert film.read_bytes() == before


def test_results_among_the_films_are_not_films(make_film: MakeFilm, fake_backend: Path, tmp_path: Path) -> None:
    for name in ("films/a.mp4", "films/b.mp4"):
        make_film(name, n_frames=12, shots=1)
    folder = tmp_path / "films"
    for out in (folder / "out", folder, folder / "out"):
        result = run("render", folder, "-o", out, "-p", "draft", "--json", "-q")
        assert verdicts(result) == {"a.mp4": "done", "b.mp4": "done"}, out


def test_links_out_of_the_folder_are_refused(make_film: MakeFilm, fake_backend: Path, tmp_path: Path) -> None:
    outside = make_film("elsewhere/secret.mp4", n_frames=12, shots=1)
    make_film("films/a.mp4", n_frames=12, shots=1)
    (tmp_path / "films" / "link.mp4").symlink_to(outside)
    (tmp_path / "films" / "folder").symlink_to(outside.parent)
    result = run("render", tmp_path / "films", "-o", tmp_path / "out", "-p", "ci", "--json", "-q")
    assert verdicts(result) == {
        "a.mp4": "done", "link.mp4": "rejected:outside_root", "folder": "rejected:outside_root",
    }  # fmt: skip


@pytest.mark.usefixtures("cold_workers")
def test_several_workers_give_the_same_bytes(make_film: MakeFilm, fake_backend: Path, tmp_path: Path) -> None:
    for name in ("films/a.mp4", "films/b.mp4"):
        make_film(name, n_frames=12, shots=1)
    (tmp_path / "films" / "bad.mp4").write_text("no film")
    for out, workers in (("one", 1), ("two", 2)):
        result = run("render", tmp_path / "films", "-o", tmp_path / out, "-p", "ci", "--workers", workers, "--json")
        assert result.exit_code == 1
        assert verdicts(result) == {"a.mp4": "done", "b.mp4": "done", "bad.mp4": "rejected:not_media"}
    for name in ("a/a_MIX.wav", "b/b_MIX.wav"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


@pytest.mark.usefixtures("cold_workers")
def test_a_worker_that_dies_costs_its_films_only(
    make_film: MakeFilm, fake_backend: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("films/a.mp4", "films/b.mp4"):
        make_film(name, n_frames=12, shots=1)
    (tmp_path / "films" / "bad.mp4").write_text("no film")
    monkeypatch.setenv("FAKE_BACKEND_FAULT", "die")
    result = run("render", tmp_path / "films", "-o", tmp_path / "out", "-p", "ci", "--workers", 2, "--json", "-q")
    assert result.exit_code == 1
    assert verdicts(result) == {
        "a.mp4": "failed:worker_died", "b.mp4": "failed:worker_died", "bad.mp4": "rejected:not_media",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["-p", "flim"], "there is no preset named 'flim'"),
        (["-p", "bad.toml"], "bad.toml:2: unknown key 'stepz' in [generate]. Did you mean 'steps'?"),
        (["--script", "absent.srt"], "there is no script absent.srt"),
        (["--cues", "absent.json"], "there is no cue sheet absent.json"),
        (["--backend", "absent"], "backend absent cannot run here: it is made of nothing"),
        (["--backend", "fakee"], "there is no backend named 'fakee'"),
        (["--weights", "absent"], "there are no weights at absent"),
        (["--seed", "-1"], "generate.seed must lie between"),
        (["absent.mp4"], "there is no file or folder absent.mp4"),
    ],
)
def test_wrong_usage_gets_one_sentence_and_exit_code_2(
    make_film: MakeFilm, fake_backend: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str],
    told: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    make_film("a.mp4", n_frames=12, shots=1)
    Path("bad.toml").write_text("[generate]\nstepz = 3\n")
    result = run("render", "a.mp4", "-o", "out", "--json", *arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert told in line
    assert not Path("out", "a").exists()


def test_a_script_for_several_films_is_refused(make_film: MakeFilm, fake_backend: Path, tmp_path: Path) -> None:
    films = [make_film(name, n_frames=12, shots=1) for name in ("a.mp4", "b.mp4")]
    script = tmp_path / "lines.srt"
    script.write_text("1\n00:00:00,100 --> 00:00:00,300\nHello.\n")
    result = run("render", *films, "-o", tmp_path / "out", "--script", script)
    assert result.exit_code == 2
    assert "--script is for one film" in result.stderr
    for sheet in (script, tmp_path):
        with pytest.raises(UsageError, match="--cues is for one film"):
            find_jobs(Films(films, cues=sheet), tmp_path / "out")


def test_a_script_that_is_none_is_the_films_verdict(make_film: MakeFilm, fake_backend: Path, tmp_path: Path) -> None:
    film = make_film("a.mp4", n_frames=12, shots=1)
    film.with_suffix(".csv").write_text("what,is,this\n1,2,3\n")
    result = run("render", film, "-o", tmp_path / "out", "--json", "-q")
    assert result.exit_code == 1
    assert verdicts(result)["a.mp4"].startswith("rejected:")
    assert "a.csv" in json.loads(result.stdout)["films"][0]["reason"]


def test_the_command_line_wins_over_the_environment_and_that_over_the_preset(
    make_film: MakeFilm, fake_backend: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = make_film("a.mp4", n_frames=12, shots=1)

    def seeds(*arguments: object) -> list[int]:
        result = run("spot", film, *arguments)
        assert result.exit_code == 0, result.output
        return [cue["seed"] for cue in json.loads(result.stdout)["cues"]]

    preset = tmp_path / "seven.toml"
    preset.write_text("extends = 'ci'\n[generate]\nseed = 7\n")
    seven, eight = seeds("-p", preset), seeds("-p", "ci", "--seed", 8)
    assert seven != eight
    monkeypatch.setenv("VSSFLOW_POST_PRESET", str(preset))
    assert seeds() == seven
    monkeypatch.setenv("VSSFLOW_POST_SEED", "8")
    assert seeds() == eight
    assert seeds("--seed", 7) == seven


def test_a_dry_run_shows_the_work_and_writes_nothing(make_film: MakeFilm, fake_backend: Path, tmp_path: Path) -> None:
    film = make_film("a.mp4")
    film.with_suffix(".srt").write_text("1\n00:00:00,500 --> 00:00:01,500\nANNA: Hello there.\n")
    result = run("render", film, "-o", tmp_path / "out", "-p", "ci", "--dry-run", "-q")
    assert result.exit_code == 0, result.output
    assert "2 scenes" in result.stdout
    assert "1.0 s of speech" in result.stdout
    assert "ANNA: Hello there." in result.stdout
    assert not (tmp_path / "out").exists()
    measured = fake_backend.read_text()
    assert len(measured.splitlines()) == 2, "one cue, twice"
    result = run("render", film, "-o", tmp_path / "out", "-p", "ci", "--dry-run", "-q", "--json")
    assert fake_backend.read_text() == measured, "how fast this machine is was kept"
    plan = json.loads(result.stdout)["films"][0]["plan"]
    spoken = [cue for cue in plan["cues"] if cue["kind"] == "speech"]
    assert [(cue["text"], cue["speaker"], cue["start_s"], cue["end_s"]) for cue in spoken] == [
        ("Hello there.", "ANNA", 0.5, 1.5)
    ]
    assert (plan["n_scenes"], plan["speech_s"]) == (2, 1.0)
    assert 3 * 2 * 3 * 96_000 < plan["disk_bytes"] < 3 * 2 * 3 * 96_000 + 10 * 64_000
    assert plan["memory_bytes"] > 10_000_000
    assert 0 < plan["work_s"] < 600
    assert not (tmp_path / "out").exists()


def test_progress_is_lines_on_stderr_when_there_is_no_terminal(
    make_film: MakeFilm, fake_backend: Path, tmp_path: Path
) -> None:
    film = make_film("[red]a.mp4", n_frames=12, shots=1)
    result = run("render", film, "-o", tmp_path / "out", "-p", "ci")
    assert "[1/1] [red]a.mp4" in result.stderr
    for stage in ("analyse", "speech", "generate", "mix", "deliver"):
        assert f"[red]a.mp4: {stage}" in result.stderr
    assert "[red]a.mp4" in result.stdout
    assert run("render", film, "-o", tmp_path / "out", "-p", "ci", "-q").stderr == ""


def test_an_interrupt_ends_all_workers_with_130(make_film: MakeFilm, fake_backend: Path, tmp_path: Path) -> None:
    for name in ("films/a.mp4", "films/b.mp4"):
        make_film(name, n_frames=3000)
    out = tmp_path / "out"
    command = [
        sys.executable,
        "-m",
        "vssflow_post",
        "render",
        str(tmp_path / "films"),
        "-o",
        str(out),
        "--workers",
        "2",
    ]
    process = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # A job that a script started in the background ignores SIGINT, and so would all that it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stderr is not None
    for line in process.stderr:
        if "analyse" in line:
            break
    os.killpg(process.pid, signal.SIGINT)
    asked = time.monotonic()
    _, told = process.communicate(timeout=30)
    assert process.returncode == 130
    assert time.monotonic() - asked < 10
    assert "Traceback" not in told


def test_presets_and_backends_say_where_things_come_from(fake_backend: Path) -> None:
    listed = run("presets")
    assert listed.exit_code == 0
    for name in ("film", "broadcast-ebu", "atsc", "netflix", "web", "draft", "ci"):
        assert any(line.split()[:2] == [name, "shipped"] for line in listed.stdout.splitlines())
    shown = run("presets", "atsc").stdout
    assert "target_lufs = -24.0" in shown
    assert "atsc.toml" in shown
    backends = run("backends").stdout
    lines = [line.split(maxsplit=3) for line in backends.splitlines()]
    assert ["backend", "fake", "usable"] in [line[:3] for line in lines]
    assert ["backend", "absent", "unusable", "it is made of nothing"] in [
        [*line[:3], *map(str.strip, line[3:])] for line in lines
    ]
    assert ["plugin", "broken", "broken"] in [line[:3] for line in lines]
    assert {"script", "silero", "lips", "pyannote"} <= {line[1] for line in lines if line[0] == "detector"}
    assert "auto takes fake" in backends


def table(*arguments: object, exit_code: int = 0) -> dict[str, Any]:
    """The object that a command prints with `--json`, on stdout and nothing else."""
    result = run(*arguments, "--json")
    assert result.exit_code == exit_code, result.output
    told = json.loads(result.stdout)
    assert isinstance(told, dict)
    return told


def test_what_is_listed_is_listed_for_programs_too(fake_backend: Path, tmp_path: Path) -> None:
    listed = {each["name"]: each for each in table("presets")["presets"]}
    assert listed["web"]["origin"] == "shipped"
    assert Path(listed["web"]["path"]).is_file()
    shown = table("presets", "atsc")
    assert (shown["name"], shown["settings"]["loudness"]["target_lufs"]) == ("atsc", -24.0)
    mine = tmp_path / "mine.toml"
    (tmp_path / "theme.wav").touch()
    mine.write_text("extends = 'web'\n[[music]]\nfile = 'theme.wav'\ngain_db = -12\n")
    [piece] = table("presets", mine)["settings"]["music"]
    assert (piece["file"], piece["gain_db"]) == (str(tmp_path / "theme.wav"), -12.0)
    bad = tmp_path / "bad.toml"
    bad.write_text("[mix]\nfade_ms = -1\n")
    [fault] = table("presets", "check", bad, exit_code=2)["faults"]
    assert ":2:" in fault
    assert table("presets", "check", "web") == {"preset": "web", "faults": []}
    told = table("backends")
    assert told["auto"] == "fake"
    assert {"kind": "backend", "name": "absent", "state": "unusable", "why": "it is made of nothing"} in told["offers"]
    cast = tmp_path / "cast.toml"
    cast.write_text("[cast]\nANNA = 'bass'\n")
    voices = {each["voice"]: each for each in table("voices", "--cast", cast)["voices"]}
    assert voices["bass"]["cast_for"] == ["ANNA"]
    assert voices["alto"]["cast_for"] == []
    sampled = table("voices", "--samples", tmp_path / "samples")
    assert sorted(sampled["samples"]) == [
        str(tmp_path / "samples" / f"{name}.wav") for name in ("alto", "bass", "tenor")
    ]


@pytest.mark.parametrize("text", ["", " ", "...!", "...", "\n"])
def test_voices_with_nothing_to_say_are_wrong_usage(fake_backend: Path, tmp_path: Path, text: str) -> None:
    result = run("voices", "--samples", tmp_path / "samples", "--text", text)
    assert (result.exit_code, (tmp_path / "samples").exists()) == (2, False)
    assert f"--text {text!r} has no word" in result.stderr
    assert run("voices", "--text", text).exit_code == 2


class Mute(FakeBackend):
    """Says nothing with the voices that it names."""

    silent: Sequence[str] = ()

    def render(self, requests: Sequence[CueRequest]) -> Iterator[Take]:
        for request, take in zip(reversed(requests), super().render(requests), strict=True):
            take.audio.samples[:] *= request.voice not in self.silent
            yield take


def test_a_voice_that_cannot_say_it_gets_no_sample(tmp_path: Path) -> None:
    backend = Mute(GenerateSection())
    backend.silent = ["bass"]
    asked = [(voice, backend) for voice in ("alto", "bass")]
    assert list(write_samples(asked, "Hello", tmp_path)) == [tmp_path / "alto.wav"]
    assert [path.name for path in tmp_path.iterdir()] == ["alto.wav"]
    with pytest.raises(UsageError, match="no voice has sounds for '你好'"):
        list(write_samples(asked[1:], "你好", tmp_path))


def test_the_cache_is_listed_for_programs_too(make_film: MakeFilm, fake_backend: Path, tmp_path: Path) -> None:
    assert run("render", make_film("a.mp4", n_frames=12, shots=1), "-o", tmp_path / "out").exit_code == 0
    told = table("cache", tmp_path / "out")
    kinds = {kind: kept for kind, kept in told["kept"].items() if kind != "all"}
    assert told["removed"] is None
    assert datetime.strptime(told["kept"]["all"]["last_used"][-6:], "%z"), "an offset with a colon, as everywhere"
    assert told["kept"]["all"]["last_used"][-3] == ":"
    assert {"takes"} <= set(kinds)
    for key in ("entries", "bytes"):
        assert told["kept"]["all"][key] == sum(kept[key] for kept in kinds.values()) > 0
    pruned = table("cache", tmp_path / "out", "--max-size", "0MB")
    assert pruned["removed"]["entries"] == told["kept"]["all"]["entries"]
    assert pruned["kept"] == {"all": {"entries": 0, "bytes": 0, "last_used": None}}


@pytest.mark.slow
def test_doctor_has_one_line_per_check(fake_backend: Path) -> None:
    result = run("doctor")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert all(line.split()[0] in ("ok", "absent", "warning", "missing") for line in lines)
    for subject in ("python", "torch", "FFmpeg", "OpenCV", "silero", "pyannote", "weights", "disk"):
        assert any(subject in line for line in lines), subject
    told = table("doctor")
    assert told["fit"]
    assert [f"{check['state']:<7} {check['name']:<16}" for check in told["checks"]] == [
        line[: max(24, 8 + len(check["name"]))] for line, check in zip(lines, told["checks"], strict=True)
    ]


def test_commands_that_do_not_exist_are_wrong_usage(fake_backend: Path) -> None:
    assert run("rendre").exit_code == 2
    assert run("render", "--loud").exit_code == 2
    assert run("render", "-o", "x").exit_code == 2


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain [bold]é 🎬", "plain [bold]é 🎬"),
        ("a\nb\tc\x1b[31m\x7f", r"a\nb\tc\x1b[31m\x7f"),
        ("\udcff\u202e\u200b", r"\xff\u202e\u200b"),
    ],
)
def test_text_that_could_move_the_cursor_is_shown_as_escapes(text: str, shown: str) -> None:
    assert safe(text) == shown
