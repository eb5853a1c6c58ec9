"""A student of few steps learns where its teacher's guided field leads."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from vssflow_dit.checkpoint import weights as weight_files
from vssflow_dit.config import FEW_STEPS, STARTER, DiTConfig, ModelConfig, Stream
from vssflow_dit.engine import cpu_engine
from vssflow_dit.flow import time_grid
from vssflow_dit.training.distillation import DistillationLoss
from vssflow_dit.training.joint import initialise
from vssflow_dit.transformer.dit import DiT, Prepared
from vssflow_dit.transformer.unified import UnifiedModel
from vssflow_post.backend import CueRequest, GenerationSettings
from vssflow_post.timeline import Span

TINY = ModelConfig(
    name="tiny",
    dit=DiTConfig(32, 1, 2, 48, 16, 2, "modulation", True, 1.0),
    streams=(
        Stream("voice", "cross", "ids", 2, 0, 16, also=("modulation",)),
        Stream("sound", "cross", "ids", 2, 0, 16),
    ),
    voices=("a", "b"),
    sounds=("x", "y"),
    window_s=1.0,
)
VALUES = {"voice": torch.tensor([[1], [0], [2]]), "sound": torch.tensor([[0], [1], [0]])}


class Linear(nn.Module):
    """A field whose way is known: velocity = rate x where there are conditions, 0 without: guidance multiplies it."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: Tensor, t: Tensor, concat: Tensor, cross: Tensor, modulating: Tensor | None) -> Tensor:
        told = (cross.abs().sum((1, 2)) > 0).to(x)[:, None, None]
        return self.rate * x * told


def model(rate: float | None = None) -> UnifiedModel:
    torch.manual_seed(0)
    made = UnifiedModel(TINY)
    initialise(made)
    if rate is not None:
        made.dit = Linear(rate)  # type: ignore[assignment]
    return made


def test_the_teacher_is_followed_at_each_ones_guidance() -> None:
    """x' = s r x has the solution x exp(s r t): second-order steps come near it."""
    loss = DistillationLoss(model(), model(0.5), time_grid(4), (1.0, 3.0))
    x = torch.randn(3, 128, 5)
    reached = loss.followed(x, torch.zeros(3), torch.full((3,), 0.125), VALUES)
    wanted = x * torch.exp(torch.tensor([0.5, 1.5, 0.5])[:, None, None] * 0.125)
    assert torch.allclose(reached, wanted, rtol=2e-3)


def test_a_student_that_steps_as_its_teacher_goes_has_no_loss() -> None:
    """Where the way is straight, x' = c, one step is exact; a student that is off by d has a loss of d squared."""

    class Straight(Linear):
        def forward(self, x: Tensor, t: Tensor, concat: Tensor, cross: Tensor, modulating: Tensor | None) -> Tensor:
            return torch.full_like(x, self.rate)

    def made(rate: float) -> UnifiedModel:
        one = model()
        one.dit = Straight(rate)  # type: ignore[assignment]
        return one

    data = torch.randn(3, 128, 5)
    assert float(DistillationLoss(made(2.0), made(2.0), time_grid(4, 3.0), (2.0, 2.0))(data, VALUES, 1)) < 1e-9
    off = float(DistillationLoss(made(2.5), made(2.0), time_grid(4, 3.0), (2.0, 2.0))(data, VALUES, 1))
    assert off == pytest.approx(0.25, rel=1e-3)


def test_only_the_student_learns() -> None:
    student, teacher = model(), model()
    with torch.no_grad():
        teacher.dit.latent_out.weight.normal_(std=0.2)
    loss = DistillationLoss(student, teacher, time_grid(4, 3.0), (2.0, 2.0))
    assert {id(p) for p in loss.parameters()} == {id(p) for p in student.parameters()}
    before = [float(loss(torch.zeros(3, 128, 25), VALUES, k)) for k in range(4)]
    optimiser = torch.optim.AdamW(student.parameters(), 3e-3)
    for k in range(150):
        optimiser.zero_grad()
        loss(torch.randn(3, 128, 25), VALUES, k).backward()
        optimiser.step()
    after = [float(loss(torch.zeros(3, 128, 25), VALUES, k)) for k in range(4)]
    assert sum(after) < 0.7 * sum(before)


def test_distilled_weights_make_their_own_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One evaluation a step, at the times they were taught; the field is still there for every other sampler, and for
    weights that were taught none."""
    folder = tmp_path / "weights"
    shutil.copytree(STARTER, folder, ignore=shutil.ignore_patterns(FEW_STEPS))
    weight_files.write_index(folder)
    taught = tuple(time_grid(4, 3.0, 1.2))
    seen: list[float] = []
    velocities = DiT.velocities

    def counted(self: DiT, x: Tensor, t: float, prepared: Prepared) -> Tensor:
        seen.append(t)
        return velocities(self, x, t, prepared)

    monkeypatch.setattr(DiT, "velocities", counted)
    request = CueRequest("a", "sound", Span.of_seconds(0, 2), 1, sound="rain")
    for sampler, weights, times in (("distilled", STARTER, 4), ("euler", STARTER, 20), ("distilled", folder, 20)):
        seen.clear()
        engine = cpu_engine(GenerationSettings(weights=str(weights), sampler=sampler, threads=1, deterministic=True))
        [take] = engine.render([request])
        assert np.abs(take.audio.samples).max() > 0.001
        assert len(seen) <= times
        assert (seen == pytest.approx(taught[:-1])) == (times == 4)
