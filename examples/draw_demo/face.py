"""A person who talks to the camera: head, hair, eyes that blink, lips that follow the words."""

from __future__ import annotations

import numpy as np
from canvas import Canvas, Colour, Image, Points, ellipse, polygon, smooth
from hair import hair_before, hair_behind
from pen import MOUTH_Y, Looks, Pen, mirrored, tone
from visemes import Lips, Mouth


class Person:
    """One person before a background, saying one line."""

    def __init__(self, looks: Looks, background: Image, mouth: Mouth, blinks_s: tuple[float, ...], sway: float) -> None:
        self.looks, self.background, self.mouth = looks, background, mouth
        self.blinks_s, self.sway = blinks_s, sway

    def draw(self, time_s: float) -> Image:
        """The picture at `time_s` seconds from the start of the shot."""
        pen = Pen(Canvas(self.background), time_s, self.sway)
        lips = self.mouth.at(time_s)
        pen.opening = lips.opening
        shut = max((max(0.0, 1 - abs(time_s - blink) / 0.09) for blink in self.blinks_s), default=0.0)
        if self.looks.long_hair:
            hair_behind(pen, self.looks)
        _shoulders(pen, self.looks)
        _head(pen, self.looks)
        for side in (-1, 1):
            _eye(pen, self.looks, side, min(1.0, 1.4 * shut))
        _nose(pen, self.looks)
        _lips(pen, self.looks, lips)
        hair_before(pen, self.looks)
        return pen.canvas.pixels


def _shoulders(pen: Pen, looks: Looks) -> None:
    neck = mirrored([(0.34, 0.5), (0.36, 1.1), (0.52, 1.5), (0.4, 1.9)])
    pen.fill(neck, (tone(looks.skin, 0.55), tone(looks.skin, 0.9)), moves=0.4)
    pen.fill(ellipse(0.0, 1.04, 0.42, 0.26), tone(looks.skin, 0.4), blur=0.08, opacity=0.75, inside=neck, moves=0.4)
    right = polygon("0.22,1.62 0.38,1.47 0.47,1.36 0.8,1.45 1.25,1.6 1.6,2.0 1.7,2.6")
    body = smooth([(0.0, 1.68), *right, *[(-x, y) for x, y in reversed(right)]])
    pen.fill(body, (tone(looks.clothes, 1.15), tone(looks.clothes, 0.55)), moves=0.25)
    edge = smooth(polygon("-0.47,1.37 -0.38,1.48 -0.22,1.63 0.0,1.69 0.22,1.63 0.38,1.48 0.47,1.37"), closed=False)
    pen.line(edge, tone(looks.clothes, 1.5), 0.05, blur=0.008, moves=0.25)
    for side in (-1, 1):
        fold = smooth([(side * 0.75, 1.5), (side * 0.7, 1.62), (side * 0.84, 1.8)], closed=False)
        pen.line(fold, tone(looks.clothes, 0.5), 0.03, blur=0.03, opacity=0.7, moves=0.25)


def _head(pen: Pen, looks: Looks) -> None:
    skin, jaw = looks.skin, looks.jaw
    for side in (-1, 1):
        ear = ellipse(side * 0.755, 0.02, 0.1, 0.2, side * -0.12)
        pen.fill(ear, (tone(skin, 0.85), tone(skin, 0.68)))
        pen.fill(ellipse(side * 0.76, 0.02, 0.045, 0.12), tone(skin, 0.5), blur=0.02, opacity=0.7)
    outline = mirrored(
        [
            (0.0, -1.12),
            (0.38, -1.03),
            (0.66, -0.68),
            (0.745, -0.2),
            (0.725, 0.2),
            (0.62 * jaw, 0.62),
            (0.43 * jaw, 0.9),
            (0.2 * jaw, 1.06),
            (0.0, 1.09),
        ]
    )
    pen.fill(outline, (tone(skin, 1.04), tone(skin, 0.93)))
    shade = tone(skin, 0.5)
    pen.fill(ellipse(0.86, 0.2, 0.3, 1.1), shade, blur=0.16, opacity=0.75, inside=outline)
    pen.fill(ellipse(-0.9, 0.25, 0.25, 1.0), shade, blur=0.14, opacity=0.5, inside=outline)
    pen.fill(ellipse(0.0, 1.2, 0.5, 0.2), shade, blur=0.09, opacity=0.6, inside=outline)
    pen.fill(ellipse(0.0, -1.12, 0.8, 0.3), shade, blur=0.12, opacity=0.55, inside=outline)
    pen.fill(ellipse(-0.06, -0.62, 0.36, 0.2), tone(skin, 1.22), blur=0.14, opacity=0.5, inside=outline)
    for side in (-1, 1):
        pen.fill(ellipse(side * 0.42, 0.24, 0.18, 0.13), (0.86, 0.42, 0.36), blur=0.11, opacity=0.3, inside=outline)
        pen.fill(ellipse(side * 0.4 - 0.05, 0.12, 0.15, 0.08), tone(skin, 1.25), blur=0.08, opacity=0.4, inside=outline)
    if looks.stubble:
        beard = mirrored(polygon("0.0,0.4 0.3,0.42 0.7,0.1 0.7,0.6 0.4,1.1 0.0,1.15"))
        pen.fill(beard, tone(looks.hair, 0.9), blur=0.07, opacity=looks.stubble, inside=outline)
    pen.fill(ellipse(0.0, 0.86, 0.13, 0.08), tone(skin, 1.18), blur=0.06, opacity=0.4, inside=outline)
    pen.fill(ellipse(0.0, 0.745, 0.19, 0.04), shade, blur=0.035, opacity=0.45, inside=outline)


