"""Staged films: up to three acts before a camera that pans, shakes and zooms, as codecs and tapes hand them on.

Beside the frames it says where in the picture each strike is seen, so that it can be told whose it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from vssflow_dit.synthesis import acts, pictures
from vssflow_dit.synthesis.acts import Act, Path
from vssflow_dit.synthesis.debris import Debris, thrown_up
from vssflow_dit.synthesis.pictures import GRID_HZ
from vssflow_post.backend import Frame
from vssflow_post.timeline import CLOCK_HZ

Plane: TypeAlias = npt.NDArray[np.float32]
FPS = (24.0, 25.0, 25.0, 30.0, 30.0, 30.0, 15.0, 50.0)
REPEATS = ((), (), (), (4, 3), (2, 1), (5, 4))
"""(n, k): of n pictures every k-th and later is the one before again; films brought from 24 to 30, from 12 to 24."""
HEIGHT = 108
MARGIN = 24
"""Pixels of the ground beyond the picture on every side."""


class Seen(NamedTuple):
    """A strike as the picture shows it."""

    time_s: float
    strength: float
    x: float
    """In longer sides of the picture."""
    y: float


@dataclass(frozen=True, slots=True, eq=False)
class _Placed:
    """An act where it stands."""

    act: Act
    at: complex
    """In picture heights from the upper left corner, before the camera moves."""
    scale: float
    shades: tuple[float, ...]
    stripes: tuple[float, ...]
    """Grey levels that a limb's middle line differs by; 0 for none."""
    debris: tuple[Debris | None, ...]
    """What each strike throws up."""

    def joint(self, number: int, k: int) -> complex:
        return self.at + self.scale * complex(self.act.joints[number][k])


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """One staged film, before it is drawn."""

    rng: np.random.Generator
    ground: Plane
    placed: tuple[_Placed, ...]
    camera: Path
    """Where the picture's corner stands, in pixels, each millisecond."""
    zoom: npt.NDArray[np.float64]
    fps: float
    repeats: tuple[int, ...]
    shutter: float
    """Part of a picture's time for which it is exposed."""
    noise: float
    quality: int
    skips: float
    """Grey levels of change under which a block of 8 x 8 pixels is not sent anew."""
    flicker: float

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.ground.shape[1] - 2 * MARGIN, self.ground.shape[0] - 2 * MARGIN

    def strikes(self) -> list[Seen]:
        """Those that happen within the picture."""
        width, height = self.size
        found = []
        for placed in self.placed:
            for time_s, strength, joint in placed.act.strikes:
                k = min(round(time_s * GRID_HZ), len(self.zoom) - 1)
                place = self._pixel(placed.joint(joint, k), k)
                if -4 < place.real < width + 4 and -4 < place.imag < height + 4:
                    side = max(width, height)
                    found.append(Seen(time_s, strength, place.real / side, place.imag / side))
        return sorted(found)

    def frames(self) -> Iterator[Frame]:
        """As a decoder gives them (grey only)."""
        empty, before = np.zeros((0, 0, 3), np.uint8), None
        for k in range(int(len(self.zoom) / GRID_HZ * self.fps)):
            again = self.repeats and k % self.repeats[0] >= self.repeats[1]
            if before is None or not again:
                before = self._coded(self._exposed(k), before, k)
            yield Frame(round(k / self.fps * CLOCK_HZ), empty, before)

    def _pixel(self, place: complex, k: int) -> complex:
        width, height = self.size
        middle = complex(width, height) / 2
        return complex((place * height - middle - self.camera[k]) * self.zoom[k] + middle)

    def _exposed(self, number: int) -> Plane:
        n = 3 if self.shutter > 0.15 else 1
        moments = (number + self.shutter * np.arange(n) / n) / self.fps * GRID_HZ
        planes = [self._moment(min(int(k), len(self.zoom) - 1)) for k in moments]
        return np.asarray(sum(planes) / n, np.float32)

    def _moment(self, k: int) -> Plane:
        width, height = self.size
        zoom, corner = self.zoom[k], self._pixel(0j, k)
        matrix = np.array([[zoom, 0, corner.real - MARGIN * zoom], [0, zoom, corner.imag - MARGIN * zoom]], np.float32)
        ground = cv2.warpAffine(self.ground, matrix, (width, height), borderMode=cv2.BORDER_REFLECT)
        image = np.asarray(ground, np.float32)
        for placed in self.placed:
            self._draw(image, placed, k)
        return image

    def _draw(self, image: Plane, placed: _Placed, k: int) -> None:
        unit = placed.scale * self.size[1] * float(self.zoom[k])
        seen = [self._pixel(placed.joint(j, k), k) for j in range(len(placed.act.joints))]
        points = [(round(np.clip(p.real, -999, 999) * 16), round(np.clip(p.imag, -999, 999) * 16)) for p in seen]
        for (a, b, thick), shade, stripe in zip(placed.act.limbs, placed.shades, placed.stripes, strict=True):
            wide = thick * unit
            for part, grey in ((1.0, shade), (0.4, shade + stripe))[: 2 if stripe else 1]:
                if a == b:
                    cv2.circle(image, points[a], round(wide * part * 16), grey, -1, cv2.LINE_AA, 4)
                else:
                    cv2.line(image, points[a], points[b], grey, max(1, round(wide * part)), cv2.LINE_AA, 4)
        for (time_s, _, joint), debris in zip(placed.act.strikes, placed.debris, strict=True):
            if debris is not None:
                then = min(round(time_s * GRID_HZ), len(self.zoom) - 1)
                debris.draw(image, self._pixel(placed.joint(joint, then), k), k / GRID_HZ - time_s)
        for time_s, joint in placed.act.flashes:
            if 0 <= k / GRID_HZ - time_s < 0.05:
                cv2.circle(image, points[joint], round(0.12 * unit * 16), 255.0, -1, cv2.LINE_AA, 4)

    def _coded(self, image: Plane, before: npt.NDArray[np.uint8] | None, number: int) -> npt.NDArray[np.uint8]:
        """With grain, through a codec that leaves out what hardly changed, until its next key picture."""
        if self.noise or self.flicker:
            coarse = self.rng.normal(0, 1, (image.shape[0] // 3, image.shape[1] // 3)).astype(np.float32)
            image = image + self.flicker * cv2.resize(coarse, image.shape[::-1])
            image = image + self.rng.normal(0, self.noise, image.shape).astype(np.float32)
        grey = np.clip(image, 0, 255).astype(np.uint8)
        coded = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, self.quality])[1]
        now = np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), np.uint8)
        if before is None or not self.skips or number % round(self.fps) == 0:
            return now
        width, height = now.shape[1] // 8, now.shape[0] // 8
        blocks = cv2.resize(cv2.absdiff(now, before), (width, height), interpolation=cv2.INTER_AREA) > self.skips
        sent = cv2.resize(blocks.astype(np.uint8), now.shape[::-1], interpolation=cv2.INTER_NEAREST)
        return np.where(sent > 0, now, before)


