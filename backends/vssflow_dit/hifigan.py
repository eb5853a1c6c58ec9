"""The reference's vocoder: transformers' `SpeechT5HifiGan`, as AudioLDM configures it (HiFi-GAN, arXiv 2010.05646)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from vssflow_dit.bands import BandedResidual, BandedUpsampling
from vssflow_dit.lanes import Lanes

RELEASED: Mapping[str, Any] = {
    "model_in_dim": 64,
    "sampling_rate": 16_000,
    "upsample_initial_channel": 1024,
    "upsample_rates": [5, 4, 2, 2, 2],
    "upsample_kernel_sizes": [16, 16, 8, 4, 4],
    "resblock_kernel_sizes": [3, 7, 11],
    "resblock_dilation_sizes": [[1, 3, 5]] * 3,
    "leaky_relu_slope": 0.1,
    "normalize_before": False,
}
"""160 samples a mel frame."""


class HiFiGAN(nn.Module):
    """Log-mel (B, bands, n) to waveform (B, 160 n and a few samples) at 16 kHz. `config` is transformers' own."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__()
        from transformers import SpeechT5HifiGan, SpeechT5HifiGanConfig

        self.config = dict(config)
        self.net = SpeechT5HifiGan(SpeechT5HifiGanConfig(**{k: v for k, v in config.items() if not k.startswith("_")}))

    def in_lanes(self, lanes: Lanes, brief: bool) -> HiFiGAN:
        """Itself, in bands; where `brief`, the residual blocks, where 94 % of its products are, multiply in bfloat16.
        Between them it stays exact: rounding there would be heard whole, in a block it is heard where that adds."""
        self.net.upsampler = nn.ModuleList(BandedUpsampling(conv, lanes) for conv in self.net.upsampler)
        self.net.resblocks = nn.ModuleList(BandedResidual(block, lanes, brief) for block in self.net.resblocks)
        return self

    def forward(self, log_mel: Tensor, seed: int = 0) -> Tensor:
        """It draws nothing at random: `seed` is there because every vocoder is called alike."""
        waveform: Tensor = self.net(log_mel.transpose(1, 2).to(self.net.conv_pre.weight.dtype))
        return waveform.float()
