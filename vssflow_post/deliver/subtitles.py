"""Subtitles, as SubRip and WebVTT: the lines of dialogue as they were placed, and what else the script's show.

A subtitle of the script whose lines are all spoken as they stand is delivered as it stands: its rows, italics, place,
labels and captions. Other lines are shown by themselves. Times count from the first frame.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from vssflow_post.deliver.subtitle_fit import fitted
from vssflow_post.store.publishing import publish_bytes
from vssflow_post.timeline import BOTTOM, CLOCK_HZ, SECOND_VOICE, TOP, VOICE, Cue, Run, Span, Subtitle, SubtitleRow


def write_subtitles(
    folder: Path, film_stem: str, cues: Sequence[Cue], source: Sequence[Subtitle] = (), duration: Span | None = None
) -> list[Path]:
    """Writes `<film>.srt` and `<film>.vtt` with the words of the speech cues and what else the subtitles of the script,
    `source`, show within the film; no file where there is neither."""
    subtitles = shown(cues, source, duration)
    if not subtitles:
        return []
    written = []
    for suffix, text in ((".srt", as_srt(subtitles)), (".vtt", as_vtt(subtitles))):
        path = folder / f"{film_stem}{suffix}"
        publish_bytes(path, text.encode("utf-8", "replace"))
        written.append(path)
    return written


def shown(cues: Sequence[Cue], source: Sequence[Subtitle] = (), duration: Span | None = None) -> list[Subtitle]:
    """The subtitles by time, in rows that fit."""
    lines: dict[tuple[str, str | None], list[Cue]] = {}
    for cue in cues:
        if cue.is_line:
            lines.setdefault((cue.text, cue.speaker), []).append(cue)
    subtitles: list[Subtitle] = []
    for subtitle in source:
        if subtitle.said:
            subtitles += _placed(subtitle, lines)
        else:
            inside = subtitle.span if duration is None else subtitle.span.intersect(duration)
            subtitles += [replace(subtitle, span=inside)] if inside.n_samples and subtitle.rows else []
    subtitles += [of_cue(cue) for left in lines.values() for cue in left]
    return [part for subtitle in sorted(subtitles, key=lambda each: each.span) for part in fitted(subtitle)]


def _placed(subtitle: Subtitle, lines: dict[tuple[str, str | None], list[Cue]]) -> list[Subtitle]:
    """A subtitle of the script when its lines are spoken, whose cues are taken out of `lines`; none where not all of
    them are, in its time."""
    found: list[Cue] = []
    for line in subtitle.said:
        near = (cue for cue in lines.get((line.text, line.speaker), ()) if cue.span.overlaps(subtitle.span))
        cue = next((cue for cue in near if cue not in found), None)
        if cue is None:
            return []
        found.append(cue)
    for line, cue in zip(subtitle.said, found, strict=True):
        lines[line.text, line.speaker].remove(cue)
    span = Span(min(cue.span.start for cue in found), max(cue.span.end for cue in found))
    return [replace(subtitle, span=span, name=found[0].id)]


def of_cue(cue: Cue) -> Subtitle:
    """A line by itself, in one row."""
    name = (Run(" ".join(cue.speaker.split()), VOICE),) if cue.speaker not in (None, "", SECOND_VOICE) else ()
    return Subtitle(cue.span, ((*name, Run(" ".join(cue.text.split()))),), name=cue.id)


def as_srt(subtitles: Sequence[Subtitle]) -> str:
    """SubRip, which has no escapes: `ANNA: text`, with an arrow that cannot be taken for a time's."""
    blocks = []
    for number, subtitle in enumerate(subtitles, 1):
        place = f"{{\\an{subtitle.position}}}" if subtitle.position != BOTTOM else ""
        rows = "\n".join(map(_srt_row, subtitle.rows))
        blocks.append(f"{number}\n{_times(subtitle, ',')}\n{place}{rows}\n")
    return "\n".join(blocks)


def _srt_row(row: SubtitleRow) -> str:
    parts = (f"{run.text}: " if run.style == VOICE else _tagged(run.text, run.style) for run in row)
    return "".join(parts).replace("-->", "\N{RIGHTWARDS ARROW}")


def as_vtt(subtitles: Sequence[Subtitle]) -> str:
    """WebVTT: a speaker whom the text does not name as a voice, the cue's id as the name of the subtitle."""
    blocks = ["WEBVTT\n"]
    for subtitle in subtitles:
        settings = " ".join(part for part in subtitle.settings.split() if not part.startswith("region:"))
        settings = settings or _SETTINGS.get(subtitle.position, "")
        rows = "\n".join(map(_vtt_row, subtitle.rows))
        name = f"{subtitle.name}\n" if subtitle.name else ""
        blocks.append(f"{name}{_times(subtitle, '.')}{' ' if settings else ''}{settings}\n{rows}\n")
    return "\n".join(blocks)


_SETTINGS = {
    1: "align:start",
    3: "align:end",
    4: "line:50% align:start",
    5: "line:50%",
    6: "line:50% align:end",
    7: "line:0 align:start",
    TOP: "line:0",
    9: "line:0 align:end",
}
"""Of WebVTT, for the places that the number keys stand for."""


def _vtt_row(row: SubtitleRow) -> str:
    return "".join(
        f"<v {html.escape(run.text, quote=False)}>"
        if run.style == VOICE
        else _tagged(html.escape(run.text, quote=False), run.style)
        for run in row
    )


def _tagged(text: str, style: str) -> str:
    for letter in style:
        text = f"<{letter}>{text}</{letter}>"
    return text


def _times(subtitle: Subtitle, separator: str) -> str:
    return f"{_stamp(subtitle.span.start, separator)} --> {_stamp(subtitle.span.end, separator)}"


def _stamp(sample: int, separator: str) -> str:
    """`HH:MM:SS,mmm`, to the nearest millisecond."""
    milliseconds = round(Fraction(sample * 1000, CLOCK_HZ))
    seconds, thousandths = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}{separator}{thousandths:03d}"
