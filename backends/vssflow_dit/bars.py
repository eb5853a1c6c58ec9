"""Progress bars of long work: training, and lists whose items take a while."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from rich.progress import BarColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from vssflow_post.progress import OnProgress, Progress

T = TypeVar("T")


@contextmanager
def training_bar() -> Iterator[Callable[[int, float, float], None]]:
    """Gives what is told of a step, its loss and the progress (0 to 1); the bar shows where there is a terminal."""
    columns = TextColumn("step {task.fields[step]}, loss {task.fields[loss]}"), BarColumn(), TimeRemainingColumn()
    with Bars(*columns, transient=True) as bar:
        task = bar.add_task("", total=1.0, step=0, loss="-")
        yield lambda step, loss, progress: bar.update(task, completed=progress, step=step, loss=f"{loss:.3f}")


def watched(stage: str, items: Sequence[T], report: OnProgress) -> Iterator[T]:
    """The items; `report` hears of each when it is done with."""
    for done, item in enumerate(items, start=1):
        yield item
        report(Progress(stage, done, len(items)))


@contextmanager
def bars() -> Iterator[OnProgress]:
    """A bar for each stage on the terminal, under the ones before."""
    tasks: dict[str, TaskID] = {}
    with Bars() as shown:

        def report(progress: Progress) -> None:
            if progress.stage not in tasks:
                tasks[progress.stage] = shown.add_task(progress.stage, total=progress.total)
            shown.update(tasks[progress.stage], completed=progress.done, total=progress.total)

        yield report
