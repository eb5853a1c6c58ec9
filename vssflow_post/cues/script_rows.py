"""The rows of a SubRip or WebVTT file: which hold a time, which the number of a subtitle, which its text.

Files are written by many programs and hands. What stands alone right before a time is the subtitle's number, however it
is written; numbers may be doubled or missing, rows spaced or not spaced. A row that looks timed and is no time is an
error, and what stands where nothing times it is told: no line is lost without a word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise

from vssflow_post.cues.timed_text import MalformedLine, Remarks

_CLOCK = r"(?:(\d{1,4}) ?: ?)?(\d{1,2}) ?: ?(\d{1,2})(?: ?(?:[,.;]|:(?=\d{3}\b)) ?(\d{1,6}))?"
_SRT_TIMING = re.compile(rf"(?:\d+ )?{_CLOCK} ?(?:(?:[-=\u2013\u2014] ?)+>|\u2192) ?{_CLOCK}(?: (.*))?")
_VTT_CLOCK = r"(?:(\d{1,4}):)?(\d{2}):(\d{2})\.(\d{3})"
_VTT_TIMING = re.compile(rf"{_VTT_CLOCK} ?--> ?{_VTT_CLOCK}(?: (.*))?")
_LABEL = r"\d+ ?: ?\d+ ?: ?\d+\S*"
_LOOKS_TIMED = re.compile(rf"-->.*\d|\d.*-->|^\W*{_LABEL}\W+{_LABEL}\W*$|^\W*\d+ ?: ?\d+ ?: ?\d+ ?[.,] ?\d+\W*$")
_SETTINGS = re.compile(r"(?:(?:[XY][12]|line|position|size|align|vertical|region):\S+ ?)+", re.IGNORECASE)
_COMMENT = re.compile(r"(?:NOTE|STYLE|REGION)(?:\s|$)")
_NUMBER = re.compile(r"[\W_]*(\d{1,9})[\W_]*")
LONGEST_TIMING = 200
"""Characters; what is longer is no timing, and would keep the patterns busy for hours."""
_AS_NUMBER = (
    "stands alone before a time, as the number of a subtitle does, so it is not spoken; a text goes under its time"
)
_UNTIMED = "no time stands above this, so it is not spoken; put it under the time at which it is said"
_WANTED = {"srt": "HH:MM:SS,mmm --> HH:MM:SS,mmm", "vtt": "HH:MM:SS.mmm --> HH:MM:SS.mmm"}


@dataclass(slots=True)
class Timing:
    """A row that holds a time."""

    row: int
    """Its index."""
    start_s: Fraction
    end_s: Fraction
    settings: str
    text: str
    """What is written behind the time, where that is text."""
    is_faulty: bool = False
    """Whether the row only looks timed."""


@dataclass(slots=True)
class Rows:
    """A file row by row."""

    kind: str
    """`srt` or `vtt`."""
    texts: list[str]
    numbers: list[int]
    """Line of the file of each, from 1."""
    comments: set[int] = field(default_factory=set)
    """Indices of those that WebVTT passes over."""
    timings: list[Timing] = field(default_factory=list)

    def is_blank(self, i: int) -> bool:
        return i < 0 or not self.texts[i].strip() or not (self.texts[i].isascii() or bare(self.texts[i]))

    def number(self, i: int) -> int | None:
        """The number that is all there is in a row: `2`, `2.`, `#2`, `[2]`."""
        match = _NUMBER.fullmatch(bare(self.texts[i]))
        return int(match.group(1)) if match else None


def bare(row: str) -> str:
    """A row as it is looked at: digits and signs of any width as ASCII's, no invisible characters, single blanks."""
    row = row[:LONGEST_TIMING].strip()
    if not row.isascii():
        row = "".join(c for c in unicodedata.normalize("NFKC", row) if unicodedata.category(c) != "Cf")
        row = "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in row)
    return " ".join(row.split())


def split_rows(text: str) -> list[str]:
    """The rows of a file with line ends of any kind."""
    return re.split(r"\r+\n|\n\r|[\n\r\v\f\u2028\u2029]", text.replace("\ufeff", ""))


