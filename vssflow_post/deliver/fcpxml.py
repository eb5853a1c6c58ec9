"""The timeline as FCPXML 1.8 (Apple), which Final Cut Pro and DaVinci Resolve import.

Times are exact fractions of a second. Clips are connected to the one clip of the picture, a lane for each track of
sound; their borders are the nearest frames, as Final Cut Pro wants them, and the .otio beside it keeps every sample.
Frames are those of the sequence, at a rate that editing systems know; a film of another even rate keeps its own format.
The OpenTimelineIO adapter for this format is not used: it knows no NTSC rates, and no start timecode.
"""

from __future__ import annotations

import math
import os
import re
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote
from xml.etree import ElementTree

from vssflow_post.audio import DX, MX, PD
from vssflow_post.deliver.names import clip_name, unicode_name
from vssflow_post.deliver.take_files import TakeFile
from vssflow_post.deliver.timeline_otio import Edit
from vssflow_post.media.frame_rates import edit_rate, meant_rate
from vssflow_post.media.timecode import is_drop_frame
from vssflow_post.store.publishing import publish_bytes
from vssflow_post.timeline import CLOCK_HZ, Cue, Span

if TYPE_CHECKING:
    from vssflow_post.media import Film

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SEQUENCE = "r0"
"""Name of the sequence's format."""
_HALF = Fraction(1, 2)
_LAYOUTS = {1: "mono", 2: "stereo"}
"""Final Cut Pro's word for so many channels."""
_ROLES = {DX: "dialogue", PD: "dialogue", MX: "music"}
"""Final Cut Pro's main roles; every other stem is of the effects."""


def write_fcpxml(path: Path, edit: Edit) -> None:
    """Writes `path` (.fcpxml)."""
    publish_bytes(path, as_fcpxml(edit, path.stem))


def as_fcpxml(edit: Edit, name: str) -> bytes:
    """The document, UTF-8."""
    film = edit.film
    root = ElementTree.Element("fcpxml", version="1.8")
    resources = _add(root, "resources")
    size = {"width": str(film.width), "height": str(film.height)}
    for form, rate in {_SEQUENCE: edit_rate(film.frame_rate), _form(film): _picture_rate(film)}.items():
        _add(resources, "format", id=form, frameDuration=_time(1 / rate), **size)
    assets = _Assets(resources, film, edit.n_channels)
    project = _add(_add(root, "event", name=_text(name)), "project", name=_text(name))
    whole = _whole_film(project, edit, assets)
    rows = [(stem, row) for _, stem, row in edit.tracks() if row]
    for lane, (stem, row) in enumerate(rows, 1):
        for cue in row:
            if cue.id in edit.rests and not _n_frames_in(cue.span, film):
                continue  # what is less than a frame would lie over the cue beside it
            _connect(whole, lane, stem, cue, edit, assets)
    for mark, span in edit.marks():
        start, _ = _placed(span, film)
        _add(whole, "marker", value=_text(mark), start=_time(start), duration=_time(_frame_s(film)))
    ElementTree.indent(root)
    body: bytes = ElementTree.tostring(root, encoding="utf-8")
    return b'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>\n' + body + b"\n"


def _whole_film(project: ElementTree.Element, edit: Edit, assets: _Assets) -> ElementTree.Element:
    """The project's sequence, and in it the picture's one clip, which is returned."""
    film = edit.film
    tc_start = _time(_start_s(film, edit_rate(film.frame_rate)))
    length = {"duration": _time(_n_frames(film) * _frame_s(film))}
    drop = {"tcFormat": "DF" if is_drop_frame(film.start_timecode) else "NDF"}
    layout = {"audioLayout": _LAYOUTS.get(edit.n_channels, "surround"), "audioRate": "48k"}
    sequence = _add(project, "sequence", format=_SEQUENCE, tcStart=tc_start, **length, **drop, **layout)
    return _add(
        _add(sequence, "spine"),
        "asset-clip",
        ref=assets.picture(edit.picture, length),
        name=_text(edit.picture.stem),
        format=_form(film),
        srcEnable="video",
        offset=tc_start,
        start=_time(_start_s(film, _picture_rate(film))),
        **length,
        **drop,
    )


