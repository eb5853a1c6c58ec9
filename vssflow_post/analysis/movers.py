"""What moves by itself in a shot, parted and followed: each mover with its places, its motion, its light.

A pixel belongs to a mover at the moment when it differs from the picture before and from the picture after: that is
where the thing is, and not where it was or will be. Pixels that touch are one lump; a lump goes to the mover whose way
leads there. A mover that rests stays where it was, carried by the camera, until it moves on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from vssflow_post.analysis.camera import CELL, SIDE, Camera, Plane, Step, middle_of, warped_back

MOST = 8
"""Movers that are followed at once."""
LEAST = 1.5
"""Mean grey levels of change in a cell that moves."""
SMALLEST = 12.0
"""Summed grey levels (a cell) of the smallest lump."""
LIT = 12.0
"""Grey levels by which a cell gets brighter or darker in a flash, at least: a key picture of a codec changes less."""
REACH = 0.04 * SIDE
"""Pixels beyond its own size that a mover may be off its way."""
WAITS_S = 4.0
"""Seconds for which a mover may rest and still be the same one."""

Labels: TypeAlias = npt.NDArray[np.int32]


class Lump(NamedTuple):
    """Cells that touch and move; pixels of the small picture."""

    mass: float
    centre: complex
    box: tuple[float, float, float, float]
    """Left, top, right, bottom."""
    label: int

    @property
    def size(self) -> float:
        """Half of its longer side."""
        return max(self.box[2] - self.box[0], self.box[3] - self.box[1]) / 2


class Row(NamedTuple):
    """A mover at one picture; pixels of the small picture, seconds."""

    sample: int
    mass: float
    """Summed change of its lump, grey levels a cell; 0 while it rests."""
    centre: complex
    box: tuple[float, float, float, float]
    velocity: complex
    """Of its centre since the picture before, pixels a second, without the camera's."""
    flow: float
    """Speed of what flows in it, pixels a second."""
    step_s: float
    """Seconds since the picture before."""
    rise: float
    """Net brightening of its cells since the picture before, grey levels times cells."""
    change: float
    """Summed absolute brightening and darkening of the same cells."""
    moments: tuple[float, float, float, float]
    """Of what changed since the picture before: sum (grey levels), middle (x, y) and spread (pixels)."""


@dataclass(slots=True, eq=False)
class Mover:
    """One thing on its way through a shot."""

    centre: complex
    """Where it is now, in pixels of the newest picture."""
    size: float
    box: tuple[float, float, float, float]
    velocity: complex = 0j
    """Pixels a second."""
    last_s: float = 0.0
    """When it moved last."""
    rows: list[Row] = field(default_factory=list)

    @property
    def mass(self) -> float:
        return sum(row.mass for row in self.rows)


