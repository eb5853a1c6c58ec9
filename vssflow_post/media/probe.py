"""From a path to a `Film`, or to the verdict why it is none."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from vssflow_post.errors import FilmRejected
from vssflow_post.media.completeness import shortage
from vssflow_post.media.film import AudioStream, Film
from vssflow_post.media.limits import MAX_PIXELS
from vssflow_post.media.opening import declared_pixels, open_film, read_only
from vssflow_post.media.packets import PacketScan, scan_packets
from vssflow_post.media.regular import open_regular
from vssflow_post.media.signature import HEAD_BYTES, demuxer_of
from vssflow_post.media.timecode import frame_from_timecode, samples_from_timecode
from vssflow_post.timeline import Span, samples_from_seconds

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

_STANDARD_RATES = tuple(
    Fraction(1000 * rate, divisor) for rate in (12, 15, 24, 25, 30, 48, 50, 60, 100, 120) for divisor in (1000, 1001)
)
_ENCRYPTED_TAGS = ("encv", "drmi")


@dataclass(frozen=True, slots=True)
class _Source:
    """What is known of the file before FFmpeg sees it."""

    demuxer: str
    digest: str
    size_bytes: int
    modified_ns: int


def probe(path: Path) -> Film:
    """Everything about a film that can be known without decoding it; reads the file twice (digest, timestamps).

    Raises FilmRejected with `empty`, `not_media`, `not_regular`, `playlist`, `truncated`, `corrupt`, `no_video`,
    `unsupported_codec` or `too_large`; FilmFailed `source_io` where the file cannot be read.
    """
    with open_regular(path) as file:
        source = _identify(file)
    with open_film(path, source.demuxer) as container:
        notes: list[str] = []
        stream = _choose_video(container, path, source.demuxer, notes)
        timecode = _declared_timecode(container, stream)
        audio = _audio_streams(container, notes)
        read_only(container, stream)
        scan = scan_packets(container, stream)
        return _film(path, source, stream, scan, audio, timecode, notes)


def _identify(file: BinaryIO) -> _Source:
    status = os.fstat(file.fileno())
    demuxer = demuxer_of(file.read(HEAD_BYTES))
    missing = shortage(file, status.st_size, demuxer)
    if missing is not None:
        raise FilmRejected("truncated", f"The file is cut off: {missing}.")
    file.seek(0)
    digest = hashlib.sha256()
    while block := file.read(1 << 20):
        digest.update(block)
    return _Source(demuxer, digest.hexdigest(), status.st_size, status.st_mtime_ns)


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
    if not stream.width or not stream.height:
        raise FilmRejected("unsupported_codec", f"Its {stream.codec_context.name} stream has no picture size.")
    return stream


def _audio_streams(container: InputContainer, notes: list[str]) -> tuple[AudioStream, ...]:
    from av.stream import Disposition

    streams = []
    for stream in container.streams.audio:
        if stream.codec_context is None or not stream.rate:
            notes.append(f"Audio stream {stream.index} cannot be decoded and is left out.")
            continue
        is_default = bool(stream.disposition & Disposition.default)
        layout, language = stream.layout.name, stream.metadata.get("language")
        codec = stream.codec_context.name
        streams.append(AudioStream(stream.index, codec, stream.rate, stream.channels, layout, language, is_default))
    return tuple(streams)


def _declared_timecode(container: InputContainer, stream: VideoStream) -> str | None:
    """From the video stream, a timecode track (MP4 `tmcd`), or the container (MXF, Matroska), in this order."""
    others = [other for other in container.streams if other.index != stream.index]
    for metadata in (stream.metadata, *(other.metadata for other in others), container.metadata):
        for key, value in metadata.items():
            if key.lower() == "timecode":
                return value.strip()
    return None


def _film(
    path: Path,
    source: _Source,
    stream: VideoStream,
    scan: PacketScan,
    audio: tuple[AudioStream, ...],
    timecode: str | None,
    notes: list[str],
) -> Film:
    time_base = stream.time_base or Fraction(1, 90_000)
    rate = _frame_rate(stream, scan, time_base)
    duration_s = _duration_s(stream, scan, rate, time_base)
    notes += scan.notes
    if timecode is not None:
        try:
            frame_from_timecode(timecode, rate)
        except ValueError as error:
            notes.append(f"Its start timecode is not used: {error}.")
            timecode = None
    film = Film(
        path=path,
        digest=source.digest,
        frame_rate=rate,
        n_frames=scan.n_frames,
        duration=Span(0, samples_from_seconds(duration_s)),
        start_timecode=timecode,
        start_sample=samples_from_timecode(timecode, rate) if timecode is not None else 0,
        width=stream.width,
        height=stream.height,
        video_codec=stream.codec_context.name,
        audio_streams=audio,
        container=source.demuxer,
        video_index=stream.index,
        first_pts=scan.first_pts,
        time_base=time_base,
        last_frame_sample=samples_from_seconds((scan.last_pts - scan.first_pts) * time_base),
        variable_rate=not scan.even,
        notes=tuple(notes),
        size_bytes=source.size_bytes,
        modified_ns=source.modified_ns,
    )
    chosen = film.production_stream
    if chosen is None or len(audio) < 2:
        return film
    choice = f"It has {len(audio)} audio streams; stream {chosen.index} is the production track."
    return replace(film, notes=(*film.notes, choice))


def _frame_rate(stream: VideoStream, scan: PacketScan, time_base: Fraction) -> Fraction:
    """The container's rate; the standard one it stands for where the time base is too coarse to say it exactly."""
    measured = None
    if scan.n_frames > 1 and scan.last_pts > scan.first_pts:
        measured = Fraction(scan.n_frames - 1) / ((scan.last_pts - scan.first_pts) * time_base)
    declared = stream.average_rate or stream.base_rate
    # A declared rate that is far from the timestamps (a field rate, a codec's default) is not believed.
    if declared and measured and abs(declared / measured - 1) > Fraction(1, 20):
        declared = measured
    rate = declared or measured or Fraction(25)
    nearest = min(_STANDARD_RATES, key=lambda standard: abs(standard / rate - 1))
    return nearest if abs(nearest / rate - 1) < Fraction(1, 5000) and scan.even else rate


def _duration_s(stream: VideoStream, scan: PacketScan, rate: Fraction, time_base: Fraction) -> Fraction:
    """From the first picture to the end of the last one, in seconds, exact.

    The timestamps decide, to within their own rounding (Matroska's are whole milliseconds): at an even rate the
    number of pictures is exact. Raises FilmRejected `truncated` where the container declares more than there is.
    """
    measured = (scan.end_pts - scan.first_pts) * time_base
    frame_s = 1 / rate
    declared = stream.duration * time_base if stream.duration else None
    if declared is not None and declared - measured > max(2 * frame_s, Fraction(1, 10)):
        raise FilmRejected(
            "truncated",
            f"The file is cut off: it declares {float(declared):.3f} s of picture and holds {float(measured):.3f} s.",
        )
    exact = scan.n_frames * frame_s
    if scan.even and abs(exact - measured) <= max(3 * time_base, Fraction(1, 1000)):
        return exact
    last_start = (scan.last_pts - scan.first_pts) * time_base
    if declared is not None and abs(declared - measured) < frame_s and declared > last_start:
        return declared
    return measured
