"""A film's own sound: decoded, on the picture's clock, in blocks; all of it as one, or each of its pickups by itself.

Sound that is damaged or missing in the middle of a track is silence, and told.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np
import numpy.typing as npt

from vssflow_post.audio import AudioClip, Samples
from vssflow_post.errors import FilmRejected
from vssflow_post.media.decode import OPEN_ENDED
from vssflow_post.media.film import AudioStream, Film, judged
from vssflow_post.media.joins import Clock, packets_on_one_clock
from vssflow_post.media.opening import open_film, read_only
from vssflow_post.media.pickups import Pickup, by_track, fold_down, pickups_of, plain_layout
from vssflow_post.media.verdicts import is_damage, reading
from vssflow_post.timeline import CLOCK_HZ, samples_from_seconds

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream as AvAudioStream
    from av.packet import Packet

_Weights: TypeAlias = npt.NDArray[np.float64]
"""(pickups, channels): how much of each channel of a track is in each pickup."""
_SAMPLE_KINDS = {"u8": "u1", "s16": "i2", "s32": "i4", "s64": "i8", "flt": "f4", "dbl": "f8"}
"""numpy's names of FFmpeg's formats of samples."""
_BLOCK_S = 1
_LEAST_CHUNK = 4096
"""Samples that are resampled and handed on at once."""
_JITTER_S = Fraction(1, 100)
"""Timestamps that are off by less are rounding (Matroska: 1 ms) or writers' jitter; more is a gap or an overlap."""
_PRIMING_S = Fraction(1, 2)
"""Decode errors this early are a stream that was cut out of a longer one, not damage."""
_SEAM_S = Fraction(1, 2)
"""Where recordings are joined, one's sound may end so long before the next one's begins."""
_MOST_TOLD = 5
"""Stretches without sound that are told one by one."""


@dataclass(slots=True)
class _Faults:
    """What is wrong with a track's sound, in seconds of the film."""

    film: Film
    track: AudioStream
    n_damaged: int = 0
    first_s: Fraction = Fraction(0)
    was_damaged: bool = False
    """Whether something was since the last sound that is whole."""
    holes: list[tuple[Fraction, Fraction]] = field(default_factory=list)
    n_joins: int = 0
    """Of recordings, so far."""
    n_joined: int = 0
    """The same when the last piece was laid."""
    kinds: list[tuple[Fraction, str]] = field(default_factory=list)
    """(where, what) the sound is from there on: its rate and channels."""
    end: str = ""
    """Why it ends before its time, as a sentence's end."""

    def damaged(self, at_s: Fraction) -> None:
        """Something that cannot be decoded lies at `at_s`."""
        if at_s > _PRIMING_S:
            self.first_s = at_s if not self.n_damaged else min(at_s, self.first_s)
            self.n_damaged += 1
            self.was_damaged = True

    def kind(self, at_s: Fraction, what: str) -> None:
        """From `at_s` on the sound is of this kind."""
        if not self.kinds or self.kinds[-1][1] != what:
            self.kinds.append((at_s, what))

    def hole(self, start_s: Fraction, end_s: Fraction) -> None:
        """There is no sound in between. Told where it was damaged; other formats than streams may leave out silence."""
        is_seam = self.n_joins != self.n_joined and end_s - start_s < _SEAM_S
        if self.was_damaged or (self.film.container in OPEN_ENDED and not is_seam):
            self.holes.append((start_s, end_s))

    def sentences(self) -> Iterator[str]:
        """For the report."""
        name = self.track.name
        spans = [f"from {float(start):.3f} s to {float(end):.3f} s" for start, end in self.holes]
        more = f" and {len(spans) - _MOST_TOLD} times more" if len(spans) > _MOST_TOLD else ""
        if spans:
            yield f"Sound is missing or damaged in {name}, and taken as silence: {', '.join(spans[:_MOST_TOLD])}{more}."
        elif self.n_damaged:
            first = f"{self.n_damaged} of its packets, the first at {float(self.first_s):.3f} s"
            yield f"Sound is damaged in {name}, and taken as silence: {first}."
        for (_, before), (at_s, after) in itertools.pairwise(self.kinds):
            yield f"The sound of {name} changes from {before} to {after} at {float(at_s):.3f} s."
        if self.end:
            yield f"The sound of {name} {self.end}."


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    """One decoded frame of audio."""

    start_s: Fraction | None
    """On the container's clock; None without a timestamp."""
    samples: Samples
    """Shape (n, pickups)."""
    rate_hz: int


