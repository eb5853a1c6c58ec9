"""Examples of the full size, from files of features: one safetensors file an example.

A file holds `latent` (channels, tokens), what the VAE made of the clip's sound, and an array for each stream of the
model that the clip has: features (rows, size) at the stream's own rate, ids (n,). What a file lacks is nothing: a clip
of sounds has no lips and no phonemes, a talking head may have no CLIP. All clips last one window of the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from vssflow_dit.config import ModelConfig, Stream
from vssflow_post.errors import UsageError

Arrays = dict[str, npt.NDArray[np.float32]]


@dataclass(frozen=True, slots=True, eq=False)
class FeatureFiles:
    """A folder of them as a `joint.Source`: each step and rank draws its own files."""

    config: ModelConfig
    paths: tuple[Path, ...]
    batch_size: int
    seed: int = 1

    @classmethod
    def of(cls, folder: Path, config: ModelConfig, batch_size: int, seed: int = 1) -> FeatureFiles:
        """Raises UsageError for a folder without files, or whose first file does not fit the model."""
        paths = tuple(sorted(folder.rglob("*.safetensors")))
        if not paths:
            raise UsageError(f"no feature files (*.safetensors) in {folder}: docs/training.md says what they hold")
        files = cls(config, paths, batch_size, seed)
        files.example(paths[0])
        return files

    def batch(self, step: int, rank: int) -> tuple[Tensor, dict[str, Tensor]]:
        """See `joint.Source`."""
        chosen = np.random.default_rng((self.seed, rank, step)).integers(0, len(self.paths), self.batch_size)
        examples = [self.example(self.paths[k]) for k in chosen]
        latents = torch.from_numpy(np.stack([latent for latent, _ in examples]))
        return latents, {s.name: _stacked(s, [found for _, found in examples]) for s in self.config.streams}

    def example(self, path: Path) -> tuple[npt.NDArray[np.float32], Arrays]:
        """One file's latent (C, T) and its streams. Raises UsageError, naming the file, for what does not fit."""
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        try:
            arrays = load_file(path)
        except (OSError, SafetensorError) as error:
            raise UsageError(f"{path}: {error}") from error
        wanted = (self.config.dit.latent_channels, self.config.window_tokens)
        latent = arrays.pop("latent", np.zeros(0))
        if latent.shape != wanted:
            raise UsageError(f"{path}: latent is {latent.shape}, and {self.config.name} wants {wanted}")
        streams = {stream.name: stream for stream in self.config.streams}
        for name, values in arrays.items():
            if name not in streams:
                raise UsageError(f"{path}: {self.config.name} has no stream {name}; it has {', '.join(streams)}")
            size = streams[name].size
            if streams[name].kind == "features" and (values.ndim != 2 or values.shape[1] != size):
                raise UsageError(f"{path}: {name} is {values.shape}, and its rows want {size} channels")
            if not np.isfinite(values).all():
                raise UsageError(f"{path}: {name} is not finite")
        return latent.astype(np.float32), arrays


def _stacked(stream: Stream, found: Sequence[Arrays]) -> Tensor:
    """One stream of a batch: as many rows as the longest has, zeros where a clip has fewer or none."""
    rows = [example.get(stream.name) for example in found]
    longest = max((len(values) for values in rows if values is not None), default=1)
    of_a_row, kind = ((), np.int64) if stream.kind == "ids" else ((stream.size,), np.float32)
    out = np.zeros((len(rows), longest, *of_a_row), kind)
    for k, values in enumerate(rows):
        if values is not None:
            out[k, : len(values)] = values
    return torch.from_numpy(out)
