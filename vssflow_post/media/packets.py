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
from vssflow_post.media.joins import Clock, Join, packets_on_one_clock
from vssflow_post.media.limits import MAX_PICTURES
from vssflow_post.media.verdicts import reading

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from av.container import InputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream


_SEAM_S = 1
"""How far from a join its pictures may lie."""
_NEAR = 16
"""Pictures between a damaged packet and those that are missing with it, at most: they may be reordered."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Pictures that are missing, in units of the time base."""

    start_pts: int
    end_pts: int
    n_pictures: int


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
    joins: tuple[Join, ...] = ()
    """Where the file was joined from several recordings."""
    marked: tuple[int, ...] = ()
    """Timestamps of packets that the demuxer calls damaged; their pictures may be whole."""
    lost: tuple[Gap, ...] = ()
    """Where pictures are missing at such a place."""

    def is_even_but_for(self, n_last: int) -> bool:
        """Whether pictures lie at even distances, the last ones left aside; False where there are no others."""
        steps = np.diff(np.sort(self.coded_pts))[:-n_last]
        return len(steps) > 0 and bool(np.all(np.abs(steps - np.median(steps)) <= 1))


def scan_packets(
    container: InputContainer, stream: VideoStream, path: Path, demuxer: str, salvage: bool = False
) -> PacketScan:
    """Reads every video packet once; with `salvage`, up to where that fails.

    Raises FilmRejected `corrupt`, `too_large` or `no_video`, FilmFailed `source_io`.
    """
    clock = Clock(stream.time_base or Fraction(1, 90_000))
    walk = _Walk()
    try:
        with reading(path, "Reading its packets"):
            for packet in packets_on_one_clock(container, stream, demuxer, clock=clock):
                walk.take(packet)
    except FilmRejected as rejected:
        if not salvage or rejected.code != "corrupt" or not walk.times:
            raise
    if not walk.times and (stream.frames or stream.duration):
        raise FilmRejected("corrupt", "Its index is damaged: none of the pictures that it declares can be read.")
    if not walk.times:
        raise FilmRejected("no_video", "Its video stream holds no picture.")
    return _summary(walk, clock.joins, stream)


class _Walk:
    """What is kept of the packets.

    In arrays, since a day at 240 pictures a second as Python's integers would take gigabytes.
    """

    def __init__(self) -> None:
        self.times, self.dts_order = array("q"), array("q")
        self.marked: list[int] = []
        self.keys_behind_marks: set[int] = set()
        """Timestamps of key pictures that come next to a packet that is marked: a recording may begin there."""
        self.last_pts = self.last_duration = 0
        self._was_marked = False

    def take(self, packet: Packet[VideoStream]) -> None:
        """Raises FilmRejected `too_large` for one picture too many."""
        pts = packet.pts if packet.pts is not None else packet.dts
        if packet.size == 0 or pts is None or packet.is_discard:
            return
        if packet.is_corrupt:
            self.marked.append(pts)
        if packet.is_keyframe and (self._was_marked or packet.is_corrupt):
            self.keys_behind_marks.add(pts)
        self._was_marked = packet.is_corrupt
        self.times.append(pts)
        if packet.dts is not None:
            self.dts_order.append(packet.dts)
        if len(self.times) == 1 or pts >= self.last_pts:
            self.last_pts, self.last_duration = pts, packet.duration or 0
        if len(self.times) > MAX_PICTURES:
            raise FilmRejected("too_large", f"It has more than {MAX_PICTURES} pictures.")


def _summary(walk: _Walk, joins: Sequence[Join], stream: VideoStream) -> PacketScan:
    coded_pts, dts = np.array(walk.times), np.array(walk.dts_order)
    pts = np.sort(coded_pts)
    steps = np.diff(pts)
    typical = int(np.median(steps)) if len(steps) else 0
    even = bool(np.all(np.abs(steps - typical) <= 1)) if len(steps) else True
    step = walk.last_duration or typical or _unit_from_rate(stream)
    return PacketScan(
        n_frames=len(pts),
        first_pts=int(pts[0]),
        last_pts=int(pts[-1]),
        end_pts=int(pts[-1]) + step,
        even=even,
        notes=tuple(_oddities(steps, typical, dts)),
        coded_pts=coded_pts,
        joins=tuple(joins),
        marked=tuple(mark for mark in walk.marked if not _is_at_seam(mark, joins, stream)),
        lost=tuple(gap for gap in _lost(walk, pts, typical) if not _is_at_seam(gap.start_pts, joins, stream)),
    )


def _is_at_seam(pts: int, joins: Sequence[Join], stream: VideoStream) -> bool:
    """Whether a picture lies where recordings were joined: the last packet of one is called damaged, since another one
    follows than expected, and a recording that is cut anywhere lacks what its first or last pictures refer to."""
    at_s = pts * (stream.time_base or Fraction(1, 90_000))
    return any(abs(join.at_s - at_s) <= _SEAM_S for join in joins)


def _oddities(steps: npt.NDArray[np.int64], typical: int, dts: npt.NDArray[np.int64]) -> Iterator[str]:
    if n_twice := int(np.count_nonzero(steps == 0)):
        yield f"{n_twice} pictures share their timestamp with another one."
    if len(dts) > 1 and (n_back := int(np.count_nonzero(np.diff(dts) < 0))):
        yield f"Decoding timestamps step back {n_back} times."
    # A picture that stands for seconds is usual in a slide show, but not where all others are 40 ms apart.
    if len(steps) > 10 and (n_gaps := int(np.count_nonzero(steps > max(10 * typical, 1)))):
        yield f"Timestamps have {n_gaps} gaps of more than ten frames."


def _lost(walk: _Walk, pts: npt.NDArray[np.int64], typical: int) -> Iterator[Gap]:
    """Gaps next to packets that are marked as damaged, but where a recording may begin behind it."""
    if not walk.marked or not typical:
        return
    marked = np.sort(np.array(walk.marked))
    for k in np.flatnonzero(2 * np.diff(pts) > 3 * typical):
        start, end = int(pts[k]), int(pts[k + 1])
        near = np.searchsorted(marked, [start - _NEAR * typical, end + _NEAR * typical])
        if near[0] < near[1] and end not in walk.keys_behind_marks:
            yield Gap(start + typical, end, round((end - start) / typical) - 1)


def _unit_from_rate(stream: VideoStream) -> int:
    """One frame in units of the time base, for a film of one picture without a duration; 25 fps as a last resort."""
    rate = stream.average_rate or stream.base_rate or Fraction(25)
    time_base = stream.time_base or Fraction(1, 90_000)
    return max(1, round(1 / (rate * time_base)))
