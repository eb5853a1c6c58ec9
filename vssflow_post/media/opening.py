"""Opening a source: the one place where FFmpeg opens a film, and files looked at without it.

Only regular files are opened, and never one that could block.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeVar, cast

from vssflow_post.errors import FilmFailed, FilmRejected
from vssflow_post.media.limits import MAX_PIXELS, MAX_STREAMS, READ_TIMEOUT_S
from vssflow_post.media.verdicts import reading

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream

_AnyStream = TypeVar("_AnyStream", bound="Stream")


def open_regular(path: Path) -> BinaryIO:
    """The file, open for reading.

    It is looked at before it is opened, since opening a FIFO waits for a writer; and again through the open
    descriptor, since it may have been exchanged in between. Raises FilmRejected `not_regular`, FilmFailed `source_io`.
    """
    with reading_source(path):
        _require_regular(path, path.stat())
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
        try:
            _require_regular(path, os.fstat(descriptor))
        except BaseException:
            os.close(descriptor)
            raise
    return os.fdopen(descriptor, "rb")


@contextmanager
def reading_source(path: Path) -> Iterator[None]:
    """Raises FilmFailed `source_io` for an OSError within."""
    try:
        yield
    except OSError as error:
        raise FilmFailed("source_io", f"{path} cannot be read: {error.strerror or error}.") from error


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
    with reading(path, f"Reading its {demuxer} headers"):
        container = av.open(
            f"file:{os.fspath(path)}",
            "r",
            format=demuxer,
            options=options,
            metadata_errors="replace",
            timeout=READ_TIMEOUT_S,
        )
    if len(container.streams) >= MAX_STREAMS:  # Some demuxers leave out, without a word, what is past the limit.
        container.close()
        raise FilmRejected("too_large", f"It has {MAX_STREAMS} streams or more.")
    return container


def declared_pixels(path: Path, demuxer: str, index: int) -> int:
    """Pixels of a stream's pictures as the headers say, without the limit and without decoding any; 0 if unknown.

    For the verdict only: FFmpeg forgets the size of a picture that is past the limit.
    """
    import av

    name = f"file:{os.fspath(path)}"
    options = {"protocol_whitelist": "file", "format_whitelist": demuxer, "codec_whitelist": "none"}
    try:
        with av.open(name, "r", format=demuxer, options=options, metadata_errors="replace") as container:
            stream = next((one for one in container.streams.video if one.index == index), None)
            return stream.width * stream.height if stream is not None else 0
    except av.error.FFmpegError:
        return 0


def packets_of(container: InputContainer, *streams: _AnyStream) -> Iterator[Packet[_AnyStream]]:
    """The streams' packets, and at last the empty ones that make a decoder give what it holds back.

    A damaged transport stream may declare further streams on the way, on which PyAV stumbles when it is over.
    """
    try:
        yield from cast("Iterator[Packet[_AnyStream]]", container.demux(*streams))
    except IndexError:
        return


def read_only(container: InputContainer, *streams: Stream) -> None:
    """Lets the demuxer skip all other streams, instead of reading what nobody decodes."""
    from av.stream import Discard

    read = {stream.index for stream in streams}
    for other in container.streams:
        if other.index not in read:
            other.discard = Discard.all


def _require_regular(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise FilmRejected("not_regular", f"{path} is not a regular file.")
