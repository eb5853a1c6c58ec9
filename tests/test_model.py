"""The unified model by its promises: routes by configuration, one object for both tasks, no seam between windows."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from vssflow_dit.codec import Codec, patches
from vssflow_dit.config import DiTConfig, ModelConfig, Stream
from vssflow_dit.dit import DiT, rotary_angles, rotate
from vssflow_dit.model import UnifiedModel

TINY = ModelConfig(
    name="tiny",
    dit=DiTConfig(32, 2, 2, 48, 16, 2, "modulation", True, 1.0),
    streams=(
        Stream("phoneme", "concat", "ids", 70, 4, 4),
        Stream("motion", "concat", "features", 8, 0, 0),
        Stream("lip", "concat", "features", 12, 0, 6),
        Stream("voice", "cross", "ids", 3, 0, 16),
        Stream("sound", "cross", "ids", 5, 0, 16),
    ),
    voices=("a", "b", "c"),
    sounds=("x",) * 5,
    window_s=2.0,
)


def values(n: int, batch: int = 1, seed: int = 0) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {
        "phoneme": torch.randint(0, 71, (batch, 4 * n), generator=generator),
        "motion": torch.randn(batch, n, 8, generator=generator),
        "lip": torch.randn(batch, n, 12, generator=generator),
        "voice": torch.full((batch, 1), 2),
        "sound": torch.full((batch, 1), 0),
    }


def made(config: ModelConfig = TINY) -> UnifiedModel:
    torch.manual_seed(3)
    return UnifiedModel(config).eval()


def rerouted(name: str, route: str) -> ModelConfig:
    streams = tuple(replace(s, route=route) if s.name == name else s for s in TINY.streams)  # type: ignore[arg-type]
    return replace(TINY, streams=streams)


@pytest.mark.parametrize("name", ["phoneme", "motion", "lip", "voice"])
@pytest.mark.parametrize("route", ["cross", "concat"])
def test_every_stream_takes_either_route_and_reaches_the_velocity(name: str, route: str) -> None:
    model = made(rerouted(name, route))
    x = torch.randn(1, 128, 10)
    before = values(10)
    after = {**before, name: (before[name] % 3) + 1 if before[name].dtype == torch.int64 else before[name] + 1.0}
    outs = []
    for given in (before, after):
        condition = model.condition(given, 10)
        outs.append(model.velocity(x, 0.3, model.dit.prepare(condition.concat, condition.cross)))
    assert outs[0].shape == x.shape
    assert float((outs[0] - outs[1]).detach().abs().max()) > 1e-5


def test_nothing_is_zeros_in_every_stream() -> None:
    model = made()
    empty = {name: torch.zeros_like(value) for name, value in values(6).items()}
    condition = model.condition(empty, 6)
    assert float(condition.concat.detach().abs().max()) == 0.0
    assert float(condition.cross.detach().abs().max()) == 0.0


def test_guidance_in_one_batch_equals_two_passes() -> None:
    model = made()
    noise, condition = torch.randn(1, 128, 20), model.condition(values(20), 20)
    guided = model.sample(noise, condition, sampler="euler", steps=1, guidance=3.0, window=50)
    dropped = condition.dropped(torch.zeros(1))
    one = model.velocity(noise, 0.0, model.dit.prepare(condition.concat, condition.cross))
    other = model.velocity(noise, 0.0, model.dit.prepare(dropped.concat, dropped.cross))
    assert torch.allclose(guided, noise + other + 3 * (one - other), atol=1e-4)


@pytest.mark.parametrize("sampler", ["euler", "midpoint"])
def test_a_take_is_the_same_again_and_another_seed_is_another_take(sampler: str) -> None:
    model = made()
    condition = model.condition(values(30), 30)
    noise = torch.randn(1, 128, 30, generator=torch.Generator().manual_seed(5))
    runs = [model.sample(noise, condition, sampler=sampler, steps=3, guidance=2.0, window=50) for _ in range(2)]
    assert torch.equal(runs[0], runs[1])
    other = model.sample(noise + 0.1, condition, sampler=sampler, steps=3, guidance=2.0, window=50)
    assert not torch.equal(runs[0], other)


def test_a_long_cue_is_seamless_where_windows_meet() -> None:
    """Steps between neighbouring tokens at window borders are no larger than elsewhere."""
    model = made()
    n, window = 170, 50
    still = {name: value[:, :1].expand(-1, value.shape[1], *value.shape[2:]) for name, value in values(n).items()}
    smooth = torch.nn.functional.avg_pool1d(torch.randn(1, 128, n + 30), 31, 1)
    latent = model.sample(smooth, model.condition(still, n), sampler="midpoint", steps=4, guidance=2.0, window=window)
    jumps = latent.diff(dim=2).norm(dim=1)[0]
    from vssflow_dit.flow import window_starts

    starts = window_starts(n, window, window // 4)[1:]
    borders = torch.cat(
        [jumps[s - 1 : s + 1] for s in starts] + [jumps[s + window // 4 - 2 : s + window // 4] for s in starts]
    )
    assert float(borders.max()) <= 1.5 * float(jumps.quantile(0.95))


def test_the_time_token_form_keeps_the_shape_and_reads_the_time() -> None:
    torch.manual_seed(0)
    dit = DiT(replace(TINY.dit, time="token", qk_norm=False, rotary_fraction=0.5), 14)
    concat, cross, x = torch.randn(2, 14, 9), torch.randn(2, 3, 16), torch.randn(2, 128, 9)
    early, late = (dit(x, torch.full((2,), t), concat, cross) for t in (0.1, 0.9))
    assert early.shape == x.shape
    assert float((early - late).detach().abs().max()) > 1e-5


def test_rotary_keeps_lengths_and_depends_on_distance_alone() -> None:
    cos, sin = rotary_angles(12, 16, 1.0, torch.device("cpu"))
    q, k = torch.randn(1, 1, 1, 16).expand(1, 1, 12, 16), torch.randn(1, 1, 1, 16).expand(1, 1, 12, 16)
    turned_q, turned_k = rotate(q, cos, sin), rotate(k, cos, sin)
    assert torch.allclose(turned_q.norm(dim=-1), q.norm(dim=-1), atol=1e-5)
    scores = (turned_q @ turned_k.transpose(-1, -2))[0, 0]
    assert torch.allclose(scores[2, 5], scores[7, 10], atol=1e-4)


def test_the_codec_gives_back_what_lies_in_its_components() -> None:
    codec = Codec()
    basis = torch.randn(40, 256)
    mel = (torch.randn(400, 40) @ basis).view(1, 1600, 64).transpose(1, 2)
    lost = codec.fit(patches(mel)[0])
    assert lost < 1e-4
    assert torch.allclose(codec.decode(codec.encode(mel)), mel, atol=0.05 * float(mel.std()))
