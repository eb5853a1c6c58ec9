"""What a take comes to depends on its request alone, bit for bit: on no neighbour, no order, no count of threads."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from vssflow_dit.checkpoint.weights import load
from vssflow_dit.config import STARTER, STRIKES, DiTConfig, config_of
from vssflow_dit.engine import fast_bfloat16
from vssflow_dit.lanes import Lanes
from vssflow_dit.model import VSSFlow
from vssflow_dit.picture.strikes import CHANNELS, StrikeNet
from vssflow_dit.transformer.attention import CrossAttention, SelfAttention
from vssflow_dit.transformer.conditions import Condition
from vssflow_dit.transformer.dit import Block, DiT, SwiGLU
from vssflow_dit.transformer.rows import RowLayout, by_sequence, layout_of, rotary_table
from vssflow_post.batch.local_crew import this_machine

TESTS = Path(__file__).parent
LENGTHS = (*range(1, 41), 47, 48, 63, 64, 65, 75, 95, 96, 97, 112, 125, 127, 128, 129, 200, 255, 256, 257, 304, 305)
"""Rows of a sequence: where libraries were seen to cut sums in other ways, and their neighbours. In all over 4,000."""
DTYPES = (torch.float32, torch.bfloat16)
CONFIG = config_of("starter").dit


def shuffled() -> list[int]:
    lengths = list(LENGTHS)
    random.Random(5).shuffle(lengths)
    return lengths


def layout(lengths: Sequence[int], others: Sequence[int] = (), dtype: torch.dtype = torch.float32) -> RowLayout:
    head = CONFIG.width // CONFIG.heads
    table = rotary_table(max(*lengths, *others, 1), head, 1.0, torch.device("cpu"), dtype)
    return layout_of(lengths, others, False, table, True)


def assert_each_is_what_it_is_alone(
    lengths: Sequence[int], x: Tensor, work: Callable[[Tensor, Sequence[int]], Tensor]
) -> None:
    """`work` on the rows of all sequences (1, rows, K), and on those of each alone."""
    lanes = Lanes(1)
    together = lanes.run(lambda: work(x, lengths)).split(list(lengths), 1)
    for number, (part, found) in enumerate(zip(x.split(list(lengths), 1), together, strict=True)):
        alone = lanes.run(lambda part=part, n=lengths[number]: work(part.clone(), [n]))  # type: ignore[misc]
        assert torch.equal(alone, found), f"{lengths[number]} rows differ in company"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("k", "n", "bias"), [(320, 960, False), (320, 1664, True), (832, 320, True), (128, 320, True), (1024, 3072, False)]
)
def test_products(dtype: torch.dtype, k: int, n: int, bias: bool) -> None:
    torch.manual_seed(1)
    linear = nn.Linear(k, n, bias).to(dtype).requires_grad_(False)
    lengths = shuffled()
    x = torch.randn(1, sum(lengths), k).to(dtype)
    assert_each_is_what_it_is_alone(lengths, x, lambda x, lengths: by_sequence(linear, x, lengths))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", ["self-attention", "cross-attention", "feed-forward", "block"])
def test_layers(dtype: torch.dtype, kind: str) -> None:
    torch.manual_seed(2)
    work = LAYERS[kind](dtype)
    lengths = shuffled()
    x = torch.randn(1, sum(lengths), CONFIG.width).to(dtype)
    assert_each_is_what_it_is_alone(lengths, x, work)


def _of_self_attention(dtype: torch.dtype) -> Callable[[Tensor, Sequence[int]], Tensor]:
    layer = SelfAttention(CONFIG).to(dtype).requires_grad_(False)
    return lambda x, lengths: layer(x, layout(lengths, dtype=dtype))  # type: ignore[no-any-return]


def _of_cross_attention(dtype: torch.dtype) -> Callable[[Tensor, Sequence[int]], Tensor]:
    layer = CrossAttention(CONFIG).to(dtype).requires_grad_(False)
    return lambda x, lengths: layer(x, layout(lengths), _keys_values(layer, lengths, dtype), None)  # type: ignore[no-any-return]


def _of_feed_forward(dtype: torch.dtype) -> Callable[[Tensor, Sequence[int]], Tensor]:
    layer = SwiGLU(CONFIG.width, CONFIG.mlp_width).to(dtype).requires_grad_(False)
    return lambda x, lengths: layer(x, layout(lengths))  # type: ignore[no-any-return]


def _of_block(dtype: torch.dtype) -> Callable[[Tensor, Sequence[int]], Tensor]:
    block = Block(CONFIG).to(dtype).requires_grad_(False)
    modulation = torch.randn(6, CONFIG.width).to(dtype)

    def work(x: Tensor, lengths: Sequence[int]) -> Tensor:
        keys_values = _keys_values(block.cross, lengths, dtype)
        return block(x, layout(lengths, dtype=dtype), keys_values, modulation)  # type: ignore[no-any-return]

    return work


def _keys_values(layer: CrossAttention, lengths: Sequence[int], dtype: torch.dtype) -> list[tuple[Tensor, Tensor]]:
    """Of two cross tokens for each sequence, which come from its length alone."""
    tokens = [torch.full((1, 2, CONFIG.cross_width), 1.0 / n).to(dtype) for n in lengths]
    return [layer.keys_values(part) for part in tokens]


LAYERS = {
    "self-attention": _of_self_attention,
    "cross-attention": _of_cross_attention,
    "feed-forward": _of_feed_forward,
    "block": _of_block,
}


@cache
def small_dit(time: str, dtype: torch.dtype, modulating: int = 0) -> DiT:
    """Of either family: time as a token before each sequence, or as a modulation, which conditions may join."""
    torch.manual_seed(3)
    config = DiTConfig(
        width=192, depth=2, heads=3, mlp_width=512, cross_width=96, cross_heads=3, time=time,
        qk_norm=time == "modulation", rotary_fraction=0.5,
    )  # fmt: skip
    dit = DiT(config, 24, modulating).requires_grad_(False)
    if modulating:
        dit.modulation.weight.normal_(std=0.05)
    dit.to(dtype).time.float()
    return dit


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("time", "modulating"), [("token", 0), ("modulation", 0), ("modulation", 16)])
def test_the_transformer_with_and_without_conditions(time: str, modulating: int, dtype: torch.dtype) -> None:
    dit, lengths = small_dit(time, dtype, modulating), shuffled()[:40]
    half = len(lengths) // 2
    x = torch.randn(sum(lengths), 128)
    conditions = [
        Condition(
            torch.randn(1, 24, n),
            torch.randn(1, 3, 96),
            (False,) * 3,
            torch.randn(1, modulating) if modulating else None,
        )
        for n in lengths[:half]
    ]
    lanes = Lanes(1)

    def velocities(x: Tensor, conditions: Sequence[Condition], others: Sequence[int]) -> Tensor:
        return lanes.run(lambda: dit.velocities(x, 0.3, dit.prepare(conditions, others, True)))

    together = velocities(x, conditions, lengths[half:]).split(lengths)
    for k, part in enumerate(x.split(lengths)):
        alone = velocities(part, conditions[k : k + 1], ()) if k < half else velocities(part, (), [lengths[k]])
        assert torch.equal(alone, together[k])


def test_codec_and_vocoder_on_any_number_of_lanes() -> None:
    torch.manual_seed(4)
    latents = [torch.randn(1, 128, n) for n in (50, 63, 125)]
    made = []
    for n in (1, 2, 3):
        model = VSSFlow.of(load("starter", lanes=Lanes(n)))
        made.append(model.lanes.map(lambda latent, model=model: model.decode(latent, 7)[1], latents))  # type: ignore[misc]
    assert all(torch.equal(a, b) for other in made[1:] for a, b in zip(made[0], other, strict=True))


def test_strikes_on_any_number_of_threads() -> None:
    """The caller's threads are as many as before; the net takes one of them."""
    net = StrikeNet.load(STARTER / STRIKES)
    motion = torch.randn(3000, len(CHANNELS), generator=torch.Generator().manual_seed(6)).numpy()
    before, found = torch.get_num_threads(), []
    try:
        for n in (1, 2, 3):
            torch.set_num_threads(n)
            found.append(net.strikes(motion))
            assert torch.get_num_threads() == n
    finally:
        torch.set_num_threads(before)
    assert found[0]
    assert found[0] == found[1] == found[2]


