"""What of a film's sound can be listened to by itself: a track folded down to mono, or one of its channels.

Where a track's channels have names (stereo, 5.1, ...), they are one sound, heard from several places. Where they have
none, each is taken for a microphone of its own, as cameras and recorders write them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from vssflow_post.media.film import AudioStream, Film

if TYPE_CHECKING:
    from av.audio.stream import AudioStream as AvAudioStream

_WEIGHTS = {
    "FL": 0.5, "FR": 0.5, "FC": 0.7071, "LFE": 0.0, "LFE2": 0.0, "DL": 0.5, "DR": 0.5, "BIL": 0.5, "BIR": 0.5,
    "BL": 0.3536, "BR": 0.3536, "SL": 0.3536, "SR": 0.3536, "BC": 0.5, "FLC": 0.5, "FRC": 0.5, "AMBI0": 1.0,
}  # fmt: skip
"""Of each channel in mono: the mean of the stereo fold-down of ITU-R BS.775-4, annex 4, so that a voice in both
channels keeps its level; heights and wides count as surrounds. Of ambisonic sound, the omnidirectional channel is all
of it in mono."""
_MIDDLE = 0.5**0.5
_SHARES = {"L": (2.0, 0.0), "R": (0.0, 2.0)}
"""On the left and on the right, by what a channel's name ends with before a C for centre; others lie in the middle."""
_SPEAKERS = {
    "FL": (0,), "FLC": (0,), "FR": (1,), "FRC": (1,), "FC": (2,), "LFE": (3,), "BL": (4,), "SL": (4,), "BR": (5,),
    "SR": (5,), "BC": (4, 5),
}  # fmt: skip
"""Which of L R C LFE Ls Rs each channel is heard from; others come from the sides of the front."""
_LIKE_SURROUNDS = ("T", "W", "S", "B")
"""How the names of other channels begin: top, wide, side, bottom."""
_NUMBERS_ALONE = ("hexagonal", "octagonal", "cube", "hexadecagonal")
"""Layouts that nobody records in: what FFmpeg makes of 6, 8 or 16 channels without a word about them."""
_NAMELESS = ("NONE", "UNK", "UNSD")
"""How FFmpeg calls a channel of which nothing is known."""


@dataclass(frozen=True, slots=True)
class Pickup:
    """What one microphone, or one mix, recorded."""

    track: AudioStream
    channel: int | None = None
    """Of a track whose channels have no names, which one, counted from 1; None: all of them, folded down."""

    @property
    def name(self) -> str:
        """As a sentence calls it, e.g. `track 2 (Mic, eng)`."""
        return f"{self.track.name}, channel {self.channel}" if self.channel else self.track.name

    @property
    def weights(self) -> tuple[float, ...]:
        """Of each of the track's channels in this one."""
        if self.channel:
            return tuple(float(k == self.channel) for k in range(1, self.track.channels + 1))
        return fold_down(self.track.labels, self.track.channels)

    @property
    def has_sides(self) -> bool:
        """Whether it is heard from a left and a right; two channels without names are taken for these."""
        return self.channel is None and (self.track.channels == 2 or len(self.track.labels) == self.track.channels > 2)

    @property
    def sides(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Of each of the track's channels on the left and on the right; what has no side lies in the middle, and a
        voice there is as loud as it is in mono through a panner's centre."""
        labels = (self.track.labels or ("FL", "FR")) if self.has_sides else ("",) * self.track.channels
        parts = [_SHARES.get(label.removesuffix("C")[-1:], (1.0, 1.0)) for label in labels]
        pairs = [(weight * _MIDDLE, part) for weight, part in zip(self.weights, parts, strict=True)]
        left, right = (tuple(weight * part[side] for weight, part in pairs) for side in (0, 1))
        return left, right

    @property
    def surround(self) -> tuple[tuple[float, ...], ...]:
        """Of each of the track's channels in L R C LFE Ls Rs, as loud as on its sides; without these in the centre."""
        rows = np.zeros((6, self.track.channels))
        if not self.has_sides:
            rows[2] = self.weights
            return tuple(map(tuple, rows.tolist()))
        left, right = self.sides
        for k, label in enumerate(self.track.labels or ("FL", "FR")):
            speakers = _SPEAKERS.get(label, ())
            for speaker in speakers:
                rows[speaker, k] = _MIDDLE / len(speakers) ** 0.5
            if not speakers:
                rows[:2, k] = left[k], right[k]
        return tuple(map(tuple, rows.tolist()))


def fold_down(labels: Sequence[str], n_channels: int) -> tuple[float, ...]:
    """The weight of each channel in mono; equal parts where the names say nothing."""
    weights = tuple(_WEIGHTS.get(label, 0.3536 * label.startswith(_LIKE_SURROUNDS)) for label in labels)
    if n_channels == 1 or len(weights) != n_channels or not any(weights):
        return (1.0 / n_channels,) * n_channels
    return weights


def pickups_of(track: AudioStream) -> tuple[Pickup, ...]:
    """All that can be listened to of a track."""
    if track.labels or track.channels <= 2:
        return (Pickup(track),)
    return tuple(Pickup(track, channel) for channel in range(1, track.channels + 1))


def tracks_of(film: Film) -> tuple[AudioStream, ...]:
    """All tracks, the one that the film wants to be played first at their head."""
    first = film.production_stream
    return tuple(sorted(film.audio_streams, key=lambda track: track is not first))


def by_track(pickups: Iterable[Pickup]) -> list[tuple[AudioStream, npt.NDArray[np.float64]]]:
    """The tracks that have to be decoded, each with the weights (pickups, channels) of what is taken of it."""
    rows: dict[AudioStream, list[tuple[float, ...]]] = {}
    for pickup in pickups:
        rows.setdefault(pickup.track, []).append(pickup.weights)
    return [(track, np.array(weights)) for track, weights in rows.items()]


def plain_layout(stream: AvAudioStream) -> tuple[str, tuple[str, ...]]:
    """FFmpeg's name of a source's channel layout and the names of its channels, none where it knows none.

    To be called once for each opened stream, before it is decoded. PyAV's layouts free the memory of what they are
    copied from; where that holds a list of channels in an order of their own (7.1 in QuickTime), it would be freed
    twice, and the process with it. So it is read once, and a layout without such a list put in its place: decoded
    frames bear that one.
    """
    layout = stream.codec_context.layout
    name, labels = layout.name, tuple(channel.name for channel in layout.channels)
    if not labels:  # a track of which there is no packet where the demuxer looks for its kind
        return name, ()
    is_listed = "+" in name or " channels" in name or name.startswith("ambisonic")
    stream.codec_context.layout = f"{layout.nb_channels} channels" if is_listed else name
    is_nameless = name in _NUMBERS_ALONE or all(label in _NAMELESS for label in labels)
    return name, () if is_nameless else labels
