"""The guided field over many cues at once: all their windows as rows of one axis, in packs of bounded size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from vssflow_dit.conditions import Condition
from vssflow_dit.dit import DiT, Prepared
from vssflow_dit.flow import Guidance, guided
from vssflow_dit.windows import blend_weights, window_starts

TOKENS_AT_ONCE = 1500
"""Latent tokens of a pack: enough to fill the processor's matrix products, few enough to keep memory flat."""
PACKS_KEPT = 4
"""Packs whose conditions stay projected between evaluations; beyond that they are projected anew each time, which
costs some percent of the work and keeps memory constant in the length of a cue."""


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """A stretch of one cue that is evaluated as one sequence."""

    first: int
    """Row of its first token among all cues' tokens."""
    n: int
    condition: Condition
    scale: float
    """Guidance scale of its cue."""
    share: Tensor | None
    """Weight of each token in the blend (n, 1); None for the only window of its cue."""


class PackedField:
    """velocity(x, t) of cues that lie end to end: x (rows, C). A take in it depends on nothing but its own rows."""

    def __init__(
        self,
        dit: DiT,
        conditions: Sequence[Condition],
        scales: Sequence[float],
        window: int | None = None,
        guidance: Guidance | None = None,
    ) -> None:
        self.dit, self.guidance = dit, guidance or Guidance()
        self.lengths = [condition.n_tokens for condition in conditions]
        self._windows = _windows(conditions, scales, window or max(self.lengths), dit.latent_in.weight.device)
        self._packs = _packs(self._windows)
        self._kept: dict[int, Prepared] = {}

    def packed(self, sequences: Sequence[Tensor]) -> Tensor:
        """Latents (C, T) of each cue to rows (sum of T, C)."""
        return torch.cat([sequence.T for sequence in sequences])

    def unpacked(self, rows: Tensor) -> list[Tensor]:
        """The inverse of `packed`."""
        return [part.T for part in torch.split(rows, self.lengths)]

    def __call__(self, x: Tensor, t: float) -> Tensor:
        out = torch.zeros_like(x)
        strength = self.guidance.strength(t)
        for k, pack in enumerate(self._packs):
            rows = torch.cat([x[window.first : window.first + window.n] for window in pack])
            scales = [1 + (window.scale - 1) * strength for window in pack]
            needed = any(scale != 1.0 for scale in scales)
            velocities = self.dit.velocities(rows, t, self._prepared(k), needed).float()
            by_window = torch.split(velocities, [window.n for window in pack], dim=1)
            for window, scale, parts in zip(pack, scales, by_window, strict=True):
                velocity = guided(parts[0], parts[1], scale) if needed else parts[0]
                if window.share is not None:
                    velocity = window.share * velocity
                out[window.first : window.first + window.n] += velocity
        return out

    def _prepared(self, k: int) -> Prepared:
        if k in self._kept:
            return self._kept[k]
        prepared = self.dit.prepare([window.condition for window in self._packs[k]])
        if len(self._packs) <= PACKS_KEPT:
            self._kept[k] = prepared
        return prepared


def _windows(
    conditions: Sequence[Condition], scales: Sequence[float], window: int, device: torch.device
) -> list[Window]:
    """Windows of all cues, each overlapping the next of its cue by a quarter."""
    found: list[Window] = []
    first = 0
    for condition, scale in zip(conditions, scales, strict=True):
        n = condition.n_tokens
        size = min(n, window)
        starts = window_starts(n, window, window // 4)
        weights = blend_weights(starts, size, n).to(device)
        for start, weight in zip(starts, weights, strict=True):
            share = None if len(starts) == 1 else weight[start : start + size, None]
            found.append(Window(first + start, size, condition.window(start, size), scale, share))
        first += n
    return found


def _packs(windows: Sequence[Window]) -> list[list[Window]]:
    """In order, as many windows to a pack as stay within TOKENS_AT_ONCE, one at least."""
    packs: list[list[Window]] = []
    room = 0
    for window in windows:
        if window.n > room:
            packs.append([])
            room = TOKENS_AT_ONCE
        packs[-1].append(window)
        room -= window.n
    return packs