def stage(rng: np.random.Generator, duration_s: float) -> Stage:
    """A film of one to three acts, of which most strike."""
    width = round(HEIGHT * rng.choice([4 / 3, 4 / 3, 16 / 9, 16 / 9, 16 / 9, 16 / 9, 3 / 4]))
    n = int(duration_s * GRID_HZ)
    ground = _ground(rng, HEIGHT + 2 * MARGIN, width + 2 * MARGIN)
    placed = _company(rng, duration_s, width / HEIGHT, float(ground.mean()))
    camera = _camera(rng, n, placed)
    zoom = np.exp(_ramp(rng, n) * rng.choice([0.0, 0.0, 0.0, rng.uniform(-0.2, 0.2)]))
    repeats = REPEATS[rng.integers(len(REPEATS))]
    flicker = float(rng.choice([0.0, 0.0, 0.0, 0.0, rng.uniform(2, 12)]))
    return Stage(
        rng, ground, placed, camera, zoom, float(rng.choice(FPS[:-2] if repeats else FPS)), repeats,
        float(rng.uniform(0.05, 0.7)), float(rng.choice([0.0, rng.uniform(0, 4)])), int(rng.integers(30, 92)),
        float(rng.choice([0.0, 0.0, rng.uniform(0.5, 2.5)])), flicker,
    )  # fmt: skip


