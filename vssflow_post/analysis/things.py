"""Up to three things that move in each shot: where, how fast, when they strike, and where to look at them.

Speeds and places are free of the camera: a car that a camera follows stands in the middle of the picture and is fast.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from vssflow_post.analysis.camera import FLOOR, REST, SIDE, STILL, Camera, Grey, Step, small_grey
from vssflow_post.analysis.flashes import LIGHTNING, brief, flashes
from vssflow_post.analysis.gathering import gathered
from vssflow_post.analysis.motion import PLACES_PER_S, smoothed
from vssflow_post.analysis.movers import Mover, Movers, Row
from vssflow_post.backend import Frame, Strike, Thing, Track
from vssflow_post.timeline import CLOCK_HZ, Scene, Span

SPEEDS_PER_S = 25
MOST_THINGS = 3
LEAST_PART = 0.05
"""Of the motion of a shot's largest thing, under which a mover is no thing."""
LEAST_ROWS = 3
"""Pictures in which a thing is seen to move, at least; a flash needs none."""
REPEAT_S = 0.13
"""A picture that is shown again between two that move is a repeat, not rest, for up to this time: films are brought to
other frame rates."""
REPEAT = 0.02
"""Part of the pixels that changed last that may change in a repeat."""
MOST_OF_ALL = 0.1
"""Share of the pixels, at most, that repeats are measured by: after a cut small motion is no repeat."""
STANDS = 0.1
"""Pixels by which a camera that stands may seem to move, in nine pictures of ten."""
BLACK, ON_BLACK = 24, 0.6
"""Grey level up to which a pixel is black, and share of such pixels in a shot of titles."""
ROLLS, ROLLING = 0.2, 0.5
"""Pixels from one picture to the next by which titles roll, and share of the pictures in which they do."""
SHOCK = 0.5
"""Share of the picture that changes in a cut, or where nothing can be told."""

Curve: TypeAlias = npt.NDArray[np.float64]


class _Whole(NamedTuple):
    """What a step between two pictures shows of the whole of them."""

    sample: int
    """Of the later picture."""
    began: int
    """Of the earlier one."""
    light: float
    """How much brighter it became, in grey levels."""
    shift: float
    """Of the camera, in pixels at the picture's middle."""
    black: float
    """Share of the later picture that is black."""


