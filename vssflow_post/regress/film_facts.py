"""What the delivered film states beside its sound: streams, their order and kind, and the picture's own packets."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vssflow_post.audio import Samples
from vssflow_post.timeline import CLOCK_HZ

if TYPE_CHECKING:
    from av.container import InputContainer

COPIED = ("video", "subtitle", "data", "attachment")
"""Kinds of streams whose packets are the source's own, the same on every machine."""


def film_facts(path: Path) -> dict[str, object]:
    """Container, streams, and a digest of every copied stream; the sound's packets are no fact (see `film_sound`).

    Raises av.error.FFmpegError for what is no film.
    """
    import av

    with av.open(f"file:{path}", metadata_errors="replace") as container:
        facts: dict[str, object] = {
            "container": container.format.name,
            "start timecode": container.metadata.get("timecode", ""),
            "streams": [_stream(stream) for stream in container.streams],
        }
        digests = _packet_digests(container)
    for index, kind in enumerate(facts["streams"]):  # type: ignore[arg-type,var-annotated]
        if str(kind).split()[0] in COPIED:
            facts[f"stream {index} packets"] = digests.get(index, "none")
    return facts


def film_sound(path: Path) -> tuple[Samples, str] | None:
    """The first sound track, decoded, float32 (channels, n) at the clock's rate, and a digest of its packets.

    None where there is none. The decoder's own delay is part of it: golden and render are decoded alike.
    """
    import av

    with av.open(f"file:{path}", metadata_errors="replace") as container:
        if not container.streams.audio:
            return None
        stream = container.streams.audio[0]
        resampler = av.AudioResampler("fltp", stream.layout.name, CLOCK_HZ)
        digest = hashlib.sha256()
        blocks = []
        for packet in container.demux(stream):
            digest.update(bytes(packet))
            for frame in packet.decode():
                blocks += [piece.to_ndarray() for piece in resampler.resample(frame)]
        blocks += [piece.to_ndarray() for piece in resampler.resample(None)]
    samples = np.concatenate(blocks, axis=1) if blocks else np.zeros((stream.layout.nb_channels, 0))
    return np.ascontiguousarray(samples, np.float32), digest.hexdigest()


def _stream(stream: Any) -> str:
    """A stream in words."""
    words: list[str] = [stream.type]
    words += [str(stream.codec_context.name) if stream.codec_context else "copied"]
    if stream.type == "video":
        words += [f"{stream.width}x{stream.height}", f"{Fraction(stream.average_rate or 0)} fps"]
    elif stream.type == "audio":
        words += [f"{stream.rate} Hz", stream.layout.name]
    words += [f"{key}={stream.metadata[key]}" for key in ("language", "title") if stream.metadata.get(key)]
    return " ".join(words)


def _packet_digests(container: InputContainer) -> Mapping[int, str]:
    """sha256 over time, key mark and bytes of every packet, by stream."""
    digests: dict[int, Any] = {}
    for index, packet in _packets(container):
        digest = digests.setdefault(index, hashlib.sha256())
        time = Fraction(packet.pts or 0) * Fraction(packet.time_base or 1)
        digest.update(f"{time} {packet.is_keyframe}".encode())
        digest.update(bytes(packet))
    return {index: digest.hexdigest()[:16] for index, digest in digests.items()}


def _packets(container: InputContainer) -> Iterator[tuple[int, Any]]:
    for packet in container.demux():
        if packet.size:
            yield packet.stream_index, packet
