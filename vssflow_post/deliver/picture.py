"""The film with its new sound: video packets copied as they are, the mix as AAC, in sync to the sample.

Time zero of the delivered file is the first picture, which is sample 0 of the mix. The AAC encoder's priming is
declared by the container (edit list or codec delay), so that players skip it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from vssflow_post.deliver.bwf import WaveReader
from vssflow_post.errors import FilmFailed
from vssflow_post.layout import layout_of
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
_LONGEST_REORDERING = 32
"""Packets without a decoding timestamp that are waited through; no codec reorders further."""
_CLOCK = Fraction(1, CLOCK_HZ)
_NOT_COPIED = frozenset({"encoder", "major_brand", "minor_version", "compatible_brands", "timecode", "duration"})
"""Tags of the source's container that are not true of the new one, or are written anew."""


def picture_name(film: Film, film_stem: str) -> str:
    """The delivered film's file name: MP4 or QuickTime where the source is one and the codec fits, else Matroska."""
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
    original = cast("VideoStream", source.streams[film.video_index])
    read_only(source, original)
    try:
        picture = target.add_stream_from_template(original)
    except ValueError as error:
        raise FilmFailed("not_muxable", f"Its picture cannot be copied: {error}.") from error
    picture.time_base = film.time_base
    sound = target.add_stream("aac", rate=CLOCK_HZ, layout=layout_of(mix.n_channels).name, bit_rate=aac_kbps * 1000)
    target.metadata.update({tag: value for tag, value in source.metadata.items() if tag not in _NOT_COPIED})
    if film.start_timecode is not None:
        target.metadata["timecode"] = film.start_timecode
    sounding = _sound_packets(sound, mix)
    waiting = next(sounding, None)
    for time_s, packet in _picture_packets(source, original, film):
        while waiting is not None and waiting[0] <= time_s:
            target.mux(waiting[1])
            waiting = next(sounding, None)
        packet.stream = picture
        target.mux(packet)
    while waiting is not None:
        target.mux(waiting[1])
        waiting = next(sounding, None)


def _picture_packets(source: InputContainer, stream: VideoStream, film: Film) -> Iterator[tuple[Fraction, Packet[Any]]]:
    """The stream's packets (with their decoding time in seconds), moved so that the first picture is at zero.

    Decoding timestamps that do not rise (cut transport streams) are set to rise by one unit: a container refuses them
    otherwise, and nothing is presented by them.
    """
    last_dts: int | None = None
    for packet, dts in _with_dts(source.demux(stream), film):
        pts = packet.pts if packet.pts is not None else dts
        dts -= film.first_pts
        if last_dts is not None and dts <= last_dts:
            dts = last_dts + 1
        last_dts = dts
        packet.pts, packet.dts = pts - film.first_pts, dts
        yield dts * film.time_base, packet


def _with_dts(packets: Iterable[Packet[Any]], film: Film) -> Iterator[tuple[Packet[Any], int]]:
    """Each packet with a decoding timestamp.

    Matroska and AVI do not store them, and FFmpeg cannot tell those of the first packets before it has seen how far
    pictures are reordered. They are counted back, frame by frame, from the first one that is known.
    """
    step = max(1, int(1 / (film.frame_rate * film.time_base)))
    held: list[Packet[Any]] = []
    for packet in packets:
        if packet.size == 0:
            continue
        if packet.dts is None and packet.pts is None:
            raise FilmFailed("not_muxable", f"A packet of its {film.video_codec} stream has no timestamp.")
        held.append(packet)
        if packet.dts is None and len(held) < _LONGEST_REORDERING:
            continue
        last = packet.dts if packet.dts is not None else min(other.pts or 0 for other in held)
        yield from ((other, last - step * back) for back, other in zip(range(len(held))[::-1], held, strict=True))
        held.clear()
    first = min((other.pts or 0 for other in held), default=0)
    yield from ((other, first - step * back) for back, other in zip(range(len(held))[::-1], held, strict=True))


def _sound_packets(stream: AudioStream, mix: WaveReader) -> Iterator[tuple[Fraction, Packet[Any]]]:
    """The mix, encoded, each packet with its time in seconds; the first sample is at zero."""
    import av

    at = 0
    for block in mix.blocks():
        samples = (block.T << 8).reshape(1, -1)  # 24 bits at the top of 32
        frame = av.AudioFrame.from_ndarray(samples, format="s32", layout=layout_of(mix.n_channels).name)
        frame.sample_rate, frame.time_base, frame.pts = CLOCK_HZ, _CLOCK, at
        at += block.shape[1]
        yield from _timed(stream.encode(frame))
    yield from _timed(stream.encode(None))


def _timed(packets: Sequence[Packet[Any]]) -> Iterator[tuple[Fraction, Packet[Any]]]:
    return ((Fraction(packet.dts or 0) * (packet.time_base or _CLOCK), packet) for packet in packets)
