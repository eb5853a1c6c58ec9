"""Joint training of speech and sounds by flow matching: bf16, Muon and AdamW, EMA, resumable at any step.

The same loop trains the starter on a laptop and the full size on several GPUs: Lightning Fabric places the model and
gathers gradients; where the latents and conditions come from is the `Source`'s matter.
"""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias

import torch
from lightning.fabric import Fabric
from torch import Tensor, nn

from vssflow_dit.flow import interpolate
from vssflow_dit.training.muon import Muon
from vssflow_dit.transformer.unified import UnifiedModel

OnStep: TypeAlias = Callable[[int, float, float], object]
"""Told the step, the loss and the share of the run that is done (0 to 1)."""


class Source(Protocol):
    """Where examples come from."""

    def batch(self, step: int, rank: int) -> tuple[Tensor, dict[str, Tensor]]:
        """Latents (B, C, T) and the values of the model's streams; the same step and rank give the same examples."""
        ...


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """How a run learns."""

    steps: int = 4000
    muon_lr: float = 0.02
    adam_lr: float = 1e-3
    warmup: int = 60
    decay_from: float = 0.4
    """Share of the steps (or of the time) after which the learning rate falls linearly to zero."""
    condition_dropout: float = 0.1
    ema: float = 0.998
    seed: int = 1
    compiled: bool = True
    """Whether the transformer is compiled: a step takes half the time, after two minutes of compiling on two cores."""
    save_every_s: float = 180.0


def initialise(model: UnifiedModel) -> None:
    """Matrices orthogonal-ish at 1/sqrt(fan-in); what writes to the residual stream starts at zero."""
    for name, module in model.dit.named_modules():
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=max(1, module.in_features) ** -0.5)
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


class FlowLoss(nn.Module):
    """The mean squared error of the velocity (arXiv 2509.24773, section 3.1; t logit-normal)."""

    def __init__(self, model: UnifiedModel, condition_dropout: float) -> None:
        super().__init__()
        self.model, self.condition_dropout = model, condition_dropout

    def forward(self, data: Tensor, values: dict[str, Tensor], seed: int) -> Tensor:
        """`data` (B, C, T); `seed` draws noise, times and dropped conditions."""
        chance = torch.Generator(data.device).manual_seed(seed)
        noise = torch.randn(data.shape, generator=chance, device=data.device)
        t = torch.sigmoid(torch.randn(len(data), generator=chance, device=data.device))
        keep = torch.rand(len(data), generator=chance, device=data.device) > self.condition_dropout
        return self.error(data, values, noise, t, keep.to(data))

    def error(self, data: Tensor, values: dict[str, Tensor], noise: Tensor, t: Tensor, keep: Tensor) -> Tensor:
        """At the times `t` (B,), with the conditions of the examples where `keep` (B,) is 1."""
        return self.errors(data, values, noise, t, keep).mean()

    def errors(self, data: Tensor, values: dict[str, Tensor], noise: Tensor, t: Tensor, keep: Tensor) -> Tensor:
        """Of each example: (B,)"""
        condition = self.model.condition(values, data.shape[2]).dropped(keep)
        velocity = self.model.dit(
            interpolate(noise, data, t), t, condition.concat, condition.cross, condition.modulating
        )
        error: Tensor = velocity.float() - (data - noise)
        return error.square().mean(dim=(1, 2))


