"""What a container says of how its picture is to be shown, beyond size, colours and rotation."""

from __future__ import annotations

import io
from contextlib import closing, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av.video.stream import VideoStream

_MARKS = {b"Dolby Vision": "Dolby Vision", b"\x76\x71\x81": "360 degrees", b"\x53\xb8\x81": "stereoscopy"}
"""How Matroska's header starts to say it: the name of an addition to blocks, ProjectionType, StereoMode."""


def shown_as(stream: VideoStream) -> tuple[str, ...]:
    """`Dolby Vision`, `360 degrees`, `stereoscopy`: what of them is said.

    PyAV copies it and does not show it. So a Matroska header is written in memory, which says all of it in words of
    its own.
    """
    import av

    with closing(io.BytesIO()) as header:  # closed before the container, which then writes no end
        container = av.open(header, "w", format="matroska")
        with suppress(ValueError, av.error.FFmpegError):  # a codec that Matroska has no name for
            container.add_stream_from_template(stream, opaque=True)
            container.start_encoding()
        return tuple(title for mark, title in _MARKS.items() if mark in header.getvalue())
