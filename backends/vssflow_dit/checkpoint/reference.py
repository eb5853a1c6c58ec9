"""The reference's checkpoint to a folder of weights: every tensor by name and shape, nothing guessed, nothing dropped.

The released code's layout (`vasflow1/vssflow`): `vaflow.*` the transformer, `lip_proj`, `synch_proj`, `ref_proj` and
`cond_proj` the projections of the conditions, `phone_embedding`, `vae.*` (diffusers), `vocoder.*` (transformers) and,
where it was kept, `image_encoder.*` (CLIP's picture side).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from vssflow_dit.checkpoint.clip import PREFIX as IMAGE_ENCODER_PREFIX
from vssflow_dit.checkpoint.clip import plan_image_encoder
from vssflow_dit.checkpoint.lightning import Checkpoint
from vssflow_dit.checkpoint.plain import PlainDiT
from vssflow_dit.checkpoint.weights import write_index
from vssflow_dit.config import (
    IMAGE_ENCODER,
    INDEX,
    MODEL,
    TOKEN_RATE_HZ,
    VAE,
    VOCODER,
    DiTConfig,
    ModelConfig,
    config_of,
)
from vssflow_dit.sound import audioldm
from vssflow_dit.tensors import Planned, write_tensors
from vssflow_post.errors import UsageError

PROJECTIONS = {"lip": "lip_proj", "sync": "synch_proj", "speaker": "ref_proj", "clip": "cond_proj"}
"""Stream -> the reference's name for its projection."""
DIT_KEYS = {
    "sample_size", "in_channels", "num_layers", "attention_head_dim", "num_attention_heads",
    "num_key_value_attention_heads", "out_channels", "cross_attention_dim", "time_proj_dim",
}  # fmt: skip
UNUSED_DIT_KEYS = {"global_states_input_dim", "cross_attention_input_dim"}
"""Of Stable Audio's transformer; the reference removed what they size."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """The three configurations that shapes alone do not tell."""

    model: ModelConfig
    vae: Mapping[str, Any]
    vocoder: Mapping[str, Any]

    @property
    def latent_channels(self) -> int:
        return self.model.dit.latent_channels

    @property
    def channels(self) -> int:
        """Latent and concatenated channels together."""
        return self.latent_channels + sum(s.width for s in self.model.streams if s.route == "concat")


def released() -> Sizes:
    """The released configuration."""
    return Sizes(config_of("base"), audioldm.RELEASED_VAE, audioldm.RELEASED_VOCODER)


def sizes_from(path: Path, checkpoint: Checkpoint) -> Sizes:
    """From a file with each part's own configuration, `{"dit": {...}, "vae": {...}, "vocoder": {...}}`, and the widths
    of the projections from the checkpoint. Raises UsageError naming what does not fit."""
    parts = _parts(path)
    dit = parts["dit"]
    levels = len(parts["vae"]["block_out_channels"])
    latent = int(parts["vae"]["latent_channels"]) * int(parts["vocoder"]["model_in_dim"]) // 2 ** (levels - 1)
    widths = {stream: checkpoint.shape(f"{name}.2.weight")[0] for stream, name in PROJECTIONS.items()}
    rows, widths["phoneme"] = checkpoint.shape("phone_embedding.weight")
    base = config_of("base")
    streams = tuple(
        replace(s, width=widths[s.name], size=rows - 1 if s.name == "phoneme" else s.size) for s in base.streams
    )
    model = replace(
        base,
        name="reference",
        streams=streams,
        window_s=int(dit["sample_size"]) / TOKEN_RATE_HZ,
        shortest_s=int(dit["sample_size"]) / TOKEN_RATE_HZ,
        dit=_transformer(dit, latent),
    )
    sizes = Sizes(model, parts["vae"], parts["vocoder"])
    if sizes.channels != int(dit["in_channels"]):
        raise UsageError(
            f"{path}: dit.in_channels is {dit['in_channels']}, but latent ({latent}) and lip, phoneme and sync "
            f"projections of the checkpoint make {sizes.channels}"
        )
    return sizes


def _transformer(dit: Mapping[str, Any], latent_channels: int) -> DiTConfig:
    """From Stable Audio's names of its sizes."""
    width = int(dit["num_attention_heads"]) * int(dit["attention_head_dim"])
    return DiTConfig(
        width=width,
        depth=int(dit["num_layers"]),
        heads=int(dit["num_attention_heads"]),
        mlp_width=4 * width,
        cross_width=int(dit["cross_attention_dim"]),
        cross_heads=int(dit["num_key_value_attention_heads"]),
        time="token",
        qk_norm=False,
        rotary_fraction=0.5,
        latent_channels=latent_channels,
        time_frequencies=int(dit["time_proj_dim"]) // 2,
    )


