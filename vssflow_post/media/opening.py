"""The one place where FFmpeg opens a film."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from vssflow_post.errors import FilmFailed, FilmRejected
from vssflow_post.media.limits import MAX_PIXELS, MAX_STREAMS

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.stream import Stream


def open_film(path: Path, demuxer: str) -> InputContainer:
    """The container, open with a demuxer chosen by name.

    The `file:` prefix keeps names such as `concat:a|b.mp4` or `-y.mp4` from being read as anything but names; the
    white lists keep the demuxer from opening anything else. Raises FilmRejected `corrupt` or `too_large`, FilmFailed
    `source_io`.
    """
    import av

    options = {
        "protocol_whitelist": "file",
        "format_whitelist": demuxer,
        "max_streams": str(MAX_STREAMS),
        "max_pixels": str(MAX_PIXELS),
    }
    too_large = FilmRejected("too_large", f"It has {MAX_STREAMS} streams or more, or needs too much memory.")
    try:
        container = av.open(f"file:{os.fspath(path)}", "r", format=demuxer, options=options, metadata_errors="replace")
    except MemoryError as error:
        raise too_large from error
    except (av.error.PermissionError, av.error.FileNotFoundError, av.error.OSError) as error:
        raise FilmFailed("source_io", f"{path} cannot be read: {error.strerror}.") from error
    except av.error.FFmpegError as error:
        raise FilmRejected("corrupt", f"Its {demuxer} headers cannot be read: {error.strerror}.") from error
    if len(container.streams) >= MAX_STREAMS:  # Some demuxers leave out, without a word, what is past the limit.
        container.close()
        raise too_large
    return container


def declared_pixels(path: Path, demuxer: str, index: int) -> int:
    """Pixels of a stream's pictures as the headers say, without the limit and without decoding any; 0 if unknown.

    For the verdict only: FFmpeg forgets the size of a picture that is past the limit.
    """
    import av

    options = {"protocol_whitelist": "file", "format_whitelist": demuxer, "codec_whitelist": "none"}
    try:
        with av.open(f"file:{os.fspath(path)}", "r", format=demuxer, options=options) as container:
            stream = next((one for one in container.streams.video if one.index == index), None)
            return stream.width * stream.height if stream is not None else 0
    except av.error.FFmpegError:
        return 0


def read_only(container: InputContainer, stream: Stream) -> None:
    """Lets the demuxer skip all other streams, instead of reading what nobody decodes."""
    from av.stream import Discard

    for other in container.streams:
        if other.index != stream.index:
            other.discard = Discard.all
