"""What a delivered WAV states beside its samples, in words that do not hang on the film's name, place or date."""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Iterator
from pathlib import Path

_LOUDNESS_AT = 412
"""Where bext's five loudness words lie (EBU Tech 3285, version 2)."""
_TEXT_LIMIT = 1 << 20


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
