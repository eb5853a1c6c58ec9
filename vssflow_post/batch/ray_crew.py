"""Workers on the machines of a Ray cluster: actors that keep one model open each. Ray places them.

The machines share the films and the output folder under the same paths. An actor that is lost may go on unseen, cut off
from the rest: what makes sure that a film is delivered once is its attempt (see `deliver.staging`).
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import redirect_stdout, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

from vssflow_post.batch.crew import WorkerLost
from vssflow_post.batch.local_crew import crew_size
from vssflow_post.batch.worker import work_on
from vssflow_post.errors import UsageError
from vssflow_post.plugins import load_plugins
from vssflow_post.progress import Progress
from vssflow_post.render.job import FilmResult, Job, Order
from vssflow_post.render.studio import Studio, open_studio
from vssflow_post.store.output_folder import join_run

_NEWS = "news"
"""The actor's second thread, which answers while the first one works."""
_ASK_EVERY_S = 1.0
_PLACED_WITHIN_S = 600.0
"""A cluster that grows needs minutes for a machine."""


class FilmWorker:
    """The actor: works on one film at a time, in the folder that the command was given in."""

    def __init__(self, order: Order, folder: str) -> None:
        self._order, self._folder = order, folder
        self._studio: Studio | None = None
        self._news: deque[tuple[int, Progress]] = deque(maxlen=100)

    def news(self) -> list[tuple[int, Progress]]:
        """What there is to tell since this was last asked."""
        return [self._news.popleft() for _ in range(len(self._news))]

    def work(self, index: int, job: Job) -> FilmResult:
        if self._studio is None:
            _enter(self._folder, self._order)
            if not self._order.dry_run:
                join_run(self._order.out)
            self._studio = open_studio(self._order.preset, self._order.out, load_plugins())
        return work_on(job, self._order, self._studio, lambda progress: self._news.append((index, progress)))


def _enter(folder: str, order: Order) -> None:
    """Goes to the folder against which the paths of films are meant. Raises UsageError where it is not shared."""
    import socket

    try:
        os.chdir(folder)
    except OSError:
        raise UsageError(f"{socket.gethostname()} has no folder {folder}: a cluster's machines must share it") from None
    if not order.dry_run and not order.out.path.is_dir():
        raise UsageError(f"{socket.gethostname()} does not see {order.out.path}: a cluster's machines must share it")


@dataclass(slots=True)
class _Member:
    """A worker of the crew: an actor, and what it does."""

    actor: Any
    first_answer: Any
    """Its first answer, which comes when it runs."""
    has_started: bool = False
    is_lost: bool = False
    index: int | None = None
    """The film that it has."""
    answer: Any = None
    """What will be answered to the question for news; None when none is open."""
    next_question: float = 0.0


