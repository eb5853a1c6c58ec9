"""Which runs there are, in which order, how long they take, and one of them from its first step to its result."""

from __future__ import annotations

import json
import math
import pickle
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from lightning.fabric import Fabric
from torch import Tensor

from benchmarks.claims.arms import (
    ARMS,
    BATCH,
    COMPARED,
    ROUTED,
    SIZE,
    SOUNDS,
    VOICES,
    WINDOW_S,
    Arm,
    loss_of,
    model_of,
    study_config,
)  # fmt: skip
from benchmarks.claims.hearing import Held, Listening, Trial
from vssflow_dit.config import MEL_FRAMES_PER_TOKEN, TOKEN_RATE_HZ
from vssflow_dit.evaluation.dnsmos import Judge
from vssflow_dit.model import VSSFlow
from vssflow_dit.sound.codec import Codec
from vssflow_dit.training.examples import Examples, Sound, Utterance, load_sounds, load_speech, silent_window, values
from vssflow_dit.training.joint import Source, Trainer, TrainingSettings

RATES = (0.012, 0.02, 0.033)
"""Muon's; Adam's is a twentieth."""
SCAN = 5
"""A rate is tried for so many times fewer updates than N."""
EVERY = 50
"""Updates, in multiples of an arm's `times`, between held-out losses."""
HELD_OUT = (200, 80)
"""Of the data, utterances and clips that only the held-out loss sees."""
MOST = 4000
"""Utterances that are kept; the study sees them some times over."""
LOSS_S, HEARING_S = 0.5, {"speech": 40.0, "sound": 33.0}
"""CPU seconds of a task's held-out loss, and of listening to it once, as measured. PocketSphinx needs 30 for 24 clear
sentences, and 90 where they are noise."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Run:
    """One arm with one seed, or a try of one learning rate."""

    kind: str
    """A name of ARMS."""
    seed: int
    updates: int
    tried: float = 0.0
    """The rate; where 0, the best that was tried for its arm."""

    @property
    def name(self) -> str:
        return f"scan-{self.kind}-{self.tried}" if self.tried else f"{self.kind}-{self.seed}"

    @property
    def arm(self) -> Arm:
        return ARMS[self.kind]

    @property
    def scanned_as(self) -> str:
        return self.arm.scanned_as or self.kind

    @property
    def heard_at(self) -> tuple[int, ...]:
        """Updates after which its speech and sounds are listened to."""
        if self.tried:
            return ()
        return (self.updates,) if self.kind in ROUTED else (self.updates // 4, self.updates // 2, self.updates)

    @property
    def measured_at(self) -> tuple[int, ...]:
        """Updates after which its held-out loss is taken."""
        return (
            *(() if self.tried else range(EVERY * self.arm.times, self.updates, EVERY * self.arm.times)),
            self.updates,
        )

    def seconds(self, step_s: float) -> float:
        """What it takes one core, where an update takes `step_s`."""
        tasks = self.arm.tasks
        hearing = len(self.heard_at) * sum(HEARING_S[task] for task in tasks)
        return self.updates * step_s + len(self.measured_at) * len(tasks) * LOSS_S + hearing


def runs_of(steps: int, seeds: int, names: Sequence[str] = ()) -> list[Run]:
    """What `names` (of arms or runs) ask for, or everything: rates first, then seed by seed; other routes come last.

    Raises ValueError for a name that means no run.
    """
    every = [Run(kind, seed, steps * ARMS[kind].times) for seed in range(1, seeds + 1) for kind in COMPARED]
    every += [Run(kind, 1, steps) for kind in ROUTED]
    unknown = set(names) - {name for run in every for name in (run.kind, run.name)}
    if unknown:
        raise ValueError(
            f"no run is called {', '.join(sorted(unknown))}; there are: {', '.join(r.name for r in every)}"
        )
    asked = [run for run in every if not names or {run.kind, run.name} & set(names)]
    scanned = dict.fromkeys(run.scanned_as for run in asked)
    return [Run(kind, 1, steps // SCAN, rate) for kind in scanned for rate in RATES] + asked


def results(runs: Path) -> list[dict[str, Any]]:
    """Of every run that is done."""
    return [json.loads(path.read_text()) for path in sorted(runs.glob("*/result.json"))]


def run_of(result: Mapping[str, Any]) -> Run:
    return Run(result["kind"], result["seed"], result["updates"], result["tried"])


def best_rate(found: Sequence[Mapping[str, Any]], kind: str) -> float:
    """The rate with the least held-out loss: of two tasks, in the mean of its logarithm."""
    tried: dict[float, float] = {}
    for result in found:
        if result["kind"] == kind and result["tried"]:
            last = result["points"][str(result["updates"])]
            tried[result["tried"]] = sum(math.log(last[f"{task} loss"]) for task in ARMS[kind].tasks)
    return min(tried, key=lambda rate: tried[rate])


def settings_of(run: Run, rate: float) -> TrainingSettings:
    return TrainingSettings(
        steps=run.updates, muon_lr=rate, adam_lr=rate / 20, warmup=30, seed=run.seed, save_every_s=120.0,
        compiled=False,  # it would gain nothing here
    )  # fmt: skip


def trainer_of(run: Run, rate: float, source: Source, codec: Codec, folder: Path) -> Trainer:
    settings, model = settings_of(run, rate), model_of(run.arm, run.seed, codec)
    fabric = Fabric(accelerator="cpu", devices=1, precision="bf16-mixed")
    return Trainer(model, source, settings, folder, fabric, loss_of(run.arm, model, settings.condition_dropout))


@dataclass(frozen=True, slots=True, eq=False)
class Study:
    """What all runs have in common."""

    folder: Path
    speech: list[Utterance]
    """To learn from, as `sounds`."""
    sounds: list[Sound]
    trial: Trial

    @classmethod
    def of(cls, data: Path, runs: Path) -> Study:
        """Data, sentences and judges are kept in `runs`, so that a run that comes later learns from and is heard by the
        same, though `data` may have grown."""
        runs.mkdir(parents=True, exist_ok=True)
        speech, sounds = kept(runs / "data.pickle", lambda: loaded(data))
        starter = VSSFlow.load("starter")
        assert isinstance(starter.codec, Codec)
        config, (n, m) = study_config(COMPARED["joint"]), HELD_OUT
        held = Examples(config, speech[:n], sounds[:m], starter.codec, COMPARED["joint"].drawing(0))
        listening = kept(runs / "listening.pickle", lambda: Listening.drawn(runs))
        trial = Trial(starter, {task: Held.of(held, task) for task in COMPARED["joint"].tasks}, listening, Judge())
        return cls(runs, speech[n:], sounds[m:], trial)

    def carry_out(self, run: Run) -> dict[str, Any]:
        """Trains it, from where it stands; what is measured on the way is kept in `points.json`."""
        folder, codec = self.folder / run.name, self.trial.starter.codec
        assert isinstance(codec, Codec)
        source = Examples(study_config(run.arm), self.speech, self.sounds, codec, run.arm.drawing(run.seed))
        rate = run.tried or best_rate(results(self.folder), run.scanned_as)
        trainer = trainer_of(run, rate, source, codec, folder)
        path = folder / "points.json"
        points: dict[str, dict[str, Any]] = json.loads(path.read_text()) if path.exists() else {}

        def measure(step: int, *_: float) -> None:
            if str(step) not in points and (found := self._measured(run, step, trainer)):
                points[str(step)] = found
                write(path, json.dumps(points).encode())

        trainer.train(on_step=measure)
        measure(trainer.step)
        result = {
            "kind": run.kind, "seed": run.seed, "updates": run.updates, "tried": run.tried, "muon_lr": rate,
            "minutes": trainer.seconds / 60, "points": points,
        }  # fmt: skip
        write(folder / "result.json", json.dumps(result).encode())
        (folder / "state.pt").unlink()
        return result

    def _measured(self, run: Run, step: int, trainer: Trainer) -> dict[str, Any]:
        model = trainer.ema.eval()
        found: dict[str, Any] = dict(self.trial.losses(model, run.arm)) if step in run.measured_at else {}
        return found | (self.trial.heard(model, run.arm) if step in run.heard_at else {})


def write(path: Path, data: bytes) -> None:
    """As a whole or not at all, whenever it is stopped."""
    part = path.with_suffix(".part")
    part.write_bytes(data)
    part.replace(path)


def kept(path: Path, make: Callable[[], T]) -> T:
    """What `make` gives, made once."""
    if not path.exists():
        write(path, pickle.dumps(make()))
    found: T = pickle.loads(path.read_bytes())
    return found


def loaded(data: Path) -> tuple[list[Utterance], list[Sound]]:
    """Utterances by VOICES, sounds of SOUNDS, in an order of chance."""
    spoken = data / "speech"
    folders = (
        [spoken]
        if (spoken / "index.npz").exists()
        else sorted(path.parent for path in spoken.glob("*/[0-9]*/index.npz"))
    )
    speech = [said for folder in folders for said in load_speech(folder, VOICES)]
    sounds = load_sounds(data / "sounds", SOUNDS)
    order = np.random.default_rng(0)
    order.shuffle(speech)
    order.shuffle(sounds)
    return speech[:MOST], sounds


class Noise:
    """A source of noise that notes when it is asked, to see how long an update takes."""

    def __init__(self, arm: Arm) -> None:
        self.arm, self.asked_at = arm, list[float]()

    def batch(self, step: int, rank: int) -> tuple[Tensor, dict[str, Tensor]]:
        self.asked_at.append(time.process_time())
        windows = [silent_window(round(WINDOW_S * TOKEN_RATE_HZ) * MEL_FRAMES_PER_TOKEN) for _ in range(BATCH)]
        for window in windows[: self.arm.examples(1).get("speech", 0)]:
            window.voice = 1
        return torch.randn(BATCH, SIZE.latent_channels, round(WINDOW_S * TOKEN_RATE_HZ)), values(windows, len(SOUNDS))


def step_seconds(kind: str = "joint-parts", n: int = 6) -> float:
    """CPU seconds of an update, on this machine and now."""
    with tempfile.TemporaryDirectory() as folder:
        source = Noise(ARMS[kind])
        trainer_of(Run(kind, 1, n), RATES[0], source, Codec(), Path(folder)).train()
    return float(np.median(np.diff(source.asked_at)[1:]))


def plan(todo: Sequence[Run], done: Set[Run], step_s: float) -> Iterator[str]:
    """A line for each run, and one for all."""
    left = 0.0
    for run in todo:
        minutes = run.seconds(step_s) / 60
        left += 0.0 if run in done else minutes
        yield f"{run.name:26} {run.updates:5} updates {minutes:6.1f} min{'  done' if run in done else ''}"
    yield f"left: {left:.0f} minutes of one core, at {step_s:.3f} s an update"
