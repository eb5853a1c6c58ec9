"""What an MPEG transport stream holds that its demuxer does not tell: a picture that goes on under another number."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from typing import BinaryIO

from vssflow_post.media.signature import HEAD_BYTES, transport_packet_bytes

_TAIL_PACKETS = 8192
"""Looked at, from the end of the file."""
_MANY = 12
"""Pictures behind the last one of a stream: fewer are another programme's, which goes on beside it."""


def pictures_elsewhere(file: BinaryIO, pid: int) -> tuple[int, int]:
    """(PID, pictures near the file's end) of a video stream that goes on where `pid` is over; (0, 0) where none does.

    So it is where recordings were joined that number their streams differently. Source: ISO/IEC 13818-1, 2.4.3.
    """
    file.seek(0)
    found = transport_packet_bytes(file.read(HEAD_BYTES))
    if found is None:
        return 0, 0
    others: Counter[int] = Counter()
    for number, begins, payload in packets_at_the_end(file, *found):
        if number == pid:
            others.clear()
        elif begins and payload[:3] == b"\0\0\1" and 0xE0 <= int.from_bytes(payload[3:4], "big") <= 0xEF:
            others[number] += 1
    (other, n_pictures) = others.most_common(1)[0] if others else (0, 0)
    return (other, n_pictures) if n_pictures >= _MANY else (0, 0)


def packets_at_the_end(file: BinaryIO, unit: int, offset: int) -> Iterator[tuple[int, bool, bytes]]:
    """(PID, whether something begins with it, payload) of the last whole packets of a file, in its order.

    A packet has 188 of `unit` bytes, from `offset` on. Source: ISO/IEC 13818-1, 2.4.3.2.
    """
    size = os.fstat(file.fileno()).st_size
    file.seek(max(0, size // unit - _TAIL_PACKETS) * unit)
    tail = file.read()
    for at in range(offset, len(tail) - 187, unit):
        packet = tail[at : at + 188]
        control = packet[3] >> 4 & 3
        payload = packet[5 + packet[4] if control & 2 else 4 :] if control & 1 else b""
        yield int.from_bytes(packet[1:3], "big") & 0x1FFF, bool(packet[1] & 0x40), payload
