"""Measures of a waveform for the vocoder's training: its pitch, its partials, and how far two sounds are apart."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from vssflow_dit.sound.mel import HOP, N_FFT, SAMPLE_RATE_HZ, mel_filters
from vssflow_dit.sound.oscillators import band_geometry

RESOLUTIONS = (128, 256, 512, 1024, 2048)


def true_pitch(waveform: Tensor) -> tuple[Tensor, Tensor]:
    """Pitch (Hz) and voicing (0 or 1) at the mel's frames, by normalised autocorrelation: (B, 160 T) to two (B, T)."""
    shortest, longest, size = SAMPLE_RATE_HZ // 550, SAMPLE_RATE_HZ // 55, 1024
    padding = (size - HOP) // 2
    frames = functional.pad(waveform, (padding, padding)).unfold(1, size, HOP)
    spectrum = torch.fft.rfft(frames, 2 * size)
    products = torch.fft.irfft(spectrum.abs().square())[..., : longest + 2]
    energy = functional.pad(frames.square().cumsum(-1), (1, 0))
    lags = torch.arange(longest + 2)
    head = energy[..., size - lags]
    tail = energy[..., -1:] - energy[..., lags]
    similarity = products / torch.sqrt(head * tail + 1e-7 * size)
    middle = similarity[..., 1:-1]
    peaks = torch.where((middle >= similarity[..., :-2]) & (middle > similarity[..., 2:]), middle, 0.0)[
        ..., shortest - 1 :
    ]
    best = peaks.max(-1, keepdim=True).values
    # The shortest lag that is nearly as good as the best: later ones are multiples of the period.
    lag = (peaks >= 0.88 * best).float().argmax(-1) + shortest
    before, here, after = (similarity.gather(-1, (lag + k)[..., None])[..., 0] for k in (-1, 0, 1))
    shift = 0.5 * (before - after) / (before - 2.0 * here + after).clamp(max=-1e-6)
    pitch = SAMPLE_RATE_HZ / (lag + shift.clamp(-0.5, 0.5))
    return pitch, ((best[..., 0] > 0.55) & (energy[..., -1] > 1e-4 * size * 1e-2)).float()


def true_detune(waveform: Tensor, n_bands: int) -> tuple[Tensor, Tensor]:
    """Mean frequency by power in each band, as `Reading.detune`, and how much it matters: two (B, T, bands)."""
    padding = (N_FFT - HOP) // 2
    padded = functional.pad(waveform, (padding, padding + 1))
    now, next_sample = (
        padded[:, k : padded.shape[1] - 1 + k].unfold(1, N_FFT, HOP) * torch.hann_window(N_FFT) for k in (0, 1)
    )
    first, second = torch.fft.rfft(now), torch.fft.rfft(next_sample)
    power = first.abs().square()
    hz = torch.angle(second * first.conj()) * (SAMPLE_RATE_HZ / (2.0 * torch.pi))
    filters = mel_filters(n_bands).T
    band_power = power @ filters + 1e-9
    centres, widths = band_geometry(n_bands)
    detune = (((power * hz) @ filters) / band_power - centres) / (widths / 2.0)
    weight = band_power.sqrt()
    return detune.clamp(-1.4, 1.4), weight / weight.amax(-1, keepdim=True).clamp(min=1e-3)


def magnitudes(waveform: Tensor) -> list[Tensor]:
    """Magnitudes (B, bins, frames) at each resolution, noise of variance 1 at about 1."""
    found = []
    for size in RESOLUTIONS:
        spectrum = torch.stft(waveform, size, size // 4, window=torch.hann_window(size), return_complex=True)
        found.append(torch.sqrt(spectrum.real.square() + spectrum.imag.square() + 1e-8) / (0.375 * size) ** 0.5)
    return found


def spectral_distance(some: list[Tensor], others: list[Tensor]) -> Tensor:
    """Mean over clips: the magnitudes' difference, and the root mean square over frequency of their logarithms'."""
    total = torch.zeros(())
    for a, b in zip(some, others, strict=True):
        logs = torch.log(a.clamp(min=1e-3)) - torch.log(b.clamp(min=1e-3))
        total = total + (a - b).abs().mean() + torch.sqrt(logs.square().mean(1) + 1e-6).mean()
    return total / len(some)


def energy_distance(truth: Tensor, first: Tensor, second: Tensor) -> Tensor:
    """Zero in expectation only when `first` and `second` are spread like the truth."""
    level = truth.square().mean(-1, keepdim=True).sqrt().clamp(min=2e-4)
    spectra = [magnitudes(x / level) for x in (truth, first, second)]
    return (
        spectral_distance(spectra[0], spectra[1])
        + spectral_distance(spectra[0], spectra[2])
        - spectral_distance(spectra[1], spectra[2])
    )
