"""A car that drives through the evening, from left to right: body, lit windows, wheels that roll without slipping."""

from __future__ import annotations

import numpy as np
from canvas import Canvas, Image, Points, blank, clouds, ellipse, polygon, rectangle, smooth, turned, vignette

DURATION_S = 6.0
ROAD_Y = 300.0
"""Where the tyres touch."""
RADIUS = 25.0


def position(time_s: float) -> float:
    """x of the car's middle, in film pixels: slow in, then steady."""
    return -150.0 + 128.0 * time_s + 4.5 * time_s * time_s


class Street:
    def __init__(self, rng: np.random.Generator) -> None:
        self.scenery = _scenery(rng)
        self.front = _lamp_light()

    def draw(self, time_s: float) -> Image:
        """The picture at `time_s` seconds from the start of the shot."""
        canvas = Canvas(self.scenery)
        x = position(time_s)
        bob = 0.8 * np.sin(6.1 * time_s) + 0.4 * np.sin(11.3 * time_s)
        _shadow(canvas, x)
        _beams(canvas, x)
        _body(canvas, x, bob)
        for dx in (-66.0, 70.0):
            _wheel(canvas, x + dx, ROAD_Y - RADIUS, x / RADIUS)
        canvas.fill(rectangle(446, 92, 454, 318), ((0.1, 0.095, 0.12), (0.05, 0.05, 0.06)))
        return canvas.pixels + self.front


def _scenery(rng: np.random.Generator) -> Image:
    sky = blank(((0.16, 0.19, 0.34), (1.0, 0.62, 0.38)))
    sky = sky * 0.9 + 0.06
    cover = (
        np.clip(clouds(rng) * 1.7 - 0.6, 0, 1)[..., None]
        * np.linspace(1, 0.1, sky.shape[0], dtype=np.float32)[:, None, None]
    )
    sky = sky * (1 - 0.75 * cover) + np.array([0.2, 0.17, 0.25], np.float32) * 0.75 * cover
    canvas = Canvas(sky)
    canvas.fill(ellipse(150, 214, 70, 60), (0.9, 0.5, 0.2), blur=30, glow=True, opacity=0.5)
    canvas.fill(ellipse(150, 214, 20, 20), (1.0, 0.86, 0.6), blur=1.5)
    for base, tone, wild in ((214, 0.42, 20), (232, 0.3, 14)):
        ridge = [(x, base + wild * (rng.random() - 0.5) * 2) for x in range(-40, 700, 46)]
        hills = np.concatenate([smooth(ridge, closed=False), [[700, 370], [-40, 370]]])
        canvas.fill(hills, ((tone * 0.95, tone * 0.72, tone), (tone * 0.5, tone * 0.42, tone * 0.6)))
    _houses(canvas, rng)
    canvas.fill(rectangle(0, 258, 640, 272), ((0.3, 0.27, 0.3), (0.24, 0.215, 0.24)))
    canvas.fill(rectangle(0, 271, 640, 275), (0.13, 0.115, 0.13))
    canvas.fill(rectangle(0, 275, 640, 360), ((0.2, 0.185, 0.215), (0.12, 0.11, 0.135)))
    for x in range(-30, 680, 96):
        canvas.fill(
            np.array([[x, 324], [x + 46, 324], [x + 42, 329], [x - 6, 329]], np.float64),
            (0.66, 0.6, 0.5),
            blur=0.8,
            opacity=0.75,
        )
    canvas.fill(ellipse(150, 300, 130, 22), (0.6, 0.32, 0.16), blur=16, glow=True, opacity=0.3)
    texture = 0.94 + 0.12 * clouds(rng, 8)
    return canvas.pixels * texture[..., None] * vignette(0.35)


def _houses(canvas: Canvas, rng: np.random.Generator) -> None:
    x = -30.0
    while x < 660:
        wide, tall = rng.uniform(60, 110), rng.uniform(50, 96)
        tone = rng.uniform(0.17, 0.25)
        wall = rectangle(x, 260 - tall, x + wide, 260)
        canvas.fill(wall, ((tone * 1.15, tone * 0.9, tone), (tone * 0.8, tone * 0.66, tone * 0.8)))
        roof = np.array([[x - 6, 260 - tall], [x + wide / 2, 260 - tall - wide * 0.34], [x + wide + 6, 260 - tall]])
        canvas.fill(roof, ((0.24, 0.13, 0.13), (0.16, 0.09, 0.1)))
        for wx in np.arange(x + 12, x + wide - 18, 24):
            for wy in np.arange(260 - tall + 10, 236, 28):
                lit = rng.random() < 0.45
                window = rectangle(wx, wy, wx + 12, wy + 16)
                canvas.fill(
                    window, ((1.0, 0.82, 0.5), (0.95, 0.66, 0.3)) if lit else ((0.22, 0.22, 0.3), (0.14, 0.13, 0.18))
                )
                canvas.line(np.array([[wx + 6, wy], [wx + 6, wy + 16]]), (0.1, 0.08, 0.09), 1.0)
                if lit:
                    canvas.fill(window, (0.5, 0.3, 0.1), blur=6, glow=True, opacity=0.4)
        x += wide + rng.uniform(8, 34)
    for tx in (38, 292, 560):
        canvas.fill(rectangle(tx - 4, 200, tx + 4, 262), (0.11, 0.08, 0.08))
        for _ in range(34):
            dx, dy, size = rng.normal(0, 17), rng.normal(0, 16), rng.uniform(7, 15)
            shade = 0.1 + 0.06 * (dy < 0) + 0.03 * rng.random()
            canvas.fill(
                ellipse(tx + dx, 184 + dy, size, size * 0.85),
                (shade * 0.9, shade * 1.1, shade * 0.85),
                blur=1.2,
                opacity=0.8,
            )


