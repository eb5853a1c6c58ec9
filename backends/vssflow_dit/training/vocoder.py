"""Trains the vocoder: what to read from a mel, a spectral energy distance, then discriminators.

Each clip is synthesised twice with different noise. The energy distance (Gritsenko and others, arXiv 2008.01160) pulls
both towards the recording and pushes them apart from each other: noise then stays noise, which a plain spectral loss
would smooth away. The discriminators join when a share of the time has passed.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from vssflow_dit.mel import HOP, N_FFT, SAMPLE_RATE_HZ, log_mel, mel_filters
from vssflow_dit.training.discriminators import Discriminators
from vssflow_dit.vocoder import Excitation, Reading, Vocoder, VocoderConfig, band_geometry

RESOLUTIONS = (128, 256, 512, 1024, 2048)


@dataclass(frozen=True)
class VocoderTraining:
    """The recipe; the defaults made the shipped vocoder."""

    clips: int = 8
    """Clips of a batch; each is synthesised twice."""
    frames: int = 80
    """Frames of a clip, 10 ms each."""
    learning_rate: float = 1e-3
    """Of AdamW, at its highest."""
    warm_up_steps: int = 100
    """Steps from zero to the highest rate."""
    decay_from: float = 0.4
    """Share of the time after which the rate falls, to a twentieth at the end."""
    adversarial_from: float = 0.4
    """Share of the time after which the discriminators join."""
    adversarial_weight: float = 0.03
    """Of the discriminators' verdict; the spectral distance has 1."""
    feature_weight: float = 0.15
    """Of the distance between the discriminators' inner values."""
    ema: float = 0.999
    """Decay of the averaged weights, the ones that are kept."""
    save_every_s: float = 180.0
    """Seconds between checkpoints."""
    seed: int = 0
    """Of the weights and the choice of clips."""