def production_audio(film: Film, rate_hz: int, pickups: Sequence[Pickup] | None = None) -> AudioClip:
    """The film's own sound, mono, exactly as long as the picture (to the nearest sample of `rate_hz`).

    Silence where the film has no audio at that time; all silence without an audio stream. Memory grows with the
    film: 230 MB an hour at 16 kHz; use `audio_blocks` where that is too much.
    """
    blocks = list(audio_blocks(film, rate_hz, pickups))
    return AudioClip(np.concatenate(blocks, axis=1) if blocks else np.zeros((1, 0), np.float32), rate_hz)


def audio_blocks(
    film: Film, rate_hz: int, pickups: Sequence[Pickup] | None = None, faults: list[str] | None = None
) -> Iterator[Samples]:
    """The sum of some pickups, those of the film's first track by default, in blocks of one second, shape (1, n), the
    last one shorter; memory stays flat.

    Sample 0 lies at the first picture, whatever the streams' start times are. At the end `faults` has a sentence for
    whatever is damaged. Raises FilmRejected `too_large` or `non_finite_audio`, FilmFailed `source_io` or
    `source_changed`.
    """
    if pickups is None:
        pickups = pickups_of(film.production_stream) if film.production_stream else ()
    tracks = [(track, weights.sum(axis=0, keepdims=True)) for track, weights in by_track(pickups)]
    for rows in _in_step(film, tracks, rate_hz, faults):
        yield rows.sum(axis=0, keepdims=True, dtype=np.float32) if len(rows) != 1 else rows


def stereo_blocks(
    film: Film, rate_hz: int, pickups: Sequence[Pickup], faults: list[str] | None = None
) -> Iterator[Samples]:
    """The same sum with its sides: shape (2, n)."""
    return _placed_blocks(film, rate_hz, [(pickup, pickup.sides) for pickup in pickups], faults)


def surround_blocks(
    film: Film, rate_hz: int, pickups: Sequence[Pickup], faults: list[str] | None = None
) -> Iterator[Samples]:
    """The same sum in 5.1: shape (6, n), L R C LFE Ls Rs."""
    return _placed_blocks(film, rate_hz, [(pickup, pickup.surround) for pickup in pickups], faults)


def _placed_blocks(
    film: Film,
    rate_hz: int,
    placed: Sequence[tuple[Pickup, tuple[tuple[float, ...], ...]]],
    faults: list[str] | None,
) -> Iterator[Samples]:
    """The sum of pickups, each with what of its track's channels is in each channel of the sum."""
    n_channels = len(placed[0][1])
    by_side: dict[AudioStream, _Weights] = {}
    for pickup, places in placed:
        so_far = by_side.get(pickup.track, np.zeros((n_channels, pickup.track.channels)))
        by_side[pickup.track] = so_far + np.array(places)
    for rows in _in_step(film, list(by_side.items()), rate_hz, faults):
        yield rows.reshape(-1, n_channels, rows.shape[1]).sum(axis=0, dtype=np.float32)


def pickup_blocks(
    film: Film, rate_hz: int, pickups: Sequence[Pickup], faults: list[str] | None = None
) -> Iterator[Samples]:
    """The same, each pickup by itself: shape (pickups, n). Pickups of one track stand side by side."""
    return _in_step(film, by_track(pickups), rate_hz, faults)


def _in_step(
    film: Film, tracks: Sequence[tuple[AudioStream, _Weights]], rate_hz: int, faults: list[str] | None
) -> Iterator[Samples]:
    """Blocks of all tracks, one above the other."""
    n_samples = samples_from_seconds(Fraction(film.duration.n_samples * rate_hz, CLOCK_HZ) / CLOCK_HZ)
    told = [_Faults(film, track) for track, _ in tracks]
    zero_s = film.first_pts * film.time_base
    sources = [
        _Blocks(_at_rate(_pieces(weights, one), zero_s, rate_hz, len(weights), one), len(weights))
        for (_, weights), one in zip(tracks, told, strict=True)
    ]
    for start in range(0, n_samples, _BLOCK_S * rate_hz):
        n = min(_BLOCK_S * rate_hz, n_samples - start)
        rows = [source.next(n) for source in sources]
        yield np.concatenate(rows) if rows else np.zeros((0, n), np.float32)
    if faults is not None:
        faults += [sentence for one in told for sentence in one.sentences()]