class Trainer:
    """One run in one folder: `state.pt` to go on from, `log.jsonl` and `curves.png` to look at."""

    def __init__(
        self, model: UnifiedModel, source: Source, settings: TrainingSettings, run: Path, fabric: Fabric,
        loss: FlowLoss | None = None,
    ) -> None:  # fmt: skip
        """`loss` is of this `model`: the plain one where none is given."""
        run.mkdir(parents=True, exist_ok=True)
        self.settings, self.source, self.run, self.fabric = settings, source, run, fabric
        self.model, self.ema = model.to(fabric.device), copy.deepcopy(model).requires_grad_(False)
        raw = optimisers(model, settings)
        self.step, self.seconds = 0, 0.0
        if (run / "state.pt").exists():
            self._resume(raw)
        loss = loss or FlowLoss(model, settings.condition_dropout)
        if settings.compiled:  # a GPU waits for launches: "reduce-overhead" replays them as one
            on_gpu = fabric.device.type == "cuda"
            loss.error = torch.compile(loss.error, mode="reduce-overhead" if on_gpu else None)  # type: ignore[method-assign]
        self.loss, *self.optimisers = fabric.setup(loss, *raw)

    def _resume(self, raw: list[torch.optim.Optimizer]) -> None:
        state = torch.load(self.run / "state.pt", weights_only=True, map_location="cpu")
        self.model.load_state_dict(state["model"])
        self.ema.load_state_dict(state["ema"])
        for optimiser, saved in zip(raw, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
        self.step, self.seconds = state["step"], state["seconds"]

    def save(self) -> None:
        """Replaces `state.pt` as a whole; one process of a run does."""
        if not self.fabric.is_global_zero:
            return
        state = {
            "model": self.model.state_dict(),
            "ema": self.ema.state_dict(),
            "optimisers": [o.state_dict() for o in self.optimisers],
            "step": self.step,
            "seconds": self.seconds,
        }
        torch.save(state, self.run / "state.tmp")
        (self.run / "state.tmp").replace(self.run / "state.pt")
        draw_curves(self.run / "log.jsonl", self.run / "curves.png")

    def train(self, time_budget_s: float | None = None, on_step: OnStep = lambda *_: None) -> None:
        """Until `settings.steps` steps or `time_budget_s` seconds of training in all, resumed runs included.

        `on_step` is told the step, the loss and the progress (0 to 1) every 25 steps.
        """
        saved = started = time.monotonic()
        before = self.seconds
        recent: list[Tensor] = []
        while True:
            self.seconds = before + time.monotonic() - started
            progress = self._progress(time_budget_s)
            if progress >= 1.0:
                break
            recent.append(self.one_step(schedule(progress, self.step, self.settings)))
            self.step += 1
            if self.step % 25 == 0:
                loss = float(torch.stack(recent).mean())
                self._log(loss)
                on_step(self.step, loss, progress)
                recent = []
            if time.monotonic() - saved > self.settings.save_every_s:
                self.save()
                saved = time.monotonic()
        self.save()

    def _progress(self, time_budget_s: float | None) -> float:
        """The share of the run that is done; all processes of a run must stop at the same step: the first decides."""
        progress = self.step / self.settings.steps
        if time_budget_s is not None:
            progress = max(progress, self.seconds / time_budget_s)
        return float(self.fabric.broadcast(progress))

    def _log(self, loss: float) -> None:
        if self.fabric.is_global_zero:
            row = {"step": self.step, "loss": round(loss, 4), "seconds": round(self.seconds, 1)}
            with (self.run / "log.jsonl").open("a") as log:
                log.write(json.dumps(row) + "\n")

    def one_step(self, rate: float) -> Tensor:
        """The loss, still on the device: to read it is to wait for it."""
        rank = self.fabric.global_rank
        data, values = self.source.batch(self.step, rank)
        device = self.fabric.device
        seed = (self.settings.seed * 1_000_003 + self.step) * 997 + rank
        loss: Tensor = self.loss(data.to(device), {name: value.to(device) for name, value in values.items()}, seed)
        self.fabric.backward(loss)
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        bases = (self.settings.muon_lr, self.settings.adam_lr)
        for optimiser, base in zip(self.optimisers, bases, strict=True):
            for group in optimiser.param_groups:
                group["lr"] = base * rate
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
        keep = min(self.settings.ema, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            torch._foreach_lerp_(list(self.ema.parameters()), list(self.model.parameters()), 1 - keep)
        return loss.detach().clone()


def draw_curves(log: Path, picture: Path) -> None:
    """The loss over the steps and minutes of `log` (JSON lines with step, loss, seconds), as a PNG; nothing without."""
    rows = [json.loads(line) for line in log.read_text("utf-8").splitlines()] if log.exists() else []
    if not rows:
        return
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.add_subplot(xlabel="step", ylabel="mean squared error of the velocity", yscale="log")
    axes.plot([row["step"] for row in rows], [row["loss"] for row in rows], linewidth=1.0)
    axes.set_title(f"{rows[-1]['step']} steps, {rows[-1]['seconds'] / 60:.0f} minutes, loss {rows[-1]['loss']:.3f}")
    axes.grid(alpha=0.3)
    figure.savefig(picture, dpi=100)