def _eye(pen: Pen, looks: Looks, side: int, shut: float) -> None:
    x, y, skin = side * 0.32, -0.16, looks.skin
    pen.fill(ellipse(x, y - 0.05, 0.22, 0.14), tone(skin, 0.48), blur=0.06, opacity=0.55)
    lid = 0.085 * (1 - shut)
    upper = np.stack(
        [[-0.165, -0.08, 0.01, 0.09, 0.165], np.array([0.014, 0, 0, 0, 0.005]) - np.array([0, 0.8, 1, 0.75, 0]) * lid],
        1,
    )
    upper += [x, y]
    almond = smooth(np.concatenate([upper, polygon("0.08,0.05 0.0,0.06 -0.09,0.05") + np.array([x, y])]))
    pen.fill(almond, ((0.72, 0.69, 0.68), (0.95, 0.93, 0.91)))
    if shut < 0.8:
        pen.fill(ellipse(x, y - 0.012, 0.082, 0.084), tone(looks.iris, 0.45), inside=almond)
        pen.fill(ellipse(x, y - 0.008, 0.066, 0.068), (tone(looks.iris, 0.6), tone(looks.iris, 1.25)), inside=almond)
        pen.fill(ellipse(x, y - 0.01, 0.034, 0.034), (0.02, 0.02, 0.025), inside=almond)
        pen.fill(ellipse(x - 0.026, y - 0.04, 0.017, 0.015), (1.0, 1.0, 1.0), opacity=0.95)
        pen.fill(ellipse(x, y - 0.1, 0.17, 0.06), (0.1, 0.06, 0.06), blur=0.02, opacity=0.45, inside=almond)
    else:
        pen.fill(almond, tone(skin, 0.82))
    lash = smooth([(px, py + 0.11 * shut * (1 - ((px - x) / 0.17) ** 2)) for px, py in upper], closed=False)
    pen.line(lash, (0.09, 0.055, 0.05), 0.03 if looks.long_hair else 0.022, blur=0.004)
    pen.line(
        smooth([(x - 0.15, y - 0.07), (x, y - 0.15), (x + 0.15, y - 0.075)], closed=False),
        tone(skin, 0.42),
        0.014,
        blur=0.012,
        opacity=0.7,
    )
    pen.line(
        smooth([(x - 0.14, y + 0.1), (x, y + 0.125), (x + 0.14, y + 0.09)], closed=False),
        tone(skin, 0.55),
        0.02,
        blur=0.018,
        opacity=0.5,
    )
    brow = polygon("0.12,-0.36 0.3,-0.43 0.46,-0.41 0.56,-0.33 0.45,-0.41 0.3,-0.43 0.13,-0.36")
    brow = smooth((brow + np.outer([0, 0, 0, 0, 0.7, 1.0, 1.1], [0, looks.brow])) * [side, 1])
    pen.fill(brow, tone(looks.hair, 0.6), blur=0.008, opacity=0.92)


