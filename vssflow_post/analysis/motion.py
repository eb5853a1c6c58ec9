"""Where on the screen something moves: what effects are panned by.

The centre of the pixels that changed from one frame to the next, left to right, is gathered ten times a second. It
needs no texture and no tracking, and stays put where nothing moves. A change of most of the picture (a cut, a flash, a
camera that pans fast) says nothing about a place and is left out; grain and fades are no motion.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from vssflow_post.analysis.camera import beyond_grain, less_fade
from vssflow_post.backend import Frame, Track
from vssflow_post.timeline import CLOCK_HZ, Scene

PLACES_PER_S = 10
_BIN = CLOCK_HZ // PLACES_PER_S
_WIDTH = 64
"""Longer side of the compared pictures, in pixels."""
_FLOOR = 10.0
"""Grey levels of difference that noise and compression make."""
_LEAST_CHANGED = 0.0015
"""Share of the picture below which nothing moves."""
_MOST_CHANGED = 0.5
_LEAST_MOVING = 5
"""Tenths of a second in which something must be seen to move for a scene not to be a still; in a short one, half."""
_SMOOTHING_S = 0.25
"""Standard deviation of the smoothing: a leap across the screen becomes a move of about a second."""

Plane = npt.NDArray[np.float32]


class MotionPlaces:
    """Takes each frame once, in order; memory is two numbers per 100 ms."""

    def __init__(self) -> None:
        self._before: Plane | None = None
        self._mass: list[float] = []
        self._moment: list[float] = []

    def push(self, frame: Frame) -> None:
        import cv2

        height, width = frame.grey.shape
        scale = _WIDTH / max(height, width)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        plane: Plane = cv2.resize(frame.grey, size, interpolation=cv2.INTER_AREA).astype(np.float32)
        before, self._before = self._before, plane
        if before is None:
            return
        change = np.maximum(beyond_grain(less_fade(before, plane - before), _FLOOR), 0.0)
        changed = float(np.count_nonzero(change)) / change.size
        if not _LEAST_CHANGED <= changed <= _MOST_CHANGED:
            return
        columns = change.sum(axis=0)
        number = frame.sample // _BIN
        missing = number + 1 - len(self._mass)
        self._mass += [0.0] * missing
        self._moment += [0.0] * missing
        self._mass[number] += float(columns.sum())
        self._moment[number] += float(columns @ ((np.arange(len(columns)) + 0.5) / len(columns)))

    def moving(self, scenes: Sequence[Scene]) -> tuple[bool, ...]:
        """Of each scene whether something moves in it for more than a moment: what is shown anew does not move."""
        mass = np.array(self._mass)
        inside = [(_bins(scene), mass[_bins(scene)]) for scene in scenes]
        least = (min(_LEAST_MOVING, max(1, (bins.stop - bins.start) // 2)) for bins, _ in inside)
        return tuple(int(np.count_nonzero(seen)) >= n for (_, seen), n in zip(inside, least, strict=True))

    def finish(self, scenes: Sequence[Scene]) -> tuple[Track, ...]:
        """One track per scene, row k at k / PLACES_PER_S seconds after its start: 0 the left edge, 1 the right.

        Where nothing moves the place is that of the last motion in the scene, or of the first one to come; in a scene
        without motion it is the middle. Nothing jumps within a scene.
        """
        mass, moment = np.array(self._mass), np.array(self._moment)
        return tuple(Track(_path(mass, moment, scene), PLACES_PER_S) for scene in scenes)


def _bins(scene: Scene) -> slice:
    first = -(-scene.span.start // _BIN)
    return slice(first, first + max(1, scene.span.n_samples // _BIN))


def _path(mass: npt.NDArray[np.float64], moment: npt.NDArray[np.float64], scene: Scene) -> Plane:
    """Smoothed places, float32 (n, 1); a bin that a cut runs through belongs to neither scene."""
    inside = _bins(scene)
    n = inside.stop - inside.start
    seen, places = mass[inside], np.full(n, np.nan)
    known = np.flatnonzero(seen)
    places[known] = moment[inside][known] / seen[known]
    if len(known) == 0:
        return np.full((n, 1), 0.5, np.float32)
    last = np.maximum(np.searchsorted(known, np.arange(n), side="right") - 1, 0)
    return smoothed(places[known[last]])


def smoothed(places: npt.NDArray[np.float64]) -> Plane:
    """Places at PLACES_PER_S, (n,), as a track's values, (n, 1)."""
    reach = round(3 * _SMOOTHING_S * PLACES_PER_S)
    offsets = np.arange(-reach, reach + 1) / (_SMOOTHING_S * PLACES_PER_S)
    kernel = np.exp(-(offsets**2) / 2)
    smooth = np.convolve(np.pad(places, reach, mode="edge"), kernel / kernel.sum(), "valid")
    return np.asarray(smooth, np.float32)[:, None]
