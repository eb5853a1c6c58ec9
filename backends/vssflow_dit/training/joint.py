"""Joint training of speech and sounds by flow matching: bf16, Muon and AdamW, EMA, resumable at any step."""

from __future__ import annotations

import copy
import json
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from vssflow_dit.codec import patches
from vssflow_dit.config import MEL_FRAMES_PER_TOKEN, TOKEN_RATE_HZ, ModelConfig
from vssflow_dit.flow import interpolate
from vssflow_dit.model import UnifiedModel
from vssflow_dit.training.examples import Examples, load_sounds, load_speech
from vssflow_dit.training.muon import Muon


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """What a run is made of; stored beside its checkpoints."""

    steps: int = 4000
    batch: int = 24
    window_s: float = 5.0
    shares: tuple[float, float, float] = (0.42, 0.54, 0.04)
    """Of speech, sound, and both at once."""
    muon_lr: float = 0.02
    adam_lr: float = 1e-3
    warmup: int = 60
    decay_from: float = 0.4
    """Share of the steps after which the learning rate falls linearly to zero."""
    condition_dropout: float = 0.1
    ema: float = 0.998
    seed: int = 1


def initialise(model: UnifiedModel) -> None:
    """Matrices orthogonal-ish at 1/sqrt(fan-in); what writes to the residual stream starts at zero."""
    for name, module in model.dit.named_modules():
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=module.in_features**-0.5)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
            if name.endswith((".out", "mlp.down", "latent_out", "modulation")):
                nn.init.zeros_(module.weight)


def optimisers(model: UnifiedModel, settings: TrainingSettings) -> list[torch.optim.Optimizer]:
    """Muon for the blocks' matrices, AdamW for everything else."""
    hidden = [p for p in model.dit.blocks.parameters() if p.ndim == 2 and min(p.shape) > 6]
    chosen = {id(p) for p in hidden}
    others = [p for p in model.parameters() if id(p) not in chosen]
    return [
        Muon(hidden, lr=settings.muon_lr),
        torch.optim.AdamW(others, lr=settings.adam_lr, betas=(0.9, 0.98), weight_decay=0.0),
    ]


def schedule(progress: float, step: int, settings: TrainingSettings) -> float:
    """Learning-rate factor: warm-up by steps, then flat, then linear to zero as `progress` goes to 1."""
    decay = min(1.0, (1.0 - progress) / (1.0 - settings.decay_from))
    return max(0.0, min(1.0, (step + 1) / settings.warmup) * decay)


class Trainer:
    """One run in one folder."""

    def __init__(self, config: ModelConfig, settings: TrainingSettings, data: Path, run: Path) -> None:
        self.settings, self.run = settings, run
        run.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(settings.seed)
        n_frames = round(settings.window_s * TOKEN_RATE_HZ) * MEL_FRAMES_PER_TOKEN
        self.examples = Examples(
            config, load_speech(data / "speech", config.voices), load_sounds(data / "sounds"), n_frames
        )
        self.model = UnifiedModel(config)
        initialise(self.model)
        self._fit_codec()
        self.ema = copy.deepcopy(self.model)
        self.model.dit.compile()  # measured: twice as fast a step on two cores, after two minutes of compiling
        self.optimisers = optimisers(self.model, settings)
        self.step, self.seconds = 0, 0.0
        if (run / "state.pt").exists():
            self._resume()

    def _fit_codec(self) -> None:
        mels = [self.examples.batch(self.settings.seed, 2**31 + k, 32, self.settings.shares)[0] for k in range(8)]
        self.model.codec.fit(torch.cat([patches(mel).reshape(-1, 256) for mel in mels]))

    def _resume(self) -> None:
        state = torch.load(self.run / "state.pt", weights_only=True)
        self.model.load_state_dict(state["model"])
        self.ema.load_state_dict(state["ema"])
        for optimiser, saved in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
        self.step, self.seconds = state["step"], state["seconds"]

    def save(self) -> None:
        state = {
            "model": self.model.state_dict(),
            "ema": self.ema.state_dict(),
            "optimisers": [o.state_dict() for o in self.optimisers],
            "step": self.step,
            "seconds": self.seconds,
        }
        torch.save(state, self.run / "state.tmp")
        (self.run / "state.tmp").replace(self.run / "state.pt")

    def loss(self, mel: Tensor, values: dict[str, Tensor]) -> Tensor:
        data = self.model.codec.encode(mel)
        condition = self.model.condition(values, data.shape[2])
        condition = condition.dropped((torch.rand(len(data)) > self.settings.condition_dropout).float())
        noise, t = torch.randn_like(data), torch.sigmoid(torch.randn(len(data)))
        with torch.autocast("cpu", torch.bfloat16):
            velocity = self.model.dit(interpolate(noise, data, t), t, condition.concat, condition.cross)
        error: Tensor = velocity.float() - (data - noise)
        return error.square().mean()

    def train(self, time_budget_s: float | None = None, save_every_s: float = 180.0) -> None:
        """Until `settings.steps` steps or `time_budget_s` seconds of training in all, resumed runs included."""
        saved = started = time.monotonic()
        before, recent = self.seconds, []
        while True:
            self.seconds = before + time.monotonic() - started
            progress = self.step / self.settings.steps
            if time_budget_s is not None:
                progress = max(progress, self.seconds / time_budget_s)
            if progress >= 1.0:
                break
            recent.append(self._one_step(schedule(progress, self.step, self.settings)))
            self.step += 1
            if self.step % 25 == 0:
                row = {
                    "step": self.step,
                    "loss": round(sum(recent) / len(recent), 4),
                    "seconds": round(self.seconds, 1),
                }
                with (self.run / "log.jsonl").open("a") as log:
                    log.write(json.dumps(row) + "\n")
                recent = []
            if time.monotonic() - saved > save_every_s:
                self.save()
                saved = time.monotonic()
        self.save()

    def _one_step(self, rate: float) -> float:
        mel, values = self.examples.batch(self.settings.seed, self.step, self.settings.batch, self.settings.shares)
        loss = self.loss(mel, values)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        bases = (self.settings.muon_lr, self.settings.adam_lr)
        for optimiser, base in zip(self.optimisers, bases, strict=True):
            for group in optimiser.param_groups:
                group["lr"] = base * rate
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
        keep = min(self.settings.ema, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for average, weight in zip(self.ema.parameters(), self.model.parameters(), strict=True):
                average.lerp_(weight, 1 - keep)
        return float(loss.detach())
