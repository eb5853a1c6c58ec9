"""A disk that is really full: a verdict, no torn file, and the same bytes once there is room again."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import MakeFilm
from one_film import render_here
from vssflow_post.deliver import MANIFEST, faults_of, listed
from vssflow_post.store.entries import file_digest


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 3 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(disk)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.decode().strip()}")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


@pytest.mark.parametrize("free_kb", [0, 40, 200, 500, 900])
def test_a_full_disk_costs_the_film_and_nothing_else(
    make_film: MakeFilm, fake_backend: Path, tmp_path: Path, small_disk: Path, free_kb: int
) -> None:
    film, out = make_film("a.mp4", n_frames=25), small_disk / "out"
    assert render_here(film, tmp_path / "calm", preset="draft").is_done
    (out / ".vssflow-post").mkdir(parents=True)
    room = os.statvfs(small_disk)
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(room.f_bavail * room.f_frsize - free_kb * 1024))
    result = render_here(film, out, preset="draft")
    assert result.verdict == "failed:no_space", result.reason
    assert not (out / "a").exists()
    unfinished = [path for path in out.rglob("*") if ".tmp" in path.name]
    assert unfinished == []
    ballast.unlink()
    assert render_here(film, out, preset="draft").is_done
    assert list(faults_of(out / "a")) == []
    for name in listed(out / "a" / MANIFEST) - {"report.json", "report.html"}:
        assert file_digest(out / "a" / name) == file_digest(tmp_path / "calm" / "a" / name), name
