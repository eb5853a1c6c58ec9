"""A folder of weights: safetensors only, one file a part, the config inside, an index of sha256 digests."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from vssflow_dit.config import ModelConfig
from vssflow_dit.durations import DurationModel
from vssflow_dit.model import UnifiedModel
from vssflow_dit.strikes import StrikeNet
from vssflow_dit.vocoder import Vocoder
from vssflow_post.errors import UsageError

STARTER = Path(__file__).parent / "weights"
"""The starter ships inside the package."""
INDEX = "index.json"
PARTS = ("model.safetensors", "vocoder.safetensors", "durations.safetensors", "strikes.safetensors")


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """Everything a folder of weights holds, loaded."""

    model: UnifiedModel
    vocoder: Vocoder
    durations: DurationModel
    strikes: StrikeNet
    digest: str
    """sha256 over the index: names every byte of every part."""


def folder_of(name: str) -> Path:
    """The folder that a preset's `weights` means: `starter`, or a path. Raises UsageError where there is none."""
    folder = STARTER if name == "starter" else Path(name)
    if not (folder / INDEX).is_file():
        raise UsageError(f"no weights at {folder}: expected a folder with {INDEX} (or the name 'starter')")
    return folder


def digest_of(path: Path) -> str:
    """sha256 (hex) of a file."""
    sha = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            sha.update(block)
    return sha.hexdigest()


def write_index(folder: Path) -> None:
    """Digest the parts; call it last."""
    digests = {name: digest_of(folder / name) for name in PARTS}
    (folder / INDEX).write_text(json.dumps({"version": 1, "sha256": digests}, indent=1, sort_keys=True) + "\n")


def verified_digest(folder: Path) -> str:
    """sha256 of the index, after checking every part against it. Raises UsageError naming the part that differs."""
    text = (folder / INDEX).read_text()
    try:
        digests = json.loads(text)["sha256"]
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{folder / INDEX} is not an index of weights: {error}") from error
    if set(digests) != set(PARTS):
        raise UsageError(f"{folder / INDEX} names {', '.join(sorted(digests))}; expected {', '.join(PARTS)}")
    for name in PARTS:
        if not (folder / name).is_file() or digest_of(folder / name) != digests[name]:
            raise UsageError(
                f"{folder / name} is missing or differs from its digest in {INDEX}: fetch the weights again"
            )
    return hashlib.sha256(text.encode()).hexdigest()


def save_model(model: UnifiedModel, path: Path) -> None:
    """Half precision, the config in the metadata."""
    tensors = {name: tensor.detach().to(torch.float16).contiguous() for name, tensor in model.state_dict().items()}
    save_file(tensors, path, metadata={"config": model.config.to_json()})


def load_model(path: Path) -> UnifiedModel:
    """Strict about names, shapes and finite values. Raises UsageError for a file that is no model of ours."""
    try:
        with safe_open(path, framework="pt") as file:
            config = ModelConfig.from_json((file.metadata() or {})["config"])
            tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118 (safe_open is no mapping)
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise UsageError(f"{path} holds no model: {error}") from error
    for name, tensor in tensors.items():
        if not torch.isfinite(tensor).all():
            raise UsageError(f"{path}: tensor {name} has values that are not finite")
    model = UnifiedModel(config)
    try:
        model.load_state_dict(tensors, strict=True)
    except RuntimeError as error:
        raise UsageError(f"{path} does not fit its own config: {error}") from error
    return model.eval().requires_grad_(False)


def load(name: str) -> Weights:
    """The weights that `name` means, verified."""
    folder = folder_of(name)
    digest = verified_digest(folder)
    return Weights(
        load_model(folder / "model.safetensors"),
        Vocoder.load(folder / "vocoder.safetensors"),
        DurationModel.load(folder / "durations.safetensors"),
        StrikeNet.load(folder / "strikes.safetensors"),
        digest,
    )
