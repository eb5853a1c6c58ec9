"""The cast: who they are, where they stand and what they say."""

from __future__ import annotations

import numpy as np
from canvas import Canvas, Image, blank, clouds, ellipse, rectangle, vignette
from face import Person
from pen import Looks
from visemes import Mouth

DURATION_S = 5.0
ANNA_LINE = "The storm is coming and we have to leave now."
ANNA_SOUNDS = "DH AH | S T AO R M | IH Z | K AH M IH NG | AE N D | W IY | HH AE V | T UW | L IY V | N AW"
ANNA_SAYS_S = (0.9, 3.6)
TOM_LINE = "Wait here and I will bring the car around."
TOM_SOUNDS = "W EY T | HH IY R | AE N D | AY | W IH L | B R IH NG | DH AH | K AA R | ER AW N D"
TOM_SAYS_S = (0.9, 3.4)
"""When a line is said, seconds from the start of its shot."""


def anna(rng: np.random.Generator) -> Person:
    looks = Looks(
        skin=(0.93, 0.72, 0.6),
        hair=(0.3, 0.17, 0.1),
        long_hair=True,
        jaw=0.94,
        lips=(0.8, 0.36, 0.36),
        brow=0.045,
        iris=(0.3, 0.42, 0.3),
        clothes=(0.5, 0.16, 0.17),
        stubble=0.0,
    )
    return Person(looks, _doorway(rng), Mouth(ANNA_SOUNDS, *ANNA_SAYS_S), (0.45, 2.62, 4.3), 1.0)


def tom(rng: np.random.Generator) -> Person:
    looks = Looks(
        skin=(0.86, 0.64, 0.5),
        hair=(0.2, 0.15, 0.12),
        long_hair=False,
        jaw=1.08,
        lips=(0.72, 0.42, 0.38),
        brow=0.075,
        iris=(0.3, 0.36, 0.48),
        clothes=(0.2, 0.25, 0.34),
        stubble=0.2,
    )
    return Person(looks, _workshop(rng), Mouth(TOM_SOUNDS, *TOM_SAYS_S), (0.6, 3.05, 4.4), -0.9)


def _doorway(rng: np.random.Generator) -> Image:
    """Behind Anna: an open door, out of focus, and a sky that darkens."""
    canvas = Canvas(blank(((0.33, 0.28, 0.27), (0.2, 0.155, 0.14))))
    canvas.fill(rectangle(380, -20, 610, 380), ((0.5, 0.56, 0.66), (0.78, 0.7, 0.6)), blur=7)
    canvas.fill(ellipse(470, 90, 150, 50), (0.3, 0.34, 0.42), blur=20, opacity=0.7)
    canvas.fill(rectangle(380, 250, 610, 380), ((0.3, 0.36, 0.28), (0.22, 0.25, 0.2)), blur=9)
    canvas.fill(rectangle(366, -20, 384, 380), (0.17, 0.11, 0.08), blur=5)
    canvas.fill(rectangle(20, 60, 200, 70), (0.16, 0.11, 0.08), blur=5)
    for x, tall in ((50, 30), (84, 42), (120, 26), (160, 36)):
        canvas.fill(rectangle(x - 11, 60 - tall, x + 11, 60), ((0.45, 0.33, 0.22), (0.25, 0.17, 0.12)), blur=5)
    return canvas.pixels * (0.95 + 0.1 * clouds(rng)[..., None]) * vignette(0.4)


def _workshop(rng: np.random.Generator) -> Image:
    """Behind Tom: the fire of the forge on the left, tools in the dark."""
    canvas = Canvas(blank(((0.17, 0.19, 0.235), (0.12, 0.115, 0.13))))
    canvas.fill(ellipse(70, 220, 130, 120), (0.5, 0.2, 0.06), blur=40, opacity=0.9)
    for x, y, size in ((60, 240, 44), (110, 262, 30), (30, 280, 34), (85, 200, 22)):
        canvas.fill(ellipse(x, y, size, size), (0.95, 0.5, 0.16), blur=6, opacity=0.45)
    canvas.fill(rectangle(420, 50, 620, 62), (0.3, 0.22, 0.16), blur=5)
    for x, long in ((440, 90), (480, 130), (525, 100), (570, 120)):
        canvas.fill(rectangle(x - 4, 58, x + 4, 58 + long), (0.3, 0.3, 0.33), blur=4)
        canvas.fill(ellipse(x, 58 + long, 15, 12), (0.33, 0.34, 0.38), blur=5)
    canvas.fill(rectangle(400, 260, 660, 380), ((0.26, 0.19, 0.14), (0.13, 0.1, 0.08)), blur=8)
    return canvas.pixels * (0.95 + 0.1 * clouds(rng)[..., None]) * vignette(0.4)
