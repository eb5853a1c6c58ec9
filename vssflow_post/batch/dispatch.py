"""The loop of a batch: films as they come are given to a crew of workers, until each has its verdict.

One bad film never stops the others. Where films come from, who works on them, what is known and written of them and
who is told are four small protocols; three of them stand here, the fourth is `Crew`."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Protocol
from uuid import uuid4

from vssflow_post.batch.crew import Crew, WorkerLost, first_silence_limit_s, silence_limit_s
from vssflow_post.progress import Progress
from vssflow_post.render.job import FilmResult, Job, result_of
from vssflow_post.settings.preset import WorkerSettings

MAX_TRIES = 2
"""A film whose worker was lost is tried once more, after all others."""
_TICK_S = 0.2


class Watcher(Protocol):
    """Who is told how the batch goes."""

    def started(self, index: int, n_films: int, name: str) -> None: ...

    def moved(self, index: int, progress: Progress) -> None: ...

    def lost(self, index: int, reason: str) -> None:
        """The worker of a film is gone; the film will be tried again."""
        ...

    def ended(self, index: int, result: FilmResult) -> None: ...

    def note(self, sentence: str) -> None:
        """Something about the run that nobody may miss, whatever else is told."""
        ...


class Arrivals(Protocol):
    """Where films come from."""

    def take(self) -> Sequence[Job]:
        """Those that have come since this was last called."""
        ...

    @property
    def are_over(self) -> bool:
        """Whether no more will come."""
        ...


class Book(Protocol):
    """What is known of films, and what is written down of them."""

    def known(self, job: Job) -> FilmResult | None:
        """The verdict of a film for which no worker is needed."""
        ...

    def record(self, job: Job, result: FilmResult, n_tries: int) -> None:
        """Each film's result, and how often the film was tried."""
        ...

    def revoke(self, job: Job) -> None:
        """The worker of this try of a film is lost, and another one will try: the lost one may not deliver."""
        ...


@dataclass(slots=True)
class _Open:
    """A film that a worker has."""

    index: int
    limit_s: float
    """How long its worker may be silent."""
    heard: float = field(default_factory=time.monotonic)
    """When it last told something."""
    dismissed: bool = False

    @property
    def is_hung(self) -> bool:
        return not self.dismissed and time.monotonic() - self.heard > self.limit_s


@dataclass(slots=True)
class Batch:
    """One run over films that may still be arriving."""

    arrivals: Arrivals
    hire: Callable[[], Crew]
    """Called when the first film needs a worker."""
    book: Book
    watcher: Watcher
    settings: WorkerSettings
    jobs: list[Job] = field(default_factory=list, init=False)
    results: dict[int, FilmResult] = field(default_factory=dict, init=False)
    _waiting: deque[int] = field(default_factory=deque, init=False)
    _open: dict[Future[FilmResult], _Open] = field(default_factory=dict, init=False)
    _run: str = field(default_factory=lambda: uuid4().hex[:8], init=False)
    _tries: Counter[int] = field(default_factory=Counter, init=False)

    def run(self) -> list[FilmResult]:
        """One result per film, in the order of arrival. Raises UsageError for what is wrong with the order and not with
        a film."""
        crew: Crew | None = None
        with ExitStack() as stack:
            while True:
                arrived = self.arrivals.take()
                self.jobs += arrived  # all of them before the first is told of, so that it is one of so many
                for index in range(len(self.jobs) - len(arrived), len(self.jobs)):
                    self._receive(index)
                if self._waiting:
                    crew = crew or stack.enter_context(self.hire())
                if crew is not None:
                    self._attend(crew)
                if not self._waiting and not self._open:
                    if self.arrivals.are_over:
                        return [self.results[index] for index in range(len(self.jobs))]
                    time.sleep(_TICK_S)

    def _receive(self, index: int) -> None:
        job = self.jobs[index]
        known = self.book.known(job) if job.refused is None else result_of(job.refused, job.film)
        if known is None:
            self._waiting.append(index)
        else:
            self.watcher.started(index, len(self.jobs), job.film.name)
            self._end(index, known)

    def _attend(self, crew: Crew) -> None:
        """Gives films to free workers, and waits a moment for what becomes of those that they have."""
        while len(self._open) < crew.size and (index := self._next()) is not None:
            self._begin(crew, index)
        if not self._open:
            time.sleep(_TICK_S)  # a cluster's workers come in their time
            return
        ended, _ = wait(self._open, _TICK_S, FIRST_COMPLETED)
        self._listen(crew)
        for future in ended:
            self._settle(crew, future, self._open.pop(future))
        for film in self._open.values():
            if film.is_hung:
                film.dismissed = True
                crew.dismiss(film.index)

    def _next(self) -> int | None:
        """The first film that waits; not one that changed while its older version is still worked on."""
        busy = {self.jobs[film.index].folder for film in self._open.values()}
        index = next((index for index in self._waiting if self.jobs[index].folder not in busy), None)
        if index is not None:
            self._waiting.remove(index)
        return index

    def _begin(self, crew: Crew, index: int) -> None:
        job = self.jobs[index]
        self._tries[index] += 1
        self.watcher.started(index, len(self.jobs), job.film.name)
        self._open[crew.begin(index, self._this_try(index))] = _Open(index, first_silence_limit_s(job.film))

    def _this_try(self, index: int) -> Job:
        return replace(self.jobs[index], attempt=f"{self._run}-{self._tries[index]}")

    def _listen(self, crew: Crew) -> None:
        open_films = {film.index: film for film in self._open.values()}
        for index, progress in crew.news():
            if index not in open_films:  # it was dismissed meanwhile
                continue
            open_films[index].heard = time.monotonic()
            if progress.stage == "probe":
                open_films[index].limit_s = silence_limit_s(self.settings, progress.total)
            self.watcher.moved(index, progress)

    def _settle(self, crew: Crew, future: Future[FilmResult], film: _Open) -> None:
        try:
            self._end(film.index, future.result())
        except (CancelledError, Exception) as error:
            lost = crew.loss(error)
            if film.dismissed:
                lost = WorkerLost("timeout", f"nothing was heard of the work on this film for {film.limit_s:.0f} s")
            if lost is None:
                raise
            self.book.revoke(self._this_try(film.index))
            if self._tries[film.index] < MAX_TRIES:
                self.watcher.lost(film.index, str(lost))
                self._waiting.append(film.index)
            else:
                self._end(film.index, result_of(lost, self.jobs[film.index].film))

    def _end(self, index: int, result: FilmResult) -> None:
        self.results[index] = result
        self.book.record(self.jobs[index], result, self._tries[index])
        self.watcher.ended(index, result)
