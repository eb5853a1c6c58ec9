"""Scripts as tables: CSV with the columns `start,end,speaker,text`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from vssflow_post.cues.strict_csv import is_blank, names_in, require_columns, rows_of
from vssflow_post.cues.timed_text import NO_DURATION, MalformedLine, Remarks, TimedText
from vssflow_post.cues.times import read_time, time_in_order

_COLUMNS = ("start", "end", "speaker", "text")
_REQUIRED = ("start", "end", "text")


def read_table(text: str, frame_rate: Fraction | None, drop_frame: bool, remarks: Remarks) -> list[TimedText]:
    """The rows of a CSV script, in file order; one without duration, or with a fault, is remarked and left out.

    Without a frame rate the order of its times is right, and those that count frames are not.

    The first row names the columns, in any order (`speaker` may be missing); without such a row they are
    start, end, speaker, text. Raises MalformedLine.
    """
    if not any(True for _ in _filled_rows(text)):
        raise MalformedLine(1, "is empty")
    timed = []
    for line, columns, cells in _under_columns(text):
        try:
            timed.append(_timed(columns, cells, line, frame_rate, drop_frame))
        except MalformedLine as fault:
            remarks.fail(fault)
    for each in timed:
        if each.end == each.start:
            remarks.lose(each.line, NO_DURATION)
    return [each for each in timed if each.end != each.start]


def texts_of_table(text: str) -> list[tuple[str, str | None]]:
    """(text, speaker) of each row, whatever its times say; columns as in `read_table`. Raises MalformedLine."""
    rows = (dict(zip(columns, cells, strict=False)) for _, columns, cells in _under_columns(text))
    return [(values.get("text", ""), values.get("speaker", "").strip() or None) for values in rows]


def names_of_columns(text: str) -> list[str]:
    """What stands in the first row of a table, as names of columns. Raises MalformedLine."""
    return next((names_in(cells) for _, cells in _filled_rows(text)), [])


def _under_columns(text: str) -> Iterator[tuple[int, list[str], list[str]]]:
    """(line, names of the columns, cells) of each row but the one that names them. Raises MalformedLine."""
    columns: list[str] | None = None
    for line, cells in _filled_rows(text):
        if columns is None:
            columns = _header(cells, line)
            if columns is not None:
                continue
            columns = list(_COLUMNS)
        yield line, columns, cells


def _filled_rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """(line, cells) of each row that is not blank. The delimiter is the first row's: comma, tab or semicolon."""
    text = re.sub(r"\r+\n|\r", "\n", text.replace("\ufeff", ""))
    first = next((row for row in text.split("\n") if row.strip()), "")
    delimiter = next((d for d in ",\t;" if d in first), ",")
    return ((line, cells) for line, cells in rows_of(text, delimiter) if not is_blank(cells))


def _header(cells: list[str], line: int) -> list[str] | None:
    """The names of the columns, or None where the row holds values."""
    names = names_in(cells)
    if not set(names) & {"start", "end", "text"}:
        return None
    require_columns(names, line, _COLUMNS, _REQUIRED, lambda name: repr(name[:40]))
    return names


def _timed(columns: list[str], cells: list[str], line: int, frame_rate: Fraction | None, drop_frame: bool) -> TimedText:
    if len(cells) != len(columns):
        hint = '; a text with commas needs "quotes"' if len(cells) > len(columns) else ""
        raise MalformedLine(line, f"has {len(cells)} cells, not {len(columns)} ({', '.join(columns)}){hint}")
    values = dict(zip(columns, cells, strict=True))
    times, problems = [], []
    for name in ("start", "end"):
        try:
            found = read_time(values[name], frame_rate, drop_frame) if frame_rate else time_in_order(values[name])
            times.append(found)
        except ValueError as error:
            problems.append(f"{name}: {error}")
    if problems:
        raise MalformedLine(line, ", and ".join(problems))
    start, end = times
    if end.seconds < start.seconds and (frame_rate or start.is_timecode == end.is_timecode):
        raise MalformedLine(line, f"end {values['end'].strip()} is not after start {values['start'].strip()}")
    return TimedText(start, end, values["text"], values.get("speaker", "").strip() or None, line)
