"""Hair: long and parted, or short, drawn behind and before the face."""

from __future__ import annotations

import numpy as np
from canvas import polygon, smooth
from pen import Looks, Pen, mirrored, tone

PARTING = -0.18
"""Where long hair is parted."""


def hair_behind(pen: Pen, looks: Looks) -> None:
    back = mirrored(polygon("0.0,-1.36 0.5,-1.27 0.88,-0.85 0.96,-0.2 0.98,0.5 1.08,1.1 0.98,1.62 0.5,1.75"))
    pen.fill(back, (tone(looks.hair, 0.75), tone(looks.hair, 0.5)), moves=0.8)
    for x in np.linspace(-0.95, 0.95, 24):
        strand = smooth([(0.8 * x, 0.0), (x, 0.6), (1.06 * x, 1.15), (0.98 * x, 1.6)], closed=False)
        pen.line(strand, tone(looks.hair, 0.95 if int(x * 40) % 2 else 0.35), 0.016, blur=0.012, opacity=0.5)


def hair_before(pen: Pen, looks: Looks) -> None:
    hair = looks.hair
    if looks.long_hair:
        for side in (-1, 1):
            outer = polygon("0.5,-1.27 0.86,-0.85 0.94,-0.2 0.99,0.5 0.92,0.95 0.76,0.62 0.72,0.1 0.7,-0.4 0.54,-0.78")
            part = polygon("0,-1.16 0.02,-1.3 0.18,-1.02") * [side, 1] + [PARTING, 0]
            lock = smooth(np.concatenate([part[:2], outer * [side, 1], part[2:]]))
            pen.fill(lock, (tone(hair, 1.1), tone(hair, 0.6)))
            for k in range(9):
                u = k / 8
                spread = np.outer([0.16, 0.15, 0.17, 0.16], [u, 0])
                fall = (polygon("0.4,-0.98 0.74,-0.6 0.76,0.1 0.79,0.7") + spread) * [side, 1]
                fall[0, 1] -= 0.14 * u
                strand = smooth([(PARTING + side * 0.05 * u, -1.2), *fall], closed=False)
                pen.line(strand, tone(hair, 1.6 if k % 3 == 1 else 0.5), 0.014, blur=0.014, opacity=0.45)
        return
    cap = smooth(
        polygon(
            "-0.8,-0.1 -0.84,-0.62 -0.62,-1.12 -0.15,-1.34 0.35,-1.3 0.72,-1.03 0.85,-0.6 "
            "0.8,-0.1 0.72,-0.34 0.64,-0.66 0.4,-0.82 0.05,-0.8 -0.3,-0.88 -0.58,-0.7 -0.7,-0.4"
        )
    )
    pen.fill(cap, (tone(hair, 1.2), tone(hair, 0.7)))
    for k in range(26):
        u = -1 + 2 * k / 25
        heights = np.array([-0.93, -1.08, -1.27]) + np.array([0.2, 0.22, 0.34]) * u * u
        strand = smooth(np.stack([np.array([0.66, 0.72, 0.76]) * u + [-0.06, 0.0, 0.05], heights], 1), closed=False)
        pen.line(strand, tone(hair, 1.7 if k % 3 == 0 else 0.5), 0.016, blur=0.012, opacity=0.5)
