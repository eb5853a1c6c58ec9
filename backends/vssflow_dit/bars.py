"""Progress bars of long work: training, and lists whose items take a while."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from vssflow_post.progress import OnProgress, Progress

T = TypeVar("T")


def _console() -> Console:
    """Where bars go: no bar moves, and nothing is coloured, where NO_COLOR is set."""
    is_plain = bool(os.environ.get("NO_COLOR"))
    return Console(color_system=None, force_terminal=False) if is_plain else Console()


@contextmanager
def training_bar() -> Iterator[Callable[[int, float, float], None]]:
    """Gives what is told of a step, its loss and the progress (0 to 1); the bar shows where there is a terminal."""
    told = TextColumn("step {task.fields[step]}, loss {task.fields[loss]}, {task.fields[rate]} steps/s")
    with Bars(told, BarColumn(), TimeRemainingColumn(), transient=True, console=_console()) as bar:
        task = bar.add_task("", total=1.0, step=0, loss="-", rate="-")
        last = 0, time.monotonic()

        def show(step: int, loss: float, progress: float) -> None:
            nonlocal last
            now = step, time.monotonic()
            rate = (now[0] - last[0]) / max(now[1] - last[1], 1e-9) if last[0] else 0.0  # not of a run's first steps
            last = now
            bar.update(task, completed=progress, step=step, loss=f"{loss:.3f}", rate=f"{rate:.2f}" if rate else "-")

        yield show


def watched(stage: str, items: Sequence[T], report: OnProgress) -> Iterator[T]:
    """The items; `report` hears of each when it is done with."""
    for done, item in enumerate(items, start=1):
        yield item
        report(Progress(stage, done, len(items)))


@contextmanager
def bars() -> Iterator[OnProgress]:
    """A bar for each stage on the terminal, under the ones before."""
    tasks: dict[str, TaskID] = {}
    with Bars(console=_console()) as shown:

        def report(progress: Progress) -> None:
            if progress.stage not in tasks:
                tasks[progress.stage] = shown.add_task(progress.stage, total=progress.total)
            shown.update(tasks[progress.stage], completed=progress.done, total=progress.total)

        yield report
