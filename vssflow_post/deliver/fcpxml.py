"""The timeline as FCPXML 1.8 (Apple), which Final Cut Pro and DaVinci Resolve import.

Times are exact fractions of a second. Clips are connected to the one clip of the picture, a lane for each track of
sound; their borders are the nearest frames, as Final Cut Pro wants them, and the .otio beside it keeps every sample.
The OpenTimelineIO adapter for this format is not used: it knows no NTSC rates, and no start timecode.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote
from xml.etree import ElementTree

from vssflow_post.audio import DX, MX, PD, STEMS
from vssflow_post.deliver.take_files import TakeFile
from vssflow_post.deliver.timeline_otio import Edit, rows_of, unicode_name
from vssflow_post.media.timecode import is_drop_frame
from vssflow_post.store.publishing import publish_bytes
from vssflow_post.timeline import CLOCK_HZ, Cue, Span

if TYPE_CHECKING:
    from vssflow_post.media import Film

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
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
    frame_s = 1 / film.frame_rate
    start_s = round(film.start_sample * film.frame_rate / CLOCK_HZ) * frame_s
    length = {"duration": _time(film.n_frames * frame_s)}
    root = ElementTree.Element("fcpxml", version="1.8")
    resources = _add(root, "resources")
    size = {"width": str(film.width), "height": str(film.height)}
    _add(resources, "format", id="r0", frameDuration=_time(frame_s), **size)
    assets = _Assets(resources, film, edit.n_channels)
    picture = assets.picture(edit.picture, start_s, length)
    project = _add(_add(root, "event", name=_text(name)), "project", name=_text(name))
    drop = {"tcFormat": "DF" if is_drop_frame(film.start_timecode) else "NDF"}
    layout = {"audioLayout": _LAYOUTS.get(edit.n_channels, "surround"), "audioRate": "48k"}
    sequence = _add(project, "sequence", format="r0", tcStart=_time(start_s), **length, **drop, **layout)
    spine = _add(sequence, "spine")
    at = {"offset": _time(start_s), "start": _time(start_s)}
    whole = _add(
        spine,
        "asset-clip",
        ref=picture,
        name=_text(edit.picture.stem),
        format="r0",
        srcEnable="video",
        **at,
        **length,
        **drop,
    )
    for lane, stem, cue in _connected(edit):
        _connect(whole, lane, stem, cue, edit, assets, start_s)
    for scene in edit.sheet.scenes:
        start, _ = _in_frames(scene.span, film)
        marker = {"start": _time(start_s + start * frame_s), "duration": _time(frame_s)}
        _add(whole, "marker", value=f"scene {scene.index + 1}", **marker)
    ElementTree.indent(root)
    body: bytes = ElementTree.tostring(root, encoding="utf-8")
    return b'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>\n' + body + b"\n"


def _connect(
    whole: ElementTree.Element, lane: int, stem: str, cue: Cue, edit: Edit, assets: _Assets, start_s: Fraction
) -> None:
    """A cue's clip, hung on the picture's: both count from the start timecode."""
    frame_s = 1 / edit.film.frame_rate
    start, n_frames = _in_frames(cue.span, edit.film)
    heard = edit.takes.get(cue.id) or TakeFile(edit.stems[stem], edit.film.duration)
    at = _time(start_s + start * frame_s)
    _add(
        whole,
        "asset-clip",
        ref=assets.sound(heard),
        name=_text(cue.title),
        lane=str(-lane),
        audioRole=f"{_ROLES.get(stem, 'effects')}.{stem}",
        offset=at,
        start=at,
        duration=_time(n_frames * frame_s),
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

    def picture(self, path: Path, start_s: Fraction, length: dict[str, str]) -> str:
        return self._declare(path, {"hasVideo": "1", "format": "r0", "start": _time(start_s), **length, **self._sound})

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


def _connected(edit: Edit) -> Iterator[tuple[int, str, Cue]]:
    """(lane from 1, stem, cue) of every cue, track by track."""
    lane = 0
    for stem in edit.stems:
        rows = rows_of([cue for cue in edit.sheet.cues if edit.stem_for(cue) == stem]) if stem in STEMS else []
        for row in rows:
            lane += bool(row)
            yield from ((lane, stem, cue) for cue in row)


def _in_frames(span: Span, film: Film) -> tuple[int, int]:
    """The nearest frame to the start, counted from the film's first, and how many frames there are, at least one."""
    first, last = (round(at * film.frame_rate / CLOCK_HZ) for at in (span.start, span.end))
    first = min(first, max(0, film.n_frames - 1))
    return first, max(1, min(last, film.n_frames) - first)


def _add(parent: ElementTree.Element, tag: str, **attributes: str) -> ElementTree.Element:
    return ElementTree.SubElement(parent, tag, attributes)


def _time(seconds: Fraction) -> str:
    return f"{seconds.numerator}s" if seconds.denominator == 1 else f"{seconds.numerator}/{seconds.denominator}s"


def _text(name: str) -> str:
    return _NOT_IN_XML.sub("?", " ".join(unicode_name(name).split()))
