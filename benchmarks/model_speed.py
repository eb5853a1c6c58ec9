"""How fast the model runs here: `python benchmarks/model_speed.py` (a few minutes).

Everything is measured in one run, so that ratios hold on any machine: the peak of matrix products, what the transformer
reaches of it, seconds of audio a second, and the reference's own procedure (float32, its plain graph, two guidance
passes one after the other, as many evaluations as dopri5 at 1e-5 takes) on the same weights.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from vssflow_cpu.engine import open_engine
from vssflow_dit.checkpoint.plain import PlainDiT
from vssflow_dit.config import LATENT_CHANNELS, ModelConfig, config_of
from vssflow_dit.engine import fast_bfloat16
from vssflow_dit.evaluation.heldout import SENTENCES
from vssflow_dit.evaluation.renders import line_request
from vssflow_dit.flow import time_grid
from vssflow_dit.lanes import Lanes
from vssflow_dit.model import VSSFlow
from vssflow_dit.sound.audioldm import RELEASED_VAE as VAE
from vssflow_dit.sound.audioldm import RELEASED_VOCODER as VOCODER
from vssflow_dit.sound.audioldm import HiFiGAN, MelVAE
from vssflow_dit.transformer.packed_field import PackedField
from vssflow_dit.transformer.unified import UnifiedModel
from vssflow_post.backend import CueRequest, GenerationSettings
from vssflow_post.timeline import Span

SETTINGS = GenerationSettings(sampler="adams")
"""How weights sample that were taught no few steps, as the full size will."""
EVALUATIONS = SETTINGS.steps
"""One a step."""


def seconds(work: Callable[[], object], runs: int = 3) -> float:
    """The median of some runs after one that warms up."""
    work()
    taken = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def gemm_peak(dtype: torch.dtype) -> float:
    """FLOP/s of the best of some large square products."""
    best = 0.0
    for n in (1024, 1536, 2048):
        a, b = (torch.randn(n, n).to(dtype) for _ in range(2))
        best = max(best, 2 * n**3 / seconds(lambda a=a, b=b: a @ b, 7))  # type: ignore[misc]
    return best


def block_flop(config: ModelConfig, n: int, n_cross: int, guided: bool) -> float:
    """Of one evaluation inside the blocks: n rows a pass, the unconditional one without cross-attention."""
    c = config.dit
    mlp, self_attention = 3 * c.width * c.mlp_width, 4 * c.width**2 + 2 * n * c.width
    cross = 2 * c.width**2 + 2 * n_cross * c.width
    return 2.0 * n * c.depth * ((1 + guided) * (mlp + self_attention) + cross)


def random_model(config: ModelConfig, dtype: torch.dtype) -> VSSFlow:
    """Random weights serve for speed."""
    torch.manual_seed(0)
    unified = UnifiedModel(config).eval().requires_grad_(False)
    unified.dit.to(dtype)
    unified.dit.time.float()
    for buffer in unified.dit.time.buffers():
        buffer.data = buffer.data.float()
    codec, vocoder = MelVAE(VAE).eval().requires_grad_(False), HiFiGAN(VOCODER).eval().requires_grad_(False)
    lanes, brief = Lanes.on(torch.device("cpu")), dtype == torch.bfloat16
    return VSSFlow(unified, codec.in_lanes(lanes, brief), vocoder.in_lanes(lanes, brief), lanes)


def plain_guided(model: PlainDiT, concat: Tensor, cross: Tensor, scale: float) -> Callable[[Tensor, float], Tensor]:
    """The reference's guided field on latents (B, latent, T): all channels carried along, two passes in sequence."""

    def field(x: Tensor, t: float) -> Tensor:
        time = torch.full((len(x),), t, device=x.device, dtype=x.dtype)
        without = model(torch.cat((x, torch.zeros_like(concat)), dim=1), time, torch.zeros_like(cross))
        along = model(torch.cat((x, concat), dim=1), time, cross)
        return (without + scale * (along - without))[:, : x.shape[1]]  # type: ignore[no-any-return]

    return field


