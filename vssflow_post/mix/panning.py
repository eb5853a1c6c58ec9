"""Panning: where a mono sound stands between the loudspeakers, at constant power.

A position runs from -1 (the left edge of the picture) over 0 to 1 (the right edge). The gains' squares sum to one at
every position, so that a sound that crosses the screen keeps its loudness; none of them is negative, so that a down-mix
to mono loses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vssflow_post.audio import MONO, STEREO, SURROUND, Layout, Samples
from vssflow_post.timeline import Span

_TO_STEREO = np.array([[1, 0, 0.7071, 0, 0.7071, 0], [0, 1, 0.7071, 0, 0, 0.7071]], np.float32)
"""The fold-down of ITU-R BS.775-4, annex 4; the LFE is left out."""
Positions = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class PanCurve:
    """A position along the film, straight between its knots, level before the first and after the last."""

    samples: npt.NDArray[np.int64]
    """Rising clock samples, shape (k,), at least one."""
    positions: Positions
    """-1 to 1, shape (k,)."""

    @classmethod
    def fixed(cls, position: float) -> PanCurve:
        return cls(np.zeros(1, np.int64), np.array([position], np.float32))

    def gains(self, span: Span, layout: Layout) -> Samples:
        """float32 (channels, n), or (channels, 1) where the position does not move within `span`."""
        inner = (self.samples > span.start) & (self.samples < span.end)
        edges = np.interp([span.start, span.end], self.samples, self.positions)
        if np.all(self.positions[inner] == edges[0]) and edges[0] == edges[1]:
            return pan_gains(edges[:1], layout)
        return pan_gains(np.interp(np.arange(span.start, span.end), self.samples, self.positions), layout)


CENTRE = PanCurve.fixed(0.0)


def pan_gains(positions: npt.ArrayLike, layout: Layout) -> Samples:
    """Gains of each channel for positions of shape (n,): float32 (channels, n).

    Stereo pans from side to side; 5.1 from L over C to R, the centre speaker carrying what stands in the middle.
    """
    at = np.clip(np.asarray(positions, np.float64), -1.0, 1.0)
    gains = np.zeros((layout.n_channels, len(at)), np.float32)
    if layout is MONO:
        gains[:] = 1.0
    elif layout is STEREO:
        gains[0], gains[1] = np.cos((at + 1) * np.pi / 4), np.sin((at + 1) * np.pi / 4)
    else:
        angle = np.abs(at) * np.pi / 2
        gains[2] = np.cos(angle)
        gains[0], gains[1] = np.where(at < 0, np.sin(angle), 0.0), np.where(at > 0, np.sin(angle), 0.0)
    return gains


def wide_gains(layout: Layout) -> Samples:
    """Gains of a bed that comes from everywhere, float32 (channels, 1): equal power in all but centre and LFE."""
    sides = [name in ("L", "R", "Ls", "Rs") for name in layout.channels]
    gains = np.array(sides if any(sides) else [True], np.float32)
    return np.asarray(gains / np.sqrt(gains.sum()), np.float32)[:, None]


def placed(audio: Samples, gains: Samples, layout: Layout) -> Samples:
    """Mono audio (1, n) through `gains`; stereo (2, n) and 5.1 (6, n) in their own channels, folded down where the
    layout has fewer."""
    if audio.shape[0] == 1:
        return np.asarray(audio * gains, np.float32)
    if audio.shape[0] == layout.n_channels:
        return audio
    if audio.shape[0] == SURROUND.n_channels:
        audio = np.asarray(_TO_STEREO @ audio, np.float32)
    if layout is MONO:
        return np.asarray(audio.sum(axis=0, keepdims=True) * np.float32(np.sqrt(0.5)), np.float32)
    out = np.zeros((layout.n_channels, audio.shape[1]), np.float32)
    out[:2] = audio
    return out
