"""One face on its way through a shot: where it is, whether it is believed, how open its mouth is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from vssflow_post.backend import MouthTrack, Track
from vssflow_post.timeline import CLOCK_HZ, Span

Grey: TypeAlias = npt.NDArray[np.uint8]

RATE_HZ = 25
"""Rows of a mouth track per second."""
_MIN_SEEN_S = 0.5
_MIN_HIT_SHARE = 0.4
"""A face is believed when this share of the looks found it, over at least that time."""
_MAX_MISSES = 8
"""Looks without a find after which it is lost; at 6 looks a second, 1.3 s."""
_MATCH = 0.5
"""Correlation under which the eyes are taken to have moved out of sight."""
_FLOOR = 0.10
"""Smallest range of the raw measure that counts as a mouth's full movement: below, it would be noise made large."""


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
    """Follows one face. The eyes carry the position, since a talking mouth does not move them."""

    def __init__(self, grey: Grey, sample: int, box: Box) -> None:
        self.box = box
        self.agreed = False
        """Whether a second detector saw it, too."""
        self._hits, self._looks, self._misses = 1, 1, 0
        self._eyes = _crop(grey, _eye_band(box))
        self._samples: list[int] = []
        self._raw: list[float] = []
        self._boxes = np.zeros(4)
        self._last_hit = sample
        self._measure(grey, sample)

    @property
    def lost(self) -> bool:
        return self._misses > _MAX_MISSES

    @property
    def believed(self) -> bool:
        seen_s = (self._last_hit - self._samples[0]) / CLOCK_HZ if self._samples else 0.0
        return self.agreed and seen_s >= _MIN_SEEN_S and self._hits >= _MIN_HIT_SHARE * self._looks

    def follow(self, grey: Grey, sample: int) -> None:
        """Moves the box with the eyes, and measures the mouth."""
        moved = _moved(grey, self._eyes, _eye_band(self.box))
        if moved is not None:
            self.box = Box(self.box.x + moved[0], self.box.y + moved[1], self.box.width, self.box.height)
        self._measure(grey, sample)

    def confirm(self, grey: Grey, found: Box) -> None:
        """A detector saw it. Its box jitters, so the track's own moves a little only: a jump would look like speech."""
        self._hits, self._looks, self._misses = self._hits + 1, self._looks + 1, 0
        self._last_hit = self._samples[-1]
        gain = 0.15 if overlap(found, self.box) > 0.5 else 1.0
        own = np.array([self.box.x, self.box.y, self.box.width, self.box.height])
        seen = np.array([found.x, found.y, found.width, found.height])
        self.box = Box(*(own + gain * (seen - own)).tolist())
        self._eyes = _crop(grey, _eye_band(self.box))

    def miss(self) -> None:
        self._looks, self._misses = self._looks + 1, self._misses + 1

    def end_at(self, sample: int) -> None:
        """Drops what was measured at or after `sample`."""
        kept = int(np.searchsorted(self._samples, sample))
        self._samples, self._raw = self._samples[:kept], self._raw[:kept]
        self._last_hit = min(self._last_hit, sample)

    def result(self, duration: Span, picture: tuple[int, int]) -> MouthTrack | None:
        """The track at a steady rate, from the first find to the last; None when nothing is left of it."""
        end = min(self._last_hit + CLOCK_HZ // RATE_HZ, duration.end)
        if not self._samples or end <= self._samples[0]:
            return None
        span = Span(self._samples[0], end)
        rows = np.arange(span.start, span.end, CLOCK_HZ // RATE_HZ)
        opening = _normalised(np.interp(rows, self._samples, self._raw))
        x, y, width, height = (self._boxes / len(self._raw)).tolist()
        box = x / picture[0], y / picture[1], width / picture[0], height / picture[1]
        return MouthTrack(span, Track(opening[:, None].astype(np.float32), RATE_HZ), box)

    def _measure(self, grey: Grey, sample: int) -> None:
        self._samples.append(sample)
        self._raw.append(_darkness(_crop(grey, _mouth_region(self.box))))
        self._boxes += (self.box.x, self.box.y, self.box.width, self.box.height)


def _eye_band(box: Box) -> Box:
    return Box(box.x + 0.12 * box.width, box.y + 0.18 * box.height, 0.76 * box.width, 0.36 * box.height)


def _mouth_region(box: Box) -> Box:
    return Box(box.x + 0.28 * box.width, box.y + 0.66 * box.height, 0.44 * box.width, 0.32 * box.height)


def _crop(grey: Grey, box: Box) -> Grey:
    """The box's pixels, placed to a fraction of a pixel; past the picture's edge its border is repeated."""
    import cv2

    size = max(4, round(box.width)), max(4, round(box.height))
    return np.asarray(cv2.getRectSubPix(grey, size, (box.x + box.width / 2, box.y + box.height / 2)), np.uint8)


def _moved(grey: Grey, eyes: Grey, band: Box) -> tuple[float, float] | None:
    """How far the eyes moved since `band`, in pixels; None where they are not found again."""
    import cv2

    reach = max(3, round(0.12 * band.width))
    area = Box(band.x - reach, band.y - reach, eyes.shape[1] + 2 * reach, eyes.shape[0] + 2 * reach)
    shift_x, shift_y = (area.width - band.width) / 2 - reach, (area.height - band.height) / 2 - reach
    area = Box(area.x - shift_x, area.y - shift_y, area.width, area.height)
    scores = np.asarray(cv2.matchTemplate(_crop(grey, area), eyes, cv2.TM_CCOEFF_NORMED), np.float32)
    _, best, _, (column, row) = cv2.minMaxLoc(scores)
    if best < _MATCH:
        return None
    fine_x = _peak(scores[row], column)
    fine_y = _peak(scores[:, column], row)
    return fine_x - (scores.shape[1] - 1) / 2, fine_y - (scores.shape[0] - 1) / 2


def _peak(scores: npt.NDArray[np.floating[Any]], at: int) -> float:
    """The top of the parabola through the best score and its neighbours."""
    if not 0 < at < len(scores) - 1:
        return float(at)
    before, top, after = (float(score) for score in scores[at - 1 : at + 2])
    bend = before - 2 * top + after
    return at + (0.5 * (before - after) / bend if bend < 0 else 0.0)


def _darkness(mouth: Grey) -> float:
    """Share of the region that is much darker than its skin: an open mouth is a dark hole, a closed one a thin line."""
    values = mouth.astype(np.float32)
    skin = max(float(np.percentile(values, 75)), 1.0)
    return float(np.mean(np.clip((0.8 * skin - values) / (0.4 * skin), 0.0, 1.0)))


def _normalised(raw: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """0 for this face's closed mouth, 1 for its widest; a face whose mouth never moves stays near 0."""
    closed, wide = np.percentile(raw, (10, 97))
    opening: npt.NDArray[np.float64] = np.clip((raw - closed) / max(float(wide - closed), _FLOOR), 0.0, 1.0)
    return opening
