"""The parts of a model, trained one after the other into one folder of weights."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import torch

from vssflow_dit import weights as weight_files
from vssflow_dit.config import ModelConfig
from vssflow_dit.configs import config_of
from vssflow_post.errors import UsageError


def train_parts(
    config: str, part: str, data: Path, run: Path, minutes: float, threads: int, say: Callable[[str], object]
) -> None:
    """`part` of {all, dit, vocoder, strikes, durations}; run/weights is complete once all of them are there."""
    model = config_of(config)
    if model.front != "starter":
        raise UsageError(
            f"{config} learns from features of real films; what `model synthesise` makes trains the starter"
        )
    threads = threads or torch.get_num_threads()
    torch.set_num_threads(threads)
    folder = run / "weights"
    folder.mkdir(parents=True, exist_ok=True)
    if part in ("all", "durations"):
        _durations(data, folder)
        say("durations fitted")
    if part in ("all", "strikes"):
        _strikes(run, folder)
        say("strike reader trained")
    if part in ("all", "vocoder"):
        _vocoder(data, run, folder, minutes, threads)
        say("vocoder trained")
    if part in ("all", "dit"):
        _transformer(model, data, run, folder, minutes)
        say("transformer trained")
    if all((folder / name).exists() for name in weight_files.PARTS[model.front]):
        weight_files.write_index(folder)
        say(f"weights: {folder}")


def _durations(data: Path, folder: Path) -> None:
    from vssflow_dit.durations import DurationModel
    from vssflow_dit.synthesis.speech import SpeechSet

    DurationModel.fit(SpeechSet(data / "speech")).save(folder / "durations.safetensors")


def _strikes(run: Path, folder: Path) -> None:
    from vssflow_dit.training.strikes import train_strikes

    if not (run / "strikes.safetensors").exists():
        train_strikes(run)
    shutil.copy(run / "strikes.safetensors", folder / "strikes.safetensors")


def _vocoder(data: Path, run: Path, folder: Path, minutes: float, threads: int) -> None:
    from vssflow_dit.training.vocoder import train_vocoder

    train_vocoder(data, run / "vocoder", minutes, threads)
    shutil.copy(run / "vocoder" / "vocoder.safetensors", folder / "vocoder.safetensors")


def _transformer(config: ModelConfig, data: Path, run: Path, folder: Path, minutes: float) -> None:
    from vssflow_dit.training.joint import Trainer, TrainingSettings

    trainer = Trainer(config, TrainingSettings(), data, run / "dit")
    trainer.train(minutes * 60)
    weight_files.save_model(trainer.ema, folder / "model.safetensors")
