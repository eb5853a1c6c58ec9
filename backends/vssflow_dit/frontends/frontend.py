"""What stands between a cue and a model: each front end makes the streams of its kind of model, and ends its takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from vssflow_post.backend import CueRequest, FrameEncoder


@dataclass(frozen=True, slots=True, eq=False)
class Conditioning:
    """What the model reads for one cue."""

    values: dict[str, Tensor | None]
    """Stream -> its values, as a batch of one."""
    n_tokens: int
    notes: tuple[str, ...]
    struck: Tensor | None = None
    """Strike pulses (n mel frames,), where the sound is that of a struck thing."""


class Front(Protocol):
    """A front end."""

    voices: Sequence[str]
    sounds: Sequence[str]

    def encoder(self) -> FrameEncoder:
        """A fresh encoder for one film."""
        ...

    def conditioning(self, request: CueRequest) -> Conditioning: ...

    def waveform(self, latent: Tensor, ready: Conditioning, seed: int) -> Tensor:
        """Latent (C, T) to samples (n,) at 16 kHz."""
        ...