class Movers:
    """Takes each step once, in order."""

    def __init__(self, camera: Camera) -> None:
        self._camera = camera
        self.movers: list[Mover] = []
        self._last: tuple[Step, int, float] | None = None
        """The step before, its picture's sample, and its length in seconds."""
        self._seen = np.zeros(camera.cells, np.bool_)
        """Cells of the picture before in which something was."""

    def push(self, step: Step, sample: int, step_s: float) -> list[Mover]:
        """`sample` is that of the step's later picture; the movers that were given up."""
        before, self._last = self._last, (step, sample, step_s)
        if before is None:
            return []
        seen = self._camera.in_cells(np.minimum(before[0].change, warped_back(step.change, step.camera)))
        given_up = self._settle(*before, self._with_jerks(seen, self._camera.in_cells(before[0].change)))
        for mover in self.movers:
            mover.centre = complex(step.camera(mover.centre))
            mover.box = _carried(mover.box, step)
        return given_up

    def flush(self) -> list[Mover]:
        """What the last picture shows, of which no later one says more; the movers that were given up."""
        last, self._last = self._last, None
        return [] if last is None else self._settle(*last, self._camera.in_cells(last[0].change))

    def _with_jerks(self, seen: Plane, changed: Plane) -> Plane:
        """`seen`, and what only moved up to this picture where nothing is or just was: a jerk, or a late update."""
        import cv2

        moved = (changed > LEAST).astype(np.uint8)
        n, labels = cv2.connectedComponents(cv2.dilate(moved, np.ones((3, 3), np.uint8)))
        known = np.zeros(n, bool)
        known[labels[(seen > LEAST) | self._seen]] = True
        self._seen = seen > LEAST
        return np.where(known[labels] | (moved == 0), seen, changed)

    def _settle(self, step: Step, sample: int, step_s: float, seen: Plane) -> list[Mover]:
        """The movers at the step's later picture, where `seen` is what moves (cells)."""
        now_s = sample / 48_000
        lumps, labels = _lumps(seen, self._camera)
        taken = self._matched(lumps, step_s)
        given_up = self._born(lumps, taken, now_s)
        owners = self._owners(step, labels, lumps, taken)
        for k, mover in enumerate(self.movers):
            own = [lumps[j] for j, owner in taken.items() if owner is mover]
            mover.rows.append(_row(mover, own, step, sample, step_s, owners == k))
            if own:
                mover.last_s = now_s
        gone = [mover for mover in self.movers if now_s - mover.last_s > WAITS_S]
        self.movers = [mover for mover in self.movers if mover not in gone]
        return given_up + gone

    def _matched(self, lumps: Sequence[Lump], step_s: float) -> dict[int, Mover]:
        """Lump by number to the mover whose way leads to it, nearest first; small lumps near a mover are its parts."""
        pairs = sorted(
            (abs(lump.centre - mover.centre - mover.velocity * step_s), j, k)
            for j, lump in enumerate(lumps)
            for k, mover in enumerate(self.movers)
        )
        taken: dict[int, Mover] = {}
        for distance, j, k in pairs:
            mover, lump = self.movers[k], lumps[j]
            if j in taken or any(owner is mover for owner in taken.values()):
                continue
            if distance <= REACH + max(mover.size, lump.size) * 0.8 + abs(mover.velocity) * step_s * 0.5:
                taken[j] = mover
        for j, lump in enumerate(lumps):
            near = [(_gap(lump.box, lumps[i].box), i) for i in taken]
            if j not in taken and near and min(near)[0] <= REACH and lump.mass < lumps[min(near)[1]].mass:
                taken[j] = taken[min(near)[1]]
        return taken

    def _born(self, lumps: Sequence[Lump], taken: dict[int, Mover], now_s: float) -> list[Mover]:
        """New movers of the lumps that nobody took; the faintest of too many is given up."""
        given_up = []
        for j, lump in enumerate(lumps):
            if j in taken:
                continue
            taken[j] = Mover(lump.centre, lump.size, lump.box, last_s=now_s)
            self.movers.append(taken[j])
            if len(self.movers) > MOST:
                resting = [mover for mover in self.movers if mover not in taken.values()] or self.movers
                faintest = min(resting, key=lambda mover: mover.mass)
                self.movers.remove(faintest)
                given_up.append(faintest)
        return given_up

    def _owners(self, step: Step, labels: Labels, lumps: Sequence[Lump], taken: dict[int, Mover]) -> Labels:
        """Cells to the number of the mover whose they are, -1 for nobody's: its lumps, and what changed around it."""
        owners = np.full(labels.shape, -1, np.int32)
        nearest = np.full(labels.shape, np.inf)
        places = self._camera.places
        changed = self._camera.in_cells(step.change) > LEAST / 2
        for k, mover in enumerate(self.movers):
            left, top, right, bottom = mover.box
            margin = 2 * CELL
            inside = (places.real > left - margin) & (places.real < right + margin)
            inside &= (places.imag > top - margin) & (places.imag < bottom + margin)
            distance = np.abs(places - mover.centre)
            mine = inside & changed & (distance < nearest)
            owners[mine], nearest[mine] = k, distance[mine]
        for j, lump in enumerate(lumps):
            for k, mover in enumerate(self.movers):
                if taken.get(j) is mover:
                    owners[labels == lump.label] = k
        return owners


