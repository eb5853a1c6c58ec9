"""The vocoder's sources of sound: pulses at a pitch and one oscillator for each mel band, as loud as white noise."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from vssflow_dit.sound.mel import HOP, SAMPLE_RATE_HZ, mel_filters

NYQUIST_HZ = SAMPLE_RATE_HZ / 2.0


def band_geometry(n_bands: int) -> tuple[Tensor, Tensor]:
    """Centres and equivalent widths of the mel's triangles, in Hz."""
    filters = mel_filters(n_bands).double()
    bins = torch.linspace(0.0, NYQUIST_HZ, filters.shape[1], dtype=torch.float64)
    weight = filters.sum(1)
    centres = (filters @ bins) / weight
    between = (centres[1:] + centres[:-1]) / 2.0
    edges = torch.cat([between.new_zeros(1), between, between.new_tensor([NYQUIST_HZ])])
    return centres.float(), edges.diff().float()


def phase_of(frequency_hz: Tensor, generator: torch.Generator) -> Tensor:
    """Cycles at each sample from frequencies per frame (B, T): (B, T, 160), from a random start."""
    step = frequency_hz.double() * (HOP / SAMPLE_RATE_HZ)
    start = torch.rand(step[:, :1].shape, generator=generator).to(step)
    base = (torch.cumsum(step, 1) - step + start) % 1.0
    inside = torch.arange(HOP, device=step.device) / HOP
    return base.float()[..., None] + step.float()[..., None] * inside


def between_frames(values: Tensor) -> Tensor:
    """(B, T) to (B, 160 T), linear between frame centres."""
    return functional.interpolate(values[:, None], scale_factor=HOP, mode="linear", align_corners=False)[:, 0]


def pulse_train(pitch_hz: Tensor, voicing: Tensor, generator: torch.Generator) -> Tensor:
    """All harmonics below 7.9 kHz as cosines, together as strong as white noise of variance 1: (B, T) to (B, 160 T)."""
    phase = phase_of(pitch_hz, generator)
    harmonics = torch.floor(7900.0 / pitch_hz)[..., None]
    # The closed form of sum(cos(2 pi k phase), k = 1..n): Dirichlet's kernel; near whole phases its limit, n.
    half = torch.sin(math.pi * phase)
    near_whole = half.abs() < 1e-4
    above = torch.sin(math.pi * ((2.0 * harmonics + 1.0) * phase % 2.0))
    kernel = above / torch.where(near_whole, 1.0, 2.0 * half) - 0.5
    strength = torch.sqrt(2.0 * pitch_hz / NYQUIST_HZ)[..., None]
    pulses = torch.where(near_whole, harmonics.expand_as(kernel), kernel) * strength
    return pulses.flatten(1) * between_frames(voicing)


def tone_bank(tones_hz: Tensor, widths_hz: Tensor, generator: torch.Generator) -> Tensor:
    """One oscillator a band, as strong as white noise of variance 1 in that band: (B, T, bands) to (B, 160 T)."""
    step = tones_hz.double() * (HOP / SAMPLE_RATE_HZ)  # cycles a frame
    start = torch.rand(step[:, :1].shape, generator=generator).to(step)
    base = ((torch.cumsum(step, 1) - step + start) % 1.0).float().flatten(0, 1)[..., None]
    # Sixteen coarse and ten fine phases make 160 by the angle sum: a third of the sines, and a matrix product.
    step = step.float().flatten(0, 1)[..., None]
    coarse = 2.0 * math.pi * (base + step * (torch.arange(16, device=step.device) / 16.0))  # (B T, bands, 16)
    fine = 2.0 * math.pi * step * (torch.arange(10, device=step.device) / HOP)
    strengths = torch.sqrt(2.0 * widths_hz / NYQUIST_HZ)[:, None]
    left = torch.cat([coarse.cos() * strengths, coarse.sin() * -strengths], 1)
    right = torch.cat([fine.cos(), fine.sin()], 1)
    return (left.transpose(1, 2) @ right).reshape(len(tones_hz), -1)
