"""A folder of weights: safetensors only, one file a part, the config inside, an index of sha256 digests."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import torch
from safetensors.torch import save_file
from torch import nn

from vssflow_dit.config import FAMILIES, FEW_STEPS, INDEX, MODEL, VAE, VOCODER, ModelConfig, folder_of, index_digest
from vssflow_dit.lanes import Lanes
from vssflow_dit.sound.audioldm import HiFiGAN, MelVAE
from vssflow_dit.sound.vocoder import Vocoder
from vssflow_dit.tensors import configuration_in, fill, metadata_of
from vssflow_dit.transformer.unified import MelCodec, MelVocoder, UnifiedModel
from vssflow_post.errors import UsageError

M = TypeVar("M", bound=nn.Module)


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """A verified folder and the three parts of a model that were read from it: `VSSFlow.of` puts them together."""

    folder: Path
    unified: UnifiedModel
    codec: MelCodec
    vocoder: MelVocoder
    lanes: Lanes
    """Where codec and vocoder compute, and the whole model with them."""
    digest: str
    """sha256 over the index: names every byte of every part."""
    parts: frozenset[str]
    """Files that the index names: what is not among them is never read."""

    def part(self, name: str) -> Path | None:
        """The file of a part; None where the weights have none."""
        return self.folder / name if name in self.parts else None


def digest_of(path: Path) -> str:
    """sha256 (hex) of a file."""
    with path.open("rb") as file:
        sha = hashlib.sha256()
        while block := file.read(1 << 20):
            sha.update(block)
    return sha.hexdigest()


def write_index(folder: Path) -> None:
    """Digest the parts; call it last."""
    digests = {path.name: digest_of(path) for path in sorted(folder.glob("*.safetensors"))}
    (folder / INDEX).write_text(json.dumps({"version": 1, "sha256": digests}, indent=1, sort_keys=True) + "\n")


def verified(folder: Path) -> tuple[str, frozenset[str]]:
    """(sha256 of the index, the parts it names), after checking each against it.

    Raises UsageError naming the part that differs.
    """
    try:
        text = (folder / INDEX).read_text("utf-8")
        digests = dict(json.loads(text)["sha256"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise UsageError(f"{folder / INDEX} is not an index of weights: {error}") from error
    known = {name for family in FAMILIES.values() for name in (*family.parts, *family.optional)}
    if MODEL not in digests or not set(digests) <= known:
        raise UsageError(f"{folder / INDEX} names {', '.join(sorted(digests))}; expected parts of a model")
    for name, digest in sorted(digests.items()):
        if not (folder / name).is_file() or digest_of(folder / name) != digest:
            raise UsageError(
                f"{folder / name} is missing or differs from its digest in {INDEX}: fetch the weights again"
            )
    return index_digest(text), frozenset(digests)


def config_in(folder: Path, parts: frozenset[str], model: str = MODEL) -> ModelConfig:
    """The configuration in a folder's model. Raises UsageError where there is none, or `parts` lacks what it needs."""
    path = folder / model
    try:
        config = ModelConfig.from_json(metadata_of(path)["config"])
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"{path} holds no model: {error}") from error
    missing = [part for part in config.family.parts if part not in parts]
    if missing:
        raise UsageError(f"{folder / INDEX} lacks {', '.join(missing)}, which its model needs")
    return config


def save_model(model: UnifiedModel, path: Path) -> None:
    """Half precision, the config in the metadata."""
    tensors = {name: tensor.detach().to(torch.float16).contiguous() for name, tensor in model.state_dict().items()}
    save_file(tensors, path, metadata={"config": model.config.to_json()})


def load_model(path: Path, config: ModelConfig, dtype: torch.dtype) -> UnifiedModel:
    """Strict about names, shapes and finite values; the transformer's matrices in `dtype`, all else in float32.

    Raises UsageError for a file that does not fit its config.
    """
    with torch.device("meta"):
        model = UnifiedModel(config)

    def kept_in(name: str) -> torch.dtype:
        # The time's Fourier features turn a small difference in t into another angle: they stay exact.
        return dtype if name.startswith("dit.") and not name.startswith("dit.time.") else torch.float32

    fill(model, path, kept_in)
    return model


def load(
    name: str,
    device: torch.device | None = None,
    dtype: torch.dtype = torch.float32,
    lanes: Lanes | None = None,
    distilled: bool = False,
) -> Weights:
    """The weights that `name` means, verified and loaded, to compute in `lanes` (by default, see `VSSFlow`).

    `distilled`: their model of few steps, where they have one.
    """
    folder = folder_of(name)
    digest, parts = verified(folder)
    model = FEW_STEPS if distilled and FEW_STEPS in parts else MODEL
    config = config_in(folder, parts, model)
    device = device or torch.device("cpu")
    unified = _ready(load_model(folder / model, config, dtype), device)
    lanes, brief = lanes or Lanes.on(device), dtype == torch.bfloat16
    own_codec, own_vocoder = config.family.codec == "linear", config.family.vocoder == "sources"
    codec: MelCodec = unified.codec if own_codec else _vae(folder / VAE, device, lanes, brief)
    vocoder: MelVocoder = (
        Vocoder.load(folder / VOCODER).to(device) if own_vocoder else _hifigan(folder / VOCODER, device, lanes, brief)
    )
    return Weights(folder, unified, codec, vocoder, lanes, digest, parts)


def _vae(path: Path, device: torch.device, lanes: Lanes, brief: bool) -> MelVAE:
    with torch.device("meta"):
        vae = MelVAE(configuration_in(path))
    fill(vae.vae, path, lambda name: torch.float32)
    return _ready(vae.in_lanes(lanes, brief) if lanes.n else vae, device)


def _hifigan(path: Path, device: torch.device, lanes: Lanes, brief: bool) -> HiFiGAN:
    with torch.device("meta"):
        gan = HiFiGAN(configuration_in(path))
    fill(gan.net, path, lambda name: torch.float32)
    return _ready(gan.in_lanes(lanes, brief) if lanes.n else gan, device)


def _ready(module: M, device: torch.device) -> M:
    return module.to(device).eval().requires_grad_(False)
