"""Waveform to log-mel: the reference's front end (HiFi-GAN's, as AudioLDM uses it).

Natural log of max(mel, 1e-5), slaney filters from 0 Hz to half the rate, frames of 1024 every 160 samples at 16 kHz,
reflect padding of (1024 - 160) / 2 on each side and no centring: n samples give n // 160 frames.
"""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

SAMPLE_RATE_HZ = 16_000
N_FFT = 1024
HOP = 160
FRAME_RATE_HZ = SAMPLE_RATE_HZ // HOP
LOG_FLOOR = 1e-5


def _mel_from_hz(hz: Tensor) -> Tensor:
    """Slaney's scale: linear to 1 kHz, then logarithmic."""
    return torch.where(
        hz < 1000.0,
        hz * 3.0 / 200.0,
        15.0 + torch.log(hz.clamp(min=1.0) / 1000.0) * (27.0 / torch.log(torch.tensor(6.4))),
    )


def _hz_from_mel(mel: Tensor) -> Tensor:
    return torch.where(
        mel < 15.0, mel * 200.0 / 3.0, 1000.0 * torch.exp((mel - 15.0) * (torch.log(torch.tensor(6.4)) / 27.0))
    )


@cache
def mel_filters(n_bands: int, device: torch.device = torch.device("cpu")) -> Tensor:  # noqa: B008
    """Triangles of equal area: (bands, N_FFT // 2 + 1), kept on each device that asks."""
    if device.type != "cpu":
        return mel_filters(n_bands).to(device)
    top = _mel_from_hz(torch.tensor(SAMPLE_RATE_HZ / 2.0))
    corners = _hz_from_mel(torch.linspace(0.0, float(top), n_bands + 2))
    bins = torch.linspace(0.0, SAMPLE_RATE_HZ / 2.0, N_FFT // 2 + 1)
    rise = (bins[None] - corners[:-2, None]) / (corners[1:-1] - corners[:-2])[:, None]
    fall = (corners[2:, None] - bins[None]) / (corners[2:] - corners[1:-1])[:, None]
    triangles = torch.minimum(rise, fall).clamp(min=0.0)
    return triangles * (2.0 / (corners[2:] - corners[:-2]))[:, None]


def levelled(waveform: Tensor) -> Tensor:
    """Waveform (B, n) without its mean and with a peak of 0.5: how the reference levels what it learns from."""
    centred = waveform - waveform.mean(dim=1, keepdim=True)
    return 0.5 * centred / (centred.abs().amax(dim=1, keepdim=True) + 1e-8)


def log_mel(waveform: Tensor, n_bands: int = 64, rate_hz: int = SAMPLE_RATE_HZ) -> Tensor:
    """Waveform (B, n) at 16 kHz, full scale 1, to log-mel (B, bands, n // 160). Needs n > 432.

    At a higher rate, a multiple of 8 kHz, frames last as long and what lies above 8 kHz is not read: the same mel.
    """
    n_fft, hop = N_FFT * rate_hz // SAMPLE_RATE_HZ, HOP * rate_hz // SAMPLE_RATE_HZ
    padding = (n_fft - hop) // 2
    padded = torch.nn.functional.pad(waveform[:, None], (padding, padding), mode="reflect")[:, 0]
    window = torch.hann_window(n_fft, device=waveform.device)
    spectrum = torch.stft(padded, n_fft, hop, n_fft, window, center=False, return_complex=True)
    spectrum = spectrum[:, : N_FFT // 2 + 1] * (SAMPLE_RATE_HZ / rate_hz)
    magnitude = torch.sqrt(spectrum.real.square() + spectrum.imag.square() + 1e-9)
    return torch.log((mel_filters(n_bands, waveform.device) @ magnitude).clamp(min=LOG_FLOOR))