def rows_of(text: str, kind: str, remarks: Remarks) -> Rows:
    """The rows of a file with its times found. Raises MalformedLine where there is none."""
    texts = split_rows(text)
    rows = _single_spaced(Rows(kind, texts, list(range(1, len(texts) + 1))))
    in_comment = False
    for i, row in enumerate(rows.texts):
        starts = kind == "vtt" and rows.is_blank(i - 1) and _COMMENT.match(row)
        in_comment = bool(row.strip()) and (in_comment or bool(starts))
        if in_comment:
            rows.comments.add(i)
        elif (timing := _timing(rows, i, remarks)) is not None:
            rows.timings.append(timing)
    if not rows.timings and not (kind == "vtt" and bare(rows.texts[0]).startswith("WEBVTT")):
        raise MalformedLine(1, f"no timed line found, so this is no {kind.upper()} file")
    return rows


def _single_spaced(rows: Rows) -> Rows:
    """The rows without the blank one that a careless transfer of the file put behind each."""
    filled = [i for i in range(len(rows.texts)) if not rows.is_blank(i)]
    if len(filled) < 3 or any(later - before == 1 for before, later in pairwise(filled)):
        return rows
    kept: list[int] = []
    for before, i in zip([0, *filled], filled, strict=False):
        kept += [i - 1, i] if kept and i - before > 2 else [i]  # two blank rows or more were one
    return Rows(rows.kind, [rows.texts[i] for i in kept], [rows.numbers[i] for i in kept])


def _timing(rows: Rows, i: int, remarks: Remarks) -> Timing | None:
    """The time that a row holds; one that looks timed and is no time is a fault."""
    if len(rows.texts[i]) > LONGEST_TIMING:
        return None
    row = bare(rows.texts[i])
    match = (_VTT_TIMING if rows.kind == "vtt" else _SRT_TIMING).fullmatch(row)
    start, end = (_seconds(match.groups()[k : k + 4]) for k in (0, 4)) if match else (None, None)
    if match is not None and start is not None and end is not None:
        rest = match.group(9) or ""
        is_text = rows.kind == "srt" and not _SETTINGS.fullmatch(rest)
        return Timing(i, start, end, "" if is_text else rest, rest if is_text else "")
    if _LOOKS_TIMED.search(row):
        problem = f"is not a timing ({_WANTED[rows.kind]}): {row[:60]!r}"
        remarks.fail(MalformedLine(rows.numbers[i], problem))
        return Timing(i, Fraction(0), Fraction(0), "", "", is_faulty=True)
    return None


def _seconds(parts: Sequence[str | None]) -> Fraction | None:
    """Of hours, minutes, seconds and decimals as they are written; None where that is no time of day."""
    hours, minutes, seconds, decimals = parts
    assert minutes is not None
    assert seconds is not None
    if int(minutes) > 59 or int(seconds) > 59 or (hours is None and decimals is None):
        return None
    whole = int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)
    return whole + (Fraction(int(decimals), 10 ** len(decimals)) if decimals else Fraction(0))


def bodies(rows: Rows, remarks: Remarks) -> Iterator[tuple[Timing, str]]:
    """(time, text) of each subtitle but those whose time is a fault; what stands under no time is remarked."""
    edges = [-1, *(timing.row for timing in rows.timings), len(rows.texts)]
    gaps = [range(before + 1, after) for before, after in pairwise(edges)]
    ends = _ends(rows, gaps, remarks)
    _remark_untimed(rows, _head(rows, range(ends[0][0])), remarks)
    for k, timing in enumerate(rows.timings, 1):
        end, before, after = ends[k][0], ends[k - 1][1], ends[k][1]
        body = [i for i in range(gaps[k].start, end) if i not in rows.comments]
        if rows.kind == "vtt":
            n_own = next((n for n, i in enumerate(body) if not rows.texts[i]), len(body))
            _remark_untimed(rows, body[n_own:], remarks)
            body = body[:n_own]
        else:
            _find_untimed(rows, body, before, after, remarks)
        if not timing.is_faulty:
            texts = (rows.texts[i] for i in body if not rows.is_blank(i))
            yield timing, "\n".join([timing.text, *texts] if timing.text else texts)


