"""One open voice: how long it makes the sounds of a line, and the line as it says them in other times."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vssflow_dit.sound.piper_graph import TIMING_NOISE, VOICE_NOISE, Ids, PiperGraph, Values
from vssflow_dit.text.durations import Seconds
from vssflow_dit.text.ipa import WrittenSound, each_owners, spelled
from vssflow_dit.text.timed_line import TimedLine
from vssflow_piper.reading import Reading
from vssflow_piper.voice_files import VoiceFile
from vssflow_post.errors import UsageError

CHANNELS = 512
"""Of the noise behind a sound: more than any voice has."""
MOST_FRAMES = 40
"""Of noise for each symbol of a voice that does not tell how long it will be: three times a slow one's."""
FADE_S = 0.04
"""How long the sound takes to come and to go, as the starter's does."""
RELEASE_S = 0.03
"""How long a pause keeps what is left of the sound before it."""
CLICK_S = 0.005
NO_TIMES = "does not say how long its sounds last, so that the line is fitted as a whole, and not to the mouth"


class PiperVoice:
    """One file's voices. Raises UsageError, a sentence with the file's name, for a graph that is no voice."""

    def __init__(self, file: VoiceFile) -> None:
        self.file = file
        self._graph = PiperGraph(file.path)
        self._scales = np.array(file.scales, np.float32)
        self.knows_times = self._graph.knows_times
        self._hop = self._samples_of_a_frame() if self.knows_times else 0

    def natural(self, reading: Reading, seed: int, speaker: int) -> Seconds:
        """How long each of the line's sounds lasts when nobody asks, in seconds.

        Its rhythm is the seed's; its length is not, so that it is known before a take has its seed.
        """
        ids, owners = self._spelled(reading)
        n = len(reading.sounds)
        if not self.knows_times:
            wave = self._graph.wave(
                ids, self._scales, self._noises(seed, len(ids) * MOST_FRAMES, len(ids)), None, speaker
            )
            share = each_owners(np.ones(len(ids)), owners, n) / len(ids)
            return np.asarray(share[1:-1] * len(wave) / self.file.rate_hz, np.float32)
        own, usual = (each_owners(self._frames(ids, seed, speaker, lively), owners, n)[1:-1] for lively in (1.0, 0.0))
        return np.asarray(own * usual.sum() / own.sum() * self._hop / self.file.rate_hz, np.float32)

    def say(self, line: TimedLine[WrittenSound], mark: str, n_samples: int, seed: int, speaker: int) -> Values:
        """The line (n_samples,), from the span's start; silence where it is not spoken."""
        if not line.sounds:
            return np.zeros(n_samples, np.float32)
        ids, owners = self._spelled(Reading(line.sounds, mark))
        if self.knows_times:
            natural = self._frames(ids, seed, speaker, 1.0)
            frames = self._told(natural, owners, line.durations)
            lead = round(float(frames[np.asarray(owners) == 0].sum())) * self._hop
            noises = self._noises(seed, int(frames.sum()), len(ids))
            wave = self._graph.wave(ids, self._scales, noises, frames, speaker)
        else:
            wave, lead = self._stretched(ids, line, seed, speaker), 0
        laid = _laid(wave, round(line.offset_s * self.file.rate_hz) - lead, n_samples)
        return laid * heard(line, n_samples, self.file.rate_hz, self.knows_times)

    def _spelled(self, reading: Reading) -> tuple[Ids, list[int]]:
        symbols, owners = spelled(reading.sounds, reading.mark)
        read = [
            (k, owner) for symbol, owner in zip(symbols, owners, strict=True) for k in self.file.ids.get(symbol, ())
        ]
        return np.array([k for k, _ in read], np.int64), [owner for _, owner in read]

    def _frames(self, ids: Ids, seed: int, speaker: int, lively: float) -> Values:
        scales = self._scales * np.array([1.0, 1.0, lively], np.float32)
        return self._graph.frames(ids, scales, self._noises(seed, 1, len(ids))[TIMING_NOISE], speaker)

    def _told(self, natural: Values, owners: list[int], durations: Seconds) -> Values:
        """Whole frames of each symbol: a sound's are shared among its symbols as they naturally are, and rounded so
        that no error adds up. The silences at both ends stay as they are."""
        wanted = each_owners(natural, owners, len(durations))
        shares = natural / np.maximum(wanted[owners], 1e-9)
        wanted[1:-1] = durations * (self.file.rate_hz / self._hop)
        ends = np.round(np.cumsum(shares * wanted[owners]))
        return np.diff(ends, prepend=0.0).astype(np.float32)

    def _stretched(self, ids: Ids, line: TimedLine[WrittenSound], seed: int, speaker: int) -> Values:
        """By the voice's one scale of length, twice: as it is, and then as it should be."""
        noises = self._noises(seed, len(ids) * MOST_FRAMES, len(ids))
        length_s = len(self._graph.wave(ids, self._scales, noises, None, speaker)) / self.file.rate_hz
        scales = self._scales * np.array([1.0, float(line.durations.sum()) / length_s, 1.0], np.float32)
        return self._graph.wave(ids, scales, noises, None, speaker)

    def _noises(self, seed: int, n_frames: int, n_symbols: int) -> dict[str, Values]:
        """Both draws of noise, each from the seed alone."""
        timing, sound = (np.random.default_rng((seed % 2**64, k)) for k in (1, 2))
        return {
            TIMING_NOISE: timing.standard_normal((1, 2, n_symbols), np.float32),
            VOICE_NOISE: sound.standard_normal((1, CHANNELS, max(1, n_frames)), np.float32),
        }

    def _samples_of_a_frame(self) -> int:
        """Found by letting the voice say next to nothing. Raises UsageError for a graph that cannot."""
        ids = np.array([*self.file.ids["^"], *self.file.ids["_"], *self.file.ids["$"]], np.int64)
        frames = np.full(len(ids), 2, np.float32)
        self._frames(ids, 0, 0, 1.0)
        wave = self._graph.wave(ids, self._scales, self._noises(0, 2 * len(ids), len(ids)), frames)
        hop, left = divmod(len(wave), 2 * len(ids))
        if left or not hop or not np.isfinite(wave).all():
            raise UsageError(f"{self.file.path} is no voice of Piper's: its sound does not follow its times")
        return hop


