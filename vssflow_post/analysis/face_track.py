"""One face on its way through a shot: where it is, whether it is believed, how open its mouth is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from vssflow_post.analysis.face_nets import Face, Plane
from vssflow_post.analysis.mouth_opening import Mouth, openings
from vssflow_post.backend import MouthTrack, Track
from vssflow_post.timeline import CLOCK_HZ, Span

Corners: TypeAlias = npt.NDArray[np.float32]

RATE_HZ = 25
"""Rows of a mouth track per second."""
_SEEN = 0.5
"""Score from which a face that was there a moment ago is still there."""
_MIN_SEEN_S = 0.5
_MIN_HIT_SHARE = 0.5
"""A face is believed when this share of the looks saw it, over at least that time."""
_MIN_FINDS = 2
"""Searches that must have found it, each without knowing of the other."""
_LOST_S = 1.0
_PLACE_GAIN, _TURN_GAIN, _SHAPE_GAIN = 0.6, 0.25, 0.05
"""Shares of the way to what the net sees that a face goes with each look, since the net's points jitter: its place, its
size and slant, and its shape, which changes as a head turns, but not as a mouth speaks."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels of the analysed picture."""

    x: float
    y: float
    width: float
    height: float


def overlap(one: Box, other: Box) -> float:
    """Area of the intersection over area of the union."""
    width = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    height = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (one.width * one.height + other.width * other.height - shared)


class FaceTrack:
    """Follows one face. Its five points move as one shape, so that a talking mouth does not move them."""

    def __init__(self, sample: int, face: Face) -> None:
        self.box = Box(*face.box)
        self.n_finds = 1
        """Searches that found it."""
        self._first, self._last_hit = sample, sample
        self._hits, self._looks = 1, 1
        self._centre: Plane = face.points.mean(axis=0)
        self._shape: Plane = face.points - self._centre
        self._turn: Plane = np.eye(2, dtype=np.float32)
        self._samples: list[int] = []
        self._mouths: list[Mouth] = []
        self._boxes = np.zeros(4)

    @property
    def believed(self) -> bool:
        seen_s = (self._last_hit - self._first) / CLOCK_HZ
        return self.n_finds >= _MIN_FINDS and seen_s >= _MIN_SEEN_S and self._hits >= _MIN_HIT_SHARE * self._looks

    def is_lost(self, sample: int) -> bool:
        return sample - self._last_hit > _LOST_S * CLOCK_HZ

    @property
    def points(self) -> Plane:
        """The five points, as the face's own shape lies in the picture."""
        return self._shape @ self._turn + self._centre

    def corners(self) -> Corners:
        box = self.box
        return np.array([box.x, box.y, box.x + box.width, box.y + box.height], np.float32)

    def see(self, face: Face, sample: int) -> bool:
        """Moves to where the net sees the face; False where it sees none, and the face is taken to stay."""
        self._looks += 1
        if face.score < _SEEN:
            return False
        self._hits, self._last_hit = self._hits + 1, sample
        self.box = Box(*face.box)
        centre = face.points.mean(axis=0)
        seen = face.points - centre
        self._centre = self._centre + _PLACE_GAIN * (centre - self._centre)
        self._turn = self._turn + _TURN_GAIN * (_turn(self._shape, seen) - self._turn)
        self._shape = self._shape + _SHAPE_GAIN * (seen @ _turn(seen, self._shape) - self._shape)
        return True

    def keep(self, mouth: Mouth, sample: int) -> None:
        """How the mouth looks now; see `mouth_opening`."""
        self._samples.append(sample)
        self._mouths.append(mouth)
        self._boxes += (self.box.x, self.box.y, self.box.width, self.box.height)

    def end_at(self, sample: int) -> None:
        """Drops what was seen at or after `sample`."""
        kept = int(np.searchsorted(self._samples, sample))
        self._samples, self._mouths = self._samples[:kept], self._mouths[:kept]
        self._last_hit = min(self._last_hit, sample)

    def result(self, duration: Span, picture: tuple[int, int]) -> MouthTrack | None:
        """The track at a steady rate, from the first find to the last; None when nothing is left of it."""
        end = min(self._last_hit + CLOCK_HZ // RATE_HZ, duration.end)
        if not self._samples or end <= self._samples[0]:
            return None
        span = Span(self._samples[0], end)
        rows = np.arange(span.start, span.end, CLOCK_HZ // RATE_HZ)
        times_s = np.array(self._samples, np.float64) / CLOCK_HZ
        opening = np.interp(rows / CLOCK_HZ, times_s, openings(np.stack(self._mouths), times_s))
        x, y, width, height = (self._boxes / max(1, len(self._mouths))).tolist()
        box = x / picture[0], y / picture[1], width / picture[0], height / picture[1]
        return MouthTrack(span, Track(opening[:, None].astype(np.float32), RATE_HZ), box)


def _turn(shape: Plane, other: Plane) -> Plane:
    """(2, 2): turns and scales a shape's rows so that they lie on the other's as well as they can (least squares)."""
    along = float((shape * other).sum())
    across = float((shape[:, 0] * other[:, 1] - shape[:, 1] * other[:, 0]).sum())
    return np.array([[along, across], [-across, along]], np.float32) / max(float((shape**2).sum()), 1e-6)