def field_of(model: VSSFlow, n: int) -> tuple[PackedField, torch.Tensor]:
    """A guided cue of n tokens, and its noise."""
    features = {s.name: torch.randn(1, n, s.size) for s in model.config.streams if s.kind == "features" and not s.once}
    condition = model.condition(n, **features)
    field = PackedField(model.unified.dit, [condition], [3.0], model.config.window_tokens, lanes=model.lanes)
    return field, torch.randn(n, LATENT_CHANNELS)


def share_of_peak(model: VSSFlow, n: int, peak: float) -> tuple[float, float]:
    """(seconds of an evaluation inside the blocks, their FLOP/s over the peak)."""
    dit, lanes = model.unified.dit, model.lanes
    field, x = field_of(model, n)
    lanes.run(lambda: field(x, 0.5))
    spent: list[float] = []

    def timed(block: torch.nn.Module) -> None:
        inner = block.forward

        def forward(*arguments: object) -> object:
            start = time.perf_counter()
            out = inner(*arguments)
            spent.append(time.perf_counter() - start)
            return out

        block.forward = forward  # type: ignore[method-assign]

    for block in dit.blocks:
        timed(block)
    taken = []
    for _ in range(4):
        spent.clear()
        lanes.run(lambda: field(x, 0.5))
        taken.append(sum(spent) / lanes.n)  # lanes are at work at once
    for block in dit.blocks:
        del block.forward
    rows = n + (dit.config.time == "token")
    n_cross = sum(n if timed else 1 for timed in model.unified.conditions.timed)
    best = statistics.median(taken)
    return best, block_flop(model.config, rows, n_cross, True) / best / peak


@torch.no_grad()
def reference_pass(config: ModelConfig, n: int) -> float:
    """Seconds of one pass of the reference's graph in float32; an evaluation takes two."""
    torch.manual_seed(0)
    concat = sum(s.width for s in config.streams if s.route == "concat")
    plain = PlainDiT(config.dit, LATENT_CHANNELS + concat).requires_grad_(False)
    field = plain_guided(plain, torch.randn(1, concat, n), torch.randn(1, n + 1, config.dit.cross_width), 3.0)
    x = torch.randn(1, LATENT_CHANNELS, n)
    return seconds(lambda: field(x, 0.5), 2) / 2


def dopri5_evaluations(n_cues: int = 4) -> float:
    """How many evaluations the starter's field takes at the reference's tolerance: the mean over some cues."""
    model = VSSFlow.load("starter")
    counts = []
    for k in range(n_cues):
        n = 75
        phonemes = torch.randint(1, 71, (1, 20), generator=torch.Generator().manual_seed(k)).repeat_interleave(15, 1)
        field = PackedField(
            model.unified.dit, [model.condition(n, phoneme=phonemes, voice=torch.tensor([[1 + k % 3]]))], [3.0]
        )
        calls = [0]

        def counted(x: torch.Tensor, t: float, field: PackedField = field, calls: list[int] = calls) -> torch.Tensor:
            calls[0] += 1
            return field(x, t)

        from vssflow_dit.flow import dopri5

        with torch.no_grad():
            dopri5(counted, torch.randn(n, LATENT_CHANNELS, generator=torch.Generator().manual_seed(k)), time_grid(10))
        counts.append(calls[0])
    return statistics.mean(counts)


def starter_rate(kind: str, sampler: str) -> float:
    """Seconds of audio a second through the engine, decoding included."""
    backend = open_engine(replace(SETTINGS, sampler=sampler))
    if kind == "speech":
        asked = [line_request(k, text, "slt") for k, text in enumerate(SENTENCES[:24])]
    else:
        asked = [CueRequest(f"s{k}", "sound", Span.of_seconds(0, 5.0), k, sound="rain") for k in range(12)]
    audio_s = sum(request.span.duration_s for request in asked)
    return audio_s / seconds(lambda: list(backend.render(asked)), 2)


