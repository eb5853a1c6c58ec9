"""What a container says of its own length, held against the packets that are there."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from vssflow_post.errors import FilmRejected
from vssflow_post.media.opening import open_film
from vssflow_post.media.verdicts import reading

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

IN_THE_HEADER = ("matroska", "flv", "asf")
"""Formats that declare one length for all their streams; that of others is FFmpeg's guess."""
SIZED = (*IN_THE_HEADER, "avi")
"""Formats whose files say their own size: where that is right and pictures are missing, nothing was cut off."""
_TOLERANCE_S = Fraction(1, 8)


def declared_s(container: InputContainer, stream: VideoStream, demuxer: str) -> Fraction | None:
    """How long the picture claims to be, in seconds; None where nothing is said of it."""
    if stream.duration and stream.time_base:
        return stream.duration * stream.time_base
    if demuxer in IN_THE_HEADER and container.duration:
        return Fraction(container.duration, 1_000_000)
    return None


def shortfall(declared: Fraction | None, measured: Fraction, rate: Fraction) -> str:
    """Half a sentence where the picture is much shorter than it claims to be, all in seconds; else ""."""
    if declared is None or declared - measured <= max(2 / rate, Fraction(1, 10)):
        return ""
    return f"it declares {float(declared):.3f} s of picture and holds {float(measured):.3f} s"


def require_declared_packets(
    container: InputContainer, path: Path, demuxer: str, missing: str, picture_end: Fraction
) -> None:
    """Raises FilmRejected `corrupt` where the header declares more than there is, though the file has its full size.

    `missing` is the `shortfall` of the picture, `picture_end` where it ends on the container's clock, in seconds.
    """
    if missing:
        raise FilmRejected("corrupt", f"Its parts are damaged: {missing}.")
    declared = Fraction(container.duration or 0, 1_000_000)
    if demuxer not in IN_THE_HEADER or declared - picture_end <= _TOLERANCE_S:
        return
    end = max(picture_end, _last_end(path, demuxer))  # the sound may be longer
    if declared - end > _TOLERANCE_S:
        raise FilmRejected(
            "corrupt", f"It declares {float(declared):.3f} s, and what can be read of it ends at {float(end):.3f} s."
        )


def _last_end(path: Path, demuxer: str) -> Fraction:
    end = Fraction(0)
    with open_film(path, demuxer) as container, reading(path, "Reading its packets"):
        for packet in container.demux():
            if packet.pts is not None and packet.time_base is not None:
                end = max(end, (packet.pts + (packet.duration or 0)) * packet.time_base)
    return end
