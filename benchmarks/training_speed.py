"""Steps a second of training, part by part: `python benchmarks/training_speed.py [--device cuda] [--batch 96]`.

Data are drawn here, so that nothing has to be there. Everything is measured in one run, so that shares hold on any
machine; on a CPU seconds are those of the processor, which what runs beside it changes least. A transformer's step of
24 windows of 5 s is 0.23 TFLOP of products.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from lightning.fabric import Fabric

from vssflow_dit.checkpoint import weights
from vssflow_dit.config import ModelConfig, config_of
from vssflow_dit.sound.codec import Codec
from vssflow_dit.sound.vocoder import WIDE, Vocoder
from vssflow_dit.training import vocoder as vocoders
from vssflow_dit.training import vocoder_run
from vssflow_dit.training.clips import Clips, Row
from vssflow_dit.training.examples import Drawing, Examples, Sound, Utterance
from vssflow_dit.training.joint import Trainer, TrainingSettings
from vssflow_dit.training.parts import grown
from vssflow_dit.training.resident import Resident


def drawn_examples(config: ModelConfig, codec: Codec, batch: int) -> Examples:
    rng = np.random.default_rng(1)

    def mel(n: int) -> np.ndarray[tuple[int, int], np.dtype[np.float16]]:
        return rng.normal(-5, 2, (n, 64)).astype(np.float16)

    speech = [
        Utterance(mel(n), rng.integers(0, 59, n).astype(np.int16), k % len(config.voices) + 1)
        for k, n in enumerate(rng.integers(120, 500, 200))
    ]
    strikes = ((0.5, 1.0), (2.0, 0.7), (4.0, 1.0))
    clips = [Sound(mel(600), strikes, np.ones(600, np.float32), 1 + k % len(config.sounds), False) for k in range(200)]
    return Examples(config, speech, clips, codec, Drawing(batch=batch))


def seconds(step: Callable[[], object], device: torch.device, n: int) -> float:
    """The median of `n` calls; on a GPU the mean, since calls return before they are done."""
    for _ in range(6):  # compiling, plans, recording
        step()
    if device.type == "cuda":
        torch.cuda.synchronize()
        began = time.perf_counter()
        for _ in range(n):
            step()
        torch.cuda.synchronize()
        return (time.perf_counter() - began) / n
    taken = []
    for _ in range(n):
        began = time.process_time()
        step()
        taken.append(time.process_time() - began)
    return statistics.median(taken)


def transformer(device: torch.device, batch: int, n: int) -> None:
    config, begun = config_of("starter"), weights.load("starter")
    assert isinstance(begun.codec, Codec)
    examples = drawn_examples(config, begun.codec, batch)
    source = Resident(examples, device) if device.type == "cuda" else examples
    calls = iter(range(10**9))
    say("drawing windows", seconds(lambda: source.batch(next(calls), 0), device, n), batch)
    for compiled in (False, True):
        model = grown(begun.unified, config).train().requires_grad_(True)
        fabric = Fabric(accelerator=device.type, devices=1, precision="bf16-mixed")
        settings = TrainingSettings(compiled=compiled, save_every_s=1e9)
        with tempfile.TemporaryDirectory() as run:
            trainer = Trainer(model, source, settings, Path(run), fabric)
            taken = seconds(partial(trainer.one_step, 0.1), device, n)
        say(f"transformer, {'compiled' if compiled else 'as it is'}", taken, batch)
        print(f"{'':38}{0.234e12 * batch / 24 / taken / 1e12:8.2f} TFLOP/s of its products")
    for weight in trainer.model.parameters():
        weight.grad = torch.randn_like(weight)
    say("  of it Muon", seconds(trainer.optimisers[0].step, device, n), batch)


def vocoder(device: torch.device, n: int) -> None:
    begun = weights.load("starter")
    assert isinstance(begun.codec, Codec)
    assert isinstance(begun.vocoder, Vocoder)
    noise = [[(torch.randn(6 * WIDE.rate_hz) * 3000).to(torch.int16) for _ in range(20)]]
    clips = Clips(Row(noise, WIDE.rate_hz, device), Row(noise, WIDE.rate_hz, device))
    start = vocoder_run.begun(begun.vocoder)[2]
    fabric = Fabric(accelerator=device.type, devices=1)
    with tempfile.TemporaryDirectory() as run:
        trainer = vocoders.Trainer(clips, Path(run), 1e6, vocoders.WARM, begun.codec, start, fabric)
        say("vocoder, judged", seconds(trainer.train_step, device, n), trainer.recipe.clips)


def say(name: str, taken: float, batch: int) -> None:
    print(f"{name:30}{1e3 * taken:9.1f} ms {1 / taken:8.2f} steps/s {batch / taken:9.1f} examples/s", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch", type=int, default=24)
    parser.add_argument("--steps", type=int, default=10)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    device = torch.device(given.device)
    print(f"torch {torch.__version__}, {given.device}, {given.threads} threads")
    transformer(device, given.batch, given.steps)
    vocoder(device, given.steps)


if __name__ == "__main__":
    main()
