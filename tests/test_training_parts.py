"""All parts are trained by one command, side by side, from the shipped weights, and go on where they stopped."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from vssflow_dit.checkpoint import weights
from vssflow_dit.config import FAMILIES, FEW_STEPS, VOCODER, config_of
from vssflow_dit.synthesis.sound_shards import Recipe, write_sounds
from vssflow_dit.synthesis.speech import VOICES, Utterance, write_speech
from vssflow_dit.synthesis.waves import RATE_HZ
from vssflow_dit.training.parts import TrainingOrder, train_parts
from vssflow_post.errors import UsageError


def hummed(voice: str, seed: int, seconds: float = 2.0) -> Utterance:
    """Something with phonemes and times, as a teacher would have said it."""
    rng = np.random.default_rng(seed)
    audio = rng.normal(0, 2000, round(seconds * RATE_HZ)).astype(np.int16)
    ids = np.array([59, *rng.integers(1, 59, 8), 59], np.int16)
    ends = np.linspace(seconds / 10, seconds, 10).astype(np.float32)
    return Utterance("la la", voice, audio, ids, ends, np.zeros(10, np.uint8))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    config = config_of("starter")
    spoken = [voice for voice in config.voices if voice in VOICES]
    write_speech(folder / "speech", [hummed(voice, k) for k, voice in enumerate(spoken)])
    recipe = Recipe(1, config.sounds, clips_a_shard=4, pictured=4)
    write_sounds(folder / "sounds", 4, recipe, 1, lambda done, total: None)
    return folder


@pytest.mark.slow
def test_both_parts_from_the_shipped_weights_and_on(data: Path, tmp_path: Path) -> None:
    said: list[str] = []
    order = TrainingOrder("starter", data, tmp_path, minutes=0.25, start="starter", batch=2, steps=2, threads=2)
    with torch.compiler.set_stance("force_eager"):
        train_parts(replace(order, device="cpu"), said.append, lambda *told: None)
        assert torch.load(tmp_path / "dit" / "state.pt", weights_only=True)["step"] == 2
        steps = torch.load(tmp_path / "vocoder" / "checkpoint.pt", weights_only=True)["step"]
        assert steps > 0
        (tmp_path / "weights" / FEW_STEPS).write_bytes(b"taught by the weights of before")
        train_parts(replace(order, part="dit", steps=3, minutes=1.0), said.append, lambda *told: None)
    assert torch.load(tmp_path / "dit" / "state.pt", weights_only=True)["step"] == 3
    assert said[-1] == f"weights: {tmp_path / 'weights'}"
    before, after = weights.load("starter"), weights.load(str(tmp_path / "weights"))
    kept = json.loads((before.folder / "index.json").read_text())["sha256"]
    found = json.loads((after.folder / "index.json").read_text())["sha256"]
    assert kept.keys() - found.keys() == {FEW_STEPS}, "a model that was trained on has yet to teach its own"
    assert {name for name in found if kept[name] == found[name]} == {"strikes.safetensors"}


@pytest.mark.slow
def test_two_processes_train_one_vocoder_to_the_same_end(data: Path, tmp_path: Path) -> None:
    command = "model train --config starter --part vocoder --start starter --device cpu --devices 2 --threads 1"
    arguments = [*command.split(), "--time-budget", "0.2", "--data", str(data), "--run", str(tmp_path)]
    whole = [sys.executable, "-m", "vssflow_post", *arguments]
    done = subprocess.run(whole, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    assert torch.load(tmp_path / "vocoder" / "checkpoint.pt", weights_only=True)["step"] > 0
    assert (tmp_path / "weights" / VOCODER).read_bytes() == (tmp_path / "vocoder" / VOCODER).read_bytes()


def test_weights_are_distilled_to_few_steps(data: Path, tmp_path: Path) -> None:
    order = TrainingOrder(
        "starter", data, tmp_path, "few_steps", minutes=1.0, start="starter", batch=2, steps=1, threads=1, device="cpu"
    )
    with torch.compiler.set_stance("force_eager"):
        train_parts(order, lambda said: None, lambda *told: None)
    student = weights.load_model(
        tmp_path / "weights" / FEW_STEPS,
        weights.config_in(tmp_path / "weights", frozenset(FAMILIES["starter"].parts), FEW_STEPS),
        torch.float32,
    )
    assert student.config.times[0] == 0.0
    assert student.config.times[-1] == 1.0
    assert len(student.config.times) == 5
    with pytest.raises(UsageError, match="--start"):
        train_parts(replace(order, start=None), lambda said: None, lambda *told: None)
