"""The guided field over many cues at once: all their windows as rows of one axis, in packs of bounded size.

A long cue is covered by overlapping windows whose fields are blended at every evaluation (MultiDiffusion, arXiv
2302.08113). The blended field is one smooth field over the whole cue, so no seam can form where windows meet.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from vssflow_dit.flow import Guidance, guided
from vssflow_dit.lanes import Lanes
from vssflow_dit.transformer.conditions import Condition
from vssflow_dit.transformer.dit import DiT, Prepared

TOKENS_AT_ONCE = 1500
"""Latent tokens of a pack that share products: enough to fill a GPU, few enough to keep memory flat."""
TOKENS_IN_A_LANE = 400
"""Of a pack in a lane, where sequences stand apart: enough that what is done to all at once is cheap, few enough for
a core's own cache."""
TOKENS_KEPT = 6000
"""Tokens whose conditions stay projected between evaluations; those of longer batches are projected anew each time,
which costs some percent of the work and keeps memory constant in the length of a cue."""


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


@dataclass(slots=True, eq=False)
class Pack:
    """Sequences that are evaluated in one call."""

    conditional: list[Window] = field(default_factory=list)
    unconditional: list[Window] = field(default_factory=list)
    prepared: Prepared | None = None

    @property
    def n(self) -> int:
        return sum(window.n for window in (*self.conditional, *self.unconditional))

    def add(self, window: Window, conditional: bool) -> None:
        (self.conditional if conditional else self.unconditional).append(window)

    @property
    def keys(self) -> list[tuple[int, bool]]:
        """Of each sequence, in order: the first row of its window, and whether it has conditions."""
        return [(w.first, True) for w in self.conditional] + [(w.first, False) for w in self.unconditional]


class PackedField:
    """velocity(x, t) of cues that lie end to end: x (rows, C). A take in it depends on nothing but its own rows.

    In lanes sequences stand apart (see `rows`), and packs are evaluated at once; on a GPU, one after the other.
    """

    def __init__(
        self,
        dit: DiT,
        conditions: Sequence[Condition],
        scales: Sequence[float],
        window: int | None = None,
        guidance: Guidance | None = None,
        lanes: Lanes | None = None,
    ) -> None:
        self.dit, self.guidance, self._lanes = dit, guidance or Guidance(), lanes or Lanes(0)
        self.lengths = [condition.n_tokens for condition in conditions]
        self._windows = _windows(conditions, scales, window or max(self.lengths), dit.latent_in.weight.device)
        self._keeps = sum(self.lengths) <= TOKENS_KEPT
        self._packs: dict[bool, list[Pack]] = {}

    def packed(self, sequences: Sequence[Tensor]) -> Tensor:
        """Latents (C, T) of each cue to rows (sum of T, C)."""
        return torch.cat([sequence.T for sequence in sequences])

    def unpacked(self, rows: Tensor) -> list[Tensor]:
        """The inverse of `packed`."""
        return [part.T for part in torch.split(rows, self.lengths)]

    def __call__(self, x: Tensor, t: float) -> Tensor:
        strength = self.guidance.strength(t)
        packs = self._packs_of(strength != 0.0)
        found: dict[tuple[int, bool], Tensor] = {}
        for velocities in self._lanes.map(lambda pack: self._velocities(pack, x, t), packs):
            found |= velocities
        out = torch.zeros_like(x)
        for window in self._windows:
            velocity = found[window.first, True]
            if (window.first, False) in found:
                velocity = guided(velocity, found[window.first, False], 1 + (window.scale - 1) * strength)
            if window.share is not None:
                velocity = window.share * velocity
            out[window.first : window.first + window.n] += velocity
        return out

    def _velocities(self, pack: Pack, x: Tensor, t: float) -> dict[tuple[int, bool], Tensor]:
        """(n, C) of each sequence of a pack, by its key."""
        windows = [*pack.conditional, *pack.unconditional]
        rows = torch.cat([x[window.first : window.first + window.n] for window in windows])
        velocities = self.dit.velocities(rows, t, pack.prepared or self._prepared(pack)).float()
        return dict(zip(pack.keys, torch.split(velocities, [window.n for window in windows]), strict=True))

    def _prepared(self, pack: Pack) -> Prepared:
        conditions = [window.condition for window in pack.conditional]
        prepared = self.dit.prepare(conditions, [window.n for window in pack.unconditional], self._lanes.n > 0)
        if self._keeps:
            pack.prepared = prepared
        return prepared

    def _packs_of(self, with_guidance: bool) -> list[Pack]:
        """All sequences: every window with its conditions and, for guidance, once more without."""
        if with_guidance not in self._packs:
            guided_windows = [window for window in self._windows if with_guidance and window.scale != 1.0]
            if self._lanes.n:
                self._packs[with_guidance] = _for_lanes(self._windows, guided_windows, self._lanes.n)
            else:
                self._packs[with_guidance] = _in_turn(self._windows, guided_windows)
        return self._packs[with_guidance]


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


def _in_turn(windows: Sequence[Window], guided_windows: Sequence[Window]) -> list[Pack]:
    """In order, as many windows to a pack as stay within TOKENS_AT_ONCE, one at least; a window's two sequences share
    a pack."""
    twice = {window.first for window in guided_windows}
    packs: list[Pack] = []
    room = 0
    for window in windows:
        if window.n > room:
            packs.append(Pack())
            room = TOKENS_AT_ONCE
        packs[-1].add(window, True)
        if window.first in twice:
            packs[-1].add(window, False)
        room -= window.n
    return packs


def _for_lanes(windows: Sequence[Window], guided_windows: Sequence[Window], n_lanes: int) -> list[Pack]:
    """As many packs for each lane, about equally long: the longest sequence first, each to the shortest pack."""
    sequences = [(window, True) for window in windows] + [(window, False) for window in guided_windows]
    n_tokens = sum(window.n for window, _ in sequences)
    rounds = math.ceil(n_tokens / (n_lanes * TOKENS_IN_A_LANE))
    packs = [Pack() for _ in range(min(rounds * n_lanes, len(sequences)))]
    for window, conditional in sorted(sequences, key=lambda one: -one[0].n):
        min(packs, key=lambda pack: pack.n).add(window, conditional)
    return packs


def window_starts(n: int, window: int, overlap: int) -> list[int]:
    """First tokens of windows that cover n tokens, each overlapping the next by at least `overlap`."""
    if n <= window:
        return [0]
    count = -(-(n - overlap) // (window - overlap))
    return [round(k * (n - window) / (count - 1)) for k in range(count)]


def blend_weights(starts: list[int], window: int, n: int) -> Tensor:
    """Per window and token, triangular weights that sum to one over the windows: (windows, n)."""
    ramp = torch.minimum(torch.arange(1, window + 1), torch.arange(window, 0, -1)).float()
    weights = torch.zeros(len(starts), n)
    for row, start in zip(weights, starts, strict=True):
        row[start : start + window] = ramp[: n - start]
    return weights / weights.sum(0)