def test_lanes_give_results_in_order_share_nested_work_and_pass_errors_on() -> None:
    lanes = Lanes(3)
    nested = lanes.map(lambda k: sum(lanes.map(lambda j: j * k, range(50))), range(20))
    assert nested == [1225 * k for k in range(20)]
    with pytest.raises(ZeroDivisionError):
        lanes.map(lambda k: 1 // k, [3, 2, 1, 0, 1, 2])
    assert lanes.run(torch.get_num_threads) == 1
    assert lanes.run(lambda: lanes.map(lambda _: torch.get_num_threads(), range(8))) == [1] * 8
    assert not lanes.run(torch.is_grad_enabled)
    assert torch.is_grad_enabled()


def test_lanes_are_of_the_processor_alone() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(1)  # what a library left torch with is not the number of processors
    try:
        assert Lanes.on(torch.device("cpu")).n == this_machine()[0]
    finally:
        torch.set_num_threads(before)
    assert Lanes.on(torch.device("cpu"), 5).n == 5
    assert Lanes.on(torch.device("cuda"), 5).n == 0


ISAS = ("DEFAULT", "AVX512_CORE_BF16", "AVX512_CORE", "AVX2")
"""oneDNN's names, from this processor's own down; what it does not have, it leaves out by itself."""


@pytest.mark.parametrize("isa", [ISAS[0], *(pytest.param(isa, marks=pytest.mark.slow) for isa in ISAS[1:])])
def test_takes_of_the_starter_under_each_instruction_set(isa: str) -> None:
    """Alone, in company, backwards, on one to three threads; in bfloat16 where that is fast, and in float32."""
    environment = {**os.environ, "ONEDNN_MAX_CPU_ISA": isa}
    subprocess.run([sys.executable, TESTS / "takes_in_company.py"], env=environment, check=True, timeout=250)


def test_bfloat16_is_taken_only_where_the_library_may_use_it() -> None:
    words = [sys.executable, "-c", "from vssflow_dit.engine import fast_bfloat16; print(fast_bfloat16())"]
    environment = {**os.environ, "ONEDNN_MAX_CPU_ISA": "AVX2"}
    assert subprocess.run(words, env=environment, check=True, capture_output=True).stdout.strip() == b"False"
    if fast_bfloat16():
        assert torch.cpu._is_avx512_bf16_supported()
