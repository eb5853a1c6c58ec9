"""Frame rate and duration of a film, exact, from its timestamps and what its container says of them.

What the container says of its own length is also held against the packets that are there.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vssflow_post.errors import FilmRejected
from vssflow_post.media.frame_rates import STANDARD_RATES, meant_rate, nearest_rate
from vssflow_post.media.limits import MAX_DURATION_S, MAX_FRAME_RATE, MAX_PICTURE_S
from vssflow_post.media.opening import open_film
from vssflow_post.media.packets import PacketScan
from vssflow_post.media.verdicts import reading
from vssflow_post.timeline import samples_from_seconds

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

_ROUNDING_S = Fraction(1, 1000)
"""How far rounded timestamps may be from the rate that they are written for, over the whole film."""
_SAME_STEP = 0.05
"""How much distances between pictures may differ, in proportion, that are meant to be one."""
_MOST = 0.6
"""Share of the distances that must be one for a film to be said to be at its rate: 3:2 pulldown has two by turns."""
_NEAR = Fraction(1, 50)
"""How near a standard rate, in proportion, a varying one must be to be called that."""
_IN_THE_HEADER = ("matroska", "flv", "asf")
"""Formats that declare one length for all their streams; that of others is FFmpeg's guess."""
SIZED = (*_IN_THE_HEADER, "avi")
"""Formats whose files say their own size: where that is right and pictures are missing, nothing was cut off."""
_TOLERANCE_S = Fraction(1, 8)
"""How much longer than its packets a header may say that a film is."""


def require_sane(scan: PacketScan, rate: Fraction, duration_s: Fraction) -> None:
    """Raises FilmRejected for times that no film has: damaged timestamps, or made to fill a disk."""
    if duration_s > MAX_DURATION_S:
        raise FilmRejected(
            "too_large", f"It claims to last {float(duration_s):.0f} s; {MAX_DURATION_S // 3600} hours are the limit."
        )
    is_slow = duration_s > scan.n_frames * MAX_PICTURE_S
    if is_slow or samples_from_seconds(duration_s) < scan.n_frames or rate > MAX_FRAME_RATE:
        raise FilmRejected("corrupt", f"Its {scan.n_frames} pictures claim to last {float(duration_s):.6f} s together.")


def frame_rate_of(stream: VideoStream, scan: PacketScan, time_base: Fraction) -> Fraction:
    """The rate that agrees with the timestamps from the first picture to the last: a standard one where one does, as
    time bases are often too coarse to say it, else the container's, else that of the timestamps.

    Where pictures lie at uneven distances, the standard rate of most of them.
    """
    declared = stream.average_rate or stream.base_rate
    span_s = (scan.last_pts - scan.first_pts) * time_base
    if scan.n_frames < 2 or not span_s:
        return meant_rate(declared) if declared else Fraction(25)
    measured = (scan.n_frames - 1) / span_s
    if not scan.even:
        return _usual_rate(scan, measured, time_base)
    candidates = [meant_rate(declared), declared, meant_rate(measured)] if declared else [meant_rate(measured)]
    tolerance_s = min(time_base, _ROUNDING_S)
    fitting = (rate for rate in candidates if abs((scan.n_frames - 1) / rate - span_s) <= tolerance_s)
    return next(fitting, measured)


def _usual_rate(scan: PacketScan, measured: Fraction, time_base: Fraction) -> Fraction:
    """The rate of a film whose pictures lie at uneven distances: that at which most follow each other (the others are
    longer pauses), or where there is no such thing, the average; in both cases one that a label can count."""
    steps = np.diff(np.sort(scan.coded_pts))
    usual = int(np.median(steps))
    is_usual = np.abs(steps - usual) <= max(1, usual * _SAME_STEP)
    if usual and np.count_nonzero(is_usual) > _MOST * len(steps):
        measured = min(1 / (Fraction(float(steps[is_usual].mean())) * time_base), Fraction(MAX_FRAME_RATE))
    nearest = nearest_rate(measured, STANDARD_RATES)
    return nearest if abs(nearest / measured - 1) < _NEAR else Fraction(max(1, round(measured)))


def declared_by_stream_s(stream: VideoStream) -> Fraction | None:
    """How long the picture's stream claims to be, in seconds; None where it does not say."""
    return stream.duration * stream.time_base if stream.duration and stream.time_base else None


def declared_s(container: InputContainer, stream: VideoStream, demuxer: str) -> Fraction | None:
    """How long the picture claims to be, in seconds; None where nothing is said of it."""
    declared = declared_by_stream_s(stream)
    if declared is None and demuxer in _IN_THE_HEADER and container.duration:
        return Fraction(container.duration, 1_000_000)
    return declared


def measured_s(scan: PacketScan, time_base: Fraction) -> Fraction:
    """From the first picture to the end of the last one by their timestamps, in seconds."""
    return (scan.end_pts - scan.first_pts) * time_base


def duration_of(stream: VideoStream, scan: PacketScan, rate: Fraction, time_base: Fraction) -> Fraction:
    """From the first picture to the end of the last one, in seconds, exact.

    The timestamps decide, to within their own rounding (Matroska's are whole milliseconds): at an even rate the
    number of pictures is exact.
    """
    measured = measured_s(scan, time_base)
    frame_s = 1 / rate
    declared = declared_by_stream_s(stream)
    exact = scan.n_frames * frame_s
    if scan.even and abs(exact - measured) <= max(3 * time_base, Fraction(1, 1000)):
        return exact
    last_start = (scan.last_pts - scan.first_pts) * time_base
    if declared is not None and abs(declared - measured) < frame_s and declared > last_start:
        return declared
    return measured


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
    if demuxer not in _IN_THE_HEADER or declared - picture_end <= _TOLERANCE_S:
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
