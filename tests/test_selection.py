"""Which films are meant: patterns, dates, and films that are still arriving."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from click.testing import CliRunner

from conftest import MakeFilm
from vssflow_post.batch.arrivals import LOOK_EVERY_S, SETTLED_S, Watched
from vssflow_post.batch.inputs import Films, find_jobs
from vssflow_post.batch.selection import Selection
from vssflow_post.cli import cli
from vssflow_post.cli.quantities import time_of
from vssflow_post.errors import UsageError
from vssflow_post.render.job import Job

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=timezone(timedelta(hours=1)))


@pytest.fixture
def films(tmp_path: Path) -> Path:
    """Files that are called like films; which are meant is decided without opening them."""
    for name in ("a.mp4", "reel1/b.mov", "reel1/tests/c.mp4", "reel2/d.mp4"):
        path = tmp_path / "films" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("not looked at")
    return tmp_path / "films"


def chosen(films: Path, selection: Selection) -> set[str]:
    return {job.film.name for job in find_jobs(Films([films], selection), films.parent / "out")}


@pytest.mark.parametrize(
    ("selection", "names"),
    [
        (Selection(), {"a.mp4", "b.mov", "c.mp4", "d.mp4"}),
        (Selection(only=("reel1/*",)), {"b.mov", "c.mp4"}),
        (Selection(only=("*.mov", "reel2/*")), {"b.mov", "d.mp4"}),
        (Selection(exclude=("*/tests/*",)), {"a.mp4", "b.mov", "d.mp4"}),
        (Selection(only=("reel1/*",), exclude=("*/tests/*",)), {"b.mov"}),
        (Selection(only=("REEL1/*", "d.mp4", "a.mp4")), {"a.mp4"}),
    ],
)
def test_patterns_are_of_the_path_below_the_folder(films: Path, selection: Selection, names: set[str]) -> None:
    assert chosen(films, selection) == names


def test_films_changed_since_a_time(films: Path) -> None:
    for name, age_s in (("a.mp4", 10), ("reel1/b.mov", 1000), ("reel1/tests/c.mp4", 5000), ("reel2/d.mp4", 5000)):
        os.utime(films / name, (1e9 - age_s, 1e9 - age_s))
    assert chosen(films, Selection(since_s=1e9 - 1000)) == {"a.mp4", "b.mov"}


def test_a_film_that_is_named_itself_is_matched_by_its_name(films: Path) -> None:
    film = films / "reel1" / "b.mov"
    assert find_jobs(Films([film], Selection(only=("b.*",))), films.parent / "out")
    with pytest.raises(UsageError, match="that --since, --only and --exclude leave"):
        find_jobs(Films([film], Selection(exclude=("b.*",))), films.parent / "out")


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2d", NOW - timedelta(days=2)),
        ("36h", NOW - timedelta(hours=36)),
        ("1.5 h", NOW - timedelta(minutes=90)),
        ("90m", NOW - timedelta(minutes=90)),
        ("90min", NOW - timedelta(minutes=90)),
        ("30s", NOW - timedelta(seconds=30)),
        ("1w", NOW - timedelta(days=7)),
        ("2026-11-24", datetime(2026, 11, 24, tzinfo=NOW.tzinfo)),
        ("2026-11-24T18:00", datetime(2026, 11, 24, 18, tzinfo=NOW.tzinfo)),
        ("2026-11-24T18:00+00:00", datetime(2026, 11, 24, 18, tzinfo=timezone.utc)),
    ],
)
def test_dates_and_ages(text: str, time: datetime) -> None:
    assert time_of(text, NOW) == time.timestamp()


@pytest.mark.parametrize("text", ["yesterday", "2 fortnights", "24.11.2026", "-2d", ""])
def test_what_is_neither_date_nor_age(text: str) -> None:
    with pytest.raises(UsageError, match="neither a date"):
        time_of(text, NOW)


class Clock:
    """A clock that tests move."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_film_is_taken_when_it_has_stopped_growing(tmp_path: Path) -> None:
    film, clock = tmp_path / "a.mp4", Clock()
    watched = Watched(lambda: [Job(film, "a", tmp_path / "out")] if film.exists() else [], clock)
    taken = []
    for second in range(30):
        if second < 12:
            with film.open("a") as file:
                file.write("more")
        clock.now += 1
        taken += [second] * len(watched.take())
    assert len(taken) == 1
    assert 11 + SETTLED_S <= taken[0] <= 11 + SETTLED_S + 2 * LOOK_EVERY_S
    film.write_text("another version")
    for _ in range(20):
        clock.now += 1
        taken += [0] * len(watched.take())
    assert len(taken) == 2


def test_a_script_that_comes_later_brings_its_film_again(tmp_path: Path) -> None:
    film, script, clock = tmp_path / "a.mp4", tmp_path / "a.srt", Clock()
    film.touch()
    watched = Watched(lambda: [Job(film, "a", tmp_path / "out", script if script.exists() else None)], clock)
    scripts = []
    for second in range(40):
        if second == 20:
            script.write_text("1\n")
        clock.now += 1
        scripts += [job.script for job in watched.take()]
    assert scripts == [None, script]


@pytest.mark.slow
def test_watching_ends_with_an_interrupt_and_keeps_what_was_done(
    make_film: MakeFilm, fake_backend: Path, tmp_path: Path
) -> None:
    (tmp_path / "films").mkdir()
    out = tmp_path / "out"
    command = [sys.executable, "-m", "vssflow_post", "render", str(tmp_path / "films"), "-o", str(out), "-p", "ci"]
    process = subprocess.Popen(
        [*command, "--watch", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdout is not None
    assert process.stderr is not None
    while not (out / "batch.jsonl").exists():
        time.sleep(0.05)
    make_film("films/a.mp4", n_frames=12, shots=1)
    for line in process.stderr:
        if "a.mp4: done" in line:
            break
    told = json.loads(process.stdout.readline())  # while it goes on
    assert (told["film"], told["verdict"], told["output"]) == (
        str(tmp_path / "films" / "a.mp4"), "done", str(out / "a"),
    )  # fmt: skip
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 130
    assert process.stdout.read() == ""
    assert '"verdict": "done"' in (out / "batch.jsonl").read_text()
    assert (out / "a" / "manifest.json").exists()


def test_watching_is_not_for_one_films_script(fake_backend: Path, tmp_path: Path) -> None:
    script = tmp_path / "a.srt"
    script.touch()
    for option in (["--script", str(script)], ["--dry-run"]):
        result = CliRunner().invoke(cli, ["render", str(tmp_path), "-o", str(tmp_path / "out"), "--watch", *option])
        assert result.exit_code == 2
        assert "--watch goes with neither" in result.stderr