def _lamp_light() -> Image:
    """Light of the street lamp, which shines on what passes."""
    canvas = Canvas(np.zeros_like(blank(((0.0, 0.0, 0.0), (0.0, 0.0, 0.0)))))
    canvas.fill(
        np.array([[440, 100], [460, 100], [560, 320], [340, 320]], np.float64),
        (0.2, 0.15, 0.08),
        blur=14,
        glow=True,
        opacity=0.7,
    )
    canvas.fill(ellipse(450, 92, 24, 20), (0.8, 0.6, 0.32), blur=10, glow=True)
    canvas.fill(ellipse(450, 93, 9, 6), (1.0, 0.9, 0.65), blur=1.5, glow=True)
    return canvas.pixels


def _shadow(canvas: Canvas, x: float) -> None:
    canvas.fill(ellipse(x, ROAD_Y + 1, 122, 8), (0.02, 0.02, 0.03), blur=4, opacity=0.85)


def _beams(canvas: Canvas, x: float) -> None:
    beam = np.array([[x + 116, 262], [x + 330, 282], [x + 330, 322], [x + 116, 274]])
    canvas.fill(beam, (0.5, 0.44, 0.3), blur=9, glow=True, opacity=0.5)
    canvas.fill(ellipse(x + 230, 306, 90, 9), (0.5, 0.43, 0.28), blur=8, glow=True, opacity=0.6)
    canvas.fill(ellipse(x - 124, 268, 22, 14), (0.7, 0.08, 0.05), blur=8, glow=True, opacity=0.6)


def _body(canvas: Canvas, x: float, bob: float) -> None:
    def here(corners: list[tuple[float, float]]) -> Points:
        return smooth([(x + cx, ROAD_Y + cy + bob) for cx, cy in corners])

    shell = here(
        polygon(
            "-121,-20 -124,-44 -116,-60 -82,-66 -58,-92 -20,-100 24,-98 54,-70 "
            "98,-62 118,-50 123,-30 118,-16 60,-14 -60,-14"
        )
    )
    canvas.fill(shell, ((0.95, 0.4, 0.32), (0.36, 0.06, 0.08)))
    canvas.fill(
        here(polygon("-116,-58 -60,-64 40,-64 112,-54 112,-50 40,-58 -60,-58 -116,-52")),
        (1.0, 0.74, 0.6),
        blur=1.6,
        opacity=0.65,
        inside=shell,
    )
    canvas.fill(
        here([(-122, -22), (122, -24), (122, -8), (-122, -8)]), (0.1, 0.03, 0.05), blur=5, opacity=0.75, inside=shell
    )
    for glass in (polygon("-70,-66 -52,-87 -20,-93 -12,-92 -12,-66"), polygon("-4,-66 -4,-92 18,-91 38,-74 42,-66")):
        pane = np.array([(x + cx, ROAD_Y + cy + bob) for cx, cy in glass])
        canvas.fill(pane, ((0.42, 0.44, 0.56), (0.12, 0.12, 0.17)))
        shine = np.array(
            [(x + glass[0][0] + dx, ROAD_Y + dy + bob) for dx, dy in ((20, -66), (34, -93), (44, -93), (30, -66))]
        )
        canvas.fill(shine, (1.0, 0.8, 0.66), blur=2, opacity=0.3, inside=pane)
    canvas.fill(ellipse(x + 14, ROAD_Y - 75 + bob, 8, 9), (0.1, 0.08, 0.09), opacity=0.85)
    for seam in (-14, 46):
        canvas.line(
            np.array([[x + seam, ROAD_Y - 64 + bob], [x + seam - 2, ROAD_Y - 20 + bob]]),
            (0.25, 0.05, 0.06),
            1.0,
            opacity=0.8,
        )
    canvas.fill(rectangle(x - 32, ROAD_Y - 54 + bob, x - 20, ROAD_Y - 51 + bob), (0.85, 0.8, 0.76))
    canvas.fill(ellipse(x + 115, ROAD_Y - 45 + bob, 7, 8), (1.0, 0.95, 0.78), blur=0.8)
    canvas.fill(ellipse(x + 117, ROAD_Y - 45 + bob, 16, 14), (0.9, 0.75, 0.45), blur=7, glow=True, opacity=0.8)
    canvas.fill(ellipse(x - 120, ROAD_Y - 46 + bob, 4, 8), (1.0, 0.2, 0.14), blur=0.8)
    for dx in (-66.0, 70.0):
        canvas.fill(ellipse(x + dx, ROAD_Y - RADIUS, RADIUS + 5, RADIUS + 5), (0.05, 0.03, 0.04), inside=shell)


def _wheel(canvas: Canvas, x: float, y: float, turn: float) -> None:
    canvas.fill(ellipse(x, y, RADIUS, RADIUS), ((0.13, 0.12, 0.13), (0.035, 0.035, 0.04)))
    canvas.fill(ellipse(x, y, 16, 16), ((0.5, 0.48, 0.5), (0.25, 0.24, 0.27)))
    canvas.fill(ellipse(x, y, 13.5, 13.5), (0.1, 0.095, 0.11))
    for k in range(5):
        spoke = np.array([[x - 2.6, y], [x - 1.7, y - 14], [x + 1.7, y - 14], [x + 2.6, y]])
        canvas.fill(turned(spoke, turn + 2 * np.pi * k / 5, (x, y)), (0.72, 0.69, 0.7))
    canvas.fill(ellipse(x, y, 4, 4), ((0.9, 0.87, 0.86), (0.45, 0.43, 0.45)))
