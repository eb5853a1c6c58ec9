"""Where the films of a run come from."""

from __future__ import annotations

from collections.abc import Sequence

from vssflow_post.inputs import Job


class Listed:
    """Films that are all known at the start."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._jobs = jobs

    def take(self) -> Sequence[Job]:
        jobs, self._jobs = self._jobs, ()
        return jobs

    @property
    def are_over(self) -> bool:
        return not self._jobs
