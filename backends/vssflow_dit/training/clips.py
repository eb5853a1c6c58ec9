"""Clips for the vocoder: speech and sounds lie as int16 in a row each, where the training is, and are drawn from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from vssflow_dit.training.listening import is_narrow

TRIES = 4
"""Recordings of single events are mostly silence, of which a little is enough: so often another place is tried."""
PIECE_S = 6.0
"""Of a file without pieces of its own."""


class Row:
    """Pieces of audio end to end, drawn from at random."""

    def __init__(self, files: Sequence[Sequence[Tensor]], rate_hz: int, device: torch.device) -> None:
        pieces = [piece for file in files for piece in file]
        lengths = torch.tensor([len(piece) for piece in pieces])
        self.audio = torch.cat(pieces).to(device)
        """(n,) int16."""
        self.lengths = lengths.to(device)
        self.starts = (lengths.cumsum(0) - lengths).to(device)
        self.narrow = torch.cat([is_narrow(piece[None] / 32768.0, rate_hz) for piece in pieces]).to(device)
        """(pieces, 1): those whose source had 16 kHz."""
        # Small files hold what cannot be drawn again (recordings), so size counts only by its root.
        sizes = torch.cat([torch.full((len(file),), float(sum(map(len, file)))) for file in files])
        self.weights = (lengths / sizes.sqrt()).to(device)

    def drawn(self, n_clips: int, n_samples: int) -> tuple[Tensor, Tensor]:
        """Excerpts (clips, samples), each with its peak at 1 unless it is all but silent, and their `narrow`."""
        piece = torch.multinomial(self.weights, TRIES * n_clips, replacement=True)
        chance = torch.rand(len(piece), device=piece.device)
        start = self.starts[piece] + (chance * (self.lengths[piece] - n_samples)).long().clamp(min=0)
        at = start[:, None] + torch.arange(n_samples, device=piece.device)
        tried = self.audio[at.clamp(max=len(self.audio) - 1)].view(TRIES, n_clips, n_samples) / 32768.0
        peak = tried.abs().amax(-1)
        first = (peak > 0.01).float().argmax(0), torch.arange(n_clips, device=piece.device)
        found = tried[first] / peak[first][:, None].clamp(min=0.02)
        return found, self.narrow[piece.view(TRIES, n_clips)[first]]


class Clips:
    """Speech, a sound, or both, at a level between -40 and 0 dB; now and then silence."""

    def __init__(self, speech: Row, sounds: Row) -> None:
        self.speech, self.sounds = speech, sounds

    @classmethod
    def of(cls, folder: Path, rate_hz: int, device: torch.device) -> Clips:
        """From all int16 .npy files in `folder`/speech and /sounds, which may be links to several folders."""
        return cls(*(Row(_files(folder / kind, rate_hz), rate_hz, device) for kind in ("speech", "sounds")))

    def batch(self, n_clips: int, n_samples: int) -> tuple[Tensor, Tensor]:
        """Clips (n, samples), and whether each is narrow, or a part of it (n, 1)."""
        chance, ratio, level, sign = torch.rand(4, n_clips, 1, device=self.speech.audio.device)
        speech, narrow_speech = self.speech.drawn(n_clips, n_samples)
        sounds, narrow_sounds = self.sounds.drawn(n_clips, n_samples)
        # A sound may stand on its head, but not a voice: which way its pulses go is heard.
        sounds = torch.where(sign < 0.5, sounds, -sounds)
        has_speech, has_sounds = (chance > 0.01) & (chance < 0.68), (chance > 0.01) & (chance < 0.18) | (chance >= 0.68)
        loudness = torch.where(has_speech, 10.0 ** (1.75 * ratio - 1.25), 1.0)
        audio = speech * has_speech + sounds * has_sounds * loudness
        audio = audio / audio.abs().amax(1, keepdim=True).clamp(min=0.02)
        decibels = (9.0 * torch.log(level.clamp(min=1e-6))).clamp(min=-40.0)
        return 0.95 * 10.0 ** (decibels / 20.0) * audio, narrow_speech & has_speech | narrow_sounds & has_sounds


def _files(folder: Path, rate_hz: int) -> list[list[Tensor]]:
    """The pieces of every .npy file. Raises FileNotFoundError where there are none."""
    found = [_pieces(path, rate_hz) for path in sorted(folder.glob("**/*.npy"))]
    if not found:
        raise FileNotFoundError(f"{folder} needs at least one .npy file of int16 audio")
    return found


def _pieces(path: Path, rate_hz: int) -> list[Tensor]:
    """Utterances where an index lies beside them, rows of a table, else a few seconds at a time."""
    audio = torch.from_numpy(np.load(path))
    index = path.with_name("index.npz")
    if audio.dim() > 1:
        return list(audio.flatten(0, -2))
    if not index.exists() or path.name != "audio.npy":
        return list(torch.split(audio, int(PIECE_S * rate_hz)))
    with np.load(index) as found:
        lengths = np.diff(found["sample_offsets"])
    return list(torch.split(audio, lengths.tolist()))