def _laid(wave: Values, first: int, n_samples: int) -> Values:
    """The wave from sample `first` on, which may lie before the start, in as many samples as asked for."""
    laid = np.zeros(n_samples, np.float32)
    part = wave[max(0, -first) :][: max(0, n_samples - max(0, first))]
    laid[max(0, first) : max(0, first) + len(part)] = part
    laid /= max(1.0, float(np.abs(laid).max(initial=0.0)))
    return laid


def heard(line: TimedLine[WrittenSound], n_samples: int, rate_hz: int, in_pauses: bool) -> npt.NDArray[np.float32]:
    """Gain (n_samples,): 1 where the line is spoken, 0 around it and, where it is known when, in its pauses."""
    at_s = np.arange(n_samples) / rate_hz
    first_s, last_s = line.heard_s
    gain = np.minimum(1 + (at_s - first_s) / FADE_S, 1 + (last_s - at_s) / FADE_S).clip(0, 1)
    gain = np.minimum(gain, (n_samples - 1 - np.arange(n_samples)) / (CLICK_S * rate_hz))
    ends_s = line.offset_s + np.cumsum(line.durations, dtype=np.float64)
    for sound, end_s, seconds in zip(line.sounds, ends_s, line.durations, strict=True):
        if in_pauses and sound.is_pause:
            falls = 1 - (at_s - (end_s - seconds + RELEASE_S)) / FADE_S
            rises = 1 - (end_s - at_s) / FADE_S
            gain = np.minimum(gain, np.maximum(falls, rises).clip(0, 1))
    return np.asarray(gain, np.float32)
