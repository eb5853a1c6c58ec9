"""What moves in the picture: a few physical numbers a frame that mean the same on drawings and on films.

The centre of the pixels that changed between two frames lies midway between the two places of what moves: it needs no
texture, survives motion of many pixels a frame, and is left alone at rest. The training data is read by this very code.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

from vssflow_post.backend import Frame
from vssflow_post.timeline import CLOCK_HZ

RATE_HZ = 100.0
WIDTH = 96
"""Longer side of the picture that motion is measured on."""
CHANNELS = ("mass", "vx", "vy", "speed", "ax", "ay", "spread", "moving", "camera", "step")
FLOOR = 5.0
"""Grey levels of difference that noise and compression make."""
CEILING = 25.0
"""More difference than this counts no more: the place shall depend on shape, not on contrast."""
LEAST_MASS = 40.0
"""Summed grey levels of change below which nothing moves."""
REPEAT_S = 0.13
"""A picture that is shown again between two that move is a repeat, not rest, for up to this time: films are brought to
other frame rates."""
REPEAT = 0.02
"""Part of the change of its neighbours that a repeat may have: compression leaves a little."""

Plane = npt.NDArray[np.float32]
Curves = npt.NDArray[np.float64]


class MotionReader:
    """Frames, one by one, to rows (mass, x, y, spread, camera shift), one for each step between two frames."""

    def __init__(self) -> None:
        self.times_s: list[float] = []
        self.rows: list[tuple[float, float, float, float, float]] = []
        self._before: Plane | None = None

    def push(self, frame: Frame) -> None:
        height, width = frame.grey.shape
        scale = WIDTH / max(height, width)
        size = (max(8, round(width * scale)), max(8, round(height * scale)))
        small = cv2.resize(frame.grey, size, interpolation=cv2.INTER_AREA).astype(np.float32)
        plane: Plane = cv2.GaussianBlur(small, (3, 3), 0).astype(np.float32)
        before, self._before = self._before, plane
        self.times_s.append(frame.sample / CLOCK_HZ)
        if before is None:
            return
        dx, dy = camera_shift(before, plane)
        if math.hypot(dx, dy) > 0.3:
            matrix = np.array([[1, 0, dx], [0, 1, dy]], np.float32)
            before = cv2.warpAffine(before, matrix, size, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
        self.rows.append((*moments(np.clip(np.abs(plane - before) - FLOOR, 0.0, CEILING)), math.hypot(dx, dy) / WIDTH))


def camera_shift(before: Plane, after: Plane) -> tuple[float, float]:
    """Shift of the whole picture in pixels, by phase correlation; none where most of the picture stands still."""
    if float(np.mean(np.abs(after - before) < FLOOR)) > 0.6:
        return 0.0, 0.0
    window = cv2.createHanningWindow((before.shape[1], before.shape[0]), cv2.CV_32F)
    # It multiplies what it is given by the window in place wherever a size needs no padding.
    (dx, dy), response = cv2.phaseCorrelate(before.copy(), after.copy(), window)
    return (dx, dy) if response > 0.15 and math.hypot(dx, dy) < 12 else (0.0, 0.0)


def moments(change: Plane) -> tuple[float, float, float, float]:
    """Sum, centre (x, y) and spread of the change, in picture widths; NaN where nothing moves."""
    mass = float(change.sum())
    if mass < LEAST_MASS:
        return mass, math.nan, math.nan, math.nan
    ys, xs = np.arange(change.shape[0]), np.arange(change.shape[1])
    columns, lines = change.sum(0), change.sum(1)
    x, y = float(columns @ xs) / mass, float(lines @ ys) / mass
    spread = math.sqrt(float(columns @ (xs - x) ** 2 + lines @ (ys - y) ** 2) / mass)
    return mass, x / WIDTH, y / WIDTH, spread / WIDTH


def _held(place: Curves) -> Curves:
    """At rest a thing is where it was: NaN rows repeat the last known one (the first known, at the start)."""
    known = np.flatnonzero(~np.isnan(place[:, 0]))
    if len(known) == 0:
        return np.zeros_like(place)
    last = np.searchsorted(known, np.arange(len(place)), side="right") - 1
    return place[known[np.maximum(last, 0)]]


def without_repeats(times_s: Curves, rows: Curves) -> tuple[Curves, Curves]:
    """Times and rows less the pictures that were shown again between two that move: those are no rest."""
    mass = rows[:, 0] if len(rows) else np.zeros(0)
    kept, moved = np.ones(len(times_s), bool), -1
    for k in np.flatnonzero(mass >= LEAST_MASS):
        between = slice(moved + 1, int(k))
        repeats = moved >= 0 and times_s[k] - times_s[moved + 1] < REPEAT_S
        if repeats and (mass[between] <= REPEAT * min(mass[moved], mass[k])).all():
            kept[moved + 2 : k + 1] = False
        moved = int(k)
    return times_s[kept], rows[kept[1:]] if len(rows) else rows


def _compress(x: Curves, unit: float) -> Curves:
    """Signed logarithm, about linear below `unit`."""
    return np.sign(x) * np.log1p(np.abs(x) / unit)


def of_picture(times_s: Curves, rows: Curves, n: int) -> npt.NDArray[np.float32]:
    """What `MotionReader` read of a whole picture, as `describe` gives it."""
    return describe(*without_repeats(times_s, rows), n)


def describe(times_s: Curves, rows: Curves, n: int) -> npt.NDArray[np.float32]:
    """Rows between frames at `times_s` (one more than rows) to CHANNELS at 100 a second: (n, 10).

    Velocities are in picture widths a second, logarithmic.
    """
    out = np.zeros((n, len(CHANNELS)), np.float32)
    if len(rows) < 3:
        return out
    step = np.maximum(np.diff(times_s), 1e-3)
    middle = (times_s[1:] + times_s[:-1]) / 2
    mass, place, camera = rows[:, 0], _held(rows[:, 1:4]), rows[:, 4] / step
    between = np.maximum(np.diff(middle), 1e-3)[:, None]
    velocity = np.diff(place[:, :2], axis=0) / between
    # A change elsewhere in the picture is not a thing that crossed a third of it in one frame.
    velocity[np.linalg.norm(np.diff(place[:, :2], axis=0), axis=1) > 0.3] = 0.0
    change = np.diff(velocity, axis=0, prepend=velocity[:1]) / between
    inner = times_s[1:-1]
    grid = np.arange(n) / RATE_HZ
    curves = (
        (middle, _compress(mass, 200.0)),
        (inner, _compress(velocity[:, 0], 0.3)),
        (inner, _compress(velocity[:, 1], 0.3)),
        (inner, _compress(np.linalg.norm(velocity, axis=1), 0.3)),
        (middle[1:], _compress(change[:, 0], 10.0)),
        (middle[1:], _compress(change[:, 1], 10.0)),
        (middle, place[:, 2] * 4),
        (middle, (mass >= LEAST_MASS).astype(np.float64)),
        (middle, _compress(camera, 0.3)),
        (middle, step * 20),
    )
    for c, (at, values) in enumerate(curves):
        out[:, c] = np.interp(grid, at, values, left=0.0, right=0.0)
    return out
