"""Renders that are killed, or refused by the system, at a chosen system call; strace does it and says that it did."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
CHANGING = (
    *("mkdir", "flock", "write", "pwrite64", "ftruncate", "fsync", "rename"),
    *("unlink", "unlinkat", "rmdir", "utimensat"),
)
"""The system calls by which a render changes files; what `open` creates is seen at the next of them."""
Point = tuple[str, int]
"""A system call and the how-manieth of its kind."""


def require_strace(tmp_path: Path) -> None:
    """Skips the test, and says so, where processes cannot be traced."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    tried = subprocess.run(["strace", "-o", os.devnull, "-e", "inject=fsync:error=EIO", "true"], capture_output=True)
    if tried.returncode != 0:
        pytest.skip(f"strace cannot trace here: {tried.stderr.decode().strip()}")


class RenderServer:
    """Renders in forked processes, each of which can be given a fault."""

    def __init__(self, film: Path, scratch: Path) -> None:
        self._log = scratch / "strace.log"
        command = [sys.executable, str(TESTS / "one_film.py"), str(film), str(scratch / "first")]
        self._server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def render(self, film: Path, out: Path, fault: str = "") -> int:
        """How the render ended: an exit code of `one_film`, or minus the number of the signal that killed it.

        `fault` is what strace is to inject, e.g. `rename:signal=KILL:when=3`.
        """
        pid = int(self._ask(f"{film}\t{out}"))
        tracer = self._traced(pid, fault) if fault else None
        code = int(self._ask("go"))
        if tracer is not None:
            tracer.wait(timeout=60)
        return code

    def calls(self, film: Path, out: Path) -> Counter[str]:
        """How often a render that nothing happens to makes each of the calls."""
        assert self.render(film, out, "none") == 0
        return Counter(re.findall(r"^\d+ +(\w+)\(", self._log.read_text("utf-8", "replace"), re.M))

    def died_at(self, call: str) -> bool:
        """Whether the last traced render was killed before `call` did anything."""
        last = self._log.read_text("utf-8", "replace").splitlines()[-8:]  # each of its threads has a line
        stopped = [line for line in last if re.search(rf" {call}\(.*(= \?|<unfinished \.\.\.>)$", line)]
        return bool(stopped) and any("killed by SIGKILL" in line for line in last)

    def was_refused(self, call: str, error: str) -> bool:
        """Whether a `call` of the last traced render returned `error` in the system's stead."""
        return re.search(rf" {call}\(.*= -1 {error} .*INJECTED", self._log.read_text("utf-8", "replace")) is not None

    def close(self) -> None:
        assert self._server.stdin is not None
        self._server.stdin.close()
        self._server.wait(timeout=60)

    def _ask(self, line: str) -> str:
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        print(line, file=self._server.stdin, flush=True)
        return self._server.stdout.readline()

    def _traced(self, pid: int, fault: str) -> subprocess.Popen[bytes]:
        """strace, attached to a process that waits."""
        inject = [] if fault == "none" else ["-e", f"inject={fault}"]
        command = ["strace", "-f", "-q", "-p", str(pid), "-o", str(self._log), "-e", f"trace={','.join(CHANGING)}"]
        tracer = subprocess.Popen([*command, *inject], stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while "TracerPid:\t0\n" in Path(f"/proc/{pid}/status").read_text():
            assert time.monotonic() < deadline, "strace does not attach"
            assert tracer.poll() is None, "strace has ended"
            time.sleep(0.005)
        return tracer


def every(calls: Counter[str], n_points: int) -> list[Point]:
    """About `n_points` of all points at which a render can be stopped, evenly over the kinds of calls and their course;
    all of them where there are no more."""
    points = [(name, number) for name in CHANGING for number in range(1, calls[name] + 1)]
    step = max(1, len(points) // n_points)
    return points[::step]
