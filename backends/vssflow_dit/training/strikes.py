"""Training of the strike reader on drawn films."""

from __future__ import annotations

import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, max_pool1d

from vssflow_dit.picture.motion import RATE_HZ, MotionReader, describe
from vssflow_dit.picture.strikes import StrikeNet, pulses
from vssflow_dit.synthesis import pictures

DURATION_S = 6.0
Curve = npt.NDArray[np.float32]


def example(seed: tuple[int, int]) -> tuple[Curve, Curve]:
    """Motion (n, channels) of one drawn film, and (n,) its strikes as pulses."""
    rng = np.random.default_rng(seed)
    striking = rng.random() < 0.75
    kinds = pictures.STRIKING if striking else (pictures.swing, pictures.drive, pictures.spin, pictures.still)
    motion = kinds[rng.integers(len(kinds))](rng, DURATION_S)
    reader = MotionReader()
    for frame in pictures.draw(rng, motion):
        reader.push(frame)
    n = round(DURATION_S * RATE_HZ)
    return describe(np.array(reader.times_s), np.array(reader.rows), n), pulses(motion.strikes, n)


def examples(n: int, seed: int, workers: int = 1) -> tuple[Tensor, Tensor]:
    """(n, channels, frames) and (n, frames)"""
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        made = list(pool.map(example, [(seed, k) for k in range(n)], chunksize=32))
    return torch.from_numpy(np.stack([m.T for m, _ in made])), torch.from_numpy(np.stack([p for _, p in made]))


def loss_of(out: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy of "a strike is here" (weighted: strikes are rare), and squared error of its strength."""
    of_each = max_pool1d(target[:, None], 7, 1, 3)[:, 0]  # strength of the strike that a frame belongs to
    here = target / of_each.clamp(min=1e-3)  # every strike counts the same, however weak
    detect = binary_cross_entropy_with_logits(out[:, 0], here, weight=1 + 3 * here)
    return detect + 0.3 * ((out[:, 1] - target).square() * (target > 0)).sum() / (target > 0).sum().clamp(min=1)


def train_strikes(run: Path, n: int = 3000, seed: int = 1, steps: int = 2500, workers: int = 1) -> StrikeNet:
    """Draw, train, and write `strikes.safetensors` into `run`."""
    torch.manual_seed(seed)
    run.mkdir(parents=True, exist_ok=True)
    motion, target = examples(n, seed, workers)
    net = StrikeNet()
    optimiser = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=0.01)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=steps)
    started = time.monotonic()
    for step in range(steps):
        rows = torch.randint(0, n, (48,))
        loss = loss_of(net(motion[rows]), target[rows])
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        rate.step()
        if step % 100 == 99:
            print(f"step {step + 1}: loss {float(loss.detach()):.4f}, {time.monotonic() - started:.0f} s", flush=True)
    net.save(run / "strikes.safetensors")
    return net


def score(net: StrikeNet, n: int, seed: int, tolerance_s: float = 0.06) -> tuple[float, float]:
    """Recall and precision of strikes on `n` drawn films of another seed."""
    motion, target = examples(n, seed)
    found = hits = truths = 0
    for m, p in zip(motion.numpy(), target.numpy(), strict=True):
        true = [k / RATE_HZ for k in range(1, len(p) - 1) if p[k] > 0 and p[k] >= p[k - 1] and p[k] > p[k + 1]]
        heard = [t for t, _ in net.strikes(m.T.copy())]
        hits += sum(any(abs(t - h) <= tolerance_s for h in heard) for t in true)
        found += len(heard)
        truths += len(true)
    return hits / max(1, truths), hits / max(1, found)
