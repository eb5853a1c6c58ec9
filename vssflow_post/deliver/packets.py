"""Packets on their way into the delivered film: the source's as they are, the mix encoded, each with its time.

Time zero is the first picture.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from vssflow_post.audio import Integers, layout_of
from vssflow_post.errors import FilmFailed
from vssflow_post.media.joins import JOINABLE, Clock, packets_on_one_clock
from vssflow_post.media.opening import packets_of, read_only
from vssflow_post.timeline import CLOCK_HZ

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream

    from vssflow_post.deliver.along import Track
    from vssflow_post.media import Film

_LONGEST_REORDERING = 32
"""Packets without a decoding timestamp that are waited through; no codec reorders further."""
_CLOCK = Fraction(1, CLOCK_HZ)


def picture_packets(
    source: InputContainer, stream: VideoStream, copy: VideoStream, film: Film
) -> Iterator[tuple[Fraction, Packet[Any]]]:
    """The stream's packets (with their decoding time in seconds), moved so that the first picture is at zero.

    Decoding timestamps that do not rise (cut transport streams) are set to rise by one unit: a container refuses them
    otherwise, and nothing is presented by them.
    """
    last_dts: int | None = None
    for packet, dts in _with_dts(packets_on_one_clock(source, stream, film.container), film):
        pts = packet.pts if packet.pts is not None else dts
        if film.is_cut_off and film.sample_of_pts(pts) >= film.duration.end:
            continue
        dts -= film.first_pts
        if last_dts is not None and dts <= last_dts:
            dts = last_dts + 1
        last_dts = dts
        packet.pts, packet.dts = pts - film.first_pts, dts
        packet.stream = copy
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


def sound_packets(stream: AudioStream, blocks: Iterable[Integers]) -> Iterator[tuple[Fraction, Packet[Any]]]:
    """The mix, encoded, each packet with its time in seconds; the first sample is at zero."""
    import av

    at = 0
    for block in blocks:
        samples = np.ascontiguousarray(block.T << 8).reshape(1, -1)  # 24 bits at the top of 32
        frame = av.AudioFrame.from_ndarray(samples, format="s32", layout=layout_of(len(block)).name)
        frame.sample_rate, frame.time_base, frame.pts = CLOCK_HZ, _CLOCK, at
        at += block.shape[1]
        yield from timed(stream.encode(frame))
    yield from timed(stream.encode(None))


def kept_packets(source: InputContainer, tracks: Sequence[Track], film: Film) -> Iterator[tuple[Fraction, Packet[Any]]]:
    """The packets of the film's own audio and of what goes along with it, moved with the picture."""
    if not tracks:
        return
    zero_s = film.first_pts * film.time_base
    by_index = {track.original.index: track for track in tracks}
    clocks = {index: Clock(track.original.time_base or _CLOCK, film.joins) for index, track in by_index.items()}
    originals = [track.original for track in tracks]
    read_only(source, *originals)
    last: dict[int, int] = {}
    for packet in packets_of(source, *originals):
        if packet.size == 0:
            continue
        track = by_index[packet.stream_index]
        if film.container in JOINABLE:
            clocks[packet.stream_index].moved(packet)
        kind, unit = track.original.type, packet.time_base or _CLOCK
        at = _moved(packet, None if kind == "video" else round(zero_s / unit))
        if at is None or (at * unit * CLOCK_HZ >= film.duration.end and (film.is_cut_off or kind == "subtitle")):
            continue
        if kind == "audio" and film.joins and at <= last.get(packet.stream_index, at - 1):
            continue  # where a recording's sound begins before the sound of the one before it ends
        if kind == "subtitle" and (at := _cut(packet, last.get(packet.stream_index, 0))) is None:
            continue
        last[packet.stream_index] = at
        for written in _written(packet, track, unit):
            written.stream = track.copy
            yield at * unit, written


def _moved(packet: Packet[Any], shift: int | None) -> int | None:
    """Its decoding time, counted from the first picture; None where it has none. Without a shift it becomes zero."""
    start = packet.pts if packet.dts is None else packet.dts
    if shift is None:
        packet.pts = packet.dts = 0
    elif start is not None:
        packet.pts, packet.dts = (start if packet.pts is None else packet.pts) - shift, start - shift
    return packet.dts


def _cut(packet: Packet[Any], earliest: int) -> int | None:
    """Lets a subtitle begin no earlier than the picture, and than the one before it; None where nothing is left."""
    start = cast(int, packet.pts)
    length = (packet.duration or 0) - max(0, earliest - start)
    packet.pts = packet.dts = max(start, earliest)
    packet.duration = max(0, length)
    return packet.dts if start >= earliest or length > 0 else None


def _written(packet: Packet[Any], track: Track, unit: Fraction) -> Iterator[Packet[Any]]:
    """The packet as it goes into its track: as it is, or its subtitle written anew."""
    import av

    if track.writer is None:
        yield packet
        return
    with suppress(av.error.InvalidDataError):  # a subtitle that no player could read either
        if not (said := track.original.codec_context.decode2(packet)):
            return
        written = track.writer.encode_subtitle(said)
        written.pts = written.dts = packet.pts
        written.duration, written.time_base = packet.duration, unit
        yield written


def timed(packets: Sequence[Packet[Any]]) -> Iterator[tuple[Fraction, Packet[Any]]]:
    """Each with its decoding time in seconds."""
    return ((Fraction(packet.dts or 0) * (packet.time_base or _CLOCK), packet) for packet in packets)
