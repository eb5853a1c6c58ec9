"""Trains the vocoder: what to read from a mel, spectra and their phases, then discriminators.

Each clip is synthesised twice with different noise, on pulses of the recording's own pitch. The energy distance
(Gritsenko and others, arXiv 2008.01160) pulls both towards the recording and pushes them apart from each other: noise
then stays noise, which a plain spectral loss would smooth away. Half of the clips are made once more, from pulses that
stand where the recording's own do, so that its voiced spectra can be compared phase by phase. The discriminators join
when a share of the time has passed.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from lightning.fabric import Fabric
from torch import Tensor
from torch.nn import functional

from vssflow_dit.sound.codec import Codec
from vssflow_dit.sound.mel import log_mel
from vssflow_dit.sound.vocoder import Excitation, Reading, Vocoder
from vssflow_dit.training.captured import Captured
from vssflow_dit.training.clips import Clips
from vssflow_dit.training.discriminators import Discriminators
from vssflow_dit.training.listening import (
    energy_distance,
    phase_distance,
    true_detune,
    true_phase,
    true_pitch,
    without_upper,
)


@dataclass(frozen=True)
class VocoderTraining:
    """The recipe."""

    clips: int = 8
    """Clips of a batch; each is synthesised twice."""
    frames: int = 80
    """Frames of a clip, 10 ms each."""
    judged_frames: int = 30
    """Of these, what the discriminators hear."""
    learning_rate: float = 1e-3
    """Of AdamW, at its highest."""
    judges_rate: float = 5e-4
    """That of the judges."""
    weight_decay: float = 0.01
    """Of both."""
    warm_up_steps: int = 100
    """Steps from zero to the highest rate."""
    decay_from: float = 0.4
    """Share of the time after which the rate falls, to a twentieth at the end."""
    adversarial_from: float = 0.4
    """Share of the time after which the discriminators join."""
    phase_weight: float = 0.3
    """Of the distance of phases; the spectral distance has 1."""
    adversarial_weight: float = 1.0
    """Of the discriminators' verdict."""
    feature_weight: float = 0.2
    """Of the distance between the discriminators' inner values."""
    ema: float = 0.999
    """Decay of the averaged weights, the ones that are kept."""
    save_every_s: float = 180.0
    """Seconds between checkpoints."""
    seed: int = 0
    """Of the weights and the choice of clips."""


WARM = VocoderTraining(learning_rate=5e-4, adversarial_from=0.0)
"""The recipe for a vocoder that is trained further."""


def on_gpu(recipe: VocoderTraining) -> VocoderTraining:
    """The same for a GPU, which makes eight times as many clips in less time, and hears all of each."""
    return replace(
        recipe, clips=8 * recipe.clips, judged_frames=recipe.frames, learning_rate=2.0 * recipe.learning_rate
    )


def reading_loss(reading: Reading, waveform: Tensor, vocoder: Vocoder) -> tuple[Tensor, Tensor, Tensor]:
    """How far the reader is from the truth; with the true pitch and voicing."""
    pitch, voicing = true_pitch(waveform, vocoder.rate_hz)
    classes = vocoder.pitch_classes_hz.log()
    distance = (pitch.log()[..., None] - classes) / (classes[1] - classes[0])
    target = torch.softmax(-distance.square(), -1)
    cross_entropy = -(target * reading.pitch_logits.log_softmax(-1)).sum(-1)
    pitch_loss = (cross_entropy * voicing).sum() / voicing.sum().clamp(min=1.0)
    voicing_loss = functional.binary_cross_entropy_with_logits(reading.voicing_logit, voicing)
    detune, weight = true_detune(waveform, vocoder.band_centres_hz, vocoder.band_widths_hz, vocoder.rate_hz)
    tones_loss = ((reading.detune - detune).abs() * weight).sum() / weight.sum().clamp(min=1.0)
    return pitch_loss + 2.0 * voicing_loss + 2.0 * tones_loss, pitch, voicing


