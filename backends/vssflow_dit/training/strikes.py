"""Training of the strike reader on drawn and staged films, each seen as the product sees it: whole, and thing by thing.

What is drawn is kept in the run's folder, so that a run that was stopped goes on.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import chain
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, max_pool1d

from vssflow_dit.picture.motion import CHANNELS, RATE_HZ, MotionReader, of_picture
from vssflow_dit.picture.strikes import StrikeNet, pulses
from vssflow_dit.picture.thing_motion import motion_of
from vssflow_dit.synthesis import pictures
from vssflow_dit.synthesis.stage import Seen, stage
from vssflow_post.analysis.things import ThingFinder
from vssflow_post.backend import Frame, Thing
from vssflow_post.timeline import CLOCK_HZ, Scene, Span

DURATION_S = 6.0
STAGED = 0.4
"""Part of the films that are staged; the others are drawn motions of one thing."""
SHARD = 50
"""Films in a file."""
BATCH = 64
WINDOW = 300
"""Frames of an example that are learned from at a time."""
NEAR = 0.12
"""Longer sides of the picture between a strike and what moves, up to which the strike is that thing's."""
SEEN_S = 0.15
"""What is to strike moves within this time of it."""
Curve = npt.NDArray[np.float32]
Example = tuple[Curve, Curve]
"""Motion (n, channels), and (n,) its strikes as pulses."""


def film(seed: tuple[int, int]) -> tuple[list[Frame], list[Seen]]:
    """One film and what is seen to strike in it."""
    rng = np.random.default_rng(seed)
    if rng.random() < STAGED:
        staged = stage(rng, DURATION_S)
        return list(staged.frames()), staged.strikes()
    kinds = pictures.STRIKING
    if rng.random() > 0.75:
        kinds = (pictures.swing, pictures.drive, pictures.spin, pictures.still)
    motion = kinds[rng.integers(len(kinds))](rng, DURATION_S)
    at = [min(round(time_s * pictures.GRID_HZ), len(motion.x) - 1) for time_s, _ in motion.strikes]
    frames = list(pictures.draw(rng, motion))
    low = frames[0].grey.shape[0] / frames[0].grey.shape[1]
    places = [(float(motion.x[k]) * 9 / 16, float(motion.y[k]) * low) for k in at]
    return frames, [Seen(*strike, *place) for strike, place in zip(motion.strikes, places, strict=True)]


def examples_of(seed: tuple[int, int]) -> list[Example]:
    """One film read whole, and thing by thing."""
    frames, strikes = film(seed)
    reader, finder = MotionReader(), ThingFinder()
    for frame in frames:
        reader.push(frame)
        finder.push(frame)
    n = round(DURATION_S * RATE_HZ)
    things = finder.finish([Scene(0, Span.of_seconds(0, DURATION_S))])[0]
    side = max(frames[0].grey.shape)
    shape = frames[0].grey.shape[1] / side, frames[0].grey.shape[0] / side
    whole = of_picture(np.array(reader.times_s), np.array(reader.rows), n), _pulses(strikes, n)
    owners = [_owners(things, strike, shape) for strike in strikes]
    parted = [
        (motion_of(thing), _pulses([one for one, own in zip(strikes, owners, strict=True) if k in own], n))
        for k, thing in enumerate(things)
    ]
    return [whole, *parted]


def _pulses(strikes: Iterable[Seen], n: int) -> Curve:
    return pulses([(strike.time_s, strike.strength) for strike in strikes], n)


def _owners(things: Sequence[Thing], strike: Seen, shape: tuple[float, float]) -> list[int]:
    """Which things strike: the nearest of those that move just then; `shape` is the picture's in longer sides."""
    away = {}
    for k, thing in enumerate(things):
        near = np.abs(thing.samples[1:] / CLOCK_HZ - strike.time_s) < SEEN_S
        if np.any(thing.moments[near, 0] > 0):
            row = min(round(strike.time_s * thing.boxes.rate_hz), len(thing.boxes.values) - 1)
            left, top, width, height = thing.boxes.values[row] * (*shape, *shape)
            across, down = abs(strike.x - left - width / 2) - width / 2, abs(strike.y - top - height / 2) - height / 2
            away[k] = math.hypot(max(across, 0.0), max(down, 0.0))
    nearest = min(away.values(), default=math.inf)
    return [k for k, distance in away.items() if distance == nearest <= NEAR]


