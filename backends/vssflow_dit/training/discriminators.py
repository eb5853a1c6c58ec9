"""Discriminators for the vocoder's training: small networks that tell recordings from its work.

Some look at a spectrogram of their own resolution in patches of frequency, some at every n-th sample (HiFi-GAN's period
judges, arXiv 2010.05646, section 2.3): all are so small that two cores can afford several.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from vssflow_dit.sound.mel import SAMPLE_RATE_HZ
from vssflow_dit.training.listening import spectrum

SIZES = (256, 512, 1024)
"""Windows of the judges of spectra, for 16 kHz; as long at any rate."""
PERIODS = (2, 3, 5, 7, 11)
SLOPE = 0.1


class Discriminator(nn.Module):
    """One resolution: waveform (B, n) to the inner values of each layer, the last one the verdict per patch."""

    def __init__(self, size: int, channels: int = 32) -> None:
        super().__init__()
        self.size = size
        weight_norm = nn.utils.parametrizations.weight_norm
        self.layers = nn.ModuleList(
            [
                weight_norm(nn.Conv2d(3, channels, (8, 3), (4, 1), (2, 1))),
                weight_norm(nn.Conv2d(channels, channels, (4, 5), (2, 1), (1, 2))),
                weight_norm(nn.Conv2d(channels, channels, (4, 5), (2, 2), (1, 2))),
                weight_norm(nn.Conv2d(channels, channels, 3, 1, 1)),
                weight_norm(nn.Conv2d(channels, 1, 3, 1, 1)),
            ]
        )

    def forward(self, waveform: Tensor) -> list[Tensor]:
        found = spectrum(waveform, self.size)[:, :-1]
        magnitude = torch.sqrt(found.real.square() + found.imag.square() + 1e-6)
        # Square-root compression: phases and faint parts both stay visible.
        root = magnitude.sqrt()
        x = torch.stack([torch.log(magnitude + 1e-3) / 3.0, found.real / root, found.imag / root], 1)
        x = x.contiguous(memory_format=torch.channels_last)
        return _through(self.layers, x)


class PeriodDiscriminator(nn.Module):
    """One period: waveform (B, n) to the inner values of each layer, the last one the verdict."""

    def __init__(self, period: int, channels: tuple[int, ...] = (16, 48, 96, 96)) -> None:
        super().__init__()
        self.period = period
        weight_norm = nn.utils.parametrizations.weight_norm
        sizes = zip((1, *channels[:-1]), channels, strict=True)
        self.layers = nn.ModuleList(
            [weight_norm(nn.Conv2d(before, after, (5, 1), (3, 1), (2, 0))) for before, after in sizes]
            + [weight_norm(nn.Conv2d(channels[-1], 1, (3, 1), 1, (1, 0)))]
        )

    def forward(self, waveform: Tensor) -> list[Tensor]:
        kept = waveform.shape[1] // self.period * self.period
        x = waveform[:, :kept].reshape(len(waveform), 1, -1, self.period).contiguous(memory_format=torch.channels_last)
        return _through(self.layers, x)


def _through(layers: nn.ModuleList, x: Tensor) -> list[Tensor]:
    """What each layer makes of the one before, the last one's verdict included."""
    found = []
    with torch.autocast(x.device.type, torch.bfloat16):
        for layer in layers[:-1]:
            x = functional.leaky_relu(layer(x), SLOPE)
            found.append(x)
        found.append(layers[-1](x))
    return [value.float() for value in found]


class Discriminators(nn.Module):
    """All of them together; least squares."""

    def __init__(self, rate_hz: int = SAMPLE_RATE_HZ) -> None:
        super().__init__()
        sizes = (size * rate_hz // SAMPLE_RATE_HZ for size in SIZES)
        self.judges = nn.ModuleList(
            [*(Discriminator(size) for size in sizes), *(PeriodDiscriminator(period) for period in PERIODS)]
        )

    def compare(self, truth: Tensor, made: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The judges' own loss, how far `made` is from passing, and how far its inner values are from the truth's."""
        learning = verdict = features = truth.new_zeros(())
        for judge in self.judges:
            *inner, last = judge(torch.cat([truth, made]))
            on_truth, on_made = last.chunk(2)
            learning = learning + (1.0 - on_truth).square().mean() + on_made.square().mean()
            verdict = verdict + (1.0 - on_made).square().mean()
            for values in inner:
                wanted, found = values.chunk(2)
                features = features + (wanted.detach() - found).abs().mean() / wanted.detach().abs().mean().clamp(
                    min=1e-3
                )
        return learning / len(self.judges), verdict / len(self.judges), features / len(self.judges)
