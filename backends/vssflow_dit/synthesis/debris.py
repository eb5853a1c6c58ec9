"""What a strike throws up in a drawn film: sparks or chips that fly and fall, a glow, a cloud of dust.

All of it moves on after the thing has stopped, and none of it is a strike: the reader learns to look past it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

Plane: TypeAlias = npt.NDArray[np.float32]
GRAVITY = 1.3
"""Picture heights a second, each second: a smithy some three metres high."""
DRAG_S = 0.45
"""Time in which the air slows a chip to a third."""
SEEN_S = 0.6
"""No debris is seen for longer."""


@dataclass(frozen=True, slots=True, eq=False)
class Debris:
    """What one strike throws up."""

    ways: npt.NDArray[np.complexfloating[Any, Any]]
    """(n,) in picture heights a second, x + iy, y downwards."""
    lives_s: npt.NDArray[np.float64]
    shade: float
    """Grey level of the chips."""
    glow: float
    """Grey levels by which the place lights up."""
    glow_s: float
    """In which that falls to a third."""
    dust: float
    """Part of what lies behind it that the cloud hides, at its densest."""
    size: float
    """Of glow and cloud, in picture heights."""

    def draw(self, image: Plane, place: complex, age_s: float) -> None:
        """Onto the picture (height, width), in place; `place` in pixels, seconds after the strike."""
        if not 0.0 <= age_s < SEEN_S:
            return
        height = image.shape[0]
        if self.glow:
            _cloud(image, place, self.size * height, 255.0, self.glow / 255.0 * float(np.exp(-age_s / self.glow_s)))
        if self.dust:
            grown, left = self.size * (0.4 + 1.5 * min(1.0, age_s / 0.3)), max(0.0, 1 - age_s / SEEN_S)
            _cloud(image, place, grown * height, self.shade, self.dust * min(1.0, age_s / 0.08) * left)
        for way, life_s in zip(self.ways, self.lives_s, strict=True):
            if age_s < life_s:
                ends = [place + height * _flown(complex(way), age) for age in (max(0.0, age_s - 0.02), age_s)]
                first, last = ((round(end.real * 16), round(end.imag * 16)) for end in ends)
                faded = self.shade + (float(image.mean()) - self.shade) * age_s / life_s
                cv2.line(image, first, last, faded, 1, cv2.LINE_AA, 4)


def _flown(way: complex, age_s: float) -> complex:
    return way * DRAG_S * (1 - float(np.exp(-age_s / DRAG_S))) + 0.5j * GRAVITY * age_s**2


def _cloud(image: Plane, place: complex, size: float, shade: float, share: float) -> None:
    """Mixes a soft round patch into the picture."""
    reach = max(2, round(2 * size))
    top, left = max(0, round(place.imag) - reach), max(0, round(place.real) - reach)
    bottom, right = min(image.shape[0], round(place.imag) + reach), min(image.shape[1], round(place.real) + reach)
    if top >= bottom or left >= right:
        return
    down, across = np.arange(top, bottom)[:, None] - place.imag, np.arange(left, right)[None] - place.real
    weight = share * np.exp(-(down**2 + across**2) / (size * size)).astype(np.float32)
    image[top:bottom, left:right] += weight * (np.float32(shade) - image[top:bottom, left:right])


def thrown_up(rng: np.random.Generator, n: int) -> tuple[Debris | None, ...]:
    """Of each of a film's n strikes: all are of one kind; half of the films have none."""
    kind = rng.random()
    if kind < 0.5:
        return (None,) * n
    sparks, glows, clouds = kind < 0.85, kind < 0.7, kind > 0.8
    most, fast, size = int(rng.integers(4, 24)), rng.uniform(0.3, 1.5), rng.uniform(0.03, 0.15)
    shade, glow, dust = float(rng.choice([255.0, rng.uniform(0, 255)])), rng.uniform(30, 200), rng.uniform(0.1, 0.7)
    glow_s, lives_s, skewed = rng.uniform(0.03, 0.12), rng.uniform(0.08, 0.45), rng.uniform(-0.6, 0.6)
    found = []
    for _ in range(n):
        n_chips = int(rng.integers(most // 2, most + 1)) if sparks else 0
        turn = rng.uniform(-0.2, np.pi + 0.2, n_chips)
        ways = (np.cos(turn) + skewed - 1j * np.sin(turn)) * rng.gamma(3.0, fast / 3.0, n_chips)
        lives = rng.uniform(0.4, 1.0, n_chips) * lives_s
        found.append(Debris(ways, lives, shade, glow * glows, glow_s, dust * clouds, size * rng.uniform(0.7, 1.3)))
    return tuple(found)
