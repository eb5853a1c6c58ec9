"""Which demuxer a file gets, by its first bytes and nothing else.

FFmpeg's own probing is not used: it would hand a text file to its playlist demuxers (HLS, DASH, ffconcat), which
open other files and sockets. The demuxer is chosen here, by name, from the formats that hold a film in one file.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from vssflow_post.errors import FilmRejected
from vssflow_post.media.regular import open_regular

HEAD_BYTES = 65_536 + 1024
"""How much is looked at: MXF may start with up to 64 KiB of run-in (SMPTE ST 377-1, 6.5)."""

_MP4_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot", b"styp", b"uuid")
_MXF_HEADER = bytes.fromhex("060e2b34020501010d01020101")
_PLAYLIST = re.compile(
    rb"\s*(#EXTM3U|ffconcat\s|\[playlist\]|\[reference\]|RTSPtext|v=0\r?\n|<asx\b|"
    rb"(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<([\w-]+:)?(MPD|SmoothStreamingMedia|smil|CompositionPlaylist|AssetMap)\b)",
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


_FILMS: tuple[tuple[str, Callable[[bytes], bool]], ...] = (
    ("mov", lambda head: head[4:8] in _MP4_BOXES),
    ("matroska", _starts(b"\x1a\x45\xdf\xa3")),
    ("avi", _riff(b"AVI ", b"AVIX")),
    ("mpegts", lambda head: transport_packet_bytes(head) is not None),
    ("mpeg", _starts(b"\x00\x00\x01\xba")),
    ("mxf", lambda head: _MXF_HEADER in head),
    ("asf", _starts(bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"))),
    ("flv", _starts(b"FLV\x01")),
    ("ogg", _starts(b"OggS")),
    ("gxf", _starts(bytes.fromhex("0000000001bc"))),
    ("nut", _starts(b"nut/multimedia container\0")),
    ("ivf", _starts(b"DKIF")),
    ("yuv4mpegpipe", _starts(b"YUV4MPEG2")),
    ("rm", _starts(b".RMF")),
    ("gif", _starts(b"GIF87a", b"GIF89a")),
)
_SOUNDS: tuple[tuple[str, Callable[[bytes], bool]], ...] = (
    ("wav", _riff(b"WAVE")),
    ("flac", _starts(b"fLaC")),
    ("mp3", _starts(b"ID3")),
    ("aiff", lambda head: head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC")),
    ("w64", _starts(b"riff\x2e\x91\xcf\x11")),
    ("caf", _starts(b"caff\0\1")),
)


def demuxer_of(head: bytes) -> str:
    """FFmpeg's name of the demuxer for a file that starts with `head`.

    Raises FilmRejected `empty`, `playlist`, `not_media`, or `no_video` for a sound file.
    """
    if not head:
        raise FilmRejected("empty", "The file is empty (0 bytes).")
    film = next((name for name, matches in _FILMS if matches(head)), None)
    if film is not None:
        return film
    sound = next((name for name, matches in _SOUNDS if matches(head)), None)
    if sound is not None:
        raise FilmRejected("no_video", f"This is a sound file ({sound}), it has no picture.")
    if _PLAYLIST.match(head.removeprefix(b"\xef\xbb\xbf")):
        raise FilmRejected("playlist", "This is a playlist that points to other files, not a film; none is opened.")
    raise FilmRejected("not_media", "This is not a film: its content is of no known film format.")


def looks_like_film(path: Path) -> bool:
    """Whether a file's content, not its name, says that it is a film. Never opens anything but a regular file."""
    try:
        with open_regular(path) as file:
            demuxer_of(file.read(HEAD_BYTES))
    except FilmRejected:
        return False
    return True
