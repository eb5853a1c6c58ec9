"""The reference's numbers, through the real import: conditions, velocity, samples, mel and waveform."""

from __future__ import annotations

from pathlib import Path

import pytest
import reference_weights as reference
import torch
from reference_weights import relative
from torch import Tensor

from benchmarks.model_speed import plain_guided
from vssflow_dit import VSSFlow
from vssflow_dit.checkpoint.plain import PlainDiT
from vssflow_dit.checkpoint.reference import import_checkpoint
from vssflow_dit.flow import euler, time_grid
from vssflow_dit.transformer.conditions import Condition

GOLDEN = reference.golden()


@pytest.fixture(scope="module", params=["safetensors", "ckpt"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> VSSFlow:
    folder: Path = tmp_path_factory.mktemp("reference")
    source = reference.WEIGHTS
    if request.param == "ckpt":
        source = reference.lightning(folder, reference.tensors())
    import_checkpoint(source, reference.configuration(folder), folder / "weights", lambda line: None)
    return VSSFlow.load(folder / "weights")


@pytest.fixture(scope="module")
def condition(model: VSSFlow) -> Condition:
    return model.condition(
        clip=GOLDEN["in.clip"], speaker=GOLDEN["in.speaker"], sync=GOLDEN["in.synch"], lip=GOLDEN["in.lip"],
        phoneme=GOLDEN["in.phoneme"],
    )  # fmt: skip


@pytest.fixture(scope="module")
def plain(model: VSSFlow) -> PlainDiT:
    """The reference's own graph on the reference's own tensors."""
    config = model.config.dit
    channels = config.latent_channels + model.unified.conditions.concat_channels
    dit = PlainDiT(config, channels)
    prefix = "vaflow."
    state = {name.removeprefix(prefix): t for name, t in reference.tensors().items() if name.startswith(prefix)}
    dit.load_state_dict(state, strict=True)
    return dit.requires_grad_(False)


def test_conditions_are_the_references(condition: Condition) -> None:
    assert relative(condition.cross, GOLDEN["out.cross"]) < 1e-5
    assert relative(condition.concat, GOLDEN["out.concat"]) < 1e-5


def test_the_velocity_is_the_references(model: VSSFlow, condition: Condition) -> None:
    noise, wanted = GOLDEN["in.noise"], GOLDEN["out.velocity_t0.3"]
    assert relative(model.velocity(noise, 0.3, condition), wanted) < 1e-5
    assert relative(model.velocity(noise, torch.tensor([0.3, 0.3]), condition), wanted) < 1e-5


@pytest.mark.parametrize(
    ("sampler", "name", "bound"),
    [("euler", "euler10", 1e-5), ("midpoint", "midpoint10", 1e-5), ("dopri5", "dopri5", 1e-3)],
)
def test_samples_are_the_references(
    model: VSSFlow, condition: Condition, sampler: str, name: str, bound: float
) -> None:
    latent = model.sample(GOLDEN["in.noise"], condition, sampler=sampler, steps=10, guidance=3.0)
    assert relative(latent, GOLDEN[f"out.latent_{name}"]) < bound


def test_mel_and_waveform_are_the_references(model: VSSFlow) -> None:
    mel, waveform = model.decode(GOLDEN["out.latent_dopri5"])
    assert relative(mel, GOLDEN["out.mel"]) < 1e-4
    assert relative(waveform, GOLDEN["out.waveform"]) < 1e-4


def test_the_fast_form_is_the_plain_form(model: VSSFlow, condition: Condition, plain: PlainDiT) -> None:
    """Folded, cached, both guidance passes in one batch, latent rows alone: against the reference's own graph."""
    noise = GOLDEN["in.noise"]

    def fast(x: Tensor, steps: int) -> Tensor:
        return model.sample(x, condition, sampler="euler", steps=steps, guidance=3.0)

    field = plain_guided(plain, condition.concat, condition.cross, 3.0)
    assert relative(fast(noise, 1), noise + field(noise, 0.0)) < 1e-5
    assert relative(fast(noise, 10), euler(field, noise, time_grid(10))) < 1e-5


def test_what_is_not_given_is_nothing(model: VSSFlow) -> None:
    """Zeros for features; for phonemes the row of symbol 0, which the reference learns."""
    empty = model.condition()
    zeros = model.condition(
        clip=torch.zeros(1, 20, 768), speaker=torch.zeros(1, 256), sync=torch.zeros(1, 4, 8, 768),
        lip=torch.zeros(1, 47, 1024), phoneme=torch.zeros(1, 45, dtype=torch.long),
    )  # fmt: skip
    assert torch.equal(empty.cross, zeros.cross)
    assert torch.equal(empty.concat, zeros.concat)
    assert float(empty.cross.abs().max()) == 0.0
    lip, phoneme = 24, 8
    silent = reference.tensors()["phone_embedding.weight"][0]
    assert torch.equal(empty.concat[0, lip : lip + phoneme, 0], silent)


def test_a_waveform_becomes_a_latent_whatever_its_level(model: VSSFlow) -> None:
    """The front end: without mean, at a peak of 0.5, log-mel, the mean of the mel-VAE's latent."""
    waveform = torch.randn(1, 16_000, generator=torch.Generator().manual_seed(0)).cumsum(1)
    latent = model.encode(waveform)
    assert latent.shape == (1, 32, 25)
    assert relative(model.encode(0.01 * waveform + 3.0), latent) < 1e-3
    from vssflow_dit.sound.mel import levelled, log_mel

    level = levelled(waveform)
    assert float(level.abs().max()) == pytest.approx(0.5, abs=1e-4)
    picture = log_mel(level, 16).transpose(1, 2)[:, None]
    vae = model.codec.vae  # type: ignore[attr-defined]
    packed = vae.encode(picture).latent_dist.mean.transpose(-2, -1).transpose(-2, -3).reshape(1, 32, 25)
    assert relative(latent, packed) < 1e-5


def test_in_bfloat16_the_field_stays_close(model: VSSFlow, condition: Condition, tmp_path: Path) -> None:
    import_checkpoint(reference.WEIGHTS, reference.configuration(tmp_path), tmp_path / "weights", lambda line: None)
    brief = VSSFlow.load(tmp_path / "weights", dtype=torch.bfloat16)
    found = brief.velocity(GOLDEN["in.noise"], 0.3, condition)
    assert relative(found, GOLDEN["out.velocity_t0.3"]) < 0.02
