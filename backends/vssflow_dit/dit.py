"""The diffusion transformer: latent and frame-wise conditions in, velocity out.

Semantic conditions come in by cross-attention; temporally intensive ones are added where the latent enters
(concatenating them to it and projecting is the same sum), and so are read by self-attention (arXiv 2509.24773, sec. 3).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import layer_norm, linear, rms_norm, scaled_dot_product_attention, silu

from vssflow_dit.config import DiTConfig

TIME_FREQUENCIES = 128


@dataclass(frozen=True, slots=True)
class Prepared:
    """Conditions, projected once for all steps of the sampler."""

    tokens: Tensor
    """What the concatenated streams add to the tokens: (B, T, width)."""
    keys_values: tuple[tuple[Tensor, Tensor], ...]
    """Per block, cross-attention keys and values: (B, cross_heads, N, head)."""


def rotary_angles(n: int, head: int, fraction: float, device: torch.device) -> tuple[Tensor, Tensor]:
    """Cosines and sines, each (n, turned / 2), for positions 0..n-1."""
    turned = int(head * fraction) // 2 * 2
    frequencies = 10_000.0 ** (-torch.arange(0, turned, 2, device=device, dtype=torch.float32) / turned)
    angles = torch.arange(n, device=device, dtype=torch.float32)[:, None] * frequencies
    return angles.cos(), angles.sin()


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn the first 2 * cos.shape[1] dimensions of x (B, heads, n, head), first half against second half."""
    half = cos.shape[1]
    cos, sin = cos.to(x.dtype), sin.to(x.dtype)
    a, b, rest = x[..., :half], x[..., half : 2 * half], x[..., 2 * half :]
    return torch.cat((a * cos - b * sin, b * cos + a * sin, rest), dim=-1)


class SelfAttention(nn.Module):
    def __init__(self, config: DiTConfig) -> None:
        super().__init__()
        self.heads, self.qk_norm = config.heads, config.qk_norm
        self.qkv = nn.Linear(config.width, 3 * config.width, bias=False)
        self.out = nn.Linear(config.width, config.width, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        b, n, width = x.shape
        q, k, v = self.qkv(x).view(b, n, 3, self.heads, -1).permute(2, 0, 3, 1, 4)  # (B, heads, n, head)
        if self.qk_norm:
            q, k = rms_norm(q, q.shape[-1:]), rms_norm(k, k.shape[-1:])
        y = scaled_dot_product_attention(rotate(q, cos, sin), rotate(k, cos, sin), v)
        return self.out(y.transpose(1, 2).reshape(b, n, width))  # type: ignore[no-any-return]


class CrossAttention(nn.Module):
    def __init__(self, config: DiTConfig) -> None:
        super().__init__()
        self.heads, self.kv_heads, self.qk_norm = config.heads, config.cross_heads, config.qk_norm
        head = config.width // config.heads
        self.q = nn.Linear(config.width, config.width, bias=False)
        self.kv = nn.Linear(config.cross_width, 2 * config.cross_heads * head, bias=False)
        self.out = nn.Linear(config.width, config.width, bias=False)

    def keys_values(self, cross: Tensor) -> tuple[Tensor, Tensor]:
        b, n, _ = cross.shape
        k, v = self.kv(cross).view(b, n, 2, self.kv_heads, -1).permute(2, 0, 3, 1, 4)  # (B, kv_heads, N, head)
        if self.qk_norm:
            k = rms_norm(k, k.shape[-1:])
        repeat = self.heads // self.kv_heads
        return k.repeat_interleave(repeat, 1), v.repeat_interleave(repeat, 1)

    def forward(self, x: Tensor, keys_values: tuple[Tensor, Tensor], rotary: tuple[Tensor, Tensor] | None) -> Tensor:
        b, n, width = x.shape
        q = self.q(x).view(b, n, self.heads, -1).transpose(1, 2)
        if self.qk_norm:
            q = rms_norm(q, q.shape[-1:])
        if rotary is not None:
            q = rotate(q, *rotary)
        y = scaled_dot_product_attention(q, *keys_values)
        return self.out(y.transpose(1, 2).reshape(b, n, width))  # type: ignore[no-any-return]


class SwiGLU(nn.Module):
    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.up = nn.Linear(width, 2 * inner)
        self.down = nn.Linear(inner, width)

    def forward(self, x: Tensor) -> Tensor:
        value, gate = self.up(x).chunk(2, dim=-1)
        return self.down(value * silu(gate))  # type: ignore[no-any-return]


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
        self, x: Tensor, rotary: tuple[Tensor, Tensor], keys_values: tuple[Tensor, Tensor], modulation: Tensor | None
    ) -> Tensor:
        norm1, norm2, norm3 = self.norms
        if modulation is None:
            x = x + self.attention(norm1(x), *rotary)
            x = x + self.cross(norm2(x), keys_values, rotary)
            return x + self.mlp(norm3(x))  # type: ignore[no-any-return]
        # Shift, scale and gate around attention and MLP: one shared network makes them, a table adjusts them per block.
        shift1, scale1, gate1, shift2, scale2, gate2 = (modulation + self.table)[:, :, None].unbind(1)  # (B, 1, width)
        x = x + (1 + gate1) * self.attention(norm1(x) * (1 + scale1) + shift1, *rotary)
        x = x + self.cross(norm2(x), keys_values, None)
        return x + (1 + gate2) * self.mlp(norm3(x) * (1 + scale2) + shift2)  # type: ignore[no-any-return]


