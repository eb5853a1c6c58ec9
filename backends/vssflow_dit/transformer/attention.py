"""Self- and cross-attention over rows, run by run; `scaled_dot_product_attention` chooses the kernel."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from vssflow_dit.config import DiTConfig
from vssflow_dit.transformer.rows import Rotary, RowLayout, Run, by_sequence

KeysValues: TypeAlias = tuple[Tensor, Tensor]
"""Cross-attention keys and values of a run of sequences: (count, heads, N, head)."""


def scale_of(config: DiTConfig) -> float:
    """On products of queries and keys: the root of the head's width divides them, or with QK-norm multiplies."""
    root = math.sqrt(config.width // config.heads)
    return root if config.qk_norm else 1 / root


def attended(q: Tensor, runs: Sequence[Run], keys_values: Sequence[KeysValues], scale: float) -> Tensor:
    """What queries (rows, heads, head) find among each run's own keys and values, in the same shape."""
    attention = learnable if torch.is_grad_enabled() and q.device.type == "cpu" else scaled_dot_product_attention
    found = [
        attention(run.of(q), k, v, scale=scale).transpose(1, 2).flatten(0, 1)
        for run, (k, v) in zip(runs, keys_values, strict=True)
    ]
    return found[0] if len(found) == 1 else torch.cat(found)


def learnable(q: Tensor, k: Tensor, v: Tensor, scale: float) -> Tensor:
    """Attention as plain products: on a CPU, the way back through the kernel takes four times as long."""
    return torch.softmax((q * scale) @ k.mT, dim=-1) @ v


def unit(x: Tensor) -> Tensor:
    """x (..., head) at length 1: QK-norm, whose factor is in the attention's scale."""
    length: Tensor = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
    return x / length.clamp_min(1e-6)


class SelfAttention(nn.Module):
    def __init__(self, config: DiTConfig) -> None:
        super().__init__()
        self.heads, self.qk_norm = config.heads, config.qk_norm
        self.head = config.width // config.heads
        self.scale = scale_of(config)
        self.qkv = nn.Linear(config.width, 3 * config.width, bias=False)
        self.out = nn.Linear(config.width, config.width, bias=False)

    def forward(self, x: Tensor, layout: RowLayout) -> Tensor:
        """x (B, n, width) to the same shape; every sequence of the layout attends to itself."""
        qkv = by_sequence(self.qkv, x, layout.apart).view(-1, 3, self.heads, self.head)  # (rows, 3, heads, head)
        turning, v = qkv[:, :2], qkv[:, 2]
        if self.qk_norm:
            turning = unit(turning)
        q, k = layout.rotary.turned(turning.flatten(1, 2)).view_as(turning).unbind(1)  # both in one go
        keys_values = [(run.of(k), run.of(v)) for run in layout.runs]
        return by_sequence(self.out, attended(q, layout.runs, keys_values, self.scale).view_as(x), layout.apart)


class CrossAttention(nn.Module):
    def __init__(self, config: DiTConfig) -> None:
        super().__init__()
        self.heads, self.kv_heads, self.qk_norm = config.heads, config.cross_heads, config.qk_norm
        self.head = config.width // config.heads
        self.scale = scale_of(config)
        self.q = nn.Linear(config.width, config.width, bias=False)
        self.kv = nn.Linear(config.cross_width, 2 * config.cross_heads * self.head, bias=False)
        self.out = nn.Linear(config.width, config.width, bias=False)

    def keys_values(self, cross: Tensor) -> KeysValues:
        """Of cross tokens (count, N, cross width)."""
        b, n, _ = cross.shape
        k, v = self.kv(cross).view(b, n, 2, self.kv_heads, -1).permute(2, 0, 3, 1, 4)  # (B, kv_heads, N, head)
        if self.qk_norm:
            k = unit(k)
        repeat = self.heads // self.kv_heads
        return k.repeat_interleave(repeat, 1), v.repeat_interleave(repeat, 1)

    def forward(self, x: Tensor, layout: RowLayout, keys_values: Sequence[KeysValues], rotary: Rotary | None) -> Tensor:
        """x (B, n, width), the attending rows, to the same shape; only queries turn."""
        q = by_sequence(self.q, x, layout.apart).view(-1, self.heads, self.head)  # (rows, heads, head)
        if self.qk_norm:
            q = unit(q)
        if rotary is not None:
            q = rotary.at(slice(len(q))).turned(q)
        return by_sequence(self.out, attended(q, layout.attending, keys_values, self.scale).view_as(x), layout.apart)
