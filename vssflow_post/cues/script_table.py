"""Scripts as tables: CSV with the columns `start,end,speaker,text`."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from vssflow_post.cues.script_subtitles import MalformedLine
from vssflow_post.cues.times import ScriptTime, read_time

_COLUMNS = ("start", "end", "speaker", "text")
_REQUIRED = ("start", "end", "text")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of dialogue, as the table has it."""

    start: ScriptTime
    end: ScriptTime
    text: str
    speaker: str | None
    line: int
    """Where it stands in the file, from 1."""


def read_table(text: str, frame_rate: Fraction, drop_frame: bool) -> list[Row]:
    """The rows of a CSV script, in file order.

    The first row names the columns, in any order (`speaker` may be missing); without such a row they are
    start, end, speaker, text. Raises MalformedLine.
    """
    if not any(True for _ in _cells(text)):
        raise MalformedLine(1, "is empty")
    return [_row(columns, cells, line, frame_rate, drop_frame) for line, columns, cells in _under_columns(text)]


def texts_of_table(text: str) -> list[tuple[str, str | None]]:
    """(text, speaker) of each row, whatever its times say; columns as in `read_table`. Raises MalformedLine."""
    rows = (dict(zip(columns, cells, strict=False)) for _, columns, cells in _under_columns(text))
    return [(values.get("text", ""), values.get("speaker", "").strip() or None) for values in rows]


def _under_columns(text: str) -> Iterator[tuple[int, list[str], list[str]]]:
    """(line, names of the columns, cells) of each row but the one that names them. Raises MalformedLine."""
    columns: list[str] | None = None
    for line, cells in _cells(text):
        if columns is None:
            columns = _header(cells, line)
            if columns is not None:
                continue
            columns = list(_COLUMNS)
        yield line, columns, cells


def _cells(text: str) -> Iterator[tuple[int, list[str]]]:
    """(line, cells) of each row that is not blank. The delimiter is the header's: comma, tab or semicolon."""
    header = next((row for row in text.split("\n") if row.strip()), "")
    delimiter = next((d for d in ",\t;" if d in header), ",")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise MalformedLine(reader.line_num, f"is not CSV ({error})") from None


def _header(cells: list[str], line: int) -> list[str] | None:
    """The names of the columns, or None where the row holds values."""
    names = [cell.strip().lower() for cell in cells]
    if not set(names) & {"start", "end", "text"}:
        return None
    for name in names:
        if name not in _COLUMNS:
            raise MalformedLine(line, f"unknown column {name[:40]!r} (known: {', '.join(_COLUMNS)})")
        if names.count(name) > 1:
            raise MalformedLine(line, f"column {name!r} is there twice")
    for name in _REQUIRED:
        if name not in names:
            raise MalformedLine(line, f"column {name!r} is missing")
    return names


def _row(columns: list[str], cells: list[str], line: int, frame_rate: Fraction, drop_frame: bool) -> Row:
    if len(cells) != len(columns):
        hint = '; a text with commas needs "quotes"' if len(cells) > len(columns) else ""
        raise MalformedLine(line, f"has {len(cells)} cells, not {len(columns)} ({', '.join(columns)}){hint}")
    values = dict(zip(columns, cells, strict=True))
    times = []
    for name in ("start", "end"):
        try:
            times.append(read_time(values[name], frame_rate, drop_frame))
        except ValueError as error:
            raise MalformedLine(line, f"{name}: {error}") from None
    if times[1].seconds <= times[0].seconds:
        raise MalformedLine(line, f"end {values['end'].strip()} is not after start {values['start'].strip()}")
    return Row(times[0], times[1], values["text"], values.get("speaker", "").strip() or None, line)
