"""Deterministic mode with the real starter: the same bytes however often, with whom and on how many threads."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import pytest

from conftest import write_film
from vssflow_post.store.entries import file_digest

LINES = "1\n00:00:00,200 --> 00:00:01,300\nANNA: The storm is coming.\n"
SOUND = ("_DX.wav", "_FX.wav", "_MIX.wav")


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three films of 1.6 s: one speaks, two are alike but for their length."""
    folder = tmp_path_factory.mktemp("films")
    for number, name in enumerate(("a", "b", "c")):
        write_film(folder / f"{name}.mp4", 40 + 5 * number, Fraction(25), 1, None, None)
        os.utime(folder / f"{name}.mp4", (0, 0))  # the files' own date is in the WAVs' headers
    (folder / "a.srt").write_text(LINES)
    return folder


def command(films: list[Path], out: Path, *options: str) -> list[str]:
    names = [str(film) for film in films]
    return [sys.executable, "-m", "vssflow_post", "render", *names, "-o", str(out), "-p", "ci", "-q", *options]


def environment(threads: int) -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": str(threads), "PYANNOTE_METRICS_ENABLED": "false"}


def digests(out: Path) -> dict[str, str]:
    return {path.name: file_digest(path) for path in sorted(out.glob("*/*")) if path.name.endswith(SOUND)}


@pytest.mark.slow
def test_one_digest_a_file_over_threads_workers_order_and_after_a_kill(films: Path, tmp_path: Path) -> None:
    paths = sorted(films.glob("*.mp4"))
    subprocess.run(command(paths, tmp_path / "first"), env=environment(1), check=True)
    expected = digests(tmp_path / "first")
    assert len(expected) == 9
    preset = tmp_path / "threads.toml"
    preset.write_text("extends = 'ci'\n[generate]\nthreads = 2\n")
    runs = {
        "two threads": (command(paths, tmp_path / "two threads", "-p", str(preset)), 2),
        "backwards": (command(paths[::-1], tmp_path / "backwards"), 1),
        "two workers": (command(paths, tmp_path / "two workers", "--workers", "2"), 2),
        "alone": (command(paths[:1], tmp_path / "alone"), 1),
    }
    for name, (words, threads) in runs.items():
        subprocess.run(words, env=environment(threads), check=True)
        found = digests(tmp_path / name)
        assert found == {file: expected[file] for file in found}, name
        assert len(found) == (3 if name == "alone" else 9)
    assert killed_and_resumed(paths, tmp_path / "resumed") == expected


def killed_and_resumed(paths: list[Path], out: Path) -> dict[str, str]:
    """The digests of a run that was killed when its first take was stored, and then given again."""
    process = subprocess.Popen(command(paths, out), env=environment(1), start_new_session=True)
    while process.poll() is None and not list(out.glob(".vssflow-post/takes/*/*.take")):
        time.sleep(0.02)
    assert process.poll() is None, "the run ended before it could be killed"
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert len(digests(out)) < 9
    subprocess.run(command(paths, out), env=environment(1), check=True)
    return digests(out)
