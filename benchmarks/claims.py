"""The paper's claims at a small size: joint against single tasks, and which streams are joined to the latent.

    python benchmarks/claims.py DATA RUNS [NAMES...] [--steps 800]

`DATA` is what `model synthesise` made. Every model of STUDY (or those named) is trained from scratch in RUNS, as many
steps of as many examples each, then measured on held-out sentences and sounds whose conditions are the true ones. A run
that was stopped goes on. At the end docs/evaluation/claims.md and its picture are written from all results in RUNS;
`model evaluate -o docs` puts them into its page.

The models have the reference's form: time as a token, rotary queries in cross-attention. Since only queries turn there,
what is attended to would have no place in time; here streams that follow time carry it as a sinusoid.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from lightning.fabric import Fabric
from torch import Tensor

from vssflow_dit.config import MEL_FRAMES_PER_TOKEN, DiTConfig, ModelConfig, config_of
from vssflow_dit.evaluation import sound_classes
from vssflow_dit.evaluation.dnsmos import Judge
from vssflow_dit.evaluation.heldout import SENTENCES, Clip, Waveform, clips, teachers_speech
from vssflow_dit.evaluation.run import CLAIMS, FOLDER
from vssflow_dit.evaluation.strikes import matched, onsets
from vssflow_dit.evaluation.word_errors import open_vocabulary_wer
from vssflow_dit.model import Sampling, VSSFlow
from vssflow_dit.sound.codec import Codec
from vssflow_dit.synthesis.speech import Utterance
from vssflow_dit.synthesis.waves import RATE_HZ
from vssflow_dit.text.mouth_timing import opening_of
from vssflow_dit.text.phonemes import phoneme_frames
from vssflow_dit.training.examples import Drawing, Examples, Window, load_sounds, load_speech, silent_window, values
from vssflow_dit.training.joint import FlowLoss, Trainer, TrainingSettings, initialise
from vssflow_dit.transformer.conditions import Condition
from vssflow_dit.transformer.unified import UnifiedModel
from vssflow_post.progress import silent

DOCS = Path(__file__).parent.parent / "docs" / FOLDER
SIZE = DiTConfig(
    width=192, depth=4, heads=3, mlp_width=512, cross_width=96, cross_heads=3, time="token", qk_norm=True,
    rotary_fraction=1.0,
)  # fmt: skip
WINDOW_S, BATCH = 3.0, 16
VOICES = ("rms", "slt")
SOUNDS = ("wood", "metal", "glass", "bell", "gravel", "door", "engine", "whoosh", "rain", "wind", "fire", "bird")
"""Few enough to be learned in minutes."""
N_SENTENCES, N_CLIPS_EACH = 12, 8
HELD_OUT = (200, 80)
"""Of the training data, utterances and clips that only the held-out loss sees."""
SPEECH, SOUND = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)
JOINT = Drawing().shares
CHOSEN = frozenset({"phoneme", "mouth", "motion"})
"""What the paper joins to the latent: text, lip and sync."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One model of the study."""

    title: str
    joined: frozenset[str]
    """Streams that are joined to the latent; the others are attended to."""
    shares: tuple[float, float, float]
    batch: int = BATCH


