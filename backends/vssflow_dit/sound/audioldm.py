"""The reference's codec and vocoder, AudioLDM's: a VAE on mel spectrograms (diffusers' `AutoencoderKL`), and a HiFi-GAN
(transformers' `SpeechT5HifiGan`, arXiv 2010.05646).

Latent (B, C, T): C is the frequency index, outermost, times the autoencoder's channels.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from vssflow_dit.lanes import Lanes
from vssflow_dit.sound.bands import BandedAttention, BandedConv, BandedResidual, BandedUpsampling, FoldedUpsampling

RELEASED_VAE: Mapping[str, Any] = {
    "in_channels": 1,
    "out_channels": 1,
    "down_block_types": ["DownEncoderBlock2D"] * 3,
    "up_block_types": ["UpDecoderBlock2D"] * 3,
    "block_out_channels": [128, 256, 512],
    "layers_per_block": 2,
    "act_fn": "silu",
    "latent_channels": 8,
    "norm_num_groups": 32,
    "sample_size": 512,
    "scaling_factor": 1.0,
}
"""AudioLDM's autoencoder, unscaled, as the reference uses it."""
RELEASED_VOCODER: Mapping[str, Any] = {
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


class MelVAE(nn.Module):
    """Latent (B, C, T) to log-mel (B, bands, 4T), and back. `config` is diffusers' own."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__()
        from diffusers import AutoencoderKL

        self.config = dict(config)
        options = {key: value for key, value in config.items() if not key.startswith("_")}
        self.vae = AutoencoderKL.from_config(options)  # type: ignore[no-untyped-call]

    def in_lanes(self, lanes: Lanes, brief: bool) -> MelVAE:
        """Itself, its decoder in bands; where `brief`, the residual blocks behind the middle multiply in bfloat16: that
        leaves the mel's error 40 dB below it on random weights; with the other layers too, 37."""
        decoder = self.vae.decoder
        for name, module in list(decoder.named_modules()):
            parent, _, own = name.rpartition(".")
            if own.isdigit() and parent.endswith(".upsamplers"):
                decoder.get_submodule(parent)[int(own)] = FoldedUpsampling(module.conv, lanes)
            elif own.isdigit() and parent.endswith(".attentions"):
                decoder.get_submodule(parent)[int(own)] = BandedAttention(module, lanes)
            elif isinstance(module, nn.Conv2d) and module.kernel_size == (3, 3) and ".upsamplers." not in name:
                is_brief = brief and name.startswith("up_blocks.")
                setattr(decoder.get_submodule(parent), own, BandedConv(module, lanes, is_brief))
        return self

    @property
    def channels(self) -> int:
        return int(self.config["latent_channels"])

    @property
    def frames_per_token(self) -> int:
        """Mel frames of a latent one: every level but the last halves time and frequency."""
        return int(2 ** (len(self.config["block_out_channels"]) - 1))

    def n_bands(self, latent_channels: int) -> int:
        """Mel bands of the spectrograms whose latents have so many channels."""
        return latent_channels // self.channels * self.frames_per_token

    def decode(self, latent: Tensor) -> Tensor:
        """Latent (B, C, T) to log-mel (B, bands, 4T)."""
        b, c, t = latent.shape
        unpacked = latent.view(b, c // self.channels, self.channels, t).permute(0, 2, 3, 1)  # (B, channels, T, bands/4)
        mel: Tensor = self.vae.decode(unpacked.to(self.vae.encoder.conv_in.weight.dtype)).sample  # (B, 1, 4T, bands)
        return mel[:, 0].transpose(1, 2).float()

    def encode(self, mel: Tensor) -> Tensor:
        """Log-mel (B, bands, 4T) to the mean of its latent (B, C, T)."""
        picture = mel.transpose(1, 2)[:, None]  # (B, 1, 4T, bands)
        latent: Tensor = self.vae.encode(picture.to(self.vae.encoder.conv_in.weight.dtype)).latent_dist.mean
        return latent.permute(0, 3, 1, 2).flatten(1, 2).float()  # (B, bands/4 * channels, T)


class HiFiGAN(nn.Module):
    """Log-mel (B, bands, n) to waveform (B, 160 n and a few samples) at 16 kHz. `config` is transformers' own."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__()
        from transformers import SpeechT5HifiGan, SpeechT5HifiGanConfig

        self.config = dict(config)
        self.rate_hz = int(config["sampling_rate"])
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
