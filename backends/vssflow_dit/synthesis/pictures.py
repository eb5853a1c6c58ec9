"""Drawn films for training: things that strike, things that move without striking, things that stand still.

Each motion is a path on a 1 ms grid with the exact times at which it strikes; `draw` makes frames of it in a random
look (shape, light, texture, noise, compression, camera shake), from which the product's own extractor reads.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from vssflow_dit.synthesis.debris import Debris, thrown_up
from vssflow_post.backend import Frame
from vssflow_post.timeline import CLOCK_HZ

Curve: TypeAlias = npt.NDArray[np.float64]
Plane: TypeAlias = npt.NDArray[np.float32]
GRID_HZ = 1000
FPS = (24000 / 1001, 24.0, 24.0, 25.0, 25.0, 30000 / 1001, 30.0, 30.0, 50.0, 60.0)


@dataclass(frozen=True, slots=True)
class Motion:
    """Where the thing is, in picture heights (0, 0 top left; x may exceed 1), every millisecond."""

    x: Curve
    y: Curve
    strikes: tuple[tuple[float, float], ...] = ()
    """(time in s, strength 0..1) of each strike."""
    pivot: tuple[float, float] | None = None
    """Where an arm holds the thing, for hammers and pendulums."""
    flicker: float = 0.0
    """Strength of picture noise that moves (rain, fire)."""
    speed: Curve = field(default_factory=lambda: np.zeros(0))
    """0..1 curve that continuous sounds (engine, whoosh) follow; empty for none."""
    turn: Curve = field(default_factory=lambda: np.zeros(0))
    """Angle in radians of a wheel in its place; empty for things that do not turn."""


def _grid(duration_s: float) -> Curve:
    return np.arange(int(duration_s * GRID_HZ)) / GRID_HZ


def bounce(rng: np.random.Generator, duration_s: float) -> Motion:
    """A ball under gravity; bounces until it rests, then is dropped again."""
    t = _grid(duration_s)
    gravity, restitution = rng.uniform(1.5, 6.0), rng.uniform(0.55, 0.92)
    floor, top = rng.uniform(0.7, 0.92), rng.uniform(0.08, 0.35)
    y, x = np.empty(len(t)), np.empty(len(t))
    height, speed, place = top, 0.0, rng.uniform(0.3, 1.4)
    drift = rng.uniform(-0.15, 0.15) * (rng.random() < 0.5)
    wait, rest = rng.uniform(0.0, 0.6), 0.0
    fastest = math.sqrt(2 * gravity * (floor - top))
    strikes = []
    for k in range(len(t)):
        if wait > 0:
            wait -= 1 / GRID_HZ
        elif rest > 0:
            rest -= 1 / GRID_HZ
            if rest <= 0:  # picked up and dropped again, out of nowhere
                height, speed, wait = top, 0.0, rng.uniform(0.1, 0.4)
        else:
            speed += gravity / GRID_HZ
            height += speed / GRID_HZ
            place += drift / GRID_HZ
            if height >= floor:
                if speed > 0.25:
                    strikes.append((k / GRID_HZ, min(1.0, speed / fastest)))
                height, speed = floor, -speed * restitution
                if abs(speed) < 0.25:
                    speed, rest = 0.0, rng.uniform(0.3, 1.2)
        y[k], x[k] = height, place
    return Motion(x, y, tuple(strikes))


def hammer(rng: np.random.Generator, duration_s: float) -> Motion:
    """Raised slowly, thrown down fast, it stops (or recoils a little) on what it hits, waits, and again."""
    t = _grid(duration_s)
    low, high = rng.uniform(-0.1, 0.3), rng.uniform(0.7, 1.5)
    angle = np.full(len(t), low)
    strikes, now = [], rng.uniform(0.0, 0.5)
    while now < duration_s:
        up, hold, down = rng.uniform(0.2, 0.8), rng.uniform(0.0, 0.3), rng.uniform(0.08, 0.3)
        raised = low + (high - low) * rng.uniform(0.6, 1.0)
        a, b, c = now + up, now + up + hold, now + up + hold + down
        ease = 0.5 - 0.5 * np.cos(np.pi * np.clip((t - now) / up, 0, 1))
        fall = np.clip((t - b) / down, 0, 1) ** 2
        piece = np.where(t < a, low + (raised - low) * ease, np.where(t < b, raised, raised - (raised - low) * fall))
        recoil = rng.uniform(0.0, 0.12) * (raised - low)
        after = t - c
        piece = np.where(
            after > 0, low + recoil * np.clip(after / 0.05, 0, 1) * np.exp(-np.maximum(after, 0) / 0.12), piece
        )
        angle = np.where(t >= now, piece, angle)
        if c < duration_s:
            strikes.append((c, float(np.clip((raised - low) / down / 12, 0.25, 1.0))))
        now = c + rng.uniform(0.05, 0.7)
    reach, pivot = rng.uniform(0.35, 0.55), (rng.uniform(0.4, 0.7), rng.uniform(0.6, 0.8))
    side = 1 if rng.random() < 0.5 else -1
    pivot = pivot if side > 0 else (1.7 - pivot[0], pivot[1])
    return Motion(pivot[0] + side * reach * np.cos(angle), pivot[1] - reach * np.sin(angle), tuple(strikes), pivot)


def shuttle(rng: np.random.Generator, duration_s: float) -> Motion:
    """Goes to and fro at steady speed and strikes at each end (or at one end only, and turns smoothly at the other)."""
    t = _grid(duration_s)
    period, both = rng.uniform(0.5, 2.2), rng.random() < 0.6
    start = rng.uniform(0, 1)
    phase = (t / period + start) % 1.0
    if both:
        u = 1 - np.abs(2 * phase - 1)
        turns = [0.0, 0.5]
    else:
        u = np.abs(np.sin(np.pi * phase))  # a sharp turn at 0, a smooth one at 1
        turns = [0.0]
    times = [(k + turn - start) * period for k in range(-1, int(duration_s / period) + 2) for turn in turns]
    a, b = rng.uniform(0.15, 0.3), rng.uniform(0.6, 0.85)
    strength = float(np.clip((b - a) * (2 if both else 3.14) / period / 2.5, 0.2, 1.0))
    strikes = tuple((time, strength) for time in sorted(times) if 0.0 <= time < duration_s)
    still = np.full(len(t), rng.uniform(0.3, 0.7))
    if rng.random() < 0.5:
        return Motion(still + 0.4, b - (b - a) * u, strikes)
    return Motion(1.7 * (a + (b - a) * u), still, strikes)


def knocks(rng: np.random.Generator, duration_s: float) -> Motion:
    """Quick taps in groups, with rest between them: knocking, typing, stepping."""
    t = _grid(duration_s)
    y = np.full(len(t), 0.0)
    strikes, now = [], rng.uniform(0.2, 0.8)
    while now < duration_s:
        for _ in range(rng.integers(1, 5)):
            down = rng.uniform(0.05, 0.12)
            up = rng.uniform(0.08, 0.25)
            size = rng.uniform(0.5, 1.0)
            shape = np.where(t < now, np.clip((t - now + down) / down, 0, 1) ** 1.5, np.clip(1 - (t - now) / up, 0, 1))
            y = np.maximum(y, size * shape)
            if now < duration_s:
                strikes.append((now, float(0.4 + 0.6 * size)))
            now += down + up + rng.uniform(0.02, 0.3)
        now += rng.uniform(0.3, 1.5)
    reach, base = rng.uniform(0.15, 0.35), rng.uniform(0.3, 0.5)
    return Motion(np.full(len(t), rng.uniform(0.4, 1.3)), base + reach * y, tuple(strikes))


def swing(rng: np.random.Generator, duration_s: float) -> Motion:
    """Moves smoothly and strikes nothing: pendulum, waving, floating."""
    t = _grid(duration_s)
    period, reach = rng.uniform(0.8, 4.0), rng.uniform(0.05, 0.35)
    phase = 2 * np.pi * (t / period + rng.random())
    x = 0.89 + reach * np.sin(phase)
    y = 0.5 + reach * rng.uniform(-0.6, 0.6) * np.cos(phase * rng.choice([1, 2]))
    speed = np.abs(np.cos(phase)) * reach / period / 0.2
    return Motion(x, y, speed=np.clip(speed, 0, 1))


def drive(rng: np.random.Generator, duration_s: float) -> Motion:
    """Crosses the picture, or goes off and comes to a gentle halt."""
    t = _grid(duration_s)
    pace = np.interp(t, np.linspace(0, duration_s, 5), rng.uniform(0.1, 0.6, 5) * rng.choice([0, 1, 1, 1], 5))
    pace = np.convolve(np.pad(pace, 250, mode="edge"), np.ones(501) / 501, mode="valid")
    way = np.cumsum(pace) / GRID_HZ
    x = (rng.uniform(-0.2, 1.0) + rng.choice([-1, 1]) * way + 0.3) % 2.4 - 0.3
    return Motion(x, np.full(len(t), rng.uniform(0.5, 0.75)), speed=np.clip(pace / 0.5, 0, 1))


def spin(rng: np.random.Generator, duration_s: float) -> Motion:
    """A wheel that turns in its place, now faster, now slower: engines, fans, mills."""
    t = _grid(duration_s)
    pace = np.interp(t, np.linspace(0, duration_s, 5), rng.uniform(0.1, 1.0, 5) * rng.choice([0, 1, 1, 1], 5))
    pace = np.convolve(np.pad(pace, 250, mode="edge"), np.ones(501) / 501, mode="valid")
    turn = rng.uniform(0, 6.28) + rng.choice([-1, 1]) * 2 * np.pi * rng.uniform(0.8, 2.5) * np.cumsum(pace) / GRID_HZ
    x, y = np.full(len(t), rng.uniform(0.5, 1.2)), np.full(len(t), rng.uniform(0.4, 0.65))
    return Motion(x, y, speed=np.clip(pace, 0, 1), turn=turn)


def still(rng: np.random.Generator, duration_s: float) -> Motion:
    """Nothing moves but, in some, the picture itself (rain, fire, foliage)."""
    n = int(duration_s * GRID_HZ)
    return Motion(np.full(n, 0.8), np.full(n, 0.5), flicker=float(rng.choice([0.0, rng.uniform(3, 20)])))


STRIKING: tuple[Callable[[np.random.Generator, float], Motion], ...] = (bounce, hammer, shuttle, knocks)


def _background(rng: np.random.Generator, height: int, width: int) -> Plane:
    base = np.full((height, width), rng.uniform(20, 220), np.float32)
    if rng.random() < 0.7:
        base += np.linspace(rng.uniform(-50, 50), rng.uniform(-50, 50), height, dtype=np.float32)[:, None]
    if rng.random() < 0.5:
        coarse = rng.normal(0, rng.uniform(4, 30), (rng.integers(4, 24), rng.integers(4, 40))).astype(np.float32)
        base += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    if rng.random() < 0.6:
        base[int(height * rng.uniform(0.7, 0.95)) :] += rng.uniform(-60, 60)
    return np.clip(base, 0, 255)


def _wheel(image: Plane, centre: tuple[float, float], radius: float, turn: float, shade: float) -> None:
    """A rim with three spokes, one of them thick, so that its turning is seen."""
    place = (round(centre[0] * 16), round(centre[1] * 16))
    cv2.circle(image, place, round(radius * 16), shade, max(2, round(radius / 5)), cv2.LINE_AA, 4)
    for k in range(3):
        angle = turn + 2 * np.pi * k / 3
        tip = (round(place[0] + 16 * radius * np.cos(angle)), round(place[1] + 16 * radius * np.sin(angle)))
        cv2.line(image, place, tip, shade, max(1, round(radius / (4 if k == 0 else 8))), cv2.LINE_AA, 4)


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """What is chosen once for a film: its place, its thing and its camera."""

    background: Plane
    """(height, width), 0 to 255."""
    fps: float
    radius: float
    """Of the thing, in pixels."""
    shade: float
    corners: Curve | None
    """Angles of a box's corners; None for a ball."""
    noise: float
    quality: int
    """Of the JPEGs."""
    shake: float
    """Spread of the camera's place, in pixels."""
    other: Motion | None
    """Something else that moves, and strikes nothing."""
    striped: bool
    debris: tuple[Debris | None, ...]
    """What each strike throws up."""

    def place(self, x: float, y: float) -> tuple[float, float]:
        """A point in picture heights, in pixels; a narrow picture shows as much as a wide one."""
        height, width = self.background.shape
        return x * height * (width / height / (16 / 9)), y * height


