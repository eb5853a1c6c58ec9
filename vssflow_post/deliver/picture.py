"""The film with its new sound: video packets copied as they are, the mix as AAC, in sync to the sample.

Time zero of the delivered file is the first picture, which is sample 0 of the mix. The AAC encoder's priming is
declared by the container (edit list or codec delay), so that players skip it.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from vssflow_post.deliver.bwf import WaveReader
from vssflow_post.errors import FilmFailed
from vssflow_post.media.opening import open_film, read_only
from vssflow_post.store import publishing
from vssflow_post.timeline import CLOCK_HZ

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer, OutputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream

    from vssflow_post.media import Film

_FORMATS = {".mp4": "mp4", ".mov": "mov", ".mkv": "matroska"}
_MP4_CODECS = frozenset({"h264", "hevc", "av1", "vp9", "mpeg4", "mpeg2video", "mpeg1video", "mjpeg"})
"""What players expect in MP4; a film with another codec is delivered as QuickTime."""
_CLOCK = Fraction(1, CLOCK_HZ)
_NOT_COPIED = frozenset({"encoder", "major_brand", "minor_version", "compatible_brands", "timecode", "duration"})
"""Tags of the source's container that are not true of the new one, or are written anew."""


def picture_name(film: Film, film_stem: str) -> str:
    """The delivered film's file name: the source's kind of container where it takes AAC and its codec, else Matroska."""
    if film.container != "mov":
        return f"{film_stem}.mkv"
    is_quicktime = film.path.suffix.lower() in (".mov", ".qt") or film.video_codec not in _MP4_CODECS
    return f"{film_stem}{'.mov' if is_quicktime else '.mp4'}"


def write_picture(film: Film, mix: Path, path: Path, aac_kbps: int) -> None:
    """Writes `path` (its suffix says the container) from the film's video stream and the mix's WAV.

    Raises FilmFailed("not_muxable") when the container cannot hold the film's packets, and what opening a film raises.
    """
    import av

    options = {"fflags": "+bitexact"}  # no date, no version: the same bytes on every run
    if path.suffix == ".mp4":
        options["movflags"] = "+faststart"
    with publishing(path) as temporary, open_film(film.path, film.container) as source:
        try:
            with av.open(f"file:{temporary}", "w", format=_FORMATS[path.suffix], options=options) as target:
                _mux(source, target, film, WaveReader(mix), aac_kbps)
        except (av.error.ArgumentError, av.error.InvalidDataError) as error:
            raise FilmFailed(
                "not_muxable", f"Its {film.video_codec} packets cannot be copied into {path.suffix}: {error.strerror}."
            ) from error


def _mux(source: InputContainer, target: OutputContainer, film: Film, mix: WaveReader, aac_kbps: int) -> None:
    """Packets of both streams in the order of their time."""
    original = source.streams[film.video_index]
    read_only(source, original)
    picture = target.add_stream_from_template(original)
    picture.time_base = film.time_base
    picture.average_rate = film.frame_rate
    sound = target.add_stream("aac", rate=CLOCK_HZ, layout="stereo", bit_rate=aac_kbps * 1000)
    target.metadata.update({tag: value for tag, value in source.metadata.items() if tag not in _NOT_COPIED})
    if film.start_timecode is not None:
        target.metadata["timecode"] = film.start_timecode
    sounding = _sound_packets(sound, mix)
    waiting = next(sounding, None)
    for packet in _picture_packets(source, original, film):
        due = packet.dts * film.time_base
        while waiting is not None and waiting.dts * waiting.time_base <= due:
            target.mux(waiting)
            waiting = next(sounding, None)
        packet.stream = picture
        target.mux(packet)
    while waiting is not None:
        target.mux(waiting)
        waiting = next(sounding, None)


def _picture_packets(source: InputContainer, stream: VideoStream, film: Film) -> Iterator[Packet]:
    """The stream's packets as they are, with their timestamps moved so that the first picture is at zero.

    Decoding timestamps that are missing or do not rise (old AVI, cut transport streams) are set to rise by one unit:
    a container refuses them otherwise, and nothing is presented by them.
    """
    last_dts: int | None = None
    for packet in source.demux(stream):
        if packet.size == 0:
            continue
        if packet.pts is None and packet.dts is None:
            raise FilmFailed("not_muxable", f"A packet of its {film.video_codec} stream has no timestamp.")
        pts = packet.pts if packet.pts is not None else packet.dts
        dts = packet.dts if packet.dts is not None else pts
        packet.pts, packet.dts = pts - film.first_pts, dts - film.first_pts
        if last_dts is not None and packet.dts <= last_dts:
            packet.dts = last_dts + 1
        last_dts = packet.dts
        yield packet


def _sound_packets(stream: AudioStream, mix: WaveReader) -> Iterator[Packet]:
    """The mix, encoded; the first sample is at time zero."""
    import av

    at = 0
    for block in mix.blocks():
        samples = (block.T << 8).reshape(1, -1)  # 24 bits at the top of 32
        frame = av.AudioFrame.from_ndarray(samples, format="s32", layout="stereo")
        frame.sample_rate, frame.time_base, frame.pts = CLOCK_HZ, _CLOCK, at
        at += block.shape[1]
        yield from stream.encode(frame)
    yield from stream.encode(None)
