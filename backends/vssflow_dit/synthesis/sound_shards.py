"""Sounds, their conditions and pictures of some, written in shards: a killed run goes on, and a digest names the data.

docs/training.md describes the files. The same recipe gives the same digest on the same machine and libraries.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from vssflow_dit.sound.mel import FRAME_RATE_HZ, log_mel
from vssflow_dit.synthesis.clips import Clip, class_of, draw_clip
from vssflow_dit.synthesis.picture_files import packed, replacing, unpacked
from vssflow_dit.synthesis.pictures import draw
from vssflow_dit.synthesis.recordings import installed
from vssflow_dit.synthesis.waves import RATE_HZ
from vssflow_post.backend import Frame
from vssflow_post.errors import UsageError

CLIP_S = 6.0


@dataclass(frozen=True, slots=True)
class Recipe:
    """What sounds are made by; another recipe is other data."""

    seed: int
    classes: tuple[str, ...]
    recordings: Path | None = None
    """Where the packages of recordings lie, see `packages.ROOT`; None uses none."""
    clips_a_shard: int = 50
    pictured: int = 10
    """Every so many clips have their picture drawn (0: none): pictures are large, and the transformer reads curves."""

    def facts(self) -> dict[str, Any]:
        """What a shard remembers of the recipe: recordings by what they are, not by where they lie."""
        used = installed(self.recordings).facts() if self.recordings else []
        sizes = {"clips_a_shard": self.clips_a_shard, "pictured": self.pictured}
        return {"seed": self.seed, "classes": list(self.classes), "recordings": used, **sizes}


def write_sounds(
    folder: Path, n_clips: int, recipe: Recipe, workers: int, progress: Callable[[int, int], None]
) -> list[Mapping[str, Any]]:
    """`n_clips` clips, in whole shards, in `folder`; shards that are there are kept. Returns what each says of itself.

    Raises UsageError where `folder` holds sounds of another recipe.
    """
    folder.mkdir(parents=True, exist_ok=True)
    numbers = range(-(-n_clips // recipe.clips_a_shard))
    facts = recipe.facts()
    missing = [k for k in numbers if not _is_complete(folder, k, facts)]
    done = len(numbers) - len(missing)
    progress(done, len(numbers))
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        for _ in pool.map(partial(_write_shard, folder, recipe, facts), missing):
            done += 1
            progress(done, len(numbers))
    return [json.loads(_named(folder, k, "json").read_text()) for k in numbers]


def frames_of(shard: Path, picture: int) -> Iterator[Frame]:
    """One of the pictures in a shard's .npz, grey only; `picture` k is that of clip k * `Recipe.pictured`."""
    return unpacked(shard, picture)


def _named(folder: Path, number: int, kind: str) -> Path:
    return folder / f"{number:04d}.{kind}"


def _is_complete(folder: Path, number: int, facts: Mapping[str, Any]) -> bool:
    path = _named(folder, number, "json")  # written last
    if not path.exists():
        return False
    if json.loads(path.read_text())["recipe"] != facts:
        raise UsageError(f"{path} is of another seed, other classes or other recordings: choose another folder")
    return True


def _write_shard(folder: Path, recipe: Recipe, facts: Mapping[str, Any], number: int) -> None:
    torch.set_num_threads(1)  # workers stand beside each other
    recordings = installed(recipe.recordings) if recipe.recordings else None
    keys = [(recipe.seed, number * recipe.clips_a_shard + k) for k in range(recipe.clips_a_shard)]
    clips = [draw_clip(np.random.default_rng(key), CLIP_S, class_of(*key, recipe.classes), recordings) for key in keys]
    audio = np.stack([np.round(clip.audio * 32767).astype(np.int16) for clip in clips])
    arrays: dict[str, Any] = {
        **_conditions(clips, recipe.classes),
        **(_pictures(clips[:: recipe.pictured], keys[:: recipe.pictured]) if recipe.pictured else {}),
    }
    mel = log_mel(torch.from_numpy(np.stack([clip.audio for clip in clips])), rate_hz=RATE_HZ)
    arrays["mel"] = mel.transpose(1, 2).contiguous().numpy().astype(np.float16)
    sha = hashlib.sha256(audio.tobytes())
    for name in sorted(arrays):
        sha.update(arrays[name].tobytes())
    with replacing(_named(folder, number, "npy")) as path, path.open("wb") as file:
        np.save(file, audio)
    with replacing(_named(folder, number, "npz")) as path, path.open("wb") as file:
        np.savez(file, **arrays)
    told = {
        "recipe": facts,
        "sha256": sha.hexdigest(),
        "clips": [{"sound": clip.name, "named": clip.named, "recorded": clip.recorded} for clip in clips],
    }
    with replacing(_named(folder, number, "json")) as path:
        path.write_text(json.dumps(told, indent=1) + "\n")


def _conditions(clips: list[Clip], classes: tuple[str, ...]) -> dict[str, npt.NDArray[Any]]:
    return {
        "sound": np.array([classes.index(clip.name) + 1 if clip.named else 0 for clip in clips]),
        "speed": np.stack([clip.speed[:: RATE_HZ // FRAME_RATE_HZ] for clip in clips]).astype(np.float32),
        "strikes": np.array(json.dumps([clip.strikes for clip in clips])),
    }


def _pictures(clips: list[Clip], keys: list[tuple[int, int]]) -> dict[str, npt.NDArray[Any]]:
    """The clips' motions, each in a look of its own, see `picture_files.packed`."""
    pairs = zip(clips, keys, strict=True)
    return packed([list(draw(np.random.default_rng((*key, 1)), clip.motion)) for clip, key in pairs])
