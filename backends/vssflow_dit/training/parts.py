"""A model's parts, trained into one folder of weights, from nothing or from trained weights: the transformer and the
vocoder side by side, each in a process of its own, since neither waits for the other and both leave gaps."""

from __future__ import annotations

import copy
import os
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from multiprocessing import connection, get_context, parent_process
from pathlib import Path

import torch
from lightning.fabric import Fabric

from vssflow_dit.checkpoint import weights as weight_files
from vssflow_dit.config import DURATIONS, FEW_STEPS, MODEL, STRIKES, VOCODER, ModelConfig, config_of
from vssflow_dit.flow import time_grid
from vssflow_dit.sound.codec import Codec, patches
from vssflow_dit.sounds import stand_in
from vssflow_dit.synthesis.pack import is_pack, open_pack
from vssflow_dit.training.distillation import DistillationLoss
from vssflow_dit.training.examples import Examples, starter_examples
from vssflow_dit.training.joint import FlowLoss, OnStep, Source, Trainer, TrainingSettings, initialise
from vssflow_dit.training.resident import Resident
from vssflow_dit.transformer.unified import UnifiedModel
from vssflow_post.backend import GenerationSettings
from vssflow_post.errors import UsageError
from vssflow_post.progress import silent

CODEC_BATCHES = 8
STUDENT_STEPS = 4
DISTILLED = TrainingSettings(muon_lr=0.005, adam_lr=2e-4, decay_from=0.2, ema=0.995)
"""A student begins as its teacher and moves little."""


@dataclass(frozen=True, slots=True)
class TrainingOrder:
    """What is to be trained, from what, where. One run in one folder, resumed where it was stopped."""

    config: str
    """Name of the model's configuration."""
    data: Path
    """What `model synthesise` made, or a pack of it; for the full size, feature files."""
    run: Path
    part: str = "all"
    minutes: float = 90.0
    """For the transformer and the vocoder, side by side where both are trained."""
    start: str | None = None
    """Weights to begin with: `starter`, or a folder; a fresh model without."""
    batch: int = 24
    """Examples of a step, on each device."""
    steps: int = 1_000_000
    """The transformer's at most; the minutes end it otherwise."""
    devices: str = "auto"
    """How many GPUs (or processes on the CPU)."""
    threads: int = 0
    """CPU threads; 0 is all cores. Side by side, each part has half of them."""
    device: str = "auto"
    """`cpu` or `cuda`; `auto` is the GPU where there is one."""

    @property
    def accelerator(self) -> str:
        return ("cuda" if torch.cuda.is_available() else "cpu") if self.device == "auto" else self.device


def train_parts(order: TrainingOrder, say: Callable[[str], object], on_step: OnStep) -> None:
    """`run`/weights is complete once all parts of the model are there. `on_step` follows the transformer's steps."""
    model = config_of(order.config)
    order = replace(order, threads=order.threads or torch.get_num_threads())
    torch.set_num_threads(order.threads)
    folder = order.run / "weights"
    folder.mkdir(parents=True, exist_ok=True)
    if order.part not in ("all", *model.family.trained):
        raise UsageError(f"{order.config} has no part {order.part} of its own to train")
    if model.family.data == "synthesised":
        if is_pack(order.data):
            open_pack(order.data, order.run / "data", order.threads, silent)
            order = replace(order, data=order.run / "data")
            say(f"data: {order.data}")
        _starter(model, order, folder, say, on_step)
    else:
        _full_size(model, order, folder, on_step)
        say("transformer trained; its VAE and vocoder come from `model import`")
    if _is_first() and all((folder / name).exists() for name in model.family.parts):
        weight_files.write_index(folder)
        say(f"weights: {folder}")


def _starter(
    model: ModelConfig,
    order: TrainingOrder,
    folder: Path,
    say: Callable[[str], object],
    on_step: OnStep,
) -> None:
    begun = None if order.start is None else weight_files.load(order.start)
    if order.part in ("all", "durations"):
        _durations(order.data, folder)
        say("durations fitted")
    known = None if begun is None else begun.part(STRIKES)
    if order.part == "all" and known is not None:
        shutil.copy(known, folder / STRIKES)
    elif order.part in ("all", "strikes"):
        _strikes(order.run, folder)
        say("strike reader trained")
    if order.part == "few_steps":
        _few_steps(order, begun, folder, on_step)
        say("few steps distilled")
    if order.part in ("all", "vocoder", "dit"):
        _heard(model, order, begun, folder, on_step)
        say({"all": "transformer and vocoder", "dit": "transformer", "vocoder": "vocoder"}[order.part] + " trained")


