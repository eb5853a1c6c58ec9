"""The production track: decoded, folded down to mono, on the picture's clock, in blocks."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

from vssflow_post.audio import AudioClip, Samples
from vssflow_post.errors import FilmRejected
from vssflow_post.media.film import AudioStream, Film, judged
from vssflow_post.media.opening import open_film, packets_of, read_only
from vssflow_post.media.verdicts import Damage, reading
from vssflow_post.timeline import CLOCK_HZ, samples_from_seconds

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream as AvAudioStream
    from av.packet import Packet

_BLOCK_S = 1
_JITTER_S = Fraction(1, 100)
"""Timestamps that are off by less are rounding (Matroska: 1 ms) or writers' jitter; more is a gap or an overlap."""
_PRIMING_S = Fraction(1, 2)
"""Decode errors this early are a stream that was cut out of a longer one, not damage."""
_WEIGHTS = {
    "FL": 0.5, "FR": 0.5, "FC": 0.7071, "LFE": 0.0, "LFE2": 0.0,
    "BL": 0.3536, "BR": 0.3536, "SL": 0.3536, "SR": 0.3536, "BC": 0.5, "FLC": 0.5, "FRC": 0.5,
}  # fmt: skip
"""Of each channel in mono: the mean of the stereo fold-down of ITU-R BS.775-4, annex 4, so that a voice in both
channels keeps its level."""


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    """One decoded frame of audio."""

    start_s: Fraction | None
    """On the container's clock; None without a timestamp."""
    samples: Samples
    """Mono, shape (n,)."""
    rate_hz: int


def production_audio(film: Film, rate_hz: int) -> AudioClip:
    """The whole production track, mono, exactly as long as the picture (to the nearest sample of `rate_hz`).

    Silence where the film has no audio at that time; all silence without an audio stream. Memory grows with the
    film: 230 MB an hour at 16 kHz; use `audio_blocks` where that is too much.
    """
    blocks = list(audio_blocks(film, rate_hz))
    return AudioClip(np.concatenate(blocks, axis=1) if blocks else np.zeros((1, 0), np.float32), rate_hz)


def audio_blocks(film: Film, rate_hz: int) -> Iterator[Samples]:
    """The production track in blocks of one second, shape (1, n), the last one shorter; memory stays flat.

    Sample 0 lies at the first picture, whatever the streams' start times are. Raises FilmRejected `corrupt`,
    `too_large` or `non_finite_audio`, FilmFailed `source_io` or `source_changed`.
    """
    left = samples_from_seconds(Fraction(film.duration.n_samples * rate_hz, CLOCK_HZ) / CLOCK_HZ)
    stream = film.production_stream
    parts = iter(()) if stream is None else _at_rate(_pieces(film, stream), film.first_pts * film.time_base, rate_hz)
    waiting: list[Samples] = []
    while left > 0:
        want = min(_BLOCK_S * rate_hz, left)
        while sum(map(len, waiting)) < want:
            waiting.append(next(parts, np.zeros(want, np.float32)))
        joined = np.concatenate(waiting)
        yield joined[None, :want]
        waiting = [joined[want:]]
        left -= want


def _at_rate(pieces: Iterator[_Piece], zero_s: Fraction, rate_hz: int) -> Iterator[Samples]:
    """Mono samples at `rate_hz`, the first one at `zero_s` of the container's clock."""
    first = next(pieces, None)
    if first is None:
        return
    aligned = _aligned(itertools.chain((first,), pieces), zero_s, first.rate_hz)
    if first.rate_hz == rate_hz:
        yield from aligned
        return
    import soxr

    resampler = soxr.ResampleStream(first.rate_hz, rate_hz, 1, dtype="float32")
    for part in aligned:
        yield resampler.resample_chunk(part)
    yield resampler.resample_chunk(np.zeros(0, np.float32), last=True)


