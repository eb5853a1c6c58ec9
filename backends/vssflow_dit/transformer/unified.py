"""`UnifiedModel`, what training updates as one: condition encoder, DiT and, where it is linear, the codec."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import torch
from torch import Tensor, nn

from vssflow_dit.config import ModelConfig
from vssflow_dit.sound.codec import Codec
from vssflow_dit.transformer.conditions import Condition, ConditionEncoder
from vssflow_dit.transformer.dit import DiT


class MelCodec(Protocol):
    """Latents to mel spectrograms, and back."""

    def n_bands(self, latent_channels: int) -> int: ...

    def encode(self, mel: Tensor) -> Tensor:
        """Log-mel (B, bands, 4T) to (B, C, T)."""
        ...

    def decode(self, latent: Tensor) -> Tensor:
        """(B, C, T) to log-mel (B, bands, 4T)."""
        ...


class MelVocoder(Protocol):
    """Mel spectrograms to waveforms."""

    rate_hz: int
    """Of the waveforms."""

    def __call__(self, log_mel: Tensor, seed: int = 0) -> Tensor:
        """Log-mel (B, bands, n) to waveform (B, samples), `rate_hz` / 100 a frame."""
        ...


class UnifiedModel(nn.Module):
    """What is trained: one flow-matching transformer for video-to-sound and visual text-to-speech (arXiv 2509.24773),
    with its conditions and, where the codec is linear, that."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.conditions = ConditionEncoder(config)
        self.dit = DiT(config.dit, self.conditions.concat_channels, self.conditions.modulating_channels)
        if config.family.codec == "linear":
            self.codec = Codec()

    @property
    def device(self) -> torch.device:
        return self.dit.latent_in.weight.device

    def condition(self, values: Mapping[str, Tensor | None], n_tokens: int) -> Condition:
        """Values of the config's streams (see `ConditionEncoder.forward`) for `n_tokens` tokens."""
        return self.conditions(values, n_tokens)  # type: ignore[no-any-return]