def _parts(path: Path) -> dict[str, dict[str, Any]]:
    """The file's three tables. Raises UsageError where one is missing, or the transformer's has other keys."""
    try:
        table = json.loads(path.read_text("utf-8"))
        parts = {name: table[name] for name in ("dit", "vae", "vocoder")}
        tables = {name: dict(json.loads(part) if isinstance(part, str) else part) for name, part in parts.items()}
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UsageError(
            f"{path} is not a configuration: expected one JSON object with dit, vae and vocoder ({error})"
        ) from error
    unknown = sorted(key for key in set(tables["dit"]) - DIT_KEYS - UNUSED_DIT_KEYS if not key.startswith("_"))
    missing = sorted(DIT_KEYS - set(tables["dit"]))
    if unknown or missing:
        raise UsageError(
            f"{path}: dit: " + (f"unknown key {unknown[0]}" if unknown else f"key {missing[0]} is missing")
        )
    return tables


def import_checkpoint(source: Path, config: Path | None, out: Path, say: Callable[[str], object]) -> None:
    """Writes `source`, a Lightning checkpoint or a safetensors file of the same names, as a folder of weights.

    Raises UsageError naming each tensor that is missing, extra or misshapen; then nothing is written.
    """
    if (out / INDEX).exists():
        raise UsageError(f"{out} holds weights already: give another folder")
    with Checkpoint.opened(source) as checkpoint:
        sizes = sizes_from(config, checkpoint) if config else released()
        plans = {
            MODEL: (plan_model(sizes, checkpoint), {"config": sizes.model.to_json()}),
            VAE: (_plan_part("vae", audioldm.MelVAE, sizes.vae, checkpoint), {"config": json.dumps(sizes.vae)}),
            VOCODER: (
                _plan_part("vocoder", audioldm.HiFiGAN, sizes.vocoder, checkpoint),
                {"config": json.dumps(sizes.vocoder), "format": "speecht5_hifigan"},
            ),
        }
        image_encoder = plan_image_encoder(checkpoint)
        if image_encoder:
            plans[IMAGE_ENCODER] = (image_encoder, {})
        wanted = f"the sizes in {config}" if config else "the released sizes (others come from --config)"
        checkpoint.check(IMAGE_ENCODER_PREFIX, wanted)
        out.mkdir(parents=True, exist_ok=True)
        for name, (tensors, metadata) in plans.items():
            write_tensors(out / name, tensors, metadata)
            say(f"{name}: {len(tensors)} tensors, {(out / name).stat().st_size / 1e6:.1f} MB")
    write_index(out)