class ThingFinder:
    """Takes each frame once, in order. Memory is some 250 bytes for each moving thing and picture of the shot that is
    not over, and a few tracks for each thing of the shots that are."""

    def __init__(self) -> None:
        self._camera: Camera | None = None
        self._movers: Movers | None = None
        self._before: Grey | None = None
        self._before_sample = 0
        self._n_changed = 0
        """Pixels that changed in the latest picture that moved; 0 while all rests."""
        self._held: list[int] = []
        """Samples of pictures that are repeats, or the start of rest."""
        self._size = (1, 1)
        """Height and width of the small pictures."""
        self._lost: list[Mover] = []
        self._seen: list[_Whole] = []
        self._black = 0.0
        self._start = 0
        self._shots: list[tuple[Thing, ...]] = []
        self._starts: list[int] = []

    def push(self, frame: Frame) -> None:
        import cv2

        plane = small_grey(frame)
        if self._before is None or self._camera is None or self._movers is None:
            self._camera = Camera(*plane.shape)
            self._movers, self._size = Movers(self._camera), plane.shape
            self._before, self._before_sample = plane, frame.sample
            return
        self._black = float(np.count_nonzero(plane <= BLACK)) / plane.size
        n_changed = int(np.count_nonzero(cv2.absdiff(plane, self._before) > FLOOR))
        still = n_changed <= max(STILL * plane.size, REPEAT * self._n_changed)
        if still and self._n_changed:  # whether it is a repeat or rest is known only when motion goes on, or doesn't
            self._held.append(frame.sample)
            if frame.sample - self._before_sample >= REPEAT_S * CLOCK_HZ:
                self._rest()
            return
        self._held.clear()
        self._settle(Step.rest(self._camera) if still else self._camera.step(self._before, plane), frame.sample)
        self._before = plane
        self._n_changed = 0 if still else min(n_changed, round(MOST_OF_ALL * plane.size))

    def _rest(self) -> None:
        """What was held was no repeat: nothing moved in it."""
        held, self._held = self._held, []
        if held and self._camera is not None:
            self._n_changed = 0
            for sample in held:
                self._settle(Step.rest(self._camera), sample)

    def _settle(self, step: Step, sample: int) -> None:
        assert self._movers is not None
        step_s = max((sample - self._before_sample) / CLOCK_HZ, 1e-3)
        middle = complex(self._size[1], self._size[0]) / 2
        shift = abs(step.camera(middle) - middle)
        self._seen.append(_Whole(sample, self._before_sample, step.light, shift, self._black))
        self._lost += self._movers.push(_calm(step), sample, step_s)
        self._before_sample = sample

    def cut(self, sample: int) -> None:
        """A new shot began at `sample`, a few frames back."""
        if sample > self._start:
            self._close(sample)

    @property
    def of_last_shot(self) -> tuple[Thing, ...]:
        """Those of the shot that the latest cut ended."""
        return self._shots[-1] if self._shots else ()

    def finish(self, scenes: Sequence[Scene]) -> tuple[tuple[Thing, ...], ...]:
        """The things of each scene, the one that moves most first."""
        self._rest()
        if self._movers is not None:
            self._lost += self._movers.flush()
        for scene in scenes:
            if scene.span.start > self._start:
                self._close(scene.span.start)
        self._close(scenes[-1].span.end)
        known = dict(zip(self._starts, self._shots, strict=True))
        return tuple(known.get(scene.span.start, ()) for scene in scenes)

    def _close(self, sample: int) -> None:
        """What moved before `sample` was one shot; what moved since belongs to the next."""
        span = Span(self._start, sample)
        live = self._movers.movers if self._movers is not None else []
        movers = [*self._lost, *live]
        shot = [[row for row in mover.rows if span.contains(row.sample)] for mover in movers]
        seen = [one for one in self._seen if span.contains(one.sample)]
        found = () if _rolls(seen) else _things([rows for rows in shot if rows], seen, span, self._size)
        if len(found) == 1 and _stands(seen):
            found = (replace(found[0], is_alone=True),)
        self._shots.append(found)
        self._starts.append(self._start)
        for mover in movers:  # the step across the cut is no motion
            mover.rows = [row for row in mover.rows if row.sample - round(row.step_s * CLOCK_HZ) >= sample]
        self._lost = [mover for mover in self._lost if mover.rows]
        self._seen = [one for one in self._seen if one.began >= sample]
        self._start = sample


def _rolls(seen: Sequence[_Whole]) -> bool:
    """Whether a shot is writing that moves over black, as credits do: nothing in it moves by itself."""
    if not seen or np.median([one.black for one in seen]) < ON_BLACK:
        return False
    return float(np.mean([one.shift > ROLLS for one in seen])) > ROLLING


def _stands(seen: Sequence[_Whole]) -> bool:
    """Whether the camera stands during a shot."""
    shifts = [one.shift for one in seen]
    return bool(shifts) and float(np.quantile(shifts, 0.9)) <= STANDS


def _calm(step: Step) -> Step:
    """The step, or one in which nothing moved where most of the picture changed and nothing can be told."""
    if step.changed <= SHOCK:
        return step
    none = np.zeros_like(step.change)
    return replace(step, change=none, rise=np.zeros_like(step.rise), flow=np.zeros_like(step.flow), camera=REST)


def _things(
    movers: Sequence[list[Row]], seen: Sequence[_Whole], span: Span, size: tuple[int, int]
) -> tuple[Thing, ...]:
    """Up to MOST_THINGS, the one that moves most first."""
    parts = gathered(movers)
    masses = [sum(row.mass for row in rows) for rows in parts]
    total, largest = max(sum(masses), 1e-6), max(masses, default=0.0)
    found = []
    for rows, mass in sorted(zip(parts, masses, strict=True), key=lambda one: -one[1]):
        strikes = tuple(flashes(rows))
        moves = sum(row.mass > 0 for row in rows) >= LEAST_ROWS and mass >= LEAST_PART * largest
        if moves or strikes:
            found.append(_thing(rows, strikes, span, size, mass / total))
    lightning = _lightning(seen)
    if lightning:
        whole = found[0] if found else _nowhere(span)
        added = tuple(sorted([*whole.strikes, *lightning]))
        found = [replace(whole, strikes=added), *found[1:]]
    return tuple(found[:MOST_THINGS])


