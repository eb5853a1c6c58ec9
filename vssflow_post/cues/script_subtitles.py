"""Subtitles: SRT, WebVTT and ASS by pysubs2, after a check that can name the line that is wrong.

pysubs2 forgives: it takes a broken timing line for text, and cue names and comments of WebVTT too. Both would
be spoken, so the file is checked and reduced to timings and text first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from vssflow_post.cues.timed_text import MalformedLine, TimedText
from vssflow_post.cues.times import ScriptTime

_STAMP = r"(?:(\d{1,4}):)?([0-5]\d):([0-5]\d)"
_SRT_TIMING = re.compile(rf"\s*{_STAMP}[,.](\d{{1,3}})\s*-->\s*{_STAMP}[,.](\d{{1,3}})(?:\s.*)?", re.ASCII)
_VTT_TIMING = re.compile(rf"\s*{_STAMP}\.(\d{{3}})\s+-->\s+{_STAMP}\.(\d{{3}})(?:\s.*)?", re.ASCII)
_ASS_TIME = re.compile(r"\s*(\d{1,2}):([0-5]\d):([0-5]\d)[.:](\d{2,3})\s*", re.ASCII)
_LOOKS_TIMED = re.compile(r"-->|^\s*\d+:\d+:\d+\S*\s*\W+\s*\d+:\d+:\d+\S*\s*$")
LONGEST_TIMING = 200
"""Characters; what is longer is no timing, and would keep the patterns busy for hours."""
MOST_OPEN_BRACES = 100
_ASS_FIELDS = ("layer", "start", "end", "style", "name", "marginl", "marginr", "marginv", "effect", "text")


def read_subtitles(text: str, kind: str) -> list[TimedText]:
    """The subtitles of a file of `kind` `srt`, `vtt`, `ass` or `ssa`, in file order. Raises MalformedLine."""
    import pysubs2

    rows = text.split("\n")
    if kind in ("ass", "ssa"):
        lines = list(_ass_lines(rows))
        document = text
    else:
        blocks = list(_blocks(rows, kind))
        lines = [line for line, _, _ in blocks]
        # The 0 stands for the next subtitle's number, which pysubs2 cuts off; without it a last row "42" would go.
        document = "".join(f"{timing}\n{body}\n\n0\n" for _, timing, body in blocks)
    try:
        events = list(pysubs2.SSAFile.from_string(document, format_=kind, keep_unknown_html_tags=True))
    except (ValueError, IndexError, KeyError, pysubs2.Pysubs2Error) as error:
        raise MalformedLine(1, f"is not a readable {kind.upper()} file ({error})") from None
    if len(events) != len(lines):
        raise MalformedLine(1, f"is not a readable {kind.upper()} file: {len(lines)} timings, {len(events)} texts")
    found = []
    for line, event in zip(lines, events, strict=True):
        if event.is_comment or event.is_drawing:
            continue
        if event.end <= event.start:
            raise MalformedLine(line, "ends before it starts" if event.end < event.start else "has no duration")
        start, end = (ScriptTime(Fraction(int(ms), 1000), False) for ms in (event.start, event.end))
        found.append(TimedText(start, end, event.plaintext, event.name.strip() or None, line))
    return found


def _blocks(rows: list[str], kind: str) -> Iterator[tuple[int, str, str]]:
    """(line of the timing, timing, text) of each subtitle of an SRT or WebVTT file."""
    timings = _timings(rows, kind)
    for at, following in zip(timings, [*timings, len(rows)][1:], strict=True):
        body = rows[at + 1 : following]
        if following < len(rows) and body and (kind == "vtt" or body[-1].strip().isdigit()):
            body = body[:-1] if body[-1].strip() else body  # the next one's number or name
        if kind == "vtt":
            body = body[: next((i for i, row in enumerate(body) if not row.strip()), len(body))]
        else:
            _refuse_untimed(body, at + 2)
        text = "\n".join(row for row in body if row.strip())
        _refuse_open_braces(text, at + 1)
        yield at + 1, rows[at].strip(), text


def _timings(rows: list[str], kind: str) -> list[int]:
    """Indices of the rows that hold a timing."""
    pattern = _VTT_TIMING if kind == "vtt" else _SRT_TIMING
    found, in_note = [], False
    for i, row in enumerate(rows):
        in_note = bool(row.strip()) and (in_note or (kind == "vtt" and row.startswith(("NOTE", "STYLE", "REGION"))))
        match = None if in_note else pattern.fullmatch(row)
        if match is not None and (kind == "vtt" or (match.group(1) and match.group(5))):
            found.append(i)
        elif not in_note and len(row) <= LONGEST_TIMING and _LOOKS_TIMED.search(row):
            want = "HH:MM:SS.mmm --> HH:MM:SS.mmm" if kind == "vtt" else "HH:MM:SS,mmm --> HH:MM:SS,mmm"
            raise MalformedLine(i + 1, f"is not a timing ({want}): {row.strip()[:60]!r}")
    if not found and not (kind == "vtt" and rows[0].startswith("WEBVTT")):
        raise MalformedLine(1, f"no timed line found, so this is no {kind.upper()} file")
    return found


def _refuse_untimed(body: list[str], first_line: int) -> None:
    """A number of its own paragraph with text under it is a subtitle that lost its timing."""
    for i in range(1, len(body) - 1):
        if not body[i - 1].strip() and body[i].strip().isdigit() and body[i + 1].strip():
            raise MalformedLine(first_line + i, f"subtitle {body[i].strip()} has no times")


def _refuse_open_braces(text: str, line: int) -> None:
    """pysubs2 looks for the end of each `{tag}` up to the end of the text."""
    if text.count("{", text.rfind("}") + 1) > MOST_OPEN_BRACES:
        raise MalformedLine(line, "has tags that are never closed: {")


def _ass_lines(rows: list[str]) -> Iterator[int]:
    """Line numbers of the events of an ASS file, each checked for its fields and times."""
    fields: list[str] = list(_ASS_FIELDS)
    in_events = seen = False
    for number, row in enumerate(rows, 1):
        row = row.strip()
        if row.startswith("["):
            in_events = row.lower() == "[events]"
            seen = seen or in_events
        elif in_events and row.startswith("Format:"):
            fields = [name.strip().lower() for name in row.removeprefix("Format:").split(",")]
        elif in_events and row.startswith(("Dialogue:", "Comment:")):
            values = row.split(":", 1)[1].split(",", len(fields) - 1)
            if len(values) < len(fields):
                raise MalformedLine(number, f"has {len(values)} of the {len(fields)} fields of an event")
            for name, value in zip(fields, values, strict=True):
                if name in ("start", "end") and not _ASS_TIME.fullmatch(value):
                    raise MalformedLine(number, f"{name} is not a time (H:MM:SS.cc): {value.strip()[:40]!r}")
            _refuse_open_braces(row, number)
            yield number
    if not seen:
        raise MalformedLine(1, "has no [Events] section, so this is no ASS file")
