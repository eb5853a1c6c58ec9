"""What is heard in a recording: where its hits begin, how loud it is, and whether it goes on steadily.

A file is read block by block: a bed of an hour needs no more memory than a minute of it.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from vssflow_library.bands import band_powers
from vssflow_library.k_weighting import KWeighting

LEAST_RATE_HZ = 4000
HOP_S = 0.1
"""Between the levels by which loudness and steadiness are judged."""
FINE_S = 0.005
"""Between the levels in which onsets are found."""
HITS_WITHIN_S = 60.0
"""From a file's start, in which onsets are looked for: what goes on for longer is no hit."""
RISE_DB = 9.0
"""An onset rises by this much over the level of the 60 ms before it."""
FAINTEST_HIT_DB = -20.0
"""Below the file's peak: what is softer leads up to a hit, or comes after it."""
APART_S = 0.12
"""Between two hits, at least."""
ATTACK = 0.05
"""Part of a hit's peak at which its attack has begun."""
LEAST_LOOP_S = 1.5
EVEN_DB, LIVELY_DB, ALIKE_DB = 3.0, 18.0, 4.0
"""Of what is steady: how far half seconds differ (standard deviation), how far the softest twentieth of its hundredths
lies below the loudest, and how far the spectrum of its first third differs from that of its last."""
SILENT_DB = -120.0

Curve = npt.NDArray[np.float64]
Level = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Heard:
    """All of a file that its sound tells; samples at its own rate."""

    rate_hz: int
    channels: int
    n_samples: int
    lufs: float
    """Of its loudest 400 ms (ITU-R BS.1770); SILENT_DB for silence."""
    peak: float
    """Largest sample; full scale is 1."""
    onsets: tuple[int, ...]
    """Where its hits begin; none of what is steady."""
    is_steady: bool
    """Whether it can be looped: level and spectrum stay what they are."""
    span: tuple[int, int]
    """Its steady part, or what lies between silence at its ends."""


@dataclass(slots=True)
class _Levels:
    """What is kept of a file that was read."""

    fine: list[Level]
    """Largest of the channels, sample by sample, up to HITS_WITHIN_S."""
    loud: list[Curve]
    """K-weighted power, summed over the channels, a hop each."""
    bands: list[Curve]
    """(hops, bands) power."""
    hundredths: list[Curve]
    """Power a hundredth of a second each."""
    peak: float = 0.0


def hear(path: Path) -> Heard:
    """Raises soundfile.LibsndfileError or OSError for what cannot be read, ValueError for what holds no samples or
    values that are no numbers."""
    with soundfile.SoundFile(path) as file:
        rate_hz, channels = file.samplerate, file.channels
        if rate_hz < LEAST_RATE_HZ:
            raise ValueError(f"its rate of {rate_hz} Hz is none of sound")
        levels = _Levels([], [], [], [])
        weighting, n_samples = KWeighting(rate_hz), 0
        for block in _blocks(file, round(HOP_S * rate_hz)):
            if not np.isfinite(block).all():
                raise ValueError("it holds values that are no numbers")
            _listen(levels, block, rate_hz, weighting, n_samples)
            n_samples += len(block)
    if n_samples == 0:
        raise ValueError("it holds no sound")
    fine = np.concatenate(levels.fine)
    loud, bands = np.concatenate(levels.loud), np.concatenate(levels.bands)
    span = _steady_span(loud, bands, np.concatenate(levels.hundredths))
    hop = round(HOP_S * rate_hz)
    if span is not None:
        inside = span[0] * hop, min(n_samples, span[1] * hop)
        return Heard(rate_hz, channels, n_samples, _momentary(loud), levels.peak, (), True, inside)
    inside = _sounding(loud, hop, n_samples)
    return Heard(rate_hz, channels, n_samples, _momentary(loud), levels.peak, onsets(fine, rate_hz), False, inside)


def _blocks(file: soundfile.SoundFile, hop: int) -> Iterator[Level]:
    """Blocks (n, channels) of whole hops, but for the last."""
    while len(block := file.read(100 * hop, dtype="float32", always_2d=True)):
        yield block