class RayCrew:
    """`Crew` of actors; Ray decides on which machine each runs."""

    def __init__(self, order: Order, address: str, n_workers: int | None, at_most: int | None) -> None:
        """Raises UsageError when Ray is not installed or no cluster answers."""
        self._ray = _connected(address)
        n_workers, resources = _placing(self._ray.nodes(), order.preset.worker.gpus, n_workers)
        threads = order.preset.generate.threads or int(resources["num_cpus"])
        order = replace(order, preset=replace(order.preset, generate=replace(order.preset.generate, threads=threads)))
        self._actor_class = self._ray.remote(
            concurrency_groups={_NEWS: 1},
            scheduling_strategy="SPREAD",
            **resources,
        )(FilmWorker)
        self._actor_arguments = order, str(Path.cwd())
        self._members = [self._hire() for _ in range(n_workers if at_most is None else min(n_workers, at_most))]
        self._last_running = time.monotonic()
        self._remarks = redirect_stdout(sys.stderr)  # Ray's own go where progress goes: stdout is for the results

    @property
    def size(self) -> int:
        """How many actors run by now: a cluster may start machines for the others."""
        self._members = [self._hire() if member.is_lost else member for member in self._members]
        for member in self._members:
            if not member.has_started and self._ray.wait([member.first_answer], timeout=0)[0]:
                member.has_started = self._answered(member)
        n_started = sum(member.has_started for member in self._members)
        if n_started:
            self._last_running = time.monotonic()
        elif time.monotonic() - self._last_running > _PLACED_WITHIN_S:
            raise UsageError(f"the cluster found no place for a worker within {_PLACED_WITHIN_S / 60:.0f} minutes")
        return n_started

    def __enter__(self) -> RayCrew:
        self._remarks.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for member in self._members:
            self._ray.kill(member.actor)
        self._ray.shutdown()
        self._remarks.__exit__(kind, error, trace)

    def begin(self, index: int, job: Job) -> Future[FilmResult]:
        member = next(member for member in self._members if member.has_started and member.index is None)
        member.index = index
        outcome: Future[FilmResult] = Future()
        member.actor.work.remote(index, job).future().add_done_callback(partial(self._settle, member, outcome))
        return outcome

    def news(self) -> Iterator[tuple[int, Progress]]:
        now = time.monotonic()
        for member in self._members:
            if member.answer is not None and self._ray.wait([member.answer], timeout=0)[0]:
                answer, member.answer = member.answer, None
                with suppress(self._ray.exceptions.RayError):  # the work itself will tell of it
                    yield from self._ray.get(answer)
            if member.index is not None and member.answer is None and now >= member.next_question:
                member.next_question = now + _ASK_EVERY_S
                member.answer = self._question(member.actor)

    def dismiss(self, index: int) -> None:
        member = next(member for member in self._members if member.index == index)
        member.is_lost = True
        self._ray.kill(member.actor)

    def loss(self, error: Exception) -> WorkerLost | None:
        if isinstance(error, self._ray.exceptions.OutOfMemoryError):
            return WorkerLost("no_memory", "Ray ended the process that worked on this film: memory ran out")
        if isinstance(error, self._ray.exceptions.RayError):
            return WorkerLost("worker_died", "the process or machine that worked on this film was lost")
        return None

    def _hire(self) -> _Member:
        actor = self._actor_class.remote(*self._actor_arguments)
        return _Member(actor, self._question(actor))

    def _question(self, actor: Any) -> Any:
        return actor.news.options(concurrency_group=_NEWS).remote()

    def _answered(self, member: _Member) -> bool:
        """Raises UsageError for an actor that cannot start."""
        try:
            self._ray.get(member.first_answer)
        except self._ray.exceptions.RayError as error:
            raise UsageError(f"a worker cannot start on the cluster: {error}") from None
        return True

    def _settle(self, member: _Member, outcome: Future[FilmResult], done: Future[FilmResult]) -> None:
        """Called in a thread of Ray's. What the actor raised is the film's; all else is the loss of the actor."""
        error = done.exception()
        if error is None:
            member.index = None
            outcome.set_result(done.result())
        elif isinstance(error, self._ray.exceptions.RayTaskError):
            member.index = None
            outcome.set_exception(error.cause)
        else:
            member.is_lost = True
            outcome.set_exception(error)


def _connected(address: str) -> Any:
    """The module `ray`, connected. Raises UsageError when it is not installed or no cluster answers."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError:
        raise UsageError('--cluster needs Ray: pip install "vssflow-post[ray]"') from None
    try:
        ray.init(address, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise UsageError(f"no Ray cluster at {address}: {error}") from None
    return ray


def _placing(
    nodes: Sequence[Mapping[str, Any]], gpus: float, n_workers: int | None = None
) -> tuple[int, dict[str, float]]:
    """How many workers there are to be, and what each asks of the machines that are there.

    With `gpus` each takes that share of a GPU; else cores and memory decide how many fit, as on one machine.
    """
    machines = [node["Resources"] for node in nodes if node["Alive"] and node["Resources"].get("CPU", 0) >= 1]
    if gpus:
        machines = [machine for machine in machines if machine.get("GPU", 0) >= gpus]
        fitting = sum(int(machine["GPU"] / gpus) for machine in machines)
    else:
        fitting = sum(crew_size(int(machine["CPU"]), int(machine.get("memory", 0))) for machine in machines)
    if not fitting:
        raise UsageError(f"no machine of the cluster has a core{f' and {gpus:g} of a GPU' if gpus else ''}")
    n_workers = n_workers or fitting
    n_cores = [int(machine["CPU"]) for machine in machines]
    resources = {"num_cpus": float(max(1, min(min(n_cores), sum(n_cores) // n_workers)))}
    return n_workers, {**resources, "num_gpus": gpus} if gpus else resources
