"""The shape of the pixels in a Matroska file that was just written: FFmpeg asks for it where PyAV cannot say it.

Matroska keeps the size at which a picture is shown beside the size at which it is stored. Behind the picture's
description the muxer reserves room that it does not need, and leaves it as a void: what is to be said goes there, so
that nothing behind it moves.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

_HEAD_BYTES = 1 << 20
"""How far into the file its tracks are looked for; private data of codecs may stand before them."""
_SEGMENT, _TRACKS, _TRACK, _VIDEO, _CLUSTER = 0x18538067, 0x1654AE6B, 0xAE, 0xE0, 0x1F43B675
_WIDTH, _HEIGHT, _CROP = 0xB0, 0xBA, (0x54AA, 0x54BB, 0x54CC, 0x54DD)
_SHOWN_WIDTH, _SHOWN_HEIGHT, _SHOWN_UNIT = 0x54B0, 0x54BA, 0x54B2
_MOST_ADDITIONS, _VOID, _CRC = 0x55EE, 0xEC, 0xBF
_RATIO = 3
"""The unit of a shown size that is a ratio, and no number of pixels."""
_LARGEST = 0xFFFF
"""A side of the shown size has two bytes at most."""


@dataclass(frozen=True, slots=True)
class _Element:
    """One element of EBML (RFC 8794): where it starts, and its content."""

    identity: int
    start: int
    body: int
    end: int


def write_pixel_shape(path: Path, shape: Fraction) -> None:
    """Writes the shape (width by height of a pixel) of the first picture track, where there is room for it."""
    with path.open("r+b") as file:
        head = bytearray(file.read(_HEAD_BYTES))
        if _with_shape(head, shape):
            file.seek(0)
            file.write(head)


def _with_shape(head: bytearray, shape: Fraction) -> bool:
    segment = _child(head, 0, len(head), _SEGMENT)
    tracks = segment and _child(head, segment.body, segment.end, _TRACKS)
    if tracks is None or tracks.end > len(head):
        return False
    for track in _elements(head, tracks.body, tracks.end):
        video = _child(head, track.body, track.end, _VIDEO) if track.identity == _TRACK else None
        if video is not None:
            room = _room(head, video, track.end)
            described = _described(head, video, shape)
            between = bytes(head[video.end : room.start])
            filling = room.end - video.start - len(described) - len(between)
            if filling == 1 and between:  # no void is so short: the number between may have a zero before it
                between, filling = _element(_MOST_ADDITIONS, b"\0" + between[-1:]), 0
            if filling < 0 or filling == 1:
                return False
            head[video.start : room.end] = described + between + _void(filling)
            _seal(head, tracks)
            return True
    return False


def _room(head: bytes | bytearray, video: _Element, end: int) -> _Element:
    """The void behind the description, or nothing at its end."""
    after = list(_elements(head, video.end, end))[:2]
    if [each.identity for each in after] == [_MOST_ADDITIONS, _VOID]:
        return after[1]
    return _Element(_VOID, video.end, video.end, video.end)


def _described(head: bytes | bytearray, video: _Element, shape: Fraction) -> bytes:
    """The description with the size at which the picture is shown; that of a square pixel needs not be said."""
    parts = list(_elements(head, video.body, video.end))
    values = {part.identity: int.from_bytes(head[part.body : part.end], "big") for part in parts}
    bottom, top, left, right = (values.get(side, 0) for side in _CROP)
    width = values.get(_SHOWN_WIDTH, values[_WIDTH] - left - right)
    height = values.get(_SHOWN_HEIGHT, values[_HEIGHT] - top - bottom)
    kept = b"".join(
        head[part.start : part.end] for part in parts if part.identity not in (_SHOWN_WIDTH, _SHOWN_HEIGHT, _SHOWN_UNIT)
    )
    is_usual = shape == 1 and _SHOWN_WIDTH not in values
    return _element(_VIDEO, kept if is_usual else kept + _shown(width * shape, height))


def _shown(width: Fraction, height: int) -> bytes:
    """In pixels where they are whole, else as a ratio."""
    if width.denominator == 1 and width <= _LARGEST:
        return _number(_SHOWN_WIDTH, int(width)) + _number(_SHOWN_HEIGHT, height)
    ratio = (width / height).limit_denominator(_LARGEST)
    sides = _number(_SHOWN_WIDTH, min(ratio.numerator, _LARGEST)) + _number(_SHOWN_HEIGHT, ratio.denominator)
    return sides + _number(_SHOWN_UNIT, _RATIO)


def _seal(head: bytearray, tracks: _Element) -> None:
    """Writes the check sum over the tracks anew, where they have one."""
    first = next(_elements(head, tracks.body, tracks.end))
    if first.identity == _CRC:
        head[first.body : first.end] = zlib.crc32(head[first.end : tracks.end]).to_bytes(4, "little")


def _child(data: bytes | bytearray, start: int, end: int, identity: int) -> _Element | None:
    return next((each for each in _elements(data, start, min(end, len(data))) if each.identity == identity), None)


def _elements(data: bytes | bytearray, start: int, end: int) -> Iterator[_Element]:
    while start < end:
        identity_bytes = 9 - data[start].bit_length()
        at = start + identity_bytes
        if at >= len(data) or identity_bytes > 4:
            return
        size_bytes = 9 - data[at].bit_length()
        size = int.from_bytes(data[at : at + size_bytes], "big") & ~(1 << 7 * size_bytes)
        body = at + size_bytes
        element = _Element(int.from_bytes(data[start:at], "big"), start, body, body + size)
        if element.identity == _CLUSTER:
            return
        yield element
        start = element.end


def _element(identity: int, content: bytes) -> bytes:
    size_bytes = 1 if len(content) < 0x7F else 2
    size = len(content) | 1 << 7 * size_bytes
    return identity.to_bytes((identity.bit_length() + 7) // 8, "big") + size.to_bytes(size_bytes, "big") + content


def _number(identity: int, value: int) -> bytes:
    return _element(identity, value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big"))


def _void(n_bytes: int) -> bytes:
    """An element that says nothing, of so many bytes: none, or two and more."""
    return _element(_VOID, bytes(n_bytes - 2)) if n_bytes else b""
