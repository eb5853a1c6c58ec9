"""A vocoder's training from what there is to a file of weights: from nothing, from a narrower vocoder, or further."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import torch
from lightning.fabric import Fabric
from torch import Tensor

from vssflow_dit.sound.codec import Codec
from vssflow_dit.sound.vocoder import WIDE, Vocoder, VocoderConfig
from vssflow_dit.training.clips import Clips
from vssflow_dit.training.upper_band import UPPER_BAND, UpperBandTrainer
from vssflow_dit.training.vocoder import WARM, Trainer, VocoderTraining, on_gpu


def grown(trained: Vocoder, config: VocoderConfig) -> Vocoder:
    """A vocoder of `config` with the trained one's weights: bands above its own begin like its last, bins with nothing.

    Raises ValueError where anything but the rate, the upper bands and the frame's size differs.
    """
    old = trained.config
    if replace(old, rate_hz=config.rate_hz, upper_bands=config.upper_bands, n_fft=config.n_fft) != config:
        raise ValueError(f"cannot start from a vocoder of {old}")
    vocoder = Vocoder(config)
    weights = dict(trained.state_dict())
    for name in ("head.weight", "head.bias"):
        bands, bins = weights[name].split((6 * old.all_bands, 2 * trained.n_bins))
        bands = bands.view(6, old.all_bands, *bands.shape[1:])
        last = bands[:, -1:].expand(-1, config.all_bands - old.all_bands, *bands.shape[2:])
        wider = bins.new_zeros(2, vocoder.n_bins, *bins.shape[1:])
        wider[:, : trained.n_bins] = bins.view(2, trained.n_bins, *bins.shape[1:])
        weights[name] = torch.cat([torch.cat([bands, last], 1).flatten(0, 1), wider.flatten(0, 1)])
    vocoder.load_state_dict(weights)
    return vocoder


def train_vocoder(
    audio_folder: Path,
    run_folder: Path,
    minutes: float,
    threads: int,
    codec: Codec,
    start: Vocoder | None,
    fabric: Fabric,
) -> None:
    """Trains for `minutes` of this machine's time in all, going on from `run_folder`/checkpoint.pt when there is one.

    `codec` stands between recording and vocoder, as it will in use; `start` is a trained vocoder to begin with.
    Leaves `run_folder`/vocoder.safetensors, renewed every few minutes, and a line of JSON per 50 steps in log.jsonl.
    """
    torch.set_num_threads(threads)
    run_folder.mkdir(parents=True, exist_ok=True)
    clips = Clips.of(audio_folder, WIDE.rate_hz, fabric.device)
    kind, recipe, first = begun(start)
    recipe = on_gpu(recipe) if fabric.device.type == "cuda" else recipe
    trainer = kind(clips, run_folder, minutes, recipe, codec, first, fabric)
    recent: list[Mapping[str, Tensor]] = []
    with (run_folder / "log.jsonl").open("a") as log:
        for values in trainer.run():
            recent.append(values)
            if trainer.step % 50 == 0:
                if fabric.is_global_zero:
                    facts = {"step": trainer.step, "minutes": round(trainer.spent_s / 60.0, 2)}
                    log.write(json.dumps(facts | _means(recent)) + "\n")
                    log.flush()
                recent.clear()


def begun(start: Vocoder | None) -> tuple[type[Trainer], VocoderTraining, Vocoder]:
    """How to train, and what: from nothing; above the mel alone, where the start ends there; else the whole further."""
    if start is None:
        return Trainer, VocoderTraining(), Vocoder(WIDE)
    if start.config.upper_bands < WIDE.upper_bands:
        wider = replace(start.config, rate_hz=WIDE.rate_hz, upper_bands=WIDE.upper_bands, n_fft=WIDE.n_fft)
        return UpperBandTrainer, UPPER_BAND, grown(start, wider)
    return Trainer, WARM, start


def _means(recent: list[Mapping[str, Tensor]]) -> dict[str, float]:
    """Of what every step gave."""
    names = [name for name in recent[-1] if all(name in values for values in recent)]
    return {name: round(float(sum(values[name] for values in recent)) / len(recent), 4) for name in names}
