"""A smith at his anvil: five blows on a glowing bar, at times that are known exactly."""

from __future__ import annotations

import numpy as np
from canvas import Canvas, Image, Points, blank, clouds, ellipse, polygon, rectangle, smooth, turned, vignette

STRIKES_S = (0.9, 1.95, 3.1, 4.15, 5.25)
"""When the hammer meets the bar, seconds from the start of the shot."""
DURATION_S = 6.0

LIFT = 0.33
"""How far the arm goes up, radians."""
FALL_S = 0.2
"""From the top to the blow: the angle falls with constant acceleration."""
HOLD_S = 0.06
RISE_S = 0.55
RECOIL = 0.02
"""How far a blow throws the hammer back, radians."""
ELBOW = (588.0, 226.0)
WRIST = (452.0, 214.0)
CONTACT = (262.0, 221.0)


def arm_angle(time_s: float) -> float:
    """Radians above contact. Before a blow it falls by 1 - (t / FALL_S)^2, so it is fastest at the blow itself."""
    since = min((time_s - s for s in STRIKES_S if s <= time_s), default=9.0)
    recoil = RECOIL * min(1.0, since / 0.05) * float(np.exp(-since / 0.15))
    left = min((s - time_s for s in STRIKES_S if s > time_s), default=9.0)
    if left < FALL_S:
        return LIFT * (1 - (1 - left / FALL_S) ** 2)
    raised = LIFT * _ease(min(1.0, max(0.0, 1 - (left - FALL_S - HOLD_S) / RISE_S)))
    return max(raised, recoil)


def _ease(x: float) -> float:
    return x * x * x * (10 - 15 * x + 6 * x * x)


class Smithy:
    def __init__(self, rng: np.random.Generator) -> None:
        room = Canvas(_room(rng))
        _anvil(room)
        self.room = room.pixels
        light = Canvas(np.zeros_like(self.room))
        light.fill(ellipse(120, 210, 170, 150), (0.3, 0.105, 0.02), blur=45, glow=True)
        light.fill(ellipse(248, 228, 78, 20), (0.45, 0.15, 0.025), blur=15, glow=True)
        self.firelight = light.pixels
        self.sparks = [_Sparks(rng, strike) for strike in STRIKES_S]

    def draw(self, time_s: float) -> Image:
        """The picture at `time_s` seconds from the start of the shot."""
        heat = 0.82 + 0.05 * np.sin(7.3 * time_s) + 0.03 * np.sin(17.1 * time_s + 1)
        canvas = Canvas(self.room + np.float32(heat) * self.firelight)
        flash = max((np.exp(-(time_s - s) / 0.07) for s in STRIKES_S if time_s >= s), default=0.0)
        _bar(canvas, float(heat), float(flash))
        _arm(canvas, arm_angle(time_s))
        for sparks in self.sparks:
            sparks.draw(canvas, time_s)
        if flash > 0.02:
            canvas.fill(ellipse(*CONTACT, 60, 36), (1.0, 0.62, 0.25), blur=24, glow=True, opacity=float(0.5 * flash))
        return canvas.pixels


