"""Cuts: PySceneDetect's detectors, fed with the frames of the one decode pass."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from vssflow_post.backend import Frame
from vssflow_post.errors import UsageError
from vssflow_post.timeline import CLOCK_HZ, Scene, Span

if TYPE_CHECKING:
    from scenedetect import FrameTimecode
    from scenedetect.detector import SceneDetector

DETECTORS = ("adaptive", "content")
"""`adaptive` compares a frame's change with its neighbours', so that a pan is no cut; `content` has a fixed bar."""

SCALE = 0.5
"""Of the analysed pictures: a cut is as great in smaller ones, grain and what moves are less."""


class CutFinder:
    """Takes each frame once, in order; cuts lie exactly on the first frame of the new shot."""

    def __init__(self, frame_rate: Fraction, detector: str = "adaptive", min_scene_s: float = 0.4) -> None:
        """Raises UsageError for a detector that does not exist."""
        self._frame_rate = frame_rate
        self._detector = _open_detector(detector, min_scene_s)
        self._cuts: list[int] = []
        self._last: int = 0

    def push(self, frame: Frame) -> Sequence[int]:
        """The cuts that became certain with this frame, as clock samples; they lie a few frames back."""
        import cv2

        size = [max(1, round(side * SCALE)) for side in frame.grey.shape[::-1]]
        small = cv2.resize(frame.pixels, size, interpolation=cv2.INTER_AREA)
        picture = cv2.cvtColor(small, cv2.COLOR_RGB2BGR)
        found = self._detector.process_frame(self._timecode(frame.sample), picture)
        cuts = [cut.pts for cut in found if cut.pts > 0]
        self._cuts += cuts
        self._last = frame.sample
        return cuts

    def finish(self, duration: Span) -> tuple[Scene, ...]:
        """The scenes; they tile `duration`."""
        self._cuts += [cut.pts for cut in self._detector.post_process(self._timecode(self._last)) if cut.pts > 0]
        inside = sorted({cut for cut in self._cuts if duration.start < cut < duration.end})
        edges = [duration.start, *inside, duration.end]
        return tuple(Scene(index, Span(*ends)) for index, ends in enumerate(itertools.pairwise(edges)))

    def _timecode(self, sample: int) -> FrameTimecode:
        """The detector counts in clock samples, so its cuts are exact at uneven rates, too."""
        from scenedetect import FrameTimecode
        from scenedetect.common import Timecode

        return FrameTimecode(Timecode(pts=sample, time_base=Fraction(1, CLOCK_HZ)), fps=self._frame_rate)


def _open_detector(name: str, min_scene_s: float) -> SceneDetector:
    from scenedetect.detectors import AdaptiveDetector, ContentDetector

    if name == "adaptive":
        return AdaptiveDetector(min_scene_len=float(min_scene_s))
    if name == "content":
        return ContentDetector(min_scene_len=float(min_scene_s))
    raise UsageError(f"there is no shot detector {name!r}; there are {', '.join(DETECTORS)}")
