"""Training: it learns, goes on where it stopped, starts from what is trained, and takes the full size's features."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from lightning.fabric import Fabric
from safetensors.numpy import save_file
from torch import Tensor

from vssflow_dit.config import DiTConfig, ModelConfig, Stream, config_of
from vssflow_dit.training.discriminators import PeriodDiscriminator
from vssflow_dit.training.feature_files import FeatureFiles
from vssflow_dit.training.joint import FlowLoss, Trainer, TrainingSettings, initialise
from vssflow_dit.training.parts import grown
from vssflow_dit.transformer.unified import UnifiedModel
from vssflow_post.errors import UsageError

TINY = ModelConfig(
    name="tiny",
    dit=DiTConfig(32, 2, 2, 48, 16, 2, "modulation", True, 1.0),
    streams=(Stream("voice", "cross", "ids", 2, 0, 16), Stream("sound", "cross", "ids", 2, 0, 16)),
    voices=("a", "b"),
    sounds=("x", "y"),
    window_s=1.0,
)
SETTINGS = TrainingSettings(steps=6, warmup=1, compiled=False, muon_lr=0.02, adam_lr=1e-2)


class Constant:
    """Voice 1 is a latent of ones, voice 2 of minus ones."""

    def batch(self, step: int, rank: int) -> tuple[Tensor, dict[str, Tensor]]:
        voice = torch.from_numpy(np.random.default_rng((step, rank)).integers(1, 3, (8, 1)))
        return (3 - 2 * voice.float())[..., None].expand(8, 128, 25).contiguous(), {"voice": voice}


def fabric() -> Fabric:
    return Fabric(accelerator="cpu", devices=1, precision="bf16-mixed")


def fresh(config: ModelConfig = TINY) -> UnifiedModel:
    torch.manual_seed(0)
    model = UnifiedModel(config)
    initialise(model)
    return model


def test_a_run_that_was_stopped_ends_where_an_unbroken_one_does(tmp_path: Path) -> None:
    settings = replace(SETTINGS, decay_from=0.99)
    Trainer(fresh(), Constant(), replace(settings, steps=3), tmp_path / "parted", fabric()).train()
    parted = Trainer(fresh(), Constant(), settings, tmp_path / "parted", fabric())
    assert parted.step == 3
    parted.train()
    unbroken = Trainer(fresh(), Constant(), settings, tmp_path / "unbroken", fabric())
    unbroken.train()
    for some, other in zip(parted.ema.parameters(), unbroken.ema.parameters(), strict=True):
        assert torch.equal(some, other)


def test_what_is_saved_is_the_model_s_own_however_it_was_run(tmp_path: Path) -> None:
    """Names without a wrapper's and tensors of no device of their own: it goes on anywhere."""
    Trainer(fresh(), Constant(), replace(SETTINGS, steps=1, compiled=True), tmp_path, fabric()).save()
    state = torch.load(tmp_path / "state.pt", weights_only=True, map_location="meta")
    assert state["model"].keys() == state["ema"].keys() == fresh().state_dict().keys()
    assert Trainer(fresh(), Constant(), SETTINGS, tmp_path, fabric()).step == 0


def test_it_learns_and_draws_its_curve(tmp_path: Path) -> None:
    seen: list[int] = []
    trainer = Trainer(fresh(), Constant(), replace(SETTINGS, steps=50), tmp_path, fabric())
    trainer.train(on_step=lambda step, loss, progress: seen.append(step))
    assert seen == [25, 50]
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
    latents, told = Constant().batch(99, 0)
    with torch.no_grad():
        before, after = (float(FlowLoss(model, 0.0)(latents, told, 5)) for model in (fresh(), trainer.model))
    assert before == pytest.approx(2.0, abs=0.1)  # noise and data, each of unit variance
    assert after < 1.2  # the data is known; 128 channels of noise do not fit through a width of 32


def test_time_ends_a_run_too(tmp_path: Path) -> None:
    trainer = Trainer(fresh(), Constant(), replace(SETTINGS, steps=10**9), tmp_path, fabric())
    trainer.train(time_budget_s=1.0)
    assert 0 < trainer.step < 10**6
    assert trainer.seconds == pytest.approx(1.0, abs=1.0)


def test_a_trained_model_grows_by_names() -> None:
    trained = fresh()
    with torch.no_grad():
        trained.dit.latent_out.weight.normal_()
    config = replace(TINY, voices=("b", "c", "a"), streams=(replace(TINY.streams[0], size=3), TINY.streams[1]))
    model = grown(trained, config)
    old, new = (m.conditions.state_dict()["streams.voice.table"] for m in (trained, model))
    assert torch.equal(new[[0, 1, 3]], old[[0, 2, 1]])
    assert torch.allclose(new[2], old[1:].mean(0))
    assert torch.equal(model.dit.latent_out.weight, trained.dit.latent_out.weight)
    with pytest.raises(ValueError, match="dit"):
        grown(trained, replace(config, dit=replace(TINY.dit, width=64)))


