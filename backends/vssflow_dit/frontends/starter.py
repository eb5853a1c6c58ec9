"""The starter's front end: phonemes in time, the mouth, strikes and speed, voice and class of sound, from a cue.

Its sound is silent where the mel is at its floor, before and after a line, and where nothing without a name strikes; a
struck thing only rings down between two blows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from vssflow_dit.checkpoint.weights import Weights
from vssflow_dit.config import DURATIONS, MEL_FRAMES_PER_TOKEN, STRIKES
from vssflow_dit.frontends.frontend import Streams
from vssflow_dit.model import VSSFlow
from vssflow_dit.picture.strikes import StrikeEncoder, StrikeNet, pulses
from vssflow_dit.picture.unseen import calls, heard_anyway
from vssflow_dit.picture.when_heard import seen
from vssflow_dit.sound.mel import FRAME_RATE_HZ, LOG_FLOOR
from vssflow_dit.sound.ringing import rung_down
from vssflow_dit.sounds import follows, is_from_afar, loudest, rings_down, sound_mixture
from vssflow_dit.text.durations import DurationModel, laid_out
from vssflow_dit.text.phonemes import phoneme_frames, phonemise
from vssflow_dit.text.timed_line import line_s, timed
from vssflow_post.backend import CueRequest, FrameEncoder, GenerationSettings, Track

FADE_S = 0.04
"""How long a sound takes to come and to go, at either end of what is heard."""
RINGS_S = 3.0
"""How long something without a name may be heard after its last strike. A motion that has no name is heard of its
strikes alone: of its pace the weights have learned no sound, and leave what lies 45 dB or more below full scale."""
QUIET_LN = 1.6
"""Mel frames whose loudest band lies less than this above the floor are silence: what is left is the sampler's dust."""


class StarterFront:
    """See `frontend.Front`."""

    def __init__(self, weights: Weights, model: VSSFlow, settings: GenerationSettings) -> None:
        self._model = model
        self.voices: Sequence[str] = model.config.voices
        self.sounds: Sequence[str] = model.config.sounds
        self._durations = DurationModel.load(weights.folder / DURATIONS)
        self._strikes = StrikeNet.load(weights.folder / STRIKES)

    def encoder(self) -> FrameEncoder:
        return StrikeEncoder(self._strikes)

    def line_s(self, text: str, voice: str | None) -> tuple[float, float]:
        line = phonemise(text)
        return line_s(line, self._durations.predict(line, voice))

    def streams(self, request: CueRequest) -> Streams:
        """The starter's streams for one cue, as a batch of one."""
        n_tokens = self._model.config.tokens_for(request.span.duration_s)
        n = n_tokens * MEL_FRAMES_PER_TOKEN
        phonemes, mouth = np.zeros(n, np.int64), np.zeros((n, 2), np.float32)
        motion, voice, name = np.zeros((n, 2), np.float32), 0, ""
        sound = torch.zeros((1, 1), dtype=torch.long)
        notes: list[str] = []
        heard_s: tuple[float, float] | None = 0.0, 0.0
        if request.kind == "speech":
            if request.text.strip():
                phonemes, mouth, notes, heard_s = self._speech(request, n)
                voice = self.voices.index(request.voice) + 1 if request.voice in self.voices else 1
        else:
            mixture, note = sound_mixture(request.sound, self.sounds)
            name = loudest(mixture)
            sound = self._told(mixture)
            notes = [note] if note else []
            shown = None if is_from_afar(name) else seen(self._strikes, request, name)
            if shown is not None:
                motion = _heard_of(_resampled(shown, n), follows(name) if name else "")
            if request.may_be_unseen:
                motion = heard_anyway(motion, name, request.span.duration_s, request.seed)
            elif follows(name) == "calls" and not motion[:, 0].any():
                motion[:, 0] = pulses(calls(name, request.span.duration_s, request.seed), n)
            heard_s = _struck_s(motion)
            if name and (heard_s[1] or follows(name) != "strikes"):
                heard_s = None
        per = MEL_FRAMES_PER_TOKEN
        values: dict[str, Tensor | None] = {
            "phoneme": torch.from_numpy(phonemes)[None],
            "mouth": torch.from_numpy(mouth.reshape(1, n_tokens, 2 * per)),
            "motion": torch.from_numpy(motion.reshape(1, n_tokens, 2 * per)),
            "voice": torch.tensor([[voice]]),
            "sound": sound,
        }
        rings = request.kind == "sound" and (not name or rings_down(name))
        struck = torch.from_numpy(motion[:, 0].copy()) if rings else None
        return Streams(values, n_tokens, tuple(notes), struck, heard_s)

    def _told(self, mixture: Mapping[str, float]) -> Tensor:
        """The id of one class (1, 1), or the weights of all that the model knows (1, classes)."""
        if len(mixture) < 2:
            return torch.tensor([[self.sounds.index(name) + 1 for name in mixture] or [0]])
        return torch.tensor([[mixture.get(name, 0.0) for name in self.sounds]])

    def waveform(self, latent: Tensor, streams: Streams, seed: int) -> Tensor:
        mel = self._model.mel(latent[None])[0]
        if streams.struck is not None:
            mel = rung_down(mel, streams.struck.to(mel.device))
        wave = _gated(self._model.waveform(mel[None], seed)[0], mel)
        return wave if streams.heard_s is None else _heard_only(wave, streams.heard_s, self._model.rate_hz)

    def _speech(
        self, request: CueRequest, n: int
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32], list[str], tuple[float, float]]:
        """Phoneme ids (n,) and mouth (n, 2) of a line, notes for the report, and from when to when it is spoken (s)."""
        sounds = phonemise(request.text)
        natural = self._durations.predict(sounds, request.voice)
        line = timed(sounds, natural, request.span.duration_s, request.mouth)
        mouth = np.zeros((n, 2), np.float32)
        if request.mouth is not None and line.follows_mouth:  # a mouth that contradicts the line would only blur it
            mouth[:, 0] = np.clip(_resampled(request.mouth, n)[:, 0], 0, 1.2)
            mouth[:, 1] = 1.0
        ids, ends = laid_out(line.sounds, line.durations, line.offset_s)
        return phoneme_frames(ids, ends, n).astype(np.int64), mouth, list(line.notes), line.heard_s


