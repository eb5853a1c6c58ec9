"""A run of films: found, the output folder held, workers hired, and each film brought to its verdict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from vssflow_post.batch.arrivals import Listed, Watched
from vssflow_post.batch.book import EmptyBook, OutputBook
from vssflow_post.batch.dispatch import Arrivals, Batch, Book, Watcher
from vssflow_post.batch.inputs import Films, find_jobs, jobs_now
from vssflow_post.batch.ledger import Ledger
from vssflow_post.errors import BackendUnavailable, VssflowError
from vssflow_post.plugins import Plugins, load_plugins
from vssflow_post.store.output_folder import output_lock

if TYPE_CHECKING:
    from vssflow_post.batch.crew import Crew
    from vssflow_post.render.job import FilmResult, Job, Order


@dataclass(frozen=True, slots=True)
class Hiring:
    """Who is to work."""

    n_workers: int | None = None
    """None: as many as the machines have cores and memory for."""
    cluster: str | None = None
    """Address of a Ray cluster; None: this machine."""
    at_most: int | None = None
    """Number of films, where that is known."""

    def crew(self, order: Order) -> Crew:
        if self.cluster is not None:
            from vssflow_post.batch.ray_crew import RayCrew

            return RayCrew(order, self.cluster, self.n_workers, self.at_most)
        from vssflow_post.batch.local_crew import LocalCrew, crew_size, this_machine

        size = self.n_workers or crew_size(*this_machine())
        return LocalCrew(order, size if self.at_most is None else min(size, self.at_most))


def run_films(films: Films, order: Order, hiring: Hiring, watcher: Watcher) -> list[FilmResult]:
    """One result for each film that there is, in order; `watcher` is told how it goes.

    Raises UsageError for inputs without a film, and for what would meet every film.
    """
    return run_jobs(find_jobs(films, order.out.path), order, hiring, watcher)


def run_jobs(jobs: Sequence[Job], order: Order, hiring: Hiring, watcher: Watcher) -> list[FilmResult]:
    """The same for films whose jobs are known."""
    return _run(Listed(jobs), order, replace(hiring, at_most=len(jobs)), watcher)


def watch_films(films: Films, order: Order, hiring: Hiring, watcher: Watcher) -> list[FilmResult]:
    """Goes on with films as they come, until it is interrupted."""
    return _run(Watched(partial(jobs_now, films, order.out.path)), order, hiring, watcher)


def _run(arrivals: Arrivals, order: Order, hiring: Hiring, watcher: Watcher) -> list[FilmResult]:
    plugins = _plugins_for(order, hiring)
    with _book(order, plugins, watcher) as book:
        return Batch(arrivals, partial(hiring.crew, order), book, watcher, order.preset.worker).run()


def _plugins_for(order: Order, hiring: Hiring) -> Plugins | None:
    """The plugins, where the order's backends are among them and run here; None where only others have to run them.

    Raises BackendUnavailable before anything else is begun.
    """
    # Imported here: asking for `render_films` imports nothing heavy.
    from vssflow_post.render.maker import makers_of

    plugins = load_plugins()
    try:
        makers_of(order.preset.generate, plugins)
    except BackendUnavailable:
        if hiring.cluster is None:
            raise
        return None
    return plugins


@contextmanager
def _book(order: Order, plugins: Plugins | None, watcher: Watcher) -> Iterator[Book]:
    """Holds the output folder and keeps its `batch.jsonl`; not for a dry run, which writes nothing."""
    if order.dry_run:
        yield EmptyBook(order)
        return
    with output_lock(order.out):
        ledger = Ledger(order.out)
        try:
            yield OutputBook(order, ledger, plugins)
        finally:
            try:
                ledger.close()
            except (OSError, VssflowError) as error:
                watcher.note(f"batch.jsonl is not complete: {error}")
