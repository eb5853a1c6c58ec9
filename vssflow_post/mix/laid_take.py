"""A take at its place on the clock, and the reading of it while it sounds.

It is read piece by piece, resampled to the clock, made longer where it is crossfaded, and faded at its ends.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from vssflow_post.audio import STEMS, Samples, Source
from vssflow_post.errors import FilmFailed
from vssflow_post.mix.ducking import DuckCurve
from vssflow_post.mix.panning import CENTRE, PanCurve
from vssflow_post.timeline import CLOCK_HZ, Span

OWN_SOUND, ROOM_TONE = "own-sound", "room-tone"
"""What lies in a stem beside its cues: the film's own sound, kept whole, and the tone of each scene."""
_PIECE = 1 << 16
"""Samples of a source that are read at once."""


@dataclass(frozen=True, slots=True)
class LaidTake:
    """A take and its place."""

    span: Span
    """Where it sounds. A longer source is cut at the span's end, a shorter one leaves silence behind it."""
    stem: str
    """One of `STEMS`."""
    source: Source
    gain_db: float = 0.0
    source_start: int = 0
    """First sample of the source that is heard, at the source's own rate."""
    name: str = ""
    """Cue id, for messages."""
    pan: PanCurve = CENTRE
    """Where a mono source stands."""
    wide: bool = False
    """Whether it comes from everywhere instead: an ambience bed in a layout that has surrounds."""
    lead: int = 0
    """Samples by which it reaches into what sounds before its span, in a crossfade: its start, played backwards."""
    tail: int = 0
    """The same after its end."""
    duck: DuckCurve | None = None
    """How it steps back under speech; None where it does not."""
    fade_in_s: float = 0.0
    """Seconds; 0 takes the fade of every take, and a crossfade wins."""
    fade_out_s: float = 0.0
    lane: str = ""
    """The track of its stem that it lies on, `FX 2`, where the stem is also written track by track; else ""."""
    beside: str = ""
    """What it is where it is no cue's: `OWN_SOUND`, `ROOM_TONE`."""

    def __post_init__(self) -> None:
        if self.stem not in STEMS:
            raise ValueError(f"a stem is one of {', '.join(STEMS)}, not {self.stem!r}")