def _resampled(track: Track, n: int) -> npt.NDArray[np.float32]:
    """The track's rows on a grid of n mel frames; what lies past its end is zeros."""
    grid = np.arange(n) / FRAME_RATE_HZ
    at = np.arange(len(track.values)) / track.rate_hz
    columns = [np.interp(grid, at, column, right=0.0) for column in track.values.T]
    return np.stack(columns, axis=1).astype(np.float32)


def _heard_of(motion: npt.NDArray[np.float32], what: str) -> npt.NDArray[np.float32]:
    """Of the motion (n, 2) what a class follows: a struck thing its strikes, an engine its speed, rain nothing; of no
    class in particular ("") the strikes, and where nothing strikes the speed."""
    heard: npt.NDArray[np.float32] = motion.copy()
    if what in ("speed", "nothing"):
        heard[:, 0] = 0.0
    if what != "speed" and (what or heard[:, 0].any()):
        heard[:, 1] = 0.0
    return heard


def _gated(wave: Tensor, mel: Tensor) -> Tensor:
    """Silence where the mel (64, n) is at its floor, faded over a frame, so that a pause is a pause."""
    open_ = ((mel.amax(0) - math.log(LOG_FLOOR) - QUIET_LN) / QUIET_LN).clamp(0, 1)
    gain = torch.nn.functional.interpolate(open_[None, None], size=len(wave), mode="linear", align_corners=False)
    return wave * gain[0, 0]


def _struck_s(motion: npt.NDArray[np.float32]) -> tuple[float, float]:
    """From when to when strikes in (n, 2) mel frames are heard; (0, 0) where nothing strikes."""
    struck = np.flatnonzero(motion[:, 0])
    return (struck[0] / FRAME_RATE_HZ, struck[-1] / FRAME_RATE_HZ + RINGS_S) if len(struck) else (0.0, 0.0)


def _heard_only(wave: Tensor, heard_s: tuple[float, float], rate_hz: int) -> Tensor:
    """The wave (n,) from when to when it is heard, digital silence around it, whatever a sampler leaves there."""
    first, last = (at_s * rate_hz for at_s in heard_s)
    at, fade = torch.arange(len(wave), device=wave.device), FADE_S * rate_hz
    gain = torch.minimum(1 + (at - first) / fade, 1 + (last - at) / fade).clamp(0, 1)
    return wave * gain if last > first else torch.zeros_like(wave)
