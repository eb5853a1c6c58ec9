"""Killed at a file-changing system call, or refused one, a render goes on to the same bytes; every fault is proven."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import MakeFilm
from kill_points import CHANGING, RenderServer, every, require_strace
from one_film import EXIT_CODES
from vssflow_post.deliver import MANIFEST, faults_of, listed
from vssflow_post.store.entries import file_digest

LINE = "1\n00:00:00,100 --> 00:00:00,700\nANNA: {}\n"
REPORTS = {"report.json", "report.html"}
"""They tell times; every other deliverable is the same to the byte."""


@pytest.fixture
def films(make_film: MakeFilm, fake_backend: Path) -> tuple[Path, Path]:
    """The same film with two scripts."""
    first = make_film("one/a.mp4", n_frames=25)
    second = first.parent.parent / "two" / "a.mp4"
    second.parent.mkdir()
    shutil.copy2(first, second)
    first.with_suffix(".srt").write_text(LINE.format("Hello there."))
    second.with_suffix(".srt").write_text(LINE.format("Good bye."))
    return first, second


@pytest.fixture
def server(films: tuple[Path, Path], tmp_path: Path) -> Iterator[RenderServer]:
    require_strace(tmp_path)
    server = RenderServer(films[0], tmp_path)
    yield server
    server.close()


def delivered(out: Path) -> dict[str, str]:
    """Digest of each deliverable but the reports; asserts that the delivery is whole."""
    assert list(faults_of(out / "a")) == []
    return {name: file_digest(out / "a" / name) for name in listed(out / "a" / MANIFEST) - REPORTS}


def assert_nothing_unfinished(out: Path) -> None:
    left = [path for path in out.rglob("*") if ".tmp" in path.name or path.name == ".vssflow-outgoing.json"]
    staging = out / ".vssflow-post" / "staging"
    assert left + (list(staging.iterdir()) if staging.exists() else []) == []


def assert_survives_kills(
    server: RenderServer, film: Path, before: Path | None, tmp_path: Path, n_points: int, log: Path
) -> None:
    """Kills a render of `film` at `n_points` points, each time from a fresh copy of `before`, and lets it go on."""

    def fresh(name: str) -> Path:
        out = tmp_path / name
        if before is not None:
            shutil.copytree(before, out)
        return out

    calls = server.calls(film, fresh("counted"))
    assert all(calls[name] for name in ("write", "fsync", "rename", "mkdir")), calls
    wanted, n_cues = delivered(tmp_path / "counted"), len(log.read_text().splitlines())
    for name, number in every(calls, n_points):
        out = fresh(f"{name}-{number}")
        log.unlink(missing_ok=True)
        assert server.render(film, out, f"{name}:signal=KILL:when={number}") == -signal.SIGKILL, (name, number)
        assert server.died_at(name), (name, number)
        finished = not (out / "a" / MANIFEST).exists() or list(faults_of(out / "a")) == []
        assert finished, f"{name} {number}: a manifest stands for files that are not there"
        assert server.render(film, out) == 0, (name, number)
        assert delivered(out) == wanted, (name, number)
        assert_nothing_unfinished(out)
        n_done = len(log.read_text().splitlines()) if log.exists() else 0
        assert n_done <= n_cues + 1, f"{name} {number}: more than one cue was rendered twice"
        shutil.rmtree(out)


def assert_survives_refusals(server: RenderServer, film: Path, tmp_path: Path, n_points: int) -> None:
    """Has the system refuse calls of a render, and lets the next one do the work."""
    calls = server.calls(film, tmp_path / "counted")
    wanted = delivered(tmp_path / "counted")
    for error, verdict, names in (
        ("EIO", "failed:io", ("fsync", "rename")),
        ("ENOSPC", "failed:no_space", ("write", "fsync", "rename")),
    ):
        chosen = {name: calls[name] if name in names else 0 for name in CHANGING}
        for name, number in every(type(calls)(chosen), n_points):
            out = tmp_path / f"{error}-{name}-{number}"
            code = server.render(film, out, f"{name}:error={error}:when={number}")
            assert server.was_refused(name, error), (error, name, number)
            assert code == EXIT_CODES[verdict], (error, name, number, code)
            assert not (out / "a" / MANIFEST).exists() or list(faults_of(out / "a")) == []
            assert server.render(film, out) == 0, (error, name, number)
            assert delivered(out) == wanted, (error, name, number)
            assert_nothing_unfinished(out)
            shutil.rmtree(out)


def test_a_render_survives_some_kills(
    server: RenderServer, films: tuple[Path, Path], fake_backend: Path, tmp_path: Path
) -> None:
    assert_survives_kills(server, films[0], None, tmp_path, 8, fake_backend)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_render_survives_many_kills(
    server: RenderServer, films: tuple[Path, Path], fake_backend: Path, tmp_path: Path
) -> None:
    assert_survives_kills(server, films[0], None, tmp_path, 30, fake_backend)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_delivery_that_replaces_another_survives_kills(
    server: RenderServer, films: tuple[Path, Path], fake_backend: Path, tmp_path: Path
) -> None:
    first, second = films
    assert server.render(first, tmp_path / "before") == 0
    fake_backend.unlink()
    assert_survives_kills(server, second, tmp_path / "before", tmp_path, 20, fake_backend)


@pytest.mark.slow
def test_a_render_survives_refusals(server: RenderServer, films: tuple[Path, Path], tmp_path: Path) -> None:
    assert_survives_refusals(server, films[0], tmp_path, 3)
