"""Another look for things that strike: lit, shadowed, blurred by their motion, before walls and floors.

`synthesis.pictures` draws what the strike reader learns from, flat and sharp; nothing here is shared with it but the
motion itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from vssflow_dit.synthesis.pictures import GRID_HZ, Motion
from vssflow_post.backend import Frame
from vssflow_post.timeline import CLOCK_HZ

Plane: TypeAlias = npt.NDArray[np.float32]
HEIGHT, WIDTH = 144, 256
FPS = (24.0, 25.0, 30.0)
EXPOSURES = 3
"""Moments averaged into a picture, over half of its time."""
NO_PIXELS = np.zeros((0, 0, 3), np.uint8)


def drawn(rng: np.random.Generator, motion: Motion) -> Iterator[Frame]:
    """Frames of the motion, grey only, as a camera at rest would see them."""
    fps, room, thing = float(rng.choice(FPS)), _room(rng), _thing(rng)
    floor_y = float(motion.y.max()) * HEIGHT + thing.shape[0] / 2
    grain, arm = rng.uniform(0.5, 2.5), _hue(rng, room.mean())
    for k in range(int(len(motion.x) / GRID_HZ * fps)):
        moments = (k + np.arange(EXPOSURES) / EXPOSURES / 2) / fps * GRID_HZ
        planes = [_exposed(room, thing, motion, min(int(at), len(motion.x) - 1), floor_y, arm) for at in moments]
        image = np.mean(planes, axis=0) + rng.normal(0, grain, (HEIGHT, WIDTH))
        yield Frame(round(k / fps * CLOCK_HZ), NO_PIXELS, np.clip(image, 0, 255).astype(np.uint8))


def _hue(rng: np.random.Generator, ground: float) -> float:
    """A grey that stands out from `ground`."""
    return float(rng.uniform(15, 70) if ground > 110 else rng.uniform(170, 240))


def _room(rng: np.random.Generator) -> Plane:
    """A papered or tiled wall over a floor of boards, lit from one side."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    base, pattern = rng.uniform(60, 180), rng.uniform(6, 16)
    if rng.random() < 0.5:
        wall = base + 10 * np.sign(np.sin(x / pattern)) * (np.abs(np.sin(x / pattern)) > 0.8)
    else:
        wall = base - 22 * ((x % (3 * pattern) < 1.5) | (y % (2 * pattern) < 1.5))
    horizon = HEIGHT * rng.uniform(0.6, 0.75)
    boards = 0.75 * base + 12 * np.sin((x - WIDTH / 2) / (y - horizon + 18) * 9)
    light = 1.15 - 0.3 * np.hypot(x - rng.uniform(0, WIDTH), y - rng.uniform(-40, 40)) / WIDTH
    soft = cv2.GaussianBlur(np.where(y > horizon, boards, wall).astype(np.float32), (0, 0), 0.8)
    return np.asarray(soft * light, np.float32)


def _thing(rng: np.random.Generator) -> Plane:
    """A lit ball, egg or block: (h, w, 2) of its grey and how far it covers, 0..1."""
    radius = HEIGHT * rng.uniform(0.05, 0.11)
    tall = rng.uniform(0.8, 1.25)
    size = 2 * round(radius * 1.4) + 1
    y, x = np.mgrid[0:size, 0:size].astype(np.float32) - size // 2
    power = float(rng.choice([2.0, 2.0, 6.0]))
    inside = (np.abs(x / radius) ** power + np.abs(y / radius / tall) ** power) ** (1 / power)
    cover = np.clip((1.0 - inside) * radius + 0.5, 0, 1)
    lit = np.clip(1.0 - np.hypot(x + 0.35 * radius, y + 0.4 * radius) / (1.9 * radius), 0.15, 1.0)
    band = 1.0 - 0.35 * (np.abs(y) < radius * rng.uniform(0.1, 0.25)) * (rng.random() < 0.5)
    return np.stack([255 * lit * band * rng.uniform(0.5, 1.0), cover], axis=-1).astype(np.float32)


def _exposed(room: Plane, thing: Plane, motion: Motion, at: int, floor_y: float, arm: float) -> Plane:
    """The room at one moment: the shadow, the arm where there is one, the thing."""
    image = room.copy()
    x, y = float(motion.x[at]) * HEIGHT, float(motion.y[at]) * HEIGHT
    near = float(np.clip(1 - (floor_y - y) / HEIGHT, 0.1, 1.0))
    shade = np.ones_like(image)
    axes = (round(thing.shape[1] * (0.75 - 0.3 * near) * 16), round(thing.shape[0] * 0.12 * 16))
    cv2.ellipse(shade, (round(x * 16), round(floor_y * 16)), axes, 0, 0, 360, 1 - 0.4 * near, -1, cv2.LINE_AA, 4)
    image *= shade
    if motion.pivot:
        pivot = round(motion.pivot[0] * HEIGHT), round(motion.pivot[1] * HEIGHT)
        cv2.line(image, pivot, (round(x), round(y)), arm, max(2, thing.shape[0] // 6), cv2.LINE_AA)
    shift = np.array([[1, 0, x - thing.shape[1] / 2], [0, 1, y - thing.shape[0] / 2]], np.float32)
    placed = cv2.warpAffine(thing, shift, (WIDTH, HEIGHT))
    return np.asarray(image * (1 - placed[..., 1]) + placed[..., 0] * placed[..., 1], np.float32)
