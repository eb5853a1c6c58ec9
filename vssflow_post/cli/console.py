"""What a person sees: progress on stderr, the summary on stdout. Everything a user or a file named is escaped."""

from __future__ import annotations

import os
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from vssflow_post.batch.whole_cast import cast_by_rule
from vssflow_post.render.job import FilmResult

MOST_CHARACTERS = 20
"""Of a batch's cast on the terminal; all of them are in the file."""
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


def is_plain() -> bool:
    """Whether `NO_COLOR` is set (no-color.org): then nothing but text is written, and no bars move."""
    return bool(os.environ.get("NO_COLOR"))


def _stdout() -> Console:
    """Stdout; as wide as its lines when it is no terminal, so that logs and `grep` get one line per row."""
    console = Console(color_system=None if is_plain() else "auto")
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


def print_summary(results: Sequence[FilmResult], output: Path = Path()) -> None:
    """One row per film, on stdout; `output` is the folder of all results."""
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
    _print_cast(results, output)
    if len(results) > 1:
        console.print(Text(in_numbers(Counter(result.kind for result in results))))


def in_numbers(counts: Mapping[str, int]) -> str:
    """How many films ended how."""
    return ", ".join(f"{kind}: {counts.get(kind, 0)}" for kind in STYLES)


def _print_cast(results: Sequence[FilmResult], output: Path) -> None:
    """Who was cast by the rule, and how to cast them otherwise."""
    cast = cast_by_rule(results)
    if not cast:
        return
    rows = [
        (one.speaker, one.voice, str(one.n_lines), one.films[0] if len(one.films) == 1 else f"{len(one.films)} films")
        for one in cast
    ]
    shown = rows[:MOST_CHARACTERS]
    print_rows(shown, ("character", "voice", "lines", "film"))
    more = f"{len(rows) - len(shown)} more characters. " if len(rows) > len(shown) else ""
    of = [result.output for result in results if result.cast and result.output]
    file = (of[0] if len(of) == 1 else output) / "cast.toml"
    console = _stdout()
    console.print(Text(safe(f"{more}Voices that nobody chose: edit {file}, and give it to --cast."), "dim"))


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
