"""What stands between a cue and a model: each front end makes the streams of its kind of model, and ends its takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from vssflow_dit.weights import Weights
from vssflow_post.backend import CueRequest, FrameEncoder, GenerationSettings


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


def front_of(weights: Weights, settings: GenerationSettings, device: torch.device, dtype: torch.dtype) -> Front:
    """The front end that the weights were made for."""
    if weights.model.config.front == "starter":
        from vssflow_dit.starter_front import StarterFront

        return StarterFront(weights)
    from vssflow_dit.reference_front import ReferenceFront

    return ReferenceFront(weights, settings.clip, device, dtype)
