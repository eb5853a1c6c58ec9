"""The shape of a model as data: it lives inside the checkpoint, so a checkpoint alone says what it is."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

Route = Literal["cross", "concat"]
"""How a condition reaches the model: `cross`-attended (what it is), or `concat`-enated to the latent (when it is)."""

TOKEN_RATE_HZ = 25
"""Latent tokens a second (the paper's rate)."""
MEL_BANDS = 64
MEL_FRAMES_PER_TOKEN = 4
LATENT_CHANNELS = 128


@dataclass(frozen=True, slots=True)
class Stream:
    """One condition stream of the model."""

    name: str
    route: Route
    kind: Literal["features", "ids"]
    """`features`: float vectors, projected by a two-layer MLP where `width` differs from 0; `ids`: embedded."""
    size: int
    """Features: channels per token; ids: number of symbols, 0 meaning "nothing" (embedded as zeros)."""
    per_token: int
    """Ids: symbols per token (phonemes at 100/s are 4 a token); 0 means one symbol for the whole window."""
    width: int
    """Channels after projection or embedding (of each symbol); cross streams: the cross width."""


@dataclass(frozen=True, slots=True)
class DiTConfig:
    """Size and form of the diffusion transformer."""

    width: int
    depth: int
    heads: int
    mlp_width: int
    """Inner width of SwiGLU."""
    cross_width: int
    """Width of the cross-attended tokens."""
    cross_heads: int
    """Key/value heads of cross-attention (queries have `heads`)."""
    time: Literal["modulation", "token"]
    """How t enters: it modulates each block (starter), or is prepended as a token (reference)."""
    qk_norm: bool
    rotary_fraction: float
    """Share of each head's dimensions that rotary embeddings turn."""
    latent_channels: int = LATENT_CHANNELS


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """All that is needed to build a model and to feed it."""

    name: str
    dit: DiTConfig
    streams: tuple[Stream, ...]
    voices: tuple[str, ...]
    sounds: tuple[str, ...]
    window_s: float
    """Longest span rendered in one piece; longer cues are rendered in overlapping windows."""

    def to_json(self) -> str:
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> ModelConfig:
        data: dict[str, Any] = json.loads(text)
        return cls(
            name=data["name"],
            dit=DiTConfig(**data["dit"]),
            streams=tuple(Stream(**stream) for stream in data["streams"]),
            voices=tuple(data["voices"]),
            sounds=tuple(data["sounds"]),
            window_s=float(data["window_s"]),
        )