def _listen(levels: _Levels, block: Level, rate_hz: int, weighting: KWeighting, before: int) -> None:
    hop = round(HOP_S * rate_hz)
    largest = functools.reduce(np.maximum, np.abs(block.T))
    levels.peak = max(levels.peak, float(largest.max()))
    if before < HITS_WITHIN_S * rate_hz:
        levels.fine.append(largest)
    levels.loud.append(_powers((weighting.weighted(block) ** 2).sum(axis=1), hop))
    mono = block.mean(axis=1)
    levels.hundredths.append(_powers(mono.astype(np.float64) ** 2, max(1, hop // 10)))
    padded = np.pad(mono, (0, -len(mono) % hop)).reshape(-1, hop)
    levels.bands.append(band_powers(padded, rate_hz))


def _powers(squares: Curve, hop: int) -> Curve:
    """The mean of each hop; the last may be cut short, and counts as if silence followed."""
    return np.asarray(np.pad(squares, (0, -len(squares) % hop)).reshape(-1, hop).mean(axis=1))


def _decibels(power: Curve) -> Curve:
    return np.asarray(10 * np.log10(np.maximum(power, 10 ** (SILENT_DB / 10))))


def _momentary(loud: Curve) -> float:
    """LUFS of the loudest 400 ms."""
    four = np.convolve(np.pad(loud, (0, max(0, 4 - len(loud)))), np.ones(4) / 4, "valid")
    return round(float(_decibels(four).max()) - 0.691, 2) if four.max() > 0 else SILENT_DB


def onsets(largest: Level, rate_hz: int) -> tuple[int, ...]:
    """Samples at which the hits of a recording begin, from its largest channel (n,), rectified.

    Where it rises suddenly, the first sample of the attack: that passes ATTACK of the hit's peak, and what was before.
    A recording that never does begins where it passes that part of its peak.
    """
    hop = max(1, round(FINE_S * rate_hz))
    peaks = np.pad(largest, (0, -len(largest) % hop)).reshape(-1, hop).max(axis=1)
    loudest = float(peaks.max())
    if loudest <= 0:
        return ()
    level = 20 * np.log10(np.maximum(peaks, loudest * 1e-6))
    found: list[int] = []
    ahead = np.pad(level, (14, 0), constant_values=level.min())
    before = np.max([ahead[k : k + len(level)] for k in range(12)], axis=0)  # 70 to 10 ms before each
    near = np.max([np.pad(level, (0, k))[k:] if k else level for k in range(4)], axis=0)
    rises = (level - before >= RISE_DB) & (near >= 20 * np.log10(loudest) + FAINTEST_HIT_DB)
    for k in np.flatnonzero(rises):
        at = _attack(largest, int(k), hop)
        if not found or at - found[-1] >= APART_S * rate_hz:
            found.append(at)
    return tuple(found) or (int(np.argmax(largest >= ATTACK * loudest)),)


def _attack(largest: Level, k: int, hop: int) -> int:
    """The first sample of the attack that rises in hop `k`."""
    first = max(0, (k - 2) * hop)
    peak = float(largest[k * hop : (k + 4) * hop].max())
    noise = float(largest[max(0, first - 4 * hop) : first].max(initial=0.0))
    threshold = min(max(ATTACK * peak, 1.5 * noise), 0.5 * peak)
    at = first + int(np.argmax(largest[first : (k + 4) * hop] >= threshold))
    # A low sound takes a while to pass the threshold: it began when it left what was before.
    while at > max(first, 0) and largest[at - 1] > max(1.5 * noise, ATTACK / 10 * peak):
        at -= 1
    return at


def _steady_span(loud: Curve, bands: Curve, hundredths: Curve) -> tuple[int, int] | None:
    """The hops of a recording's longest steady stretch; None where it has none that is most of it."""
    level = _decibels(loud)
    n = round(LEAST_LOOP_S / HOP_S)
    if len(level) < n or level.max() <= SILENT_DB + 20:
        return None
    smooth = np.convolve(np.pad(level, 2, mode="edge"), np.ones(5) / 5, "valid")
    first, last = _longest(np.abs(smooth - np.median(smooth)) <= 2 * EVEN_DB)
    if last - first < max(n, 0.6 * len(level)) or smooth[first:last].std() > EVEN_DB:
        return None
    fine = _decibels(hundredths[10 * first : 10 * last])
    if np.quantile(fine, 0.95) - np.quantile(fine, 0.05) > LIVELY_DB:
        return None
    third = (last - first) // 3
    start, end = _decibels(bands[first : first + third].mean(0)), _decibels(bands[last - third : last].mean(0))
    counts = np.maximum(start, end) > max(start.max(), end.max()) - 30
    return (first, last) if np.abs(start - end)[counts].mean() <= ALIKE_DB else None


def _longest(holds: npt.NDArray[np.bool_]) -> tuple[int, int]:
    """The longest run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], holds.astype(np.int8), [0]])))
    if not len(edges):
        return 0, 0
    k = int(np.argmax(edges[1::2] - edges[::2]))
    return int(edges[2 * k]), int(edges[2 * k + 1])


def _sounding(loud: Curve, hop: int, n_samples: int) -> tuple[int, int]:
    """From where to where it is less than 50 dB below its loudest hop."""
    heard = np.flatnonzero(loud >= loud.max() * 1e-5)
    return int(heard[0]) * hop, min(n_samples, (int(heard[-1]) + 1) * hop)
