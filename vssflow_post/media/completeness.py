"""Whether a file is cut off: its size against what its own structure says.

A cut-off Matroska file decodes without any error and still declares its full length, so the declared sizes of the
outermost elements are compared with the file before a single packet is read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import BinaryIO

from vssflow_post.media.endings import (
    asf_shortage,
    flv_shortage,
    gif_shortage,
    ivf_shortage,
    mxf_shortage,
    ogg_shortage,
    program_shortage,
    y4m_shortage,
)
from vssflow_post.media.signature import HEAD_BYTES, mxf_start, transport_packet_bytes
from vssflow_post.media.transport import packets_at_the_end

_SEGMENT = b"\x18\x53\x80\x67"
_BOXES = frozenset(b"ftyp moov mdat wide free skip pnot styp uuid moof mfra sidx ssix meta emsg prft pdin".split())
"""Those that may lie outermost in a file."""
_UNKNOWN_LENGTHS = (0, 0xFFFFFFFF)
"""What a writer that could not go back leaves as the length of a RIFF chunk; RF64 has its length elsewhere."""


def shortage(file: BinaryIO, size: int, kind: str) -> str | None:
    """Why a file of `size` bytes is incomplete, as half a sentence; None when its structure does not say so."""
    if kind == "mxf":
        file.seek(0)
        return mxf_shortage(file, size, mxf_start(file.read(HEAD_BYTES)))
    check = _CHECKS.get(kind)
    return check(file, size) if check is not None else None


def _mp4_shortage(file: BinaryIO, size: int) -> str | None:
    """Boxes: 32-bit size and type, then a 64-bit size where the first is 1. Source: ISO/IEC 14496-12, 4.2."""
    position, found = 0, set()
    while position + 8 <= size:
        file.seek(position)
        header = file.read(16)
        length, kind = int.from_bytes(header[:4], "big"), header[4:8]
        if length == 1:
            length = int.from_bytes(header[8:16], "big")
        elif length == 0:
            length = size - position
        if length < 8 or kind not in _BOXES:
            break  # Not a box: some writers leave padding behind the last one.
        if position + length > size:
            return f"its {kind.decode('ascii')!r} part should end at byte {position + length}, the file at {size}"
        found.add(kind)
        position += length
    return None if b"moov" in found else "its index (the 'moov' part) is missing"


def _matroska_shortage(file: BinaryIO, size: int) -> str | None:
    """The EBML header, then one Segment with its size. Source: RFC 8794, 4 to 6; RFC 9559, 5.1."""
    file.seek(0)
    head = file.read(4096)
    data_start = _vint_end(head, 4)
    if data_start is None:
        return "its first header is cut off"
    segment_at = data_start[1] + data_start[0]
    if segment_at + 12 > size:
        return "it ends before its first segment"
    if head[segment_at : segment_at + 4] != _SEGMENT:
        return None
    segment = _vint_end(head, segment_at + 4)
    if segment is None or segment[0] < 0:
        return None  # Live recordings leave the size open.
    end = segment[0] + segment[1]
    return f"its segment should end at byte {end}, the file at {size}" if end > size else None


def _vint_end(head: bytes, at: int) -> tuple[int, int] | None:
    """(value, position behind it) of an EBML variable-length integer; -1 for the reserved value "unknown"."""
    if at >= len(head) or head[at] == 0:
        return None
    n_bytes = 9 - head[at].bit_length()
    if at + n_bytes > len(head):
        return None
    value = int.from_bytes(head[at : at + n_bytes], "big") & ((1 << 7 * n_bytes) - 1)
    return (-1 if value == (1 << 7 * n_bytes) - 1 else value), at + n_bytes


def _riff_shortage(file: BinaryIO, size: int) -> str | None:
    """RIFF chunks one behind the other: files over 1 GB have several (OpenDML AVI)."""
    position = 0
    while position + 8 <= size:
        file.seek(position)
        header = file.read(8)
        if header[:4] != b"RIFF":
            return None
        length = int.from_bytes(header[4:8], "little")
        if length in _UNKNOWN_LENGTHS:
            return None
        end = position + 8 + length
        if end > size:
            return f"its RIFF chunk should end at byte {end}, the file at {size}"
        position = end + end % 2
    return None


def _transport_shortage(file: BinaryIO, size: int) -> str | None:
    """Whole packets, and what they carry is whole where it says its length (as sound does; pictures need not)."""
    file.seek(0)
    found = transport_packet_bytes(file.read(HEAD_BYTES))
    if found is None:
        return "it ends within its first packets"
    unit, offset = found
    if size % unit:
        return f"its last transport packet has {size % unit} of {unit} bytes"
    missing: dict[int, int] = {}  # bytes of each stream's packet that says its length
    for stream, begins, payload in packets_at_the_end(file, unit, offset):
        if begins:
            length = int.from_bytes(payload[4:6], "big") if payload.startswith(b"\0\0\1") else 0
            missing[stream] = length + 6 - len(payload) if length else 0
        elif stream in missing:
            missing[stream] -= len(payload)
    return "its last packet of sound is incomplete" if any(n > 0 for n in missing.values()) else None


_CHECKS: Mapping[str, Callable[[BinaryIO, int], str | None]] = {
    "mov": _mp4_shortage,
    "matroska": _matroska_shortage,
    "avi": _riff_shortage,
    "wav": _riff_shortage,
    "mpegts": _transport_shortage,
    "mpeg": program_shortage,
    "asf": asf_shortage,
    "flv": flv_shortage,
    "ogg": ogg_shortage,
    "ivf": ivf_shortage,
    "yuv4mpegpipe": y4m_shortage,
    "gif": gif_shortage,
}
"""By name of the demuxer; MXF needs to know where it starts."""