SEEDS = (1, 2, 3)
"""Every candidate is trained once with each."""
STUDY: dict[str, Candidate] = {
    "joint": Candidate("lip + sync + text (chosen); joint", CHOSEN, JOINT),
    "speech": Candidate("speech alone", CHOSEN, SPEECH),
    "sound": Candidate("sound alone", CHOSEN, SOUND),
    "speech-half": Candidate("speech alone, half of the work", CHOSEN, SPEECH, BATCH // 2),
    "sound-half": Candidate("sound alone, half of the work", CHOSEN, SOUND, BATCH // 2),
    "none": Candidate("none", frozenset(), JOINT),
    "all": Candidate("all", CHOSEN | {"voice", "sound"}, JOINT),
    "lip-sync": Candidate("lip + sync", frozenset({"mouth", "motion"}), JOINT),
    "video-text": Candidate("video + text", frozenset({"sound", "phoneme"}), JOINT),
}


class PlacedModel(UnifiedModel):
    """Attended streams that follow time say when: a sinusoid of the rotary embedding's frequencies on each token."""

    def condition(self, values: Mapping[str, Tensor | None], n_tokens: int) -> Condition:
        plain = super().condition(values, n_tokens)
        width = plain.cross.shape[2]
        frequencies = 10_000.0 ** (-torch.arange(0, width, 2) / width)
        angles = torch.arange(n_tokens)[:, None] * frequencies
        sinusoid = torch.cat((angles.sin(), angles.cos()), dim=1)
        places = [sinusoid if timed else torch.zeros(1, width) for timed in plain.timed]
        return replace(plain, cross=plain.cross + torch.cat(places)) if places else plain


def model_of(candidate: Candidate, seed: int, codec: Codec) -> PlacedModel:
    starter = config_of("starter")
    streams = tuple(
        replace(
            s, route="concat" if s.name in candidate.joined else "cross", width=SIZE.cross_width if s.once else s.width
        )
        for s in starter.streams
    )
    config = replace(starter, name="claims", dit=SIZE, streams=streams, window_s=WINDOW_S)
    torch.manual_seed(seed)
    model = PlacedModel(config)
    initialise(model)
    model.codec.load_state_dict(codec.state_dict())
    return model


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """What all models are held against."""

    starter: VSSFlow
    lines: list[Utterance]
    clips: list[Clip]
    others: list[Clip]
    """As many clips, ground truth too."""
    net: sound_classes.Classifier
    judge: Judge
    held: Examples

    def results(self, model: UnifiedModel, candidate: Candidate) -> dict[str, float]:
        whole = VSSFlow(model, self.starter.codec, self.starter.vocoder)
        found: dict[str, float] = {}
        speaks, sounds = candidate.shares[0] > 0, candidate.shares[1] > 0
        if speaks:
            found["speech loss"] = self._loss(model, "speech")
            said = rendered(whole, [said_window(line, model.config) for line in self.lines], 3.0)
            texts = list(dict.fromkeys(line.text for line in self.lines))
            pairs = [(wave, texts.index(line.text)) for wave, line in zip(said, self.lines, strict=True)]
            found["WER"] = 100 * open_vocabulary_wer(pairs, texts)
            found["DNSMOS"] = float(np.mean([self.judge.scores(wave)[0] for wave in said]))
        if sounds:
            found["sound loss"] = self._loss(model, "sound")
            found |= self._heard(rendered(whole, [clip_window(clip, model.config) for clip in self.clips], 2.0))
        return found

    def _heard(self, waves: Sequence[Waveform]) -> dict[str, float]:
        n_wanted = n_heard = n_hit = 0
        for clip, wave in zip(self.clips, waves, strict=True):
            wanted = [at for at, _ in clip.strikes if at < len(wave) / 16_000 - 0.1]
            if wanted:
                heard = onsets(wave, 16_000)
                hits = matched(wanted, heard, 0.06)
                n_wanted, n_heard, n_hit = n_wanted + len(wanted), n_heard + len(heard), n_hit + hits
        rows, reference = (
            torch.stack([sound_classes.statistics(wave) for wave in part])
            for part in (waves, [clip.audio for clip in self.others])
        )
        right = np.array(SOUNDS)[self.net(rows).argmax(dim=1).numpy()] == np.array([clip.name for clip in self.clips])
        distance = sound_classes.frechet(*(self.net.embedded(part).double().numpy() for part in (rows, reference)))
        return {
            "strikes F1": 100 * 2 * n_hit / max(n_wanted + n_heard, 1),
            "class": 100 * float(right.mean()),
            "Frechet": distance,
        }

    @torch.no_grad()
    def _loss(self, model: UnifiedModel, task: str, n_batches: int = 6) -> float:
        """The velocity's error on held-out windows, with the same noise for every model."""
        loss = FlowLoss(model, 0.0)
        found = []
        for k in range(n_batches):
            rng = np.random.default_rng((17, k))
            windows = [self.held.window(rng, task) for _ in range(BATCH)]
            data = model.codec.encode(torch.from_numpy(np.stack([w.mel.T for w in windows])))
            found.append(float(loss(data, values(windows, len(model.config.sounds)), k)))
        return float(np.mean(found))


def rendered(model: VSSFlow, windows: Sequence[Window], guidance: float) -> list[Waveform]:
    """With the product's solver and as many steps, but these equally far apart."""
    waves: list[Waveform] = []
    sampling = Sampling("adams", 10)
    for k, window in enumerate(windows):
        n_tokens = len(window.mel) // MEL_FRAMES_PER_TOKEN
        condition = model.condition(n_tokens, **values([window], len(model.config.sounds)))
        noise = torch.randn((SIZE.latent_channels, n_tokens), generator=torch.Generator().manual_seed(k))
        [latent] = model.sample_all([noise], [condition], [guidance], sampling)
        waves.append(model.waveform(model.mel(latent[None]), k)[0].numpy())
    return waves


def _blank(seconds: float, config: ModelConfig) -> Window:
    """As long as a cue of these seconds is rendered."""
    return silent_window(config.tokens_for(seconds) * MEL_FRAMES_PER_TOKEN)


def said_window(line: Utterance, config: ModelConfig) -> Window:
    """The teacher's own phoneme times, and the mouth that belongs to them."""
    window = _blank(float(line.ends_s[-1]), config)
    window.phonemes = phoneme_frames(line.ids, line.ends_s, len(window.mel)).astype(np.int64)
    window.mouth[:, 0], window.mouth[:, 1] = opening_of(window.phonemes), 1.0
    window.voice = config.voices.index(line.voice) + 1
    return window


def clip_window(clip: Clip, config: ModelConfig) -> Window:
    window = _blank(len(clip.audio) / RATE_HZ, config)
    window.motion[:] = clip.motion.values[: len(window.motion)]
    window.sounds = {config.sounds.index(clip.name) + 1: 1.0}
    return window


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("runs", type=Path)
    parser.add_argument("names", nargs="*", help="`joint-1` is the first seed of `joint`; all without")
    parser.add_argument("--steps", type=int, default=800)
    asked = parser.parse_args()
    every = [f"{name}-{seed}" for seed in SEEDS for name in STUDY]
    todo = [name for name in asked.names or every if not (asked.runs / name / "result.json").exists()]
    if todo:
        study(asked.data, asked.runs, todo, asked.steps)
    write_page(asked.runs, asked.steps)


def study(data: Path, runs: Path, todo: Sequence[str], steps: int) -> None:
    starter = VSSFlow.load("starter")
    config = config_of("starter")
    assert isinstance(starter.codec, Codec)
    voices = [config.voices.index(name) + 1 for name in VOICES]
    kinds = [config.sounds.index(name) + 1 for name in SOUNDS]
    speech = [said for said in load_speech(data / "speech", config.voices) if said.voice in voices]
    sounds = [clip for clip in load_sounds(data / "sounds", config.sounds) if clip.sound in (0, *kinds)]
    order = np.random.default_rng(0)
    order.shuffle(speech)
    order.shuffle(sounds)
    drawing = Drawing(batch=BATCH, window_s=WINDOW_S)
    held = Examples(config, speech[: HELD_OUT[0]], sounds[: HELD_OUT[1]], starter.codec, drawing)
    trial = Trial(
        starter,
        teachers_speech(runs / "sentences", VOICES, SENTENCES[:N_SENTENCES], silent),
        clips(SOUNDS, N_CLIPS_EACH, 1),
        clips(SOUNDS, N_CLIPS_EACH, 2),
        sound_classes.learned(clips(SOUNDS, 24, 3), SOUNDS),
        Judge(),
        held,
    )
    for name in todo:
        kind, seed = name.rsplit("-", 1)
        candidate = STUDY[kind]
        began = time.monotonic()
        own = replace(drawing, batch=candidate.batch, shares=candidate.shares, seed=int(seed))
        source = Examples(config, speech[HELD_OUT[0] :], sounds[HELD_OUT[1] :], starter.codec, own)
        fabric = Fabric(accelerator="cpu", devices=1, precision="bf16-mixed")
        settings = TrainingSettings(steps=steps, seed=int(seed), compiled=False)  # compiling would gain nothing here
        trainer = Trainer(model_of(candidate, int(seed), starter.codec), source, settings, runs / name, fabric)
        trainer.train()
        minutes = (time.monotonic() - began) / 60
        found = trial.results(trainer.ema.eval(), candidate)
        (runs / name / "result.json").write_text(json.dumps(found) + "\n")
        (runs / name / "state.pt").unlink()
        print(name, f"{minutes:.1f} min", {key: round(value, 3) for key, value in found.items()}, flush=True)


COLUMNS = {
    "speech loss": ".3f", "WER": ".1f", "DNSMOS": ".2f", "sound loss": ".3f", "strikes F1": ".1f", "class": ".1f",
    "Frechet": ".2f",
}  # fmt: skip
"""What is measured, and its digits."""


def write_page(runs: Path, steps: int) -> None:
    """Tables and picture of what there is in `runs`."""
    found: dict[str, list[dict[str, float]]] = {}
    for name in STUDY:
        results = [runs / f"{name}-{seed}" / "result.json" for seed in SEEDS]
        found[name] = [json.loads(path.read_text()) for path in results if path.exists()]
    found = {name: rows for name, rows in found.items() if rows}
    n_parameters = sum(p.numel() for p in model_of(STUDY["joint"], 1, Codec()).parameters())
    text = PAGE.format(
        millions=n_parameters / 1e6, steps=steps, batch=BATCH, half=BATCH // 2, window_s=WINDOW_S,
        tasks=table(found, ("joint", "speech", "sound", "speech-half", "sound-half")),
        routes=table(found, ("none", "all", "lip-sync", "video-text", "joint")),
        lines=N_SENTENCES * len(VOICES), clips=N_CLIPS_EACH * len(SOUNDS),
    )  # fmt: skip
    DOCS.mkdir(parents=True, exist_ok=True)
    (DOCS / "claims.json").write_text(json.dumps({"steps": steps, "results": found}, indent=1) + "\n")
    (DOCS / CLAIMS).write_text(text)
    picture(found, DOCS / "claims.png")


def table(found: Mapping[str, Sequence[Mapping[str, float]]], names: Sequence[str]) -> str:
    """A row for each model: mean over seeds, and half of the range."""
    lines = ["| | " + " | ".join(COLUMNS) + " | seeds |", "| --- |" + " ---: |" * (len(COLUMNS) + 1)]
    for name in names:
        rows = found.get(name, [])
        cells = []
        for column, digits in COLUMNS.items():
            own = [row[column] for row in rows if column in row]
            spread = f" ± {(max(own) - min(own)) / 2:{digits}}" if len(own) > 1 else ""
            cells.append(f"{np.mean(own):{digits}}{spread}" if own else "")
        lines.append(f"| {STUDY[name].title} | " + " | ".join(cells) + f" | {len(rows)} |")
    return "\n".join(lines)


def picture(found: Mapping[str, Sequence[Mapping[str, float]]], path: Path) -> None:
    """A dot for each seed."""
    from matplotlib.figure import Figure

    shown = ("WER", "DNSMOS", "strikes F1", "class")
    figure = Figure(figsize=(9.0, 3.2), dpi=80, layout="constrained")
    axes = figure.subplots(1, len(shown), sharey=True)
    names = list(found)[::-1]
    for axis, column in zip(axes, shown, strict=True):
        for row, name in enumerate(names):
            own = [result[column] for result in found[name] if column in result]
            axis.plot(own, [row] * len(own), "o", color="#c8502d" if name == "joint" else "#4d4d4d", ms=4, alpha=0.8)
        axis.set_title({"WER": "WER, % (less is better)", "class": "class heard, %"}.get(column, column), fontsize=8)
        axis.tick_params(labelsize=7)
        axis.grid(axis="y", lw=0.3)
    axes[0].set_yticks(range(len(names)), [STUDY[name].title for name in names])
    figure.savefig(path)


PAGE = """\
## What the paper claims, at this scale

Models of {millions:.1f} million parameters, each trained from scratch for {steps} steps of {batch} windows of
{window_s:.0f} s, and heard on {lines} held-out sentences and {clips} held-out sounds whose conditions are the true
ones (the teachers' phoneme times, the mouth that belongs to them, the strikes of the picture). *Half of the work*:
{half} windows a step, about as many of its task as the joint model gets. Loss: the velocity's squared error on
held-out windows. WER and DNSMOS as above; strikes within 60 ms as F1; class and Frechet distance by the classifier
above. Mean over seeds ± half of the range. Made by `python benchmarks/claims.py DATA RUNS`.

### Joint against single tasks

{tasks}

### Which streams are joined to the latent

Text is the phonemes, lip the mouth, sync the strikes and the speed, video the class of sound.
The rest is attended to.

{routes}

![Every seed of every model](evaluation/claims.png)
"""


if __name__ == "__main__":
    main()
