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

from vssflow_dit.lanes import Lanes
from vssflow_dit.tensors import fill

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


def vision_model() -> Any:
    """CLIP's picture side in its one shape, on whatever device torch builds on."""
    from transformers import CLIPVisionConfig, CLIPVisionModel

    return CLIPVisionModel(CLIPVisionConfig(**SHAPE))


def tower(model: Any) -> nn.Module:
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
                model = vision_model()
            fill(tower(model), part, lambda tensor: dtype)
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
