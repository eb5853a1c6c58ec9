"""Measures of a waveform for the vocoder's training: its pitch, its partials, and how far two sounds are apart.

Every window lasts as long at any rate: sizes are given for 16 kHz.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from vssflow_dit.sound.mel import FRAME_RATE_HZ, N_FFT, SAMPLE_RATE_HZ, mel_filters
from vssflow_dit.sound.oscillators import between_frames, cycles, pulse_train

RESOLUTIONS = (64, 128, 256, 512, 1024, 2048)
PHASE_RESOLUTIONS = (512, 1024)
"""Windows in which phases are compared."""
PHASE_TOP_HZ = 4000.0
"""Up to here: above, a voice is as much breath as harmonics."""
SMOOTH_FRAMES, SHIFTS = 13, 64
"""Over so many frames pulses are brought into step with a voice, by one of so many shifts within a period."""
JUMP, NEAR_JUMP = 0.03, 3
"""Pulses that must move by so much of a period within a frame are not followed, nor so many frames beside it."""
PERIODS_S = ((0.0, 0.040), (120.0, 0.025), (190.0, 0.016))
"""From a pitch on (Hz), windows (s) of a few of its periods."""
BAND_TOP_HZ, CLIFF = 7600.0, 1e-3
"""Where a clip's energy falls by so much between 5.5 to 7 kHz and 8.2 to 11 kHz, it came from 16 kHz, and what lay
above is not known: no sound falls so steeply by itself."""


def frames_of(waveform: Tensor, size: int, rate_hz: int) -> Tensor:
    """(B, hop T) to windows (B, T, size) centred where the mel's are."""
    hop = rate_hz // FRAME_RATE_HZ
    padding = (size - hop) // 2
    return functional.pad(waveform, (padding, size - hop - padding)).unfold(1, size, hop)


def true_pitch(waveform: Tensor, rate_hz: int = SAMPLE_RATE_HZ) -> tuple[Tensor, Tensor]:
    """Pitch (Hz) and voicing (0 or 1) at the mel's frames: (B, hop T) to two (B, T).

    Found by autocorrelation, whose long windows tell the octave; said to a fifth of a percent by the harmonics, in
    windows of a few periods, which follow a voice that glides.
    """
    coarse, voicing = _by_autocorrelation(waveform, rate_hz)
    return _by_harmonics(waveform, coarse, rate_hz).clamp(50.0, 600.0), voicing


