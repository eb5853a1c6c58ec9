"""Faces and their mouths, followed through a shot: how open is each mouth, 25 times a second.

OpenCV's Haar cascades see faces where there are none, so a face is believed only when it is found again and again in
one place, by two cascades. A full search is dear (a dozen milliseconds), so it is done a few times a second; between
searches the eyes are followed by matching, and the mouth is measured where it must be.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from vssflow_post.analysis.face_track import Box, FaceTrack, Grey, overlap
from vssflow_post.backend import Frame, MouthTrack
from vssflow_post.timeline import CLOCK_HZ, Span

if TYPE_CHECKING:
    import cv2

MIN_RATE_HZ = 10
"""Slower films show no syllables: they get no mouth tracks."""
_MAX_RATE_HZ = 30
"""Faster films are looked at this often."""
_SEARCH_S = 0.4
"""Time between searches of the whole picture."""
_CHECK_S = 0.16
"""Time between looks at a face that is already followed."""
_SEARCH_WIDTH = 240
"""Pixels; a face that is too small here has no mouth worth measuring."""
_MIN_FACE = 22
"""Pixels of the search picture."""
_MAX_FACES = 4
"""Followed at once, the largest ones."""


class MouthTracker:
    """Takes each frame once, in order; gives one track per face and shot."""

    def __init__(self, frame_rate: Fraction) -> None:
        self._works = frame_rate >= MIN_RATE_HZ
        self._min_step = round(CLOCK_HZ / _MAX_RATE_HZ * 0.9)
        self._cascades: _Cascades | None = None
        self._following: list[FaceTrack] = []
        self._done: list[FaceTrack] = []
        self._next_search = self._next_check = self._next_look = 0
        self._height = self._width = 1

    def push(self, frame: Frame) -> None:
        if not self._works or frame.sample < self._next_look:
            return
        if self._cascades is None:
            self._cascades = _Cascades()
        self._next_look = frame.sample + self._min_step
        self._height, self._width = frame.grey.shape
        for track in self._following:
            track.follow(frame.grey, frame.sample)
        if frame.sample >= self._next_search:
            self._search(frame, self._cascades)
        elif frame.sample >= self._next_check:
            self._check(frame, self._cascades)
        self._retire(frame.sample)

    def cut(self, sample: int) -> None:
        """A new shot began at `sample`, which may lie a few frames back: nothing is followed across it."""
        for track in self._following:
            track.end_at(sample)
        self._stop_following()
        self._next_search = self._next_look = 0

    def finish(self, duration: Span) -> tuple[MouthTrack, ...]:
        """The tracks of faces that were believed, by the time they appear."""
        self._stop_following()
        tracks = [track.result(duration, (self._width, self._height)) for track in self._done]
        return tuple(sorted((one for one in tracks if one is not None), key=lambda one: (one.span, one.box)))

    def _search(self, frame: Frame, cascades: _Cascades) -> None:
        boxes = cascades.search(frame.grey)
        self._next_search = frame.sample + round(_SEARCH_S * CLOCK_HZ)
        self._next_check = frame.sample + round(_CHECK_S * CLOCK_HZ)
        for track in self._following:
            found = max(boxes, key=lambda box: overlap(box, track.box), default=None)
            if found is not None and overlap(found, track.box) > 0.3:
                boxes.remove(found)
                track.confirm(frame.grey, found)
            else:
                self._look_closely(track, frame.grey, cascades)
        free = [box for box in boxes if all(overlap(box, track.box) < 0.1 for track in self._following)]
        for box in free[: _MAX_FACES - len(self._following)]:
            self._following.append(FaceTrack(frame.grey, frame.sample, box))

    def _check(self, frame: Frame, cascades: _Cascades) -> None:
        self._next_check = frame.sample + round(_CHECK_S * CLOCK_HZ)
        for track in self._following:
            self._look_closely(track, frame.grey, cascades)

    def _look_closely(self, track: FaceTrack, grey: Grey, cascades: _Cascades) -> None:
        found = cascades.look_near(grey, track.box)
        if found is None:
            track.miss()
            return
        track.confirm(grey, found)
        if not track.agreed:
            track.agreed = cascades.agree(grey, found)

    def _retire(self, sample: int) -> None:
        self._done += [track for track in self._following if track.lost and track.believed]
        self._following = [track for track in self._following if not track.lost]

    def _stop_following(self) -> None:
        self._done += [track for track in self._following if track.believed]
        self._following = []


class _Cascades:
    """The two detectors. The first finds, the second, trained otherwise, must agree once."""

    def __init__(self) -> None:
        self._finder = _cascade("haarcascade_frontalface_default.xml")
        self._second = _cascade("haarcascade_frontalface_alt2.xml")

    def search(self, grey: Grey) -> list[Box]:
        """Faces anywhere in the picture, largest first."""
        import cv2

        scale = min(1.0, _SEARCH_WIDTH / max(grey.shape))
        small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else grey
        found = self._finder.detectMultiScale(small, 1.2, 3, minSize=(_MIN_FACE, _MIN_FACE))
        boxes = [Box(*(float(side) / scale for side in box)) for box in found]
        return sorted(boxes, key=lambda box: (-box.width, box.x, box.y))

    def look_near(self, grey: Grey, box: Box) -> Box | None:
        """The face that was in `box` a moment ago."""
        return _find_near(self._finder, grey, box, 3)

    def agree(self, grey: Grey, box: Box) -> bool:
        """Whether the second detector sees a face there, too."""
        return _find_near(self._second, grey, box, 2) is not None


def _cascade(name: str) -> cv2.CascadeClassifier:
    import cv2
    from cv2 import data

    return cv2.CascadeClassifier(data.haarcascades + name)


def _find_near(detector: cv2.CascadeClassifier, grey: Grey, box: Box, n_neighbours: int) -> Box | None:
    margin = 0.3
    left, top = max(0, int(box.x - margin * box.width)), max(0, int(box.y - margin * box.height))
    right, bottom = int(box.x + (1 + margin) * box.width), int(box.y + (1 + margin) * box.height)
    window = np.ascontiguousarray(grey[top:bottom, left:right])
    if min(window.shape) < _MIN_FACE:
        return None
    smallest, largest = round(0.75 * box.width), round(1.35 * box.width)
    found = detector.detectMultiScale(window, 1.1, n_neighbours, minSize=(smallest,) * 2, maxSize=(largest,) * 2)
    boxes = [Box(float(x + left), float(y + top), float(w), float(h)) for x, y, w, h in found]
    return max(boxes, key=lambda one: overlap(one, box), default=None)
