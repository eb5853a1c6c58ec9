"""A film looked at without decoding it: its streams, times, timecode and digest, or the verdict why it is none."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from vssflow_post.errors import FilmRejected
from vssflow_post.media.completeness import shortage
from vssflow_post.media.film import AudioStream, Film, ensure_same_file, ensure_unchanged
from vssflow_post.media.film_times import (
    SIZED,
    declared_by_stream_s,
    declared_s,
    duration_of,
    frame_rate_of,
    measured_s,
    require_declared_packets,
    require_sane,
    shortfall,
)
from vssflow_post.media.frame_rates import label_rate
from vssflow_post.media.limits import AUDIO_RATES_HZ, MAX_AUDIO_CHANNELS, MAX_PIXELS
from vssflow_post.media.opening import declared_pixels, open_film, open_regular, read_only, reading_source
from vssflow_post.media.packets import PacketScan, scan_packets
from vssflow_post.media.pickups import plain_layout
from vssflow_post.media.salvage import require_all_packets, salvaged
from vssflow_post.media.showing import shown_as
from vssflow_post.media.signature import HEAD_BYTES, demuxer_of, kind_of
from vssflow_post.media.timecode import label_found, samples_from_timecode
from vssflow_post.media.transport import pictures_elsewhere
from vssflow_post.timeline import Span, samples_from_seconds

if TYPE_CHECKING:
    from av.audio.stream import AudioStream as AudioStreamOfFilm
    from av.container import InputContainer
    from av.video.stream import VideoStream

_ENCRYPTED_TAGS = ("encv", "drmi")


@dataclass(frozen=True, slots=True)
class _Source:
    """What is known of the file before FFmpeg sees it."""

    demuxer: str
    size_bytes: int
    modified_ns: int
    missing: str
    """Why it is cut off, as half a sentence; "" where nothing says so."""


def probe(path: Path, salvage: bool = False) -> Film:
    """Everything about a film that can be known without decoding it; reads the file twice (timestamps, digest).

    With `salvage`, a film that is cut off is taken as far as it goes, which is found out by decoding it; its `losses`
    say what is missing. Raises FilmRejected with `empty`, `not_media`, `not_regular`, `playlist`, `truncated`,
    `corrupt`, `no_video`, `unsupported_codec` or `too_large`; FilmFailed `source_io` where the file cannot be read and
    `source_changed` where it changes meanwhile.
    """
    with open_regular(path) as file, reading_source(path):
        status = os.fstat(file.fileno())
        try:
            source = _identify(file, status, salvage)
            with _of_what_is_left(source):
                film = _probed(path, source, salvage)
            film = replace(film, warnings=(*film.warnings, *_elsewhere(file, film)))
            digest = _digest_of(file)
        except FilmRejected:
            ensure_same_file(path, status.st_size, status.st_mtime_ns)
            raise
    ensure_unchanged(film)
    return replace(film, digest=digest)


def _identify(file: BinaryIO, status: os.stat_result, salvage: bool) -> _Source:
    kind = kind_of(file.read(HEAD_BYTES))
    missing = shortage(file, status.st_size, kind) or ""
    if missing and not salvage:
        raise FilmRejected("truncated", f"The file is cut off: {missing}.")
    return _Source(demuxer_of(kind), status.st_size, status.st_mtime_ns, missing)


def _digest_of(file: BinaryIO) -> str:
    file.seek(0)
    digest = hashlib.sha256()
    while block := file.read(1 << 20):
        digest.update(block)
    return digest.hexdigest()


def _elsewhere(file: BinaryIO, film: Film) -> Iterator[str]:
    """A sentence where the picture goes on in a stream that nobody reads."""
    if film.container == "mpegts":
        pid, n_pictures = pictures_elsewhere(file, film.video_id)
        if n_pictures:
            yield (
                f"Its picture goes on in another stream, whose number (PID) is {pid} and not {film.video_id}: "
                f"{n_pictures} pictures or more are left out. Joined again with the same numbers, they come along."
            )


@contextmanager
def _of_what_is_left(source: _Source) -> Iterator[None]:
    """Whatever is wrong with a file that is cut off, this is why."""
    try:
        yield
    except FilmRejected as rejected:
        if not source.missing or rejected.code not in ("corrupt", "no_video", "unsupported_codec"):
            raise
        sentence = f"The file is cut off ({source.missing}): nothing can be salvaged."
        raise FilmRejected("truncated", sentence) from rejected


def _probed(path: Path, source: _Source, salvage: bool) -> Film:
    """The film, but for its digest."""
    with open_film(path, source.demuxer) as container:
        notes: list[str] = []
        stream = _choose_video(container, path, source.demuxer, notes)
        timecodes = _declared_timecodes(container, stream)
        audio = _audio_streams(container, notes)
        read_only(container, stream)
        scan = scan_packets(container, stream, path, source.demuxer, salvage)
        film = _film(path, source, stream, scan, audio, timecodes, notes)
        claimed = declared_s(container, stream, source.demuxer) if not scan.joins else None
        missing = source.missing or shortfall(
            claimed and declared_by_stream_s(stream), measured_s(scan, film.time_base), film.frame_rate
        )
        if not source.missing and source.demuxer in SIZED:
            require_declared_packets(container, path, source.demuxer, missing, scan.end_pts * film.time_base)
    if missing and not salvage:
        raise FilmRejected("truncated", f"The file is cut off: {missing}.")
    if salvage:
        return salvaged(film, scan, missing, claimed)
    require_all_packets(film, scan)
    return film


def _choose_video(container: InputContainer, path: Path, demuxer: str, notes: list[str]) -> VideoStream:
    from av.stream import Disposition

    still = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
    candidates = [stream for stream in container.streams.video if not stream.disposition & still]
    if not candidates:
        covers = len(container.streams.video)
        raise FilmRejected("no_video", "It has only a cover picture." if covers else "It has no video stream.")
    stream = next((one for one in candidates if one.disposition & Disposition.default), candidates[0])
    if len(candidates) > 1:
        notes.append(f"It has {len(candidates)} video streams; stream {stream.index} is used.")
    if stream.codec_context is None:
        raise FilmRejected("unsupported_codec", "There is no decoder for its video codec.")
    if stream.codec_tag.lower() in _ENCRYPTED_TAGS:
        raise FilmRejected("unsupported_codec", "Its picture is encrypted.")
    n_pixels = stream.width * stream.height or declared_pixels(path, demuxer, stream.index)
    if n_pixels > MAX_PIXELS:
        raise FilmRejected("too_large", f"Its pictures have {n_pixels} pixels each; {MAX_PIXELS} are the limit.")
    if n_pixels and not stream.width:  # a decoder forgets a size that is past the limit
        raise FilmRejected("too_large", f"Its pictures are larger than its header says, and than {MAX_PIXELS} pixels.")
    if not stream.width or not stream.height:
        raise FilmRejected("unsupported_codec", f"Its {stream.codec.canonical_name} stream has no picture size.")
    return stream


def _audio_streams(container: InputContainer, notes: list[str]) -> tuple[AudioStream, ...]:
    streams = []
    for number, stream in enumerate(container.streams.audio, 1):
        track = _audio_stream(stream, number) if stream.codec_context is not None else None
        if track is None or not _is_playable(track):
            notes.append(f"Audio track {number} cannot be decoded and is left out.")
        else:
            streams.append(track)
    return tuple(streams)


def _audio_stream(stream: AudioStreamOfFilm, number: int) -> AudioStream:
    from av.stream import Disposition

    layout, labels = plain_layout(stream)
    language = stream.metadata.get("language")
    title = " ".join((stream.metadata.get("title") or "").split())
    return AudioStream(
        index=stream.index,
        codec=stream.codec.canonical_name,
        rate_hz=stream.rate or 0,
        channels=stream.codec_context.channels,
        layout=layout,
        language=language if language != "und" else None,
        default=bool(stream.disposition & Disposition.default),
        number=number,
        labels=labels,
        title=title,
        role=_role_of(stream, title),
    )


def _is_playable(track: AudioStream) -> bool:
    low, high = AUDIO_RATES_HZ
    return low <= track.rate_hz <= high and 1 <= track.channels <= MAX_AUDIO_CHANNELS


def _role_of(stream: AudioStreamOfFilm, title: str) -> str:
    """By what the container says of the track, else by its title."""
    from av.stream import Disposition

    said = {
        "commentary": Disposition.comment,
        "audio description": Disposition.visual_impaired | Disposition.descriptions,
        "for the hard of hearing": Disposition.hearing_impaired,
        "music and effects": Disposition.clean_effects,
    }
    told = next((role for role, flag in said.items() if stream.disposition & flag), "")
    return told or next((role for role in said if role in title.lower()), "")


def _declared_timecodes(container: InputContainer, stream: VideoStream) -> list[str]:
    """From the video stream, a timecode track (MP4 `tmcd`), or the container (MXF, Matroska), in this order."""
    others = [other for other in container.streams if other.index != stream.index]
    tables = (stream.metadata, *(other.metadata for other in others), container.metadata)
    return [value for metadata in tables for key, value in metadata.items() if key.lower() == "timecode"]


def _film(
    path: Path,
    source: _Source,
    stream: VideoStream,
    scan: PacketScan,
    audio: tuple[AudioStream, ...],
    timecodes: Sequence[str],
    notes: list[str],
) -> Film:
    time_base = stream.time_base or Fraction(1, 90_000)
    rate = frame_rate_of(stream, scan, time_base)
    duration_s = duration_of(stream, scan, rate, time_base)
    require_sane(scan, rate, duration_s)
    notes += (*scan.notes, *_as_it_was_written(scan, time_base))
    timecode = _start_timecode(timecodes, label_rate(rate), notes)
    return Film(
        path=path,
        digest="",
        frame_rate=rate,
        n_frames=scan.n_frames,
        duration=Span(0, samples_from_seconds(duration_s)),
        start_timecode=timecode,
        start_sample=samples_from_timecode(timecode, label_rate(rate)) if timecode is not None else 0,
        width=stream.width,
        height=stream.height,
        video_codec=stream.codec.canonical_name,
        audio_streams=audio,
        container=source.demuxer,
        video_index=stream.index,
        video_id=stream.id,
        joins=scan.joins,
        first_pts=scan.first_pts,
        time_base=time_base,
        last_frame_sample=samples_from_seconds((scan.last_pts - scan.first_pts) * time_base),
        variable_rate=not scan.even,
        shown_as=shown_as(stream),
        notes=tuple(notes),
        size_bytes=source.size_bytes,
        modified_ns=source.modified_ns,
    )


def _as_it_was_written(scan: PacketScan, time_base: Fraction) -> Iterator[str]:
    """Sentences about a stream that was joined from several, or received with faults."""
    zero_s = scan.first_pts * time_base
    for join in scan.joins:
        where, jump = float(join.at_s - zero_s), float(join.jump_s)
        yield f"It is joined from several recordings: at {where:.3f} s its clock jumps by {jump:+.3f} s (closed)."
    if scan.marked:
        first = float(min(scan.marked) * time_base - zero_s)
        n = f"{len(scan.marked)} of its video packets are" if len(scan.marked) > 1 else "1 of its video packets is"
        yield f"{n} damaged or incomplete, the first at {first:.3f} s."


def _start_timecode(found: Sequence[str], rate: Fraction, notes: list[str]) -> str | None:
    """The first that can be a label at this rate, with a note where it is read as another than is written; None, with
    a note, where none can."""
    readings = [label_found(text, rate) for text in found]
    label, sentence = next((reading for reading in readings if reading[0]), readings[0] if readings else (None, ""))
    notes += [sentence] if sentence else []
    return label
