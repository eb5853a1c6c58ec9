"""A picture drawn at twice its size: soft-edged polygons in layers, shrunk at the end, so every edge is smooth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

WIDTH, HEIGHT = 640, 360
SCALE = 2
"""Drawn pixels per film pixel, along each side. All coordinates below are film pixels."""

Points: TypeAlias = npt.NDArray[np.float64]
"""Shape (n, 2): x, y."""
Image: TypeAlias = npt.NDArray[np.float32]
"""Shape (height, width, 3), RGB, 0..1."""
Colour: TypeAlias = tuple[float, float, float]
Paint: TypeAlias = "Colour | tuple[Colour, Colour]"
"""One colour, or the colours at the top and the bottom of the shape."""

FIXED = 4
"""Fractional bits of the coordinates given to OpenCV: sixteenths of a drawn pixel."""


class Canvas:
    """Layers are painted from back to front."""

    def __init__(self, background: Image) -> None:
        self.pixels = background.copy()

    def fill(
        self,
        points: Points,
        paint: Paint,
        *,
        blur: float = 0.0,
        opacity: float = 1.0,
        inside: Points | None = None,
        glow: bool = False,
    ) -> None:
        """Paints a polygon; `inside` cuts it to another, `glow` adds light instead of covering."""
        box = _box(points, blur)
        if box is None:
            return
        mask = _mask([points], box, blur)
        if inside is not None:
            mask *= _mask([inside], box, 0.0)
        self._blend(box, mask * opacity, _colours(paint, points, box), glow)

    def line(
        self,
        points: Points,
        colour: Colour,
        width: float,
        *,
        blur: float = 0.0,
        opacity: float = 1.0,
        glow: bool = False,
    ) -> None:
        """Paints an open line with round ends."""
        box = _box(points, blur + width)
        if box is None:
            return
        mask = _stroke(points, box, width, blur)
        self._blend(box, mask * opacity, np.asarray(colour, np.float32), glow)

    def _blend(self, box: tuple[int, int, int, int], mask: Image, colour: Image, glow: bool) -> None:
        left, top, right, bottom = box
        under = self.pixels[top:bottom, left:right]
        alpha = mask[..., None]
        if glow:
            under += alpha * colour
        else:
            under += alpha * (colour - under)


def _box(points: Points, margin: float) -> tuple[int, int, int, int] | None:
    """Left, top, right, bottom in drawn pixels; None when nothing of it is in the picture."""
    pad = 3.0 * margin + 2.0
    low, high = (points.min(0) - pad) * SCALE, (points.max(0) + pad) * SCALE
    left, top = max(0, int(low[0])), max(0, int(low[1]))
    right, bottom = min(WIDTH * SCALE, int(high[0]) + 1), min(HEIGHT * SCALE, int(high[1]) + 1)
    return (left, top, right, bottom) if left < right and top < bottom else None


def _fixed(points: Points, box: tuple[int, int, int, int]) -> npt.NDArray[np.int32]:
    return np.round((points * SCALE - box[:2]) * (1 << FIXED)).astype(np.int32)


def _mask(shapes: Sequence[Points], box: tuple[int, int, int, int], blur: float) -> Image:
    mask = np.zeros((box[3] - box[1], box[2] - box[0]), np.uint8)
    cv2.fillPoly(mask, [_fixed(shape, box) for shape in shapes], 255, cv2.LINE_AA, FIXED)
    return _soften(mask, blur)


def _stroke(points: Points, box: tuple[int, int, int, int], width: float, blur: float) -> Image:
    mask = np.zeros((box[3] - box[1], box[2] - box[0]), np.uint8)
    thick = max(1, round(width * SCALE))
    cv2.polylines(mask, [_fixed(points, box)], False, 255, thick, cv2.LINE_AA, FIXED)
    return _soften(mask, blur)


def _soften(mask: npt.NDArray[np.uint8], blur: float) -> Image:
    soft = mask.astype(np.float32) / 255.0
    sigma = blur * SCALE
    if sigma <= 0:
        return soft
    coarse = max(1, int(sigma / 4))  # a wide blur looks the same when made on a smaller picture
    height, width = mask.shape
    small = (max(1, width // coarse), max(1, height // coarse))
    shrunk = cv2.resize(soft, small, interpolation=cv2.INTER_AREA) if coarse > 1 else soft
    shrunk = cv2.GaussianBlur(shrunk, (0, 0), sigma / coarse, borderType=cv2.BORDER_REPLICATE)
    return cv2.resize(shrunk, (width, height), interpolation=cv2.INTER_LINEAR) if coarse > 1 else shrunk


def _colours(paint: Paint, points: Points, box: tuple[int, int, int, int]) -> Image:
    if not isinstance(paint[0], tuple):
        return np.asarray(paint, np.float32)
    top, bottom = points[:, 1].min() * SCALE, points[:, 1].max() * SCALE
    rows = np.arange(box[1], box[3], dtype=np.float32)
    along = np.clip((rows - top) / max(1.0, bottom - top), 0.0, 1.0)[:, None, None]
    return np.asarray(paint[0], np.float32) * (1 - along) + np.asarray(paint[1], np.float32) * along


# Shapes -----------------------------------------------------------------------------------------------------


def ellipse(x: float, y: float, rx: float, ry: float, turn: float = 0.0) -> Points:
    """`turn` in radians."""
    a = np.linspace(0.0, 2 * np.pi, 72, endpoint=False)
    px, py = rx * np.cos(a), ry * np.sin(a)
    return np.stack([x + px * np.cos(turn) - py * np.sin(turn), y + px * np.sin(turn) + py * np.cos(turn)], 1)


def rectangle(left: float, top: float, right: float, bottom: float) -> Points:
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float64)


def polygon(text: str) -> Points:
    """Corners as SVG writes them: `x,y x,y x,y`."""
    return np.array([[float(value) for value in corner.split(",")] for corner in text.split()])


def smooth(corners: Points | Sequence[tuple[float, float]], *, closed: bool = True) -> Points:
    """A round curve through all corners (Catmull-Rom)."""
    c = np.asarray(corners, np.float64)
    n = len(c)
    ends = n if closed else n - 1
    around = np.stack(
        [c[np.clip(np.arange(ends) + k, 0, n - 1) if not closed else (np.arange(ends) + k) % n] for k in (-1, 0, 1, 2)]
    )
    t = np.linspace(0.0, 1.0, 10, endpoint=False)[:, None, None]
    p0, p1, p2, p3 = around
    curve = 0.5 * (2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2 + (3 * p1 - p0 - 3 * p2 + p3) * t**3)
    points = curve.transpose(1, 0, 2).reshape(-1, 2)
    return points if closed else np.concatenate([points, c[-1:]])


def turned(points: Points, angle: float, pivot: tuple[float, float]) -> Points:
    """Rotated about `pivot`; a positive angle (radians) is clockwise on screen."""
    cos, sin = np.cos(angle), np.sin(angle)
    moved = points - pivot
    return np.stack([moved[:, 0] * cos - moved[:, 1] * sin, moved[:, 0] * sin + moved[:, 1] * cos], 1) + pivot


# Whole pictures ---------------------------------------------------------------------------------------------


def blank(paint: tuple[Colour, Colour]) -> Image:
    """A picture that fades from a colour at the top to another at the bottom."""
    along = np.linspace(0.0, 1.0, HEIGHT * SCALE, dtype=np.float32)[:, None, None]
    rows = np.asarray(paint[0], np.float32) * (1 - along) + np.asarray(paint[1], np.float32) * along
    return np.repeat(rows, WIDTH * SCALE, axis=1)


def clouds(rng: np.random.Generator, finest: int = 6) -> npt.NDArray[np.float32]:
    """Smooth noise in 0..1, shape (HEIGHT * SCALE, WIDTH * SCALE): octaves of blurred noise added up."""
    total = np.zeros((HEIGHT * SCALE, WIDTH * SCALE), np.float32)
    for octave in range(finest):
        small = rng.random((3 * 2**octave, 5 * 2**octave)).astype(np.float32)
        total += cv2.resize(small, (WIDTH * SCALE, HEIGHT * SCALE), interpolation=cv2.INTER_CUBIC) / 2**octave
    low, high = np.percentile(total, [1, 99])
    return np.clip((total - low) / (high - low), 0, 1)


def vignette(strength: float) -> Image:
    """What to multiply a picture by to darken its corners."""
    y, x = np.mgrid[-1 : 1 : HEIGHT * SCALE * 1j, -1 : 1 : WIDTH * SCALE * 1j]
    return (1.0 - strength * np.clip((x**2 + y**2) / 2.0, 0, 1) ** 1.2).astype(np.float32)[..., None]


def exposed(draw: Callable[[float], Image], time_s: float, shutter_s: float, n_parts: int) -> Image:
    """The average of `n_parts` pictures while the shutter is open: motion blur."""
    times = time_s + (np.arange(n_parts) - (n_parts - 1) / 2) * shutter_s / n_parts
    return np.mean([draw(float(t)) for t in times], axis=0, dtype=np.float32)


def developed(picture: Image, grain: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """Shrunk to the film's size, with grain: uint8 RGB, shape (HEIGHT, WIDTH, 3)."""
    small = cv2.resize(picture, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    lit = np.clip(small, 0, 1)
    return np.clip(255 * (lit + grain[..., None] * (1 - lit)) + 0.5, 0, 255).astype(np.uint8)
