"""Where the films of a run come from: a list, or folders that are watched."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from vssflow_post.batch.inputs import with_batch_speakers
from vssflow_post.render.job import Job

LOOK_EVERY_S = 2.0
SETTLED_S = 5.0
"""A file that did not change for so long is complete: copies pause, but not for that long."""

_Version: TypeAlias = tuple[tuple[int, int], ...]
"""Size and time of change (ns) of a film and of what lies beside it."""


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


class Watched:
    """Films that come into folders, each taken when it has stopped growing, and again when it was changed.

    Those that are taken at once are cast together. The folders are looked through again and again: the system tells
    nothing of what other machines write to a share.
    """

    are_over = False

    def __init__(
        self,
        look: Callable[[], Sequence[Job]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`look` finds all films that are there."""
        self._look, self._clock = look, clock
        self._next_look = -LOOK_EVERY_S
        self._seen: dict[Path, tuple[_Version, float]] = {}
        """By film: how it was when it was last found changed, and when that was."""
        self._taken: dict[Path, _Version] = {}

    def take(self) -> Sequence[Job]:
        now = self._clock()
        if now < self._next_look:
            return ()
        settled = [job for job in self._look() if self._has_settled(job, now)]
        took_s = self._clock() - now
        self._next_look = now + took_s + max(LOOK_EVERY_S, 10 * took_s)  # a large share is not kept busy with looking
        return with_batch_speakers(settled)

    def _has_settled(self, job: Job, now: float) -> bool:
        version = _version(job)
        if self._taken.get(job.film) == version:
            return False
        was, since = self._seen.get(job.film, (None, now))
        if was != version:
            self._seen[job.film] = version, now
            return False
        if now - since < SETTLED_S:
            return False
        self._taken[job.film] = version
        return True


def _version(job: Job) -> _Version:
    version = []
    for path in (job.film, job.script, job.features):
        try:
            stat = path.stat() if path else None
        except OSError:  # it went away, or leads nowhere: then it settles as nothing
            stat = None
        version.append((stat.st_size, stat.st_mtime_ns) if stat else (-1, -1))
    return tuple(version)
