"""What a FLAC, an OGG, an MP3 or an AIFF says of itself: its tags (Vorbis comments, ID3)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

DEMUXERS = {
    b"fLaC": "flac",
    b"OggS": "ogg",
    b"FORM": "aiff",
    b"ID3": "mp3",
    **{bytes([255, second]): "mp3" for second in range(0xE0, 0x100)},
}
"""What a file begins with -> FFmpeg's name of what reads it."""
SECONDS = 10.0
MOST_LETTERS = 2000
"""Of a tag that are read: what is longer is no description."""


def tags_in(path: Path) -> dict[str, str]:
    """Each tag's text by its name in capitals; none of a WAV, of a file that has none, or whose tags cannot be read.

    As with films the demuxer is chosen by the first bytes, and kept from opening anything else: an `.mp3` may be a
    playlist. Raises OSError where the file cannot be opened.
    """
    with path.open("rb") as file:
        begins = file.read(4)
    demuxer = next((name for sign, name in DEMUXERS.items() if begins.startswith(sign)), "")
    if not demuxer:
        return {}
    import av  # not for a WAV

    options = {"protocol_whitelist": "file", "format_whitelist": demuxer}
    name = f"file:{os.fspath(path)}"
    try:
        with av.open(name, format=demuxer, options=options, metadata_errors="replace", timeout=SECONDS) as container:
            found = [*container.metadata.items(), *_of_streams(container)]
    except (av.FFmpegError, ValueError):  # what is wrong with it is told by who hears it
        return {}
    return {name.upper(): " ".join(text[:MOST_LETTERS].split()) for name, text in reversed(found)}


def _of_streams(container: object) -> Iterator[tuple[str, str]]:
    """An OGG has its tags there."""
    for stream in getattr(container, "streams", ()):
        yield from stream.metadata.items()
