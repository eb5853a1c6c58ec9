"""Training windows cut on the device: all mels lie there, and a batch is drawn by indices, without a loop over windows.

What a window is stands in `examples`: this draws the same kinds with the same chances, for a whole batch at once.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from vssflow_dit.config import MEL_BANDS, MEL_FRAMES_PER_TOKEN
from vssflow_dit.picture.strikes import PULSE_S
from vssflow_dit.sound.mel import FRAME_RATE_HZ
from vssflow_dit.text.mouth_timing import OPENNESS_BY_ID, lip_window
from vssflow_dit.training.examples import FLOOR, Examples

SENTENCES = 8
"""At most in a window; later ones would begin behind it."""


class Spoken(NamedTuple):
    mel: Tensor
    """(windows, frames, 64)"""
    phonemes: Tensor
    """(windows, frames)"""
    voice: Tensor
    """(windows,)"""


class Sounding(NamedTuple):
    mel: Tensor
    motion: Tensor
    """(windows, frames, 2): strike, speed"""
    sounds: Tensor
    """(windows, classes): weights"""


class Pieces:
    """Mels end to end, the first frame silence; piece k is `length[k]` frames from `start[k]` on."""

    def __init__(self, mels: Sequence[npt.NDArray[np.float16]], device: torch.device) -> None:
        silence = np.full((1, MEL_BANDS), FLOOR, np.float16)
        self.mel = torch.from_numpy(np.concatenate([silence, *mels])).to(device)
        length = torch.tensor([len(mel) for mel in mels], dtype=torch.long)
        self.length, self.start = length.to(device), (1 + length.cumsum(0) - length).to(device)


class Chance:
    """Numbers drawn on the device, the same for the same key."""

    def __init__(self, key: tuple[int, ...], device: torch.device) -> None:
        seed = int(np.random.SeedSequence(key).generate_state(1, np.uint64)[0] >> 1)
        self.device, self._generator = device, torch.Generator(device).manual_seed(seed)

    def uniform(self, low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(*shape, generator=self._generator, device=self.device)

    def whole(self, low: int, high: int, *shape: int) -> Tensor:
        return torch.randint(low, high, shape, generator=self._generator, device=self.device)

    def below(self, bounds: Tensor) -> Tensor:
        """Whole numbers from 0 to below each of `bounds`."""
        return (self.uniform(0, 1, *bounds.shape) * bounds).long().minimum(bounds - 1)

    def normal(self, spread: Tensor | float, *shape: int) -> Tensor:
        return spread * torch.randn(*shape, generator=self._generator, device=self.device)

    def either(self, share: float, yes: Tensor, no: Tensor) -> Tensor:
        """Row by row, `yes` in so many of the cases."""
        return torch.where(self.uniform(0, 1, len(yes), *[1] * (yes.dim() - 1)) < share, yes, no)


class Resident:
    """`Examples` as a `joint.Source` whose data, and whose work, are on `device`."""

    def __init__(self, examples: Examples, device: torch.device) -> None:
        self.drawing, self.n_frames, self.device = examples.drawing, examples.n_frames, device
        self.n_sounds, self.codec = len(examples.config.sounds), copy.deepcopy(examples.codec).to(device)
        speech = sorted(examples.speech, key=lambda one: one.voice)
        self.speech = Pieces([one.mel for one in speech], device)
        self.phonemes = self._row([one.frames for one in speech], np.int16)
        voices, counts = np.unique([one.voice for one in speech], return_counts=True)
        self.voices, self.of_voice = (torch.from_numpy(found).to(device) for found in (voices, counts))
        self.clips = Pieces([clip.mel for clip in examples.clips], device)
        self.speed = self._row([clip.speed for clip in examples.clips], np.float32)
        self.sound = torch.tensor([clip.sound for clip in examples.clips], device=device)
        self.is_bed = torch.tensor([clip.is_bed and clip.sound > 0 for clip in examples.clips], device=device)
        self.beds = self.is_bed.nonzero()[:, 0]
        longest = max((len(clip.strikes) for clip in examples.clips), default=0)
        struck = [[*clip.strikes, *[(0.0, 0.0)] * (longest - len(clip.strikes))] for clip in examples.clips]
        self.strikes = torch.tensor(struck, dtype=torch.float32).view(len(struck), longest, 2).to(device)
        self.openness = torch.from_numpy(OPENNESS_BY_ID).to(device)
        self.lips = torch.from_numpy(lip_window().astype(np.float32)).to(device)[None, None]
        self.frames = torch.arange(self.n_frames, device=device)

    def _row(self, pieces: Sequence[npt.NDArray[Any]], dtype: type) -> Tensor:
        """End to end, as `Pieces` has the mels."""
        return torch.from_numpy(np.concatenate([np.zeros(1, dtype), *pieces]).astype(dtype)).to(self.device)

    def batch(self, step: int, rank: int) -> tuple[Tensor, dict[str, Tensor]]:
        """See `joint.Source`."""
        mel, condition_values = self.mels(step, rank)
        return self.codec.encode(mel), condition_values

    def mels(self, step: int, rank: int = 0) -> tuple[Tensor, dict[str, Tensor]]:
        """Log-mel (n, 64, frames) and the model's condition values: speech, then both at once, then sounds."""
        chance = Chance((self.drawing.seed, rank, step), self.device)
        n, shares = self.drawing.batch, np.array(self.drawing.shares)
        n_speech, n_alone = (round(float(edge) * n) for edge in np.cumsum(shares)[:2] / shares.sum())
        n_both = n - n_alone
        spoken = self._spoken(chance, n_speech + n_both)
        mouth = self._mouth(chance, spoken.phonemes)
        heard = self._heard(chance, n - n_speech)
        mel, motion = self._both(chance, Spoken(*(part[n_speech:] for part in spoken)), heard, n_both)
        told = {
            "phoneme": self._padded(spoken.phonemes, n),
            "mouth": self._by_token(self._padded(mouth, n)),
            "motion": self._by_token(torch.cat((motion.new_zeros(n_speech, *motion.shape[1:]), motion))),
            "voice": self._padded(spoken.voice, n)[:, None],
            "sound": torch.cat((heard.sounds.new_zeros(n_speech, self.n_sounds), heard.sounds)),
        }
        return torch.cat((spoken.mel[:n_speech], mel)).transpose(1, 2), told

    def _padded(self, rows: Tensor, n: int) -> Tensor:
        return torch.cat((rows, rows.new_zeros(n - len(rows), *rows.shape[1:])))

    def _by_token(self, values: Tensor) -> Tensor:
        return values.reshape(len(values), self.n_frames // MEL_FRAMES_PER_TOKEN, -1)

    def _spoken(self, chance: Chance, n: int) -> Spoken:
        """Sentences of one voice, one after the other, with pauses; the first may begin before the window."""
        which = chance.below(torch.full((n,), len(self.voices), device=self.device))
        before = self.of_voice.cumsum(0) - self.of_voice
        said = before[which][:, None] + chance.below(self.of_voice[which][:, None].expand(n, SENTENCES))
        pauses = chance.whole(5, 60, n, SENTENCES)
        pauses = torch.where(chance.uniform(0, 1, n, SENTENCES) < 0.5, pauses, chance.whole(60, 250, n, SENTENCES))
        begins = chance.either(0.5, -chance.whole(0, 150, n, 1), chance.whole(0, 60, n, 1))
        steps = self.speech.length[said] + pauses
        begins = begins + steps.cumsum(1) - steps  # (n, SENTENCES)
        nth = torch.searchsorted(begins, self.frames.expand(n, -1).contiguous(), right=True) - 1
        own = nth.clamp(min=0)
        begin, piece = begins.gather(1, own), said.gather(1, own)
        at = self.frames - begin
        sounds = (nth >= 0) & (at < self.speech.length[piece]) & (begin < self.n_frames - 30)
        rows = torch.where(sounds, self.speech.start[piece] + at, 0)
        return Spoken(self.speech.mel[rows].float(), self.phonemes[rows].long(), self.voices[which].long())

    def _mouth(self, chance: Chance, phonemes: Tensor) -> Tensor:
        """(n, frames, 2): opening and seen, of half of the windows; as `Examples` says."""
        n = len(phonemes)
        open_lips = functional.conv1d(self.openness[phonemes][:, None], self.lips, padding="same")[:, 0]
        hidden = chance.uniform(0, 1, n, 1) < 0.1
        scale = torch.where(hidden, chance.uniform(0.4, 0.7, n, 1), chance.uniform(0.6, 1.2, n, 1))
        offset = torch.where(hidden, chance.uniform(0.2, 0.5, n, 1), chance.uniform(0.0, 0.1, n, 1))
        noise = chance.normal(chance.uniform(0.0, 0.12, n, 1), n, self.n_frames)
        opening = (open_lips * scale + offset + noise).clamp(0, 1.2)
        return chance.either(0.5, torch.stack((opening, torch.ones_like(opening)), -1), opening.new_zeros(1, 1, 1))

    def _excerpt(self, chance: Chance, clip: Tensor) -> tuple[Tensor, Tensor]:
        """The first frame (n, 1) of a window of each clip, and all frames' rows (n, frames)."""
        first = chance.below(self.clips.length[clip] - self.n_frames + 1)[:, None]
        return first, self.clips.start[clip][:, None] + first + self.frames

    def _heard(self, chance: Chance, n: int) -> Sounding:
        """A clip each; of the beds, some laid over another, each at the power of its weight."""
        clip = chance.below(torch.full((n,), len(self.sound), device=self.device))
        first, rows = self._excerpt(chance, clip)
        time, strength = self.strikes[clip].unbind(-1)  # (n, strikes)
        time = time + chance.normal(0.008, *time.shape)
        away = (((first + self.frames) / FRAME_RATE_HZ)[:, :, None] - time[:, None]).abs()
        pulses = (strength[:, None] * (1 - away / PULSE_S).clamp(min=0)).amax(-1)
        motion = torch.stack((pulses, self.speed[rows] * chance.uniform(0.9, 1.1, n, 1)), -1)
        mel, told = self.clips.mel[rows].float(), self._weights(self.sound[clip])
        if not len(self.beds):
            return Sounding(mel, motion, told)
        mixes = self.is_bed[clip] & (chance.uniform(0, 1, n) < self.drawing.mixed)
        other = self.beds[chance.below(torch.full((n,), len(self.beds), device=self.device))]
        share = torch.where(mixes, chance.uniform(0.2, 0.8, n), 1.0)[:, None]
        second = self.clips.mel[self._excerpt(chance, other)[1]].float()
        parts = 2 * mel + share.log()[..., None], 2 * second + (1 - share).clamp(min=1e-6).log()[..., None]
        both = torch.where(mixes[:, None, None], (0.5 * torch.logaddexp(*parts)).clamp(min=FLOOR), mel)
        return Sounding(both, motion, share * told + (1 - share) * self._weights(self.sound[other]))

    def _weights(self, sound: Tensor) -> Tensor:
        """Class ids (n,) to weights (n, classes): none where the class is not told."""
        return functional.one_hot(sound, self.n_sounds + 1)[:, 1:].float()

    def _both(self, chance: Chance, spoken: Spoken, heard: Sounding, n: int) -> tuple[Tensor, Tensor]:
        """Mel and motion of the sounds, the first `n` of them with speech, added or inserted."""
        mel, motion = heard.mel[:n], heard.motion[:n]
        lower = chance.uniform(0, 12, n, 1, 1) / 8.686
        added = (0.5 * torch.logaddexp(2 * spoken.mel, 2 * (mel - lower))).clamp(min=FLOOR)
        speaks = (spoken.phonemes > 0)[..., None]
        adds = chance.uniform(0, 1, n, 1, 1) < 0.5
        mel = torch.where(adds, added, torch.where(speaks, spoken.mel, mel))
        motion = torch.where(adds | ~speaks, motion, 0.0)
        return torch.cat((mel, heard.mel[n:])), torch.cat((motion, heard.motion[n:]))