def plan_model(sizes: Sizes, checkpoint: Checkpoint) -> dict[str, Planned]:
    """The transformer and the conditions, from the reference's names to ours."""
    config = sizes.model
    with torch.device("meta"):
        shapes = {name: tuple(t.shape) for name, t in PlainDiT(config.dit, sizes.channels).state_dict().items()}
    source = {name: checkpoint.take(f"vaflow.{name}", shape) for name, shape in shapes.items()}
    plan = _folded(sizes, source)
    plan["dit.time.frequencies"] = source["time_proj.weight"]
    for theirs, ours in (("0", "enter"), ("2", "leave")):
        for kind in ("weight", "bias"):
            plan[f"dit.time.{ours}.{kind}"] = source[f"timestep_proj.{theirs}.{kind}"]
    for k in range(config.dit.depth):
        plan.update(_block(f"transformer_blocks.{k}", f"dit.blocks.{k}", source))
    for stream in config.streams:
        name = f"conditions.streams.{stream.name}"
        if stream.kind == "ids":
            plan[f"{name}.table"] = checkpoint.take("phone_embedding.weight", (stream.size + 1, stream.width))
            continue
        for layer, shape in (("0", (2 * stream.width, stream.size)), ("2", (stream.width, 2 * stream.width))):
            plan[f"{name}.project.{layer}.weight"] = checkpoint.take(
                f"{PROJECTIONS[stream.name]}.{layer}.weight", shape
            )
    return plan


def _block(theirs: str, ours: str, source: Mapping[str, Planned]) -> dict[str, Planned]:
    """A transformer block: projections that read the same rows become one matrix."""
    plan = {
        f"{ours}.attention.qkv.weight": _stacked([source[f"{theirs}.attn1.to_{x}.weight"] for x in "qkv"]),
        f"{ours}.attention.out.weight": source[f"{theirs}.attn1.to_out.0.weight"],
        f"{ours}.cross.q.weight": source[f"{theirs}.attn2.to_q.weight"],
        f"{ours}.cross.kv.weight": _stacked([source[f"{theirs}.attn2.to_{x}.weight"] for x in "kv"]),
        f"{ours}.cross.out.weight": source[f"{theirs}.attn2.to_out.0.weight"],
    }
    for kind in ("weight", "bias"):
        plan[f"{ours}.mlp.up.{kind}"] = source[f"{theirs}.ff.net.0.proj.{kind}"]
        plan[f"{ours}.mlp.down.{kind}"] = source[f"{theirs}.ff.net.2.{kind}"]
        for k in range(3):
            plan[f"{ours}.norms.{k}.{kind}"] = source[f"{theirs}.norm{k + 1}.{kind}"]
    return plan


def _folded(sizes: Sizes, source: Mapping[str, Planned]) -> dict[str, Planned]:
    """Both ends without their residual 1x1 convolutions: W(Px + x) = (W(P + 1))x, and only the latent's rows come out.

    Folded in double precision, stored in single: exact to its rounding.
    """
    n, latent, width = sizes.channels, sizes.latent_channels, sizes.model.dit.width

    def residual(name: str) -> Tensor:
        return source[name].make()[:, :, 0].double() + torch.eye(n, dtype=torch.float64)

    def entering() -> Tensor:
        return source["proj_in.weight"].make().double() @ residual("preprocess_conv.weight")

    def leaving() -> Tensor:
        return residual("postprocess_conv.weight")[:latent] @ source["proj_out.weight"].make().double()

    return {
        "dit.latent_in.weight": Planned((width, latent), torch.float32, lambda: entering()[:, :latent]),
        "dit.concat_in.weight": Planned((width, n - latent), torch.float32, lambda: entering()[:, latent:]),
        "dit.latent_out.weight": Planned((latent, width), torch.float32, leaving),
    }


def _stacked(parts: Sequence[Planned]) -> Planned:
    shape = (sum(part.shape[0] for part in parts), *parts[0].shape[1:])
    return Planned(shape, parts[0].dtype, lambda: torch.cat([part.make() for part in parts]))


def _plan_part(
    prefix: str, build: Callable[[Mapping[str, Any]], nn.Module], config: Mapping[str, Any], checkpoint: Checkpoint
) -> dict[str, Planned]:
    """Another package's module keeps its own names, below the reference's prefix."""
    try:
        with torch.device("meta"):
            (module,) = build(config).children()
    except (TypeError, ValueError, KeyError) as error:
        raise UsageError(f"the configuration of {prefix} builds nothing: {error}") from error
    return {
        name: checkpoint.take(f"{prefix}.{name}", tuple(tensor.shape)) for name, tensor in module.state_dict().items()
    }
