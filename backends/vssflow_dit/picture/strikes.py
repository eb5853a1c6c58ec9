"""From motion to what can be heard of it: when something strikes, how hard, and how fast things move.

A small convolution over time reads strikes from the motion of `motion.py`; it was trained on drawn films whose strikes
are known exactly. What it finds goes to the transformer as pulses, so that a strike is a strike in every picture.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from vssflow_dit.lanes import Lanes
from vssflow_dit.picture.motion import CHANNELS, RATE_HZ, MotionReader, of_picture
from vssflow_dit.tensors import fill
from vssflow_post.backend import Frame, Track
from vssflow_post.timeline import Scene

THRESHOLD = 0.5
"""Probability from which a peak counts as a strike."""
EDGE_S = 0.08
"""From either end of a shot in which no strike is believed: what moves there neither began nor stopped just then."""
APART_S = 0.09
"""No two strikes of one thing lie closer."""
FAINTEST = 0.25
"""Strength of the weakest strike: what is seen to strike is to be heard, also beside what still rings."""
PULSE_S = 0.03
"""Half the width of the pulse that stands for a strike."""
EXPOSED_S = 0.002
"""A picture shows what was before the camera a little after its time, up to half of a picture, while it was exposed: a
strike seems to come earlier by that. Between films without exposure (strikes seem 0 to 5 ms late) and those that are
exposed for half a picture (6 ms early)."""
_SURELY_NOT = 80.0
"""Minus the logit from which a probability is as good as 0: beyond, float32 overflows."""
FULL_SPEED = 0.35
"""Picture widths a second that count as full speed (1.0)."""

Curve = npt.NDArray[np.float32]
_LANE = Lanes(1)
"""A scene's motion is one sequence: it is read on one thread, whatever its film's thread does."""


class StrikeNet(nn.Module):
    """Motion (B, channels, n) at 100/s to two curves (B, 2, n): logit of a strike here, and its strength."""

    def __init__(self, width: int = 40) -> None:
        super().__init__()
        self.enter = nn.Conv1d(len(CHANNELS), width, 5, padding=2)
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Conv1d(width, width, 5, padding=2 * d, dilation=d), nn.GELU(), nn.Conv1d(width, width, 1))
            for d in (1, 2, 4, 8, 2, 1)
        )
        self.leave = nn.Conv1d(width, 2, 1)

    def forward(self, motion: Tensor) -> Tensor:
        x = self.enter(motion)
        for block in self.blocks:
            x = x + block(x)
        return self.leave(x)  # type: ignore[no-any-return]

    def save(self, path: Path) -> None:
        save_file({name: tensor.contiguous() for name, tensor in self.state_dict().items()}, path)

    @classmethod
    def load(cls, path: Path) -> StrikeNet:
        """What `save` wrote. Raises UsageError for any other file."""
        net = cls()
        fill(net, path, lambda name: torch.float32)
        return net.eval()

    def strikes(self, motion: Curve) -> list[tuple[float, float]]:
        """(time in s, strength 0..1) of each strike in a film's motion (n, channels)."""
        return self._read(motion)[0]

    def _read(self, motion: Curve) -> tuple[list[tuple[float, float]], Curve]:
        """The strikes, on the grid, and the logit of one at each of its points."""
        logit, strength = _LANE.run(lambda: self(torch.from_numpy(motion.T.copy())[None])[0]).numpy()
        probability = 1 / (1 + np.exp(np.minimum(-logit, _SURELY_NOT)))
        return peaks(probability, np.clip(strength, FAINTEST, 1.0)), logit


class SharpStrikeNet(StrikeNet):
    """The same strikes, each between the points of the grid where a parabola through the highest three peaks: for what
    is laid to the sample. What the model makes of a strike was learned from the grid."""

    def strikes(self, motion: Curve) -> list[tuple[float, float]]:
        found, logit = self._read(motion)
        return [(time + _beyond(logit, round(time * RATE_HZ)) / RATE_HZ + EXPOSED_S, hard) for time, hard in found]


def _beyond(logit: Curve, k: int) -> float:
    """From point k to the peak of the parabola through it and its neighbours, in points of the grid."""
    if not 0 < k < len(logit) - 1:
        return 0.0
    before, here, after = (float(value) for value in logit[k - 1 : k + 2])
    bend = before - 2 * here + after
    return max(-0.5, min(0.5, 0.5 * (before - after) / bend)) if bend < 0 else 0.0


def peaks(probability: Curve, strength: Curve) -> list[tuple[float, float]]:
    """The peaks above THRESHOLD, highest first and none within APART_S of a higher one; in order of time."""
    p = np.pad(probability, 1)
    at = np.flatnonzero((p[1:-1] >= THRESHOLD) & (p[1:-1] >= p[:-2]) & (p[1:-1] > p[2:]))
    chosen: list[int] = []
    for k in at[np.argsort(-probability[at], kind="stable")]:
        if all(abs(int(k) - other) > APART_S * RATE_HZ for other in chosen):
            chosen.append(int(k))
    return [(k / RATE_HZ, float(strength[k])) for k in sorted(chosen)]


def pulses(strikes: list[tuple[float, float]] | tuple[tuple[float, float], ...], n: int, first_s: float = 0.0) -> Curve:
    """Strikes as triangles of their strength on a grid of n frames at 100/s that begins at `first_s`."""
    out = np.zeros(n, np.float32)
    grid = first_s + np.arange(n) / RATE_HZ
    for time, strength in strikes:
        np.maximum(out, strength * np.clip(1 - np.abs(grid - time) / PULSE_S, 0, 1), out=out)
    return out


class StrikeEncoder:
    """The starter's `FrameEncoder`: frames to {"motion": strike pulses and speed, (n, 2) at 100/s}."""

    def __init__(self, net: StrikeNet) -> None:
        self._net, self._reader = net, MotionReader()

    def push(self, frame: Frame) -> None:
        self._reader.push(frame)

    def finish(self, scenes: Sequence[Scene]) -> dict[str, Track]:
        """Scene by scene, so that a cut is neither a motion nor a strike."""
        times = np.array(self._reader.times_s)
        rows = np.array(self._reader.rows).reshape(-1, 5)
        values = np.zeros((max(1, math.ceil(scenes[-1].span.end_s * RATE_HZ)), 2), np.float32)
        for scene in scenes:
            first, last = (int(k) for k in np.searchsorted(times, (scene.span.start_s - 1e-6, scene.span.end_s - 1e-6)))
            at = round(scene.span.start_s * RATE_HZ)
            n = min(math.ceil(scene.span.duration_s * RATE_HZ), len(values) - at)
            motion = of_picture(times[first:last] - at / RATE_HZ, rows[first : max(first, last - 1)], n)
            values[at : at + n] = self._heard(motion)
        return {"motion": Track(values, RATE_HZ)}

    def _heard(self, motion: Curve) -> Curve:
        """Motion (n, channels) of a scene to strike pulses and speed (n, 2)."""
        raw = np.expm1(motion[:, CHANNELS.index("speed")]) * 0.3
        speed = np.convolve(np.pad(raw, 7), np.ones(15) / 15, mode="valid") / FULL_SPEED
        last_s = len(motion) / RATE_HZ - EDGE_S
        found = [strike for strike in self._net.strikes(motion) if EDGE_S <= strike[0] <= last_s]
        return np.stack([pulses(found, len(motion)), np.clip(speed, 0, 1)], axis=1).astype(np.float32)