def _connect(whole: ElementTree.Element, lane: int, stem: str, cue: Cue, edit: Edit, assets: _Assets) -> None:
    """A cue's clip, hung on the picture's: both count from the start timecode."""
    start, duration = _placed(cue.span, edit.film)
    at = _time(start)
    _add(
        whole,
        "asset-clip",
        ref=assets.sound(edit.heard(cue)),
        name=_text(clip_name(cue)),
        lane=str(-lane),
        audioRole=f"{_ROLES.get(stem, 'effects')}.{stem}",
        offset=at,
        start=at,
        duration=_time(duration),
        **({"enabled": "0"} if cue.id in edit.shown else {}),
    )


class _Assets:
    """The files that clips refer to, each declared once."""

    def __init__(self, resources: ElementTree.Element, film: Film, n_channels: int) -> None:
        self._resources = resources
        self._sound = {
            "hasAudio": "1", "audioSources": "1", "audioChannels": str(n_channels), "audioRate": "48000",
        }  # fmt: skip
        self._film = film
        self._known: dict[Path, str] = {}

    def picture(self, path: Path, length: dict[str, str]) -> str:
        start = _time(_start_s(self._film, _picture_rate(self._film)))
        return self._declare(
            path, {"hasVideo": "1", "format": _form(self._film), "start": start, **length, **self._sound}
        )

    def sound(self, heard: TakeFile) -> str:
        if heard.path in self._known:
            return self._known[heard.path]
        start_s = Fraction(self._film.start_sample + heard.span.start, CLOCK_HZ)
        length = {"start": _time(start_s), "duration": _time(Fraction(heard.span.n_samples, CLOCK_HZ))}
        return self._declare(heard.path, {**self._sound, **length})

    def _declare(self, path: Path, facts: dict[str, str]) -> str:
        identity = self._known[path] = f"r{len(self._known) + 1}"
        address = "./" + quote(os.fsencode(path.name))
        _add(self._resources, "asset", id=identity, name=_text(path.stem), src=address, **facts)
        return identity


def _placed(span: Span, film: Film) -> tuple[Fraction, Fraction]:
    """Start, on the clock of the picture's clip, and duration of a span: the nearest frames of the sequence, at least
    one, none past the film's end. Seconds."""
    first, last = (round(at * edit_rate(film.frame_rate) / CLOCK_HZ) for at in (span.start, span.end))
    n_frames = _n_frames(film)
    first = min(first, n_frames - 1)
    duration = max(1, min(last, n_frames) - first) * _frame_s(film)
    return _start_s(film, _picture_rate(film)) + first * _frame_s(film), duration


def _n_frames_in(span: Span, film: Film) -> int:
    """From the nearest frame to its start to the nearest to its end."""
    first, last = (round(at * edit_rate(film.frame_rate) / CLOCK_HZ) for at in (span.start, span.end))
    return last - first


def _n_frames(film: Film) -> int:
    """How many whole frames of the sequence the film lasts, at least one."""
    return max(1, math.floor((film.duration.n_samples + _HALF) * edit_rate(film.frame_rate) / CLOCK_HZ))


def _frame_s(film: Film) -> Fraction:
    """A frame of the sequence, in seconds."""
    return 1 / edit_rate(film.frame_rate)


def _picture_rate(film: Film) -> Fraction:
    """The rate of the film's own pictures; one that varies is told as the sequence's, as editing systems do."""
    return edit_rate(film.frame_rate) if film.variable_rate else meant_rate(film.frame_rate)


def _form(film: Film) -> str:
    """Name of the picture's format."""
    return _SEQUENCE if _picture_rate(film) == edit_rate(film.frame_rate) else "own"


def _start_s(film: Film, rate: Fraction) -> Fraction:
    """The start timecode in seconds: the nearest frame at `rate`."""
    return round(film.start_sample * rate / CLOCK_HZ) / rate


def _add(parent: ElementTree.Element, tag: str, **attributes: str) -> ElementTree.Element:
    return ElementTree.SubElement(parent, tag, attributes)


def _time(seconds: Fraction) -> str:
    return f"{seconds.numerator}s" if seconds.denominator == 1 else f"{seconds.numerator}/{seconds.denominator}s"


def _text(name: str) -> str:
    return _NOT_IN_XML.sub("?", " ".join(unicode_name(name).split()))
