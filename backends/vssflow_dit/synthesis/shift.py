"""A voice made from another: its formants and its pitch moved.

Formants move as they do when a record is played faster: all by one factor, and the pitch and the pace with them; the
teacher speaks slower by as much. Pitch then moves alone, by PSOLA (Moulines and Charpentier 1990): the recording is cut
into its pulses, each in a window of its own, and these are laid down again closer together, or farther apart. Nothing
is modelled, so that most of the teacher's naturalness stays. What has no pitch stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.signal import butter, sosfiltfilt

from vssflow_dit.synthesis.recital import Recital
from vssflow_dit.synthesis.waves import RATE_HZ, Wave

FRAME_S = 0.005
LOWEST_HZ, HIGHEST_HZ = 50.0, 500.0
"""Where pitch is looked for."""
SEAM_S = 0.004
"""Over which what was moved passes into what was not."""
NARROWEST = 0.6
"""Of a period: half of the narrowest window, since narrower ones blur the formants."""
Marks = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Shift:
    """How a voice differs from the one that it is made from."""

    pitch: float
    """Factor of the pitch."""
    formants: float
    """Factor of the formants' frequencies, and of the pace: above 1 for a shorter throat."""

    def __call__(self, recital: Recital) -> Recital:
        """The same sentence by the other voice; each phoneme ends where it ended, over `formants`."""
        faster = played_faster(recital.audio, self.formants)
        audio = pitch_moved(faster, self.pitch / self.formants).astype(np.float32)
        return Recital(audio, recital.phonemes, [end / self.formants for end in recital.ends_s])


def played_faster(wave: npt.NDArray[np.float32], factor: float) -> Wave:
    """As a record on a faster turntable."""
    from soxr import resample

    return np.asarray(resample(wave.astype(np.float64), RATE_HZ * factor, RATE_HZ, quality="VHQ"), np.float64)


def pitch_moved(wave: Wave, factor: float) -> Wave:
    """The wave with its pitch multiplied, everything else and all times as they were."""
    moved, voiced = np.zeros(len(wave)), np.zeros(len(wave))
    for marks in pulses_of(wave):
        voiced[marks[0] : marks[-1]] = 1.0
        _lay_down(wave, marks, factor, moved)
    seam = np.hanning(2 * round(SEAM_S * RATE_HZ) + 1)
    share = np.convolve(voiced, seam / seam.sum(), "same")
    return np.asarray(share * moved / np.sqrt(factor) + (1.0 - share) * wave)


def _lay_down(wave: Wave, marks: Marks, factor: float, moved: Wave) -> None:
    """Adds one voiced stretch into `moved`: at each new pulse the nearest old one, in a window of two new periods."""
    gaps = np.diff(marks).astype(np.float64)
    periods = np.concatenate([gaps[:1], (gaps[1:] + gaps[:-1]) / 2, gaps[-1:]])
    place = float(marks[0])
    while place <= marks[-1]:
        nearest = int(np.abs(marks - place).argmin())
        half = int(periods[nearest] * max(1.0 / factor, NARROWEST))
        source, target = int(marks[nearest]) - half, round(place) - half
        size = 2 * half + 1
        if min(source, target) >= 0 and max(source, target) + size <= len(wave):
            moved[target : target + size] += wave[source : source + size] * np.hanning(size)
        place += float(np.interp(place, marks, periods)) / factor


def pulses_of(wave: Wave) -> Iterator[Marks]:
    """Of each voiced stretch the samples at which the voice pulses: peaks one period apart, from the highest on."""
    pitch_hz = pitch_of(wave)
    low = sosfiltfilt(butter(2, [LOWEST_HZ, 900.0], "bandpass", fs=RATE_HZ, output="sos"), wave)
    low = low * np.sign((low**3).sum())  # pulses point up
    hop = FRAME_S * RATE_HZ
    edges = np.flatnonzero(np.diff(np.concatenate([[False], pitch_hz > 0, [False]])))
    for first, last in edges.reshape(-1, 2):
        begin, end = round(first * hop), min(round(last * hop), len(wave))
        periods = RATE_HZ / pitch_hz[first:last]
        if end <= begin:
            continue
        peak = int(low[begin:end].argmax())
        ahead = _walked(low[begin:end], periods, peak)
        back = _walked(low[begin:end][::-1], periods[::-1], end - begin - 1 - peak)
        marks = np.array([*(end - begin - 1 - mark for mark in back[:0:-1]), *ahead]) + begin
        if len(marks) > 3:
            yield marks


def _walked(low: Wave, periods: Wave, mark: int) -> list[int]:
    """`mark` and the peaks after it, each about a period after the last."""
    found = [mark]
    while True:
        period = periods[min(int(mark / (FRAME_S * RATE_HZ)), len(periods) - 1)]
        begin, end = int(mark + 0.8 * period), int(mark + 1.2 * period)
        if end >= len(low):
            return found
        mark = begin + int(low[begin:end].argmax())
        found.append(mark)


def pitch_of(wave: Wave) -> Wave:
    """Hz of each frame of FRAME_S, 0 where there is no pitch: WORLD's Harvest (Morise 2017)."""
    import pyworld

    pitch_hz, _ = pyworld.harvest(wave, RATE_HZ, LOWEST_HZ, HIGHEST_HZ, FRAME_S * 1000)
    return np.asarray(pitch_hz, np.float64)
