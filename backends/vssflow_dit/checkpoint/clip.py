"""The picture side of CLIP in an imported checkpoint: OpenAI's names to those of transformers."""

from __future__ import annotations

import torch

from vssflow_dit.checkpoint.lightning import Checkpoint
from vssflow_dit.picture.image_encoder import tower, vision_model
from vssflow_dit.tensors import Planned

PREFIX = "image_encoder."
RENAMED = {
    "class_embedding": "embeddings.class_embedding",
    "conv1.weight": "embeddings.patch_embedding.weight",
    "positional_embedding": "embeddings.position_embedding.weight",
}
"""OpenAI's names of what lies before the layers, and transformers'."""
LAYER = {"attn.out_proj": "self_attn.out_proj", "ln_1": "layer_norm1", "ln_2": "layer_norm2",
         "mlp.c_fc": "mlp.fc1", "mlp.c_proj": "mlp.fc2"}  # fmt: skip


def plan_image_encoder(checkpoint: Checkpoint) -> dict[str, Planned]:
    """OpenAI's picture side from a checkpoint that kept it, under transformers' names; empty where it did not, or keeps
    something else there."""
    found = {name.rsplit("visual.", 1)[-1]: name for name in checkpoint.names(PREFIX)}
    with torch.device("meta"):
        wanted = {name: tuple(tensor.shape) for name, tensor in tower(vision_model()).state_dict().items()}
    plan: dict[str, Planned] = {}
    for theirs, full in found.items():
        for ours, rows in _renamed(theirs):
            part = checkpoint.part(full, wanted[ours], rows) if ours in wanted else None
            if part is not None:
                plan[ours] = part
    return plan if set(plan) == set(wanted) else {}


def _renamed(name: str) -> list[tuple[str, tuple[int, int]]]:
    """Our names for one of OpenAI's tensors, and which third of its rows each is: queries, keys, values lie stacked."""
    whole = (0, 1)
    for theirs, ours in (("ln_pre.", "pre_layrnorm."), ("ln_post.", "post_layernorm.")):
        if name.startswith(theirs):
            return [(name.replace(theirs, ours), whole)]
    if not name.startswith("transformer.resblocks."):
        return [(RENAMED.get(name, ""), whole)]
    number, rest = name.removeprefix("transformer.resblocks.").split(".", 1)
    layer = f"encoder.layers.{number}"
    if rest.startswith("attn.in_proj_"):
        kind = rest.removeprefix("attn.in_proj_")
        return [(f"{layer}.self_attn.{x}_proj.{kind}", (k, 3)) for k, x in enumerate("qkv")]
    module, _, kind = rest.rpartition(".")
    return [(f"{layer}.{LAYER.get(module, '')}.{kind}", whole)]
