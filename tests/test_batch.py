"""Batches: a worker that dies or hangs costs its film only, and `batch.jsonl` knows what became of each film."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from conftest import MakeFilm
from vssflow_post.batch.crew import first_silence_limit_s, silence_limit_s
from vssflow_post.batch.ledger import Ledger
from vssflow_post.batch.local_crew import crew_size, with_shared_cores
from vssflow_post.cli import cli
from vssflow_post.cli.ending import Terminated
from vssflow_post.cli.watching import watching
from vssflow_post.deliver import staged
from vssflow_post.errors import FilmFailed
from vssflow_post.render.job import DONE, FilmResult, Job, result_of
from vssflow_post.settings.preset import Preset, WorkerSettings
from vssflow_post.store.output_folder import OutputFolder, revoke

GIB = 1 << 30


def render(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["render", "-q", "--json", *(str(argument) for argument in arguments)])


def verdicts(result: Result) -> dict[str, str]:
    """Verdict by file name."""
    return {Path(film["film"]).name: film["verdict"] for film in json.loads(result.stdout)["films"]}


def lines(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "batch.jsonl").read_text("ascii").splitlines()]


def impatient(folder: Path) -> Path:
    preset = folder / "impatient.toml"
    preset.write_text("extends = 'ci'\n[worker]\nsilence_s = 8\nsilence_factor = 0\n")
    return preset


def job(film: Path, out: Path) -> Job:
    return Job(film, film.stem, out / film.stem)


@pytest.mark.usefixtures("cold_workers")
def test_a_film_whose_worker_was_killed_is_tried_once_more(
    make_film: MakeFilm, fake_backend: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    films = [make_film(name, n_frames=12, shots=1) for name in ("a.mp4", "b.mp4")]
    monkeypatch.setenv("FAKE_BACKEND_FAULT", "die once")
    out = tmp_path / "out"
    result = CliRunner().invoke(cli, ["render", "-p", "ci", "--workers", "1", *map(str, films), "-o", str(out)])
    assert result.exit_code == 0, result.output
    assert Path(f"{fake_backend}.died").exists()
    assert "a.mp4: the process that worked on this film died (signal SIGKILL); it will be tried again" in result.stderr
    assert {Path(line["film"]).name: (line["verdict"], line["tries"]) for line in lines(out)} == {
        "a.mp4": ("done", 2),
        "b.mp4": ("done", 1),
    }


@pytest.mark.usefixtures("cold_workers")
def test_a_worker_that_hangs_is_replaced_and_its_film_fails(
    make_film: MakeFilm, fake_backend: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film, bad = make_film("a.mp4", n_frames=12, shots=1), tmp_path / "bad.mp4"
    bad.write_text("no film")
    monkeypatch.setenv("FAKE_BACKEND_FAULT", "hang")
    result = render(film, bad, "-o", tmp_path / "out", "-p", impatient(tmp_path), "--workers", 1)
    assert result.exit_code == 1
    assert verdicts(result) == {"a.mp4": "failed:timeout", "bad.mp4": "rejected:not_media"}
    assert lines(tmp_path / "out")[-1]["tries"] == 2


@pytest.mark.slow
def test_a_stopped_worker_is_taken_for_hung(make_film: MakeFilm, fake_backend: Path, tmp_path: Path) -> None:
    """A process that gets no time at all cannot watch itself: the parent must."""
    film, out = make_film("a.mp4", n_frames=750), tmp_path / "out"
    command = [sys.executable, "-m", "vssflow_post", "render", str(film), "-o", str(out), "--workers", "1"]
    process = subprocess.Popen([*command, "-p", impatient(tmp_path)], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if "analyse" in line:
            break
    (worker,) = workers_of(process.pid)
    os.kill(worker, signal.SIGSTOP)
    told = process.communicate(timeout=120)[1]
    assert process.returncode == 0, told
    assert "nothing was heard of the work on this film for 8 s; it will be tried again" in told


def workers_of(parent: int) -> list[int]:
    """Ids of the processes that `parent` started to work on films."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text("ascii").split()
    return [int(child) for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]


