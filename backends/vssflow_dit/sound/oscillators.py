"""The vocoder's sources of sound: pulses at a pitch and one oscillator for each mel band, as loud as white noise.

`rate_hz` is the sound's; frames come at the mel's 100 a second, whatever the rate.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from vssflow_dit.sound.mel import FRAME_RATE_HZ, SAMPLE_RATE_HZ, mel_filters

MEL_TOP_HZ = SAMPLE_RATE_HZ / 2.0
"""What the mel reads ends here."""
QUIET_TOP_HZ = 100.0
"""Harmonics end so far below half the rate."""


def band_geometry(n_bands: int) -> tuple[Tensor, Tensor]:
    """Centres and equivalent widths of the mel's triangles, in Hz."""
    filters = mel_filters(n_bands).double()
    bins = torch.linspace(0.0, MEL_TOP_HZ, filters.shape[1], dtype=torch.float64)
    weight = filters.sum(1)
    centres = (filters @ bins) / weight
    between = (centres[1:] + centres[:-1]) / 2.0
    edges = torch.cat([between.new_zeros(1), between, between.new_tensor([MEL_TOP_HZ])])
    return centres.float(), edges.diff().float()


def cycles(frequency_hz: Tensor, rate_hz: int, generator: torch.Generator | None) -> Tensor:
    """Cycles at each sample from frequencies per frame (B, T): (B, T, hop), from a random start."""
    hop = rate_hz // FRAME_RATE_HZ
    base, step = _by_frame(frequency_hz, generator)
    inside = torch.arange(hop, device=step.device) / hop
    return base[..., None] + step[..., None] * inside


def _by_frame(frequency_hz: Tensor, generator: torch.Generator | None) -> tuple[Tensor, Tensor]:
    """Cycles, within one, at the start of each frame and how many the frame has, along dimension 1."""
    step = frequency_hz.double() / FRAME_RATE_HZ
    base = (torch.cumsum(step, 1) - step + drawn(torch.rand, step[:, :1].shape, step, generator)) % 1.0
    return base.float(), step.float()


def drawn(
    draw: Callable[..., Tensor], shape: tuple[int, ...], like: Tensor, generator: torch.Generator | None
) -> Tensor:
    """Random numbers where `like` is: from the generator, wherever that is, or from the device's own."""
    device = like.device if generator is None else generator.device
    return draw(shape, generator=generator, device=device).to(like)


def between_frames(values: Tensor, hop: int) -> Tensor:
    """(B, T) to (B, hop T), linear between frame centres."""
    return functional.interpolate(values[:, None], scale_factor=hop, mode="linear", align_corners=False)[:, 0]


def pulse_train(phase: Tensor, pitch_hz: Tensor, voicing: Tensor, rate_hz: int) -> Tensor:
    """All harmonics below half the rate as cosines, together as strong as white noise of variance 1.

    Phase in cycles (B, T, hop), pitch and voicing (B, T), to (B, hop T).
    """
    top_hz = rate_hz / 2.0
    harmonics = torch.floor((top_hz - QUIET_TOP_HZ) / pitch_hz)[..., None]
    # The closed form of sum(cos(2 pi k phase), k = 1..n): Dirichlet's kernel; near whole phases its limit, n.
    half = torch.sin(math.pi * phase)
    near_whole = half.abs() < 1e-4
    above = torch.sin(math.pi * ((2.0 * harmonics + 1.0) * phase % 2.0))
    kernel = above / torch.where(near_whole, 1.0, 2.0 * half) - 0.5
    strength = torch.sqrt(2.0 * pitch_hz / top_hz)[..., None]
    pulses = torch.where(near_whole, harmonics.expand_as(kernel), kernel) * strength
    return pulses.flatten(1) * between_frames(voicing, phase.shape[2])


def tone_bank(tones_hz: Tensor, widths_hz: Tensor, rate_hz: int, generator: torch.Generator | None) -> Tensor:
    """One oscillator a band, as strong as white noise of variance 1 in that band: (B, T, bands) to (B, hop T)."""
    hop = rate_hz // FRAME_RATE_HZ
    base, step = (x.flatten(0, 1)[..., None] for x in _by_frame(tones_hz, generator))
    # Sixteen coarse and hop / 16 fine phases make a frame by the angle sum: a third of the sines, and a matrix product.
    coarse = 2.0 * math.pi * (base + step * (torch.arange(16, device=step.device) / 16.0))  # (B T, bands, 16)
    fine = 2.0 * math.pi * step * (torch.arange(hop // 16, device=step.device) / hop)
    strengths = torch.sqrt(4.0 * widths_hz / rate_hz)[:, None]
    left = torch.cat([coarse.cos() * strengths, coarse.sin() * -strengths], 1)
    right = torch.cat([fine.cos(), fine.sin()], 1)
    return (left.transpose(1, 2) @ right).reshape(len(tones_hz), -1)