def _look(rng: np.random.Generator, motion: Motion, height: int) -> _Look:
    width, fps = round(height * rng.choice([4 / 3, 16 / 9, 16 / 9])), float(rng.choice(FPS))
    background = _background(rng, height, width)
    radius = height * rng.uniform(0.03, 0.14)
    shade = (background.mean() + rng.choice([-1, 1]) * rng.uniform(50, 120)) % 255
    is_box, turn = rng.random() < 0.4, rng.uniform(0, 6.28)
    noise, quality = rng.choice([0.0, rng.uniform(0, 4)]), int(rng.integers(35, 95))
    shake = rng.choice([0.0, 0.0, rng.uniform(0, 0.8)])
    other = swing(rng, len(motion.x) / GRID_HZ) if rng.random() < 0.2 else None
    corners = turn + np.arange(4) * np.pi / 2 if is_box else None
    striped, debris = rng.random() < 0.3, thrown_up(rng, len(motion.strikes))
    return _Look(background, fps, radius, float(shade), corners, noise, quality, shake, other, striped, debris)


def draw(rng: np.random.Generator, motion: Motion, height: int = 108) -> Iterator[Frame]:
    """Frames of the motion as a decoder would give them (grey only; pixels is empty)."""
    look = _look(rng, motion, height)
    empty = np.zeros((0, 0, 3), np.uint8)
    for k in range(int(len(motion.x) / GRID_HZ * look.fps)):
        at = min(int(k / look.fps * GRID_HZ), len(motion.x) - 1)
        yield Frame(round(k / look.fps * CLOCK_HZ), empty, _filmed(rng, look, _scene(rng, look, motion, at)))


