"""What every arm is held against: windows whose velocity it is to know, sentences and sounds that are listened to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from benchmarks.claims.arms import SIZE, SOUNDS, VOICES, Arm
from vssflow_dit.config import MEL_FRAMES_PER_TOKEN, ModelConfig
from vssflow_dit.evaluation import sound_classes
from vssflow_dit.evaluation.dnsmos import Judge
from vssflow_dit.evaluation.heldout import JUDGED_HZ, SENTENCES, Clip, Waveform, clips, judged, teachers_speech
from vssflow_dit.evaluation.strikes import matched, onsets
from vssflow_dit.evaluation.word_errors import open_vocabulary_wer
from vssflow_dit.lanes import Lanes
from vssflow_dit.model import Sampling, VSSFlow
from vssflow_dit.synthesis.recordings import available
from vssflow_dit.synthesis.speech import Utterance
from vssflow_dit.text.mouth_timing import opening_of
from vssflow_dit.text.phonemes import phoneme_frames
from vssflow_dit.training.examples import Examples, Window, silent_window, values
from vssflow_dit.training.joint import FlowLoss
from vssflow_dit.transformer.unified import UnifiedModel
from vssflow_post.progress import silent

N_SENTENCES, N_CLIPS_EACH, N_LEARNED_EACH = 12, 4, 16
"""Sentences that each voice says; sounds of each class that are judged, and that the classifier learns from."""
N_WINDOWS, FIFTHS = 80, 5
"""Held-out windows of each task. Training draws t logit-normally; in each fifth of its draws lie as many of these."""
GUIDANCE = {"speech": 3.0, "sound": 2.0}
TOLERANCE_S = 0.06
Row = dict[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """Windows of one task, with the same noise and times for every arm."""

    latents: Tensor
    values: dict[str, Tensor]
    noise: Tensor
    t: Tensor
    """(N_WINDOWS,), rising"""

    @classmethod
    def of(cls, examples: Examples, task: str) -> Held:
        rng = np.random.default_rng((17, len(task)))
        windows = [examples.window(rng, task) for _ in range(N_WINDOWS)]
        latents = examples.codec.encode(torch.from_numpy(np.stack([w.mel.T for w in windows])))
        noise = torch.randn(latents.shape, generator=torch.Generator().manual_seed(17))
        share = (torch.arange(N_WINDOWS) + 0.5) / N_WINDOWS
        return cls(
            latents, values(windows, len(examples.config.sounds)), noise, torch.sigmoid(torch.special.ndtri(share))
        )

    @torch.no_grad()
    def losses(self, model: UnifiedModel) -> list[float]:
        """The velocity's squared error in each fifth of t, from noise to data."""
        errors = FlowLoss(model, 0.0).errors(self.latents, self.values, self.noise, self.t, torch.ones(N_WINDOWS))
        return [float(part.mean()) for part in errors.chunk(FIFTHS)]


@dataclass(frozen=True, slots=True, eq=False)
class Listening:
    """What is asked for, and those who judge it."""

    lines: list[Utterance]
    clips: list[Clip]
    net: sound_classes.Classifier
    truth: Tensor
    """The classifier's embedding (n, d) of as many other clips, ground truth too."""

    @classmethod
    def drawn(cls, runs: Path) -> Listening:
        lines = teachers_speech(runs / "sentences", VOICES, SENTENCES[:N_SENTENCES], silent)
        recordings = available()
        asked, others, known = (
            clips(SOUNDS, n, seed, recordings)
            for n, seed in ((N_CLIPS_EACH, 1), (N_CLIPS_EACH, 2), (N_LEARNED_EACH, 3))
        )
        net = sound_classes.learned(known, SOUNDS)
        return cls(lines, asked, net, net.embedded(torch.stack([sound_classes.statistics(o.audio) for o in others])))

    def of_speech(self, said: Sequence[Waveform], judge: Judge) -> Row:
        texts = list(dict.fromkeys(line.text for line in self.lines))
        pairs = [(wave, texts.index(line.text)) for wave, line in zip(said, self.lines, strict=True)]
        return {
            "WER": 100 * open_vocabulary_wer(pairs, texts),
            "DNSMOS": float(np.mean([judge.scores(wave)[0] for wave in said])),
        }

    def of_sounds(self, waves: Sequence[Waveform]) -> Row:
        rows = torch.stack([sound_classes.statistics(wave) for wave in waves])
        right = np.array(SOUNDS)[self.net(rows).argmax(dim=1).numpy()] == np.array([clip.name for clip in self.clips])
        embedded = self.net.embedded(rows).double().numpy()
        return {
            "strikes F1": 100 * strikes_f1(self.clips, waves),
            "class": 100 * float(right.mean()),
            "Frechet": sound_classes.frechet(embedded, self.truth.double().numpy()),
        }


def strikes_f1(clips: Sequence[Clip], waves: Sequence[Waveform]) -> float:
    """Of the clips that have strikes: onsets within TOLERANCE_S of one."""
    n_wanted = n_heard = n_hit = 0
    for clip, wave in zip(clips, waves, strict=True):
        wanted = [at for at, _ in clip.strikes if at < len(wave) / JUDGED_HZ - 0.1]
        if wanted:
            heard = onsets(wave, JUDGED_HZ)
            n_wanted, n_heard = n_wanted + len(wanted), n_heard + len(heard)
            n_hit += matched(wanted, heard, TOLERANCE_S)
    return 2 * n_hit / max(n_wanted + n_heard, 1)


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """Measures an arm at any point of its training."""

    starter: VSSFlow
    """Its codec and vocoder are everyone's."""
    held: Mapping[str, Held]
    listening: Listening
    judge: Judge

    def losses(self, model: UnifiedModel, arm: Arm) -> dict[str, float | list[float]]:
        """Of each task: its held-out loss, and that in each fifth of t."""
        found: dict[str, float | list[float]] = {}
        for task in arm.tasks:
            by_t = self.held[task].losses(model)
            found |= {f"{task} loss": float(np.mean(by_t)), f"{task} loss by t": by_t}
        return found

    def heard(self, model: UnifiedModel, arm: Arm) -> Row:
        found: Row = {}
        if "speech" in arm.tasks:
            windows = [said_window(line, model.config) for line in self.listening.lines]
            found |= self.listening.of_speech(self._rendered(model, windows, "speech"), self.judge)
        if "sound" in arm.tasks:
            windows = [clip_window(clip, model.config) for clip in self.listening.clips]
            found |= self.listening.of_sounds(self._rendered(model, windows, "sound"))
        return found

    def _rendered(self, model: UnifiedModel, windows: Sequence[Window], task: str) -> list[Waveform]:
        """With the product's solver and as many steps, but these equally far apart."""
        whole = VSSFlow(model, self.starter.codec, self.starter.vocoder, Lanes(1))
        waves: list[Waveform] = []
        for k, window in enumerate(windows):
            n_tokens = len(window.mel) // MEL_FRAMES_PER_TOKEN
            condition = whole.condition(n_tokens, **values([window], len(model.config.sounds)))
            noise = torch.randn((SIZE.latent_channels, n_tokens), generator=torch.Generator().manual_seed(k))
            [latent] = whole.sample_all([noise], [condition], [GUIDANCE[task]], Sampling("adams", 10))
            waves.append(judged(whole.waveform(whole.mel(latent[None]), k)[0].numpy(), whole.rate_hz))
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
    window = _blank(len(clip.audio) / JUDGED_HZ, config)
    window.motion[:] = clip.motion.values[: len(window.motion)]
    window.sounds = {config.sounds.index(clip.name) + 1: 1.0}
    return window
