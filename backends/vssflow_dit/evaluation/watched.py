"""How far long work is: lists that say how far they have been read, and the bars that show it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from vssflow_post.progress import OnProgress, Progress

T = TypeVar("T")


def watched(stage: str, items: Sequence[T], report: OnProgress) -> Iterator[T]:
    """The items; `report` hears of each when it is done with."""
    for done, item in enumerate(items, start=1):
        yield item
        report(Progress(stage, done, len(items)))


@contextmanager
def bars() -> Iterator[OnProgress]:
    """A bar for each stage on the terminal, under the ones before."""
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    tasks: dict[str, TaskID] = {}
    with Bars() as shown:

        def report(progress: Progress) -> None:
            if progress.stage not in tasks:
                tasks[progress.stage] = shown.add_task(progress.stage, total=progress.total)
            shown.update(tasks[progress.stage], completed=progress.done, total=progress.total)

        yield report
