"""What a crew of workers is to a batch, in processes here or on other machines; and how long a worker may be silent."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Protocol

from vssflow_post.errors import FilmFailed
from vssflow_post.progress import Progress
from vssflow_post.render.job import FilmResult, Job
from vssflow_post.settings.preset import WorkerSettings

START_S = 180.0
"""Time for a worker to start and to open a film, on a machine that has too much to do."""
SLOWEST_DISK_BYTES_PER_S = 10_000_000
"""A film is read once before anything is known of it; from a busy network share at this rate."""


class WorkerLost(FilmFailed):
    """The worker that had this film is gone: `worker_died`, `timeout` or `no_memory`. Another one may try again."""


class Crew(Protocol):
    """The workers of one run. Leaving its `with` block ends them all, at once where the block ends with an error."""

    @property
    def size(self) -> int:
        """How many films are worked on at once."""
        ...

    def __enter__(self) -> Crew: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def begin(self, index: int, job: Job) -> Future[FilmResult]:
        """Gives a film to a free worker. The future raises UsageError for what is wrong with the whole order."""
        ...

    def news(self) -> Iterator[tuple[int, Progress]]:
        """What the workers have told since this was last asked: index of the film, and how far it is."""
        ...

    def dismiss(self, index: int) -> None:
        """Ends the worker that has this film; the film's future is cancelled or raises soon."""
        ...

    def loss(self, error: Exception) -> WorkerLost | None:
        """What an error of a future says about its worker; None where the worker is well."""
        ...


def silence_limit_s(settings: WorkerSettings, film_s: float) -> float:
    """How long a worker may be silent before it is taken for hung, for a film of `film_s` seconds."""
    return max(settings.silence_s, settings.silence_factor * film_s)


def first_silence_limit_s(film: Path) -> float:
    """The same while only the file's size is known: a worker has to start, and to read the file."""
    try:
        n_bytes = film.stat().st_size
    except OSError:
        n_bytes = 0
    return START_S + n_bytes / SLOWEST_DISK_BYTES_PER_S
