"""The study of the paper's claims: what its arms see, what balances them, what its page says."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from benchmarks.claims.arms import (
    ARMS,
    BATCH,
    BOTH,
    COMPARED,
    TASKS,
    Arm,
    PartedModel,
    TaskFeedForward,
    loss_of,
    model_of,
    speaks,
    study_config,
)
from benchmarks.claims.page import verdict, write_page
from benchmarks.claims.runs import RATES, Noise, Run, Study, best_rate, plan, results, run_of, runs_of, trainer_of
from vssflow_dit.sound.codec import Codec
from vssflow_dit.training.examples import Utterance
from vssflow_dit.training.joint import FlowLoss
from vssflow_dit.transformer.unified import UnifiedModel


def test_joint_and_single_see_equally_many_examples_of_each_task() -> None:
    runs = {run.kind: run for run in runs_of(200, 1) if not run.tried}
    seen = {name: run.arm.examples(run.updates) for name, run in runs.items()}
    for name in ("joint", "joint-balanced", "joint-parts"):
        assert seen[name] == {"speech": 200 * BATCH, "sound": 200 * BATCH}
        assert seen[name] == seen["speech"] | seen["sound"]
    assert seen["speech-twice"] == {"speech": 400 * BATCH}
    for name in ("joint", "speech", "sound"):
        _, told = Noise(ARMS[name]).batch(0, 0)
        assert int(speaks(told).sum()) == ARMS[name].examples(1).get("speech", 0)


def test_balance_makes_the_mean_loss_of_both_tasks_one() -> None:
    arm = Arm("", BOTH, balanced=True)
    model = model_of(arm, 1, Codec())
    loss = loss_of(arm, model, 0.0)
    generator = torch.Generator().manual_seed(0)

    def errors(*_: object) -> torch.Tensor:
        """Of speech around 0.5, of sounds around 3."""
        return torch.tensor([0.5, 3.0]).repeat_interleave(BATCH // 2) * (
            1 + 0.4 * torch.randn(BATCH, generator=generator)
        )

    loss.errors = errors  # type: ignore[method-assign, assignment]
    latents, told = Noise(arm).batch(0, 0)
    balanced = torch.stack([loss(latents, told, k) for k in range(600)])[100:]
    assert float(balanced.mean()) == pytest.approx(1.0, abs=0.02)
    assert model.get_buffer("usual").tolist() == pytest.approx([0.5, 3.0], rel=0.1)
    assert "usual" in model.state_dict()


def test_a_task_moves_its_own_feed_forward_layers_alone() -> None:
    arm = ARMS["joint-parts"]
    model = model_of(arm, 1, Codec())
    assert isinstance(model, PartedModel)
    with torch.no_grad():
        for weight in model.parameters():
            weight.normal_(std=0.05)
    latents, told = Noise(arm).batch(0, 0)
    for task, chosen in zip(TASKS, (speaks(told), ~speaks(told)), strict=True):
        model.zero_grad()
        FlowLoss(model, 0.1)(latents[chosen], {name: value[chosen] for name, value in told.items()}, 1).backward()
        for part in (each for each in model.modules() if isinstance(each, TaskFeedForward)):
            for name, own in zip(TASKS, (part.speech, part.sound), strict=True):
                assert all((weight.grad is not None) == (name == task) for weight in own.parameters())


def test_parts_begin_as_the_plain_model_and_keep_examples_in_their_places() -> None:
    plain = model_of(ARMS["joint"], 1, Codec())
    with torch.no_grad():
        for weight in plain.parameters():
            weight.normal_(std=0.05)
    parted = PartedModel(study_config(ARMS["joint"]))
    parted.load_state_dict(plain.state_dict())
    parted.part()
    latents, told = Noise(ARMS["joint"]).batch(0, 0)
    order = torch.randperm(BATCH, generator=torch.Generator().manual_seed(1))
    mixed = {name: value[order] for name, value in told.items()}
    times, keep = torch.full((BATCH,), 0.4), torch.ones(BATCH)
    made = [FlowLoss(model, 0.0).errors(latents, mixed, latents.flip(0), times, keep) for model in (parted, plain)]
    assert torch.allclose(made[0], made[1], atol=1e-4)


def test_balance_goes_on_where_a_run_was_stopped(tmp_path: Path) -> None:
    run = Run("joint-balanced", 1, 2)
    stopped = trainer_of(run, 0.02, Noise(run.arm), Codec(), tmp_path)
    stopped.train()
    usual = stopped.model.get_buffer("usual")
    assert (usual > 0.5).all()
    assert torch.equal(trainer_of(run, 0.02, Noise(run.arm), Codec(), tmp_path).model.get_buffer("usual"), usual)


class Told:
    """A trial that says what it is told: of speech, as much loss as the rate is away from 0.02."""

    def __init__(self) -> None:
        self.starter, self.rate = SimpleNamespace(codec=Codec()), 0.0

    def losses(self, model: UnifiedModel, arm: Arm) -> dict[str, Any]:
        return {"speech loss": 1.0 + abs(self.rate - 0.02), "speech loss by t": [1.0] * 5}

    def heard(self, model: UnifiedModel, arm: Arm) -> dict[str, float]:
        return {"WER": 10.0, "DNSMOS": 3.0}


def test_an_arm_takes_the_best_of_the_rates_that_were_tried(tmp_path: Path) -> None:
    said = Utterance(np.zeros((200, 64), np.float16), np.ones(200, np.int16), 1)
    trial = Told()
    study = Study(tmp_path, [said], [], trial)  # type: ignore[arg-type]
    for trial.rate in RATES:
        study.carry_out(Run("speech", 1, 1, trial.rate))
    result = study.carry_out(Run("speech", 1, 2))
    assert result["muon_lr"] == 0.02
    assert result["points"]["2"]["WER"] == 10.0
    assert {run_of(each) for each in results(tmp_path)} >= {Run("speech", 1, 2), Run("speech", 1, 1, RATES[0])}
    assert not list(tmp_path.rglob("state.pt"))


def test_the_plan_tries_rates_first_and_says_what_is_left() -> None:
    runs = runs_of(200, 2, ["joint", "speech-twice-1"])
    assert [run.name for run in runs if not run.tried] == ["joint-1", "speech-twice-1", "joint-2"]
    assert [run.name for run in runs[:3]] == [f"scan-joint-{rate}" for rate in RATES]
    assert {run.kind for run in runs[:6]} == {"joint", "speech"}  # a task with twice the work takes its own rate
    *lines, total = plan(runs, set(runs[:-1]), 0.6)
    assert len(lines) == len(runs)
    assert sum(line.endswith("done") for line in lines) == len(runs) - 1
    assert total.startswith(f"left: {runs[-1].seconds(0.6) / 60:.0f} minutes")
    with pytest.raises(ValueError, match="no run is called choir"):
        runs_of(200, 2, ["choir"])


def made_up(seeds: int) -> list[dict[str, Any]]:
    """Joint training hears more words than speech alone with every seed, and strikes as sounds alone do."""
    found = []
    for run in runs_of(200, seeds):
        loss = abs(run.tried - 0.02) + 1.0 + 0.01 * run.seed
        points: dict[str, Any] = {}
        for step in {*run.measured_at, *run.heard_at}:
            row: dict[str, Any] = {}
            for task in run.arm.tasks:
                row |= {f"{task} loss": loss + 9 / step, f"{task} loss by t": [loss] * 5}
            if step in run.heard_at and "speech" in run.arm.tasks:
                row |= {"WER": (5.0 if run.kind == "joint" else 15.0) + run.seed, "DNSMOS": 2.5}
            if step in run.heard_at and "sound" in run.arm.tasks:
                row |= {"strikes F1": 50.0 + run.seed, "class": 70.0, "Frechet": 30.0}
            points[str(step)] = row
        found.append(
            {"kind": run.kind, "seed": run.seed, "updates": run.updates, "tried": run.tried, "muon_lr": 0.02,
             "minutes": 1.0, "points": points}
        )  # fmt: skip
    return found


def test_the_page_says_what_the_seeds_allow(tmp_path: Path) -> None:
    made = made_up(2)
    assert [run_of(result) for result in made] == runs_of(200, 2)
    assert best_rate(made, "joint") == 0.02
    write_page(made, tmp_path)
    page = (tmp_path / "claims.md").read_text()
    [row] = [line for line in page.split("At equal work")[0].splitlines() if line.startswith("| joint | -0.0")]
    assert "| -10.0, better |" in row
    assert "| +0.0, within the spread |" in row
    assert (tmp_path / "claims.png").read_bytes().startswith(b"\x89PNG")
    assert "At equal work" in page
    assert "Which streams are joined" in page
    write_page([result for result in made if result["kind"] in ("speech", "sound", "joint")], tmp_path)
    page_of_three = (tmp_path / "claims.md").read_text()
    assert "At equal work" not in page_of_three, "what was not run has no table"
    assert "Which streams are joined" not in page_of_three
    write_page(made[:1], tmp_path)  # with hardly anything there
    write_page([], tmp_path)
    assert {name for name in COMPARED if COMPARED[name].title in page} == set(COMPARED)


def test_a_verdict_needs_every_seed() -> None:
    assert verdict([1.0, 2.0], [3.0, 4.0], less=True) == "better"
    assert verdict([1.0, 2.0], [3.0, 4.0], less=False) == "worse"
    assert verdict([1.0, 3.5], [3.0, 4.0], less=True) == "within the spread"
    assert verdict([1.0], [3.0, 4.0], less=True) == "too few seeds"
    assert verdict([], [3.0, 4.0], less=True) == ""