def _ends(rows: Rows, gaps: Sequence[range], remarks: Remarks) -> list[tuple[int, int | None]]:
    """For each gap between two times: where the number of the next subtitle begins, and which that is."""
    is_numbered = any(_is_alone(rows, gap) and rows.number(gap[-1]) is not None for gap in gaps[:-1])
    ends: list[tuple[int, int | None]] = []
    for k, gap in enumerate(gaps):
        expected = {k + 1, (ends[-1][1] or 0) + 1 if ends else 1}
        end, number = _number_before(rows, gap, is_numbered, expected, k == len(gaps) - 1, remarks)
        while (earlier := _same_again(rows, gap, end)) is not None:
            end = earlier
        ends.append((end, number))
    return _without_second_numbers(rows, gaps, ends)


def _is_alone(rows: Rows, gap: range) -> bool:
    """Whether the last row of a gap stands right before a time, after a blank row."""
    return bool(gap) and not rows.is_blank(gap[-1]) and rows.is_blank(gap[-1] - 1)


def _number_before(
    rows: Rows, gap: range, is_numbered: bool, expected: set[int], is_last: bool, remarks: Remarks
) -> tuple[int, int | None]:
    """(where the text of a gap ends, the number of the subtitle that follows)."""
    end = _without_blanks(rows, gap.start, gap.stop)
    if end == gap.start:
        return end, None
    row, number = end - 1, rows.number(end - 1)
    if not is_last and _is_alone(rows, gap):
        if number is None and rows.kind == "srt" and not _is_like_a_number(bare(rows.texts[row])):
            remarks.lose(rows.numbers[row], _AS_NUMBER)
        return row, number
    is_likely = number in expected or (is_numbered and not is_last)
    if number is None or not is_likely or not (rows.is_blank(row - 1) or (end == gap.stop and not is_last)):
        return end, None
    if is_last:
        remarks.lose(rows.numbers[row], f"subtitle {number} has no times and no text, as if the file were cut off")
    return row, number


def _without_blanks(rows: Rows, start: int, end: int) -> int:
    while end > start and rows.is_blank(end - 1):
        end -= 1
    return end


def _is_like_a_number(row: str) -> bool:
    """`2nd`, `No. 2`: few words, with a digit."""
    return any(character.isdigit() for character in row) and len(row.split()) < 4


def _same_again(rows: Rows, gap: range, end: int) -> int | None:
    """Where the same number begins once more, in a paragraph of its own before the row at `end`; None where it does
    not."""
    row = _without_blanks(rows, gap.start, end) - 1
    if row < gap.start or end >= gap.stop or (row == gap.start and gap.start):
        return None
    same = _digits(rows, row) == _digits(rows, end) and (rows.is_blank(row - 1) or row == end - 1)
    return row if same else None


def _digits(rows: Rows, row: int) -> str:
    text = bare(rows.texts[row])
    return "".join(filter(str.isdigit, text)) or text


def _without_second_numbers(
    rows: Rows, gaps: Sequence[range], ends: list[tuple[int, int | None]]
) -> list[tuple[int, int | None]]:
    """The same where most subtitles have another number before theirs, as files do that were numbered twice."""
    seconds = []
    for gap, (end, number) in zip(gaps, ends, strict=True):
        row = _without_blanks(rows, gap.start, end) - 1
        is_second = number is not None and row > gap.start and rows.is_blank(row - 1) and rows.number(row) is not None
        seconds.append(row if is_second else None)
    if sum(row is not None for row in seconds) < max(2, len(gaps) // 2):
        return ends
    return [(end if row is None else row, number) for row, (end, number) in zip(seconds, ends, strict=True)]


def _head(rows: Rows, before: range) -> list[int]:
    """What stands before the first time; of WebVTT, behind its header."""
    if rows.kind == "srt":
        return list(before)
    header = next((i for i in before if rows.is_blank(i)), before.stop)
    return [i for i in before if i > header and i not in rows.comments]


def _remark_untimed(rows: Rows, found: Sequence[int], remarks: Remarks) -> None:
    for i in found:
        if not rows.is_blank(i) and rows.number(i) is None:
            remarks.lose(rows.numbers[i], _UNTIMED)


def _find_untimed(rows: Rows, body: Sequence[int], before: int | None, after: int | None, remarks: Remarks) -> None:
    """A number between those before and after it, in a paragraph of its own, is a subtitle that lost its time."""
    for i in body[1:]:
        number = rows.number(i) if rows.is_blank(i - 1) else None
        if number is not None and before is not None and before < number < (after or before + 2):
            remarks.fail(MalformedLine(rows.numbers[i], f"subtitle {number} has no times"))
