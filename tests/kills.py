"""Whole runs of the command that are killed at random moments and started again, until one of them ends."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

MARK = "VSSFLOW_KILL_TEST"
"""Environment variable by which every process of a run is found."""


@dataclass(frozen=True)
class Killed:
    """What a series of runs went through."""

    n_kills: int
    """Runs that were killed while they lived."""
    n_orphans: int
    """Processes that were left three seconds after the last run."""


def run_under_fire(
    films: Path, out: Path, n_kills: int, longest_s: float, seed: int, begin_again: Callable[[], None]
) -> Killed:
    """Kills runs on `films` after random times until `n_kills` were hit; each but the last goes on where the one before
    was stopped. A run that ends before its time calls `begin_again`, which makes work for the next."""
    chance = random.Random(seed)
    mark = uuid.uuid4().hex
    hit = 0
    while hit < n_kills:
        process = start(films, out, mark)
        try:
            process.wait(chance.uniform(0.0, longest_s))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        code = process.wait(30)
        if code == -signal.SIGKILL:
            hit += 1
        else:  # it ended before its time
            assert code == 0
            begin_again()
    assert start(films, out, mark).wait(600) == 0
    deadline = time.monotonic() + 3
    while processes_with(mark) and time.monotonic() < deadline:
        time.sleep(0.1)
    return Killed(hit, len(processes_with(mark)))


def start(films: Path, out: Path, mark: str) -> subprocess.Popen[bytes]:
    """A run with two workers."""
    command = [sys.executable, "-m", "vssflow_post", "render", str(films), "-o", str(out), "-p", "draft", "-q"]
    return subprocess.Popen(
        [*command, "--workers", "2"],
        env={**os.environ, MARK: mark},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def processes_with(mark: str) -> list[int]:
    """Processes, dead ones left out, whose environment has the mark."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdecimal() and f"{MARK}={mark}".encode() in (folder / "environ").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return found
