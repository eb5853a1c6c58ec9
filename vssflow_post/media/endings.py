"""Whether a file that is a row of packets ends behind the last one: Ogg, FLV, MXF, MPEG program streams and others.

Each function gets the file, its size and gives why it is incomplete, as half a sentence; None where it is whole, or
where its packets cannot be followed to the end: then it is for the demuxer to say what is wrong.
"""

from __future__ import annotations

import re
from typing import BinaryIO

from vssflow_post.media.limits import MAX_PIXELS

_TAIL_BYTES = 256 * 1024
"""More than the longest packet of a program stream: where its last one begins is looked for in as much."""
_PACK, _END_CODE = b"\0\0\1\xba", b"\0\0\1\xb9"
_FLV_KINDS = (8, 9, 18)
_ASF_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_Y4M_SIZE = re.compile(rb"YUV4MPEG2(?=[^\n]* W(\d{1,5}))(?=[^\n]* H(\d{1,5}))(?:[^\n]* C(\w+))?[^\n]*\n")
_Y4M_CHROMA = {b"420": (2, 2), b"422": (2, 1), b"444": (1, 1), b"411": (4, 1)}
"""How many pixels share a colour, across and down."""


def ogg_shortage(file: BinaryIO, size: int) -> str | None:
    """Pages, the last of each stream marked as such. Source: RFC 3533, 6."""
    position, is_over = 0, {}
    while position < size:
        file.seek(position)
        header = file.read(27 + 255)
        if not b"OggS".startswith(header[:4]) and not header.startswith(b"OggS"):
            return None
        n_segments = header[26] if len(header) > 26 else 0
        end = position + 27 + n_segments + sum(header[27 : 27 + n_segments])
        if len(header) < 27 + n_segments or end > size:
            return f"its page at byte {position} is incomplete"
        is_over[header[14:18]] = bool(header[5] & 4)
        position = end
    return None if all(is_over.values()) else "it has no last page"


def flv_shortage(file: BinaryIO, size: int) -> str | None:
    """Tags, each with its size behind it. Source: Adobe Flash Video File Format 10.1, annex E."""
    file.seek(0)
    position = int.from_bytes(file.read(9)[5:9], "big") + 4
    while position < size:
        file.seek(position)
        header = file.read(4)
        if header[0] & 0x1F not in _FLV_KINDS:
            return None
        end = position + 11 + int.from_bytes(header[1:4], "big") + 4
        if len(header) < 4 or end > size:
            return f"its tag at byte {position} is incomplete"
        position = end
    return "it ends before its first tag" if position > size else None


def mxf_shortage(file: BinaryIO, size: int, start: int) -> str | None:
    """Key, length, value, from `start` on; the header says where the footer is. Source: SMPTE ST 377-1, 6 and 7."""
    file.seek(start)
    header = file.read(96)
    _, value_at = _ber_length(header, 16)
    footer = int.from_bytes(header[value_at + 24 : value_at + 32], "big")
    if footer and start + footer >= size:
        return f"its last part should start at byte {start + footer}, the file ends at {size}"
    position = start
    while position < size:
        file.seek(position)
        header = file.read(32)
        if not header.startswith(b"\x06\x0e\x2b\x34"[: len(header)]):
            return None
        length, value_at = _ber_length(header, 16)
        if len(header) < value_at or position + value_at + length > size:
            return f"its part at byte {position} is incomplete"
        position += value_at + length
    return None


def _ber_length(data: bytes, at: int) -> tuple[int, int]:
    """(value, position behind it) of a length in ASN.1's basic encoding rules."""
    first = data[at] if at < len(data) else 0x84
    if first < 0x80:
        return first, at + 1
    n_bytes = min(first & 0x7F, 8)
    return int.from_bytes(data[at + 1 : at + 1 + n_bytes], "big"), at + 1 + n_bytes


def program_shortage(file: BinaryIO, size: int) -> str | None:
    """From the last pack on: pack header, then packets with their length. Source: ISO/IEC 13818-1, 2.5.3."""
    file.seek(max(0, size - _TAIL_BYTES))
    tail = file.read()
    position = tail.rfind(_PACK)
    while 0 <= position < len(tail):
        header = tail[position : position + 14]
        if header.startswith(_END_CODE):
            return None
        if not (b"\0\0\1".startswith(header[:3]) or header.startswith(b"\0\0\1")):
            return None
        if len(header) < 6:
            return "its last packet is incomplete"
        position += _program_unit(header)
        if position > len(tail):
            return "its last packet is incomplete"
    return None


def _program_unit(header: bytes) -> int:
    """Bytes of the pack header (of MPEG-2, or the shorter one of MPEG-1) or packet that begins so."""
    if not header.startswith(_PACK):
        return 6 + int.from_bytes(header[4:6], "big")
    if header[4] >> 6 != 1:
        return 12
    return 14 + (header[13] & 7 if len(header) > 13 else 0)


def asf_shortage(file: BinaryIO, size: int) -> str | None:
    """The file's own size stands in its header. Source: Advanced Systems Format, 3.2."""
    file.seek(0)
    header = file.read(8192)
    at = header.find(_ASF_PROPERTIES)
    if int.from_bytes(header[16:24], "little") > size or (at < 0 and len(header) == size):
        return "its header is incomplete"
    if at < 0 or header[at + 88 : at + 89] != b"\x02":  # a broadcast does not know its size
        return None
    declared = int.from_bytes(header[at + 40 : at + 48], "little")
    return f"it should end at byte {declared}, the file at {size}" if declared > size else None


def ivf_shortage(file: BinaryIO, size: int) -> str | None:
    """A header that counts the frames, then each with its size. Source: libvpx, ivfdec."""
    file.seek(0)
    header = file.read(32)
    if len(header) < 32:
        return "its header is incomplete"
    position, n_frames = int.from_bytes(header[6:8], "little"), 0
    while position < size:
        file.seek(position)
        length = file.read(12)
        end = position + 12 + int.from_bytes(length[:4], "little")
        if len(length) < 12 or end > size:
            return f"its picture {n_frames} is incomplete"
        position, n_frames = end, n_frames + 1
    declared = int.from_bytes(header[24:28], "little")
    return f"it holds {n_frames} of {declared} pictures" if n_frames < declared < 2**31 else None


def gif_shortage(file: BinaryIO, size: int) -> str | None:
    """It ends with a semicolon. Source: GIF89a, 27."""
    file.seek(max(0, size - 64))
    return None if file.read().rstrip(b"\0").endswith(b";") else "its trailer is missing"


def y4m_shortage(file: BinaryIO, size: int) -> str | None:
    """Pictures of one size behind a line of text. Source: mjpegtools, yuv4mpeg(5)."""
    file.seek(0)
    header = _Y4M_SIZE.match(file.read(1024))
    if header is None:
        return None
    kind, _, bits = (header[3] or b"420").partition(b"p")
    shared = next((across_down for name, across_down in _Y4M_CHROMA.items() if kind.startswith(name)), None)
    if shared is None or b"alpha" in kind:
        return None
    width, height = int(header[1]), int(header[2])
    if width * height > MAX_PIXELS:  # which is worse than being cut off
        return None
    n_values = width * height + 2 * -(-width // shared[0]) * -(-height // shared[1])
    n_bytes = len(b"FRAME\n") + n_values * (2 if bits.isdigit() else 1)
    rest = (size - header.end()) % n_bytes
    return f"its last picture has {rest} of {n_bytes} bytes" if rest else None