def _room(rng: np.random.Generator) -> Image:
    picture = blank(((0.075, 0.07, 0.085), (0.16, 0.115, 0.09)))
    canvas = Canvas(picture)
    for row in range(9):
        for column in range(-1, 9):
            x, y = column * 84 + (row % 2) * 42, row * 31 - 4
            tone = 0.1 + 0.035 * rng.random()
            stone = rectangle(x + 2, y + 2, x + 82, y + 29)
            canvas.fill(stone, ((tone * 1.35, tone * 1.15, tone * 1.05), (tone, tone * 0.85, tone * 0.8)), blur=0.8)
    canvas.fill(
        smooth(polygon("12,300 14,130 60,78 118,76 168,128 172,300")),
        ((0.04, 0.025, 0.02), (0.09, 0.03, 0.015)),
        blur=1.5,
    )
    for x, height in ((52, 46), (76, 62), (98, 52), (120, 68), (138, 44)):
        flame = smooth(
            [(x - 14, 262), (x - 6, 262 - height * 0.6), (x, 262 - height), (x + 7, 262 - height * 0.5), (x + 14, 262)]
        )
        canvas.fill(flame, ((1.0, 0.5, 0.08), (0.95, 0.28, 0.03)), blur=4, opacity=0.8)
    canvas.fill(rectangle(14, 256, 170, 300), ((0.85, 0.24, 0.04), (0.2, 0.05, 0.02)), blur=3)
    canvas.fill(rectangle(0, 296, 640, 360), ((0.13, 0.1, 0.085), (0.05, 0.04, 0.037)))
    for index, x in enumerate((330, 372, 410)):
        canvas.line(np.array([[x, 40.0], [x, 105.0 + 12 * index]]), (0.03, 0.028, 0.03), 5)
        canvas.fill(ellipse(x, 112 + 12 * index, 13, 11), (0.035, 0.032, 0.035))
        canvas.fill(ellipse(x - 3, 110 + 12 * index, 5, 6), (0.2, 0.11, 0.06), blur=2.5, opacity=0.8)
    canvas.line(np.array([[310.0, 40.0], [440.0, 40.0]]), (0.16, 0.1, 0.06), 7)
    texture = 1.25 + 0.4 * clouds(rng, 8)
    return canvas.pixels * texture[..., None] * vignette(0.5)


def _anvil(canvas: Canvas) -> None:
    canvas.fill(ellipse(262, 350, 130, 16), (0.0, 0.0, 0.0), blur=9, opacity=0.7)
    stump = smooth(polygon("196,300 262,292 330,300 338,362 262,380 186,362"))
    canvas.fill(stump, ((0.26, 0.17, 0.1), (0.09, 0.06, 0.04)))
    for x in (212, 234, 262, 290, 312):
        canvas.line(
            np.array([[x, 304.0], [x + (x - 262) * 0.08, 360.0]]), (0.06, 0.04, 0.03), 1.5, blur=0.6, opacity=0.7
        )
    canvas.fill(ellipse(262, 300, 66, 9), ((0.3, 0.2, 0.12), (0.2, 0.13, 0.08)))
    body = polygon(
        "128,240 186,233 344,233 344,252 312,260 296,272 300,288 324,300 204,300 226,288 230,272 206,262 166,255"
    )
    canvas.fill(body, ((0.3, 0.3, 0.33), (0.07, 0.07, 0.08)))
    canvas.fill(rectangle(186, 233, 344, 238), ((0.62, 0.6, 0.6), (0.36, 0.35, 0.37)))
    canvas.fill(np.array([[128, 240], [186, 233], [186, 238]], np.float64), (0.5, 0.46, 0.44), blur=0.7)
    canvas.fill(ellipse(180, 268, 46, 26), (0.75, 0.27, 0.06), blur=13, opacity=0.3, inside=body)


def _bar(canvas: Canvas, heat: float, flash: float) -> None:
    bar = np.array([[178, 223], [306, 223], [306, 233], [178, 233]], np.float64)
    canvas.fill(bar, ((1.0, 0.72 * heat, 0.3 * heat), (0.95, 0.36 * heat, 0.08)))
    canvas.fill(rectangle(286, 223, 306, 233), (0.35, 0.1, 0.05), blur=5, opacity=0.75, inside=bar)
    canvas.fill(ellipse(CONTACT[0], 227, 26, 5), (1.0, 0.95, 0.75), blur=3, opacity=0.35 + 0.6 * flash, inside=bar)


