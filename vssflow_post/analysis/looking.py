"""Which pictures of a film are looked at: a sharp one every three seconds of each scene, and crops of what moves in it.

By turns the whole picture is looked at and its middle alone, where most films have what they are about: a recogniser
that looks at few pixels sees a small thing there that it would miss, and a thing that both show is sure.

A recogniser takes as long for a picture as the rest of the analysis for a quarter of a second of film. It works in a
thread beside the decoder, and looks no oftener than three times in four seconds on average, however fast a film is cut.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from types import TracebackType
from typing import TYPE_CHECKING, TypeAlias

from vssflow_post.backend import Frame, Look, Recogniser, Thing
from vssflow_post.timeline import CLOCK_HZ, Span

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from vssflow_post.media.whole import WholePicture

STEP = 3 * CLOCK_HZ
"""Clock samples from one look to the next in a scene; the first is at its start."""
_NEIGHBOURHOOD = CLOCK_HZ * 2 // 5
"""From the start of a step, in clock samples: the sharpest picture in it is looked at."""
_CHECK = CLOCK_HZ // 10
"""Clock samples between pictures whose sharpness is measured."""
_IN_ADVANCE, _A_SECOND, _CROPS_A_SECOND = 3, 0.75, 0.25
"""Looks that a film may have at once, and those that each second adds: a crop is looked at while there are fewer, so
that no scene goes unseen for the crops of another."""
_KEPT = 8
"""Pictures of a scene that are kept for crops."""
_LONGER_SIDE = 960
"""Pixels of a picture that is looked at, where it is stored so large: enough for a crop of a tenth of it."""
_MIDDLE = 0.6
"""Of the width and of the height, what the middle of a picture is."""
_MARGIN = 0.2
"""What a crop shows around its thing, as a share of the thing's size."""
_SMALLEST_CROP = 64
"""Pixels of a crop's side, below which there is nothing to recognise."""

Box: TypeAlias = tuple[float, float, float, float]
"""x, y, width and height as fractions of the picture."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A picture that may be looked at."""

    sample: int
    sharpness: float
    pixels: npt.NDArray[np.uint8]
    whole: WholePicture | None = None

    def enlarged(self) -> Candidate:
        """With the pixels of the picture as it is stored, where it is at hand; and without it."""
        return self if self.whole is None else replace(self, pixels=self.whole.in_colour(_LONGER_SIDE), whole=None)