def base_cue(model: VSSFlow, n: int) -> tuple[float, float]:
    """(seconds of sampling, of decoding) of one cue."""
    condition, noise = model.condition(n), torch.randn(1, LATENT_CHANNELS, n)
    when = {"shift": SETTINGS.time_shift, "stretch": SETTINGS.time_stretch}
    start = time.perf_counter()
    latent = model.sample(noise, condition, SETTINGS.sampler, SETTINGS.steps, SETTINGS.guidance, **when)
    sampled = time.perf_counter()
    model.decode(latent)
    return sampled - start, time.perf_counter() - sampled


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--without-base", action="store_true", help="only the starter: a minute")
    chosen = parser.parse_args()
    dtype = torch.bfloat16 if fast_bfloat16() else torch.float32
    peak, peak32 = gemm_peak(dtype), gemm_peak(torch.float32)
    print("| what | measured |\n| --- | --- |")
    row("processor", processor())
    row("threads", f"{torch.get_num_threads()}")
    row(f"peak of matrix products, {type_of(dtype)}", f"{peak / 1e9:.0f} GFLOP/s")
    row("peak of matrix products, float32", f"{peak32 / 1e9:.0f} GFLOP/s")
    measure_starter(dtype, peak)
    if not chosen.without_base:
        measure_base(dtype, peak)


def processor() -> str:
    """Its name, and which of the instructions it has that decide how fast bfloat16 is."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    flags = next((line.split() for line in lines if line.startswith("flags")), [])
    has = [word for flag, word in (("avx512_bf16", "AVX-512 BF16"), ("amx_bf16", "AMX")) if flag in flags]
    return f"{names[0] if names else platform.processor()}, {' and '.join(has) or 'neither AVX-512 BF16 nor AMX'}"


def type_of(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def row(what: str, measured: str) -> None:
    print(f"| {what} | {measured} |", flush=True)


def measure_starter(dtype: torch.dtype, peak: float) -> None:
    for kind in ("speech", "sound"):
        few, many = starter_rate(kind, "distilled"), starter_rate(kind, SETTINGS.sampler)
        row(f"starter: seconds of {kind} a second, decoding included", f"{few:.1f}")
        row(
            f"starter: the same by {SETTINGS.sampler}; its few steps are faster by",
            f"{many:.1f}; {few / many:.1f} times",
        )
    with torch.no_grad():
        _, share = share_of_peak(VSSFlow.load("starter", dtype=dtype), 375, peak)
    row("starter: reached inside the blocks, of the peak, 15 s in one batch", f"{share:.0%}")


def measure_base(dtype: torch.dtype, peak: float) -> None:
    config = config_of("base")
    n, window_s = config.window_tokens, config.window_s
    model = random_model(config, dtype)
    flop = block_flop(config, n + 1, n + 1, True)
    row("base: FLOP of a guided evaluation inside the blocks", f"{flop / 1e9:.0f} G")
    row(f"base: FLOP of a second of audio, {EVALUATIONS} evaluations", f"{flop * EVALUATIONS / window_s / 1e12:.2f} T")
    with torch.no_grad():
        inside, share = share_of_peak(model, n, peak)
    row("base: a guided evaluation inside the blocks", f"{inside:.2f} s")
    row("base: reached inside the blocks, of the peak", f"{share:.0%}")
    sampling, decoding = base_cue(model, n)
    row(f"base: a cue of {window_s:g} s by {SETTINGS.sampler}, sampling", f"{sampling:.1f} s")
    row(f"base: decoding it ({type_of(dtype)} where that is exact enough)", f"{decoding:.1f} s")
    row("base: seconds of audio a second, decoding included", f"{window_s / (sampling + decoding):.2f}")
    del model
    one, evaluations = reference_pass(config, n), dopri5_evaluations()
    row("reference's procedure: one pass, float32, plain graph", f"{one:.2f} s")
    row("reference's procedure: evaluations of dopri5 at 1e-5, counted on the starter", f"{evaluations:.0f}")
    for count in (evaluations, 308.0):
        whole = one * 2 * count
        row(
            f"reference's procedure: sampling a cue with {count:.0f} evaluations; ours is faster by",
            f"{whole:.0f} s; {whole / sampling:.0f} times",
        )


if __name__ == "__main__":
    main()
