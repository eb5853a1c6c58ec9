"""What `vssflow-post render` does, from Python."""

from __future__ import annotations

import logging
import multiprocessing
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from vssflow_post.batch.inputs import Films, find_jobs
from vssflow_post.batch.run import Hiring, run_jobs
from vssflow_post.errors import UsageError
from vssflow_post.progress import Progress
from vssflow_post.render.job import FilmResult, Job, Order
from vssflow_post.settings.files import load_preset
from vssflow_post.store.output_folder import OutputFolder

PathLike: TypeAlias = "str | os.PathLike[str]"
OnFilmProgress: TypeAlias = Callable[[Path, Progress], None]
"""Is told of a film, as the user named it or as it was found, and how far one stage of it is."""


def render_films(
    films: PathLike | Iterable[PathLike],
    output: PathLike,
    preset: PathLike = "film",
    *,
    settings: Mapping[str, object] | None = None,
    script: PathLike | None = None,
    cues: PathLike | None = None,
    salvage: bool = False,
    fresh: bool = False,
    workers: int | None = None,
    progress: OnFilmProgress | None = None,
) -> list[FilmResult]:
    """Renders films, each into a folder of its own in `output`: stems, mix and report. One result a film, in order.

    `films` is a film, a folder, which is walked, or several of either. `preset` is a preset's name or file, and
    `settings` ("section.key" -> value) wins over it. `script` is that of a single film, or a folder of scripts that are
    called as their films; `cues` is for a single film. `workers` is how many films are worked on at once; without it,
    as many as the machine has cores and memory for.

    Every film ends with a verdict, also one that cannot be worked on; it raises nothing. Results that are complete are
    left alone unless `fresh`. Raises UsageError for what would meet every film: no film, another run in `output`.

    Films are worked on in processes that import the caller's script once more, so it calls this under
    `if __name__ == "__main__":`.
    """
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise UsageError('render_films starts processes: call it under `if __name__ == "__main__":`')
    inputs = [films] if isinstance(films, (str, os.PathLike)) else films
    named = Films(
        inputs=[Path(each) for each in inputs],
        script=None if script is None else Path(script),
        cues=None if cues is None else Path(cues),
        salvage=salvage,
    )
    order = Order(load_preset(os.fspath(preset), settings), OutputFolder(Path(output)), fresh)
    jobs = find_jobs(named, order.out.path)
    return run_jobs(jobs, order, Hiring(workers), _Watcher(jobs, progress))


class _Watcher:
    """Tells the caller's function how far films are, and the log what went wrong on the way."""

    def __init__(self, jobs: Sequence[Job], progress: OnFilmProgress | None) -> None:
        self._jobs, self._progress = jobs, progress
        self._log = logging.getLogger("vssflow_post")

    def started(self, index: int, n_films: int, name: str) -> None: ...

    def moved(self, index: int, progress: Progress) -> None:
        if self._progress is not None:
            self._progress(self._jobs[index].film, progress)

    def lost(self, index: int, reason: str) -> None:
        self._log.warning("%s: %s; it will be tried again", self._jobs[index].film, reason)

    def ended(self, index: int, result: FilmResult) -> None: ...

    def note(self, sentence: str) -> None:
        self._log.warning("%s", sentence)