def _arm(canvas: Canvas, angle: float) -> None:
    """Forearm about the elbow, hammer about the wrist, which leads a little on the way up."""

    def at_wrist(points: Points) -> Points:
        return turned(turned(points, 0.75 * angle, WRIST), angle, ELBOW)

    def at_elbow(points: Points) -> Points:
        return turned(points, angle, ELBOW)

    shadow = 1.0 - min(1.0, angle / LIFT)
    canvas.fill(ellipse(CONTACT[0], 236, 40, 4), (0, 0, 0), blur=4, opacity=0.15 + 0.35 * shadow)
    handle = np.array([[246, 190], [470, 207], [470, 219], [246, 202]], np.float64)
    canvas.fill(at_wrist(handle), ((0.52, 0.34, 0.18), (0.24, 0.14, 0.07)))
    head = polygon("240,160 286,160 290,168 290,216 284,221 240,221 234,216 234,168")
    canvas.fill(at_wrist(head), ((0.36, 0.37, 0.4), (0.13, 0.12, 0.13)))
    canvas.fill(at_wrist(rectangle(240, 164, 252, 214)), (0.62, 0.6, 0.6), blur=3, opacity=0.55)
    canvas.fill(at_wrist(rectangle(236, 212, 288, 221)), (0.8, 0.36, 0.12), blur=3, opacity=0.35, inside=at_wrist(head))
    forearm = smooth(polygon("436,196 500,186 566,188 640,196 680,230 640,262 560,252 492,238 438,230"))
    canvas.fill(at_elbow(forearm), ((0.68, 0.46, 0.34), (0.33, 0.19, 0.13)))
    canvas.fill(
        at_elbow(smooth(polygon("450,200 510,194 580,198 576,208 500,206"))), (0.86, 0.62, 0.46), blur=5, opacity=0.5
    )
    sleeve = smooth(polygon("548,178 600,172 690,170 720,240 690,290 598,270 546,262 538,220"))
    canvas.fill(at_elbow(sleeve), ((0.26, 0.3, 0.38), (0.1, 0.12, 0.17)))
    for x in (556, 574, 604):
        fold = smooth([(x, 186), (x - 7, 220), (x + 2, 256)], closed=False)
        canvas.line(at_elbow(fold), (0.07, 0.08, 0.12), 3, blur=2.2, opacity=0.8)
    glove = smooth(polygon("430,196 452,190 480,196 486,214 476,234 450,238 428,230 422,212"))
    canvas.fill(at_elbow(glove), ((0.42, 0.27, 0.16), (0.17, 0.1, 0.06)))
    for x in (434, 447, 460):
        canvas.line(at_elbow(np.array([[x, 203.0], [x - 2, 226.0]])), (0.1, 0.06, 0.04), 1.6, blur=0.7)


class _Sparks:
    """Glowing chips thrown by one blow: they fly, fall and go out within a quarter of a second."""

    def __init__(self, rng: np.random.Generator, strike_s: float, n: int = 15) -> None:
        self.strike_s = strike_s
        direction = rng.uniform(-0.15, np.pi + 0.15, n)
        speed = rng.gamma(3.0, 90.0, n)
        self.velocity = np.stack([np.cos(direction), -np.sin(direction) * 0.8], 1) * speed[:, None]
        self.life_s = rng.uniform(0.08, 0.22, n)

    def draw(self, canvas: Canvas, time_s: float) -> None:
        age = time_s - self.strike_s
        if not 0 <= age < 0.25:
            return
        for velocity, life in zip(self.velocity, self.life_s, strict=True):
            if age < life:
                ends = [self._place(velocity, max(0.0, age - 0.026)), self._place(velocity, age)]
                left = 1 - age / life
                canvas.line(
                    np.array(ends), (1.0, 0.45 + 0.45 * left, 0.12 + 0.4 * left), 1.4, opacity=float(left), glow=True
                )

    def _place(self, velocity: Points, age: float) -> Points:
        drag = (1 - np.exp(-2.2 * age)) / 2.2
        return np.array([CONTACT[0], CONTACT[1] + 2]) + velocity * drag + np.array([0.0, 450.0 * age * age])
