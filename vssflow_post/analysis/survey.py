"""Which of a film's pickups sound at all, and which are the same sound again.

The same microphone may lie in a film twice: in both channels of a track, on two tracks, once of them upside down, late
or fainter, or in a mix beside the tracks that it was mixed from. Added up it would be twice as loud, or gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vssflow_post.audio import Samples
from vssflow_post.media import Film
from vssflow_post.media.film import AudioStream
from vssflow_post.media.pickups import Pickup, pickups_of
from vssflow_post.media.sound import pickup_blocks

_RATE_HZ = 8000
_SILENT = 10 ** (-65 / 20)
"""RMS, full scale 1.0; a second that is fainter holds no voice."""
_MOST_SECONDS = 40
"""Seconds that are compared, spread over the film."""
_MOST_LATE_S = 0.1
"""How late the same sound may be, either way."""
_ALIKE = 0.5
"""Correlation from which on two pickups carry the same sound: where a voice is as loud as all else in the mix is."""
_AS_LOUD = 10 ** (-6 / 20)
"""A pickup that is fainter hears somebody else's microphone from afar."""
_NEARLY_ALL = 0.9
"""Of a pickup's energy: what lies in seconds that another one carries too."""
_OPPOSED = -0.8
"""Correlation of two channels, one of which is upside down: their sum would be next to nothing."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What can be listened to, and what need not."""

    distinct: tuple[Pickup, ...]
    """Those that sound, each sound once, in the order in which they were given."""
    silent: tuple[Pickup, ...]
    copies: tuple[tuple[Pickup, Pickup], ...]
    """(pickup, the one that carries all of its sound)."""
    faults: tuple[str, ...] = ()
    """Sentences: where their sound is damaged."""


def survey_of(film: Film, tracks: Sequence[AudioStream]) -> Survey:
    """Listens to tracks once. A film whose only track is mono is not decoded for it."""
    rows = [row for track in tracks for row in _rows_of(track)]
    if len(rows) == 1 == len(film.audio_streams):
        return Survey((rows[0],), (), ())
    faults: list[str] = []
    loudest, seconds = _sampled(film, rows, faults)
    heard = {row: seconds[:, k] for k, row in enumerate(rows)}
    sounds = {row for row, level in zip(rows, loudest, strict=True) if level > _SILENT}
    taken = [pickup for track in tracks for pickup in _taken_of(track, heard, sounds)]
    sounding = [pickup for pickup in taken if pickup in sounds]
    copies = _copies(sounding, heard)
    return Survey(
        distinct=tuple(pickup for pickup in sounding if pickup not in copies),
        silent=tuple(pickup for pickup in taken if pickup not in sounds),
        copies=tuple(copies.items()),
        faults=tuple(faults),
    )


def _rows_of(track: AudioStream) -> tuple[Pickup, ...]:
    """A track's pickups; of one with two channels, these as well."""
    channels = (Pickup(track, 1), Pickup(track, 2)) if track.channels == 2 else ()
    return (*pickups_of(track), *channels)


def _sampled(film: Film, rows: Sequence[Pickup], faults: list[str]) -> tuple[npt.NDArray[np.float64], Samples]:
    """The loudest second of each row, RMS; and some seconds of all, (seconds, rows, samples), spread over the film."""
    loudest = np.zeros(len(rows))
    kept: list[Samples] = []
    step = 1
    for second, block in enumerate(pickup_blocks(film, _RATE_HZ, rows, faults)):
        loudest = np.maximum(loudest, np.sqrt(np.mean(block.astype(np.float64) ** 2, axis=1)))
        if second % step == 0 and (loudest > _SILENT).any():
            kept.append(np.pad(block, ((0, 0), (0, _RATE_HZ - block.shape[1]))))
        if len(kept) > _MOST_SECONDS:
            kept, step = kept[::2], 2 * step
    return loudest, np.stack(kept) if kept else np.zeros((0, len(rows), _RATE_HZ), np.float32)


def _taken_of(track: AudioStream, heard: dict[Pickup, Samples], sounds: set[Pickup]) -> tuple[Pickup, ...]:
    """The track's pickups; one channel of two where the other is silent, or the same upside down."""
    if track.channels != 2:
        return pickups_of(track)
    left, right = Pickup(track, 1), Pickup(track, 2)
    both = [channel for channel in (left, right) if channel in sounds]
    if len(both) == 1:
        return (both[0],)
    if both and _correlation(heard[left], heard[right]) < _OPPOSED:
        return (left,)
    return pickups_of(track)


def _correlation(one: Samples, other: Samples) -> float:
    """Of two sounds as they lie, -1 to 1."""
    energy = float(np.sqrt(np.sum(one.astype(np.float64) ** 2) * np.sum(other.astype(np.float64) ** 2)))
    return float(np.sum(one.astype(np.float64) * other)) / energy if energy else 0.0


def _copies(pickups: Sequence[Pickup], heard: dict[Pickup, Samples]) -> dict[Pickup, Pickup]:
    """Pickups whose sound another one carries, which is none of them; of two that carry each other's, the later one."""
    copies: dict[Pickup, Pickup] = {}
    sounds = {pickup: _Sound.of(heard[pickup]) for pickup in pickups}
    for k, pickup in enumerate(pickups):
        for j, other in enumerate(pickups):
            if j == k or other in copies or not _carries(sounds[other], sounds[pickup]):
                continue
            if j < k or not _carries(sounds[pickup], sounds[other]):
                copies[pickup] = other
                break
    return copies


@dataclass(frozen=True, slots=True)
class _Sound:
    """What is compared of a pickup, second by second."""

    energies: npt.NDArray[np.float64]
    norms: list[float]
    spectra: npt.NDArray[np.complexfloating]

    @classmethod
    def of(cls, seconds: Samples) -> _Sound:
        """`seconds` is (seconds, samples)."""
        energies = np.sum(seconds.astype(np.float64) ** 2, axis=1)
        norms = [float(np.linalg.norm(second)) for second in seconds]
        return cls(energies, norms, np.fft.rfft(seconds, 2 * _RATE_HZ))


def _carries(carrier: _Sound, sound: _Sound) -> bool:
    """Whether nearly all of a sound's energy is in a carrier, as loud or louder."""
    energies = sound.energies
    if not energies.any():
        return False
    carried = [energy for k, energy in enumerate(energies) if energy and _is_alike(carrier, sound, k)]
    return float(sum(carried)) >= _NEARLY_ALL * float(energies.sum())


def _is_alike(carrier: _Sound, sound: _Sound, second: int) -> bool:
    """Whether a second of sound is in the carrier's, early or late, upside down or not."""
    loud_a, loud_b = carrier.norms[second], sound.norms[second]
    if not loud_b or loud_a < _AS_LOUD * loud_b:
        return False
    crossed = np.fft.irfft(carrier.spectra[second] * np.conj(sound.spectra[second]), 2 * _RATE_HZ)
    late = round(_MOST_LATE_S * _RATE_HZ)
    return float(np.abs(np.concatenate([crossed[: late + 1], crossed[-late:]])).max()) >= _ALIKE * loud_a * loud_b
