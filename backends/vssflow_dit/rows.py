"""Sequences of any lengths end to end on one axis: where each lies, and which position each row has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

import torch
from torch import Tensor


class Rotary(NamedTuple):
    """Rotary embeddings as two tables over positions: x turned is x * cos + swapped(x) * sin."""

    cos: Tensor
    """(n, 1, head): ones where nothing turns."""
    sin: Tensor
    """(n, 1, head): negative in the first half of what turns, zeros where nothing turns."""
    half: int
    """Dimensions in each half of what turns."""

    def turned(self, x: Tensor) -> Tensor:
        """x (..., n, heads, head), its first 2 * half dimensions turned, first half against second half."""
        a, b, rest = x[..., : self.half], x[..., self.half : 2 * self.half], x[..., 2 * self.half :]
        return torch.addcmul(x * self.cos, torch.cat((b, a, rest), dim=-1), self.sin)

    def at(self, positions: Tensor | slice) -> Rotary:
        return Rotary(self.cos[positions], self.sin[positions], self.half)


def rotary_table(n: int, head: int, fraction: float, device: torch.device, dtype: torch.dtype) -> Rotary:
    """For positions 0..n-1, turning `fraction` of each head's dimensions (arXiv 2104.09864)."""
    turned = int(head * fraction) // 2 * 2
    frequencies = 10_000.0 ** (-torch.arange(0, turned, 2, device=device, dtype=torch.float32) / turned)
    angles = torch.arange(n, device=device, dtype=torch.float32)[:, None] * frequencies
    still = torch.ones(n, head - turned, device=device)
    cos = torch.cat((angles.cos(), angles.cos(), still), dim=-1)
    sin = torch.cat((-angles.sin(), angles.sin(), torch.zeros_like(still)), dim=-1)
    return Rotary(cos.to(dtype)[:, None], sin.to(dtype)[:, None], turned // 2)


class Run(NamedTuple):
    """Neighbouring sequences of one length: attended to in one batch."""

    first: int
    """Row at which the first begins."""
    n_sequences: int
    length: int
    """Rows of each."""

    def of(self, x: Tensor) -> Tensor:
        """The run's rows of x (rows, heads, head) as (sequences, heads, length, head)."""
        part = x[self.first : self.first + self.n_sequences * self.length]
        return part.view(self.n_sequences, self.length, *x.shape[1:]).transpose(1, 2)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where sequences lie on the rows. With a time token, each sequence begins with a row of its own for it."""

    runs: tuple[Run, ...]
    n_attending: int
    """Rows, from the first, that attend to cross tokens."""
    attending: tuple[Run, ...]
    """The runs among these."""
    rotary: Rotary
    """For each row."""
    latent_rows: Tensor | None
    """Rows of the latents, where time tokens lie between them."""
    time_rows: Tensor | None

    def with_time(self, tokens: Tensor, time: Tensor) -> Tensor:
        """Tokens (B, n, width) with a time token (B or 1, width) before each sequence: (B, n + sequences, width)."""
        if len(tokens) > 1:
            return torch.cat((time[:, None], tokens), dim=1)
        assert self.latent_rows is not None
        assert self.time_rows is not None
        rows = tokens.new_empty(1, tokens.shape[1] + len(self.time_rows), tokens.shape[2])
        rows = rows.index_copy(1, self.latent_rows, tokens)
        return rows.index_copy(1, self.time_rows, time[None].expand(1, len(self.time_rows), -1))

    def without_time(self, tokens: Tensor) -> Tensor:
        """The inverse, the time tokens dropped."""
        if len(tokens) > 1:
            return tokens[:, 1:]
        assert self.latent_rows is not None
        return tokens[:, self.latent_rows]


def layout_of(lengths: Sequence[int], guided: bool, time_token: bool, rotary: Rotary) -> Layout:
    """Sequences of these lengths; where `guided`, all of them once more, which attend to nothing."""
    attending = [length + int(time_token) for length in lengths]
    all_lengths = attending * (1 + guided)
    positions = torch.cat([torch.arange(length) for length in all_lengths])
    latent_rows = time_rows = None
    if time_token:
        device = rotary.cos.device
        latent_rows, time_rows = (torch.nonzero(which)[:, 0].to(device) for which in (positions > 0, positions == 0))
    by_row = rotary.at(positions.to(rotary.cos.device))
    return Layout(_runs(all_lengths), sum(attending), _runs(attending), by_row, latent_rows, time_rows)


def _runs(lengths: Sequence[int]) -> tuple[Run, ...]:
    runs: list[Run] = []
    first = 0
    for length, equal in groupby(lengths):
        n_sequences = len(list(equal))
        runs.append(Run(first, n_sequences, length))
        first += n_sequences * length
    return tuple(runs)
