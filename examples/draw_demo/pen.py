"""Draws in face units on a head that sways a little and whose jaw goes down when it speaks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from canvas import Canvas, Colour, Points, smooth

UNIT = 112.0
"""Film pixels per face unit; a face is about 1.5 units wide and 2.2 high, its eyes at y = -0.16, its lips at 0.56."""
MOUTH_Y = 0.56


@dataclass(frozen=True)
class Looks:
    """What tells one person from another."""

    skin: Colour
    hair: Colour
    long_hair: bool
    jaw: float
    """Width of the jaw."""
    lips: Colour
    brow: float
    """Thickness of the brows."""
    iris: Colour
    clothes: Colour
    stubble: float


class Pen:
    """Draws in face units on a head that sways a little; points below the lips go down with the jaw."""

    def __init__(self, canvas: Canvas, time_s: float, sway: float) -> None:
        self.canvas, self.opening = canvas, 0.0
        self.x = 320 + sway * 3.0 * np.sin(1.1 * time_s)
        self.y = 166 + 1.6 * np.sin(1.7 * time_s + 1)
        self.turn = 0.012 * sway * np.sin(0.9 * time_s + 0.5)

    def place(self, points: Points, moves: float = 1.0) -> Points:
        """Face units to film pixels; `moves` is the share of the head's sway (shoulders hardly move)."""
        drop = 0.075 * self.opening * np.clip((points[:, 1] - MOUTH_Y) / 0.3, 0, 1) * (moves == 1.0)
        turn = self.turn * moves
        x, y = points[:, 0] * UNIT, (points[:, 1] + drop) * UNIT
        centre_x, centre_y = 320 + (self.x - 320) * moves, 166 + (self.y - 166) * moves
        return np.stack(
            [centre_x + x * np.cos(turn) - y * np.sin(turn), centre_y + x * np.sin(turn) + y * np.cos(turn)], 1
        )

    def fill(
        self,
        points: Points,
        paint: Colour | tuple[Colour, Colour],
        blur: float = 0.0,
        opacity: float = 1.0,
        inside: Points | None = None,
        moves: float = 1.0,
    ) -> None:
        clip = None if inside is None else self.place(inside, moves)
        self.canvas.fill(self.place(points, moves), paint, blur=blur * UNIT, opacity=opacity, inside=clip)

    def line(
        self, points: Points, colour: Colour, width: float, blur: float = 0.0, opacity: float = 1.0, moves: float = 1.0
    ) -> None:
        self.canvas.line(self.place(points, moves), colour, width * UNIT, blur=blur * UNIT, opacity=opacity)


def tone(colour: Colour, factor: float) -> Colour:
    """Darker tones of skin and hair are redder, as in life."""
    return (colour[0] * factor**0.85, colour[1] * factor, colour[2] * factor**1.1)


def mirrored(corners: list[tuple[float, float]]) -> Points:
    """A closed curve from its right half, from top to bottom."""
    return smooth([*corners, *[(-x, y) for x, y in reversed(corners) if x != 0.0]])
