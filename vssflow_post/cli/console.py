"""What a person sees: progress on stderr, the summary on stdout. Everything a user or a file named is escaped."""

from __future__ import annotations

import os
import sys
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.table import Table
from rich.text import Text

from vssflow_post.progress import Progress
from vssflow_post.render.job import FilmResult

if TYPE_CHECKING:
    from vssflow_post.batch.dispatch import Watcher

STYLES = {"done": "green", "warnings": "yellow", "rejected": "red", "failed": "bold red"}


def safe(text: object) -> str:
    r"""Text that cannot move the cursor or break the terminal: control characters and undecodable bytes as `\xNN`."""
    return "".join(_visible(character) for character in str(text))


def _visible(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a file name that is no UTF-8 (PEP 383)
        return f"\\x{code - 0xDC00:02x}"
    if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp"):
        return character.encode("unicode_escape", "surrogatepass").decode("ascii") if code < 0x100 else f"\\u{code:04x}"
    return character


class Silence:
    """For `--quiet`."""

    def started(self, index: int, n_films: int, name: str) -> None: ...

    def moved(self, index: int, progress: Progress) -> None: ...

    def lost(self, index: int, reason: str) -> None: ...

    def ended(self, index: int, result: FilmResult) -> None: ...

    def note(self, sentence: str) -> None:
        print(safe(sentence), file=sys.stderr, flush=True)


class Log:
    """One line per stage on stderr, for logs and pipes."""

    def __init__(self) -> None:
        self._names: dict[int, str] = {}
        self._stages: dict[int, str] = {}

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
        self._say(f"{safe(result.film.name)}: {result.verdict} in {result.seconds:.1f} s{reason}")

    def note(self, sentence: str) -> None:
        self._say(safe(sentence))

    def _say(self, line: str) -> None:
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


def _plain() -> bool:
    """Whether `NO_COLOR` is set (no-color.org): then nothing but text is written, and no bars move."""
    return bool(os.environ.get("NO_COLOR"))


def _stdout() -> Console:
    """Stdout; as wide as its lines when it is no terminal, so that logs and `grep` get one line per row."""
    console = Console(color_system=None if _plain() else "auto")
    return console if console.is_terminal else Console(width=10_000)


def say(text: str, indent: int = 0) -> None:
    """A line on stdout; on a terminal it is broken between words, and goes on under its first `indent` signs."""
    console = _stdout()
    first, rest = safe(text[:indent]), Text(safe(text[indent:]))
    if not console.is_terminal:
        console.print(Text(first) + rest)
        return
    for number, line in enumerate(rest.wrap(console, max(20, console.width - indent))):
        line.rstrip()
        console.print(Text(first if number == 0 else " " * indent) + line)


def watching(quiet: bool) -> AbstractContextManager[Watcher]:
    """The watcher that fits: bars on a terminal, lines otherwise, nothing when quiet."""
    if quiet:
        return nullcontext(Silence())
    console = Console(stderr=True)
    if not console.is_terminal or _plain():
        return nullcontext(Log())
    live: AbstractContextManager[Watcher] = Live(console)
    return live


def print_summary(results: Sequence[FilmResult]) -> None:
    """One row per film, on stdout."""
    table = Table(box=None, pad_edge=False)
    for column in ("film", "verdict", "seconds", "output"):
        table.add_column(column, justify="right" if column == "seconds" else "left", overflow="fold")
    for result in results:
        table.add_row(
            Text(safe(result.film)),
            Text(result.verdict, STYLES.get(result.kind, "")),
            f"{result.seconds:.1f}",
            Text(safe(result.output) if result.output else ""),
        )
    console = _stdout()
    for result in results:
        for cue in result.plan.cues if result.plan else ():
            console.print(Text(safe(_row(cue))))
    console.print(table)
    for result in results:
        for note in (result.reason, result.detail):
            if note:
                console.print(Text(f"{safe(result.film.name)}: {safe(note)}", "dim"))
    if len(results) > 1:
        counts = Counter(result.kind for result in results)
        console.print(Text(", ".join(f"{kind}: {counts[kind]}" for kind in STYLES)))


def _row(cue: Mapping[str, Any]) -> str:
    speaker = f"{cue['speaker']}: " if cue["speaker"] else ""
    words = f"{speaker}{cue['text'] or cue['sound']}"
    return f"{cue['id']} {cue['start_s']:9.3f} {cue['end_s']:9.3f} {cue['kind']:<6} {words}"


def print_rows(rows: Sequence[tuple[str, ...]], header: tuple[str, ...], styles: Sequence[str] = ()) -> None:
    """A plain table on stdout; `styles` colour the second column, row by row."""
    table = Table(box=None, pad_edge=False)
    for column in header:
        table.add_column(column, overflow="fold")
    for number, row in enumerate(rows):
        style = styles[number] if number < len(styles) else ""
        table.add_row(*(Text(safe(cell), style if k == 1 else "") for k, cell in enumerate(row)))
    _stdout().print(table)
