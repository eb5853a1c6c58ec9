"""The diffusion transformer: latent and frame-wise conditions in, velocity out.

The reference's own graph, as the paper draws it, is `checkpoint/plain.py`: read that first. This is its fast form.

Semantic conditions come in by cross-attention; temporally intensive ones are added where the latent enters
(concatenating them to it and projecting is the same sum), and so are read by self-attention (arXiv 2509.24773, sec. 3).
Where the configuration says so, what holds for a whole sequence also modulates the blocks, as t does.

What does not depend on t or on the latent is computed once, by `prepare`. Sequences of any lengths lie end to end on
one axis of rows (`rows.RowLayout`), both guidance passes among them: nothing is padded, so no work is spent on padding.
An unconditional row attends to zero tokens, through projections without bias, which adds exactly nothing: left out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import torch
from torch import Tensor, nn
from torch.nn.functional import layer_norm, silu

from vssflow_dit.config import DiTConfig
from vssflow_dit.transformer.attention import CrossAttention, KeysValues, SelfAttention
from vssflow_dit.transformer.conditions import Condition
from vssflow_dit.transformer.rows import Rotary, RowLayout, by_sequence, layout_of, rotary_table


@dataclass(frozen=True, slots=True)
class Prepared:
    """Conditions of some sequences, projected once for all steps of the sampler."""

    tokens: Tensor
    """What the concatenated streams add to the tokens of all sequences: (rows, width)."""
    keys_values: tuple[tuple[KeysValues, ...], ...]
    """Per block, and per attending run of the layout: cross-attention keys and values."""
    layout: RowLayout
    """Of the conditional sequences and, behind them, the unconditional ones."""
    modulating: Tensor | None
    """What each sequence adds to its embedding of t: (sequences, width)."""


class SwiGLU(nn.Module):
    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.up = nn.Linear(width, 2 * inner)
        self.down = nn.Linear(inner, width)

    def forward(self, x: Tensor, layout: RowLayout) -> Tensor:
        value, gate = by_sequence(self.up, x, layout.apart).chunk(2, dim=-1)
        return by_sequence(self.down, value * silu(gate), layout.apart)


def shifted_norm(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """Normalised x (B, n, width), times `scale` plus `shift`, (B, 1 or n, width), or one kernel with those of all."""
    if scale.ndim == 1:
        return layer_norm(x, x.shape[-1:], scale, shift)
    return torch.addcmul(shift, layer_norm(x, x.shape[-1:]), scale)


class Block(nn.Module):
    def __init__(self, config: DiTConfig) -> None:
        super().__init__()
        self.modulated = config.time == "modulation"
        self.norms = nn.ModuleList(nn.LayerNorm(config.width, elementwise_affine=not self.modulated) for _ in range(3))
        self.attention = SelfAttention(config)
        self.cross = CrossAttention(config)
        self.mlp = SwiGLU(config.width, config.mlp_width)
        if self.modulated:
            self.table = nn.Parameter(torch.zeros(6, config.width))

    def forward(
        self, x: Tensor, layout: RowLayout, keys_values: Sequence[KeysValues], modulation: Tensor | None
    ) -> Tensor:
        """x (B, n, width) to the same shape; modulation, (6, width) or (B, 1 or n, 6, width), where time modulates."""
        norm1, norm2, norm3 = self.norms
        if modulation is None:
            x = x + self.attention(norm1(x), layout)
            x = self._attending(x, norm2, layout, keys_values, layout.rotary)
            return x + self.mlp(norm3(x), layout)  # type: ignore[no-any-return]
        # Shift, scale and gate around attention and MLP: one shared network makes them, a table adjusts them per block.
        shift1, scale1, gate1, shift2, scale2, gate2 = (modulation + self.table).unbind(-2)  # each (..., width)
        x = torch.addcmul(x, self.attention(shifted_norm(x, 1 + scale1, shift1), layout), 1 + gate1)
        x = self._attending(x, norm2, layout, keys_values, None)
        return torch.addcmul(x, self.mlp(shifted_norm(x, 1 + scale2, shift2), layout), 1 + gate2)

    def _attending(
        self, x: Tensor, norm: nn.Module, layout: RowLayout, keys_values: Sequence[KeysValues], rotary: Rotary | None
    ) -> Tensor:
        """x with what its conditional rows find among the cross tokens."""
        if not keys_values:
            return x
        n = layout.n_attending
        if n == x.shape[0] * x.shape[1]:
            return torch.add(x, self.cross(norm(x), layout, keys_values, rotary))
        near = x[:, :n]
        near += self.cross(norm(near), layout, keys_values, rotary)
        return x


class TimeEmbedding(nn.Module):
    """Gaussian Fourier features of t (cos, then sin, of 2 pi t w with fixed random w), then a two-layer MLP."""

    def __init__(self, width: int, n_frequencies: int) -> None:
        super().__init__()
        self.register_buffer("frequencies", torch.randn(n_frequencies, device="cpu"))  # see StreamEmbedding's table
        self.enter, self.leave = nn.Linear(2 * n_frequencies, width), nn.Linear(width, width)

    def forward(self, t: Tensor) -> Tensor:
        """t (B,) in [0, 1] to (B, width)."""
        angles = 2 * math.pi * t.float()[:, None] * self.get_buffer("frequencies")
        features = torch.cat((angles.cos(), angles.sin()), dim=-1)
        return self.leave(silu(self.enter(features.to(self.enter.weight.dtype))))  # type: ignore[no-any-return]


class DiT(nn.Module):
    """velocity(x_t, t, conditions): the field that carries noise (t = 0) to data (t = 1)."""

    def __init__(self, config: DiTConfig, concat_channels: int, modulating_channels: int = 0) -> None:
        super().__init__()
        self.config = config
        modulated = config.time == "modulation"
        self.modulating_in = nn.Linear(modulating_channels, config.width, bias=False) if modulating_channels else None
        # The reference's projections at both ends, its residual 1x1 convolutions folded in, have no bias.
        self.latent_in = nn.Linear(config.latent_channels, config.width, bias=modulated)
        self.concat_in = nn.Linear(concat_channels, config.width, bias=False)
        self.time = TimeEmbedding(config.width, config.time_frequencies)
        if modulated:
            self.modulation = nn.Linear(config.width, 6 * config.width)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.depth))
        self.latent_out = nn.Linear(config.width, config.latent_channels, bias=modulated)

    def _blocks(self) -> list[Block]:
        return [block for block in self.blocks if isinstance(block, Block)]

    @property
    def dtype(self) -> torch.dtype:
        """What the matrices are multiplied in."""
        return self.latent_in.weight.dtype

    def prepare(self, conditions: Sequence[Condition], others: Sequence[int] = (), apart: bool = False) -> Prepared:
        """What does not depend on t or x, computed once: for sequences whose conditions are batches of one each, then
        for `others` of these lengths, which have no conditions. Where they stand `apart`, see `rows`."""
        lengths = [condition.n_tokens for condition in conditions]
        rotary = self._rotary(max(*lengths, *others, 0), self.latent_in.weight.device)
        layout = layout_of(lengths, others, self.config.time == "token", rotary, apart)
        concat = [condition.concat[0].T.to(self.dtype) for condition in conditions]  # (rows, C)
        added = [self.concat_in(part) for part in (concat if apart else [torch.cat(concat)] if concat else ())]
        nothing = self.latent_in.weight.new_zeros(sum(others), self.config.width)
        attended = self._attended(conditions, layout)
        keys_values = tuple(
            tuple(block.cross.keys_values(cross) for cross in attended if cross.shape[1]) for block in self._blocks()
        )
        return Prepared(torch.cat((*added, nothing)), keys_values, layout, self._steering(conditions, len(others)))

    def _steering(self, conditions: Sequence[Condition], n_others: int) -> Tensor | None:
        """What modulates besides t, as it is added to t's embedding: (sequences, width); None where t is alone."""
        if not self.modulating_in:
            return None
        nothing = self.latent_in.weight.new_zeros(1, self.config.width)
        # One product each, so that no sequence's bits depend on another's.
        told = [self.modulating_in(c.modulating.to(self.dtype)) for c in conditions if c.modulating is not None]
        return torch.cat((*told, nothing.expand(n_others, -1)))

    def _attended(self, conditions: Sequence[Condition], layout: RowLayout) -> list[Tensor]:
        """Cross tokens of each attending run: (sequences, N, cross width)."""
        left = iter(conditions)
        return [
            torch.cat([condition.cross for condition in islice(left, run.n_sequences)]).to(self.dtype)
            for run in layout.attending
        ]

    def _rotary(self, n: int, device: torch.device) -> Rotary:
        head = self.config.width // self.config.heads
        # The time token, where there is one, has position 0.
        return rotary_table(n + (self.config.time == "token"), head, self.config.rotary_fraction, device, self.dtype)

    def velocities(self, x: Tensor, t: float, prepared: Prepared) -> Tensor:
        """Velocities (rows, channels) at time t of latents x (rows, latent channels) that lie end to end."""
        layout = prepared.layout
        tokens = by_sequence(self.latent_in, x.to(self.dtype)[None], layout.latents_apart) + prepared.tokens
        time = self.time(torch.full((1,), t, device=x.device)).to(self.dtype)
        modulation = None
        if self.config.time == "modulation":
            if prepared.modulating is None:
                modulation = self._modulation(time)[0]
            else:
                each = [self._modulation(time + one) for one in prepared.modulating]
                modulation = layout.by_row(torch.cat(each))[None]
        return self._through(tokens, time, modulation, layout, prepared.keys_values)[0]

    def forward(self, x: Tensor, t: Tensor, concat: Tensor, cross: Tensor, modulating: Tensor | None = None) -> Tensor:
        """A batch of equal lengths with a time each, as training wants: x (B, latent, T), t (B,), concat (B, C, T),
        cross (B, N, cross width) and modulating (B, M) to the velocity (B, latent, T)."""
        tokens = self.latent_in(x.transpose(1, 2)) + self.concat_in(concat.transpose(1, 2))  # (B, T, width)
        b, n, _ = tokens.shape
        layout = layout_of([n] * b, (), self.config.time == "token", self._rotary(n, x.device), False)
        attended = [(block.cross.keys_values(cross),) if cross.shape[1] else () for block in self._blocks()]
        time = self.time(t).to(tokens.dtype)
        if self.modulating_in is not None and modulating is not None:
            time = time + self.modulating_in(modulating.to(tokens.dtype))
        modulation = self._modulation(time)[:, None] if self.config.time == "modulation" else None
        return self._through(tokens, time, modulation, layout, attended).transpose(1, 2)

    def _modulation(self, time: Tensor) -> Tensor:
        """(B, width) to (B, 6, width): shifts, scales and gates that the blocks share."""
        return self.modulation(silu(time)).view(len(time), 6, self.config.width)  # type: ignore[no-any-return]

    def _through(
        self,
        tokens: Tensor,
        time: Tensor,
        modulation: Tensor | None,
        layout: RowLayout,
        keys_values: Sequence[Sequence[KeysValues]],
    ) -> Tensor:
        """Tokens (B, n, width), times (B, width) and modulation, see `Block`, to velocities (B, n, latent)."""
        b, n, width = tokens.shape
        if self.config.time == "token":
            tokens = layout.with_time(tokens, time)
        for block, attended in zip(self._blocks(), keys_values, strict=True):
            tokens = block(tokens, layout, attended, modulation)
        if self.config.time == "token":
            tokens = layout.without_time(tokens)
        else:
            tokens = layer_norm(tokens, (width,))
        return by_sequence(self.latent_out, tokens, layout.latents_apart).view(b, n, -1)