def _aligned(pieces: Iterator[_Piece], zero_s: Fraction, rate_hz: int) -> Iterator[Samples]:
    """Pieces laid end to end from `zero_s`; gaps become silence, overlaps are dropped."""
    written = 0
    for piece in pieces:
        samples = piece.samples if piece.rate_hz == rate_hz else _converted(piece, rate_hz)
        at = round((piece.start_s - zero_s) * rate_hz) if piece.start_s is not None else written
        # The very start is exact; later on, timestamps correct the count only where they clearly disagree with it.
        tolerance = round(_JITTER_S * rate_hz) if written else 0
        if at - written > tolerance:
            yield from _silence(at - written, rate_hz)
            written = at
        elif written - at > tolerance:
            samples = samples[written - at :]
        if len(samples):
            yield samples
            written += len(samples)


def _converted(piece: _Piece, rate_hz: int) -> Samples:
    """For the rare track that changes its rate on the way."""
    import soxr

    return np.asarray(soxr.resample(piece.samples, piece.rate_hz, rate_hz), np.float32)


def _silence(n: int, rate_hz: int) -> Iterator[Samples]:
    for start in range(0, n, rate_hz):
        yield np.zeros(min(rate_hz, n - start), np.float32)


def _pieces(film: Film, stream: AudioStream) -> Iterator[_Piece]:
    import av

    damage = Damage("audio packets", is_known=film.is_cut_off)
    with judged(film), open_film(film.path, film.container) as container:
        audio = container.streams.audio[[one.index for one in container.streams.audio].index(stream.index)]
        read_only(container, audio)
        try:
            with reading(film.path, "Decoding its audio"):
                for packet in packets_of(container, audio):
                    try:
                        decoded = cast("list[AudioFrame]", packet.decode())
                    except av.error.InvalidDataError:
                        _count(damage, film, packet)
                        continue
                    yield from map(_piece, decoded)
        except FilmRejected as rejected:
            if not film.is_cut_off or rejected.code != "corrupt":
                raise
        damage.raise_if_any()


def _count(damage: Damage, film: Film, packet: Packet[AvAudioStream]) -> None:
    at_s = (packet.pts or 0) * packet.time_base - film.first_pts * film.time_base
    if at_s > _PRIMING_S:
        damage.add(samples_from_seconds(at_s))


def _piece(frame: AudioFrame) -> _Piece:
    samples = _mono_of(frame)
    if not np.isfinite(samples).all():
        raise FilmRejected("non_finite_audio", "Its audio holds values that are not finite (NaN or infinity).")
    start_s = frame.pts * frame.time_base if frame.pts is not None and frame.time_base is not None else None
    return _Piece(start_s, samples, frame.sample_rate)


def planes_of(frame: AudioFrame) -> npt.NDArray[Any]:
    """The frame's channels, float (channels, n), full scale 1.0. Integer samples are converted exactly."""
    raw = frame.to_ndarray()
    planes = raw if frame.format.is_planar else raw.reshape(-1, frame.layout.nb_channels).T
    if planes.dtype == np.uint8:
        return (planes.astype(np.float32) - 128.0) / 128.0
    if np.issubdtype(planes.dtype, np.integer):
        return planes.astype(np.float64) / -float(np.iinfo(planes.dtype).min)
    return planes


def _mono_of(frame: AudioFrame) -> Samples:
    """The frame's mono fold-down, shape (n,), full scale 1.0. Integer samples are converted exactly."""
    planes, n_channels = planes_of(frame), frame.layout.nb_channels
    if n_channels == 1:
        return np.ascontiguousarray(planes[0], dtype=np.float32)
    names = [channel.name for channel in frame.layout.channels]
    weights = [_WEIGHTS.get(name, 0.0) for name in names]
    if not any(weights):
        weights = [1.0 / n_channels] * n_channels  # A layout without names: equal parts.
    return np.asarray(np.asarray(weights) @ planes, np.float32)
