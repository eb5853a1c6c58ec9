"""Workers on this machine: processes of one pool, each replaced when it dies.

Workers import what films are worked on with; the process that hires them does not, so as to hire them sooner.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import pickle
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import replace
from multiprocessing import get_context, parent_process, resource_tracker
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from pebble import ProcessExpired, ProcessFuture, ProcessPool

from vssflow_post.batch.crew import WorkerLost
from vssflow_post.media import limits
from vssflow_post.plugins import load_plugins
from vssflow_post.progress import Progress
from vssflow_post.render.job import FilmResult, Job, Order
from vssflow_post.settings.preset import Preset
from vssflow_post.store.output_folder import join_run

if TYPE_CHECKING:
    from vssflow_post.render.studio import Studio

BYTES_PER_WORKER = 4 << 30
"""What a worker is reckoned to need: the largest weights that ship or are published, and room to render."""
CORES_PER_WORKER = 2
"""Decoding and writing take one, the model takes more."""
_LEAST_BYTES = 2 << 30
"""Python, the model and one film need it even where more workers were asked for than fit."""
_USABLE = 0.9
"""Share of the memory that all workers together may take; the rest is the system's."""
_NEWS_EVERY_S = 0.2
_NEWS_BYTES = 1 << 16
_PR_SET_PDEATHSIG = 1
_NEEDED_LATER = ("scenedetect.detectors", "soxr", "soundfile", "opentimelineio", "jinja2")
"""What every film is worked on with after the model is open. The first looks for FFmpeg by running it."""


def crew_size(n_cores: int, memory_bytes: int) -> int:
    """How many workers a machine takes by default: as many as have two cores and 4 GiB each, and at least one."""
    return max(1, min(n_cores // CORES_PER_WORKER, memory_bytes // BYTES_PER_WORKER))


def this_machine() -> tuple[int, int]:
    """Cores that this process may use, and memory in bytes."""
    n_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return n_cores, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def with_shared_cores(preset: Preset, n_cores: int, n_workers: int) -> Preset:
    """The preset with a machine's cores divided among the workers, unless it says how many threads to take."""
    if preset.generate.threads:
        return preset
    return replace(preset, generate=replace(preset.generate, threads=max(1, n_cores // n_workers)))


class LocalCrew:
    """`Crew` of processes on this machine."""

    def __init__(self, order: Order, size: int) -> None:
        self.size = size
        # Datagrams need no lock, so a worker that is killed while it tells something cannot silence the others.
        self._receive, self._send = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._receive.setblocking(False)
        self._order = replace(order, preset=with_shared_cores(order.preset, this_machine()[0], size))
        self._pool = self._new_pool()
        self._open: dict[int, ProcessFuture[FilmResult]] = {}
        self._n_killed_for_memory = _n_killed_for_memory()

    def __enter__(self) -> LocalCrew:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._pool.close()  # type: ignore[no-untyped-call]
            self._pool.join()
        else:
            self._end_pool()
        self._receive.close()
        self._send.close()

    def begin(self, index: int, job: Job) -> Future[FilmResult]:
        self._open = {other: future for other, future in self._open.items() if not future.done()}
        with _interrupts_kept_from_children():  # a new pool starts its workers as soon as it is asked for anything
            if not self._pool.active:  # a worker died between two films
                self._end_pool()
                self._pool = self._new_pool()
            self._open[index] = self._pool.schedule(_work, (index, job))
        return self._open[index]

    def news(self) -> Iterator[tuple[int, Progress]]:
        with suppress(BlockingIOError):
            while True:
                yield pickle.loads(self._receive.recv(_NEWS_BYTES))

    def dismiss(self, index: int) -> None:
        self._open[index].cancel()  # type: ignore[no-untyped-call]

    def loss(self, error: Exception) -> WorkerLost | None:
        if isinstance(error, ProcessExpired):
            n_killed = _n_killed_for_memory()
            if error.exitcode == -signal.SIGKILL and n_killed > self._n_killed_for_memory:
                self._n_killed_for_memory = n_killed
                return WorkerLost("no_memory", "the system ended the process that worked on this film: memory ran out")
            return WorkerLost("worker_died", f"the process that worked on this film died ({_manner(error.exitcode)})")
        if isinstance(error, BrokenProcessPool):
            return WorkerLost("worker_died", "the processes that work on films died")
        return None

    def _end_pool(self) -> None:
        """At once; what the workers had finished is in the store."""
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()

    def _new_pool(self) -> ProcessPool:
        memory_bytes = max(_LEAST_BYTES, int(_USABLE * this_machine()[1] / self.size))
        initial = (self._order, self._send, memory_bytes)
        return ProcessPool(self.size, initializer=_start_worker, initargs=initial, context=get_context("spawn"))


@contextmanager
def _interrupts_kept_from_children() -> Iterator[None]:
    """Ctrl-C reaches the whole group, also a worker that is just starting: it is born with SIGINT blocked.

    The pool's first task starts the threads that start the workers, now and later; threads and processes inherit.
    """
    resource_tracker.ensure_running()  # when multiprocessing starts it by itself, it unblocks the signal
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _manner(code: int | None) -> str:
    """How a process ended, in words."""
    if code is not None and code < 0:
        with suppress(ValueError):
            return f"signal {signal.Signals(-code).name}"
    return f"exit code {code}"


def _n_killed_for_memory() -> int:
    """How many processes the kernel has ended for want of memory, here and in this container; 0 where nobody counts."""
    n_killed = 0
    for path in ("/proc/vmstat", "/sys/fs/cgroup/memory.events"):
        with suppress(OSError, ValueError):
            counts = dict(line.split(maxsplit=1) for line in Path(path).read_text("ascii").splitlines())
            n_killed += int(counts.get("oom_kill", 0))
    return n_killed


class _Worker:
    """What a worker process keeps between films."""

    order: Order
    news: socket.socket
    """Takes what the worker has to tell."""
    studio: Studio | None = None


def _start_worker(order: Order, news: socket.socket, memory_bytes: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends its workers
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # at once, also in the middle of a long call of a library
    parent = parent_process()
    assert parent is not None, "a worker is a process of its own"
    _leave_with(parent)
    if not order.dry_run:
        join_run(order.out)
    limits.apply(memory_bytes)
    # Threads that spin while they wait for each other cost a film several times its work where other programs run.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    threading.Thread(target=_import_ahead, daemon=True).start()
    _Worker.order, _Worker.news = order, news


def _import_ahead() -> None:
    """Beside the model's own imports. What fails here fails again where it is used, and is told there."""
    for name in _NEEDED_LATER:
        with suppress(Exception):
            importlib.import_module(name)


def _leave_with(parent: BaseProcess) -> None:
    """Ends this worker when its parent is killed: nothing may go on writing after the lock is gone."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)

    def watch() -> None:
        parent.join()  # returns when the parent has ended, however that came
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _work(index: int, job: Job) -> FilmResult:
    from vssflow_post.batch.worker import work_on

    last: dict[str, float] = {}

    def tell(progress: Progress) -> None:
        now = time.monotonic()
        if progress.done >= progress.total or now - last.get(progress.stage, 0.0) > _NEWS_EVERY_S:
            last[progress.stage] = now
            _Worker.news.send(pickle.dumps((index, progress)))

    return work_on(job, _Worker.order, _studio(), tell)


def _studio() -> Studio:
    from vssflow_post.render.studio import open_studio

    if _Worker.studio is None:
        _Worker.studio = open_studio(_Worker.order.preset, _Worker.order.out, load_plugins())
    return _Worker.studio
