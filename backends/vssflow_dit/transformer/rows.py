"""Sequences of any lengths end to end on one axis: where each lies, which position each row has, and whether they share
products. Where they stand apart, each has products and attention of its own, and nothing else sums over rows: so its
bits depend on no neighbour. Where they share, a GPU is filled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

import torch
from torch import Tensor, nn


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
class RowLayout:
    """Where sequences lie on the rows. With a time token, each sequence begins with a row of its own for it."""

    runs: tuple[Run, ...]
    """Where sequences stand apart, one for each."""
    n_attending: int
    """Rows, from the first, that attend to cross tokens."""
    attending: tuple[Run, ...]
    """The runs among these."""
    rotary: Rotary
    """For each row."""
    latent_rows: Tensor | None
    """Rows of the latents, where time tokens lie between them."""
    time_rows: Tensor | None
    apart: tuple[int, ...] | None
    """Rows of each sequence where they stand apart; None where they share products."""
    lengths: tuple[int, ...]
    """Rows of each sequence."""

    def by_row(self, of_sequences: Tensor) -> Tensor:
        """Values of each sequence (sequences, ...), as each of its rows has them: (rows, ...)."""
        return torch.cat([one.expand(n, *one.shape) for one, n in zip(of_sequences, self.lengths, strict=True)])

    @property
    def latents_apart(self) -> tuple[int, ...] | None:
        """The same without time tokens."""
        return self.apart and tuple(length - (self.time_rows is not None) for length in self.apart)

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


def layout_of(
    attending: Sequence[int], others: Sequence[int], time_token: bool, rotary: Rotary, apart: bool
) -> RowLayout:
    """Sequences of these lengths: those that attend to cross tokens, then those that attend to nothing."""
    n_attending = sum(attending) + time_token * len(attending)
    lengths = [length + time_token for length in (*attending, *others)]
    positions = torch.cat([torch.arange(length) for length in lengths])
    latent_rows = time_rows = None
    if time_token:
        device = rotary.cos.device
        latent_rows, time_rows = (torch.nonzero(which)[:, 0].to(device) for which in (positions > 0, positions == 0))
    by_row = rotary.at(positions.to(rotary.cos.device))
    runs = _runs(lengths[: len(attending)], 0, apart)
    rest = _runs(lengths[len(attending) :], n_attending, apart)
    each = tuple(lengths)
    return RowLayout(runs + rest, n_attending, runs, by_row, latent_rows, time_rows, each if apart else None, each)


def _runs(lengths: Sequence[int], first: int, apart: bool) -> tuple[Run, ...]:
    """Of neighbours of one length, from row `first`; of each by itself where they stand apart."""
    runs: list[Run] = []
    for length, equal in groupby(lengths):
        n_sequences = len(list(equal))
        for n in [1] * n_sequences if apart else [n_sequences]:
            runs.append(Run(first, n, length))
            first += n * length
    return tuple(runs)


def by_sequence(linear: nn.Linear, x: Tensor, apart: Sequence[int] | None) -> Tensor:
    """A linear layer on x (B, rows, K), in one product; or, on x (1, rows, K) of sequences that stand apart, in one
    product for each of the sequences that these rows hold."""
    if apart is None:
        return linear(x)  # type: ignore[no-any-return]
    weight: Tensor = linear.weight.t()
    bias: Tensor | None = linear.bias
    out = x.new_empty(1, x.shape[1], weight.shape[1])
    first = 0
    for length in apart:
        if first == x.shape[1]:
            break
        part = slice(first, first + length)
        if bias is None:
            torch.mm(x[0, part], weight, out=out[0, part])
        else:
            torch.addmm(bias, x[0, part], weight, out=out[0, part])
        first += length
    return out
