"""Which pictures of a film are looked at: a few sharp ones of each scene, and crops of what moves in them.

A recogniser takes as long for a picture as the rest of the analysis for half a second of film, so that it looks once a
second in a short scene, seldom in a long one, and no oftener than once a second on average. It works in a thread beside
the decoder.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, TypeAlias

from vssflow_post.backend import Frame, Look, Recogniser
from vssflow_post.timeline import CLOCK_HZ, Span

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

MOST_OF_A_SCENE = 4
"""Pictures of one scene that are looked at; when there are more, every second one goes, and the step doubles."""
_STEP = CLOCK_HZ
"""Clock samples from one candidate to the next, at first."""
_NEIGHBOURHOOD = CLOCK_HZ * 2 // 5
"""From the start of a step, in clock samples: the sharpest picture in it is the candidate."""
_CHECK = CLOCK_HZ // 10
"""Clock samples between pictures whose sharpness is measured."""
_IN_ADVANCE = 4
"""Looks that a film may have beyond one for each second that it has run."""
_MARGIN = 0.2
"""What a crop shows around its thing, as a share of the thing's size."""
_SMALLEST_CROP = 24
"""Pixels of a crop's side, below which there is nothing to recognise."""

Box: TypeAlias = tuple[float, float, float, float]
"""x, y, width and height as fractions of the picture."""
Moving: TypeAlias = Callable[[int], Sequence[tuple[int, Box]]]
"""At a clock sample: the number of each moving thing that is seen then, and its box."""


def nothing_moves(sample: int) -> Sequence[tuple[int, Box]]:
    return ()


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A picture that may be looked at."""

    sample: int
    sharpness: float
    pixels: npt.NDArray[np.uint8]


class Looker:
    """Takes each frame once, in order, and is told each cut; a scene is looked at when it is over.

    Use it as a context: its thread ends with the block. What opening the recogniser or looking raises comes in `finish`.
    """

    def __init__(self, opened: Callable[[], Recogniser], moving: Moving = nothing_moves) -> None:
        """`opened` gives the recogniser; it is called in the thread, beside the first pictures."""
        self._moving = moving
        self._worker = ThreadPoolExecutor(1, "look")
        self._recogniser = self._worker.submit(opened)
        self._looks: list[Future[list[Look]]] = []
        self._candidates: list[Candidate] = []
        self._step, self._slot, self._check = _STEP, 0, 0
        self._n_looks = 0

    def __enter__(self) -> Looker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._worker.shutdown(cancel_futures=True)

    def push(self, frame: Frame) -> None:
        if frame.sample < self._check:
            return
        self._check = frame.sample + _CHECK
        if not self._candidates or frame.sample >= self._slot + self._step:
            self._begin(frame)
        elif frame.sample < self._slot + _NEIGHBOURHOOD:
            candidate = _candidate(frame)
            if candidate.sharpness > self._candidates[-1].sharpness:
                self._candidates[-1] = candidate
        else:
            self._check = self._slot + self._step

    def cut(self, sample: int) -> None:
        """A new scene began at `sample`, a few frames back."""
        self._look(sample)
        self._candidates = [each for each in self._candidates if each.sample >= sample]
        self._step, self._check = _STEP, 0
        self._slot = self._candidates[0].sample if self._candidates else sample

    def finish(self, duration: Span) -> tuple[Look, ...]:
        """All looks, by time. Waits for the recogniser, and raises what it raised."""
        self._look(duration.end)
        self._candidates = []
        self._recogniser.result()
        return tuple(look for of_scene in self._looks for look in of_scene.result())

    def _begin(self, frame: Frame) -> None:
        if len(self._candidates) == MOST_OF_A_SCENE:
            self._candidates = self._candidates[::2]
            self._step *= 2
        self._slot = frame.sample
        self._candidates.append(_candidate(frame))

    def _look(self, end: int) -> None:
        """The scene that ends at `end` is handed to the recogniser."""
        of_scene = [each for each in self._candidates if each.sample < end]
        whole = _spread(of_scene, self._allowed(end))
        pictures = [(Look(each.sample, {}), each.pixels) for each in whole]
        self._n_looks += len(pictures)
        crops = self._crops(whole)[: self._allowed(end)]
        self._n_looks += len(crops)
        if pictures:
            self._looks.append(self._worker.submit(_looked, self._recogniser, [*pictures, *crops]))

    def _allowed(self, end: int) -> int:
        return max(0, _IN_ADVANCE + end // CLOCK_HZ - self._n_looks)

    def _crops(self, candidates: Sequence[Candidate]) -> list[tuple[Look, npt.NDArray[np.uint8]]]:
        """Of each thing that moves the picture in which it is largest."""
        largest: dict[int, tuple[float, Candidate, Box]] = {}
        for candidate in candidates:
            for thing, box in self._moving(candidate.sample):
                size = box[2] * box[3]
                if thing not in largest or size > largest[thing][0]:
                    largest[thing] = (size, candidate, box)
        crops = ((thing, each.sample, crop(each.pixels, box)) for thing, (_, each, box) in sorted(largest.items()))
        return [(Look(sample, {}, thing), pixels) for thing, sample, pixels in crops if min(pixels.shape[:2]) >= _SMALLEST_CROP]


def crop(pixels: npt.NDArray[np.uint8], box: Box) -> npt.NDArray[np.uint8]:
    """The square around a box, with a margin, as far as the picture goes."""
    height, width = pixels.shape[:2]
    x, y = (box[0] + box[2] / 2) * width, (box[1] + box[3] / 2) * height
    half = max(box[2] * width, box[3] * height) * (0.5 + _MARGIN)
    left, right = max(0, round(x - half)), min(width, round(x + half))
    top, bottom = max(0, round(y - half)), min(height, round(y + half))
    return pixels[top:bottom, left:right]


def _looked(
    recogniser: Future[Recogniser], asked: Sequence[tuple[Look, npt.NDArray[np.uint8]]]
) -> list[Look]:
    labels = recogniser.result().recognise([pixels for _, pixels in asked])
    return [Look(look.sample, found, look.thing) for (look, _), found in zip(asked, labels, strict=True)]


def _candidate(frame: Frame) -> Candidate:
    return Candidate(frame.sample, sharpness_of(frame.grey), frame.pixels)


def sharpness_of(grey: npt.NDArray[np.uint8]) -> float:
    """How much fine detail a picture has: the variance of its Laplacian."""
    import cv2

    _, deviation = cv2.meanStdDev(cv2.Laplacian(grey, cv2.CV_16S))
    return float(deviation[0, 0] ** 2)


def _spread(candidates: Sequence[Candidate], n: int) -> list[Candidate]:
    """`n` of the candidates at most, from all over the scene."""
    if len(candidates) <= n:
        return list(candidates)
    return [candidates[(2 * k + 1) * len(candidates) // (2 * n)] for k in range(n)]
