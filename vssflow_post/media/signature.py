"""Which demuxer a file gets, by its first bytes and nothing else.

FFmpeg's own probing is not used: it would hand a text file to its playlist demuxers (HLS, DASH, ffconcat), which
open other files and sockets. The demuxer is chosen here, by name, from the formats that hold a film in one file.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from vssflow_post.errors import FilmError, FilmRejected
from vssflow_post.media.opening import open_regular

FILM_SUFFIXES = (
    *(".mp4", ".mov", ".m4v", ".mkv", ".webm", ".avi", ".mxf", ".ts", ".mts", ".m2ts", ".mpg", ".mpeg", ".vob"),
    *(".wmv", ".asf", ".flv", ".f4v", ".ogv", ".3gp", ".3g2", ".y4m", ".ivf"),
)
"""A file in a walked folder that is called so gets a verdict, whatever is in it."""
HEAD_BYTES = 65_536 + 1024
"""How much is looked at: MXF may start with up to 64 KiB of run-in (SMPTE ST 377-1, 6.5)."""

_MP4_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot", b"styp", b"uuid")
_MXF_HEADER = bytes.fromhex("060e2b34020501010d01020101")
_PLAYLIST = re.compile(
    rb"\s*(#EXTM3U|ffconcat\s|\[playlist\]|\[reference\]|RTSPtext|v=0\r?\n|<asx\b|"
    rb"(<\?xml[^>]*>\s*)?((<!--.*?-->|<!DOCTYPE[^\[>]*(\[.*?\])?>)\s*)*<([\w-]+:)?"
    rb"((MPD|SmoothStreamingMedia|smil|CompositionPlaylist|AssetMap)\b|(playlist|manifest)\b[^>]*\b(xspf|f4m)\b))",
    re.IGNORECASE | re.DOTALL,
)


def _starts(*magics: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(magics)


def _riff(*kinds: bytes) -> Callable[[bytes], bool]:
    return lambda head: head[:4] in (b"RIFF", b"RF64", b"BW64") and head[8:12] in kinds


def transport_packet_bytes(head: bytes) -> tuple[int, int] | None:
    """(packet size, offset of the first sync byte) of an MPEG transport stream; None when it is none.

    188 bytes, or 192 with a time code in front (Blu-ray), or 204 with parity behind. Source: ISO/IEC 13818-1, 2.4.3.
    """
    for size in (188, 192, 204):
        for offset in (0, 4):
            syncs = head[offset : offset + 8 * size : size]
            if len(syncs) >= 2 and set(syncs) == {0x47}:
                return size, offset
    return None


def _is_first_transport_packet(head: bytes) -> bool:
    """Whether all there is may be the first packet of a transport stream, cut off: a table, which is never text."""
    return len(head) < 2 * 204 and head[:2] == b"G@" and b"\0" in head


def mxf_start(head: bytes) -> int:
    """Where the header partition starts, behind a run-in; -1 where there is none."""
    return head.find(_MXF_HEADER)


def _is_mpeg_audio(head: bytes) -> bool:
    """A frame header of MPEG audio layer III or of AAC (ADTS) with values that exist."""
    sync, rates = head[:2], head[2:3]
    if not rates:
        return False
    if sync in (b"\xff\xf0", b"\xff\xf1", b"\xff\xf8", b"\xff\xf9"):
        return rates[0] >> 2 & 15 < 13
    is_layer_3 = sync in (b"\xff\xfa", b"\xff\xfb", b"\xff\xf2", b"\xff\xf3", b"\xff\xe2", b"\xff\xe3")
    return is_layer_3 and rates[0] >> 4 not in (0, 15) and rates[0] >> 2 & 3 != 3


_FILMS: tuple[tuple[str, Callable[[bytes], bool]], ...] = (
    ("mov", lambda head: head[4:8] in _MP4_BOXES),
    ("matroska", _starts(b"\x1a\x45\xdf\xa3")),
    ("avi", _riff(b"AVI ", b"AVIX")),
    ("mpegts", lambda head: transport_packet_bytes(head) is not None or _is_first_transport_packet(head)),
    ("mpeg", _starts(b"\x00\x00\x01\xba")),
    ("mxf", lambda head: mxf_start(head) >= 0),
    ("asf", _starts(bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"))),
    ("flv", _starts(b"FLV\x01")),
    ("ogg", _starts(b"OggS")),
    ("ivf", _starts(b"DKIF")),
    ("yuv4mpegpipe", _starts(b"YUV4MPEG2")),
    ("gif", _starts(b"GIF87a", b"GIF89a")),
)
_SOUNDS: tuple[tuple[str, Callable[[bytes], bool]], ...] = (
    ("wav", _riff(b"WAVE")),
    ("flac", _starts(b"fLaC")),
    ("mp3", _starts(b"ID3")),
    ("mp3 or aac", _is_mpeg_audio),
    ("aiff", lambda head: head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC")),
    ("w64", _starts(b"riff\x2e\x91\xcf\x11")),
    ("caf", _starts(b"caff\0\1")),
    ("au", _starts(b".snd\0")),
    ("amr", _starts(b"#!AMR")),
    ("ac3", _starts(b"\x0b\x77")),
    ("midi", _starts(b"MThd\0\0\0\x06")),
    ("wavpack", _starts(b"wvpk")),
)


def _as_ascii(head: bytes) -> bytes:
    """The text that a file starts with, without a mark: UTF-16 narrowed, all else as it is."""
    for mark, codec in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if head.startswith(mark):
            return head[2:4096].decode(codec, "replace").encode("ascii", "replace")
    return head.removeprefix(b"\xef\xbb\xbf")[:4096]


def kind_of(head: bytes) -> str:
    """What a file that starts with `head` is: FFmpeg's name of a film format, or the name of a sound format.

    Raises FilmRejected `empty`, `playlist` or `not_media`.
    """
    if not head:
        raise FilmRejected("empty", "The file is empty (0 bytes).")
    found = next((name for name, matches in (*_FILMS, *_SOUNDS) if matches(head)), None)
    if found is not None:
        return found
    if _PLAYLIST.match(_as_ascii(head)):
        raise FilmRejected("playlist", "This is a playlist that points to other files, not a film; none is opened.")
    raise FilmRejected("not_media", "This is not a film: its content is of no known film format.")


def demuxer_of(kind: str) -> str:
    """The demuxer for a file of this kind. Raises FilmRejected `no_video` for a sound file."""
    if kind not in dict(_FILMS):
        raise FilmRejected("no_video", f"This is a sound file ({kind}), it has no picture.")
    return kind


def looks_like_film(path: Path) -> bool:
    """Whether a file's content, not its name, says that it is a film. Never opens anything but a regular file."""
    try:
        with open_regular(path) as file:
            demuxer_of(kind_of(file.read(HEAD_BYTES)))
    except FilmError:  # a file that cannot be read is told of where it is called like a film
        return False
    return True
