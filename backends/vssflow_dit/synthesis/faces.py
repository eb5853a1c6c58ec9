"""Films of drawn faces that say the spoken sentences, with how open the mouth truly is in each frame.

Heads come in many sizes, poses and lights, some partly hidden.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from vssflow_dit.synthesis.picture_files import packed, replacing
from vssflow_dit.synthesis.pictures import Curve
from vssflow_dit.synthesis.speech import SpeechSet, Utterance
from vssflow_dit.text.mouth_timing import opening_of
from vssflow_dit.text.phonemes import phoneme_frames
from vssflow_post.backend import Frame
from vssflow_post.errors import UsageError
from vssflow_post.timeline import CLOCK_HZ

Plane: TypeAlias = npt.NDArray[np.float32]
HEIGHT, WIDTH, FPS = 216, 384, 25
FINE = 2
"""Drawn this much larger and reduced, so that small movements of the lips are seen."""
EVERY = 50
"""One sentence in so many is drawn: films are large."""


@dataclass(frozen=True, slots=True)
class Looks:
    """One head before the camera; lengths in units of half its height, greys from 0 to 255."""

    size: float
    """Half the head's height, in pixels."""
    place: tuple[float, float]
    """Of the middle between the eyes and the mouth, in pixels."""
    tilt: float
    """In radians, towards a shoulder."""
    turn: float
    """How far nose, eyes and mouth lie to a side: -0.15 to 0.15."""
    sway: float
    skin: float
    hair: float
    lips: float
    lit: float
    """Light from the left (-1) or the right (1)."""
    reach: float
    """How far the mouth opens."""
    hidden: tuple[float, float] | None
    """From when to when, as shares of the shot, something stands before the mouth."""


def looks(rng: np.random.Generator) -> Looks:
    light = rng.uniform(0.5, 1.0)
    size = HEIGHT * rng.uniform(0.16, 0.4)
    room_x, room_y = WIDTH / 2 - 0.8 * size, max(4.0, HEIGHT / 2 - 1.05 * size)
    start = rng.uniform(0.0, 0.6)
    return Looks(
        size=size,
        place=(WIDTH / 2 + rng.uniform(-0.8, 0.8) * room_x, HEIGHT / 2 + rng.uniform(-0.8, 0.8) * room_y),
        tilt=float(np.clip(rng.normal(0, 0.06), -0.15, 0.15)),
        turn=float(np.clip(rng.normal(0, 0.05), -0.15, 0.15)),
        sway=rng.uniform(0, 0.06),
        skin=light * rng.uniform(120, 215),
        hair=light * rng.uniform(15, 90),
        lips=rng.uniform(0.55, 0.8),
        lit=rng.uniform(-1, 1),
        reach=rng.uniform(0.7, 1.2),
        hidden=(start, start + rng.uniform(0.15, 0.4)) if rng.random() < 0.2 else None,
    )


def talking(rng: np.random.Generator, who: Looks, opening: Curve) -> Iterator[tuple[Frame, bool]]:
    """Frames at FPS, grey only, of a mouth that opens as `opening` (0..1, one a frame); whether it is in sight."""
    wall = cv2.resize(
        (rng.uniform(60, 180) + rng.normal(0, 18, (4, 7))).astype(np.float32),
        (WIDTH * FINE, HEIGHT * FINE),
        interpolation=cv2.INTER_CUBIC,
    )
    phase, grain, quality = rng.uniform(0, 6.28, 3), rng.uniform(0.5, 4), int(rng.integers(50, 95))
    blur, empty = rng.uniform(0.8, 2.0), np.zeros((0, 0, 3), np.uint8)
    for k, open_ in enumerate(opening):
        sway = who.sway * np.sin(2 * np.pi * np.array([0.21, 0.33, 0.17]) * k / FPS + phase)
        picture = _Head(wall.copy(), who, sway).drawn(float(open_) * who.reach, (k + int(phase[0] * 20)) % 80 < 4)
        share = k / len(opening)
        covered = who.hidden is not None and who.hidden[0] <= share < who.hidden[1]
        if covered:
            _cover(picture, who)
        small = cv2.resize(cv2.GaussianBlur(picture, (0, 0), blur), (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
        noisy = np.clip(small + rng.normal(0, grain, small.shape), 0, 255).astype(np.uint8)
        coded = cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        grey = np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), np.uint8)
        yield Frame(round(k * CLOCK_HZ / FPS), empty, grey), not covered


def _cover(picture: Plane, who: Looks) -> None:
    """A hand or a cup before the lower half of the face."""
    middle = (round(FINE * who.place[0]), round(FINE * (who.place[1] + 0.75 * who.size)))
    axes = (round(FINE * 0.75 * who.size), round(FINE * 0.45 * who.size))
    cv2.ellipse(picture, middle, axes, 15, 0, 360, float(0.8 * who.skin), -1, cv2.LINE_AA)


