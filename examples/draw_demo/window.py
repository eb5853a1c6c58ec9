"""Rain on a window at night: drops that hang, drops that run, streaks behind the glass, the town out of focus."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from canvas import HEIGHT, SCALE, WIDTH, Canvas, Image, blank, clouds, ellipse, polygon, rectangle, smooth, vignette

DURATION_S = 6.0


@dataclass(frozen=True)
class _Drop:
    x: float
    y: float
    size: float
    starts_s: float
    """When it begins to run."""
    speed: float
    """Film pixels per second; 0 hangs for ever."""
    appears_s: float


class RainyWindow:
    def __init__(self, rng: np.random.Generator) -> None:
        self.town = _town(rng)
        self.upside_down = np.ascontiguousarray(cv2.GaussianBlur(self.town, (0, 0), 10)[::-1, ::-1])
        self.frame = _frame()
        hanging = [
            _Drop(rng.uniform(0, WIDTH), rng.uniform(0, HEIGHT), rng.gamma(3.0, 0.75) + 0.9, 99.0, 0.0, -1.0)
            for _ in range(190)
        ]
        running = [
            _Drop(
                rng.uniform(30, 610),
                rng.uniform(-60, 180),
                rng.uniform(4.2, 6.5),
                rng.uniform(0, 5),
                rng.uniform(50, 150),
                -1.0,
            )
            for _ in range(20)
        ]
        new = [
            _Drop(rng.uniform(0, WIDTH), rng.uniform(0, HEIGHT), rng.uniform(1.6, 4.4), 99.0, 0.0, rng.uniform(0, 6))
            for _ in range(90)
        ]
        self.drops = [*hanging, *new, *running]
        self.still = Canvas(self.town)
        for drop in hanging:
            self._lens(self.still, drop.x, drop.y, drop.size)
        self.streaks = rng.uniform(0, 1, (70, 4))

    def draw(self, time_s: float) -> Image:
        """The picture at `time_s` seconds from the start of the shot."""
        canvas = Canvas(self.still.pixels)
        self._rain(canvas, time_s)
        for drop in self.drops:
            if drop.appears_s < 0 and drop.speed == 0.0:
                continue  # hangs: already in the still picture
            age = time_s - drop.appears_s
            if age < 0:
                continue
            run = drop.speed * max(0.0, time_s - drop.starts_s)
            y = drop.y + run + 5.0 * np.sin(0.06 * run)
            x = drop.x + 3.0 * np.sin(0.045 * run + drop.x)
            if run > 4:
                self._trail(canvas, drop, x, y)
            grow = min(1.0, age / 0.08) if drop.appears_s >= 0 else 1.0
            self._lens(canvas, x, float(y), drop.size * grow)
        canvas.pixels *= self.frame[..., 3:]
        canvas.pixels += self.frame[..., :3]
        return canvas.pixels

    def _lens(self, canvas: Canvas, x: float, y: float, size: float) -> None:
        """A drop shows the town upside down, is dark above and bright below."""
        if not (0 <= x < WIDTH and 0 <= y < HEIGHT):
            return
        shape = ellipse(x, y, size, size * 1.16)
        seen = self.upside_down[int(y) * SCALE, int(x) * SCALE]
        top = tuple(float(v) for v in seen * 0.32)
        bottom = tuple(float(v) for v in np.clip(seen * 1.25 + 0.1, 0, 1))
        canvas.fill(shape, (top, bottom), opacity=0.9)  # type: ignore[arg-type]
        if size > 2:
            canvas.fill(
                ellipse(x - 0.32 * size, y - 0.42 * size, 0.22 * size, 0.2 * size),
                (1.0, 1.0, 1.0),
                blur=0.3,
                opacity=0.75,
            )

    def _trail(self, canvas: Canvas, drop: _Drop, x: float, y: float) -> None:
        steps = np.linspace(0, 1, 12)
        back = np.array(
            [
                [x, y - 1.0],
                *[
                    [drop.x + 3.0 * np.sin(0.045 * (y - drop.y) * (1 - s) + drop.x), y - s * (y - drop.y)]
                    for s in steps[1:]
                ],
            ]
        )
        canvas.line(back, (0.62, 0.66, 0.74), 0.8 * drop.size, blur=1.0, opacity=0.16)

    def _rain(self, canvas: Canvas, time_s: float) -> None:
        for x, start, depth, slant in self.streaks:
            fall = (start + time_s * (1.1 + 1.0 * depth)) % 1.0
            y = -60 + fall * (HEIGHT + 120)
            long = 16 + 26 * depth
            px = x * (WIDTH + 60) - 30 - 0.12 * y
            ends = np.array([[px, y], [px - 0.12 * long, y + long]])
            canvas.line(
                ends,
                (0.55, 0.6, 0.7),
                0.6 + 0.8 * depth,
                blur=0.7,
                opacity=0.14 + 0.2 * depth + 0.04 * slant,
                glow=True,
            )


def _town(rng: np.random.Generator) -> Image:
    canvas = Canvas(blank(((0.07, 0.09, 0.16), (0.17, 0.16, 0.22))))
    x = -20.0
    while x < 660:
        wide, tall = rng.uniform(50, 100), rng.uniform(70, 210)
        canvas.fill(rectangle(x, 300 - tall, x + wide, 310), ((0.07, 0.08, 0.125), (0.1, 0.1, 0.14)), blur=5)
        x += wide + rng.uniform(0, 14)
    canvas.fill(rectangle(0, 292, 640, 370), ((0.13, 0.125, 0.165), (0.07, 0.07, 0.1)), blur=5)
    colours = ((1.0, 0.72, 0.36), (1.0, 0.86, 0.62), (0.95, 0.36, 0.26), (0.42, 0.66, 1.0), (0.45, 0.9, 0.68))
    for _ in range(64):
        place, size = (rng.uniform(0, 640), rng.uniform(110, 300)), rng.uniform(5, 17)
        light = colours[int(rng.integers(0, len(colours)))]
        disc = ellipse(*place, size, size)
        canvas.fill(disc, light, blur=0.9, opacity=float(rng.uniform(0.16, 0.5)), glow=True)
        canvas.fill(ellipse(place[0], 620 - place[1], size * 0.9, size * 1.8), light, blur=7, opacity=0.12, glow=True)
    return canvas.pixels * (0.94 + 0.12 * clouds(rng)[..., None]) * vignette(0.35)


def _frame() -> Image:
    """The window's wood: colour to add in channels 0-2, what it lets through in channel 3."""
    wood, through = Canvas(blank(((0.0, 0.0, 0.0), (0.0, 0.0, 0.0)))), Canvas(blank(((1.0, 1.0, 1.0), (1.0, 1.0, 1.0))))
    bars = ((rectangle(312, -9, 328, 369)), rectangle(-9, 116, 649, 128), rectangle(-9, 340, 649, 380))
    for bar in bars:
        through.fill(bar, (0.0, 0.0, 0.0))
        wood.fill(bar, ((0.16, 0.125, 0.105), (0.1, 0.075, 0.065)))
    for x in (312, 328):
        wood.line(np.array([[x, 0.0], [x, 340.0]]), (0.27, 0.21, 0.17), 1.2, blur=0.4, opacity=0.8)
    sill = smooth(polygon("-9,346 320,344 649,346 649,352 -9,352"))
    wood.fill(sill, (0.3, 0.25, 0.22), blur=2, opacity=0.6)
    return np.concatenate([wood.pixels, through.pixels[..., :1]], axis=2)