class Clips:
    """Random clips from a folder of `speech-*.npy` and `sound-*.npy`: one-dimensional int16 at 16 kHz."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.shards = {kind: [np.load(path, mmap_mode="r") for path in sorted(folder.glob(f"{kind}-*.npy"))] for kind in ("speech", "sound")}
        if not self.shards["speech"] or not self.shards["sound"]:
            raise FileNotFoundError(f"{folder} needs at least one speech-*.npy and one sound-*.npy")
        self.random = np.random.default_rng(seed)

    def draw(self, kind: str, n_samples: int) -> Tensor:
        """One excerpt, its peak at 1 unless it is all but silent."""
        shards = self.shards[kind]
        # Small shards hold what cannot be drawn again (recordings), so size counts only by its root.
        sizes = np.sqrt([len(shard) for shard in shards])
        shard = shards[self.random.choice(len(shards), p=sizes / sizes.sum())]
        start = int(self.random.integers(0, len(shard) - n_samples))
        excerpt = torch.from_numpy(shard[start : start + n_samples].astype(np.float32) / 32768.0)
        return excerpt / excerpt.abs().max().clamp(min=0.02)

    def clip(self, n_samples: int) -> Tensor:
        """Speech, a sound, or both, at a level between -40 and 0 dB; now and then silence."""
        chance = self.random.random()
        if chance < 0.01:
            return torch.zeros(n_samples)
        if chance < 0.18:
            ratio = 10.0 ** (self.random.uniform(-25.0, 10.0) / 20.0)
            audio = self.draw("speech", n_samples) + ratio * self.draw("sound", n_samples)
        else:
            audio = self.draw("speech" if chance < 0.68 else "sound", n_samples)
        level = 0.95 * 10.0 ** (-min(self.random.exponential(9.0), 40.0) / 20.0)
        sign = 1.0 if self.random.random() < 0.5 else -1.0
        return sign * level * audio / audio.abs().max().clamp(min=0.02)

    def batch(self, n_clips: int, n_samples: int) -> Tensor:
        return torch.stack([self.clip(n_samples) for _ in range(n_clips)])


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
    peaks = torch.where((middle >= similarity[..., :-2]) & (middle > similarity[..., 2:]), middle, 0.0)[..., shortest - 1 :]
    best = peaks.max(-1, keepdim=True).values
    # The shortest lag that is nearly as good as the best: later ones are multiples of the period.
    lag = (peaks >= 0.88 * best).float().argmax(-1) + shortest
    before, here, after = (similarity.gather(-1, (lag + k)[..., None])[..., 0] for k in (-1, 0, 1))
    shift = 0.5 * (before - after) / (before - 2.0 * here + after).clamp(max=-1e-6)
    pitch = SAMPLE_RATE_HZ / (lag + shift.clamp(-0.5, 0.5))
    return pitch, ((best[..., 0] > 0.55) & (energy[..., -1] > 1e-4 * size * 1e-2)).float()


def true_detune(waveform: Tensor, n_bands: int) -> tuple[Tensor, Tensor]:
    """Power-weighted instantaneous frequency in each band, as `Reading.detune`, and how much it matters: two (B, T, bands)."""
    padding = (N_FFT - HOP) // 2
    padded = functional.pad(waveform, (padding, padding + 1))
    now, next_sample = (padded[:, k : padded.shape[1] - 1 + k].unfold(1, N_FFT, HOP) * torch.hann_window(N_FFT) for k in (0, 1))
    first, second = torch.fft.rfft(now), torch.fft.rfft(next_sample)
    power = first.abs().square()
    hz = torch.angle(second * first.conj()) * (SAMPLE_RATE_HZ / (2.0 * torch.pi))
    filters = mel_filters(n_bands).T
    band_power = power @ filters + 1e-9
    centres, widths = band_geometry(n_bands)
    detune = (((power * hz) @ filters) / band_power - centres) / (widths / 2.0)
    weight = band_power.sqrt()
    return detune.clamp(-1.4, 1.4), weight / weight.amax(-1, keepdim=True).clamp(min=1e-3)


def reading_loss(reading: Reading, waveform: Tensor, vocoder: Vocoder) -> tuple[Tensor, Tensor, Tensor]:
    """How far the reader is from the truth; with the true pitch and voicing."""
    pitch, voicing = true_pitch(waveform)
    classes = vocoder.pitch_classes_hz.log()
    distance = (pitch.log()[..., None] - classes) / (classes[1] - classes[0])
    target = torch.softmax(-distance.square(), -1)
    cross_entropy = -(target * reading.pitch_logits.log_softmax(-1)).sum(-1)
    pitch_loss = (cross_entropy * voicing).sum() / voicing.sum().clamp(min=1.0)
    voicing_loss = functional.binary_cross_entropy_with_logits(reading.voicing_logit, voicing)
    detune, weight = true_detune(waveform, vocoder.config.n_bands)
    tones_loss = ((reading.detune - detune).abs() * weight).sum() / weight.sum().clamp(min=1.0)
    return pitch_loss + 2.0 * voicing_loss + 2.0 * tones_loss, pitch, voicing


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
    return spectral_distance(spectra[0], spectra[1]) + spectral_distance(spectra[0], spectra[2]) - spectral_distance(spectra[1], spectra[2])


class Trainer:
    """All that a run needs to go on after a stop."""

    def __init__(self, audio_folder: Path, run_folder: Path, minutes: float, recipe: VocoderTraining, config: VocoderConfig) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe, self.run_folder, self.budget_s = recipe, run_folder, minutes * 60.0
        self.vocoder, self.averaged = Vocoder(config), Vocoder(config)
        self.averaged.load_state_dict(self.vocoder.state_dict())
        self.judges = Discriminators()
        self.optimizer = torch.optim.AdamW(self.vocoder.parameters(), recipe.learning_rate, betas=(0.85, 0.99), weight_decay=0.01)
        self.judges_optimizer = torch.optim.AdamW(self.judges.parameters(), recipe.learning_rate / 2, betas=(0.8, 0.99), weight_decay=0.01)
        self.step, self.judged_steps, self.spent_s = 0, 0, 0.0
        self.checkpoint = run_folder / "checkpoint.pt"
        if self.checkpoint.exists():
            self._resume()
        self.clips = Clips(audio_folder, recipe.seed + self.step)
        self.generator = torch.Generator().manual_seed(recipe.seed + self.step)

    def _resume(self) -> None:
        state = torch.load(self.checkpoint, weights_only=True)
        for name in ("vocoder", "averaged", "judges", "optimizer", "judges_optimizer"):
            getattr(self, name).load_state_dict(state[name])
        self.step, self.judged_steps, self.spent_s = state["step"], state["judged_steps"], state["spent_s"]

    def save(self) -> None:
        state = {name: getattr(self, name).state_dict() for name in ("vocoder", "averaged", "judges", "optimizer", "judges_optimizer")}
        partial = self.checkpoint.with_suffix(".partial")
        torch.save(state | {"step": self.step, "judged_steps": self.judged_steps, "spent_s": self.spent_s}, partial)
        partial.replace(self.checkpoint)
        facts = {"steps": str(self.step), "minutes": f"{self.spent_s / 60.0:.1f}"}
        self.averaged.save(self.run_folder / "vocoder.safetensors", facts)

    def set_rate(self) -> None:
        share = self.spent_s / self.budget_s
        fall = 1.0 - 0.95 * max(0.0, share - self.recipe.decay_from) / (1.0 - self.recipe.decay_from)
        factor = max(fall, 0.05)
        for group in self.optimizer.param_groups:
            group["lr"] = self.recipe.learning_rate * factor * min(1.0, (self.step + 1) / self.recipe.warm_up_steps)
        for group in self.judges_optimizer.param_groups:
            group["lr"] = 0.5 * self.recipe.learning_rate * factor * min(1.0, (self.judged_steps + 1) / self.recipe.warm_up_steps)

    def train_step(self) -> dict[str, float]:
        truth = self.clips.batch(self.recipe.clips, self.recipe.frames * HOP)
        judging = self.spent_s > self.recipe.adversarial_from * self.budget_s
        self.set_rate()
        mel = log_mel(truth, self.vocoder.config.n_bands)
        with torch.autocast("cpu", torch.bfloat16):
            reading = self.vocoder.read(mel)
        read_loss, pitch, voicing = reading_loss(reading, truth, self.vocoder)
        excitation = self.vocoder.excitation(reading)
        if self.step < 500 or self.generator.initial_seed() + self.step & 1:  # half the time the reader's own pitch, as in use
            excitation = replace(excitation, pitch_hz=pitch, voicing=voicing)
        waves = self.vocoder.synthesise(mel.repeat(2, 1, 1), twice(excitation), self.generator, brief=True)
        first, second = waves.chunk(2)
        distance = energy_distance(truth, first, second)
        mel_error = (log_mel(first) - mel).abs().mean()
        loss = distance + 0.3 * read_loss + 0.3 * mel_error
        values = {"distance": distance.item(), "reading": read_loss.item(), "mel": mel_error.item()}
        if judging:
            half = self.recipe.clips // 2  # judging costs as much as making, so only half of the clips are judged
            pull, judged = self.judge(truth[:half], first[:half])
            loss = loss + pull
            values |= judged
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        values["gradient"] = torch.nn.utils.clip_grad_norm_(self.vocoder.parameters(), 3.0).item()
        self.optimizer.step()
        self.average()
        self.step += 1
        return values

    def judge(self, truth: Tensor, made: Tensor) -> tuple[Tensor, dict[str, float]]:
        """The judges learn from this pair; a loss whose gradient is what they think of `made`.

        One forward pass serves both: its graph is walked once to the judges' weights and once to the waveform.
        """
        level = truth.square().mean(-1, keepdim=True).sqrt().clamp(min=1e-3)
        shown = (made.detach() / level).requires_grad_(True)
        learning, verdict, features = self.judges.compare(truth / level, shown)
        weights = list(self.judges.parameters())
        for weight, slope in zip(weights, torch.autograd.grad(learning, weights, retain_graph=True), strict=True):
            weight.grad = slope
        warm = min(1.0, self.judged_steps / 300.0)
        opinion = warm * (self.recipe.adversarial_weight * verdict + self.recipe.feature_weight * features)
        (slope,) = torch.autograd.grad(opinion, shown)
        self.judges_optimizer.step()
        self.judged_steps += 1
        values = {"verdict": verdict.item(), "features": features.item(), "judges": learning.item()}
        return (made / level * slope).sum(), values

    def average(self) -> None:
        decay = min(self.recipe.ema, (self.step + 1) / (self.step + 10))
        with torch.no_grad():
            for kept, new in zip(self.averaged.parameters(), self.vocoder.parameters(), strict=True):
                kept.lerp_(new, 1.0 - decay)

    def run(self) -> Iterator[dict[str, float]]:
        """Steps until the budget is spent; saves as it goes and at the end."""
        saved = started = time.monotonic()
        already_s = self.spent_s
        while self.spent_s < self.budget_s:
            values = self.train_step()
            self.spent_s = already_s + time.monotonic() - started
            yield values
            if time.monotonic() - saved > self.recipe.save_every_s:
                self.save()
                saved = time.monotonic()
        self.save()


def twice(excitation: Excitation) -> Excitation:
    return Excitation(excitation.pitch_hz.repeat(2, 1), excitation.voicing.repeat(2, 1), excitation.tones_hz.repeat(2, 1, 1))


def train_vocoder(audio_folder: Path, run_folder: Path, minutes: float, threads: int) -> None:
    """Trains for `minutes` of this machine's time in all, going on from `run_folder`/checkpoint.pt when there is one.

    Leaves `run_folder`/vocoder.safetensors, renewed every few minutes, and a line of JSON per 50 steps in log.jsonl.
    """
    torch.set_num_threads(threads)
    run_folder.mkdir(parents=True, exist_ok=True)
    trainer = Trainer(audio_folder, run_folder, minutes, VocoderTraining(), VocoderConfig())
    recent: list[dict[str, float]] = []
    with (run_folder / "log.jsonl").open("a") as log:
        for values in trainer.run():
            recent.append(values)
            if trainer.step % 50 == 0:
                means = {name: round(sum(v[name] for v in recent) / len(recent), 4) for name in recent[-1] if all(name in v for v in recent)}
                log.write(json.dumps({"step": trainer.step, "minutes": round(trainer.spent_s / 60.0, 2)} | means) + "\n")
                log.flush()
                recent.clear()
