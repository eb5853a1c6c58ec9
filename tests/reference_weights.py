"""The reference's golden data (the released code, run at a small size on random weights), and its weights imported."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor

DATA = Path(__file__).parent / "data"
WEIGHTS = DATA / "vssflow_a_weights.safetensors"
IO = DATA / "vssflow_a_io.safetensors"


def golden() -> dict[str, Tensor]:
    """Inputs `in.*` and what the reference made of them, `out.*`."""
    return load_file(IO)


def tensors() -> dict[str, Tensor]:
    """The reference's tensors under its own names."""
    return load_file(WEIGHTS)


def configuration(folder: Path) -> Path:
    """The three configurations in the golden weights' metadata, as a file for `--config`."""
    with safe_open(WEIGHTS, "pt") as file:
        table = {name: json.loads(file.metadata()[name]) for name in ("dit", "vae", "vocoder")}
    path = folder / "config.json"
    path.write_text(json.dumps(table))
    return path


def lightning(folder: Path, state: dict[str, Tensor]) -> Path:
    """A checkpoint as Lightning writes it, with more in it than tensors."""
    path = folder / "small.ckpt"
    torch.save({"epoch": 3, "global_step": 7, "state_dict": state, "optimizer_states": [{"lr": 0.1}]}, path)
    return path


def relative(found: Tensor, wanted: Tensor) -> float:
    return float((found - wanted).norm() / wanted.norm())