def examples(n_films: int, seed: int, folder: Path | None = None, workers: int = 1) -> tuple[Tensor, Tensor]:
    """(n, channels, frames) and (n, frames) of so many films, kept in `folder` where one is named."""
    made: list[Example] = []
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        for first in range(0, n_films, SHARD):
            path = folder / f"{first // SHARD:04d}.npz" if folder else None
            if path is not None and path.exists():
                kept = np.load(path)
                made += zip(kept["motion"], kept["target"], strict=True)
                continue
            seeds = [(seed, k) for k in range(first, min(first + SHARD, n_films))]
            shard = list(chain.from_iterable(pool.map(examples_of, seeds, chunksize=4)))
            made += shard
            if path is not None:
                motion, target = np.stack([m for m, _ in shard]), np.stack([t for _, t in shard])
                np.savez(path.with_suffix(".part.npz"), motion=motion, target=target)
                path.with_suffix(".part.npz").replace(path)
    return torch.from_numpy(np.stack([m.T for m, _ in made])), torch.from_numpy(np.stack([t for _, t in made]))


def loss_of(out: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy of "a strike is here" (weighted: strikes are rare), and squared error of its strength."""
    of_each = max_pool1d(target[:, None], 7, 1, 3)[:, 0]  # strength of the strike that a frame belongs to
    here = target / of_each.clamp(min=1e-3)  # every strike counts the same, however weak
    detect = binary_cross_entropy_with_logits(out[:, 0], here, weight=1 + 3 * here)
    return detect + 0.3 * ((out[:, 1] - target).square() * (target > 0)).sum() / (target > 0).sum().clamp(min=1)


def _batch(net: StrikeNet, motion: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """What the net says of a random window of some examples, half of them seen in a mirror, and what is true."""
    rows, first = torch.randint(0, len(motion), (BATCH,)), int(torch.randint(0, motion.shape[2] - WINDOW + 1, ()))
    window = motion[rows, :, first : first + WINDOW].clone()
    window[: BATCH // 2, [CHANNELS.index("vx"), CHANNELS.index("ax")]] *= -1
    return net(window), target[rows, first : first + WINDOW]


def train_strikes(run: Path, n_films: int = 3300, seed: int = 1, steps: int = 8500, workers: int = 1) -> StrikeNet:
    """Draw, train, and write `strikes.safetensors` into `run`."""
    torch.manual_seed(seed)
    (run / "films").mkdir(parents=True, exist_ok=True)
    motion, target = examples(n_films, seed, run / "films", workers)
    net = StrikeNet()
    optimiser = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=0.01)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=steps)
    started = time.monotonic()
    for step in range(steps):
        loss = loss_of(*_batch(net, motion, target))
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        rate.step()
        if step % 100 == 99:
            print(f"step {step + 1}: loss {float(loss.detach()):.4f}, {time.monotonic() - started:.0f} s", flush=True)
    net.save(run / "strikes.safetensors")
    return net


def score(net: StrikeNet, n_films: int, seed: int, tolerance_s: float = 0.06) -> tuple[float, float]:
    """Recall and precision of strikes, read as in training from films of another seed."""
    motion, target = examples(n_films, seed)
    found = hits = truths = 0
    for m, p in zip(motion.numpy(), target.numpy(), strict=True):
        true = [k / RATE_HZ for k in range(1, len(p) - 1) if p[k] > 0 and p[k] >= p[k - 1] and p[k] > p[k + 1]]
        heard = [t for t, _ in net.strikes(m.T.copy())]
        hits += sum(any(abs(t - h) <= tolerance_s for h in heard) for t in true)
        found += len(heard)
        truths += len(true)
    return hits / max(1, truths), hits / max(1, found)
