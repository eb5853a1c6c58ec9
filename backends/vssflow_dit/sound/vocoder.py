"""Log-mel to waveform: three sound sources shaped by one network, spectrum by spectrum.

A pulse train at the pitch read from the mel (voices, engines), one oscillator for each mel band (struck things) and
white noise (rain, wind, breath) are analysed by a short-time Fourier transform. A ConvNeXt backbone then says how much
of each source to let through, turns the phase of the pulses, and adds a spectrum of its own. Because the magnitudes are
anchored on the mel itself, silence stays silent and no level has to be learned. At a rate above the mel's, bands above
the mel continue it: their levels hang on the mel's last bands, and the backbone says how far above or below. After the
ideas of HiFTNet (arXiv 2309.09493), Vocos (arXiv 2306.00814) and DDSP (arXiv 2001.04643).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from vssflow_dit.sound.mel import FRAME_RATE_HZ, LOG_FLOOR, SAMPLE_RATE_HZ
from vssflow_dit.sound.oscillators import MEL_TOP_HZ, band_geometry, cycles, drawn, pulse_train, tone_bank
from vssflow_dit.tensors import configuration_in, fill, metadata_of
from vssflow_post.errors import UsageError

FORMAT = "vssflow-vocoder-1"
NOISE_INPUTS = 32
ANCHORS = 6
"""Mel bands, from 6 kHz on, on whose mean the level of the bands above the mel hangs."""
SEEN_HZ = 4000.0
"""Up to here the backbone sees the sources' own spectra."""


@dataclass(frozen=True)
class VocoderConfig:
    """The sizes of a vocoder; stored with its weights."""

    n_bands: int = 64
    """Mel bands of the input."""
    rate_hz: int = SAMPLE_RATE_HZ
    """Of the waveform; 100 frames of the mel make a second of it."""
    upper_bands: int = 0
    """Bands above the mel, evenly spaced up to half the rate."""
    n_fft: int = 480
    """Samples of a synthesis frame; a multiple of the hop. A vocoder of another rate keeps its 30 ms."""
    width: int = 256
    """Channels of the backbone."""
    hidden: int = 704
    """Channels inside a backbone block."""
    n_blocks: int = 5
    """Blocks of the backbone."""
    reader_width: int = 192
    """Channels of the part that reads pitch and frequencies from the mel."""
    reader_blocks: int = 4
    """Blocks of that part."""
    n_pitches: int = 160
    """Pitch classes, evenly spaced on a logarithmic scale."""
    lowest_hz: float = 55.0
    """Lowest pitch class."""
    highest_hz: float = 550.0
    """Highest pitch class."""

    @property
    def hop(self) -> int:
        """Samples of a mel frame."""
        return self.rate_hz // FRAME_RATE_HZ

    @property
    def all_bands(self) -> int:
        """Bands in which the sources are shaped."""
        return self.n_bands + self.upper_bands


WIDE = VocoderConfig(rate_hz=24_000, upper_bands=8, n_fft=720)
"""The starter's: the mel ends at 8 kHz, the sound at 12."""


@dataclass(frozen=True)
class Reading:
    """What the reader finds in a mel, frame by frame."""

    pitch_logits: Tensor
    """(B, T, pitches)."""
    voicing_logit: Tensor
    """(B, T): whether the frame is periodic."""
    detune: Tensor
    """(B, T, bands): the strongest frequency in each band, in half bandwidths from its centre."""


@dataclass(frozen=True)
class Excitation:
    """What the sources are to play: the sources of one forward pass need nothing else."""

    pitch_hz: Tensor
    """(B, T)."""
    voicing: Tensor
    """(B, T), 0 to 1."""
    tones_hz: Tensor
    """(B, T, bands)."""
    phase: Tensor | None = None
    """Of the pulses, in cycles (B, T, hop), where it is known; else they start anywhere and follow the pitch."""


