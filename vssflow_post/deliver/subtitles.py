"""Subtitles: the lines of dialogue as they were placed, as SubRip and WebVTT; times count from the first frame."""

from __future__ import annotations

import html
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from vssflow_post.store.publishing import publish_bytes
from vssflow_post.timeline import CLOCK_HZ, Cue


def write_subtitles(folder: Path, film_stem: str, cues: Sequence[Cue]) -> list[Path]:
    """Writes `<film>.srt` and `<film>.vtt` with the words of the speech cues; no file where nobody has words."""
    lines = [cue for cue in cues if cue.kind == "speech" and cue.text.strip()]
    if not lines:
        return []
    written = []
    for suffix, text in ((".srt", as_srt(lines)), (".vtt", as_vtt(lines))):
        path = folder / f"{film_stem}{suffix}"
        publish_bytes(path, text.encode("utf-8", "replace"))
        written.append(path)
    return written


def as_srt(lines: Sequence[Cue]) -> str:
    """SubRip, which has no escapes: `ANNA: text`, with an arrow that cannot be taken for a time's."""
    blocks = []
    for number, cue in enumerate(lines, 1):
        speaker = f"{_on_one_line(cue.speaker)}: " if cue.speaker else ""
        text = f"{speaker}{_on_one_line(cue.text)}".replace("-->", "\N{RIGHTWARDS ARROW}")
        blocks.append(f"{number}\n{_stamp(cue.span.start, ',')} --> {_stamp(cue.span.end, ',')}\n{text}\n")
    return "\n".join(blocks)


def as_vtt(lines: Sequence[Cue]) -> str:
    """WebVTT: the speaker as a voice, the cue's id as the name of the subtitle."""
    blocks = ["WEBVTT\n"]
    for cue in lines:
        voice = f"<v {html.escape(_on_one_line(cue.speaker), quote=False)}>" if cue.speaker else ""
        text = html.escape(_on_one_line(cue.text), quote=False)
        blocks.append(f"{cue.id}\n{_stamp(cue.span.start, '.')} --> {_stamp(cue.span.end, '.')}\n{voice}{text}\n")
    return "\n".join(blocks)


def _stamp(sample: int, separator: str) -> str:
    """`HH:MM:SS,mmm`, to the nearest millisecond."""
    milliseconds = round(Fraction(sample * 1000, CLOCK_HZ))
    seconds, thousandths = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}{separator}{thousandths:03d}"


def _on_one_line(text: str) -> str:
    return " ".join(text.split())
