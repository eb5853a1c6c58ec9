"""The outline of a stem: its lowest and highest values along the film, for drawing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vssflow_post.audio import Samples

POINTS = 2000


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """A waveform, small: at most 2000 points, each over an equal part of the film."""

    lowest: Samples
    """float32 (points,), over all channels."""
    highest: Samples


class OutlineDrawer:
    """Follows a stem of known length block by block."""

    def __init__(self, n_samples: int) -> None:
        n_points = min(POINTS, n_samples)
        self._edges = np.arange(n_points + 1) * n_samples // max(1, n_points)
        self._lowest = np.zeros(n_points, np.float32)
        self._highest = np.zeros(n_points, np.float32)
        self._n_seen = 0

    def push(self, block: Samples) -> None:
        """`block` is float32 (channels, n)."""
        n = block.shape[1]
        if n == 0:
            return
        first = int(np.searchsorted(self._edges, self._n_seen, side="right")) - 1
        last = int(np.searchsorted(self._edges, self._n_seen + n, side="left"))
        starts = np.maximum(self._edges[first:last] - self._n_seen, 0)
        low = np.minimum.reduceat(block.min(axis=0), starts)
        high = np.maximum.reduceat(block.max(axis=0), starts)
        self._lowest[first:last] = np.minimum(self._lowest[first:last], low)
        self._highest[first:last] = np.maximum(self._highest[first:last], high)
        self._n_seen += n

    def finish(self) -> Outline:
        return Outline(self._lowest, self._highest)