def test_no_worker_outlives_a_killed_run(make_film: MakeFilm, fake_backend: Path, tmp_path: Path) -> None:
    film, out = make_film("a.mp4", n_frames=3000), tmp_path / "out"
    command = [sys.executable, "-m", "vssflow_post", "render", str(film), "-o", str(out), "-p", "ci"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if "analyse" in line:
            break
    (worker,) = workers_of(process.pid)
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 5
    while Path(f"/proc/{worker}").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not Path(f"/proc/{worker}").exists()


def test_how_long_a_worker_may_be_silent(tmp_path: Path) -> None:
    settings = WorkerSettings(silence_s=100, silence_factor=5)
    assert silence_limit_s(settings, 10) == 100
    assert silence_limit_s(settings, 60) == 300
    film = tmp_path / "large.mp4"
    with film.open("wb") as file:
        file.truncate(10**10)
    assert first_silence_limit_s(film) == pytest.approx(1180)
    assert first_silence_limit_s(tmp_path / "absent.mp4") == 180


def test_patience_changes_no_deliverable() -> None:
    assert Preset(worker=WorkerSettings(silence_s=1)).digest == Preset().digest


@pytest.mark.parametrize(
    ("n_cores", "memory", "size"), [(1, 2 * GIB, 1), (2, 64 * GIB, 1), (16, 64 * GIB, 8), (16, 9 * GIB, 2)]
)
def test_workers_by_cores_and_memory(n_cores: int, memory: int, size: int) -> None:
    assert crew_size(n_cores, memory) == size


def test_cores_are_divided_unless_the_preset_says_how_many() -> None:
    assert with_shared_cores(Preset(), 8, 3).generate.threads == 2
    assert with_shared_cores(Preset(), 2, 4).generate.threads == 1
    three = with_shared_cores(Preset(), 3, 1)
    assert with_shared_cores(three, 8, 2).generate.threads == 3


def test_every_film_stands_once_in_the_ledger_with_its_last_verdict(tmp_path: Path) -> None:
    first, second = job(tmp_path / "a.mp4", tmp_path), job(tmp_path / "b\udcff.mp4", tmp_path)
    ledger = Ledger(OutputFolder(tmp_path))
    ledger.record(first, result_of(FilmFailed("io", "gone"), first.film, 1.5), 1)
    ledger.record(second, FilmResult(second.film, DONE, second.folder), 1)
    ledger.record(first, FilmResult(first.film, DONE, first.folder), 2)
    assert len(lines(tmp_path)) == 3
    ledger.close()
    assert [(line["film"], line["output"], line["verdict"]) for line in lines(tmp_path)] == [
        ("b\udcff.mp4", "b\udcff", "done"),
        ("a.mp4", "a", "done"),
    ]


def test_the_ledger_says_where_things_are_from_its_own_folder(tmp_path: Path) -> None:
    out = tmp_path / "here" / "out"
    out.mkdir(parents=True)
    film = job(tmp_path / "here" / "films" / "a.mp4", out)
    bad = job(tmp_path / "elsewhere" / ".." / "b.mp4", out)
    ledger = Ledger(OutputFolder(out))
    ledger.record(film, FilmResult(film.film, DONE, film.folder), 1)
    ledger.record(bad, result_of(FilmFailed("io", "gone"), bad.film, 1.5), 1)
    ledger.close()
    assert [(line["film"], line["output"], line["report"].partition("/")[0]) for line in lines(out)] == [
        ("../films/a.mp4", "a", "a"),
        ("../../b.mp4", None, ".vssflow-post"),
    ]
    (tmp_path / "there").mkdir()
    (tmp_path / "here").rename(tmp_path / "there" / "all")
    moved = tmp_path / "there" / "all" / "out"
    again = job(tmp_path / "there" / "all" / "films" / "a.mp4", moved)
    ledger = Ledger(OutputFolder(moved))
    ledger.record(again, FilmResult(again.film, DONE, again.folder), 0)
    ledger.close()
    assert [line["film"] for line in lines(moved)] == ["../../b.mp4", "../films/a.mp4"]


def test_a_ledger_of_old_is_taken_over(tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / "a").mkdir(parents=True)
    of_old = {"film": str(tmp_path / "films" / "a.mp4"), "verdict": "done", "output": str(out / "a"), "tries": 1}
    (out / "batch.json").write_text(json.dumps({**of_old, "report": str(out / "a" / "report.json")}) + "\n")
    Ledger(OutputFolder(out)).close()
    assert [path.name for path in sorted(out.iterdir())] == ["a", "batch.jsonl"]
    [line] = lines(out)
    assert (line["film"], line["output"], line["report"]) == ("../films/a.mp4", "a", "a/report.json")


def test_a_ledger_torn_by_a_kill_loses_its_torn_line_only(tmp_path: Path) -> None:
    film = job(tmp_path / "a.mp4", tmp_path)
    Ledger(OutputFolder(tmp_path)).record(film, FilmResult(film.film, DONE, film.folder), 1)
    with (tmp_path / "batch.jsonl").open("a") as file:
        file.write('{"film": "/b.mp4", "verd')
    other = job(tmp_path / "c.mp4", tmp_path)
    Ledger(OutputFolder(tmp_path)).record(other, FilmResult(other.film, DONE, other.folder), 1)
    assert [Path(line["film"]).name for line in lines(tmp_path)] == ["a.mp4", "c.mp4"]


def test_a_film_without_results_has_a_report_that_says_why(
    make_film: MakeFilm, fake_backend: Path, tmp_path: Path
) -> None:
    bad, good, out = tmp_path / "bad.mp4", make_film("good.mp4", n_frames=12, shots=1), tmp_path / "out"
    bad.write_text("no film")
    assert render(bad, good, "-o", out, "-p", "ci").exit_code == 1
    by_name = {Path(line["film"]).name: line for line in lines(out)}
    for name, verdict in (("bad.mp4", "rejected:not_media"), ("good.mp4", "done")):
        report = json.loads((out / by_name[name]["report"]).read_text("utf-8"))
        assert (report["verdict"], by_name[name]["verdict"]) == (verdict, verdict)
    assert by_name["bad.mp4"]["reason"] in json.loads((out / by_name["bad.mp4"]["report"]).read_text())["warnings"]
    assert not (out / "bad").exists()


@pytest.mark.parametrize("delivered_before", [False, True])
def test_a_lost_worker_that_goes_on_cannot_deliver(tmp_path: Path, delivered_before: bool) -> None:
    """Two tries of one film at once, as on a cluster whose network broke: only the one that was not given up counts."""
    first = replace(job(tmp_path / "a.mp4", tmp_path), attempt="run-1")
    second = replace(first, attempt="run-2")
    if delivered_before:
        first.folder.mkdir()
        (first.folder / "manifest.json").write_text("of an earlier run")

    def lose() -> None:
        with staged(first.folder, OutputFolder(tmp_path).staging_of(first.stem, first.attempt)) as folder:
            (folder / "manifest.json").write_text("of the lost worker")
            revoke(OutputFolder(tmp_path), first.stem, first.attempt)

    with pytest.raises(OSError):
        lose()
    assert not delivered_before or (first.folder / "manifest.json").read_text() == "of an earlier run"
    with staged(second.folder, OutputFolder(tmp_path).staging_of(second.stem, second.attempt)) as folder:
        (folder / "manifest.json").write_text("of the next one")
    with pytest.raises(OSError):
        lose()
    assert (first.folder / "manifest.json").read_text() == "of the next one"


def test_what_was_delivered_before_its_worker_was_given_up_stays(tmp_path: Path) -> None:
    film = replace(job(tmp_path / "a.mp4", tmp_path), attempt="run-1")
    with staged(film.folder, OutputFolder(tmp_path).staging_of(film.stem, film.attempt)) as folder:
        (folder / "a.txt").write_text("whole")
    revoke(OutputFolder(tmp_path), film.stem, film.attempt)
    assert (tmp_path / "a" / "a.txt").read_text() == "whole"


def test_a_film_of_the_same_name_from_elsewhere_does_not_replace_results(
    make_film: MakeFilm, fake_backend: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    first, second = make_film("one/a.mp4", n_frames=12, shots=1), make_film("two/a.mp4", n_frames=14, shots=1)
    copy = tmp_path / "three" / "a.mp4"
    copy.parent.mkdir()
    copy.write_bytes(first.read_bytes())
    assert verdicts(render(first, "-o", out, "-p", "ci")) == {"a.mp4": "done"}
    delivered = (out / "a" / "manifest.json").read_bytes()
    answer = render(second, "-o", out, "-p", "ci")
    assert verdicts(answer) == {"a.mp4": "rejected:output_collision"}
    assert str(first) in json.loads(answer.stdout)["films"][0]["reason"]
    assert verdicts(render(copy, "-o", out, "-p", "ci")) == {"a.mp4": "done"}, "the same film, found elsewhere"
    assert (out / "a" / "manifest.json").read_bytes() == delivered


def open_here() -> tuple[int, int]:
    """File descriptors and threads of this process."""
    return len(list(Path("/proc/self/fd").iterdir())), threading.active_count()


@pytest.mark.usefixtures("cold_workers")
def test_a_batch_leaves_no_descriptor_and_no_thread_behind(
    make_film: MakeFilm, fake_backend: Path, tmp_path: Path
) -> None:
    for name in ("films/a.mp4", "films/b.mp4"):
        make_film(name, n_frames=12, shots=1)
    (tmp_path / "films" / "bad.mp4").write_text("no film")
    counts = []
    for out in ("first", "second"):  # the first starts what Python keeps for all processes that follow
        assert render(tmp_path / "films", "-o", tmp_path / out, "-p", "ci", "--workers", 2).exit_code == 1
        counts.append(open_here())
    assert counts[0] == counts[1]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_long_batch_does_not_grow_and_is_known_again_at_once(
    make_film: MakeFilm, fake_backend: Path, tmp_path: Path
) -> None:
    film = make_film("films/0.mp4", n_frames=6, shots=1).read_bytes()
    for number in range(1, 100):
        (tmp_path / "films" / f"{number}.mp4").write_bytes(b"no film" if number % 20 == 7 else film)
    command = [sys.executable, "-m", "vssflow_post", "render", "films", "-o", "out", "-p", "ci", "--workers", "2"]
    process = subprocess.Popen([*command, "-q", "--json"], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    samples: dict[int, tuple[int, int, int]] = {}
    while process.poll() is None:
        ledger = tmp_path / "out" / "batch.jsonl"
        n_ended = ledger.read_text().count("\n") if ledger.exists() else 0
        with suppress(OSError):  # it may end in between
            samples[n_ended] = footprint(process.pid)
        time.sleep(0.2)
    answer = json.loads(process.communicate()[0])
    assert (answer["done"] + answer["warnings"], answer["rejected"], answer["failed"]) == (95, 5, 0)
    middle, late = (samples[min(samples, key=lambda n: abs(n - wanted))] for wanted in (30, 90))
    assert late[0] - middle[0] < 600_000, "bytes of memory for sixty films"
    assert late[1] - middle[1] <= 1, "the ledger may just be open"
    assert late[2] == middle[2]
    started = time.monotonic()
    again = json.loads(subprocess.run([*command, "-q", "--json"], cwd=tmp_path, capture_output=True).stdout)
    assert time.monotonic() - started < 5
    assert [film["verdict"] for film in again["films"]] == [film["verdict"] for film in answer["films"]]


def footprint(process: int) -> tuple[int, int, int]:
    """Bytes of memory, file descriptors and threads of a process; ProcessLookupError where it has ended."""
    status = dict(line.split(":", 1) for line in Path(f"/proc/{process}/status").read_text("ascii").splitlines())
    if "VmRSS" not in status:
        raise ProcessLookupError(f"{process} has ended: what waits to be collected has no memory")
    resident, threads = (int(status[key].split()[0]) for key in ("VmRSS", "Threads"))
    return resident * 1024, len(list(Path(f"/proc/{process}/fd").iterdir())), threads


@pytest.mark.parametrize(("error", "word"), [(KeyboardInterrupt, "interrupted"), (Terminated, "terminated")])
def test_a_log_file_says_that_the_run_was_stopped(tmp_path: Path, error: type[BaseException], word: str) -> None:
    log = tmp_path / "render.log"
    with pytest.raises(error), watching(True, log):
        raise error
    assert log.read_text("utf-8").split(" ", 1)[1] == f"{word}\n"


def test_films_that_are_complete_are_counted_among_all(make_film: MakeFilm, fake_backend: Path, tmp_path: Path) -> None:
    films = [make_film(f"{name}.mp4", n_frames=12, shots=1) for name in "abc"]
    render(*films, "-o", tmp_path / "out", "-p", "ci")
    again = ["render", *map(str, films), "-o", str(tmp_path / "out"), "-p", "ci"]
    told = CliRunner().invoke(cli, again).stderr.splitlines()
    assert [line for line in told if line.startswith("[")] == ["[1/3] a.mp4", "[2/3] b.mp4", "[3/3] c.mp4"]


def test_a_log_file_says_when_what_happened(make_film: MakeFilm, fake_backend: Path, tmp_path: Path) -> None:
    good, bad, log = make_film("good\n.mp4", n_frames=12, shots=1), tmp_path / "bad.mp4", tmp_path / "render.log"
    bad.write_text("no film")
    log.write_text("what stood there\n")
    assert render(good, bad, "-o", tmp_path / "out", "-p", "ci", "--log-file", log).exit_code == 1
    first, *told = log.read_text("utf-8").splitlines()
    assert first == "what stood there"
    times = [datetime.fromisoformat(line.split(" ", 1)[0]) for line in told]
    assert times == sorted(times)
    assert all(time.tzinfo is not None for time in times)
    said = [line.split(" ", 1)[1] for line in told]
    assert "[1/2] good\\n.mp4" in said
    assert any(line.startswith("good\\n.mp4: done in ") for line in said)
    assert any(line.startswith("bad.mp4: rejected:not_media in ") for line in said)
    assert said[-1] == "done: 1, warnings: 0, rejected: 1, failed: 0"
    assert render(tmp_path / "none.mp4", "-o", tmp_path / "out", "-p", "ci", "--log-file", log).exit_code == 2
    assert (
        log.read_text("utf-8").splitlines()[-1].endswith(f" error: there is no file or folder {tmp_path / 'none.mp4'}")
    )
    result = render(good, "-o", tmp_path / "out", "-p", "ci", "--log-file", tmp_path / "nowhere" / "x.log")
    assert result.exit_code == 2
    assert "cannot write the log" in result.stderr
