"""What goes along in the delivered film beside picture and sound: subtitles, chapters, attachments, data.

Copied where the container holds it, and named where it does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

from vssflow_post.deliver.containers import TITLES, codecs_of, language_in, takes
from vssflow_post.deliver.copies import copy_of, keep_tags
from vssflow_post.media.opening import open_film, read_only
from vssflow_post.timeline import CLOCK_HZ

if TYPE_CHECKING:
    from av.container import InputContainer, OutputContainer
    from av.subtitles.codeccontext import SubtitleCodecContext

    from vssflow_post.media import Film

_PLAIN = {".mp4": "mov_text", ".mov": "mov_text", ".mkv": "subrip"}
"""What subtitles that are text become where the container does not hold them as they are."""
_PICTURE_FILES = {"mjpeg": ("cover.jpg", "image/jpeg"), "png": ("cover.png", "image/png")}
"""Codec of a cover -> its name and type as an attached file."""
_UNKNOWN_TYPE = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Sentences about what of the film does not go along."""

    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """Of what a camera notes for itself, which is neither seen nor heard."""


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """A track of the source, and its counterpart in the delivered film."""

    original: Any
    copy: Any
    writer: SubtitleCodecContext | None = None
    """Writes its subtitles anew, as plain text; None where they are copied."""


def way_of(stream: Any, film: Film, suffix: str) -> str:
    """How a stream goes along: `copied`, `rewritten`, `attached` or `left out`; "" where it is not for this room."""
    from av.stream import Discard, Disposition

    if stream.index == film.video_index or stream.type == "audio":
        return ""
    if stream.type == "attachment":
        return "attached" if suffix == ".mkv" else "left out"
    codec = stream.codec.canonical_name if getattr(stream, "codec_context", None) else None
    if stream.type == "subtitle" and codec:
        if codec in codecs_of(suffix):
            return "copied"
        return "rewritten" if stream.codec.text_sub else "left out"
    if stream.type == "data":
        if "timecode" in stream.metadata or stream.discard == Discard.all:
            return ""  # the start timecode and the titles of chapters are written anew
        return "copied" if stream.name == "bin_data" and suffix != ".mkv" and takes(suffix, stream) else "left out"
    if stream.disposition & Disposition.attached_pic and codec in _PICTURE_FILES:
        return {".mkv": "attached", ".mp4": "copied"}.get(suffix, "left out")
    return "left out"


def left_out(film: Film, suffix: str) -> LeftOut:
    """What of the film a container of this kind does not hold, in words."""
    with open_film(film.path, film.container) as source:
        ways = [(stream, way_of(stream, film, suffix)) for stream in source.streams]
        lost = [stream for stream, way in ways if way == "left out"]
        seen = [_in_words(stream) for stream in lost if stream.type != "data"]
        data = [_in_words(stream) for stream in lost if stream.type == "data"]
        cure = any(way_of(stream, film, ".mkv") != "left out" for stream in lost if stream.type != "data")
    way_out = ' Matroska holds more (deliver.audio_codec = "flac" or "opus").' if cure else " The source keeps them."
    sentence = f"{TITLES[suffix]} does not hold these tracks of the film, and they are left out: {{}}."
    return LeftOut(
        (sentence.format(", ".join(seen)) + way_out,) if seen else (),
        (sentence.format(", ".join(data)),) if data else (),
    )


def _in_words(stream: Any) -> str:
    """E.g. `3 (subtitle, hdmv_pgs_subtitle, eng, “Signs”)`."""
    codec = stream.codec.canonical_name if getattr(stream, "codec_context", None) else getattr(stream, "name", None)
    title = stream.metadata.get("title") or stream.metadata.get("handler_name")
    said = [stream.type, codec, stream.metadata.get("language"), f"“{title}”" if title else None]
    return f"{stream.index} ({', '.join(dict.fromkeys(word for word in said if word and word != 'und'))})"


def add_tracks(source: InputContainer, target: OutputContainer, film: Film, suffix: str) -> list[Track]:
    """Makes the tracks, attachments and chapters that go along; returns the tracks whose packets are to follow."""
    tracks = []
    for stream in source.streams:
        way = way_of(stream, film, suffix)
        if way == "copied":
            tracks.append(Track(stream, _copied(stream, target, suffix)))
        elif way == "rewritten":
            tracks.append(_rewritten(stream, target, suffix))
        elif way == "attached":
            _attach(stream, target, film)
    target.set_chapters(list(_chapters(source, film)))
    return tracks


def _copied(stream: Any, target: OutputContainer, suffix: str) -> Any:
    copy = copy_of(stream, target)
    if stream.type == "subtitle" and takes(suffix, stream, stream.codec_context.codec_tag):
        copy.codec_context.codec_tag = stream.codec_context.codec_tag
    keep_tags(stream, copy, suffix)
    copy.disposition = stream.disposition
    return copy


def _rewritten(stream: Any, target: OutputContainer, suffix: str) -> Track:
    copy = cast("Any", target.add_stream(_PLAIN[suffix]))
    copy.codec_context.subtitle_header = stream.codec_context.subtitle_header
    copy.time_base = Fraction(1, 1000)
    keep_tags(stream, copy, suffix)
    if language := stream.metadata.get("language"):
        copy.metadata["language"] = language_in(suffix, language)
    copy.disposition = stream.disposition
    return Track(stream, copy, copy.codec_context)


def _attach(stream: Any, target: OutputContainer, film: Film) -> None:
    """A font, a picture or whatever else lies in the film as a file."""
    if stream.type == "attachment":
        name, kind, content = stream.name or "attachment", stream.mimetype or _UNKNOWN_TYPE, stream.data
    else:
        name, kind = _PICTURE_FILES[stream.codec.canonical_name]
        name, content = stream.metadata.get("filename") or name, _cover(stream.index, film)
    attachment = target.add_attachment(name, kind, content)
    attachment.metadata.update({**stream.metadata, "filename": name, "mimetype": kind})


def _cover(index: int, film: Film) -> bytes:
    with open_film(film.path, film.container) as source:
        stream = source.streams[index]
        read_only(source, stream)
        return next((bytes(packet) for packet in source.demux(stream) if packet.size), b"")


def _chapters(source: InputContainer, film: Film) -> Iterator[Any]:
    """The chapters, counted from the first picture; one that begins before it begins with it."""
    zero_s, end_s = film.first_pts * film.time_base, Fraction(film.duration.end, CLOCK_HZ)
    for chapter in source.chapters():
        unit = chapter["time_base"] or Fraction(1)
        start_s, until_s = (chapter[side] * unit - zero_s for side in ("start", "end"))
        if until_s > 0 and start_s < end_s:
            start, end = round(max(start_s, Fraction(0)) / unit), round(until_s / unit)
            yield {**chapter, "start": start, "end": max(start, end)}