class TimeEmbedding(nn.Module):
    """Gaussian Fourier features of t (cos, then sin, of 2 pi t w with fixed random w), then a two-layer MLP."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.register_buffer("frequencies", torch.randn(TIME_FREQUENCIES))
        self.enter, self.leave = nn.Linear(2 * TIME_FREQUENCIES, width), nn.Linear(width, width)

    def forward(self, t: Tensor) -> Tensor:
        """t (B,) in [0, 1] to (B, width)."""
        angles = 2 * math.pi * t.float()[:, None] * self.get_buffer("frequencies")
        features = torch.cat((angles.cos(), angles.sin()), dim=-1)
        return self.leave(silu(self.enter(features.to(self.enter.weight.dtype))))  # type: ignore[no-any-return]


class DiT(nn.Module):
    """velocity(x_t, t, conditions): the field that carries noise (t = 0) to data (t = 1)."""

    def __init__(self, config: DiTConfig, concat_channels: int) -> None:
        super().__init__()
        self.config = config
        self.latent_in = nn.Linear(config.latent_channels, config.width)
        self.concat_in = nn.Linear(concat_channels, config.width, bias=False)
        self.time = TimeEmbedding(config.width)
        if config.time == "modulation":
            self.modulation = nn.Linear(config.width, 6 * config.width)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.depth))
        self.latent_out = nn.Linear(config.width, config.latent_channels)

    def _blocks(self) -> list[Block]:
        return [block for block in self.blocks if isinstance(block, Block)]

    def prepare(self, concat: Tensor, cross: Tensor) -> Prepared:
        """concat (B, C, T), cross (B, N, cross width): what does not depend on t or x, computed once."""
        tokens = self.concat_in(concat.transpose(1, 2))  # (B, T, width)
        return Prepared(tokens, tuple(block.cross.keys_values(cross) for block in self._blocks()))

    def velocity(self, x: Tensor, t: Tensor, prepared: Prepared) -> Tensor:
        """x (B, latent, T), t (B,) to the velocity (B, latent, T)."""
        tokens = self.latent_in(x.transpose(1, 2)) + prepared.tokens  # (B, T, width)
        embedded = self.time(t).to(tokens.dtype)
        modulation = None
        if self.config.time == "token":
            tokens = torch.cat((embedded[:, None], tokens), dim=1)
        else:
            modulation = self.modulation(silu(embedded)).view(-1, 6, self.config.width)
        head = self.config.width // self.config.heads
        rotary = rotary_angles(tokens.shape[1], head, self.config.rotary_fraction, x.device)
        for block, keys_values in zip(self._blocks(), prepared.keys_values, strict=True):
            tokens = block(tokens, rotary, keys_values, modulation)
        if self.config.time == "token":
            tokens = tokens[:, 1:]
        else:
            tokens = layer_norm(tokens, tokens.shape[-1:])
        return linear(tokens, self.latent_out.weight, self.latent_out.bias).transpose(1, 2)

    def forward(self, x: Tensor, t: Tensor, concat: Tensor, cross: Tensor) -> Tensor:
        return self.velocity(x, t, self.prepare(concat, cross))
