"""A walk over the video packets, without decoding: where pictures lie, and what is odd about their timestamps."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from vssflow_post.errors import FilmRejected
from vssflow_post.media.limits import MAX_PICTURES
from vssflow_post.media.opening import packets_of
from vssflow_post.media.verdicts import reading

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream


@dataclass(frozen=True, slots=True)
class PacketScan:
    """What the timestamps of the video packets say. Times are in units of the stream's time base."""

    n_frames: int
    first_pts: int
    last_pts: int
    end_pts: int
    """Where the last picture ends."""
    even: bool
    """Whether all pictures are their median distance apart, to within one unit of the time base."""
    notes: tuple[str, ...]
    coded_pts: npt.NDArray[np.int64]
    """Timestamps of all pictures, in the order in which they are decoded."""


def scan_packets(container: InputContainer, stream: VideoStream, path: Path, salvage: bool = False) -> PacketScan:
    """Reads every video packet once; with `salvage`, up to where that fails.

    Raises FilmRejected `corrupt`, `too_large` or `no_video`, FilmFailed `source_io`.
    """
    # Arrays, since a day at 240 pictures a second as Python's integers would take gigabytes.
    times, dts_order = array("q"), array("q")
    n_marked_corrupt = last_pts = last_duration = 0
    try:
        with reading(path, "Reading its packets"):
            for packet in packets_of(container, stream):
                pts = packet.pts if packet.pts is not None else packet.dts
                if packet.size == 0 or pts is None or packet.is_discard:
                    continue
                n_marked_corrupt += packet.is_corrupt
                times.append(pts)
                if packet.dts is not None:
                    dts_order.append(packet.dts)
                if len(times) == 1 or pts >= last_pts:
                    last_pts, last_duration = pts, packet.duration or 0
                if len(times) > MAX_PICTURES:
                    raise FilmRejected("too_large", f"It has more than {MAX_PICTURES} pictures.")
    except FilmRejected as rejected:
        if not salvage or rejected.code != "corrupt" or not times:
            raise
    if n_marked_corrupt and not salvage:
        raise FilmRejected("corrupt", f"{n_marked_corrupt} of its {len(times)} video packets are damaged.")
    if not times and (stream.frames or stream.duration):
        raise FilmRejected("corrupt", "Its index is damaged: none of the pictures that it declares can be read.")
    if not times:
        raise FilmRejected("no_video", "Its video stream holds no picture.")
    return _summary(np.array(times), np.array(dts_order), last_duration, stream)


def _summary(
    pts: npt.NDArray[np.int64], dts: npt.NDArray[np.int64], last_duration: int, stream: VideoStream
) -> PacketScan:
    coded_pts = pts
    pts = np.sort(pts)
    steps = np.diff(pts)
    typical = int(np.median(steps)) if len(steps) else 0
    even = bool(np.all(np.abs(steps - typical) <= 1)) if len(steps) else True
    notes = []
    if n_twice := int(np.count_nonzero(steps == 0)):
        notes.append(f"{n_twice} pictures share their timestamp with another one.")
    if len(dts) > 1 and (n_back := int(np.count_nonzero(np.diff(dts) < 0))):
        notes.append(f"Decoding timestamps step back {n_back} times.")
    # A picture that stands for seconds is usual in a slide show, but not where all others are 40 ms apart.
    if len(steps) > 10 and (n_gaps := int(np.count_nonzero(steps > max(10 * typical, 1)))):
        notes.append(f"Timestamps have {n_gaps} gaps of more than ten frames.")
    step = last_duration or typical or _unit_from_rate(stream)
    return PacketScan(len(pts), int(pts[0]), int(pts[-1]), int(pts[-1]) + step, even, tuple(notes), coded_pts)


def _unit_from_rate(stream: VideoStream) -> int:
    """One frame in units of the time base, for a film of one picture without a duration; 25 fps as a last resort."""
    rate = stream.average_rate or stream.base_rate or Fraction(25)
    time_base = stream.time_base or Fraction(1, 90_000)
    return max(1, round(1 / (rate * time_base)))