class Looker:
    """Takes each frame once, in order, and is told each cut; what moves in a scene is looked at when it is over.

    Use it as a context: its thread ends with the block. What the recogniser raises comes in `finish`.
    """

    def __init__(self, opened: Callable[[], Recogniser]) -> None:
        """`opened` gives the recogniser; it is called in the thread, beside the first pictures."""
        self._worker = ThreadPoolExecutor(1, "look")
        self._recogniser = self._worker.submit(opened)
        self._looks: list[Future[list[Look]]] = []
        self._sharpest: Candidate | None = None
        """Of the step that runs, until it is looked at."""
        self._seen: list[Candidate] = []
        """Pictures of this scene that were looked at, for crops."""
        self._begun, self._next, self._check = 0, 0, 0
        """When this step began, when the next does, and when a frame is measured again."""
        self._n_looks = self._n_of_scene = 0

    def __enter__(self) -> Looker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._worker.shutdown(cancel_futures=True)

    def push(self, frame: Frame, whole: WholePicture | None = None) -> None:
        """`whole`: the picture at its full size, if it is to be looked at and not the frame."""
        if frame.sample < self._check:
            return
        if frame.sample >= self._next:
            self._look()
            self._begun, self._next = frame.sample, frame.sample + STEP
        self._check = frame.sample + _CHECK
        if frame.sample >= self._begun + _NEIGHBOURHOOD:
            self._look()
            self._check = self._next
            return
        candidate = Candidate(frame.sample, sharpness_of(frame.grey), frame.pixels, whole)
        if self._sharpest is None or candidate.sharpness > self._sharpest.sharpness:
            self._sharpest = candidate

    def cut(self, sample: int, things: Sequence[Thing] = ()) -> None:
        """A new scene began at `sample`, a few frames back; `things` moved in the one before."""
        if self._sharpest is not None and self._sharpest.sample < sample:
            self._last_look()
        self._scene_is_over(sample, things)
        if self._sharpest is None:
            self._next = self._check = 0

    def finish(self, duration: Span, things: Sequence[Thing] = ()) -> tuple[Look, ...]:
        """All looks, by time. Waits for the recogniser, and raises what it raised."""
        self._last_look()
        self._scene_is_over(duration.end, things)
        self._recogniser.result()
        looks = [look for some in self._looks for look in some.result()]
        return tuple(sorted(looks, key=lambda look: (look.sample, -1 if look.thing is None else look.thing)))

    def _look(self) -> None:
        """The sharpest picture of the step is handed over, or its middle."""
        candidate, self._sharpest = self._sharpest, None
        if candidate is not None and self._may_look(candidate.sample, _A_SECOND):
            candidate = candidate.enlarged()
            self._seen = [*self._seen[-_KEPT:], candidate]
            pixels = middle(candidate.pixels) if self._n_of_scene % 2 else candidate.pixels
            self._hand_over(Look(candidate.sample, {}), pixels)
            self._n_of_scene += 1

    def _last_look(self) -> None:
        """A step that a cut ends before it has begun in earnest is looked at where nothing else of its scene was."""
        if self._seen:
            self._sharpest = None
        self._look()

    def _scene_is_over(self, end: int, things: Sequence[Thing]) -> None:
        for thing, (candidate, box) in self._largest(end, things).items():
            pixels = crop(candidate.pixels, box)
            if min(pixels.shape[:2]) >= _SMALLEST_CROP and self._may_look(end, _CROPS_A_SECOND):
                self._hand_over(Look(candidate.sample, {}, thing), pixels)
        self._seen = [each for each in self._seen if each.sample >= end]
        self._n_of_scene = len(self._seen)

    def _may_look(self, sample: int, a_second: float) -> bool:
        return self._n_looks < _IN_ADVANCE + sample / CLOCK_HZ * a_second

    def _hand_over(self, look: Look, pixels: npt.NDArray[np.uint8]) -> None:
        self._n_looks += 1
        self._looks.append(self._worker.submit(_looked, self._recogniser, look, pixels))

    def _largest(self, end: int, things: Sequence[Thing]) -> dict[int, tuple[Candidate, Box]]:
        """Of each thing that moves in the scene which is over the picture in which it is largest, and its box there."""
        largest: dict[int, tuple[Candidate, Box]] = {}
        for number, thing in enumerate(things):
            pictures = [each for each in self._seen if each.sample < end and thing.seen.contains(each.sample)]
            boxed = [(each, box_at(thing, each.sample)) for each in pictures]
            if boxed:
                largest[number] = max(boxed, key=lambda one: one[1][2] * one[1][3])
        return largest


def box_at(thing: Thing, sample: int) -> Box:
    """Where a thing is at a clock sample of its shot."""
    boxes = thing.boxes.values
    row = round((sample - thing.span.start) / CLOCK_HZ * thing.boxes.rate_hz)
    x, y, width, height = (float(one) for one in boxes[min(max(row, 0), len(boxes) - 1)])
    return x, y, width, height


def middle(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    height, width = pixels.shape[:2]
    top, left = (round(side * (1 - _MIDDLE) / 2) for side in (height, width))
    return pixels[top : height - top, left : width - left]


def crop(pixels: npt.NDArray[np.uint8], box: Box) -> npt.NDArray[np.uint8]:
    """The square around a box, with a margin, as far as the picture goes."""
    height, width = pixels.shape[:2]
    x, y = (box[0] + box[2] / 2) * width, (box[1] + box[3] / 2) * height
    half = max(box[2] * width, box[3] * height) * (0.5 + _MARGIN)
    left, right = max(0, round(x - half)), min(width, round(x + half))
    top, bottom = max(0, round(y - half)), min(height, round(y + half))
    return pixels[top:bottom, left:right]


def _looked(recogniser: Future[Recogniser], look: Look, pixels: npt.NDArray[np.uint8]) -> list[Look]:
    return [Look(look.sample, labels, look.thing) for labels in recogniser.result().recognise([pixels])]


def sharpness_of(grey: npt.NDArray[np.uint8]) -> float:
    """How much fine detail a picture has: the variance of its Laplacian."""
    import cv2

    _, deviation = cv2.meanStdDev(cv2.Laplacian(grey, cv2.CV_16S))
    return float(deviation[0, 0] ** 2)
