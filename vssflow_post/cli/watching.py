"""Who is told how films go: bars on a terminal, lines in a pipe, a log file with times, JSON for programs."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.text import Text

from vssflow_post.cli.console import in_numbers, is_plain, safe
from vssflow_post.cli.ending import Terminated
from vssflow_post.errors import UsageError
from vssflow_post.progress import Progress
from vssflow_post.render.job import FilmResult

if TYPE_CHECKING:
    from vssflow_post.batch.dispatch import Watcher


class Silence:
    """For `--quiet`."""

    def started(self, index: int, n_films: int, name: str) -> None: ...

    def moved(self, index: int, progress: Progress) -> None: ...

    def lost(self, index: int, reason: str) -> None: ...

    def ended(self, index: int, result: FilmResult) -> None: ...

    def note(self, sentence: str) -> None:
        print(safe(sentence), file=sys.stderr, flush=True)


class Log:
    """One line per stage, for logs and pipes."""

    def __init__(self, write: Callable[[str], object] | None = None) -> None:
        """`write` takes a line; without it, lines go to stderr."""
        self._say = write or _to_stderr
        self._names: dict[int, str] = {}
        self._stages: dict[int, str] = {}
        self.counts: Counter[str] = Counter()
        """Films that have ended, by kind of verdict."""

    def started(self, index: int, n_films: int, name: str) -> None:
        self._names[index] = safe(name)
        self._say(f"[{index + 1}/{n_films}] {safe(name)}")

    def moved(self, index: int, progress: Progress) -> None:
        if self._stages.get(index) != progress.stage:
            self._stages[index] = progress.stage
            amount = f" ({progress.total})" if progress.stage == "generate" else ""
            self._say(f"{self._names.get(index, '')}: {safe(progress.stage)}{amount}")

    def lost(self, index: int, reason: str) -> None:
        self._say(f"{self._names[index]}: {safe(reason)}; it will be tried again")

    def ended(self, index: int, result: FilmResult) -> None:
        reason = f": {safe(result.reason)}" if result.reason else ""
        self._names.pop(index, None)
        self._stages.pop(index, None)
        self.counts[result.kind] += 1
        self._say(f"{safe(result.film.name)}: {result.verdict} in {result.seconds:.1f} s{reason}")

    def note(self, sentence: str) -> None:
        self._say(safe(sentence))


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


class Live:
    """Bars that move, on a terminal: all films, and each film at work with its stage, cue and time left."""

    def __init__(self, console: Console) -> None:
        self._bars = Bars(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[detail]}", markup=False),
            console=console,
            transient=True,
        )
        self._films: dict[int, tuple[TaskID, str]] = {}
        self._all: TaskID | None = None

    def __enter__(self) -> Live:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def started(self, index: int, n_films: int, name: str) -> None:
        if self._all is None:
            self._all = self._bars.add_task("films", total=n_films, detail="")
        self._bars.update(self._all, total=n_films)
        label = safe(name)
        self._films[index] = (self._bars.add_task(label, total=None, detail="probe"), label)

    def moved(self, index: int, progress: Progress) -> None:
        if index not in self._films:
            return
        task, label = self._films[index]
        description = f"{label}: {progress.stage}"
        if self._bars.tasks[self._bars.task_ids.index(task)].description != description:
            self._bars.reset(task, total=progress.total, description=description)
        self._bars.update(task, total=progress.total, completed=progress.done, detail=safe(progress.detail))

    def lost(self, index: int, reason: str) -> None:
        task, label = self._films.pop(index)
        self._bars.remove_task(task)
        self._bars.console.print(Text(f"{label}: {safe(reason)}; it will be tried again"))

    def ended(self, index: int, result: FilmResult) -> None:
        if index in self._films:
            self._bars.remove_task(self._films.pop(index)[0])
        if self._all is not None:
            self._bars.advance(self._all)

    def note(self, sentence: str) -> None:
        self._bars.console.print(Text(safe(sentence)))


class JsonLines:
    """An object a film, as it ends, on stdout: for those who cannot wait until all of them have."""

    def __init__(self, as_table: Callable[[FilmResult], dict[str, object]]) -> None:
        self._as_table = as_table

    def started(self, index: int, n_films: int, name: str) -> None: ...

    def moved(self, index: int, progress: Progress) -> None: ...

    def lost(self, index: int, reason: str) -> None: ...

    def ended(self, index: int, result: FilmResult) -> None:
        print(json.dumps(self._as_table(result)), flush=True)

    def note(self, sentence: str) -> None: ...


class Everyone:
    """Tells several watchers the same."""

    def __init__(self, *watchers: Watcher) -> None:
        self._watchers = watchers

    def started(self, index: int, n_films: int, name: str) -> None:
        for watcher in self._watchers:
            watcher.started(index, n_films, name)

    def moved(self, index: int, progress: Progress) -> None:
        for watcher in self._watchers:
            watcher.moved(index, progress)

    def lost(self, index: int, reason: str) -> None:
        for watcher in self._watchers:
            watcher.lost(index, reason)

    def ended(self, index: int, result: FilmResult) -> None:
        for watcher in self._watchers:
            watcher.ended(index, result)

    def note(self, sentence: str) -> None:
        for watcher in self._watchers:
            watcher.note(sentence)


@contextmanager
def watching(quiet: bool, log_file: Path | None = None, *others: Watcher) -> Iterator[Watcher]:
    """The watcher that fits: bars on a terminal, lines otherwise, nothing when quiet; what is told goes to `log_file`,
    too, after what stands there, and to `others`.

    Raises UsageError for a log file that cannot be written.
    """
    with ExitStack() as stack:
        watchers: list[Watcher] = [Silence()] if quiet else [stack.enter_context(_shown())]
        if log_file is not None:
            watchers.append(stack.enter_context(_logged(log_file)))
        watchers += others
        yield watchers[0] if len(watchers) == 1 else Everyone(*watchers)


@contextmanager
def _logged(log_file: Path) -> Iterator[Log]:
    """Lines with times, the last of which says how the run ended."""
    try:
        file = log_file.open("a", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write the log {log_file}: {error.strerror}") from None

    def write(line: str) -> None:
        print(datetime.now().astimezone().isoformat(timespec="seconds"), line, file=file, flush=True)

    with file:
        log = Log(write)
        try:
            yield log
        except KeyboardInterrupt as error:
            write("terminated" if isinstance(error, Terminated) else "interrupted")
            raise
        except Exception as error:
            write(f"error: {safe(error) or type(error).__name__}")
            raise
        write(in_numbers(log.counts))


@contextmanager
def _shown() -> Iterator[Watcher]:
    console = Console(stderr=True)
    if not console.is_terminal or is_plain():
        yield Log()
        return
    with Live(console) as live:
        yield live
