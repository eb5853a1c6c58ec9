"""How open a mouth is, from its looks alone: how far it is from the closed mouth of the same face.

A mouth that opens may show a dark hole, teeth or a tongue, within lips or within a beard: no one measure of darkness
or of redness holds for all. But a closed mouth is the plainest picture that a face's mouth makes, one line between skin
and skin, and whatever appears when it opens makes it another. So the plainest moments of a stretch of time are taken
for the closed mouth, and what is measured is the difference from it. It is small where a face keeps still.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from vssflow_post.analysis.face_nets import Plane
from vssflow_post.media.whole import Affine

Mouth: TypeAlias = npt.NDArray[np.uint8]
Curve: TypeAlias = npt.NDArray[np.float64]

ROWS, COLUMNS = 40, 3
"""Pixels of a mouth as it is kept: fine from top to bottom, where lips move, coarse from side to side."""
_HEIGHT, _WIDTH = 0.62, 0.43
"""Size of what is looked at, in distances from the eyes to the mouth: from below the nose to the chin, the middle of
the mouth without its corners."""
_ABOVE = 0.39
"""Share of the height that lies above the corners of the mouth."""
_NEAR_S, _STEP_S = 12.0, 5.0
"""The closed mouth is looked for within this time before and after, anew for each such step: faces turn."""
_CLOSED_SHARE = 0.12
"""Share of the moments, the plainest ones, that the closed mouth is made of."""
_EDGES_WEIGHT = 16.0
"""Of the mean step from row to row, against the share of dark: both in units of the skin's brightness."""
_REACH = 2
"""Rows by which a mouth may lie higher or lower than another: that is no opening."""
_FLOOR = 0.12
"""Smallest difference that counts as a mouth's full movement: below, it would be noise made large."""
_BEND = 1.5
"""The difference grows fast while the lips part and slowly then; to this power it grows about as the opening does."""


def mouth_place(points: Plane) -> Affine:
    """Where the pixels of a kept mouth lie in the picture, from a face's five points; level with its eyes."""
    left_eye, right_eye, _, left, right = points.astype(np.float64)
    mouth, eyes = (left + right) / 2, (left_eye + right_eye) / 2
    distance = float(np.hypot(*(mouth - eyes)))
    across = (right_eye - left_eye) / max(float(np.hypot(*(right_eye - left_eye))), 1e-6)
    column, row = across * distance * _WIDTH / COLUMNS, np.array([-across[1], across[0]]) * distance * _HEIGHT / ROWS
    origin = mouth - column * (COLUMNS - 1) / 2 - row * (_ABOVE * ROWS - 0.5)
    return np.stack([column, row, origin], axis=1)


def openings(mouths: npt.NDArray[np.uint8], times_s: Curve) -> Curve:
    """0 for this face's closed mouth, 1 for its widest, at each of `times_s`; one that never moves stays near 0.

    `mouths`: (n, ROWS, COLUMNS).
    """
    values = _soft(mouths.astype(np.float32))
    values /= np.maximum(np.percentile(values, 75, axis=(1, 2), keepdims=True), 1.0)
    plainness = _plainness(values)
    raw = np.zeros(len(values))
    for start_s in np.arange(times_s[0], times_s[-1] + 1e-6, _STEP_S):
        asked = (times_s >= start_s) & (times_s < start_s + _STEP_S)
        near = np.flatnonzero((times_s >= start_s - _NEAR_S) & (times_s < start_s + _STEP_S + _NEAR_S))
        raw[asked] = _difference(values[asked], _closed(values[near], plainness[near])) ** _BEND
    closed, wide = np.percentile(raw, (10, 97))
    return np.asarray(np.clip((raw - closed) / max(float(wide - closed), _FLOOR**_BEND), 0.0, 1.0), np.float64)


def _soft(values: Plane) -> Plane:
    """Smoothed from row to row, so that grain makes no edges."""
    padded = np.pad(values, ((0, 0), (1, 1), (0, 0)), mode="edge")
    return np.asarray((padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]) / 4, np.float32)


def _plainness(values: Plane) -> Curve:
    """The smaller, the plainer: few edges from top to bottom, and little that is much darker than the skin."""
    edges = np.abs(np.diff(values, axis=1)).mean(axis=(1, 2))
    dark = np.clip((0.8 - values) / 0.4, 0.0, 1.0).mean(axis=(1, 2))
    return np.asarray(_EDGES_WEIGHT * edges + dark, np.float64)


def _closed(values: Plane, plainness: Curve) -> Plane:
    n = max(min(3, len(values)), int(len(values) * _CLOSED_SHARE))
    return np.asarray(np.median(values[np.argsort(plainness, kind="stable")[:n]], axis=0), np.float32)


def _difference(values: Plane, closed: Plane) -> Curve:
    """Root mean square, at the shift at which they are most alike, brightness apart."""
    inner = np.arange(_REACH, ROWS - _REACH)
    found = []
    for shift in np.linspace(-_REACH, _REACH, 4 * _REACH + 1):
        moved = np.stack([np.interp(inner + shift, np.arange(ROWS), column) for column in closed.T], axis=1)
        found.append((values[:, inner] - moved).std(axis=(1, 2)))
    return np.asarray(np.min(found, axis=0), np.float64)
