"""Subtitles of ASS and SSA, whose fields stand in the order that their Format row gives.

An event is speech, unless it is a comment, a drawing, karaoke or a sign: text that is set into the picture.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from vssflow_post.cues.script_rows import split_rows
from vssflow_post.cues.subtitle_rows import position_of, visible
from vssflow_post.cues.timed_text import MalformedLine, Remarks, TimedText
from vssflow_post.cues.times import ScriptTime
from vssflow_post.timeline import BOTTOM

_TIME = re.compile(r"\d{1,2}:[0-5]\d:[0-5]\d(?:[.:,]\d{1,3})?", re.ASCII)
EVENTS = "events"
_FIELDS = {EVENTS: ("layer", "start", "end", "style", "name", "marginl", "marginr", "marginv", "effect", "text")}
"""By section; of a file that does not say."""
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


def read_ass(text: str, remarks: Remarks) -> Iterator[TimedText]:
    """The events of a file of ASS or SSA but comments, drawings and those with a fault, in file order.

    Raises MalformedLine where it has none.
    """
    section, seen = "", False
    fields: dict[str, tuple[str, ...]] = {**_FIELDS}
    places: dict[str, int] = {}
    for number, row in enumerate(split_rows(text), 1):
        kind, _, rest = row.strip().partition(":")
        if kind.startswith("[") and not rest:
            section = kind.strip("[]").lower()
            seen = seen or section == EVENTS
        elif kind == "Format":
            fields[section] = tuple(name.strip().lower() for name in rest.split(","))
        elif kind == "Style":
            style = dict(zip(fields.get(section, ()), map(str.strip, rest.split(",")), strict=False))
            places[style.get("name", "")] = _place(style.get("alignment", ""), is_old="+" not in section)
        elif kind == "Dialogue" and section == EVENTS:
            try:
                event = _event(rest, number, fields[EVENTS])
            except MalformedLine as fault:
                remarks.fail(fault)
                continue
            if visible(event["text"]) or not event["text"].strip():
                yield _timed(event, number, places)
    if not seen:
        raise MalformedLine(1, "has no [Events] section, so this is no ASS file")


def _event(rest: str, number: int, fields: tuple[str, ...]) -> dict[str, str]:
    """The fields of an event by name. Raises MalformedLine."""
    values = rest.split(",", len(fields) - 1)
    if len(values) < len(fields):
        raise MalformedLine(number, f"has {len(values)} of the {len(fields)} fields of an event")
    event = {**dict.fromkeys(_FIELDS[EVENTS], ""), **dict(zip(fields, map(str.strip, values), strict=True))}
    for name in ("start", "end"):
        if not _TIME.fullmatch(event[name]):
            raise MalformedLine(number, f"{name} is not a time (H:MM:SS.cc): {event[name][:40]!r}")
    event["text"] = re.sub(r"\{[^{}\\]*\}", "", event["text"])  # comments
    event["text"] = event["text"].replace(r"\N", "\n").replace(r"\n", "\n").replace(r"\h", " ")
    return event


def _timed(event: dict[str, str], number: int, places: dict[str, int]) -> TimedText:
    return TimedText(
        start=_time(event["start"]),
        end=_time(event["end"]),
        text=event["text"],
        speaker=event["name"] or None,
        line=number,
        not_speech=_not_speech(event),
        position=position_of(event["text"], position=places.get(event["style"].lstrip("*"), BOTTOM)),
    )


def _time(text: str) -> ScriptTime:
    hours, minutes, seconds, decimals = [*re.split("[:.,]", text), "0"][:4]
    whole = int(hours) * 3600 + int(minutes) * 60 + int(seconds)
    return ScriptTime(whole + Fraction(int(decimals), 10 ** len(decimals)), False)


def _place(alignment: str, is_old: bool) -> int:
    """Where a style stands, as the number keys lie; in SSA 4 is added for the top and 8 for the middle."""
    if not re.fullmatch(r"\d{1,2}", alignment):
        return BOTTOM
    place = int(alignment)
    if is_old:
        place = place % 4 + (3 if place > 8 else 6 if place > 4 else 0)
    return place if place in range(1, 10) else BOTTOM


def _not_speech(event: dict[str, str]) -> str:
    """A remark on what an event is, or "" for speech."""
    words = {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", event["style"])}
    if _KARAOKE.search(event["text"]) or words & _SUNG or event["effect"].lower() in ("karaoke", "fx"):
        return KARAOKE
    if words & _SIGNS or re.fullmatch(r"signs?|text", event["name"], re.IGNORECASE):
        return SIGN
    looks_set = _SET.search(event["text"]) or (_PLACED.search(event["text"]) and _DRESSED.search(event["text"]))
    return LOOKS_SET if looks_set else ""
