"""Laying: every take at its sample, resampled to the clock, faded at its borders, summed into its stem."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from vssflow_post.audio import AudioClip, Samples
from vssflow_post.errors import FilmFailed
from vssflow_post.timeline import CLOCK_HZ, Span

if TYPE_CHECKING:
    from vssflow_post.preset import MixSettings

BLOCK = 5 * CLOCK_HZ
"""The mix is worked on in blocks of this many samples: long enough for fast arrays, short enough for flat memory."""
STEMS = ("DX", "FX")
"""Dialogue and effects, the names stems carry in file names."""
_PIECE = 1 << 16
_CENTRE = math.sqrt(0.5)


class Source(Protocol):
    """Audio that can be read in pieces: a take in the store, production sound, a clip in memory."""

    @property
    def rate_hz(self) -> int: ...

    @property
    def n_samples(self) -> int: ...

    def read(self, start: int, stop: int) -> Samples:
        """float32 (channels, stop - start) at `rate_hz`; one channel or two."""
        ...


@dataclass(frozen=True, slots=True)
class ClipSource:
    """A clip in memory as a source."""

    clip: AudioClip

    @property
    def rate_hz(self) -> int:
        return self.clip.rate_hz

    @property
    def n_samples(self) -> int:
        return self.clip.n_samples

    def read(self, start: int, stop: int) -> Samples:
        return self.clip.samples[:, start:stop]


@dataclass(frozen=True, slots=True)
class LaidTake:
    """A take and its place."""

    span: Span
    """Where it sounds. A longer source is cut at the span's end, a shorter one leaves silence behind it."""
    stem: str
    """`DX` or `FX`."""
    source: Source
    gain_db: float = 0.0
    source_start: int = 0
    """First sample of the source that is heard, at the source's own rate."""
    name: str = ""
    """Cue id, for messages."""

    def __post_init__(self) -> None:
        if self.stem not in STEMS:
            raise ValueError(f"a stem is one of {', '.join(STEMS)}, not {self.stem!r}")


@dataclass(frozen=True, slots=True, eq=False)
class StemBlock:
    """The next stretch of both stems."""

    start: int
    dx: Samples
    """float32, shape (2, n)."""
    fx: Samples


def lay(duration: Span, takes: Sequence[LaidTake], settings: MixSettings) -> Iterator[StemBlock]:
    """Both stems from the film's first sample to its last, block by block, each take read just before it is heard.

    Raises FilmFailed("non_finite_audio") when a source holds NaN or infinity.
    """
    gains = {"DX": settings.dialogue_gain_db, "FX": settings.effects_gain_db}
    waiting = sorted(takes, key=lambda take: take.span.start, reverse=True)
    playing: list[_Playing] = []
    for start in range(duration.start, duration.end, BLOCK):
        block = Span(start, min(duration.end, start + BLOCK))
        while waiting and waiting[-1].span.start < block.end:
            take = waiting.pop()
            playing.append(_Playing(take, gains[take.stem], settings.fade_ms))
        stems = {stem: np.zeros((2, block.n_samples), np.float32) for stem in STEMS}
        for voice in playing:
            voice.add_to(stems[voice.take.stem], block)
        playing = [voice for voice in playing if voice.span.end > block.end]
        yield StemBlock(start, stems["DX"], stems["FX"])


class _Playing:
    """A take while it sounds: knows how far it has been heard."""

    def __init__(self, take: LaidTake, stem_gain_db: float, fade_ms: float) -> None:
        self.take = take
        heard = max(0, take.source.n_samples - take.source_start)
        n = min(take.span.n_samples, (2 * heard * CLOCK_HZ + take.source.rate_hz) // (2 * take.source.rate_hz))
        self.span = Span(take.span.start, take.span.start + n)
        self._n_fade = min(round(fade_ms * CLOCK_HZ / 1000), n // 2)
        self._gain = 10 ** ((take.gain_db + stem_gain_db) / 20)
        self._samples = _clock_samples(take)
        self._held: Samples = np.zeros((1, 0), np.float32)

    def add_to(self, stem: Samples, block: Span) -> None:
        """Adds what sounds within `block`; blocks come in order."""
        part = self.span.intersect(block)
        if part.n_samples == 0:
            return
        audio = self._next(part.n_samples)
        level = np.float32(self._gain * (_CENTRE if audio.shape[0] == 1 else 1.0))
        at = part.start - block.start
        stem[:, at : at + part.n_samples] += audio * (level * self._fades(part))

    def _next(self, n: int) -> Samples:
        parts, n_held = [self._held], self._held.shape[1]
        while n_held < n:
            piece = next(self._samples, None)
            if piece is None:  # the resampler rounded the other way: a sample of silence under the fade
                piece = np.zeros((parts[-1].shape[0], n - n_held), np.float32)
            parts.append(piece)
            n_held += piece.shape[1]
        held = np.concatenate([part for part in parts if part.shape[1]], axis=1)
        self._held = held[:, n:].copy()
        return held[:, :n]

    def _fades(self, part: Span) -> Samples:
        """Raised-cosine fades in and out, float32 (n,), for the part of the take that is being heard."""
        shape = np.ones(part.n_samples, np.float32)
        if self._n_fade:
            ramp = (0.5 - 0.5 * np.cos(np.pi * (np.arange(self._n_fade) + 0.5) / self._n_fade)).astype(np.float32)
            _multiply(shape, part, self.span.start, ramp)
            _multiply(shape, part, self.span.end - self._n_fade, ramp[::-1])
        return shape


def _multiply(shape: Samples, part: Span, at: int, ramp: Samples) -> None:
    common = part.intersect(Span(at, at + len(ramp)))
    shape[common.start - part.start : common.end - part.start] *= ramp[common.start - at : common.end - at]


def _clock_samples(take: LaidTake) -> Iterator[Samples]:
    """The take at 48 kHz in pieces of float32 (channels, n), at least as far as its span reaches.

    soxr's streaming resampler gives the same samples however the input is cut, without delay.
    """
    source = take.source
    if source.rate_hz == CLOCK_HZ:
        for start in range(take.source_start, source.n_samples, _PIECE):
            yield _checked(take, source.read(start, min(source.n_samples, start + _PIECE)))
        return
    import soxr

    resampler = None
    for start in range(take.source_start, source.n_samples, _PIECE):
        stop = min(source.n_samples, start + _PIECE)
        piece = _checked(take, source.read(start, stop))
        if resampler is None:
            resampler = soxr.ResampleStream(source.rate_hz, CLOCK_HZ, piece.shape[0], dtype="float32", quality="VHQ")
        heard = resampler.resample_chunk(np.ascontiguousarray(piece.T), last=stop == source.n_samples)
        yield np.ascontiguousarray(heard.T, np.float32)


def _checked(take: LaidTake, piece: Samples) -> Samples:
    if piece.shape[0] not in (1, 2):
        raise ValueError(f"take {take.name!r} has {piece.shape[0]} channels; a take is mono or stereo")
    if not np.isfinite(piece).all():
        raise FilmFailed("non_finite_audio", f"take {take.name or take.span} holds values that are no numbers")
    return piece
