"""The reference's own graph, operation by operation, under its own names: the transformer as the paper draws it.

The fast form that renders (`transformer/dit.py`) is measured against it, and `model import` reads from it which tensors
a checkpoint must have.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention, silu

from vssflow_dit.config import DiTConfig
from vssflow_dit.transformer.rows import Rotary, rotary_table


class PlainAttention(nn.Module):
    """Queries of `width`; keys and values of `kv_width` with as many or fewer heads."""

    def __init__(self, width: int, heads: int, kv_width: int, kv_heads: int) -> None:
        super().__init__()
        self.head, self.repeat = width // heads, heads // kv_heads
        self.to_q = nn.Linear(width, width, bias=False)
        self.to_k = nn.Linear(kv_width, kv_heads * self.head, bias=False)
        self.to_v = nn.Linear(kv_width, kv_heads * self.head, bias=False)
        self.to_out = nn.ModuleList([nn.Linear(width, width, bias=False)])

    def forward(self, x: Tensor, attended: Tensor, rotary: Rotary, turn_keys: bool) -> Tensor:
        """x (B, n, width), attended (B, N, kv_width)."""
        q, k, v = (
            project(y).unflatten(-1, (-1, self.head))  # (B, n, heads, head)
            for project, y in ((self.to_q, x), (self.to_k, attended), (self.to_v, attended))
        )
        q = rotary.turned(q)
        if turn_keys:
            k = rotary.turned(k)
        k, v = k.repeat_interleave(self.repeat, 2), v.repeat_interleave(self.repeat, 2)
        found = scaled_dot_product_attention(q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2))
        return self.to_out[0](found.transpose(1, 2).flatten(2))  # type: ignore[no-any-return]


class PlainGate(nn.Module):
    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.proj = nn.Linear(width, 2 * inner)

    def forward(self, x: Tensor) -> Tensor:
        value, gate = self.proj(x).chunk(2, dim=-1)
        return value * silu(gate)  # type: ignore[no-any-return]


class PlainFeedForward(nn.Module):
    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.net = nn.Sequential(PlainGate(width, inner), nn.Identity(), nn.Linear(inner, width))

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)  # type: ignore[no-any-return]


class PlainBlock(nn.Module):
    def __init__(self, config: DiTConfig) -> None:
        super().__init__()
        width = config.width
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(width), nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn1 = PlainAttention(width, config.heads, width, config.heads)
        self.attn2 = PlainAttention(width, config.heads, config.cross_width, config.cross_heads)
        self.ff = PlainFeedForward(width, config.mlp_width)

    def forward(self, x: Tensor, cross: Tensor, rotary: Rotary) -> Tensor:
        normed = self.norm1(x)
        x = self.attn1(normed, normed, rotary, True) + x
        x = self.attn2(self.norm2(x), cross, rotary, False) + x
        return self.ff(self.norm3(x)) + x  # type: ignore[no-any-return]


class PlainFrequencies(nn.Module):
    """The fixed frequencies of the time's Fourier features."""

    def __init__(self, n: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(n, device="cpu"), requires_grad=False)

    def forward(self, t: Tensor) -> Tensor:
        angles = 2 * math.pi * t[:, None] @ self.weight[None]
        return torch.cat((angles.cos(), angles.sin()), dim=-1)


class PlainDiT(nn.Module):
    """x (B, latent + concatenated channels, T), t (B,), cross (B, N, cross width) to the velocity of all channels."""

    def __init__(self, config: DiTConfig, channels: int) -> None:
        super().__init__()
        self.config = config
        self.time_proj = PlainFrequencies(config.time_frequencies)
        self.timestep_proj = nn.Sequential(
            nn.Linear(2 * config.time_frequencies, config.width), nn.SiLU(), nn.Linear(config.width, config.width)
        )
        self.preprocess_conv = nn.Conv1d(channels, channels, 1, bias=False)
        self.proj_in = nn.Linear(channels, config.width, bias=False)
        self.transformer_blocks = nn.ModuleList(PlainBlock(config) for _ in range(config.depth))
        self.proj_out = nn.Linear(config.width, channels, bias=False)
        self.postprocess_conv = nn.Conv1d(channels, channels, 1, bias=False)

    def forward(self, x: Tensor, t: Tensor, cross: Tensor) -> Tensor:
        tokens = self.proj_in((self.preprocess_conv(x) + x).transpose(1, 2))  # (B, T, width)
        tokens = torch.cat((self.timestep_proj(self.time_proj(t))[:, None], tokens), dim=1)
        head = self.config.width // self.config.heads
        rotary = rotary_table(tokens.shape[1], head, self.config.rotary_fraction, x.device, x.dtype)
        for block in self.transformer_blocks:
            tokens = block(tokens, cross, rotary)
        out = self.proj_out(tokens).transpose(1, 2)[:, :, 1:]
        return self.postprocess_conv(out) + out  # type: ignore[no-any-return]