class _Head:
    """Ovals in the head's own coordinates, laid on a picture FINE times as large."""

    def __init__(self, picture: Plane, who: Looks, sway: Curve) -> None:
        self._picture, self._who = picture, who
        self._middle = FINE * (np.array(who.place) + sway[:2] * who.size)
        self._tilt = who.tilt + float(sway[2])

    def drawn(self, opening: float, blinks: bool) -> Plane:
        skin, hair, to_side = self._who.skin, self._who.hair, self._who.turn
        self._oval(0, 1.9, 1.35, 0.8, 0.7 * hair + 40)
        self._oval(0, 1.0, 0.34, 0.5, 0.7 * skin)
        self._oval(0, -0.2, 0.84, 1.05, hair)
        self._shaded_face()
        self._oval(0.3 * to_side, -0.93, 0.6, 0.24, hair)
        for side in (-1, 1):
            self._eye(side, blinks)
        self._oval(1.4 * to_side, 0.14, 0.075, 0.22, 1.1 * skin)
        self._oval(1.4 * to_side, 0.34, 0.14, 0.05, 0.72 * skin)
        self._mouth(opening)
        return self._picture

    def _shaded_face(self) -> None:
        """A ball lit from one side and the front."""
        for step in np.linspace(0, 1, 9):
            x, shrink = 0.14 * self._who.lit * step, 1 - 0.45 * step
            self._oval(x, 0.05, 0.74 * shrink, 1.0 * shrink, self._who.skin * (0.68 + 0.36 * step))

    def _eye(self, side: int, blinks: bool) -> None:
        x, skin = 0.31 * side + self._who.turn, self._who.skin
        self._oval(x, -0.16, 0.22, 0.15, 0.66 * skin)
        if blinks:
            self._oval(x, -0.12, 0.16, 0.02, 0.35 * skin)
        else:
            self._oval(x, -0.13, 0.15, 0.07, min(245, 1.25 * skin))
            self._oval(x, -0.13, 0.075, 0.075, 0.18 * skin)
        self._oval(x, -0.35, 0.2, 0.04, 0.8 * self._who.hair)

    def _mouth(self, opening: float) -> None:
        """Lips around a dark gap; the lower one goes down with the jaw."""
        x, skin, drop = 1.1 * self._who.turn, self._who.skin, 0.2 * opening
        width = 0.28 - 0.04 * opening
        self._oval(x, 0.62 + drop / 2, width + 0.04, 0.06 + drop / 2, self._who.lips * skin)
        self._oval(x, 0.62 + drop / 2, width, 0.012 + drop / 2, 0.16 * skin)
        if opening > 0.5:
            self._oval(x, 0.63 + 0.1 * drop, 0.65 * width, 0.02, 1.05 * skin)

    def _oval(self, x: float, y: float, rx: float, ry: float, shade: float) -> None:
        scale = FINE * self._who.size
        cosine, sine = np.cos(self._tilt), np.sin(self._tilt)
        at = self._middle + scale * np.array([cosine * x - sine * y, sine * x + cosine * y])
        axes = (max(1, round(16 * scale * rx)), max(1, round(16 * scale * ry)))
        where = (round(16 * float(at[0])), round(16 * float(at[1])))
        cv2.ellipse(self._picture, where, axes, float(np.degrees(self._tilt)), 0, 360, float(shade), -1, cv2.LINE_AA, 4)


def write_faces(folder: Path, speech: Path, seed: int, workers: int, progress: Callable[[int, int], None]) -> list[str]:
    """A film NNNNN.npz of every EVERY-th utterance of `speech`; films that are there are kept. Returns their sha256.

    Raises UsageError where a film is of another seed or sentence.
    """
    folder.mkdir(parents=True, exist_ok=True)
    numbers = range(0, len(SpeechSet(speech)), EVERY)
    found: list[str] = []
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        for sha in pool.map(partial(_film, folder, speech, seed), numbers, chunksize=4):
            found.append(sha)
            progress(len(found), len(numbers))
    return found


def mouth_of(spoken: Utterance) -> Curve:
    """How open (0..1) the mouth of who says it is, at each frame of a film at FPS."""
    n = round(100 * float(spoken.ends_s[-1]))
    curve = opening_of(phoneme_frames(spoken.ids, spoken.ends_s, n))
    at = np.arange(int(n / 100 * FPS)) / FPS
    return np.interp(at, (np.arange(n) + 0.5) / 100, curve)


def _film(folder: Path, speech: Path, seed: int, number: int) -> str:
    """Draws the film unless it is there; its sha256."""
    cv2.setNumThreads(1)  # workers stand beside each other
    spoken = SpeechSet(speech)[number]
    path, made_of = folder / f"{number:05d}.npz", f"{seed}: {spoken.voice}: {spoken.text}"
    if path.exists():
        with np.load(path) as data:
            if str(data["made_of"]) != made_of:
                raise UsageError(f"{path} is of another seed or sentence: choose another folder")
            return str(data["sha256"])
    rng = np.random.default_rng((seed, number, 2))
    curve = mouth_of(spoken)
    film = list(talking(rng, looks(rng), curve))
    arrays: dict[str, Any] = {
        **packed([[frame for frame, _ in film]]),
        "opening": curve.astype(np.float32),
        "in_sight": np.array([in_sight for _, in_sight in film]),
    }
    sha = hashlib.sha256(b"".join(arrays[name].tobytes() for name in sorted(arrays))).hexdigest()
    with replacing(path) as part, part.open("wb") as file:
        np.savez(file, **arrays, made_of=np.array(made_of), sha256=np.array(sha))
    return sha