def _heard(
    model: ModelConfig, order: TrainingOrder, begun: weight_files.Weights | None, folder: Path, on_step: OnStep
) -> None:
    """The transformer, the vocoder, or both at once."""
    codec = begun.codec if begun is not None and isinstance(begun.codec, Codec) else Codec()
    vocoder = None if begun is None else begun.vocoder
    if begun is not None and order.part == "vocoder":
        _vocoder(order, folder, codec, vocoder)
        return
    examples = starter_examples(model, order.data, codec, order.batch)
    if begun is None:
        codec.fit(torch.cat([patches(examples.mels(2**31 + k)[0]).reshape(-1, 256) for k in range(CODEC_BATCHES)]))
    if order.part == "vocoder":
        _vocoder(order, folder, codec, vocoder)
    else:
        fresh = _fresh(model, codec) if begun is None else grown(begun.unified, model)
        with _vocoder_beside(order, folder, codec, vocoder) if order.part == "all" else nullcontext(order) as own:
            _transformer(fresh, examples, own, folder, on_step)


@contextmanager
def _vocoder_beside(order: TrainingOrder, folder: Path, codec: Codec, start: object) -> Iterator[TrainingOrder]:
    """Trains the vocoder in a process of its own meanwhile; gives the order for what is trained here.

    Raises RuntimeError at the end where that process failed.
    """
    theirs = replace(order, threads=max(1, order.threads // 2), devices="1")
    own = replace(order, threads=max(1, order.threads - theirs.threads))
    torch.set_num_threads(own.threads)
    if not _is_first():
        yield own
        return
    beside = get_context("spawn").Process(target=_vocoder_alone, args=(theirs, folder, codec, start), daemon=True)
    beside.start()
    try:
        yield own
        beside.join()
    finally:
        beside.terminate()
        beside.join()
    if beside.exitcode:
        raise RuntimeError("the vocoder's training failed, see above")


def _is_first() -> bool:
    """Whether this is the process that somebody began: Fabric begins the command once more for every further device."""
    return os.environ.get("LOCAL_RANK", "0") == "0"


def _vocoder_alone(order: TrainingOrder, folder: Path, codec: Codec, start: object) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _vocoder(order, folder, codec, start)


def _end_with_parent() -> None:
    """A run that was killed must not go on in its second half."""
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def _fresh(config: ModelConfig, codec: Codec | None = None) -> UnifiedModel:
    torch.manual_seed(1)
    model = UnifiedModel(config)
    initialise(model)
    if codec is not None:
        model.codec.load_state_dict(codec.state_dict())
    return model


def _full_size(config: ModelConfig, order: TrainingOrder, folder: Path, on_step: OnStep) -> None:
    from vssflow_dit.training.feature_files import FeatureFiles

    files = FeatureFiles.of(order.data, config, order.batch)
    start = _fresh(config) if order.start is None else weight_files.load(order.start).unified
    _transformer(start, files, order, folder, on_step)


def _durations(data: Path, folder: Path) -> None:
    from vssflow_dit.synthesis.speech import SpeechSet
    from vssflow_dit.text.durations import DurationModel

    DurationModel.fit(SpeechSet(data / "speech")).save(folder / DURATIONS)


def _strikes(run: Path, folder: Path) -> None:
    from vssflow_dit.training.strikes import train_strikes

    if not (run / STRIKES).exists():
        train_strikes(run)
    shutil.copy(run / STRIKES, folder / STRIKES)


def _vocoder(order: TrainingOrder, folder: Path, codec: Codec, start: object) -> None:
    from vssflow_dit.sound.vocoder import Vocoder
    from vssflow_dit.training.vocoder_run import train_vocoder

    begun = start if isinstance(start, Vocoder) else None
    fabric = _launched(order)
    train_vocoder(order.data, order.run / "vocoder", order.minutes, order.threads, codec, begun, fabric)
    if fabric.is_global_zero:
        shutil.copy(order.run / "vocoder" / VOCODER, folder / VOCODER)


def _few_steps(order: TrainingOrder, begun: weight_files.Weights | None, folder: Path, on_step: OnStep) -> None:
    """The weights that `order.start` names, distilled to few steps with the guidance that cues have by default."""
    if begun is None or not isinstance(begun.codec, Codec):
        raise UsageError("few steps are distilled from weights: name them with --start")
    usual = GenerationSettings()
    times = time_grid(STUDENT_STEPS, usual.time_shift, usual.time_stretch)
    teacher, student = begun.unified, copy.deepcopy(begun.unified)
    student.config = replace(student.config, times=tuple(times))
    teacher.to(torch.device(order.accelerator))
    loss = DistillationLoss(student, teacher, times, (usual.guidance, usual.sound_guidance))
    examples = starter_examples(student.config, order.data, begun.codec, order.batch)
    _trained(student, examples, order, order.run / "few_steps", DISTILLED, on_step, folder / FEW_STEPS, loss)


def _transformer(
    model: UnifiedModel,
    source: Source,
    order: TrainingOrder,
    folder: Path,
    on_step: OnStep,
) -> None:
    _trained(model, source, order, order.run / "dit", TrainingSettings(), on_step, folder / MODEL)
    (folder / FEW_STEPS).unlink(missing_ok=True)  # what was taught by the weights of before


def _trained(
    model: UnifiedModel,
    source: Source,
    order: TrainingOrder,
    run: Path,
    settings: TrainingSettings,
    on_step: OnStep,
    file: Path,
    loss: FlowLoss | None = None,
) -> None:
    """Trains in the folder `run`; `file` holds the mean of the weights at its end."""
    fabric = _launched(order)
    model.train().requires_grad_(True)
    if fabric.device.type == "cuda" and isinstance(source, Examples):
        source = Resident(source, fabric.device)
    trainer = Trainer(model, source, replace(settings, steps=order.steps), run, fabric, loss)
    trainer.train(order.minutes * 60, on_step)
    if fabric.is_global_zero:
        weight_files.save_model(trainer.ema, file)


def _launched(order: TrainingOrder) -> Fabric:
    """All processes of a run, this one among them."""
    devices = order.devices if order.devices == "auto" else int(order.devices)
    if devices == "auto" and order.accelerator == "cpu":
        devices = 1
    fabric = Fabric(accelerator=order.accelerator, devices=devices, precision="bf16-mixed")
    fabric.launch()
    return fabric


def grown(trained: UnifiedModel, config: ModelConfig) -> UnifiedModel:
    """A model of `config` with the trained one's weights; voices and sounds that it lacks begin at the mean of its own,
    or where what stands in for them is. Ways in that it lacks begin at zero, and so change nothing at first.

    Raises ValueError where anything else differs in shape.
    """
    model = UnifiedModel(config)
    weights = trained.state_dict()
    had = trained.config
    for stream, known, names in (("voice", had.voices, config.voices), ("sound", had.sounds, config.sounds)):
        name = f"conditions.streams.{stream}.table"
        weights[name] = _rows(weights[name], known, names)
    joined = weights["dit.concat_in.weight"]
    new_channels = model.conditions.concat_channels - joined.shape[1]
    weights["dit.concat_in.weight"] = torch.nn.functional.pad(joined, (0, max(0, new_channels)))
    if model.conditions.modulating_channels:
        steering = torch.zeros(config.dit.width, model.conditions.modulating_channels)
        weights.setdefault("dit.modulating_in.weight", steering)
    for name, value in model.state_dict().items():
        if name not in weights or weights[name].shape != value.shape:
            raise ValueError(f"cannot start from these weights: {name} differs")
    model.load_state_dict(weights)
    return model


def _rows(table: torch.Tensor, known: Sequence[str], wanted: Sequence[str]) -> torch.Tensor:
    """The table (names + 1, width) with a row for each wanted name; row 0 is "nothing" in both."""
    mean = table[1:].mean(0)
    rows = []
    for name in wanted:
        near = stand_in(name, known)
        rows.append(table[1 + known.index(near)] if near else mean)
    return torch.stack([table[0], *rows])
