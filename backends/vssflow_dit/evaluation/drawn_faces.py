"""Talking faces drawn for the evaluation alone: other heads, and another idea of a mouth, than any that is trained on.

The jaw follows how open a sound's vowel is on the vowel chart, and the lips how much they round, both slowed by a
Gaussian as muscles are; the product's own table of openness (`speech_sound.OPENNESS`) is not used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter1d

from vssflow_dit.synthesis.speech import Utterance
from vssflow_post.backend import Frame
from vssflow_post.timeline import CLOCK_HZ

Picture: TypeAlias = npt.NDArray[np.uint8]
Curve: TypeAlias = npt.NDArray[np.float64]
Colour: TypeAlias = tuple[int, int, int]
Oval: TypeAlias = Callable[[float, float, float, float, Colour], None]
"""Draws an oval: centre, half-axes, colour."""
HEIGHT, WIDTH = 216, 384
FPS = 25
SLOWNESS_S = 0.035

JAW = {
    **dict.fromkeys(["AA", "AE", "AW", "AY"], 0.95),
    **dict.fromkeys(["AH", "AO", "EH", "OY"], 0.75),
    **dict.fromkeys(["ER", "EY", "OW"], 0.55),
    **dict.fromkeys(["IH", "IY", "UH", "UW"], 0.4),
    **dict.fromkeys(["HH", "L", "K", "G", "NG", "R", "Y"], 0.3),
    **dict.fromkeys(["T", "D", "N", "S", "Z", "TH", "DH", "SH", "ZH", "CH", "JH", "W"], 0.18),
    **dict.fromkeys(["F", "V"], 0.06),
}
"""How far the jaw is dropped; 0 for what is not here: lips closed (M, B, P), silence."""
ROUND = {**dict.fromkeys(["UW", "W", "OW", "OY"], 1.0), **dict.fromkeys(["AO", "UH", "SH", "ZH", "CH", "JH", "R"], 0.5)}


@dataclass(frozen=True, slots=True, eq=False)
class Mouth:
    """A mouth over time, one value a picture."""

    opening: Curve
    roundness: Curve


def mouth_of(utterance: Utterance, start_s: float, duration_s: float) -> Mouth:
    """The mouth of somebody who says it from `start_s` on, in a shot of `duration_s`; closed before and after."""
    fine_hz = 200
    times = (np.arange(round(duration_s * fine_hz)) + 0.5) / fine_hz - start_s
    owner = np.searchsorted(utterance.ends_s, times, side="right")
    bases = ["", *(sound.base for sound in utterance.phonemes), ""]
    heard = [bases[0 if time < 0 else k + 1] for time, k in zip(times, owner, strict=True)]
    at = (np.arange(int(duration_s * FPS)) + 0.5) / FPS
    curves = [
        np.interp(
            at, times + start_s, gaussian_filter1d([table.get(base, 0.0) for base in heard], SLOWNESS_S * fine_hz)
        )
        for table in (JAW, ROUND)
    ]
    return Mouth(*curves)


@dataclass(frozen=True, slots=True)
class Looks:
    """One head."""

    skin: Colour
    hair: Colour
    shirt: Colour
    size: float
    """Half the head's height in pixels."""
    centre: tuple[float, float]
    sway: float
    """How far the head moves, in its own size."""
    bearded: bool
    wide: float
    """How far this mouth opens, about 1."""


def looks(rng: np.random.Generator) -> Looks:
    light = rng.uniform(0.55, 1.0)
    skin = (round(232 * light), round(184 * light), round(152 * light))
    hair = tuple(int(v) for v in rng.uniform(20, 120) * np.array([1.0, 0.8, 0.6]))
    shirt = tuple(int(v) for v in rng.integers(40, 220, 3))
    size = HEIGHT * rng.uniform(0.26, 0.36)
    centre = (WIDTH * rng.uniform(0.38, 0.62), HEIGHT * rng.uniform(0.44, 0.54))
    return Looks(skin, hair, shirt, size, centre, rng.uniform(0, 0.05), rng.random() < 0.5, rng.uniform(0.75, 1.1))  # type: ignore[arg-type]


