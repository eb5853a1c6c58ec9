"""Whether a file ends where its own structure says it should.

A cut-off Matroska file decodes without any error and still declares its full length, so the declared sizes of the
outermost elements are compared with the file before a single packet is read.
"""

from __future__ import annotations

from typing import BinaryIO

from vssflow_post.media.signature import HEAD_BYTES, transport_packet_bytes

_SEGMENT = b"\x18\x53\x80\x67"


def shortage(file: BinaryIO, size: int, demuxer: str) -> str | None:
    """Why a file of `size` bytes is incomplete, as half a sentence; None when its structure does not say so."""
    if demuxer == "mov":
        return _mp4_shortage(file, size)
    if demuxer == "matroska":
        return _matroska_shortage(file, size)
    if demuxer == "avi":
        return _riff_shortage(file, size)
    if demuxer == "mpegts":
        return _transport_shortage(file, size)
    return None


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
        if length < 8 or not kind.isascii():
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
        end = position + 8 + int.from_bytes(header[4:8], "little")
        if end > size:
            return f"its RIFF chunk should end at byte {end}, the file at {size}"
        position = end + end % 2
    return None


def _transport_shortage(file: BinaryIO, size: int) -> str | None:
    file.seek(0)
    packets = transport_packet_bytes(file.read(HEAD_BYTES))
    if packets is None or (size % packets[0]) == 0:
        return None
    return f"its last transport packet has {size % packets[0]} of {packets[0]} bytes"
