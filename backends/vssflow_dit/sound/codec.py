"""Log-mel to latent and back: four mel frames of 64 bands make one token of 128 principal components.

Each component is scaled by the square root of its spread (then all by one number, to unit mean square): a compromise
between whitening, which would spend the model on noise, and none, which would drown the fine structure in the
sampler's.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from vssflow_dit.config import LATENT_CHANNELS, MEL_BANDS, MEL_FRAMES_PER_TOKEN

PATCH = MEL_BANDS * MEL_FRAMES_PER_TOKEN


def patches(mel: Tensor) -> Tensor:
    """(B, 64, 4T) to (B, T, 256)."""
    b, bands, n = mel.shape
    return mel.transpose(1, 2).reshape(b, n // MEL_FRAMES_PER_TOKEN, MEL_FRAMES_PER_TOKEN * bands)


class Codec(nn.Module):
    """A linear codec: `encode` and `decode` are each one matrix product."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(PATCH))
        self.register_buffer("basis", torch.zeros(PATCH, LATENT_CHANNELS))
        self.register_buffer("scale", torch.ones(LATENT_CHANNELS))

    @torch.no_grad()
    def fit(self, mel_patches: Tensor) -> float:
        """Principal components of patches (n, 256); gives the share of the variance that is lost."""
        mean = mel_patches.mean(0)
        centred = (mel_patches - mean).double()
        values, vectors = torch.linalg.eigh(centred.T @ centred / len(centred))
        values, vectors = values.flip(0), vectors.flip(1)
        spread = values[:LATENT_CHANNELS].clamp(min=1e-8).sqrt()
        scaled = spread.sqrt()
        self.get_buffer("mean").copy_(mean)
        self.get_buffer("basis").copy_(vectors[:, :LATENT_CHANNELS])
        self.get_buffer("scale").copy_(spread.sqrt() * scaled.square().mean().sqrt())
        return float(1 - values[:LATENT_CHANNELS].sum() / values.sum())

    def n_bands(self, latent_channels: int) -> int:
        """Mel bands of the spectrograms it was fitted to."""
        return MEL_BANDS

    def encode(self, mel: Tensor) -> Tensor:
        """Log-mel (B, 64, 4T) to latent (B, 128, T)."""
        return (
            ((patches(mel) - self.get_buffer("mean")) @ self.get_buffer("basis")) / self.get_buffer("scale")
        ).transpose(1, 2)

    def decode(self, latent: Tensor) -> Tensor:
        """Latent (B, 128, T) to log-mel (B, 64, 4T)."""
        b, _, n = latent.shape
        rows = (latent.transpose(1, 2) * self.get_buffer("scale")) @ self.get_buffer("basis").T + self.get_buffer(
            "mean"
        )
        return rows.reshape(b, n * MEL_FRAMES_PER_TOKEN, MEL_BANDS).transpose(1, 2)