def talking(rng: np.random.Generator, who: Looks, mouth: Mouth) -> Iterator[Frame]:
    """Pictures of the face saying it, with a wall behind, grain, and a lamp on one side."""
    wall = _wall(rng)
    phase = rng.uniform(0, 6.28, 2)
    for k, (opening, roundness) in enumerate(zip(mouth.opening, mouth.roundness, strict=True)):
        turn = who.sway * np.sin(2 * np.pi * np.array([0.23, 0.31]) * k / FPS + phase)
        blink = (k + int(phase[0] * 20)) % 90 < 4
        picture = _head(wall, who, turn, opening * who.wide, roundness, blink).astype(np.float32)
        picture += rng.normal(0, 2.0, (HEIGHT, WIDTH, 1))
        pixels = np.clip(picture, 0, 255).astype(np.uint8)
        yield Frame(round(k * CLOCK_HZ / FPS), pixels, np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8))


def _wall(rng: np.random.Generator) -> Picture:
    coarse = rng.uniform(90, 170) + rng.normal(0, 14, (5, 8, 3))
    return np.clip(cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC), 0, 255).astype(np.uint8)


def _head(wall: Picture, who: Looks, turn: Curve, opening: float, roundness: float, blink: bool) -> Picture:
    """Drawn at twice the size and reduced; places in units of half the head's height from between the eyes' middle."""
    canvas = np.asarray(cv2.resize(wall, (2 * WIDTH, 2 * HEIGHT)), np.uint8)
    middle = 2 * (np.array(who.centre) + turn * who.size)

    def oval(x: float, y: float, rx: float, ry: float, colour: Colour) -> None:
        place = middle + 2 * who.size * np.array([x, y])
        axes = max(1, round(2 * who.size * rx)), max(1, round(2 * who.size * ry))
        cv2.ellipse(canvas, (round(place[0]), round(place[1])), axes, 0, 0, 360, colour, -1, cv2.LINE_AA)

    _skull(oval, who)
    _eyes(oval, who, blink)
    oval(0.0, 0.16, 0.075, 0.2, _shaded(who.skin, 1.08))
    oval(0.0, 0.33, 0.13, 0.055, _shaded(who.skin, 0.86))
    width, drop = 0.27 - 0.09 * roundness, 0.2 * opening
    oval(0.0, 0.6 + drop / 2, width + 0.05, 0.055 + drop / 2 + 0.02, (168, 82, 84))
    oval(0.0, 0.6 + drop / 2, width, 0.01 + drop / 2, (44, 14, 18))
    if opening > 0.45:
        oval(0.0, 0.6 + 0.12 * drop, 0.7 * width, 0.022, (225, 222, 214))
    soft = cv2.GaussianBlur(canvas, (0, 0), 1.6)
    return np.asarray(cv2.resize(soft, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)


def _shaded(colour: Colour, light: float) -> Colour:
    red, green, blue = (min(255, round(part * light)) for part in colour)
    return red, green, blue


def _skull(oval: Oval, who: Looks) -> None:
    """Shoulders, hair, ears, and a face lit from the left and in front."""
    oval(0.0, 2.1, 1.5, 0.85, who.shirt)
    oval(0.0, 1.05, 0.34, 0.5, _shaded(who.skin, 0.72))
    oval(0.0, -0.16, 0.9, 1.3 if who.bearded else 1.06, who.hair)
    for side in (-1, 1):
        oval(0.76 * side, 0.05, 0.1, 0.2, _shaded(who.skin, 0.8))
    for step in range(10):
        near = step / 9
        oval(-0.08 * near, 0.04 * near, 0.76 - 0.3 * near, 1.0 - 0.4 * near, _shaded(who.skin, 0.74 + 0.3 * near))
    oval(0.0, -0.92, 0.62, 0.26, who.hair)


def _eyes(oval: Oval, who: Looks, blink: bool) -> None:
    for side in (-1, 1):
        oval(0.32 * side, -0.12, 0.21, 0.14, _shaded(who.skin, 0.68))
        if blink:
            oval(0.32 * side, -0.09, 0.16, 0.02, _shaded(who.skin, 0.4))
        else:
            oval(0.32 * side, -0.1, 0.16, 0.08, (236, 236, 232))
            oval(0.32 * side, -0.1, 0.08, 0.08, (40, 32, 26))
        oval(0.32 * side, -0.31, 0.22, 0.045, _shaded(who.hair, 0.9))
