"""A bar for a long training: how far, and what the loss is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn


@contextmanager
def watched() -> Iterator[Callable[[int, float, float], None]]:
    """Gives what is told of a step, its loss and the progress (0 to 1); the bar shows where there is a terminal."""
    columns = TextColumn("step {task.fields[step]}, loss {task.fields[loss]}"), BarColumn(), TimeRemainingColumn()
    with Progress(*columns, transient=True) as bar:
        task = bar.add_task("", total=1.0, step=0, loss="-")
        yield lambda step, loss, progress: bar.update(task, completed=progress, step=step, loss=f"{loss:.3f}")
