"""Many films: each in its turn or several at once, each to its verdict; one bad film never stops the others."""

from __future__ import annotations

import os
import queue
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from vssflow_post.errors import FilmError, FilmFailed, UsageError
from vssflow_post.inputs import STATE_FOLDER, Job
from vssflow_post.outcome import FilmResult, result_of
from vssflow_post.plugins import load_plugins
from vssflow_post.preset import Preset
from vssflow_post.progress import Progress
from vssflow_post.render import plan_film, render_film
from vssflow_post.studio import Studio, open_studio

if TYPE_CHECKING:
    from multiprocessing.queues import Queue

NO_SPACE = (28, 122)
"""ENOSPC and EDQUOT."""
_TICK_S = 0.2


class Watcher(Protocol):
    """Who is told how the batch goes."""

    def started(self, index: int, n_films: int, name: str) -> None: ...

    def moved(self, index: int, progress: Progress) -> None: ...

    def ended(self, index: int, result: FilmResult) -> None: ...


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for, the same for every film. Picklable."""

    preset: Preset
    out: Path
    fresh: bool = False
    """Whether complete results are made again."""
    dry_run: bool = False
    """Whether only to look: analysis and cue sheet, nothing written."""


@contextmanager
def output_lock(out: Path) -> Iterator[None]:
    """Holds the output folder for this run; the system lets go of it however the run ends.

    Raises UsageError at once when another run holds it, or when the folder cannot be made.
    """
    import fcntl

    state = out / STATE_FOLDER
    try:
        state.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(state / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise UsageError(f"cannot write into {out}: {error.strerror}") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise UsageError(f"another run is writing into {out}; wait for it, or choose another folder") from None
    try:
        yield
    finally:
        os.close(descriptor)


def run_batch(jobs: Sequence[Job], order: Order, studio: Studio, n_workers: int, watcher: Watcher) -> list[FilmResult]:
    """One result per job, in order; the films are worked on in `studio` where one worker is enough.

    Raises UsageError for what is wrong with the order and not with a film.
    """
    results: dict[int, FilmResult] = {}
    waiting: list[int] = []
    for index, job in enumerate(jobs):
        if job.refused is None:
            waiting.append(index)
        else:
            watcher.started(index, len(jobs), job.film.name)
            results[index] = result_of(job.refused, job.film)
            watcher.ended(index, results[index])
    if n_workers > 1 and len(waiting) > 1:
        _run_side_by_side(jobs, waiting, order, min(n_workers, len(waiting)), watcher, results)
    elif waiting:
        _run_here(jobs, waiting, order, studio, watcher, results)
    return [results[index] for index in range(len(jobs))]


def work_on(job: Job, order: Order, studio: Studio, moved: Callable[[Progress], None]) -> FilmResult:
    """One film to its verdict. Only UsageError comes out: it would meet every film."""
    started = time.monotonic()
    try:
        if order.dry_run:
            return plan_film(job, studio, moved)
        return render_film(job, studio, order.fresh, moved)
    except UsageError:
        raise
    except FilmError as error:
        return result_of(error, job.film, time.monotonic() - started)
    except OSError as error:
        code = "no_space" if error.errno in NO_SPACE else "io"
        failure = FilmFailed(code, f"{error.strerror or error}: {error.filename or job.film}")
    except MemoryError:
        failure = FilmFailed("no_memory", "the machine has not enough memory for this film")
    except Exception as error:  # noqa: BLE001  a bug costs one film; its traceback is kept
        log = _keep_traceback(job, order.out)
        failure = FilmFailed("internal", f"{type(error).__name__}: {error} (traceback: {log})")
    return result_of(failure, job.film, time.monotonic() - started)


def _keep_traceback(job: Job, out: Path) -> Path:
    log = out / STATE_FOLDER / "errors" / f"{job.stem}.txt"
    with suppress(OSError):
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(traceback.format_exc(), "utf-8", "backslashreplace")
    return log


def _run_here(
    jobs: Sequence[Job],
    waiting: Sequence[int],
    order: Order,
    studio: Studio,
    watcher: Watcher,
    results: dict[int, FilmResult],
) -> None:
    for index in waiting:
        watcher.started(index, len(jobs), jobs[index].film.name)
        results[index] = work_on(jobs[index], order, studio, partial(watcher.moved, index))
        watcher.ended(index, results[index])


def _run_side_by_side(
    jobs: Sequence[Job],
    waiting: Sequence[int],
    order: Order,
    n_workers: int,
    watcher: Watcher,
    results: dict[int, FilmResult],
) -> None:
    """Several films at once. A worker that dies costs its film only: those left open then run one by one."""
    order = replace(order, preset=with_shared_cores(order.preset, n_workers))
    with suppress(BrokenProcessPool):
        _run_pool(jobs, waiting, order, n_workers, watcher, results)
    for index in [index for index in waiting if index not in results]:
        try:
            _run_pool(jobs, [index], order, 1, watcher, results)
        except BrokenProcessPool:
            failure = FilmFailed("worker_died", "the process that worked on this film died (out of memory?)")
            results[index] = result_of(failure, jobs[index].film)
            watcher.ended(index, results[index])


def with_shared_cores(preset: Preset, n_workers: int) -> Preset:
    """The preset with this machine's cores divided among the workers, unless it says how many threads to take."""
    if preset.generate.threads:
        return preset
    n_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return replace(preset, generate=replace(preset.generate, threads=max(1, n_cores // n_workers)))


def _run_pool(
    jobs: Sequence[Job],
    indices: Sequence[int],
    order: Order,
    n_workers: int,
    watcher: Watcher,
    results: dict[int, FilmResult],
) -> None:
    context = get_context("spawn")
    news: Queue[tuple[int, Progress | None]] = context.Queue()
    pool = ProcessPoolExecutor(n_workers, context, _start_worker, (order, news, os.getpid()))
    try:
        open_films: dict[Future[FilmResult], int] = {pool.submit(_work, index, jobs[index]): index for index in indices}
        while open_films:
            ended, _ = wait(open_films, _TICK_S, FIRST_COMPLETED)
            _pass_on(news, jobs, watcher)
            for future in ended:
                index = open_films.pop(future)
                results[index] = future.result()
                watcher.ended(index, results[index])
        pool.shutdown()
    except BaseException:
        _stop(pool)
        raise


def _pass_on(news: Queue[tuple[int, Progress | None]], jobs: Sequence[Job], watcher: Watcher) -> None:
    with suppress(queue.Empty):
        while True:
            index, progress = news.get_nowait()
            if progress is None:
                watcher.started(index, len(jobs), jobs[index].film.name)
            else:
                watcher.moved(index, progress)


def _stop(pool: ProcessPoolExecutor) -> None:
    """Ends the workers at once: what they had finished is in the store."""
    for process in list((pool._processes or {}).values()):
        process.terminate()
    pool.shutdown(wait=False, cancel_futures=True)


class _Worker:
    """What a worker process keeps between films."""

    studio: Studio
    order: Order
    news: Queue[tuple[int, Progress | None]]


def _start_worker(order: Order, news: Queue[tuple[int, Progress | None]], parent: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent ends its workers
    news.cancel_join_thread()
    threading.Thread(target=_leave_with, args=(parent,), daemon=True).start()
    _Worker.order, _Worker.news = order, news
    _Worker.studio = open_studio(order.preset, order.out, load_plugins())


def _leave_with(parent: int) -> None:
    """Ends this worker when its parent was killed: nothing may go on writing after the lock is gone."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def _work(index: int, job: Job) -> FilmResult:
    _Worker.news.put((index, None))
    last: dict[str, float] = {}

    def moved(progress: Progress) -> None:
        now = time.monotonic()
        if progress.done >= progress.total or now - last.get(progress.stage, 0.0) > _TICK_S:
            last[progress.stage] = now
            _Worker.news.put((index, progress))

    return work_on(job, _Worker.order, _Worker.studio, moved)
