"""The script: timed lines of dialogue from SRT, WebVTT, ASS or CSV."""

from __future__ import annotations

import os
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from vssflow_post.cues.script_subtitles import read_subtitles
from vssflow_post.cues.script_table import read_table, texts_of_table
from vssflow_post.cues.spoken_text import Utterance, plain_text, utterances
from vssflow_post.cues.timed_text import MalformedLine, TimedText
from vssflow_post.cues.times import ScriptTime, start_label
from vssflow_post.errors import ScriptError
from vssflow_post.timeline import Line, Span, samples_from_seconds

SCRIPT_SUFFIXES = (".srt", ".vtt", ".ass", ".ssa", ".csv")
"""What a script may be called."""
SIDECAR_SUFFIXES = (".srt", ".vtt", ".ass", ".csv")
"""What a script that lies beside its film is called, in the order in which they win."""
MAX_SCRIPT_BYTES = 5 * 1024 * 1024
MAX_LINE_CHARACTERS = 2000


def sidecar_of(film: Path) -> Path | None:
    """The script that lies beside a film, by its name; None where there is none.

    What is called so and is no file is a script all the same: one that cannot be read, which nobody wants to miss.
    """
    beside = (film.parent / (film.stem + suffix) for suffix in SIDECAR_SUFFIXES)
    return next((script for script in beside if os.path.lexists(script)), None)


def read_script(path: Path, frame_rate: Fraction, start_timecode: str | None = None) -> tuple[Line, ...]:
    """The spoken lines of the script at `path`, sorted by time; what is not spoken is left out.

    Times count from the start of the film. Where the film starts at a later timecode (`start_timecode`,
    `HH:MM:SS:FF`, `;` for drop frame) and every line lies at or after it, they are read as that timecode.

    Raises ScriptError `bad_script`, which names the file and the line.
    """
    kind = path.suffix.lower().lstrip(".")
    try:
        if f".{kind}" not in SCRIPT_SUFFIXES:
            raise MalformedLine(0, f"is not called {', '.join(SCRIPT_SUFFIXES[:-1])} or {SCRIPT_SUFFIXES[-1]}")
        timed = _timed_texts(_decoded(path), kind, frame_rate, ";" in (start_timecode or ""))
        return tuple(sorted(_spoken(_from_film_start(timed, start_timecode, frame_rate)), key=lambda line: line.span))
    except MalformedLine as error:
        where = f"{path.name}, line {error.line}" if error.line else path.name
        raise ScriptError("bad_script", f"{where}: {error}") from None


def speakers_of(path: Path) -> tuple[str, ...]:
    """The names of all who speak in the script at `path`, sorted, whatever film it is for; none for a faulty one."""
    kind = path.suffix.lower().lstrip(".")
    try:
        text = _decoded(path)
        found = (
            texts_of_table(text) if kind == "csv" else [(one.text, one.speaker) for one in read_subtitles(text, kind)]
        )
    except MalformedLine:
        return ()
    return tuple(sorted({said.speaker for text, name in found for said in _said(text, name) if said.speaker}))


def _decoded(path: Path) -> str:
    """The file's text: UTF-8, UTF-16 with a mark, or else the Western code page that old subtitles are in."""
    try:
        if not path.is_file():
            raise MalformedLine(0, "is not a file")
        with path.open("rb") as file:
            data = file.read(MAX_SCRIPT_BYTES + 1)
    except OSError as error:
        raise MalformedLine(0, f"cannot be read ({error.strerror or error})") from None
    if len(data) > MAX_SCRIPT_BYTES:
        raise MalformedLine(0, f"is larger than {MAX_SCRIPT_BYTES // 1024**2} MB, too large for a script")
    codecs = ("utf-16",) if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "cp1252", "latin-1")
    for codec in codecs:
        try:
            text = data.decode(codec)
        except UnicodeDecodeError:
            continue
        if "\x00" in text:
            break
        return text.replace("\r\n", "\n").replace("\r", "\n")
    raise MalformedLine(0, "is not a text file")


def _timed_texts(text: str, kind: str, frame_rate: Fraction, drop_frame: bool) -> list[TimedText]:
    if not text.strip():
        raise MalformedLine(0, "is empty")
    return read_table(text, frame_rate, drop_frame) if kind == "csv" else read_subtitles(text, kind)


def _from_film_start(timed: list[TimedText], start_timecode: str | None, frame_rate: Fraction) -> list[TimedText]:
    """The same texts on a clock that starts with the film."""
    origins = start_label(start_timecode, frame_rate)
    if origins[0].seconds <= 0 or any(each.start.seconds < origins[each.start.is_timecode].seconds for each in timed):
        return timed

    def from_start(time: ScriptTime) -> ScriptTime:
        return ScriptTime(time.seconds - origins[time.is_timecode].seconds, time.is_timecode)

    return [replace(each, start=from_start(each.start), end=from_start(each.end)) for each in timed]


def _said(text: str, speaker: str | None) -> tuple[Utterance, ...]:
    return utterances(text, plain_text(speaker)[:200] if speaker else None)


def _spoken(timed: list[TimedText]) -> list[Line]:
    lines: list[Line] = []
    for each in timed:
        if len(each.text) > MAX_LINE_CHARACTERS:
            raise MalformedLine(each.line, f"one line of dialogue has more than {MAX_LINE_CHARACTERS} characters")
        said = _said(each.text, each.speaker)
        span = Span(samples_from_seconds(each.start.seconds), samples_from_seconds(each.end.seconds))
        if span.n_samples < max(1, len(said)):
            raise MalformedLine(each.line, "has no duration")
        # two people in one subtitle share its time by the length of their lines
        shares = span.shared([len(one.text) for one in said]) if said else ()
        lines += [Line(share, one.text, one.speaker) for share, one in zip(shares, said, strict=True)]
    return lines