class Block(nn.Module):
    """ConvNeXt in one dimension, channels last: (B, T, C) to (B, T, C)."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.mix = nn.Conv2d(width, width, (1, 7), padding=(0, 3), groups=width)
        self.norm = nn.LayerNorm(width)
        self.widen = nn.Linear(width, hidden)
        self.narrow = nn.Linear(hidden, width)
        self.scale = nn.Parameter(torch.full((width,), 0.3))

    def forward(self, x: Tensor) -> Tensor:
        # As a picture one pixel high, channels last, oneDNN convolves twice as fast as in one dimension.
        mixed = self.mix(x.transpose(1, 2).unsqueeze(2)).squeeze(2).transpose(1, 2)
        change: Tensor = self.narrow(functional.gelu(self.widen(self.norm(mixed))))
        return x + self.scale * change


class Reader(nn.Module):
    """Reads pitch, voicing and the frequencies of partials from a normalised mel (B, T, bands)."""

    def __init__(self, config: VocoderConfig) -> None:
        super().__init__()
        self.n_bands = config.n_bands
        self.embed = nn.Linear(config.n_bands, config.reader_width)
        blocks = (Block(config.reader_width, 2 * config.reader_width) for _ in range(config.reader_blocks))
        self.blocks = nn.Sequential(*blocks)
        self.norm = nn.LayerNorm(config.reader_width)
        self.head = nn.Linear(config.reader_width, config.n_pitches + 1 + config.n_bands)

    def forward(self, mel: Tensor) -> Reading:
        found = self.head(self.norm(self.blocks(self.embed(mel)))).float()
        detune = 1.5 * torch.tanh(found[..., : self.n_bands])
        return Reading(found[..., self.n_bands + 1 :], found[..., self.n_bands], detune)


class Vocoder(nn.Module):
    """Log-mel (B, bands, T), natural logarithm, to waveform (B, hop T) at the rate of its config."""

    filter_matrix: Tensor
    band_centres_hz: Tensor
    band_widths_hz: Tensor
    pitch_classes_hz: Tensor
    window: Tensor

    def __init__(self, config: VocoderConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or VocoderConfig()
        self.rate_hz = config.rate_hz
        self.n_bins = config.n_fft // 2 + 1
        self.seen_bins = int(SEEN_HZ * config.n_fft / config.rate_hz)
        self.loudness = 12.0 * math.sqrt(config.n_fft / 480.0)
        """Magnitude, about, of white noise of variance 1 in a bin."""
        centres, widths = band_geometry(config.n_bands)
        steps = torch.linspace(math.log(config.lowest_hz), math.log(config.highest_hz), config.n_pitches)
        for name, value in (
            ("filter_matrix", spread_matrix(_with_upper(centres, config), self.n_bins, config.rate_hz)),
            ("band_centres_hz", centres),
            ("band_widths_hz", widths),
            ("pitch_classes_hz", steps.exp()),
            ("window", torch.hann_window(config.n_fft)),
        ):
            self.register_buffer(name, value, persistent=False)
        self.reader = Reader(config)
        self.embed = nn.Linear(config.n_bands + 2 + 4 * self.seen_bins + NOISE_INPUTS, config.width)
        self.blocks = nn.Sequential(*(Block(config.width, config.hidden) for _ in range(config.n_blocks)))
        self.norm = nn.LayerNorm(config.width)
        self.head = nn.Linear(config.width, 6 * config.all_bands + 2 * self.n_bins)
        self._start_from_the_mel()

    def _start_from_the_mel(self) -> None:
        """Before any training: pulses and noise in equal parts under the mel's envelope, no spectrum of its own."""
        with torch.no_grad():
            self.head.weight.mul_(0.2)
            starts = torch.tensor([-0.7, -2.0, -0.7, 1.0, 0.0, 0.0])  # pulses, tones, noise, cosine, sine, own
            self.head.bias.zero_()
            self.head.bias[: 6 * self.config.all_bands] = starts.repeat_interleave(self.config.all_bands)

    def forward(self, log_mel: Tensor, seed: int = 0) -> Tensor:
        """The same mel and seed give the same sound. Raises ValueError for a mel of another shape."""
        if log_mel.dim() != 3 or log_mel.shape[1] != self.config.n_bands:
            raise ValueError(f"the vocoder wants a log-mel (B, {self.config.n_bands}, T), not {tuple(log_mel.shape)}")
        generator = torch.Generator().manual_seed(seed)  # on the CPU, so that every device hears the same noise
        return self.synthesise(log_mel, self.excitation(self.read(log_mel)), generator)

    def read(self, log_mel: Tensor) -> Reading:
        reading: Reading = self.reader(normalised(log_mel))
        return reading

    def excitation(self, reading: Reading) -> Excitation:
        """The most likely pitch, refined by its neighbours' weights; detached from the graph."""
        with torch.no_grad():
            likelihood = reading.pitch_logits.softmax(-1)
            best = likelihood.argmax(-1, keepdim=True)
            near = (best + torch.arange(-3, 4, device=best.device)).clamp(0, self.config.n_pitches - 1)
            weights = likelihood.gather(-1, near)
            log_hz = (weights * self.pitch_classes_hz.log()[near]).sum(-1) / weights.sum(-1)
            tones = self.band_centres_hz + reading.detune * self.band_widths_hz / 2.0
            return Excitation(log_hz.exp(), reading.voicing_logit.sigmoid(), tones.clamp(20.0, MEL_TOP_HZ - 50.0))

    def synthesise(
        self, log_mel: Tensor, excitation: Excitation, generator: torch.Generator | None = None, brief: bool = False
    ) -> Tensor:
        """`brief` runs the backbone, and only it, in bfloat16; chance is the device's own without a generator."""
        rate_hz, n_samples = self.rate_hz, log_mel.shape[2] * self.config.hop
        with torch.no_grad():
            phase = excitation.phase
            if phase is None:
                phase = cycles(excitation.pitch_hz, rate_hz, generator)
            pulses = self.analyse(pulse_train(phase, excitation.pitch_hz, excitation.voicing, rate_hz))
            tones = self.analyse(tone_bank(excitation.tones_hz, self.band_widths_hz, rate_hz, generator))
            noise = self.analyse(drawn(torch.randn, (len(log_mel), n_samples), log_mel, generator))
        with torch.autocast(log_mel.device.type, torch.bfloat16, enabled=brief):
            filters = self.shape(log_mel, excitation, pulses, tones, generator)
        return self.overlap_add(self.combine(log_mel, filters, pulses, tones, noise))

    def shape(
        self, log_mel: Tensor, excitation: Excitation, pulses: Tensor, tones: Tensor, generator: torch.Generator | None
    ) -> Tensor:
        """The backbone: everything known about each frame to the head's numbers (B, T, 6 bands + 2 bins)."""
        voicing = excitation.voicing[..., None]
        pitch = voicing * (excitation.pitch_hz[..., None].log() - 5.0)
        seen = [torch.view_as_real(x[..., : self.seen_bins]).flatten(-2) / self.loudness for x in (pulses, tones)]
        chance = drawn(torch.randn, (*voicing.shape[:2], NOISE_INPUTS), voicing, generator)
        x = self.embed(torch.cat([normalised(log_mel), voicing, pitch, *seen, chance], -1))
        filters: Tensor = self.head(self.norm(self.blocks(x)))
        return filters.float()

    def combine(self, log_mel: Tensor, filters: Tensor, pulses: Tensor, tones: Tensor, noise: Tensor) -> Tensor:
        """Sources (B, T, bins) under the head's filters to the spectrum (B, T, bins)."""
        n_bands = self.config.all_bands
        by_band = filters[..., : 6 * n_bands].reshape(*filters.shape[:2], 6, n_bands)
        bands = by_band @ self.filter_matrix  # (B, T, 6, bins)
        gain = source_gain(log_mel, self.rate_hz)
        last = gain[..., -ANCHORS:].logsumexp(-1, keepdim=True) - math.log(ANCHORS)
        gain = torch.cat([gain, last.expand(*gain.shape[:2], self.config.upper_bands)], -1)
        envelope = gain @ self.filter_matrix
        levels = torch.cat((bands[..., :3, :], bands[..., 5:, :]), -2)
        level = envelope[..., None, :] + soft_limit(levels, 4.0)
        of_pulses, of_tones, of_noise, own = level.exp().unbind(-2)
        cosine, sine = bands[..., 3, :], bands[..., 4, :]
        of_pulses = of_pulses * torch.rsqrt(cosine.square() + sine.square() + 1e-6)
        own_real, own_imaginary = filters[..., 6 * n_bands :].chunk(2, -1)
        # In real numbers, because PyTorch's complex gradients cost twice as much on a CPU.
        real = (pulses.real * cosine - pulses.imag * sine) * of_pulses + tones.real * of_tones + noise.real * of_noise
        imaginary = (
            (pulses.imag * cosine + pulses.real * sine) * of_pulses + tones.imag * of_tones + noise.imag * of_noise
        )
        own = self.loudness * own
        return torch.complex(real + own_real * own, imaginary + own_imaginary * own)

    def analyse(self, waveform: Tensor) -> Tensor:
        """(B, hop T) to frames centred where the mel's are, (B, T, bins)."""
        n_fft, hop = self.config.n_fft, self.config.hop
        padding = (n_fft - hop) // 2
        frames = functional.pad(waveform, (padding, padding)).unfold(1, n_fft, hop)
        spectrum: Tensor = torch.fft.rfft(frames * self.window)
        return spectrum

    def overlap_add(self, spectrum: Tensor) -> Tensor:
        """The inverse: (B, T, bins) to (B, hop T), each sample divided by the windows that cover it."""
        n_fft, hop = self.config.n_fft, self.config.hop
        n_frames, parts = spectrum.shape[1], n_fft // hop
        frames = torch.fft.irfft(spectrum, n_fft) * self.window
        weights = self.window.square().expand(1, n_frames, -1)
        total = frames.new_zeros(len(frames), n_frames + parts - 1, hop)
        weight = frames.new_zeros(1, n_frames + parts - 1, hop)
        for part in range(parts):
            within = slice(part * hop, (part + 1) * hop)
            total[:, part : part + n_frames] += frames[:, :, within]
            weight[:, part : part + n_frames] += weights[:, :, within]
        padding = (n_fft - hop) // 2
        kept = slice(padding, padding + n_frames * hop)
        waveform: Tensor = total.flatten(1)[:, kept] / weight.flatten(1)[:, kept].clamp(min=0.05)
        return waveform

    def save(self, path: Path, facts: Mapping[str, str] | None = None) -> None:
        """Half precision, the config in the metadata; `path` appears complete or not at all."""
        from safetensors.torch import save_file

        weights = {name: value.to("cpu", torch.float16).contiguous() for name, value in self.state_dict().items()}
        partial = path.with_name(path.name + ".partial")
        save_file(weights, partial, {"format": FORMAT, "config": json.dumps(asdict(self.config)), **(facts or {})})
        partial.replace(path)

    @classmethod
    def load(cls, path: Path) -> Vocoder:
        """Reads what `save` wrote, in single precision, ready to synthesise. Raises UsageError for any other file."""
        if metadata_of(path).get("format") != FORMAT:
            raise UsageError(f"{path} is not a vocoder of format {FORMAT}")
        try:
            vocoder = cls(VocoderConfig(**configuration_in(path)))
        except TypeError as error:
            raise UsageError(f"{path} says no configuration: {error}") from error
        fill(vocoder, path, lambda name: torch.float32)
        return vocoder.eval().requires_grad_(False)