def _lumps(seen: Plane, camera: Camera) -> tuple[list[Lump], Labels]:
    """The lumps of moving cells, heaviest first, and each cell's label (0: still)."""
    import cv2

    moving = (seen > LEAST).astype(np.uint8)
    if not moving.any():
        return [], np.zeros(seen.shape, np.int32)
    n, touching = cv2.connectedComponents(cv2.dilate(moving, np.ones((3, 3), np.uint8)))
    labels: Labels = np.where(moving > 0, touching, 0).astype(np.int32)
    found = [lump for label in range(1, n) if (lump := _lump(seen, labels, label, camera)).mass >= SMALLEST]
    return sorted(found, key=lambda lump: -lump.mass)[:MOST], labels


def _lump(seen: Plane, labels: Labels, label: int, camera: Camera) -> Lump:
    weight = np.where(labels == label, seen, 0.0)
    mass = float(weight.sum())
    centre = complex((weight * camera.places).sum() / max(mass, 1e-6))
    rows, columns = np.nonzero(labels == label)
    box = (columns.min() * CELL, rows.min() * CELL, (columns.max() + 1) * CELL, (rows.max() + 1) * CELL)
    return Lump(mass, centre, tuple(float(edge) for edge in box), label)  # type: ignore[arg-type]


def _row(mover: Mover, own: list[Lump], step: Step, sample: int, step_s: float, cells: npt.NDArray[np.bool_]) -> Row:
    """What the mover did during the step; it is moved to where its lumps are."""
    velocity, mass = 0j, sum(lump.mass for lump in own)
    if own:
        centre = sum(lump.mass * lump.centre for lump in own) / mass
        velocity = (centre - mover.centre) / step_s if mover.rows and mover.rows[-1].mass else 0j
        mover.box = around([lump.box for lump in own])
        mover.centre, mover.velocity = centre, velocity
        mover.size = max(mover.box[2] - mover.box[0], mover.box[3] - mover.box[1]) / 2
    else:
        mover.velocity = 0j
    flow = step.flow[cells] / step_s
    speed = np.abs(flow)
    median = middle_of(speed[speed > 0]) if speed.any() else 0.0
    rise = step.rise[cells]
    rise = rise[np.abs(rise) >= LIT]
    return Row(
        sample, mass, mover.centre, mover.box, velocity, median, step_s,
        float(rise.sum()), float(np.abs(rise).sum()), _moments(step.change, cells),
    )  # fmt: skip


def _moments(change: Plane, cells: npt.NDArray[np.bool_]) -> tuple[float, float, float, float]:
    import cv2

    own = change * cv2.resize(cells.astype(np.uint8), change.shape[::-1], interpolation=cv2.INTER_NEAREST)
    columns, lines = own.sum(axis=0), own.sum(axis=1)
    mass = float(columns.sum())
    if mass <= 0:
        return 0.0, 0.0, 0.0, 0.0
    xs, ys = np.arange(len(columns)), np.arange(len(lines))
    x, y = float(columns @ xs) / mass, float(lines @ ys) / mass
    return mass, x, y, float(np.sqrt((columns @ (xs - x) ** 2 + lines @ (ys - y) ** 2) / mass))


def around(boxes: Sequence[tuple[float, float, float, float]]) -> tuple[float, float, float, float]:
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def _gap(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> float:
    """Pixels between two boxes; 0 where they touch."""
    across = max(one[0] - other[2], other[0] - one[2], 0.0)
    down = max(one[1] - other[3], other[1] - one[3], 0.0)
    return float(np.hypot(across, down))


def _carried(box: tuple[float, float, float, float], step: Step) -> tuple[float, float, float, float]:
    """A box that rests in the world, at its place after the camera's motion."""
    middle = complex((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    off = complex(step.camera(middle)) - middle
    return box[0] + off.real, box[1] + off.imag, box[2] + off.real, box[3] + off.imag