def _lightning(seen: Sequence[_Whole]) -> list[Strike]:
    """Flashes of the whole picture."""
    if not seen:
        return []
    times, rise = np.array([one.sample for one in seen]) / CLOCK_HZ, np.array([one.light for one in seen])
    return [Strike(seen[k].sample, 1.0, "flash") for k in brief(times, rise, LIGHTNING)]


def _thing(rows: list[Row], strikes: tuple[Strike, ...], span: Span, size: tuple[int, int], weight: float) -> Thing:
    seen = [row for row in rows if row.mass > 0] or rows
    at_s = np.array([row.sample - span.start for row in seen]) / CLOCK_HZ
    n = max(1, span.n_samples * PLACES_PER_S // CLOCK_HZ)
    grid = np.arange(n) / PLACES_PER_S
    height, width = size
    x = _held(at_s, np.array([row.centre.real for row in seen]) / width, grid)
    boxes = np.array([row.box for row in seen]) / (width, height, width, height)
    edges = np.clip([_held(at_s, column, grid) for column in boxes.T], 0.0, 1.0)
    box = np.stack([edges[0], edges[1], edges[2] - edges[0], edges[3] - edges[1]], axis=1).astype(np.float32)
    samples, moments = _moments(rows)
    return Thing(
        span, Span(seen[0].sample, seen[-1].sample), Track(smoothed(np.clip(x, 0, 1)), PLACES_PER_S),
        _speed(rows, span), strikes, Track(box, PLACES_PER_S), samples, moments, weight,
    )  # fmt: skip


def _nowhere(span: Span) -> Thing:
    """What flashes in a shot in which nothing moves: the whole picture."""
    n, m = (max(1, span.n_samples * rate // CLOCK_HZ) for rate in (PLACES_PER_S, SPEEDS_PER_S))
    return Thing(
        span, span, Track(np.full((n, 1), 0.5, np.float32), PLACES_PER_S),
        Track(np.zeros((m, 1), np.float32), SPEEDS_PER_S), (),
        Track(np.tile(np.array([[0, 0, 1, 1]], np.float32), (n, 1)), PLACES_PER_S),
        np.zeros(1, np.int64), np.zeros((0, 4), np.float32), 0.0,
    )  # fmt: skip


def _held(at_s: Curve, values: Curve, grid: Curve) -> Curve:
    """Values on the grid; between two pictures in which it is seen the thing goes from one place to the other."""
    return np.asarray(np.interp(grid, at_s, values))


def _speed(rows: Sequence[Row], span: Span) -> Track:
    """Of its middle or of what flows in it, whichever is faster: a wheel turns in place, a small ball has no flow."""
    at_s = np.array([row.sample - span.start for row in rows]) / CLOCK_HZ
    velocity = np.array([row.velocity for row in rows])
    known = np.array([1.0 if row.velocity else 0.0 for row in rows])
    # Of what goes to and fro over its place only the mean is its way: the rest is what was seen of it.
    total, n = (np.convolve(np.pad(one, 2), np.ones(5), "valid") for one in (velocity, known))
    middle = np.abs(total) / np.maximum(n, 1)
    flow = np.array([row.flow if row.mass else 0.0 for row in rows]) / SIDE
    speed = np.maximum(_median(middle / SIDE), _median(flow))
    grid = np.arange(max(1, span.n_samples * SPEEDS_PER_S // CLOCK_HZ)) / SPEEDS_PER_S
    return Track(np.interp(grid, at_s, speed, left=0.0, right=0.0).astype(np.float32)[:, None], SPEEDS_PER_S)


def _median(values: Curve) -> Curve:
    """Over five pictures: one leap of a middle is no speed."""
    padded = np.pad(values, 2)
    return np.asarray(np.median([padded[k : k + len(values)] for k in range(5)], axis=0))


def _moments(rows: Sequence[Row]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    values = np.array([row.moments for row in rows], np.float32)
    values[:, 1:] /= SIDE
    values[values[:, 0] <= 0, 1:] = np.nan
    samples = np.array([rows[0].sample - round(rows[0].step_s * CLOCK_HZ), *(row.sample for row in rows)], np.int64)
    return samples, values