def test_new_ways_in_change_nothing_at_first() -> None:
    trained = fresh()
    with torch.no_grad():
        for weight in trained.parameters():
            weight.normal_(std=0.1)
    voice, *others = TINY.streams
    config = replace(TINY, streams=(replace(voice, also=("concat", "modulation")), *others))
    model = grown(trained, config)
    values = {"voice": torch.tensor([[1], [2]])}
    x, t = torch.randn(2, 128, 25), torch.tensor([0.2, 0.7])
    made = []
    for each in (trained, model):
        condition = each.condition(values, 25)
        made.append(each.dit(x, t, condition.concat, condition.cross, condition.modulating))
    assert torch.allclose(made[0], made[1], atol=1e-6)
    with torch.no_grad():
        model.dit.modulating_in.weight.normal_()
    condition = model.condition(values, 25)
    assert not torch.allclose(
        made[0], model.dit(x, t, condition.concat, condition.cross, condition.modulating), atol=0.1
    )
    assert torch.equal(condition.dropped(torch.zeros(2)).modulating, torch.zeros(2, condition.modulating.shape[1]))


def test_a_mixture_lies_between_its_classes() -> None:
    """And all of one class is that class."""
    model = fresh()
    told = model.condition({"voice": torch.tensor([[1], [2]])}, 5).cross
    mixed = model.condition({"voice": torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.25, 0.75]])}, 5).cross
    assert torch.allclose(mixed[:2], told)
    assert torch.allclose(mixed[2], 0.25 * told[0] + 0.75 * told[1])


SMALL_BASE = replace(
    config_of("base"),
    dit=DiTConfig(64, 2, 2, 96, 32, 1, "token", False, 0.5, latent_channels=128),
    streams=tuple(
        replace(s, size=min(s.size, 199) if s.kind == "ids" else 12, width=32 if s.route == "cross" else 8)
        for s in config_of("base").streams
    ),
    window_s=1.0,
)


def feature_file(path: Path, seed: int, without: str = "", **changed: object) -> None:
    rng = np.random.default_rng(seed)
    arrays = {"latent": rng.standard_normal((128, 25)).astype(np.float32)}
    for stream in SMALL_BASE.streams:
        rows = 1 if stream.once else 10
        if stream.kind == "ids":
            arrays[stream.name] = rng.integers(0, 71, 25)
        else:
            arrays[stream.name] = rng.standard_normal((rows, stream.size)).astype(np.float32)
    arrays.pop(without, None)
    path.parent.mkdir(exist_ok=True)
    save_file(arrays | changed, path)


def test_two_steps_of_the_full_size_s_form_from_feature_files(tmp_path: Path) -> None:
    for k, without in enumerate(("", "lip", "clip", "phoneme")):
        feature_file(tmp_path / "features" / f"{k}.safetensors", k, without)
    files = FeatureFiles.of(tmp_path / "features", SMALL_BASE, batch_size=4)
    latents, values = files.batch(0, 0)
    assert latents.shape == (4, 128, 25)
    assert values["clip"].shape == (4, 10, 12)
    assert not torch.equal(latents, files.batch(0, 1)[0])
    model = fresh(SMALL_BASE)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    trainer = Trainer(model, files, replace(SETTINGS, steps=2), tmp_path / "run", fabric())
    trainer.train()
    moved = [name for name, value in trainer.model.state_dict().items() if not torch.equal(value, before[name])]
    assert trainer.step == 2
    assert any(name.startswith("dit.blocks") for name in moved)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"latent": np.zeros((128, 24), np.float32)}, "latent is"),
        ({"clip": np.zeros((10, 13), np.float32)}, "want 12 channels"),
        ({"smell": np.zeros(3, np.float32)}, "no stream smell"),
        ({"sync": np.full((8, 12), np.nan, np.float32)}, "not finite"),
    ],
)
def test_feature_files_that_do_not_fit_are_named(tmp_path: Path, changed: dict[str, object], said: str) -> None:
    feature_file(tmp_path / "x.safetensors", 0, **changed)
    with pytest.raises(UsageError, match=said) as caught:
        FeatureFiles.of(tmp_path, SMALL_BASE, batch_size=1)
    assert "x.safetensors" in str(caught.value)


def test_a_folder_without_feature_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no feature files"):
        FeatureFiles.of(tmp_path, SMALL_BASE, batch_size=1)


def test_a_period_judge_sees_a_change_in_any_sample() -> None:
    judge = PeriodDiscriminator(3)
    waveform = torch.randn(1, 999).requires_grad_(True)
    (slope,) = torch.autograd.grad(judge(waveform)[-1].square().sum(), waveform)
    assert (slope[0, 300:600] != 0).float().mean() > 0.99
