"""Training windows: speech, sounds and both, with the conditions that the product will have on films."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from vssflow_dit.config import MEL_BANDS, MEL_FRAMES_PER_TOKEN, TOKEN_RATE_HZ, ModelConfig
from vssflow_dit.picture.strikes import pulses
from vssflow_dit.sound.codec import Codec
from vssflow_dit.sound.mel import FRAME_RATE_HZ, LOG_FLOOR, log_mel
from vssflow_dit.sounds import follows
from vssflow_dit.synthesis.speech import SpeechSet
from vssflow_dit.synthesis.waves import RATE_HZ, Strikes
from vssflow_dit.text.mouth_timing import opening_of
from vssflow_dit.text.phonemes import phoneme_frames

Array = npt.NDArray[np.float32]
FLOOR = float(np.log(LOG_FLOOR))


@dataclass(frozen=True, slots=True, eq=False)
class Utterance:
    mel: npt.NDArray[np.float16]
    """(n, 64) at 100/s"""
    frames: npt.NDArray[np.int16]
    """Phoneme id of each mel frame."""
    voice: int
    """Id in the model, from 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    mel: npt.NDArray[np.float16]
    strikes: Strikes
    speed: Array
    """(n,) at 100/s"""
    sound: int
    """Class id in the model; 0 is unspecified."""
    is_bed: bool
    """Whether it goes on by itself, whatever moves."""


@dataclass(slots=True, eq=False)
class Window:
    """One training example, n mel frames long."""

    mel: Array
    phonemes: npt.NDArray[np.int64]
    mouth: Array
    """(n, 2): opening, seen"""
    motion: Array
    """(n, 2): strike, speed"""
    voice: int = 0
    sounds: Mapping[int, float] = field(default_factory=dict)
    """Class id -> its weight: one of a sound, several of a mixture."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """What a batch is made of."""

    batch: int = 24
    window_s: float = 5.0
    shares: tuple[float, float, float] = (0.5, 0.44, 0.06)
    """Of speech, sound, and both at once."""
    mixed: float = 0.2
    """Of beds, how many are two at once, told by their weights."""
    seed: int = 1


def silent_window(n: int) -> Window:
    """n mel frames in which nothing sounds and nothing is seen."""
    nothing = np.zeros((2, n, 2), np.float32)
    return Window(np.full((n, MEL_BANDS), FLOOR, np.float32), np.zeros(n, np.int64), nothing[0], nothing[1])


def mel_of(audio: npt.NDArray[np.float32]) -> npt.NDArray[np.float16]:
    return log_mel(torch.from_numpy(audio)[None], rate_hz=RATE_HZ)[0].T.numpy().astype(np.float16)


def load_speech(folder: Path, voices: tuple[str, ...]) -> list[Utterance]:
    """Utterances of the shards that `synthesis.speech` wrote, by the voices that a model calls `voices`."""
    found = []
    for spoken in SpeechSet(folder):
        if spoken.voice not in voices:
            continue
        mel = mel_of(np.pad(spoken.audio.astype(np.float32) / 32768, (0, max(0, 1536 - len(spoken.audio)))))
        frames = phoneme_frames(spoken.ids, spoken.ends_s, len(mel), FRAME_RATE_HZ)
        found.append(Utterance(mel, frames.astype(np.int16), voices.index(spoken.voice) + 1))
    return found


class Examples:
    """The starter's `Source`: batches drawn by seed, step and rank, through the model's codec."""

    def __init__(
        self, config: ModelConfig, speech: list[Utterance], clips: list[Sound], codec: Codec, drawing: Drawing
    ) -> None:
        self.config, self.speech, self.clips, self.codec, self.drawing = config, speech, clips, codec, drawing
        self.n_frames = round(drawing.window_s * TOKEN_RATE_HZ) * MEL_FRAMES_PER_TOKEN
        self.beds = [clip for clip in clips if clip.is_bed and clip.sound]
        self.by_voice = {v: [u for u in speech if u.voice == v] for v in sorted({u.voice for u in speech})}

    def batch(self, step: int, rank: int) -> tuple[Tensor, dict[str, Tensor]]:
        """See `joint.Source`."""
        mel, condition_values = self.mels(step, rank)
        return self.codec.encode(mel), condition_values

    def mels(self, step: int, rank: int = 0) -> tuple[Tensor, dict[str, Tensor]]:
        """Log-mel (n, 64, frames) and the model's condition values."""
        rng = np.random.default_rng((self.drawing.seed, rank, step))
        shares, n = self.drawing.shares, self.drawing.batch
        edges = np.round(np.cumsum(shares) / sum(shares) * n)
        windows = [self.window(rng, ("speech", "sound", "both")[int((k >= edges).sum())]) for k in range(n)]
        return torch.from_numpy(np.stack([w.mel.T for w in windows])), values(windows, len(self.config.sounds))

    def window(self, rng: np.random.Generator, task: str) -> Window:
        out = silent_window(self.n_frames)
        if task in ("speech", "both"):
            self._speak(rng, out)
        if task in ("sound", "both"):
            self._sound(rng, out)
        return out

    def _speak(self, rng: np.random.Generator, out: Window) -> None:
        """Sentences of one voice, one after the other, with pauses; the first may begin before the window."""
        out.voice = int(rng.choice(list(self.by_voice)))
        own = self.by_voice[out.voice]
        at = -int(rng.integers(0, 150)) if rng.random() < 0.5 else int(rng.integers(0, 60))
        seen = rng.random() < 0.5
        while at < self.n_frames - 30:
            spoken = own[rng.integers(len(own))]
            first, last = max(0, -at), min(len(spoken.mel), self.n_frames - at)
            if last > first:
                where = slice(at + first, at + last)
                out.mel[where] = spoken.mel[first:last]
                out.phonemes[where] = spoken.frames[first:last]
            at += len(spoken.mel) + int(rng.choice([rng.integers(5, 60), rng.integers(60, 250)]))
        if seen:
            # As the tracker sees drawn faces (docs/training.md): a mouth that is half hidden reads high and flat.
            scale, offset = rng.uniform(0.6, 1.2), rng.uniform(0.0, 0.1)
            if rng.random() < 0.1:
                scale, offset = rng.uniform(0.4, 0.7), rng.uniform(0.2, 0.5)
            lips = opening_of(out.phonemes) * scale + offset + rng.normal(0, rng.uniform(0.0, 0.12), self.n_frames)
            out.mouth[:, 0] = np.clip(lips, 0, 1.2)
            out.mouth[:, 1] = 1.0

    def _sound(self, rng: np.random.Generator, out: Window) -> None:
        clip = self.clips[rng.integers(len(self.clips))]
        first, mel = self._excerpt(rng, clip)
        where = slice(first, first + self.n_frames)
        speaking = out.voice > 0
        seen = [(time + rng.normal(0, 0.008), strength) for time, strength in clip.strikes]
        out.motion[:, 0] = pulses(seen, self.n_frames, first / FRAME_RATE_HZ)
        out.motion[:, 1] = clip.speed[where] * rng.uniform(0.9, 1.1)
        out.sounds = {clip.sound: 1.0} if clip.sound else {}
        if clip.is_bed and clip.sound and rng.random() < self.drawing.mixed:
            mel = self._mixed(rng, out, mel)
        if not speaking:
            out.mel = mel
        elif rng.random() < 0.5:  # the paper's "add": powers add, the sound 0-12 dB lower under speech
            lower = rng.uniform(0, 12) / 8.686
            out.mel = np.maximum(0.5 * np.logaddexp(2 * out.mel, 2 * (mel - lower)), FLOOR)
        else:  # the paper's "insert": speech stands where the sound has been cut out
            spoken = out.phonemes > 0
            out.mel = np.where(spoken[:, None], out.mel, mel)
            out.motion[spoken] = 0.0

    def _excerpt(self, rng: np.random.Generator, clip: Sound) -> tuple[int, Array]:
        """The clip from a random frame on, and that frame."""
        first = int(rng.integers(0, len(clip.mel) - self.n_frames + 1))
        return first, clip.mel[first : first + self.n_frames].astype(np.float32)

    def _mixed(self, rng: np.random.Generator, out: Window, mel: Array) -> Array:
        """Another bed laid over this one, each at the power of its weight, and told so."""
        other = self.beds[rng.integers(len(self.beds))]
        share = float(rng.uniform(0.2, 0.8))
        weights = {name: weight * share for name, weight in out.sounds.items()}
        out.sounds = weights | {other.sound: weights.get(other.sound, 0.0) + 1.0 - share}
        second = self._excerpt(rng, other)[1]
        powers = np.logaddexp(2 * mel + np.log(share), 2 * second + np.log(1.0 - share))
        both: Array = np.maximum(0.5 * powers, FLOOR).astype(np.float32)
        return both


