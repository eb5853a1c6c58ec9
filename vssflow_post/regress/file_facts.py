"""What delivered files state beside their samples, in words that do not depend on the film's name, place or date.

Of the film: its streams, their order and kind, and the picture's own packets. Of a WAV: format, bext and iXML.
"""

from __future__ import annotations

import hashlib
import re
import struct
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
_LOUDNESS_AT = 412
"""Where bext's five loudness words lie (EBU Tech 3285, version 2)."""
_TEXT_LIMIT = 1 << 20
"""Bytes of a chunk that are read at most."""


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


def wave_facts(path: Path, stem: str) -> dict[str, object]:
    """Format, bext and iXML of a RIFF or RF64 file; `stem`, the film's name in it, is told as `{clip}`.

    A file of another kind has the one fact that it is none.
    """
    facts: dict[str, object] = {}
    for name, content in _chunks(path):
        if name == "fmt " and len(content) >= 16:
            facts["format"] = list(struct.unpack_from("<HHIIHH", content))
        elif name == "bext" and len(content) >= 602:
            facts.update(_bext(content, stem))
        elif name == "iXML":
            text = content.decode("utf-8", "replace").replace(stem, "{clip}")
            facts["iXML"] = hashlib.sha256(text.encode()).hexdigest()[:16]
        elif name == "container":
            facts["container"] = content.decode("ascii", "replace")
    return facts


def stated_loudness(path: Path) -> tuple[float, float, float, float, float] | None:
    """bext's loudness, range, true peak, momentary and short-term maxima; None where there is no bext."""
    for name, content in _chunks(path):
        if name == "bext" and len(content) >= 602:
            words = struct.unpack_from("<5h", content, _LOUDNESS_AT)
            return words[0] / 100, words[1] / 100, words[2] / 100, words[3] / 100, words[4] / 100
    return None


def _stream(stream: Any) -> str:
    """A stream in words."""
    words: list[str] = [stream.type]
    words += [str(stream.codec.canonical_name) if stream.codec_context else "copied"]
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


def _bext(content: bytes, stem: str) -> dict[str, object]:
    """Origination date and time follow the film's file, and the reference its digest: neither is the sound's."""
    description, originator, reference = (_text(part) for part in struct.unpack_from("<256s32s32s", content))
    low, high, version = struct.unpack_from("<IIH", content, 338)
    return {
        "bext description": description.replace(f" of {stem.encode('ascii', 'replace').decode()}", " of {clip}"),
        "bext originator": originator,
        "bext reference": re.sub(r"^[0-9a-f]{28}(?=-)", "{film}", reference),
        "bext time reference": low + (high << 32),
        "bext version": version,
        "bext coding history": _text(content[602:]),
    }


def _text(raw: bytes) -> str:
    return raw.split(b"\0", 1)[0].decode("ascii", "replace").strip()


def _chunks(path: Path) -> Iterator[tuple[str, bytes]]:
    """Chunks by name, `data` without its content; first `container`, whose content is the file's first four bytes."""
    with path.open("rb") as file:
        head = file.read(12)
        yield "container", head[:4] if head[8:12] == b"WAVE" else b"none"
        if head[8:12] != b"WAVE":
            return
        n_data = None
        while len(header := file.read(8)) == 8:
            name, n_bytes = header[:4].decode("ascii", "replace"), struct.unpack("<I", header[4:])[0]
            if name == "ds64":
                content = file.read(n_bytes)
                n_data = struct.unpack_from("<Q", content, 8)[0] if len(content) >= 16 else None
                continue
            if name == "data":
                yield name, b""
                n_bytes = n_data if n_data is not None and n_bytes == 0xFFFF_FFFF else n_bytes
                file.seek(n_bytes + n_bytes % 2, 1)
                continue
            content = file.read(min(n_bytes, _TEXT_LIMIT))
            file.seek(max(0, n_bytes - len(content)) + n_bytes % 2, 1)
            yield name, content