class Trainer:
    """All that a run needs to go on after a stop. Everything lies on the fabric's device, and no step waits for the
    processor. Where the fabric has several processes, each has clips of its own, and all take the mean of what they
    learn."""

    def __init__(
        self,
        clips: Clips,
        run_folder: Path,
        minutes: float,
        recipe: VocoderTraining,
        codec: Codec,
        start: Vocoder,
        fabric: Fabric,
    ) -> None:
        torch.manual_seed(recipe.seed)
        self.fabric, device = fabric, fabric.device
        self.recipe, self.run_folder, self.budget_s, self.clips = recipe, run_folder, minutes * 60.0, clips
        self.codec, self.vocoder = codec.to(device), start.to(device)
        self.thaw()
        self.averaged = Vocoder(start.config).to(device).requires_grad_(False)
        self.averaged.load_state_dict(self.vocoder.state_dict())
        self.judges = Discriminators(start.rate_hz).to(device)
        self.optimizer = _optimizer(self.vocoder, recipe.learning_rate, 0.85, recipe.weight_decay, device)
        self.judges_optimizer = _optimizer(self.judges, recipe.judges_rate, 0.8, recipe.weight_decay, device)
        self.judged = torch.zeros((), device=device)
        """How much the judges' opinion counts, 0 to 1."""
        self.step, self.judged_steps, self.spent_s = 0, 0, 0.0
        self.checkpoint = run_folder / "checkpoint.pt"
        if self.checkpoint.exists():
            self._resume()
        torch.manual_seed((recipe.seed + self.step) * 997 + fabric.global_rank)
        self.updated = Captured(self.update, device)

    def thaw(self) -> None:
        """What is to learn: all of it."""
        self.vocoder.train().requires_grad_(True)

    def _resume(self) -> None:
        state = torch.load(self.checkpoint, weights_only=True, map_location=self.judged.device)
        for name in _KEPT:
            getattr(self, name).load_state_dict(state[name])
        for group in (*self.optimizer.param_groups, *self.judges_optimizer.param_groups):
            group["capturable"] = self.judged.is_cuda  # the state may have been made on another kind of device
        self.step, self.judged_steps, self.spent_s = state["step"], state["judged_steps"], state["spent_s"]

    def save(self) -> None:
        """Replaces what was saved before; one process of a run does."""
        if not self.fabric.is_global_zero:
            return
        state = {name: getattr(self, name).state_dict() for name in _KEPT}
        partial = self.checkpoint.with_suffix(".partial")
        torch.save(state | {"step": self.step, "judged_steps": self.judged_steps, "spent_s": self.spent_s}, partial)
        partial.replace(self.checkpoint)
        facts = {"steps": str(self.step), "minutes": f"{self.spent_s / 60.0:.1f}"}
        self.averaged.save(self.run_folder / "vocoder.safetensors", facts)

    def set_rates(self) -> None:
        """What changes from step to step, in tensors that stay where they are: a captured step reads them."""
        recipe, share = self.recipe, self.spent_s / self.budget_s
        factor = max(1.0 - 0.95 * max(0.0, share - recipe.decay_from) / (1.0 - recipe.decay_from), 0.05)
        for optimizer, highest, steps in (
            (self.optimizer, recipe.learning_rate, self.step),
            (self.judges_optimizer, recipe.judges_rate, self.judged_steps),
        ):
            warm = min(1.0, (steps + 1) / recipe.warm_up_steps)
            for group in optimizer.param_groups:
                group["lr"].fill_(highest * factor * warm)
        self.judged.fill_(min(1.0, max(0.0, self.judged_steps / 200.0 - 1.0)))  # first they must know something

    def train_step(self) -> dict[str, Tensor]:
        """Draws clips and learns from them; gives the losses, still on the device."""
        is_judging = self.spent_s >= self.recipe.adversarial_from * self.budget_s
        self.set_rates()
        truth, narrow = self.clips.batch(self.recipe.clips, self.recipe.frames * self.vocoder.config.hop)
        values = self.updated(truth, narrow, is_judging)
        self.average()
        self.step += 1
        self.judged_steps += is_judging
        return values

    def update(self, truth: Tensor, narrow: Tensor, is_judging: bool) -> dict[str, Tensor]:
        """One step on clips (B, n), `narrow` (B, 1) where their band ends at 8 kHz."""
        rate_hz, bands = self.vocoder.rate_hz, self.vocoder.config.n_bands
        truth = without_upper(truth, narrow, rate_hz)
        mel = log_mel(truth, bands, rate_hz)
        given = self.codec.decode(self.codec.encode(mel))  # what it will be given in use
        excitation, voicing, read_loss = self.excited(truth, given)
        waves = self.vocoder.synthesise(given.repeat(2, 1, 1), twice(excitation), brief=True)
        first, second = without_upper(waves, narrow.repeat(2, 1), rate_hz).chunk(2)
        values = {
            "distance": energy_distance(truth, first, second, rate_hz),
            "phase": self.recipe.phase_weight * self.phases_apart(truth, given, excitation, voicing),
            "reading": 0.3 * read_loss,
            "mel": 0.3 * (log_mel(first, bands, rate_hz) - mel).abs().mean(),
        }
        loss = torch.stack(list(values.values())).sum()
        if is_judging:
            # Judging costs more than making: of every clip, only the middle is judged.
            size = self.recipe.judged_frames * self.vocoder.config.hop
            middle = slice((truth.shape[1] - size) // 2, (truth.shape[1] + size) // 2)
            pull, judged = self.judge(truth[:, middle], first[:, middle])
            loss = loss + pull
            values |= judged
        values["gradient"] = self.learn(loss)
        return {name: value.detach() for name, value in values.items()}

    def learn(self, loss: Tensor) -> Tensor:
        """One step of the optimizer; gives the gradient's norm."""
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.agree(self.vocoder)
        gradient = torch.nn.utils.clip_grad_norm_(self.vocoder.parameters(), 3.0)
        self.optimizer.step()
        return gradient

    def excited(self, truth: Tensor, given: Tensor) -> tuple[Excitation, Tensor, Tensor]:
        """What the sources play for clips (B, n) and their mels, the true voicing (B, T), and the reader's loss.

        The pulses have the true pitch: on one that is read a little wrong the upper harmonics would miss the
        recording's, and what misses is best made of noise. In use, harmonics are clean at any pitch.
        """
        with torch.autocast(truth.device.type, torch.bfloat16):
            reading = self.vocoder.read(given)
        loss, pitch, voicing = reading_loss(reading, truth, self.vocoder)
        return replace(self.vocoder.excitation(reading), pitch_hz=pitch, voicing=voicing), voicing, loss

    def phases_apart(self, truth: Tensor, given: Tensor, excitation: Excitation, voicing: Tensor) -> Tensor:
        """Half of the clips once more, from pulses that stand where the recording's do, compared phase by phase.

        Not the ones whose spectra are compared: pulses that start anywhere make those two differ as voices do, where
        pulses in step would leave that to noise.
        """
        half, rate_hz = len(truth) // 2, self.vocoder.rate_hz
        own = Excitation(**{name: value[:half] for name, value in vars(excitation).items() if value is not None})
        with torch.no_grad():
            phase, is_steady = true_phase(truth[:half], own.pitch_hz, rate_hz)
        made = self.vocoder.synthesise(given[:half], replace(own, phase=phase), brief=True)
        return phase_distance(truth[:half], made, voicing[:half] * is_steady, rate_hz)

    def judge(self, truth: Tensor, made: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The judges learn from this pair; a loss whose gradient is what they think of `made`.

        One forward pass serves both: its graph is walked once to the judges' weights and once to the waveform.
        """
        level = truth.square().mean(-1, keepdim=True).sqrt().clamp(min=1e-3)
        shown = (made.detach() / level).requires_grad_(True)
        learning, verdict, features = self.judges.compare(truth / level, shown)
        weights = list(self.judges.parameters())
        for weight, slope in zip(weights, torch.autograd.grad(learning, weights, retain_graph=True), strict=True):
            weight.grad = slope
        self.agree(self.judges)
        opinion = self.recipe.adversarial_weight * verdict + self.recipe.feature_weight * features
        (slope,) = torch.autograd.grad(self.judged * opinion, shown)
        self.judges_optimizer.step()
        return (made / level * slope).sum(), {"verdict": verdict, "features": features, "judges": learning}

    def agree(self, module: torch.nn.Module) -> None:
        """The gradients of a module become the mean of all processes'."""
        if self.fabric.world_size == 1:
            return
        gradients = [weight.grad for weight in module.parameters() if weight.grad is not None]
        mean = self.fabric.all_reduce(torch.cat([gradient.flatten() for gradient in gradients]), reduce_op="mean")
        assert isinstance(mean, Tensor)
        for gradient, own in zip(gradients, torch.split(mean, [g.numel() for g in gradients]), strict=True):
            gradient.copy_(own.view_as(gradient))

    def average(self) -> None:
        decay = min(self.recipe.ema, (self.step + 1) / (self.step + 10))
        torch._foreach_lerp_(list(self.averaged.parameters()), list(self.vocoder.parameters()), 1.0 - decay)

    def run(self) -> Iterator[dict[str, Tensor]]:
        """Steps until the budget is spent; saves as it goes and at the end."""
        saved = started = time.monotonic()
        already_s = self.spent_s
        while self.spent_s < self.budget_s:
            values = self.train_step()
            # All processes of a run must stop at the same step: the first one's clock decides.
            self.spent_s = float(self.fabric.broadcast(already_s + time.monotonic() - started))
            yield values
            if time.monotonic() - saved > self.recipe.save_every_s:
                self.save()
                saved = time.monotonic()
        self.save()


_KEPT = ("vocoder", "averaged", "judges", "optimizer", "judges_optimizer")


def _optimizer(
    module: torch.nn.Module, rate: float, beta: float, decay: float, device: torch.device
) -> torch.optim.AdamW:
    """Its rate is a tensor, so that a captured step can be slowed."""
    is_captured, rate_there = device.type == "cuda", torch.tensor(rate, device=device)
    return torch.optim.AdamW(
        module.parameters(), rate_there, betas=(beta, 0.99), weight_decay=decay, fused=True, capturable=is_captured
    )


def twice(excitation: Excitation) -> Excitation:
    return Excitation(
        excitation.pitch_hz.repeat(2, 1), excitation.voicing.repeat(2, 1), excitation.tones_hz.repeat(2, 1, 1)
    )
