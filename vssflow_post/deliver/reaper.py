"""The timeline as a Reaper project (.rpp, a text): the film, a track for each row of cues, scenes and lines marked.

Items lie at their samples, their borders can be pulled out over the handles, and there is no fade that the mix did not
make: as it opens, the project sounds as the mix does. The film's own sound track is the mix already, so it is turned
down, and what shows is its picture.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from vssflow_post.deliver.names import clip_name, in_one_line, printable
from vssflow_post.deliver.take_files import TakeFile
from vssflow_post.deliver.timeline_otio import Edit
from vssflow_post.media.frame_rates import edit_rate
from vssflow_post.media.timecode import is_drop_frame, nominal_rate
from vssflow_post.store.publishing import publish_bytes
from vssflow_post.timeline import CLOCK_HZ, Span

_HOURS_TO_FRAMES = 5
"""Reaper's number of a ruler that shows timecode."""


def write_reaper(path: Path, edit: Edit) -> None:
    """Writes `path` (.rpp)."""
    publish_bytes(path, "".join(f"{line}\n" for line in _project(edit)).encode())


def _project(edit: Edit) -> Iterator[str]:
    """The lines of the text."""
    film, rate = edit.film, edit_rate(edit.film.frame_rate)
    exact, drop, fractional = 0, 1, 2
    kind = exact if rate.denominator == 1 else drop if is_drop_frame(film.start_timecode) else fractional
    yield '<REAPER_PROJECT 0.1 "7.0" 0'
    yield f"  PROJOFFS {_seconds(film.start_sample)} 0 0"
    yield f"  TIMEMODE {_HOURS_TO_FRAMES} 5 -1 {nominal_rate(rate)} {kind} 0 -1"
    yield f"  SAMPLERATE {CLOCK_HZ} 1 0"
    yield f"  MASTER_NCH {edit.n_channels} 2"
    yield from _marks(edit)
    picture = TakeFile(edit.picture, film.duration)
    yield from _track("Picture", 2, "0", [_item(edit.picture.stem, film.duration, picture, "VIDEO")])
    for name, _, row in edit.tracks():
        items = [
            _item(in_one_line(clip_name(cue)), cue.span, edit.heard(cue), "WAVE", cue.id in edit.shown) for cue in row
        ]
        yield from _track(name, edit.n_channels, "1", items)
    yield ">"


def _marks(edit: Edit) -> Iterator[str]:
    """The marks of the picture, and a region for each line."""
    for number, (mark, span) in enumerate(edit.marks(), 1):
        yield f"  MARKER {number} {_seconds(span.start)} {_quoted(in_one_line(mark))} 0"
    for number, cue in enumerate((cue for cue in edit.sheet.cues if cue.is_line), 1):
        yield f"  MARKER {number} {_seconds(cue.span.start)} {_quoted(in_one_line(clip_name(cue)))} 1"
        yield f'  MARKER {number} {_seconds(cue.span.end)} "" 1'


def _track(name: str, n_channels: int, gain: str, items: list[list[str]]) -> Iterator[str]:
    yield "  <TRACK"
    yield f"    NAME {_quoted(name)}"
    yield f"    VOLPAN {gain} 0 -1 -1 1"
    yield f"    NCHAN {max(2, n_channels + n_channels % 2)}"  # Reaper knows even numbers only
    for item in items:
        yield from item
    yield "  >"


def _item(name: str, span: Span, heard: TakeFile, source: str, is_mute: bool = False) -> list[str]:
    """A clip of `heard` over `span` of the film."""
    return [
        "    <ITEM",
        f"      POSITION {_seconds(span.start)}",
        f"      LENGTH {_seconds(span.n_samples)}",
        "      LOOP 0",
        *["      MUTE 1 0"] * is_mute,
        "      FADEIN 1 0 0 1 0 0 0",
        "      FADEOUT 1 0 0 1 0 0 0",
        f"      NAME {_quoted(name)}",
        f"      SOFFS {_seconds(span.start - heard.span.start)}",
        f"      <SOURCE {source}",
        f"        FILE {_quoted(heard.path.name)}",
        "      >",
        "    >",
    ]


def _seconds(n_samples: int) -> str:
    """Ten decimals, of which five would tell one sample from the next."""
    return f"{n_samples / CLOCK_HZ:.10f}".rstrip("0").rstrip(".")


def _quoted(text: str) -> str:
    """In whichever of Reaper's three quotation marks it does not contain, on one line."""
    text = printable(text)
    mark = next((mark for mark in "\"'`" if mark not in text), "`")
    return mark + (text.replace("`", "'") if mark in text else text) + mark