class Playing:
    """A take while it sounds; knows how far it has been read."""

    def __init__(self, take: LaidTake, fade_ms: float) -> None:
        self.take = take
        rate_hz = take.source.rate_hz
        heard = max(0, take.source.n_samples - take.source_start)
        n = min(take.span.n_samples, (2 * heard * CLOCK_HZ + rate_hz) // (2 * rate_hz))
        lead, tail = min(take.lead, n // 2, take.span.start), min(take.tail, n // 2)
        self.span = Span(take.span.start - lead, take.span.start + n + tail)
        """With what a crossfade adds on either side."""
        n_fade = min(round(fade_ms * CLOCK_HZ / 1000), n // 2)
        n_in, n_out = (min(round(s * CLOCK_HZ), n) or n_fade for s in (take.fade_in_s, take.fade_out_s))
        self._ramps = (
            _ramp(2 * lead, True) if lead else _ramp(n_in, False),
            _ramp(2 * tail, True) if tail else _ramp(n_out, False),
        )
        self._samples = _exactly(_clock_samples(take, n, lead, tail), lead + n + tail)
        self._held: Samples = np.zeros((1, 0), np.float32)

    def next(self, n: int) -> Samples:
        """The next n samples, float32 (channels, n)."""
        parts, n_held = [self._held], self._held.shape[1]
        while n_held < n:
            parts.append(next(self._samples))
            n_held += parts[-1].shape[1]
        held = np.concatenate([part for part in parts if part.shape[1]], axis=1)
        self._held = held[:, n:].copy()
        return held[:, :n]

    def fades(self, part: Span) -> Samples:
        """The fades in and out, float32 (n,), over the part of the take that is being heard."""
        shape = np.ones(part.n_samples, np.float32)
        rise, fall = self._ramps
        _multiply(shape, part, self.span.start, rise)
        _multiply(shape, part, self.span.end - len(fall), fall[::-1])
        return shape


def _ramp(n: int, crossfade: bool) -> Samples:
    """n values that rise from 0 to 1: a raised cosine; in a crossfade a sine, so that both sides' powers add to one."""
    phase = np.pi / 2 * (np.arange(n) + 0.5) / max(1, n)
    return np.asarray(np.sin(phase) if crossfade else np.sin(phase) ** 2, np.float32)


def _multiply(shape: Samples, part: Span, at: int, ramp: Samples) -> None:
    common = part.intersect(Span(at, at + len(ramp)))
    shape[common.start - part.start : common.end - part.start] *= ramp[common.start - at : common.end - at]


def _exactly(pieces: Iterator[Samples], n: int) -> Iterator[Samples]:
    """The first n samples; where the resampler rounded the other way, a sample of silence that lies under the fade."""
    n_channels = 1
    while n > 0:
        piece = next(pieces, None)
        if piece is None:
            piece = np.zeros((n_channels, n), np.float32)
        n_channels = piece.shape[0]
        yield piece[:, :n]
        n -= min(n, piece.shape[1])


def _clock_samples(take: LaidTake, n: int, lead: int, tail: int) -> Iterator[Samples]:
    """The take at 48 kHz in pieces of float32 (channels, n), from `lead` samples before it to at least `tail` after.

    What lies beyond its borders is the take itself, backwards: a steady bed goes on without a seam, which is all that a
    crossfade needs. The border is crossed before resampling, or the resampler would see an edge there.
    """
    rate_hz = take.source.rate_hz
    unit = rate_hz // math.gcd(rate_hz, CLOCK_HZ)
    before = -(-lead * rate_hz // (CLOCK_HZ * unit)) * unit  # a whole number of samples at both rates
    surplus = before * CLOCK_HZ // rate_hz - lead
    for piece in _resampled(_pieces(take, n, before, -(-tail * rate_hz // CLOCK_HZ)), rate_hz):
        yield piece[:, surplus:]
        surplus = max(0, surplus - piece.shape[1])


def _pieces(take: LaidTake, n: int, before: int, after: int) -> Iterator[Samples]:
    """The source's samples, with the first `before` of them backwards ahead and the last `after` backwards behind."""
    source, start = take.source, take.source_start
    end = min(source.n_samples, start - (-n * source.rate_hz // CLOCK_HZ)) if after else source.n_samples
    if before:
        yield _checked(take, source.read(start, min(end, start + before))[:, ::-1])
    for at in range(start, end, _PIECE):
        yield _checked(take, source.read(at, min(end, at + _PIECE)))
    if after:
        yield _checked(take, source.read(max(start, end - after), end)[:, ::-1])


def _resampled(pieces: Iterator[Samples], rate_hz: int) -> Iterator[Samples]:
    """soxr's streaming resampler gives the same samples however the input is cut, without delay."""
    if rate_hz == CLOCK_HZ:
        yield from pieces
        return
    import soxr

    resampler, piece = None, next(pieces, None)
    while piece is not None:
        following = next(pieces, None)
        if resampler is None:
            resampler = soxr.ResampleStream(rate_hz, CLOCK_HZ, piece.shape[0], dtype="float32", quality="VHQ")
        heard = resampler.resample_chunk(np.ascontiguousarray(piece.T), last=following is None)
        yield np.ascontiguousarray(heard.T, np.float32)
        piece = following


def _checked(take: LaidTake, piece: Samples) -> Samples:
    if piece.shape[0] not in (1, 2, 6):
        raise ValueError(f"take {take.name!r} has {piece.shape[0]} channels; a take is mono, stereo or 5.1")
    if not np.isfinite(piece).all():
        raise FilmFailed("non_finite_audio", f"take {take.name or take.span} holds values that are no numbers")
    return piece
