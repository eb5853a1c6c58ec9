"""A voice made from another: its formants and its pitch moved.

Formants move as they do when a record is played faster: all by one factor, and the pitch and the pace with them; the
teacher speaks slower by as much. Pitch then moves alone, by PSOLA (Moulines and Charpentier 1990): the recording is cut
into its pulses, each in a window of its own, and these are laid down again closer together, or farther apart. Nothing
is modelled, so that most of the teacher's naturalness stays: a vocoder (WORLD) that takes joe apart and puts him
together as he was costs 0.25 of his 3.35 points of DNSMOS, pulses laid down as they were 0.03. What has no pitch stays
as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.signal import butter, resample_poly, sosfiltfilt

from vssflow_dit.synthesis.recital import Recital
from vssflow_dit.synthesis.waves import RATE_HZ, Wave

FRAME_S = 0.005
COARSE_HZ = 8_000
WINDOW = 512
"""Samples at COARSE_HZ in which pitch is looked for."""
LAGS = np.arange(32, 161)
"""Periods that a pitch may have, in samples at COARSE_HZ: 250 to 50 Hz, which holds what the teachers say."""
LONGER = 0.06
"""What an octave lower must be better by: twice the period fits as well."""
NO_PITCH = 0.45
"""How alike a wave with a pitch is to itself a period later, at least."""
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
    low = sosfiltfilt(butter(2, [50.0, 900.0], "bandpass", fs=RATE_HZ, output="sos"), wave)
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
    """Hz of each frame of FRAME_S, 0 where there is no pitch: the steadiest path through how alike the wave is to
    itself a period later.
    """
    alike = _self_similarity(resample_poly(wave, 1, RATE_HZ // COARSE_HZ), len(wave) // round(FRAME_S * RATE_HZ) + 1)
    scores = np.pad(alike - LONGER * np.log2(LAGS / LAGS[0]), ((0, 0), (0, 1)), constant_values=NO_PITCH)
    steps = np.full((len(LAGS) + 1, len(LAGS) + 1), 0.15)  # into and out of no pitch, the last state
    steps[:-1, :-1] = np.minimum(1.5 * np.abs(np.log2(LAGS[:, None] / LAGS)), 0.6)
    steps[-1, -1] = 0.0
    total, came_from = scores[0], np.zeros(scores.shape, np.int16)
    for k in range(1, len(scores)):
        ways = total[:, None] - steps
        came_from[k] = ways.argmax(axis=0)
        total = ways.max(axis=0) + scores[k]
    state, pitch_hz = int(total.argmax()), np.zeros(len(scores))
    for k in range(len(scores) - 1, -1, -1):
        pitch_hz[k] = COARSE_HZ / LAGS[state] if state < len(LAGS) else 0.0
        state = int(came_from[k, state])
    return pitch_hz


def _self_similarity(coarse: Wave, n_frames: int) -> Wave:
    """Normalised autocorrelation around each frame at LAGS, (n_frames, lags), of a wave at COARSE_HZ."""
    padded = np.pad(coarse, (WINDOW // 2, 2 * WINDOW))
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[:: round(FRAME_S * COARSE_HZ)][:n_frames]
    products = np.fft.irfft(np.abs(np.fft.rfft(frames, 2 * WINDOW)) ** 2)[:, LAGS]
    energy = np.pad(np.cumsum(frames**2, axis=1), ((0, 0), (1, 0)))
    both = energy[:, WINDOW - LAGS] * (energy[:, -1:] - energy[:, LAGS])
    return np.asarray(products / np.sqrt(both + 1e-6 * WINDOW))
