"""CSV from outside, read strictly: rows with their lines, and columns that are known by name."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence

from vssflow_post.cues.timed_text import MalformedLine
from vssflow_post.errors import did_you_mean


def rows_of(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """(line, cells) of each row, blank ones too. Raises MalformedLine."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for cells in reader:
            yield line, cells
            line = reader.line_num + 1  # a cell may go on over several lines
    except csv.Error as error:
        raise MalformedLine(reader.line_num, f"is not CSV ({error})") from None


def is_blank(cells: Sequence[str]) -> bool:
    return not any(cell.strip() for cell in cells)


def names_in(cells: Sequence[str]) -> list[str]:
    """The names that a header may mean."""
    return [cell.strip().lower() for cell in cells]


def require_columns(
    names: Sequence[str], line: int, known: Sequence[str], required: Sequence[str], shown: Callable[[str], str]
) -> None:
    """Raises MalformedLine for a column that is unknown, there twice, or missing; `shown` quotes a strange name."""
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known) or f" (known: {', '.join(known)})"
            raise MalformedLine(line, f"unknown column {shown(name)}{hint}")
        if names.count(name) > 1:
            raise MalformedLine(line, f"column '{name}' is there twice")
    for name in required:
        if name not in names:
            raise MalformedLine(line, f"column '{name}' is missing")
