"""How far two sounds are apart, by every measure of `tolerances`: numbers, and where in the sound they are worst."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vssflow_post.audio import Samples
from vssflow_post.regress import tolerances as limits
from vssflow_post.regress.anchors import found_again
from vssflow_post.regress.curves import HOP, SILENCE_DB, Onset, unmatched, windowed_db
from vssflow_post.regress.reference import Reference
from vssflow_post.regress.spectrum import Values, band_edges_hz
from vssflow_post.regress.tolerances import Tolerance
from vssflow_post.timeline import CLOCK_HZ

Flags = npt.NDArray[np.bool_]

AUDIBLE_DB = -90.0
"""Cells of a spectrogram below this count as if they were at it."""
HEARD_DB = -60.0
"""Passages below this are compared by their spectrum, not by their level."""
_HIGH_FLOOR_DB = -135.0
_MOMENTARY_HOPS = 40
_PASSAGE_S = 0.2
_MISSED = 99.0
_SAME_WAVE = 0.9
"""A correlation from which a piece of the waveform is found again; of another wave no place can be told."""


@dataclass(frozen=True, slots=True)
class Distance:
    """One measure of two sounds."""

    tolerance: Tolerance
    value: float
    """Not negative."""
    detail: str = ""
    """What and where, in words."""
    time_s: float | None = None
    """Where it is worst."""

    @property
    def is_within(self) -> bool:
        return self.value <= self.tolerance.limit


BELOW_HEARING = (limits.HIGH, limits.BAND, limits.FLOOR, limits.SILENCE)
"""Measures that look below what is heard, where a coder with losses does as it likes."""


def distances(golden: Reference, new: Reference, samples: Samples, coded: bool = False) -> list[Distance]:
    """All distances of `new`, measured from `samples`, to `golden`; both have the same shape.

    `coded` leaves out what a coder with losses does not keep.
    """
    found = (
        *_figures(golden, new),
        *_channels(golden, new),
        *_levels(golden, new),
        *_spectra(golden, new),
        *_onsets(golden, new),
        *_anchors(golden, samples),
    )
    return [distance for distance in found if not (coded and distance.tolerance in BELOW_HEARING)]


def _figures(golden: Reference, new: Reference) -> Iterator[Distance]:
    for tolerance, name, unit in (
        (limits.LOUDNESS, "integrated_lufs", "LUFS"),
        (limits.TRUE_PEAK, "true_peak_dbtp", "dBTP"),
    ):
        before, after = golden.figures[name], new.figures[name]
        yield Distance(tolerance, _apart(before, after), f"{_level(before, unit)}, now {_level(after, unit)}")


def _channels(golden: Reference, new: Reference) -> Iterator[Distance]:
    gaps = [_apart(_finite(a), _finite(b)) for a, b in zip(golden.channels_db, new.channels_db, strict=True)]
    worst = int(np.argmax(gaps))
    change = f"{_level(golden.channels_db[worst], 'dB')}, now {_level(new.channels_db[worst], 'dB')}"
    yield Distance(limits.CHANNEL, gaps[worst], f"channel {worst + 1}: {change}")
    pairs = list(zip(golden.likeness, new.likeness, strict=True))
    if pairs:
        before, after = max(pairs, key=lambda pair: abs(pair[1] - pair[0]))
        yield Distance(limits.LIKENESS, abs(after - before), f"{before:.4f}, now {after:.4f}")
    offsets = [abs(b - a) for a, b in zip(golden.offsets, new.offsets, strict=True)]
    yield Distance(limits.OFFSET, max(offsets), f"changed by {max(offsets):.2g} of full scale")


def _levels(golden: Reference, new: Reference) -> Iterator[Distance]:
    before, after = golden.curves.level_db, new.curves.level_db
    for tolerance, n_hops in ((limits.MOMENTARY, _MOMENTARY_HOPS), (limits.LEVEL, 1)):
        a, b = windowed_db(before, n_hops), windowed_db(after, n_hops)
        yield _worst(tolerance, np.maximum(a, HEARD_DB), np.maximum(b, HEARD_DB), n_hops)
    high = [np.maximum(curves.high_db, _HIGH_FLOOR_DB) for curves in (golden.curves, new.curves)]
    yield _worst(limits.HIGH, high[0], high[1], 1)
    yield _silence(before <= SILENCE_DB, after <= SILENCE_DB)


def _silence(before: Flags, after: Flags) -> Distance:
    """How many neighbouring hops are silent in one of the two alone."""
    apart = before != after
    if not apart.any():
        return Distance(limits.SILENCE, 0.0, "the same")
    edges = np.flatnonzero(np.diff(np.concatenate([[0], apart.astype(np.int8), [0]])))
    lengths = edges[1::2] - edges[::2]
    worst = int(np.argmax(lengths))
    start, length = int(edges[2 * worst]), int(lengths[worst])
    what = "sound where there was silence" if before[start] else "silence where there was sound"
    return Distance(
        limits.SILENCE, float(length), f"{what}, for {length * HOP / CLOCK_HZ:.2f} s", start * HOP / CLOCK_HZ
    )


def _worst(tolerance: Tolerance, before: Values, after: Values, n_hops: int) -> Distance:
    change = after - before
    if len(change) == 0:
        return Distance(tolerance, 0.0)
    worst = int(np.argmax(np.abs(change)))
    time_s = (worst + n_hops / 2) * HOP / CLOCK_HZ
    return Distance(tolerance, float(abs(change[worst])), f"{change[worst]:+.1f} dB", time_s)


def _spectra(golden: Reference, new: Reference) -> Iterator[Distance]:
    change = new.spectrum.channel_db - golden.spectrum.channel_db
    channel, band = np.unravel_index(int(np.argmax(np.abs(change))), change.shape)
    low, high = band_edges_hz()[band : band + 2]
    where = f"channel {channel + 1}, {low:.0f} to {high:.0f} Hz: {change[channel, band]:+.2f} dB"
    yield Distance(limits.BAND, float(np.abs(change).max()), where)
    yield _tilt(golden, change)
    yield from _passages(golden, new)
    floors = [np.percentile(each.spectrum.levels_db, 10, axis=1) for each in (golden, new)]
    rise = floors[1] - floors[0]
    risen = int(np.argmax(np.abs(rise)))
    low, high = band_edges_hz()[risen : risen + 2]
    yield Distance(limits.FLOOR, float(abs(rise[risen])), f"{low:.0f} to {high:.0f} Hz: {rise[risen]:+.1f} dB")


def _tilt(golden: Reference, change: Values) -> Distance:
    """The slope of a line through the bands that can be heard, over octaves."""
    octaves = np.log2(np.sqrt(band_edges_hz()[1:-1] * band_edges_hz()[2:]))
    slopes = []
    for levels, changes in zip(golden.spectrum.channel_db[:, 1:], change[:, 1:], strict=True):
        heard = levels > AUDIBLE_DB
        slopes.append(float(np.polyfit(octaves[heard], changes[heard], 1)[0]) if heard.sum() > 2 else 0.0)
    worst = max(slopes, key=abs)
    return Distance(limits.TILT, abs(worst), f"{worst:+.3f} dB an octave")


def _passages(golden: Reference, new: Reference) -> Iterator[Distance]:
    a, b = (np.maximum(each.spectrum.levels_db, AUDIBLE_DB) for each in (golden, new))
    apart, heard = np.abs(b - a), np.maximum(a, b) > AUDIBLE_DB
    mean = float(apart[heard].mean()) if heard.any() else 0.0
    yield Distance(limits.SPECTRUM, mean, f"{mean:.2f} dB on average")
    frames = apart.mean(axis=0)
    n = min(len(frames), max(1, round(_PASSAGE_S * CLOCK_HZ / golden.spectrum.hop)))
    if n == 0:
        return
    means = np.convolve(frames, np.ones(n) / n, "valid")
    worst = int(np.argmax(means))
    time_s = (worst + n / 2) * golden.spectrum.hop / CLOCK_HZ
    yield Distance(limits.PASSAGE, float(means[worst]), f"{means[worst]:.1f} dB apart", time_s)


def _onsets(golden: Reference, new: Reference) -> Iterator[Distance]:
    """The hops from a strong onset to its nearest counterpart, up to the first beyond the limit."""
    within = int(limits.ONSET.limit)
    lost, gained = unmatched(golden.onsets, new.onsets, within), unmatched(new.onsets, golden.onsets, within)
    parts = [f"{_times(onsets)} {word}" for onsets, word in ((lost, "gone"), (gained, "new")) if onsets]
    first = min((onset.time_s for onset in (*lost, *gained)), default=None)
    yield Distance(limits.ONSET, _MISSED if parts else 0.0, "; ".join(parts) or "the same", first)


def _times(onsets: list[Onset]) -> str:
    times = ", ".join(f"{onset.time_s:.2f}" for onset in onsets[:4])
    return f"{times}{' ...' if len(onsets) > 4 else ''} s"


def _anchors(golden: Reference, samples: Samples) -> Iterator[Distance]:
    found = found_again(golden.anchors, samples)
    if not found:
        return
    other = min(found, key=lambda each: each.coherence)
    word = (
        "inverted" if other.coherence < -_SAME_WAVE else "altered" if other.coherence > _SAME_WAVE else "another wave"
    )
    yield Distance(limits.COHERENCE, 1 - other.coherence, f"{word}: correlation {other.coherence:.3f}", other.time_s)
    same = [each for each in found if abs(each.coherence) > _SAME_WAVE]
    if not same:
        return
    moved = max(same, key=lambda each: abs(each.shift_samples))
    ms = moved.shift_samples / CLOCK_HZ * 1000
    words = f"{moved.shift_samples:+.1f} samples ({ms:+.2f} ms)"
    yield Distance(limits.SHIFT, abs(moved.shift_samples), words, moved.time_s)
    loud = max(same, key=lambda each: abs(each.gain_db))
    yield Distance(limits.GAIN, abs(loud.gain_db), f"{loud.gain_db:+.2f} dB", loud.time_s)


def _apart(before: float | None, after: float | None) -> float:
    if before is None or after is None:
        return 0.0 if before is after else _MISSED
    return abs(after - before)


def _finite(level: float) -> float | None:
    return None if math.isinf(level) else level


def _level(value: float | None, unit: str) -> str:
    return "silent" if value is None or math.isinf(value) else f"{value:.2f} {unit}"