def normalised(log_mel: Tensor) -> Tensor:
    """(B, bands, T) to (B, T, bands) around zero."""
    return (log_mel.transpose(1, 2) + 5.0) / 3.0


def soft_limit(x: Tensor, bound: float) -> Tensor:
    return bound * torch.tanh(x / bound)


def source_gain(log_mel: Tensor, rate_hz: int = SAMPLE_RATE_HZ) -> Tensor:
    """Log gain (B, T, bands) under which white noise of variance 1 has this mel; the mel's floor becomes silence."""
    # The mean of a Rayleigh magnitude, 0.886, times the root of the window's energy, over the 15.6 Hz of a bin. At a
    # higher rate the same variance is spread over more Hz.
    of_white_noise = 0.886 * math.sqrt(0.375 * 1024.0 * SAMPLE_RATE_HZ / rate_hz) / (SAMPLE_RATE_HZ / 1024.0)
    above_floor = (log_mel.transpose(1, 2).exp() - 1.02 * LOG_FLOOR).clamp(min=1e-9)
    return above_floor.log() - math.log(of_white_noise)


def _with_upper(centres_hz: Tensor, config: VocoderConfig) -> Tensor:
    """The mel's centres and those of the bands above it."""
    edges = torch.linspace(MEL_TOP_HZ, config.rate_hz / 2.0, config.upper_bands + 1)
    return torch.cat([centres_hz, (edges[1:] + edges[:-1]) / 2.0])


def spread_matrix(centres_hz: Tensor, n_bins: int, rate_hz: int) -> Tensor:
    """Linear interpolation from bands to bins, held beyond the first and last centre: (bands, bins)."""
    bins = torch.linspace(0.0, rate_hz / 2.0, n_bins)[None].clamp(float(centres_hz[0]), float(centres_hz[-1]))
    upper = torch.searchsorted(centres_hz, bins[0]).clamp(1, len(centres_hz) - 1)
    share = (bins[0] - centres_hz[upper - 1]) / (centres_hz[upper] - centres_hz[upper - 1])
    columns = torch.arange(n_bins)
    matrix = torch.zeros(len(centres_hz), n_bins)
    matrix[upper - 1, columns] = 1.0 - share
    matrix[upper, columns] = share
    return matrix
