"""What goes along in the delivered film beside picture and sound: subtitles, chapters, attachments, data.

Copied where the container holds it, and named where it does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

from vssflow_post.deliver.containers import TITLES, codecs_of, takes
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
    """Of what no viewer looks for: what a camera notes for itself, a second picture."""


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
        lost = [stream for stream in source.streams if way_of(stream, film, suffix) == "left out"]
        read = [stream for stream in lost if _is_for_viewers(stream)]
        others = [stream for stream in lost if not _is_for_viewers(stream)]
        has_cure = any(way_of(stream, film, ".mkv") != "left out" for stream in read)
        sentence = f"Not in the delivered {TITLES[suffix]} file, but in the source: {{}}."
        cure = ' Matroska holds it: deliver.audio_codec = "flac" or "opus".' if has_cure else ""
        return LeftOut(
            (
                *_unsaid(source, film, suffix),
                *([sentence.format(", ".join(map(_in_words, read))) + cure] if read else []),
            ),
            (sentence.format(", ".join(map(_in_words, others))),) if others else (),
        )


def _unsaid(source: InputContainer, film: Film, suffix: str) -> Iterator[str]:
    if suffix == ".mkv" and (n_hidden := _n_hidden(source, film)):
        yield (
            f"Matroska knows no edit list: it shows {n_hidden} pictures before the film's first one. "
            'QuickTime hides them: deliver.audio_codec = "pcm" or "aac".'
        )
    if film.shown_as and suffix == ".mov":
        yield (
            f"The delivered QuickTime file does not say how the picture is to be shown ({', '.join(film.shown_as)}). "
            'Matroska does: deliver.audio_codec = "flac" or "opus".'
        )


def _n_hidden(source: InputContainer, film: Film) -> int:
    """Pictures that are there for others to be decoded from, and lie before the first one that is shown."""
    n_hidden = 0
    for packet in source.demux(source.streams[film.video_index]):
        if packet.pts is None or (packet.dts is not None and packet.dts >= film.first_pts):
            break
        n_hidden += packet.pts < film.first_pts
    return n_hidden


def _is_for_viewers(stream: Any) -> bool:
    from av.stream import Disposition

    return stream.type in ("subtitle", "attachment") or bool(stream.disposition & Disposition.attached_pic)


def _in_words(stream: Any) -> str:
    """E.g. `track 3 (subtitle, hdmv_pgs_subtitle, eng, “Signs”)`."""
    codec = stream.codec.canonical_name if getattr(stream, "codec_context", None) else getattr(stream, "name", None)
    title, language = stream.metadata.get("title"), stream.metadata.get("language")
    said = [stream.type, codec, None if language == "und" else language, f"“{title}”" if title else None]
    return f"track {stream.index} ({', '.join(word for word in said if word)})"


def add_tracks(source: InputContainer, target: OutputContainer, film: Film, suffix: str) -> list[Track]:
    """Makes the tracks and attachments that go along; returns the tracks whose packets are to follow."""
    tracks = []
    for stream in source.streams:
        way = way_of(stream, film, suffix)
        if way == "copied":
            tracks.append(Track(stream, _copied(stream, target, suffix)))
        elif way == "rewritten":
            tracks.append(_rewritten(stream, target, suffix))
        elif way == "attached":
            _attach(stream, target, film)
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
    stream.codec_context.open(strict=False)  # which is when a decoder says how its subtitles look
    copy.codec_context.subtitle_header = stream.codec_context.subtitle_header
    if suffix != ".mkv":
        copy.codec_context.codec_tag = "tx3g"  # what QuickTime calls `text` looks otherwise inside
    copy.time_base = Fraction(1, 1000)
    keep_tags(stream, copy, suffix)
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


def add_chapters(source: InputContainer, target: OutputContainer, film: Film, lead_s: Fraction) -> None:
    """Sets the chapters, counted from the first picture, which comes `lead_s` after the new file starts."""
    target.set_chapters(list(_chapters(source, film, lead_s)))


def _chapters(source: InputContainer, film: Film, lead_s: Fraction) -> Iterator[Any]:
    """One that begins before the first picture begins with the file; one that is all before or behind it is gone."""
    zero_s, end_s = film.first_pts * film.time_base - lead_s, Fraction(film.duration.end, CLOCK_HZ) + lead_s
    for chapter in source.chapters():
        unit = chapter["time_base"] or Fraction(1)
        start_s, until_s = (chapter[side] * unit - zero_s for side in ("start", "end"))
        if until_s > 0 and start_s < end_s:
            start, end = round(max(start_s, Fraction(0)) / unit), round(until_s / unit)
            yield {**chapter, "start": start, "end": max(start, end)}
