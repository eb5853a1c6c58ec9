"""A run of films, as commands start it: the output folder held, workers hired, progress on stderr."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING

from vssflow_post.errors import BackendUnavailable, VssflowError

if TYPE_CHECKING:
    from vssflow_post.batch.crew import Crew
    from vssflow_post.batch.dispatch import Arrivals, Watcher
    from vssflow_post.batch.ledger import Ledger
    from vssflow_post.render.job import FilmResult, Job, Order
    from vssflow_post.render.studio import Studio


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


def run_films(arrivals: Arrivals, order: Order, hiring: Hiring, watcher: Watcher) -> list[FilmResult]:
    """The results of all films; `watcher` is told how it goes. Raises UsageError for what would meet every film."""
    from vssflow_post.batch.dispatch import Batch
    from vssflow_post.render.job import result_of
    from vssflow_post.store.output_folder import revoke

    recalled = _recalled(order, hiring)
    with recording(order, watcher) as ledger:

        def known(job: Job) -> FilmResult | None:
            """The verdict of a film for which nobody has to work."""
            if ledger is not None and (collision := ledger.collision(job)):
                return result_of(collision, job.film)
            return recalled(job)

        batch = Batch(arrivals, order.preset.worker, partial(hiring.crew, order), watcher, known)
        if ledger is not None:
            batch.record, batch.give_up = ledger.record, lambda job: revoke(order.out, job.stem, job.attempt)
        return batch.run()


def _recalled(order: Order, hiring: Hiring) -> Callable[[Job], FilmResult | None]:
    """What tells a film's verdict of an earlier run, at a glance.

    Raises BackendUnavailable before anything else is begun, unless others do the work.
    """
    from vssflow_post.plugins import choose_backend, load_plugins

    plugins = load_plugins()
    try:
        choose_backend(plugins.backends(), order.preset.generate.backend)
    except BackendUnavailable:
        if hiring.cluster is None:
            raise
        return lambda job: None  # it can run elsewhere; the workers know finished films as well

    @cache
    def studio() -> Studio:
        from vssflow_post.render.studio import open_studio

        return open_studio(order.preset, order.out, plugins)

    def recalled(job: Job) -> FilmResult | None:
        if order.fresh or order.dry_run or not order.out.receipt(job.stem).exists():
            return None
        from vssflow_post.render.resume import verdict_at_a_glance

        return verdict_at_a_glance(job, studio())

    return recalled


@contextmanager
def recording(order: Order, watcher: Watcher) -> Iterator[Ledger | None]:
    """Holds the output folder and keeps its `batch.json`; None for a dry run, which writes nothing."""
    from vssflow_post.batch.ledger import Ledger
    from vssflow_post.store.output_folder import output_lock

    if order.dry_run:
        yield None
        return
    with output_lock(order.out):
        ledger = Ledger(order.out)
        try:
            yield ledger
        finally:
            try:
                ledger.close()
            except (OSError, VssflowError) as error:
                watcher.note(f"batch.json is not complete: {error}")
