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
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from vssflow_dit.sound.codec import Codec
from vssflow_dit.sound.mel import HOP, log_mel
from vssflow_dit.sound.vocoder import Excitation, Reading, Vocoder, VocoderConfig
from vssflow_dit.training.discriminators import Discriminators
from vssflow_dit.training.listening import energy_distance, true_detune, true_pitch


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
    adversarial_weight: float = 1.0
    """Of the discriminators' verdict; the spectral distance has 1."""
    feature_weight: float = 0.2
    """Of the distance between the discriminators' inner values."""
    ema: float = 0.999
    """Decay of the averaged weights, the ones that are kept."""
    save_every_s: float = 180.0
    """Seconds between checkpoints."""
    seed: int = 0
    """Of the weights and the choice of clips."""


class Clips:
    """Random clips from a folder with `speech/*.npy` and `sounds/*.npy`: int16 at 16 kHz, in one row or in several."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.shards = {kind: _shards(folder / kind) for kind in ("speech", "sounds")}
        self.random = np.random.default_rng(seed)

    def draw(self, kind: str, n_samples: int) -> Tensor:
        """One excerpt, its peak at 1 unless it is all but silent."""
        shards = self.shards[kind]
        # Small shards hold what cannot be drawn again (recordings), so size counts only by its root.
        sizes = np.sqrt([len(shard) for shard in shards])
        shard = shards[self.random.choice(len(shards), p=sizes / sizes.sum())]
        for _ in range(4):  # recordings of single events are mostly silence, of which a little is enough
            start = int(self.random.integers(0, len(shard) - n_samples))
            excerpt = torch.from_numpy(shard[start : start + n_samples].astype(np.float32) / 32768.0)
            if excerpt.abs().max() > 0.01:
                break
        normal: Tensor = excerpt / excerpt.abs().max().clamp(min=0.02)
        return normal

    def clip(self, n_samples: int) -> Tensor:
        """Speech, a sound, or both, at a level between -40 and 0 dB; now and then silence."""
        chance = self.random.random()
        if chance < 0.01:
            return torch.zeros(n_samples)
        if chance < 0.18:
            ratio = 10.0 ** (self.random.uniform(-25.0, 10.0) / 20.0)
            audio = self.draw("speech", n_samples) + ratio * self.draw("sounds", n_samples)
        else:
            audio = self.draw("speech" if chance < 0.68 else "sounds", n_samples)
        level = 0.95 * 10.0 ** (-min(self.random.exponential(9.0), 40.0) / 20.0)
        sign = 1.0 if self.random.random() < 0.5 else -1.0
        clip: Tensor = sign * level * audio / audio.abs().max().clamp(min=0.02)
        return clip

    def batch(self, n_clips: int, n_samples: int) -> Tensor:
        return torch.stack([self.clip(n_samples) for _ in range(n_clips)])


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


def _shards(folder: Path) -> list[npt.NDArray[np.int16]]:
    found = [np.load(path, mmap_mode="r").reshape(-1) for path in sorted(folder.glob("*.npy"))]
    if not found:
        raise FileNotFoundError(f"{folder} needs at least one .npy file of 16 kHz int16 audio")
    return found


class Trainer:
    """All that a run needs to go on after a stop."""

    def __init__(
        self,
        audio_folder: Path,
        run_folder: Path,
        minutes: float,
        recipe: VocoderTraining,
        codec: Codec,
        start: Vocoder,
    ) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe, self.run_folder, self.budget_s = recipe, run_folder, minutes * 60.0
        self.codec, self.vocoder, self.averaged = codec, start.train().requires_grad_(True), Vocoder(start.config)
        self.averaged.load_state_dict(self.vocoder.state_dict())
        self.judges = Discriminators()
        self.optimizer = torch.optim.AdamW(
            self.vocoder.parameters(), recipe.learning_rate, betas=(0.85, 0.99), weight_decay=0.01
        )
        self.judges_optimizer = torch.optim.AdamW(
            self.judges.parameters(), recipe.learning_rate / 2, betas=(0.8, 0.99), weight_decay=0.01
        )
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
        state = {
            name: getattr(self, name).state_dict()
            for name in ("vocoder", "averaged", "judges", "optimizer", "judges_optimizer")
        }
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
            group["lr"] = (
                0.5 * self.recipe.learning_rate * factor * min(1.0, (self.judged_steps + 1) / self.recipe.warm_up_steps)
            )

    def train_step(self) -> dict[str, float]:
        truth = self.clips.batch(self.recipe.clips, self.recipe.frames * HOP)
        judging = self.spent_s > self.recipe.adversarial_from * self.budget_s
        self.set_rate()
        mel = log_mel(truth, self.vocoder.config.n_bands)
        given = self.codec.decode(self.codec.encode(mel))  # what it will be given in use
        with torch.autocast("cpu", torch.bfloat16):
            reading = self.vocoder.read(given)
        read_loss, pitch, voicing = reading_loss(reading, truth, self.vocoder)
        excitation = self.vocoder.excitation(reading)
        if (
            self.step < 500 or self.generator.initial_seed() + self.step & 1
        ):  # half the time the reader's own pitch, as in use
            excitation = replace(excitation, pitch_hz=pitch, voicing=voicing)
        waves = self.vocoder.synthesise(given.repeat(2, 1, 1), twice(excitation), self.generator, brief=True)
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
    return Excitation(
        excitation.pitch_hz.repeat(2, 1), excitation.voicing.repeat(2, 1), excitation.tones_hz.repeat(2, 1, 1)
    )


def train_vocoder(
    audio_folder: Path, run_folder: Path, minutes: float, threads: int, codec: Codec, start: Vocoder | None = None
) -> None:
    """Trains for `minutes` of this machine's time in all, going on from `run_folder`/checkpoint.pt when there is one.

    `codec` stands between recording and vocoder, as it will in use; `start` is a trained vocoder to begin with, which
    is judged from its first step.
    Leaves `run_folder`/vocoder.safetensors, renewed every few minutes, and a line of JSON per 50 steps in log.jsonl.
    """
    torch.set_num_threads(threads)
    run_folder.mkdir(parents=True, exist_ok=True)
    recipe = VocoderTraining() if start is None else VocoderTraining(learning_rate=4e-4, adversarial_from=0.0)
    trainer = Trainer(audio_folder, run_folder, minutes, recipe, codec, start or Vocoder(VocoderConfig()))
    recent: list[dict[str, float]] = []
    with (run_folder / "log.jsonl").open("a") as log:
        for values in trainer.run():
            recent.append(values)
            if trainer.step % 50 == 0:
                means = {
                    name: round(sum(v[name] for v in recent) / len(recent), 4)
                    for name in recent[-1]
                    if all(name in v for v in recent)
                }
                log.write(
                    json.dumps({"step": trainer.step, "minutes": round(trainer.spent_s / 60.0, 2)} | means) + "\n"
                )
                log.flush()
                recent.clear()
