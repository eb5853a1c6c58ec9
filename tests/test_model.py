"""The unified model by its promises: routes by configuration, one object for both tasks, no seam between windows."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from vssflow_dit.config import DiTConfig, ModelConfig, Stream, config_names, config_of
from vssflow_dit.flow import Guidance
from vssflow_dit.lanes import Lanes
from vssflow_dit.model import Sampling, VSSFlow
from vssflow_dit.sound.codec import Codec, patches
from vssflow_dit.transformer import packed_field
from vssflow_dit.transformer.dit import DiT
from vssflow_dit.transformer.packed_field import window_starts
from vssflow_dit.transformer.rows import rotary_table
from vssflow_dit.transformer.unified import UnifiedModel

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


def made(config: ModelConfig = TINY) -> VSSFlow:
    """A model of random weights, all of them at work."""
    torch.manual_seed(3)
    unified = UnifiedModel(config).eval().requires_grad_(False)
    for parameter in unified.dit.parameters():
        if not parameter.any():
            parameter.normal_(std=0.1)
    return VSSFlow(unified, unified.codec, lambda log_mel, seed=0: log_mel.mean(1).repeat_interleave(160, 1))


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
    outs = [model.velocity(x, 0.3, model.condition(10, **given)) for given in (before, after)]
    assert outs[0].shape == x.shape
    assert float((outs[0] - outs[1]).abs().max()) > 1e-5


@pytest.mark.parametrize("given", ["all", "none"])
def test_nothing_is_zeros_in_every_stream(given: str) -> None:
    model = made()
    empty = {name: torch.zeros_like(value) for name, value in values(6).items()} if given == "all" else {}
    condition = model.condition(6, **empty)
    assert float(condition.concat.abs().max()) == 0.0
    assert float(condition.cross.abs().max()) == 0.0


def test_a_stream_that_is_not_there_and_one_of_another_width_are_named() -> None:
    model = made()
    with pytest.raises(ValueError, match="smell"):
        model.condition(6, smell=torch.zeros(1, 6, 3))
    with pytest.raises(ValueError, match="stream lip: vectors of 5 where 12"):
        model.condition(6, lip=torch.zeros(1, 6, 5))
    with pytest.raises(ValueError, match="noise of 7 tokens, conditions of 6"):
        model.sample(torch.zeros(1, 128, 7), model.condition(6))
    with pytest.raises(ValueError, match="no sampler is called 'magic'"):
        model.sample(torch.zeros(1, 128, 6), model.condition(6), "magic")


def test_one_time_for_all_and_a_time_each_are_the_same_field() -> None:
    model = made()
    x, condition = torch.randn(3, 128, 20), model.condition(20, **values(20, 3))
    together = model.velocity(x, 0.4, condition)
    each = model.velocity(x, torch.full((3,), 0.4), condition)
    assert torch.allclose(together, each, atol=1e-5)


def test_guidance_in_one_batch_equals_two_passes() -> None:
    model = made()
    noise, condition = torch.randn(1, 128, 20), model.condition(20, **values(20))
    one = model.velocity(noise, 0.0, condition)
    other = model.velocity(noise, 0.0, condition.dropped(torch.zeros(1)))
    assert float((one - other).abs().max()) > 1e-3
    guided = model.sample(noise, condition, sampler="euler", steps=1, guidance=3.0)
    assert torch.allclose(guided, noise + other + 3 * (one - other), atol=1e-4)
    outside = model.sample(noise, condition, sampler="euler", steps=1, guidance=3.0, when=Guidance(0.5, 1.0))
    assert torch.allclose(outside, noise + one, atol=1e-4)


@pytest.mark.parametrize("sampler", ["euler", "midpoint", "heun", "adams", "dopri5"])
def test_a_take_is_the_same_again_and_another_seed_is_another_take(sampler: str) -> None:
    model = made()
    condition = model.condition(30, **values(30))
    noise = torch.randn(1, 128, 30, generator=torch.Generator().manual_seed(5))
    runs = [model.sample(noise, condition, sampler=sampler, steps=3, guidance=2.0) for _ in range(2)]
    assert torch.equal(runs[0], runs[1])
    other = model.sample(noise + 0.1, condition, sampler=sampler, steps=3, guidance=2.0)
    assert not torch.equal(runs[0], other)


@pytest.mark.parametrize("sampler", ["adams", "dopri5"])
def test_cues_of_any_lengths_and_scales_in_one_batch_are_what_they_are_alone(sampler: str) -> None:
    model = made()
    lengths, scales = (30, 12, 12, 130, 41), (3.0, 2.0, 1.0, 2.5, 3.0)
    noises = [torch.randn(128, n, generator=torch.Generator().manual_seed(n)) for n in lengths]
    conditions = [model.condition(n, **values(n, seed=k)) for k, n in enumerate(lengths)]
    sampling = Sampling(sampler, 4, 2.0, 1.3)
    together = model.sample_all(noises, conditions, scales, sampling)
    for k in (4, 0, 3, 1, 2):
        (alone,) = model.sample_all([noises[k]], [conditions[k]], [scales[k]], sampling)
        assert float((together[k] - alone).norm() / alone.norm()) < 1e-5


@pytest.mark.parametrize("lanes", [Lanes(0), Lanes(2)])
def test_a_long_cue_needs_no_more_memory_than_a_short_one(monkeypatch: pytest.MonkeyPatch, lanes: Lanes) -> None:
    """Beyond TOKENS_KEPT the conditions are projected anew for each evaluation, and the result stays the same."""
    model = made()
    n = 400
    condition, noise = model.condition(n, **values(n)), torch.randn(128, n)

    def velocity(kept: int) -> torch.Tensor:
        monkeypatch.setattr(packed_field, "TOKENS_KEPT", kept)
        field = packed_field.PackedField(model.unified.dit, [condition], [2.0], model.config.window_tokens, None, lanes)
        found = lanes.run(lambda: field(field.packed([noise]), 0.5))
        assert all((pack.prepared is None) == (kept < n) for pack in field._packs_of(True))
        return found

    assert torch.equal(velocity(n), velocity(n - 1))


def test_a_long_cue_is_seamless_where_windows_meet() -> None:
    """Steps between neighbouring tokens at window borders are no larger than elsewhere."""
    model = made()
    n, window = 170, model.config.window_tokens
    still = {name: value[:, :1].expand(-1, value.shape[1], *value.shape[2:]) for name, value in values(n).items()}
    smooth = torch.nn.functional.avg_pool1d(torch.randn(1, 128, n + 30), 31, 1)
    latent = model.sample(smooth, model.condition(n, **still), sampler="midpoint", steps=4, guidance=2.0)
    jumps = latent.diff(dim=2).norm(dim=1)[0]
    starts = window_starts(n, window, window // 4)[1:]
    borders = torch.cat(
        [jumps[s - 1 : s + 1] for s in starts] + [jumps[s + window // 4 - 2 : s + window // 4] for s in starts]
    )
    assert float(borders.max()) <= 1.5 * float(jumps.quantile(0.95))


def test_windows_take_their_own_part_of_what_is_attended_to() -> None:
    model = made(rerouted("lip", "cross"))
    condition = model.condition(90, **values(90))
    part = condition.window(30, 50)
    assert part.concat.shape[2] == 50
    assert part.cross.shape[1] == 50 + 2  # its tokens of the lips, and one each of voice and sound
    assert torch.equal(part.cross[:, :50], condition.cross[:, 30:80])
    assert torch.equal(part.cross[:, 50:], condition.cross[:, 90:])


@pytest.mark.parametrize("n_cross", [3, 0])
def test_the_time_token_form_keeps_the_shape_and_reads_the_time(n_cross: int) -> None:
    torch.manual_seed(0)
    dit = DiT(replace(TINY.dit, time="token", qk_norm=False, rotary_fraction=0.5), 14)
    concat, cross, x = torch.randn(2, 14, 9), torch.randn(2, n_cross, 16), torch.randn(2, 128, 9)
    early, late = (dit(x, torch.full((2,), t), concat, cross) for t in (0.1, 0.9))
    assert early.shape == x.shape
    assert float((early - late).detach().abs().max()) > 1e-5


def test_the_blocks_can_be_compiled_whole() -> None:
    """What the GPU does: no operation that a compiler would have to leave the graph for."""
    torch.manual_seed(0)
    dit = DiT(replace(TINY.dit, time="token", qk_norm=False, rotary_fraction=0.5), 14).requires_grad_(False)
    concat, cross, x = torch.randn(2, 14, 9), torch.randn(2, 3, 16), torch.randn(2, 128, 9)
    plain = dit(x, torch.full((2,), 0.3), concat, cross)
    for block in dit.blocks:
        block.compile(backend="aot_eager", fullgraph=True)
    assert torch.allclose(dit(x, torch.full((2,), 0.3), concat, cross), plain, atol=1e-5)


def test_rotary_keeps_lengths_and_depends_on_distance_alone() -> None:
    rotary = rotary_table(12, 16, 1.0, torch.device("cpu"), torch.float32)
    q, k = (torch.randn(1, 1, 1, 16).expand(1, 12, 1, 16) for _ in range(2))
    turned_q, turned_k = rotary.turned(q), rotary.turned(k)
    assert torch.allclose(turned_q.norm(dim=-1), q.norm(dim=-1), atol=1e-5)
    scores = turned_q[0, :, 0] @ turned_k[0, :, 0].T
    assert torch.allclose(scores[2, 5], scores[7, 10], atol=1e-4)
    half = rotary_table(12, 16, 0.5, torch.device("cpu"), torch.float32)
    assert torch.equal(half.turned(q)[..., 8:], q[..., 8:])


def test_a_training_step_in_mixed_precision_reaches_every_parameter() -> None:
    torch.manual_seed(0)
    model = UnifiedModel(TINY)
    condition = model.condition(values(10, 2), 10)
    with torch.autocast("cpu", torch.bfloat16):
        velocity = model.dit(torch.randn(2, 128, 10), torch.tensor([0.2, 0.7]), condition.concat, condition.cross)
    velocity.float().square().mean().backward()
    assert all(parameter.grad is not None and parameter.grad.isfinite().all() for parameter in model.parameters())


@pytest.mark.parametrize("name", config_names())
def test_every_configuration_builds_and_each_variant_routes_as_it_says(name: str) -> None:
    config = config_of(name)
    assert ModelConfig.from_json(config.to_json()) == config
    joined = {stream.name for stream in config.streams if stream.route == "concat"}
    wanted = {
        "base": {"lip", "phoneme", "sync"}, "base-none": set(), "base-all": {"lip", "phoneme", "sync", "clip"},
        "base-lip-sync": {"lip", "sync"}, "base-video-text": {"clip", "phoneme"},
        "starter": {"phoneme", "mouth", "motion"},
    }  # fmt: skip
    assert joined == wanted[name]
    with torch.device("meta"):
        model = UnifiedModel(config)
    n_blocks = sum(parameter.numel() for parameter in model.dit.blocks.parameters())
    assert n_blocks == pytest.approx(436.7e6, rel=0.002) if name.startswith("base") else n_blocks < 13e6


def test_a_small_model_of_each_variant_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in config_names():
        config = config_of(name)
        small = replace(config, dit=replace(config.dit, width=32, depth=1, heads=2, mlp_width=32, cross_heads=2))
        torch.manual_seed(0)
        unified = UnifiedModel(small).requires_grad_(False)
        model = VSSFlow(unified, Codec(), lambda log_mel, seed=0: log_mel[:, 0])
        given = {s.name: torch.randn(1, 9, s.size) for s in small.streams if s.kind == "features" and not s.once}
        out = model.sample(torch.randn(1, 128, 12), model.condition(12, **given), "adams", 2)
        assert torch.isfinite(out).all()


def test_the_codec_gives_back_what_lies_in_its_components() -> None:
    codec = Codec()
    basis = torch.randn(40, 256)
    mel = (torch.randn(400, 40) @ basis).view(1, 1600, 64).transpose(1, 2)
    lost = codec.fit(patches(mel)[0])
    assert lost < 1e-4
    assert torch.allclose(codec.decode(codec.encode(mel)), mel, atol=0.05 * float(mel.std()))
