"""What is known of a batch's films before anybody works on them, and what is written down of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vssflow_post.batch.ledger import Ledger
from vssflow_post.cues.dialogue import SCRIPTED
from vssflow_post.cues.script import require_good_script
from vssflow_post.errors import ScriptError
from vssflow_post.render.job import FilmResult, Job, Order, result_of
from vssflow_post.store.output_folder import revoke

if TYPE_CHECKING:
    from vssflow_post.plugins import Plugins
    from vssflow_post.render.studio import Studio


@dataclass(frozen=True, slots=True)
class EmptyBook:
    """Of a dry run: every film is looked at, nothing is written."""

    order: Order

    def known(self, job: Job) -> FilmResult | None:
        return _bad_script(job, self.order)

    def record(self, job: Job, result: FilmResult, n_tries: int) -> None: ...

    def revoke(self, job: Job) -> None: ...


@dataclass(slots=True)
class OutputBook:
    """Of the output folder that this run holds: its ledger, and the receipts that films got in earlier runs."""

    order: Order
    ledger: Ledger
    plugins: Plugins | None
    """None: the backend runs elsewhere, and only the workers there can tell which films are finished."""
    _studio: Studio | None = field(default=None, init=False)

    def known(self, job: Job) -> FilmResult | None:
        if collision := self.ledger.collision(job):
            return result_of(collision, job.film)
        return self._earlier(job) or _bad_script(job, self.order)

    def _earlier(self, job: Job) -> FilmResult | None:
        """The verdict of an earlier run that still holds."""
        if self.order.fresh or self.plugins is None or not self.order.out.receipt(job.stem).exists():
            return None
        from vssflow_post.render.resume import verdict_at_a_glance
        from vssflow_post.render.studio import open_studio

        self._studio = self._studio or open_studio(self.order.preset, self.order.out, self.plugins)
        return verdict_at_a_glance(job, self._studio)

    def record(self, job: Job, result: FilmResult, n_tries: int) -> None:
        self.ledger.record(job, result, n_tries)

    def revoke(self, job: Job) -> None:
        revoke(self.order.out, job.stem, job.attempt)


def _bad_script(job: Job, order: Order) -> FilmResult | None:
    """The verdict of a film whose script is wrong whatever the film is: that is told before the film is opened."""
    if job.script is None or job.cues is not None or order.preset.dialogue.source not in SCRIPTED:
        return None
    try:
        require_good_script(job.script)
    except ScriptError as error:
        return result_of(error, job.film)
    return None
