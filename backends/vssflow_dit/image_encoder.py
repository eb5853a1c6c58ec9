"""CLIP ViT-B/16 (arXiv 2103.00020): what each picture shows, as the 768 values of its class token after `ln_post`.

Its weights come from the imported checkpoint, a local folder or the hub's cache; nothing is ever downloaded.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from vssflow_dit.checkpoints import Checkpoint
from vssflow_dit.lanes import Lanes
from vssflow_dit.tensor_files import Planned, fill

PREFIX = "image_encoder."
WIDTH = 768
SIZE = 224
RATE_HZ = 10.0
"""Pictures a second that the reference looks at."""
AT_ONCE = 16
MEAN = (0.48145466, 0.4578275, 0.40821073)
SPREAD = (0.26862954, 0.26130258, 0.27577711)
SHAPE: dict[str, Any] = {
    "hidden_size": WIDTH, "intermediate_size": 4 * WIDTH, "num_hidden_layers": 12, "num_attention_heads": 12,
    "image_size": SIZE, "patch_size": 16, "projection_dim": 512, "hidden_act": "quick_gelu",
}  # fmt: skip
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
        wanted = {name: tuple(tensor.shape) for name, tensor in _tower(_vision_model()).state_dict().items()}
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


def _vision_model() -> Any:
    from transformers import CLIPVisionConfig, CLIPVisionModel

    return CLIPVisionModel(CLIPVisionConfig(**SHAPE))


def _tower(model: Any) -> nn.Module:
    """The transformer proper, which some versions of transformers wrap once more."""
    tower: nn.Module = getattr(model, "vision_model", model)
    return tower


class ImageEncoder:
    """Pictures (B, height, width, 3), 8-bit RGB, to (B, 768): on a CPU each by itself, in lanes."""

    def __init__(self, model: Any, device: torch.device, dtype: torch.dtype, lanes: Lanes | None = None) -> None:
        self._model = model.to(device, dtype).eval().requires_grad_(False)
        self._device, self._dtype, self._lanes = device, dtype, lanes or Lanes.on(device)
        self._mean, self._spread = (torch.tensor(x, device=device)[:, None, None] for x in (MEAN, SPREAD))

    @classmethod
    def found(
        cls, part: Path | None, name: str, device: torch.device, dtype: torch.dtype, lanes: Lanes | None = None
    ) -> ImageEncoder | None:
        """From the weights' own part, else from `name` (a folder, or a hub id in the hub's cache); None without any.

        Only safetensors are read.
        """
        if part is not None:
            with torch.device("meta"):
                model = _vision_model()
            fill(_tower(model), part, lambda tensor: dtype)
            for module in model.modules():  # positions are no weights: they are in no file
                if hasattr(module, "position_ids"):
                    module.position_ids = torch.arange(module.position_ids.shape[-1])[None]
            return cls(model, device, dtype, lanes)
        from transformers import CLIPVisionModel

        try:
            model = CLIPVisionModel.from_pretrained(name, local_files_only=True, use_safetensors=True)
        except (OSError, ValueError):
            return None
        return cls(model, device, dtype, lanes)

    def features(self, pictures: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        together = torch.from_numpy(pictures)
        parts = torch.split(together, 1) if self._lanes.n else (together,)
        return torch.cat(self._lanes.map(self._seen, parts)).cpu().numpy()

    def _seen(self, pictures: Tensor) -> Tensor:
        """(B, height, width, 3) to (B, 768)."""
        pixels = pictures.to(self._device).permute(0, 3, 1, 2).float() / 255
        resized = nn.functional.interpolate(pixels, (SIZE, SIZE), mode="bicubic", antialias=True).clamp(0, 1)
        seen = self._model(pixel_values=((resized - self._mean) / self._spread).to(self._dtype)).pooler_output
        return seen.float()  # type: ignore[no-any-return]