def _by_harmonics(waveform: Tensor, pitch_hz: Tensor, rate_hz: int) -> Tensor:
    """Pitches (B, T) made exact by the instantaneous frequencies of the first two harmonics, then of six, as WORLD's
    StoneMask does it (Morise and others 2016). One that would move by a fifth stays."""
    which = torch.stack([pitch_hz > low for low, _ in PERIODS_S]).sum(0) - 1
    sizes = [int(span_s * rate_hz) // 2 * 2 for _, span_s in PERIODS_S]
    n, later = max(sizes), waveform.roll(-1, 1)
    now, then = (
        sum(
            functional.pad(frames_of(wave, size, rate_hz) * torch.hann_window(size, device=wave.device), (0, n - size))
            * (which == k)[..., None]
            for k, size in enumerate(sizes)
        )
        for wave in (waveform, later)
    )
    spectra = torch.fft.rfft(now), torch.fft.rfft(then)
    for count in (2, 6):
        order = torch.arange(1, count + 1, device=pitch_hz.device)
        bins = (pitch_hz[..., None] * order * (n / rate_hz)).round().long().clamp(max=n // 2)
        here, there = (x.gather(-1, bins) for x in spectra)
        loud, hz = here.abs(), torch.angle(there * here.conj()) * (rate_hz / (2.0 * torch.pi))
        found = (loud * hz).sum(-1) / (loud * order).sum(-1).clamp(min=1e-9)
        pitch_hz = torch.where((found / pitch_hz - 1.0).abs() < 0.2, found, pitch_hz)
    return pitch_hz


def _by_autocorrelation(waveform: Tensor, rate_hz: int) -> tuple[Tensor, Tensor]:
    shortest, longest, size = rate_hz // 550, rate_hz // 55, 1024 * rate_hz // SAMPLE_RATE_HZ
    frames = frames_of(waveform, size, rate_hz)
    spectrum = torch.fft.rfft(frames, 2 * size)
    products = torch.fft.irfft(spectrum.abs().square())[..., : longest + 2]
    energy = functional.pad(frames.square().cumsum(-1), (1, 0))
    lags = torch.arange(longest + 2, device=waveform.device)
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
    pitch = rate_hz / (lag + shift.clamp(-0.5, 0.5))
    return pitch, ((best[..., 0] > 0.55) & (energy[..., -1] > 1e-4 * size * 1e-2)).float()


def true_phase(waveform: Tensor, pitch_hz: Tensor, rate_hz: int) -> tuple[Tensor, Tensor]:
    """Where the voice's own pulses stand near a pitch (B, T), in cycles (B, T, hop): pulses on it are in step with it.
    And where (B, T) they move as smoothly as the pitch does, 1 or 0: elsewhere it is not known where they stand.

    Pulses of that pitch are moved until most harmonics agree with the recording's, over a tenth of a second: by the
    fundamental alone the k-th harmonic would have k times its error.
    """
    near = cycles(pitch_hz, rate_hz, None)
    pulses = pulse_train(near, pitch_hz, torch.ones_like(pitch_hz), rate_hz)
    turn = 2.0 * torch.pi * _behind(waveform, pulses, pitch_hz, rate_hz)
    parts = [_over_frames(part[..., None], SMOOTH_FRAMES // 2 + 1)[..., 0] for part in (turn.cos(), turn.sin())]
    level = torch.hypot(*parts).clamp(min=1e-6)
    real, imaginary = (between_frames(part / level, near.shape[2]) for part in parts)
    behind: Tensor = torch.atan2(imaginary, real) / (2.0 * torch.pi)
    phase = near - behind.view_as(near)
    moved = (phase[:, 1:, 0] - phase[:, :-1, 0] - pitch_hz[:, :-1] / FRAME_RATE_HZ + 0.5) % 1.0 - 0.5
    jumps = functional.pad((moved.abs() > JUMP).float(), (0, 1))
    return phase, 1.0 - functional.max_pool1d(jumps[:, None], 2 * NEAR_JUMP + 1, 1, NEAR_JUMP)[:, 0]


def _behind(waveform: Tensor, pulses: Tensor, pitch_hz: Tensor, rate_hz: int) -> Tensor:
    """By how many cycles (B, T) pulses must come later to agree with a recording, both (B, hop T)."""
    size = 3 * rate_hz // FRAME_RATE_HZ
    kept, window = slice(2, int(PHASE_TOP_HZ * size / rate_hz)), torch.hann_window(size, device=waveform.device)
    heard, played = (torch.fft.rfft(frames_of(x, size, rate_hz) * window)[..., kept] for x in (waveform, pulses))
    between = heard * played.conj()
    between = between * (heard.abs().sqrt() / (between.abs() + 1e-9))
    hz = torch.arange(kept.start, kept.stop, device=waveform.device) * (rate_hz / size)
    shifts = torch.arange(SHIFTS, device=waveform.device) / SHIFTS
    turn = 2.0 * torch.pi * (hz / pitch_hz[..., None])[..., None] * shifts  # (B, T, bins, shifts)
    agreement = (between.real[..., None] * turn.cos() - between.imag[..., None] * turn.sin()).sum(2)
    agreement = _over_frames(agreement, SMOOTH_FRAMES)
    best = agreement.argmax(-1, keepdim=True)
    at = (best + torch.arange(-1, 2, device=best.device)) % SHIFTS
    before, here, after = agreement.gather(-1, at).unbind(-1)
    between_shifts = 0.5 * (before - after) / (before - 2.0 * here + after).clamp(max=-1e-6)
    return (best[..., 0] + between_shifts.clamp(-0.5, 0.5)) / SHIFTS


def _over_frames(values: Tensor, n: int) -> Tensor:
    """(B, T, k), each of the k smoothed over n frames, an odd number."""
    b, t, k = values.shape
    slow = torch.hann_window(n + 2, periodic=False, device=values.device)[None, None, 1:-1]
    rows = functional.conv1d(values.transpose(1, 2).reshape(b * k, 1, t), slow, padding=n // 2)
    return rows.view(b, k, t).transpose(1, 2)


def true_detune(
    waveform: Tensor, centres_hz: Tensor, widths_hz: Tensor, rate_hz: int = SAMPLE_RATE_HZ
) -> tuple[Tensor, Tensor]:
    """Mean frequency by power in each of the mel's bands, as `Reading.detune`, and how much it matters.

    Waveform (B, hop T) and bands as of `band_geometry` to two (B, T, bands).
    """
    size = N_FFT * rate_hz // SAMPLE_RATE_HZ
    window = torch.hann_window(size, device=waveform.device)
    frames = [frames_of(x, size, rate_hz) * window for x in (waveform, waveform.roll(-1, 1))]
    first, second = (torch.fft.rfft(x)[..., : N_FFT // 2 + 1] * (SAMPLE_RATE_HZ / rate_hz) for x in frames)
    power = first.abs().square()
    hz = torch.angle(second * first.conj()) * (rate_hz / (2.0 * torch.pi))
    filters = mel_filters(len(centres_hz), waveform.device).T
    band_power = power @ filters + 1e-9
    detune = (((power * hz) @ filters) / band_power - centres_hz) / (widths_hz / 2.0)
    weight = band_power.sqrt()
    return detune.clamp(-1.4, 1.4), weight / weight.amax(-1, keepdim=True).clamp(min=1e-3)


def spectrum(waveform: Tensor, size: int) -> Tensor:
    """(B, bins, frames) in windows of `size` samples, noise of variance 1 at about 1."""
    window = torch.hann_window(size, device=waveform.device)
    found: Tensor = torch.stft(waveform, size, size // 4, window=window, return_complex=True) * (0.375 * size) ** -0.5
    return found


def magnitudes(waveform: Tensor, rate_hz: int = SAMPLE_RATE_HZ, from_hz: float = 0.0) -> list[Tensor]:
    """Magnitudes (B, bins, frames) from a frequency on, at each resolution, noise of variance 1 at about 1."""
    sizes = [size * rate_hz // SAMPLE_RATE_HZ for size in RESOLUTIONS]
    found = (spectrum(waveform, size)[:, int(from_hz * size / rate_hz) :] for size in sizes)
    return [torch.sqrt(x.real.square() + x.imag.square() + 1e-8) for x in found]


def spectral_distance(some: list[Tensor], others: list[Tensor]) -> Tensor:
    """Mean over clips: the magnitudes' difference, and the root mean square over frequency of their logarithms'."""
    total = some[0].new_zeros(())
    for a, b in zip(some, others, strict=True):
        logs = torch.log(a.clamp(min=1e-3)) - torch.log(b.clamp(min=1e-3))
        total = total + (a - b).abs().mean() + torch.sqrt(logs.square().mean(1) + 1e-6).mean()
    return total / len(some)


def level_of(waveform: Tensor) -> Tensor:
    """(B, 1): root mean square, silence as -74 dBFS."""
    return waveform.square().mean(-1, keepdim=True).sqrt().clamp(min=2e-4)


def energy_distance(
    truth: Tensor, first: Tensor, second: Tensor, rate_hz: int = SAMPLE_RATE_HZ, from_hz: float = 0.0
) -> Tensor:
    """Zero in expectation only when `first` and `second` are spread like the truth, from a frequency on."""
    level = level_of(truth)
    spectra = [magnitudes(x / level, rate_hz, from_hz) for x in (truth, first, second)]
    return (
        spectral_distance(spectra[0], spectra[1])
        + spectral_distance(spectra[0], spectra[2])
        - spectral_distance(spectra[1], spectra[2])
    )


def phase_distance(truth: Tensor, made: Tensor, voicing: Tensor, rate_hz: int) -> Tensor:
    """How far the phases of (B, n) are apart, 0 to 2, where the truth is voiced (B, T), below 4 kHz.

    One minus their difference's cosine, weighed by the root of the truth's magnitude. How loud `made` is does not
    count: where phases cannot be known, a distance of whole spectra would only teach to be quiet.
    """
    level, total = level_of(truth), truth.new_zeros(())
    for size in (size * rate_hz // SAMPLE_RATE_HZ for size in PHASE_RESOLUTIONS):
        kept = int(PHASE_TOP_HZ * size / rate_hz)
        wanted, found = (spectrum(x / level, size)[:, 1:kept] for x in (truth, made))
        # In real numbers, because PyTorch's complex gradients cost twice as much on a CPU.
        loud, own = (torch.sqrt(x.real.square() + x.imag.square() + 1e-6) for x in (wanted, found))
        floor = 0.05 * loud.square().mean(1, keepdim=True).sqrt() + 1e-3
        cosine = (wanted.real * found.real + wanted.imag * found.imag) / (loud * (own + floor))
        weight = loud.sqrt() * functional.interpolate(voicing[:, None], size=wanted.shape[2])
        total = total + ((1.0 - cosine) * weight).sum() / weight.sum().clamp(min=1.0)
    return total / len(PHASE_RESOLUTIONS)


def is_narrow(waveform: Tensor, rate_hz: int) -> Tensor:
    """(B, 1): whether the sound ends at 8 kHz because its source did."""
    padded = functional.pad(waveform, (0, -waveform.shape[1] % N_FFT))
    frames = padded.unfold(1, N_FFT, N_FFT) * torch.hann_window(N_FFT, device=waveform.device)
    power = torch.fft.rfft(frames).abs().square().mean(1)
    below, above = (
        power[:, int(low * N_FFT / rate_hz) : int(high * N_FFT / rate_hz)].mean(1, keepdim=True)
        for low, high in ((5500.0, 7000.0), (8200.0, 11_000.0))
    )
    found: Tensor = above < CLIFF * below
    return found


def without_upper(waveform: Tensor, is_narrow: Tensor, rate_hz: int) -> Tensor:
    """(B, n) where a clip is narrow without what lies above 7.6 kHz: what nobody knows is not judged."""
    spectra = torch.fft.rfft(waveform)
    hz = torch.linspace(0.0, rate_hz / 2.0, spectra.shape[1], device=waveform.device)
    kept = (hz < BAND_TOP_HZ) | ~is_narrow
    cut: Tensor = torch.fft.irfft(spectra * kept, waveform.shape[1])
    return cut