def _scene(rng: np.random.Generator, look: _Look, motion: Motion, at: int) -> Plane:
    """What is before the camera at one point of the grid."""
    image: Plane = look.background.copy()
    x, y = look.place(motion.x[at], motion.y[at])
    if motion.flicker:
        height, width = image.shape
        noise = rng.normal(0, motion.flicker, (height // 3, width // 3)).astype(np.float32)
        image += cv2.resize(noise, (width, height))
    elif len(motion.turn):
        _wheel(image, (x, y), 3 * look.radius, motion.turn[at], look.shade)
    else:
        _thing(image, look, x, y)
    if look.other is not None:
        _ball(image, look.place(look.other.x[at], look.other.y[at]), 9 / 16 * look.radius, (look.shade + 90) % 255)
    if motion.pivot and not motion.flicker:
        px, py = look.place(*motion.pivot)
        thickness = max(1, round(look.radius / 2))
        cv2.line(image, (round(px), round(py)), (round(x), round(y)), look.shade, thickness, cv2.LINE_AA)
    for (time_s, _), debris in zip(motion.strikes, look.debris, strict=True):
        if debris is not None:
            then = min(round(time_s * GRID_HZ), len(motion.x) - 1)
            debris.draw(image, complex(*look.place(motion.x[then], motion.y[then])), at / GRID_HZ - time_s)
    return image


def _thing(image: Plane, look: _Look, x: float, y: float) -> None:
    """A box, or a ball that may be striped."""
    if look.corners is not None:
        points = np.stack([x + look.radius * np.cos(look.corners), y + look.radius * np.sin(look.corners)], 1)
        cv2.fillPoly(image, [np.round(points * 16).astype(np.int32)], look.shade, cv2.LINE_AA, 4)
        return
    _ball(image, (x, y), look.radius, look.shade)
    if look.striped:
        _ball(image, (x, y), look.radius / 2, 255 - look.shade)


def _ball(image: Plane, centre: tuple[float, float], radius: float, shade: float) -> None:
    place = (round(centre[0] * 16), round(centre[1] * 16))
    cv2.circle(image, place, round(radius * 16), shade, -1, cv2.LINE_AA, 4)


def _filmed(rng: np.random.Generator, look: _Look, image: Plane) -> npt.NDArray[np.uint8]:
    """The scene through a camera that shakes, with grain, as a JPEG."""
    if look.shake:
        offset = rng.normal(0, look.shake, 2)
        matrix = np.array([[1, 0, offset[0]], [0, 1, offset[1]]], np.float32)
        size = image.shape[1], image.shape[0]
        image = cv2.warpAffine(image, matrix, size, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
    grey = np.clip(image + (rng.normal(0, look.noise, image.shape) if look.noise else 0), 0, 255).astype(np.uint8)
    coded = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, look.quality])[1]
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), np.uint8)
