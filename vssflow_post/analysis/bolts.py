"""Lightning: a thin, ragged, bluish white line that is there at once, and gone again.

No recogniser that looks at single pictures knows it, and its light alone may be a photographer's flash. What is told
from it: a beam and a pole are straight, a rocket's trail grows, sparks are yellow, writing stays, and what passes by
leaves as much dark behind as it brings light.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from vssflow_post.analysis.camera import Grey
from vssflow_post.backend import Frame, Thing
from vssflow_post.timeline import CLOCK_HZ

BEFORE_S = 0.06, 0.25
"""How far back the picture lies that a bolt is not in, yet."""
GONE_S = 0.5
"""A bolt is gone after this time."""
GONE = 0.6
"""Part of its pixels that are dark again by then, at least."""
LIT = 20
"""Grey levels by which it is brighter than all that was around its place."""
STANDS_OUT = 25
"""Grey levels by which it is brighter than what is beside it."""
BRIGHT = 200.0
"""Mean grey level of the brighter half of its pixels, at least."""
BLUISH = -5.0
"""By how much their blue is over their red, at least: fire and sparks are far below."""
TALL = 0.2
"""Of the picture's height from its upper end to its lower, at least."""
THIN = 8.0
"""Pixels of it for each pixel from its one end to its other, at most: more is a patch, however ragged."""
RAGGED = 1.0
"""Pixels (root mean square) by which its middle strays from a straight line, at least."""
DARKENED = 0.2
"""Pixels that become as much darker, against those that become brighter: in light that only comes there are none."""
MOST_LINES = 6
"""Thin bright lines in the picture: where a flash lights all of a room, everything has edges."""
THERE = 0.5
"""Part of its contrast with which a line was there before, in the dark: it is lit, and not light."""
APART_S = 0.25
"""Lines that are no farther apart are one bolt, which flickers."""
SHORT = 0.1
"""Of the picture's height: what is shorter is no line."""
FEWEST = 15
"""Pixels that must be lit for there to be anything to look for, and rows that a bolt has in the flattest picture."""

Places: TypeAlias = tuple[npt.NDArray[np.intp], ...]
"""Rows and columns of pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class _Bolt:
    """A line that came at once, and may be a bolt if it goes."""

    sample: int
    places: Places
    values: Grey

    def is_gone(self, grey: Grey) -> bool:
        return float(np.mean(grey[self.places].astype(int) <= self.values.astype(int) - LIT)) >= GONE


class BoltFinder:
    """Takes each frame once, in order; keeps the pictures of a quarter of a second."""

    def __init__(self) -> None:
        self._past: list[tuple[int, Grey]] = []
        self._waiting: list[_Bolt] = []
        self._lines: set[int] = set()
        """Clock samples of pictures with a line that came and went."""

    @property
    def found(self) -> tuple[int, ...]:
        """Clock samples of the first picture of each bolt, rising."""
        lines = sorted(self._lines)
        return tuple(line for before, line in pairwise([-CLOCK_HZ, *lines]) if line - before > APART_S * CLOCK_HZ)

    def push(self, frame: Frame) -> None:
        nearest, farthest = (frame.sample - round(seconds * CLOCK_HZ) for seconds in BEFORE_S)
        self._past = [one for one in self._past if one[0] >= farthest]
        self._settle(frame)
        before = next((grey for sample, grey in reversed(self._past) if sample <= nearest), None)
        self._past.append((frame.sample, frame.grey))
        if before is not None and before.shape == frame.grey.shape:
            self._waiting += [_Bolt(frame.sample, places, frame.grey[places]) for places in _lines_of(frame, before)]

    def _settle(self, frame: Frame) -> None:
        """Of the lines that wait, what is gone was lightning, and what stays long is none."""
        gone = {bolt.sample for bolt in self._waiting if bolt.is_gone(frame.grey)}
        self._lines |= gone
        oldest = frame.sample - round(GONE_S * CLOCK_HZ)
        self._waiting = [bolt for bolt in self._waiting if bolt.sample > oldest and bolt.sample not in gone]


def by_daylight(things: Sequence[Thing], bolts: Sequence[int]) -> tuple[Thing, ...]:
    """The things of a shot; where lightning strikes in it, their flashes are its light on them, none of theirs."""
    if not things or not any(things[0].span.contains(bolt) for bolt in bolts):
        return tuple(things)
    return tuple(
        replace(thing, strikes=tuple(strike for strike in thing.strikes if strike.kind != "flash")) for thing in things
    )


def _lines_of(frame: Frame, before: Grey) -> list[Places]:
    """The pixels of each line of lightning that is in a frame and was not in the picture `before`."""
    import cv2

    near = np.ones((5, 5), np.uint8)
    lit = cv2.subtract(frame.grey, cv2.dilate(before, near)) >= LIT
    n_lit = int(np.count_nonzero(lit))
    if n_lit < FEWEST:
        return []
    darkened = cv2.subtract(before, cv2.dilate(frame.grey, near)) >= LIT
    if np.count_nonzero(darkened) > DARKENED * n_lit:
        return []
    across = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9))
    thin = lit & (cv2.morphologyEx(frame.grey, cv2.MORPH_TOPHAT, across) >= STANDS_OUT)
    n, labels = cv2.connectedComponents(cv2.dilate(thin.astype(np.uint8), np.ones((3, 3), np.uint8)))
    parts = [np.nonzero((labels == label) & thin) for label in range(1, n)]
    lines = [part for part in parts if len(part[0]) and _length(part) >= SHORT * len(frame.grey)]
    if len(lines) > MOST_LINES:
        return []
    return [part for part in lines if _is_bolt(part, frame) and not _was_there(part, frame.grey, before)]


def _length(places: Places) -> float:
    """From corner to corner, pixels."""
    return float(np.hypot(*(np.ptp(each) + 1 for each in places)))


def _is_bolt(places: Places, frame: Frame) -> bool:
    rows, columns = places
    if np.ptp(rows) + 1 < max(FEWEST, TALL * len(frame.grey)) or len(rows) > THIN * _length(places):
        return False
    greys = frame.grey[places]
    core = greys >= np.median(greys)  # its edges are as dark as the night
    colours = frame.pixels[places][core].mean(axis=0)
    is_white = float(greys[core].mean()) >= BRIGHT and float(colours[2] - colours[0]) >= BLUISH
    return is_white and _strays(rows, columns) >= RAGGED


def _strays(rows: npt.NDArray[np.intp], columns: npt.NDArray[np.intp]) -> float:
    """How far the middle of a line lies off a straight one, pixels (root mean square)."""
    at, first = np.unique(rows, return_inverse=True)
    middle = np.bincount(first, columns) / np.bincount(first)
    slope, start = np.polyfit(at, middle, 1)
    return float(np.sqrt(np.mean((middle - slope * at - start) ** 2)) / np.hypot(1.0, slope))


def _was_there(places: Places, now: Grey, before: Grey) -> bool:
    """Whether a line stood out in the picture before as it does now, for the light that there was."""
    import cv2

    line = np.zeros(now.shape, np.uint8)
    line[places] = 1
    wide, wider = (cv2.dilate(line, np.ones((side, side), np.uint8)) > 0 for side in (5, 11))
    beside = wider & ~wide

    def relief(grey: Grey) -> float:
        ground = float(grey[beside].mean())
        return (float(grey[places].mean()) - ground) / (ground + 1.0)

    return bool(beside.any()) and relief(before) >= THERE * relief(now)