class _Blocks:
    """Pieces of any length, (n, pickups), handed out in blocks (pickups, n); silence when they are over."""

    def __init__(self, parts: Iterator[Samples], n_pickups: int) -> None:
        self._parts, self._n_pickups = parts, n_pickups
        self._waiting: list[Samples] = []

    def next(self, n: int) -> Samples:
        while sum(map(len, self._waiting)) < n:
            self._waiting.append(next(self._parts, np.zeros((n, self._n_pickups), np.float32)))
        joined = np.concatenate(self._waiting)
        self._waiting = [joined[n:]]
        return np.ascontiguousarray(joined[:n].T, np.float32)


def _at_rate(
    pieces: Iterator[_Piece], zero_s: Fraction, rate_hz: int, n_pickups: int, faults: _Faults
) -> Iterator[Samples]:
    """Samples (n, pickups) at `rate_hz`, the first one at `zero_s` of the container's clock."""
    first = next(pieces, None)
    if first is None:
        return
    aligned = _in_chunks(_aligned(itertools.chain((first,), pieces), zero_s, first.rate_hz, faults))
    if first.rate_hz == rate_hz:
        yield from aligned
        return
    import soxr

    resampler = soxr.ResampleStream(first.rate_hz, rate_hz, n_pickups, dtype="float32")
    for part in aligned:
        yield _columns(resampler.resample_chunk(_for_soxr(part)), n_pickups)
    yield _columns(resampler.resample_chunk(_for_soxr(np.zeros((0, n_pickups), np.float32)), last=True), n_pickups)


def _in_chunks(parts: Iterator[Samples]) -> Iterator[Samples]:
    """The same samples in parts that are worth a call each: some AVI files have a packet for every sample."""
    waiting: list[Samples] = []
    n = 0
    for part in parts:
        waiting.append(part)
        n += len(part)
        if n >= _LEAST_CHUNK:
            yield np.concatenate(waiting) if len(waiting) > 1 else part
            waiting, n = [], 0
    if waiting:
        yield np.concatenate(waiting)


def _for_soxr(part: Samples) -> Samples:
    """soxr wants one channel without a second axis."""
    return np.ascontiguousarray(part[:, 0] if part.shape[1] == 1 else part)


def _columns(part: Samples, n_pickups: int) -> Samples:
    return part.reshape(-1, n_pickups)


def _aligned(pieces: Iterator[_Piece], zero_s: Fraction, rate_hz: int, faults: _Faults) -> Iterator[Samples]:
    """Pieces laid end to end from `zero_s`; gaps become silence, overlaps are dropped."""
    written = 0
    for piece in pieces:
        samples = piece.samples if piece.rate_hz == rate_hz else _converted(piece, rate_hz)
        at = round((piece.start_s - zero_s) * rate_hz) if piece.start_s is not None else written
        # The very start is exact; later on, timestamps correct the count only where they clearly disagree with it.
        tolerance = round(_JITTER_S * rate_hz) if written else 0
        if at - written > tolerance:
            if written:
                faults.hole(Fraction(written, rate_hz), Fraction(at, rate_hz))
            yield from _silence(at - written, rate_hz, samples.shape[1])
            written = at
        elif written - at > tolerance:
            samples = samples[written - at :]
        faults.was_damaged, faults.n_joined = False, faults.n_joins
        if len(samples):
            yield samples
            written += len(samples)


def _converted(piece: _Piece, rate_hz: int) -> Samples:
    """For the rare track that changes its rate on the way."""
    import soxr

    return np.asarray(soxr.resample(piece.samples, piece.rate_hz, rate_hz), np.float32)


def _silence(n: int, rate_hz: int, n_pickups: int) -> Iterator[Samples]:
    for start in range(0, n, rate_hz):
        yield np.zeros((min(rate_hz, n - start), n_pickups), np.float32)