def starter_examples(config: ModelConfig, data: Path, codec: Codec, batch: int) -> Examples:
    """What `model synthesise` made in `data`, as a source of batches for `config`."""
    speech, clips = load_speech(data / "speech", config.voices), load_sounds(data / "sounds", config.sounds)
    return Examples(config, speech, clips, codec, Drawing(batch=batch))


def values(windows: list[Window], n_sounds: int) -> dict[str, Tensor]:
    """Condition values as `ConditionEncoder` takes them, for the starter's streams: classes by their weights."""
    per = MEL_FRAMES_PER_TOKEN
    n = len(windows[0].phonemes) // per
    sounds = torch.zeros(len(windows), n_sounds)
    for row, window in zip(sounds, windows, strict=True):
        for name, weight in window.sounds.items():
            row[name - 1] = weight
    return {
        "phoneme": torch.from_numpy(np.stack([w.phonemes for w in windows])),
        "mouth": torch.from_numpy(np.stack([w.mouth.reshape(n, per * 2) for w in windows])),
        "motion": torch.from_numpy(np.stack([w.motion.reshape(n, per * 2) for w in windows])),
        "voice": torch.tensor([[w.voice] for w in windows]),
        "sound": sounds,
    }


def load_sounds(folder: Path, sounds: Sequence[str]) -> list[Sound]:
    """Clips of the shards that `synthesis.sound_shards` wrote, of the classes that a model calls `sounds`."""
    found: list[Sound] = []
    ids = {name: k + 1 for k, name in enumerate(sounds)}
    for path in sorted(folder.glob("*.npz")):
        clips = json.loads(path.with_suffix(".json").read_text("utf-8"))["clips"]
        with np.load(path) as shard:
            strikes = json.loads(str(shard["strikes"]))
            rows = zip(shard["mel"], strikes, shard["speed"], clips, strict=True)
            for mel, struck, speed, clip in rows:
                if clip["sound"] in ids:
                    times = tuple((float(time), float(strength)) for time, strength in struck)
                    told = ids[clip["sound"]] if clip["named"] else 0
                    is_bed = follows(clip["sound"]) == "nothing"
                    found.append(Sound(mel, times, speed, told, is_bed and bool(mel.max() > FLOOR + 1.0)))
    return found
