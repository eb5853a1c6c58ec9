"""Subtitles of ASS and SSA by pysubs2, after a check that can name the line that is wrong.

An event is speech, unless it is a comment, a drawing, karaoke or a sign: text that is set into the picture.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

from vssflow_post.cues.subtitle_rows import position_of, visible
from vssflow_post.cues.timed_text import MalformedLine, TimedText
from vssflow_post.cues.times import ScriptTime

if TYPE_CHECKING:
    from pysubs2 import SSAEvent

_TIME = re.compile(r"\s*(\d{1,2}):([0-5]\d):([0-5]\d)[.:](\d{2,3})\s*", re.ASCII)
_FIELDS = ("layer", "start", "end", "style", "name", "marginl", "marginr", "marginv", "effect", "text")
MOST_OPEN_BRACES = 100
_KARAOKE = re.compile(r"\\(?:k[fot]?|K)\d")
_SUNG = {"karaoke", "kara", "song", "songs", "lyric", "lyrics", "romaji", "kanji", "op", "ed", "opening", "ending"}
_SIGNS = {"sign", "signs", "typeset", "typesetting", "ts", "screen", "onscreen"}
"""Words in the name of a style, which people call alike."""
_SET = re.compile(r"\\(?:move|org|i?clip|t)\s*\(|\\(?:fr[xyz]?|fa[xy])-?[\d.]*[1-9]")
KARAOKE = r"karaoke, so it is not spoken; a line that is spoken needs a style of dialogue and no {\k} tags"
SIGN = "a sign, so it is not spoken; a line that is spoken needs a style of dialogue"
LOOKS_SET = "set into the picture like a sign, so it is not spoken; a line that is spoken needs no tags but its place"
_PLACED = re.compile(r"\\pos\s*\(")
_DRESSED = re.compile(r"\\(?:fs(?:c[xy])?[\d+-]|fn|blur|be\d|bord|[1-4]?c&|shad)")
"""Tags of text that is made to look like a part of the picture; of speech that is only moved there is none."""


def read_ass(text: str, kind: str) -> Iterator[TimedText]:
    """The events of a file of `kind` `ass` or `ssa` but comments and drawings, in file order. Raises MalformedLine."""
    import pysubs2

    lines = list(_event_lines(text.split("\n")))
    try:
        document = pysubs2.SSAFile.from_string(text, format_=kind)
    except (ValueError, IndexError, KeyError, pysubs2.Pysubs2Error) as error:
        raise MalformedLine(1, f"is not a readable {kind.upper()} file ({error})") from None
    if len(document) != len(lines):
        raise MalformedLine(1, f"is not a readable {kind.upper()} file: {len(lines)} events, {len(document)} texts")
    for line, event in zip(lines, document, strict=True):
        shown = event.text.replace(r"\N", "\n").replace(r"\n", "\n").replace(r"\h", " ")
        if event.is_comment or (event.text.strip() and not visible(shown)):
            continue
        style = document.styles.get(event.style)
        yield TimedText(
            start=_time(event.start),
            end=_time(event.end),
            text=shown,
            speaker=event.name.strip() or None,
            line=line,
            not_speech=_not_speech(event),
            position=position_of(shown, position=int(style.alignment) if style else 2),
        )


def _time(ms: int) -> ScriptTime:
    return ScriptTime(Fraction(int(ms), 1000), False)


def _not_speech(event: SSAEvent) -> str:
    """A remark on what an event is, or "" for speech."""
    words = {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", event.style)}
    if _KARAOKE.search(event.text) or words & _SUNG or event.effect.strip().lower() in ("karaoke", "fx"):
        return KARAOKE
    if words & _SIGNS or re.fullmatch(r"signs?|text", event.name.strip(), re.IGNORECASE):
        return SIGN
    looks_set = _SET.search(event.text) or (_PLACED.search(event.text) and _DRESSED.search(event.text))
    return LOOKS_SET if looks_set else ""


def _event_lines(rows: list[str]) -> Iterator[int]:
    """Line numbers of the events, each checked for its fields and times."""
    fields: list[str] = list(_FIELDS)
    in_events = seen = False
    for number, row in enumerate(rows, 1):
        row = row.strip()
        if row.startswith("["):
            in_events = row.lower() == "[events]"
            seen = seen or in_events
        elif in_events and row.startswith("Format:"):
            fields = [name.strip().lower() for name in row.removeprefix("Format:").split(",")]
        elif in_events and row.startswith(("Dialogue:", "Comment:")):
            _check_event(row, number, fields)
            yield number
    if not seen:
        raise MalformedLine(1, "has no [Events] section, so this is no ASS file")


def _check_event(row: str, number: int, fields: list[str]) -> None:
    values = row.split(":", 1)[1].split(",", len(fields) - 1)
    if len(values) < len(fields):
        raise MalformedLine(number, f"has {len(values)} of the {len(fields)} fields of an event")
    for name, value in zip(fields, values, strict=True):
        if name in ("start", "end") and not _TIME.fullmatch(value):
            raise MalformedLine(number, f"{name} is not a time (H:MM:SS.cc): {value.strip()[:40]!r}")
    if row.count("{", row.rfind("}") + 1) > MOST_OPEN_BRACES:  # pysubs2 looks for the end of each up to the row's end
        raise MalformedLine(number, "has tags that are never closed: {")