def _company(rng: np.random.Generator, duration_s: float, wide: float, ground: float) -> tuple[_Placed, ...]:
    """Who stands where."""
    n_acts = int(rng.choice([1, 1, 1, 2, 2, 3]))
    places = (np.arange(n_acts) + 0.5) / n_acts * wide
    found = []
    for x in rng.permutation(places):
        act = _act(rng, duration_s)
        scale = float(rng.uniform(0.25, 1.25 if n_acts == 1 else 0.8))
        at = complex(x + rng.uniform(-0.1, 0.1), rng.uniform(0.4, 0.65))
        shade = (ground + rng.choice([-1, 1]) * rng.uniform(25, 110)) % 255
        shades = tuple(float(np.clip(shade + rng.normal(0, 25), 0, 255)) for _ in act.limbs)
        stripes = tuple(float(x) for x in rng.normal(0, 30, len(act.limbs)) * (rng.random() < 0.6))
        debris = thrown_up(rng, len(act.strikes))
        found.append(_Placed(act, at, scale, shades, stripes, debris))
    return tuple(found)


def _act(rng: np.random.Generator, duration_s: float) -> Act:
    kind = rng.random()
    if kind < 0.15:
        return acts.waver(rng, duration_s)
    if kind < 0.2:
        other = (pictures.swing, pictures.drive)[rng.integers(2)]
        return acts.thing(rng, other(rng, duration_s))
    if kind < 0.4:
        return acts.thing(rng, pictures.STRIKING[rng.integers(len(pictures.STRIKING))](rng, duration_s))
    makers = (acts.drummer, *acts.STRIKING)  # most of what is struck is struck by arms
    return makers[rng.integers(len(makers))](rng, duration_s)


def _ramp(rng: np.random.Generator, n: int) -> npt.NDArray[np.float64]:
    """From 0 to 1, some time, gently."""
    t, start, takes = np.arange(n) / n, rng.uniform(0, 0.7), rng.uniform(0.05, 0.6)
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * np.clip((t - start) / takes, 0, 1)))


def _camera(rng: np.random.Generator, n: int, placed: tuple[_Placed, ...]) -> Path:
    """At rest, by hand, panning, or following the first act; some are shaken by what strikes."""
    t, how = np.arange(n) / GRID_HZ, rng.random()
    path = np.zeros(n, np.complex128)
    if how > 0.4:  # by hand
        size = rng.uniform(0.3, 4.0)
        for period_s, part in ((3.0, 1.0), (0.8, 0.4), (0.25, 0.12)):
            x, y = (sum(np.sin(2 * np.pi * (t / period_s / rng.uniform(0.6, 1.6) + rng.random())) for _ in range(2))
                    for _ in range(2))  # fmt: skip
            path += size * part * (x + 1j * y)
    if how > 0.75:
        reach = HEIGHT * rng.uniform(0.1, 0.9) * np.exp(1j * rng.choice([0, np.pi, rng.uniform(0, 6.28)]))
        path += reach * _ramp(rng, n)
    elif how > 0.65:
        followed = placed[0].act.joints[0] * placed[0].scale * HEIGHT
        path += (followed - followed[0]).real * rng.uniform(0.7, 1.0)
    if rng.random() < 0.12:
        for time_s, strength, _ in placed[0].act.strikes:
            after = np.maximum(t - time_s, 0)
            shake = rng.uniform(0.5, 2.5) * strength * np.sin(2 * np.pi * 9 * after) * np.exp(-after / 0.08)
            path += 1j * np.where(t >= time_s, shake, 0)
    return path


def _ground(rng: np.random.Generator, height: int, width: int) -> Plane:
    """Something to hold on to: soft patches, boards, furniture; or next to nothing."""
    plane = np.full((height, width), rng.uniform(30, 210), np.float32)
    for coarse in (4, 10, 28):
        size = max(2, height // coarse), max(2, width // coarse)
        patches = rng.normal(0, rng.uniform(0, 28), size).astype(np.float32)
        plane += cv2.resize(patches, (width, height), interpolation=cv2.INTER_CUBIC)
    if rng.random() < 0.4:
        step = rng.uniform(6, 30)
        plane += rng.uniform(5, 25) * (np.sin(np.arange(width) * 2 * np.pi / step) > 0.6).astype(np.float32)
    for _ in range(rng.integers(0, 12)):
        left, top = int(rng.uniform(0, 1) * width), int(rng.uniform(0, 1) * height)
        far = left + int(rng.uniform(0.03, 0.35) * width), top + int(rng.uniform(0.03, 0.35) * height)
        cv2.rectangle(plane, (left, top), far, float(rng.uniform(10, 245)), -1)
    return np.asarray(np.clip(cv2.GaussianBlur(plane, (0, 0), rng.uniform(0.4, 1.2)), 0, 255), np.float32)
