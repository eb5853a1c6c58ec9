"""Runs of several films that are killed at random moments: the last one leaves what an undisturbed one leaves."""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

import pytest

from conftest import MakeFilm
from kills import processes_with, run_under_fire, start
from vssflow_post.deliver import MANIFEST, faults_of, film_folders, listed
from vssflow_post.store.entries import file_digest

REPORTS = {"report.json", "report.html"}
"""They tell times."""
pytestmark = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="processes are found by /proc")


def digests(out: Path) -> dict[str, str]:
    """Of every deliverable but the reports, by its path in `out`."""
    found = {}
    for folder in film_folders(out):
        assert list(faults_of(folder)) == []
        for name in listed(folder / MANIFEST) - REPORTS:
            found[f"{folder.name}/{name}"] = file_digest(folder / name)
    return found


def survives(make_film: MakeFilm, tmp_path: Path, n_films: int, n_kills: int) -> None:
    for k in range(n_films):
        film = make_film(f"films/{k}.mp4", n_frames=25 + k, shots=1 + k % 3)
        film.with_suffix(".srt").write_text(f"1\n00:00:00,100 --> 00:00:00,700\nANNA: Line number {k}.\n")
    films, out, calm = tmp_path / "films", tmp_path / "out", tmp_path / "calm"
    began = time.monotonic()
    assert start(films, calm, "calm").wait(600) == 0
    calm_s = time.monotonic() - began
    wanted = digests(calm)
    assert len({name.split("/")[0] for name in wanted}) == n_films

    def begin_again() -> None:
        assert digests(out) == wanted
        shutil.rmtree(out)

    killed = run_under_fire(films, out, n_kills, calm_s, 1, begin_again)
    assert killed.n_kills == n_kills
    assert killed.n_orphans == 0
    assert digests(out) == wanted
    left = [path for path in tmp_path.rglob("*") if ".tmp" in path.name or path.name == ".vssflow-outgoing.json"]
    staging = out / ".vssflow-post" / "staging"
    assert left + (list(staging.iterdir()) if staging.exists() else []) == []


def test_a_run_survives_a_few_kills(make_film: MakeFilm, fake_backend: Path, tmp_path: Path) -> None:
    survives(make_film, tmp_path, 2, 3)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_run_of_six_films_survives_sixty_kills(make_film: MakeFilm, fake_backend: Path, tmp_path: Path) -> None:
    survives(make_film, tmp_path, 6, 60)


def test_processes_of_a_run_are_found(make_film: MakeFilm, fake_backend: Path, tmp_path: Path) -> None:
    """Else finding no orphan would prove nothing."""
    make_film("films/a.mp4", n_frames=12, shots=1)
    process = start(tmp_path / "films", tmp_path / "out", "found")
    try:
        assert process.pid in processes_with("found"), sys.platform
    finally:
        process.kill()
        process.wait()
