"""Subtitles: SRT, WebVTT and ASS, told apart by what is in a file where that is certain."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from vssflow_post.cues.repeats import each_once
from vssflow_post.cues.script_ass import LOOKS_SET, read_ass
from vssflow_post.cues.script_rows import bodies, rows_of
from vssflow_post.cues.subtitle_rows import position_of, visible
from vssflow_post.cues.timed_text import NO_DURATION, MalformedLine, Remarks, TimedText
from vssflow_post.cues.times import ScriptTime

ROUNDING_S = Fraction(1, 10)
"""What ends no more than this before it starts was meant to have no duration."""
_RUBY = re.compile(
    r"<rt\b[^<>\n]{0,99}>[^<>\n]{0,999}(?:</rt>)?|<rp\b[^<>\n]{0,99}>[^<>\n]{0,999}(?:</rp>)?", re.IGNORECASE
)


def read_subtitles(text: str, kind: str, remarks: Remarks) -> list[TimedText]:
    """The subtitles of a file of `kind` `srt`, `vtt`, `ass` or `ssa` by time, each text once. Raises MalformedLine."""
    kind = _kind_of(text, kind)
    found = read_ass(text, remarks) if kind in ("ass", "ssa") else _read_rows(text, kind, remarks)
    texts = each_once([each for each in found if _lasts(each, remarks)], remarks)
    for each in texts:
        if not each.is_spoken:
            (remarks.lose if each.not_speech == LOOKS_SET else remarks.note)(each.line, each.not_speech)
    return texts


def _kind_of(text: str, kind: str) -> str:
    """What a file is, which may be called otherwise."""
    if kind == "srt" and text.lstrip("\ufeff").startswith("WEBVTT"):
        return "vtt"
    return "ass" if kind == "srt" and re.match(r"\s*\[script info\]", text, re.IGNORECASE) else kind


def _read_rows(text: str, kind: str, remarks: Remarks) -> Iterator[TimedText]:
    rows = rows_of(text, kind, remarks)
    for timing, body in bodies(rows, remarks):
        start, end = (ScriptTime(seconds, False) for seconds in (timing.start_s, timing.end_s))
        body = _RUBY.sub("", body).replace(r"\N", "\n").replace(r"\h", " ")
        yield TimedText(
            start,
            end,
            body,
            None,
            rows.numbers[timing.row],
            position=position_of(body, timing.settings),
            settings=timing.settings,
        )


def _lasts(each: TimedText, remarks: Remarks) -> bool:
    """Whether a subtitle has text and a duration, which is remarked otherwise; one that ends well before it starts is a
    fault."""
    duration_s = each.end.seconds - each.start.seconds
    if not each.is_spoken and duration_s <= 0:
        return False
    if not visible(each.text):
        remarks.note(each.line, "a subtitle without text")
        return False
    if duration_s < -ROUNDING_S:
        remarks.fail(MalformedLine(each.line, "ends before it starts"))
    elif duration_s <= 0:
        remarks.lose(each.line, NO_DURATION)
    return duration_s > 0