def _pieces(weights: _Weights, faults: _Faults) -> Iterator[_Piece]:
    """The track's frames, decoded. What is wrong with the sound alone does not end the film: it ends the track."""
    film = faults.film
    try:
        with judged(film), reading(film.path, "Decoding its audio"):
            yield from _decoded(weights, faults)
    except FilmRejected as rejected:
        if rejected.code not in ("corrupt", "unsupported_codec"):
            raise
        if not film.is_cut_off:
            faults.end = f"cannot be read to its end ({str(rejected).rstrip('.')})"


def _decoded(weights: _Weights, faults: _Faults) -> Iterator[_Piece]:
    import av

    film = faults.film
    zero_s = film.first_pts * film.time_base
    with open_film(film.path, film.container) as container:
        audio = container.streams.audio[[one.index for one in container.streams.audio].index(faults.track.index)]
        plain_layout(audio)
        read_only(container, audio)
        clock = Clock(audio.time_base or Fraction(1, 90_000), film.joins)
        for packet in packets_on_one_clock(container, audio, film.container, clock=clock):
            faults.n_joins = len(clock.joins)
            try:
                decoded = cast("list[AudioFrame]", packet.decode())
            except av.error.FFmpegError as error:
                if not is_damage(error):
                    raise
                faults.damaged(_start_s(packet) - zero_s)
                continue
            for frame in decoded:
                yield _piece(frame, weights, zero_s, faults)


def _start_s(packet: Packet[AvAudioStream]) -> Fraction:
    return (packet.pts or 0) * packet.time_base


def _piece(frame: AudioFrame, weights: _Weights, zero_s: Fraction, faults: _Faults) -> _Piece:
    samples = _folded(frame, weights)
    start_s = frame.pts * frame.time_base if frame.pts is not None and frame.time_base is not None else None
    at_s = (start_s or Fraction(0)) - zero_s
    faults.kind(at_s, f"{frame.sample_rate} Hz, {frame.layout.nb_channels} channels")
    if not np.isfinite(samples).all():
        if faults.track is faults.film.production_stream:
            raise FilmRejected("non_finite_audio", "Its audio holds values that are not finite (NaN or infinity).")
        faults.damaged(at_s)
        samples = np.zeros_like(samples)
    elif frame.is_corrupt:
        faults.damaged(at_s)
        samples = np.zeros_like(samples)
    return _Piece(start_s, samples, frame.sample_rate)


def _folded(frame: AudioFrame, weights: _Weights) -> Samples:
    """The frame's pickups, shape (n, pickups), full scale 1.0. Integer samples are converted exactly."""
    n_channels = frame.layout.nb_channels
    if n_channels != weights.shape[1]:  # a stream that was joined from others: the sum of what is there
        labels = [channel.name for channel in frame.layout.channels]
        weights = np.tile(fold_down(labels, n_channels), (len(weights), 1))
    used = np.flatnonzero(weights.any(axis=0))
    weights, planes = weights[:, used], planes_of(frame, used.tolist())
    if np.array_equal(weights, np.eye(len(weights))):
        return np.ascontiguousarray(planes.T, np.float32)
    return np.ascontiguousarray((weights @ planes).T, np.float32)


def planes_of(frame: AudioFrame, numbers: Sequence[int]) -> npt.NDArray[Any]:
    """Some channels of a frame, float (channels, n), full scale 1.0. Integer samples are converted exactly."""
    planes = _as_decoded(frame, numbers)
    if planes.dtype == np.uint8:
        return (planes.astype(np.float32) - 128.0) / 128.0
    if np.issubdtype(planes.dtype, np.integer):
        return planes.astype(np.float64) / -float(np.iinfo(planes.dtype).min)
    return planes


def _as_decoded(frame: AudioFrame, numbers: Sequence[int]) -> npt.NDArray[Any]:
    """Some channels as they were decoded, shape (channels, n).

    Not by the frame's own `to_ndarray`: it looks for the end of the list of planes, which has none from eight on.
    """
    from av.audio.plane import AudioPlane

    kind = _SAMPLE_KINDS[frame.format.name.removesuffix("p")]
    n, n_channels = frame.samples, frame.layout.nb_channels
    if frame.format.is_planar:
        planes = [np.frombuffer(cast("Any", AudioPlane(frame, number)), kind, n) for number in numbers]
        return np.stack(planes) if planes else np.zeros((0, n), kind)
    plane = np.frombuffer(cast("Any", AudioPlane(frame, 0)), kind, n * n_channels)
    return np.asarray(plane.reshape(-1, n_channels).T[numbers])