def _nose(pen: Pen, looks: Looks) -> None:
    skin = looks.skin
    for side, depth in ((-1, 0.3), (1, 0.55)):
        bridge = smooth(polygon("0.1,-0.24 0.085,0.0 0.13,0.22 0.2,0.3 0.16,0.0") * [side, 1])
        pen.fill(bridge, tone(skin, 0.5), blur=0.035, opacity=depth)
        pen.fill(ellipse(side * 0.135, 0.27, 0.06, 0.065), tone(skin, 0.78), blur=0.02, opacity=0.6)
        pen.fill(ellipse(side * 0.075, 0.325, 0.045, 0.022, side * -0.3), tone(skin, 0.22), blur=0.01, opacity=0.85)
    pen.fill(ellipse(0.02, 0.37, 0.16, 0.035), tone(skin, 0.5), blur=0.025, opacity=0.65)
    pen.fill(ellipse(-0.012, 0.0, 0.026, 0.2), tone(skin, 1.3), blur=0.025, opacity=0.55)
    pen.fill(ellipse(-0.02, 0.235, 0.05, 0.04), tone(skin, 1.35), blur=0.022, opacity=0.65)
    for side in (-1, 1):
        crease = smooth([(side * 0.2, 0.3), (side * 0.29, 0.42), (side * 0.33, 0.54)], closed=False)
        pen.line(crease, tone(skin, 0.55), 0.02, blur=0.022, opacity=0.5)
    pen.fill(ellipse(0.0, 0.43, 0.03, 0.045), tone(skin, 0.7), blur=0.015, opacity=0.5)


def _lips(pen: Pen, looks: Looks, lips: Lips) -> None:
    wide = 0.265 * (1 + 0.1 * lips.width if lips.width > 0 else 1 + 0.32 * lips.width)
    gap, full = 0.24 * lips.opening, 0.062 * (1 + 0.25 * max(0.0, -lips.width))
    y = MOUTH_Y

    def upper_edge(u: float) -> float:
        return y - 0.3 * gap * (1 - u * u)

    def lower_edge(u: float) -> float:
        return y + 0.012 * (1 - u * u) + 0.7 * gap * (1 - u**4 * 0.35 - u * u * 0.65)

    across = np.linspace(-1, 1, 21)
    top = np.array([[u * wide, upper_edge(u)] for u in across])
    bottom = np.array([[u * wide, lower_edge(u)] for u in across])
    inner = np.concatenate([top, bottom[::-1]])
    bow = np.array(
        [
            [u * wide * 1.06, upper_edge(u) - full * (1 - u * u) * (1.0 - 0.32 * np.exp(-((u / 0.13) ** 2)))]
            for u in across
        ]
    )
    pout = np.array([[u * wide * 1.04, lower_edge(u) + 1.35 * full * (1 - u * u) ** 0.7] for u in across])
    flat = _Flat(pen)
    flat.fill(np.concatenate([bow, bottom[::-1]]), (tone(looks.lips, 0.72), tone(looks.lips, 0.85)))
    flat.fill(np.concatenate([top, pout[::-1]]), (tone(looks.lips, 0.95), tone(looks.lips, 0.88)))
    flat.fill(
        ellipse(-0.03, float(pout[10, 1]) - 0.6 * full, 0.09, 0.3 * full),
        tone(looks.lips, 1.45),
        blur=0.015,
        opacity=0.45,
    )
    if lips.opening > 0.02:
        flat.fill(inner, (0.1, 0.03, 0.03))
        if lips.opening > 0.12:
            flat.fill(
                ellipse(0.0, y + 0.8 * gap, 0.6 * wide, 0.3 * gap),
                (0.62, 0.25, 0.24),
                blur=0.015,
                opacity=0.8,
                inside=inner,
            )
        teeth = np.concatenate(
            [top, (top + min(0.055, 0.4 * gap) * np.sqrt(1 - across**2)[:, None] * [0.0, 1.0])[::-1]]
        )
        flat.fill(teeth, ((0.7, 0.66, 0.62), (0.88, 0.85, 0.8)), blur=0.004, inside=inner)
    line = tone(looks.lips, 0.35)
    flat.line(top, line, 0.014, blur=0.006, opacity=0.9)
    for side in (-1, 1):
        flat.fill(ellipse(side * wide * 1.04, y, 0.03, 0.022), line, blur=0.014, opacity=0.6)


class _Flat:
    """The lips have their own movement: the jaw must not move them twice."""

    def __init__(self, pen: Pen) -> None:
        self.pen = pen

    def fill(
        self,
        points: Points,
        paint: Colour | tuple[Colour, Colour],
        blur: float = 0.0,
        opacity: float = 1.0,
        inside: Points | None = None,
    ) -> None:
        opening, self.pen.opening = self.pen.opening, 0.0
        self.pen.fill(points, paint, blur, opacity, inside)
        self.pen.opening = opening

    def line(self, points: Points, colour: Colour, width: float, blur: float, opacity: float) -> None:
        opening, self.pen.opening = self.pen.opening, 0.0
        self.pen.line(points, colour, width, blur, opacity)
        self.pen.opening = opening
