"""Conditions to the two things the transformer reads: channels joined to the latent, and tokens to attend to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import embedding

from vssflow_dit.config import ModelConfig, Stream


@dataclass(frozen=True, slots=True)
class Condition:
    """Conditions of a batch; the unconditional one is zeros of the same shapes."""

    concat: Tensor
    """(B, C, T)"""
    cross: Tensor
    """(B, N, cross width)"""

    def dropped(self, keep: Tensor) -> Condition:
        """All conditions of the examples where keep (B,) is 0 become zeros: the paper's condition dropout."""
        return Condition(self.concat * keep[:, None, None], self.cross * keep[:, None, None])

    def with_unconditional(self) -> Condition:
        """This batch, then as many unconditional rows: both guidance passes in one."""
        return Condition(
            torch.cat((self.concat, torch.zeros_like(self.concat))),
            torch.cat((self.cross, torch.zeros_like(self.cross))),
        )

    def window(self, first: int, n: int) -> Condition:
        return Condition(self.concat[..., first : first + n], self.cross)


class StreamEmbedding(nn.Module):
    """One stream to vectors: (B, T, per-token values) or (B, symbols) to (B, n, channels); "nothing" is zeros."""

    def __init__(self, stream: Stream, cross_width: int) -> None:
        super().__init__()
        self.stream = stream
        channels = stream.size
        if stream.kind == "ids":
            self.table = nn.Parameter(torch.randn(stream.size + 1, stream.width) * 0.5)
            channels = max(1, stream.per_token) * stream.width
        elif stream.width:
            self.project = nn.Sequential(
                nn.Linear(stream.size, 2 * stream.width, bias=False),
                nn.SiLU(),
                nn.Linear(2 * stream.width, stream.width, bias=False),
            )
            channels = stream.width
        if stream.route == "cross" and channels != cross_width:
            self.widen = nn.Linear(channels, cross_width, bias=False)
            channels = cross_width
        self.channels = channels

    def forward(self, values: Tensor) -> Tensor:
        if self.stream.kind == "ids":
            rows = embedding(values, self.table) * (values > 0)[..., None]
            out = rows.view(len(values), -1, max(1, self.stream.per_token) * self.stream.width)
        else:
            out = self.project(values) if self.stream.width else values
        return self.widen(out) if hasattr(self, "widen") else out


class Conditions(nn.Module):
    """All streams of a model, each by its configured route."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.streams = nn.ModuleDict({s.name: StreamEmbedding(s, config.dit.cross_width) for s in config.streams})

    @property
    def concat_channels(self) -> int:
        embeddings = [e for e in self.streams.values() if isinstance(e, StreamEmbedding)]
        return sum(e.channels for e in embeddings if e.stream.route == "concat")

    def forward(self, values: Mapping[str, Tensor], n_tokens: int) -> Condition:
        """values[name]: features (B, T, size), or ids (B, T * per_token) or (B, 1). Every stream must be there."""
        parts = {stream.name: self.streams[stream.name](values[stream.name]) for stream in self.config.streams}
        concat = [parts[s.name].expand(-1, n_tokens, -1) for s in self.config.streams if s.route == "concat"]
        cross = [parts[s.name] for s in self.config.streams if s.route == "cross"]
        return Condition(torch.cat(concat, dim=-1).transpose(1, 2), torch.cat(cross, dim=1))
