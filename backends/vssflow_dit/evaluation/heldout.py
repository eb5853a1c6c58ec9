"""Data of an evaluation: sentences by the teachers and sounds that no training saw, drawn from seeds of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soxr

from vssflow_dit.bars import watched
from vssflow_dit.picture.strikes import pulses
from vssflow_dit.sounds import follows
from vssflow_dit.synthesis.clips import heard, motion_for
from vssflow_dit.synthesis.recordings import Recordings
from vssflow_dit.synthesis.speech import SpeechSet, Utterance, speak, write_speech
from vssflow_dit.synthesis.waves import RATE_HZ, Strikes
from vssflow_post.backend import Track
from vssflow_post.errors import UsageError
from vssflow_post.progress import OnProgress

SEED = 90_001
"""Of everything drawn here; training draws from (seed, number) with small seeds."""
SENTENCES: tuple[str, ...] = tuple((Path(__file__).parent / "sentences.txt").read_text("utf-8").splitlines())
"""Fifty simple sentences of 6 to 10 words; `model synthesise` never has them spoken."""
JUDGED_HZ = 16_000
"""Every judge listens at this rate."""
CLIP_S = 4.0
Waveform = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """A sound of one class, and the motion that it belongs to."""

    name: str
    strikes: Strikes
    speed: npt.NDArray[np.float32]
    """(n,) at 100/s"""
    audio: Waveform
    """(n,) at JUDGED_HZ"""

    @property
    def motion(self) -> Track:
        """What the model reads of a picture that moves so: strike pulses and speed."""
        return Track(np.stack([pulses(self.strikes, len(self.speed)), self.speed], axis=1), 100.0)


def judged(wave: npt.ArrayLike, rate_hz: int) -> Waveform:
    """A sound (n,) as the judges hear it."""
    samples: Waveform = np.asarray(wave, np.float32)
    return samples if rate_hz == JUDGED_HZ else np.asarray(soxr.resample(samples, rate_hz, JUDGED_HZ, quality="VHQ"))


def teachers_speech(folder: Path, voices: Sequence[str], texts: Sequence[str], report: OnProgress) -> list[Utterance]:
    """The utterances in `folder`/speech by these voices; spoken first, at natural pace, where there are none.

    Raises UsageError where a teacher is not installed, or none of the utterances is by one of the voices.
    """
    if not (folder / "speech" / "index.npz").exists():
        asked = [(text, voice) for voice in voices for text in texts]
        try:
            said = [speak(text, voice) for text, voice in watched("teachers speak", asked, report)]
        except (FileNotFoundError, ImportError) as error:
            raise UsageError(f"the teachers cannot speak: {error}; --data takes speech made elsewhere") from error
        write_speech(folder / "speech", [utterance for utterance in said if utterance is not None])
    found = [utterance for utterance in SpeechSet(folder / "speech") if utterance.voice in voices]
    if not found:
        raise UsageError(f"{folder / 'speech'} holds no speech by {', '.join(voices)}")
    return found


def clips(classes: Sequence[str], n_each: int, seed: int, recordings: Recordings | None = None) -> list[Clip]:
    """`n_each` clips of every class, class by class; other seeds give other clips."""
    return [
        _clip(np.random.default_rng((SEED, seed, number, k)), name, recordings)
        for number, name in enumerate(classes)
        for k in range(n_each)
    ]


def _clip(rng: np.random.Generator, name: str, recordings: Recordings | None) -> Clip:
    least = {"strikes": 2, "calls": 1}.get(follows(name), 0)
    while True:
        motion = motion_for(rng, name, CLIP_S)
        moves = follows(name) != "speed" or motion.speed.mean() >= 0.1
        if len([time for time, _ in motion.strikes if time < CLIP_S]) >= least and moves:
            break
    clip = heard(rng, name, motion, CLIP_S, recordings)
    speed = clip.speed[:: RATE_HZ // 100].astype(np.float32)
    return Clip(name, clip.strikes, speed, judged(clip.audio, RATE_HZ))
