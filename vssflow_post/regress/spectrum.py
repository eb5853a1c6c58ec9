"""A sound in frequency and time, small: log levels in bands, fine enough to compare, coarse enough for git.

Levels are in dB of full scale: a sine of amplitude 1.0 is 0 dB in its band. They go down to -150 dB, below the dither
of a 24-bit file, so that what lies above the programme's own bandwidth can be compared as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from vssflow_post.audio import Samples
from vssflow_post.timeline import CLOCK_HZ

Values = npt.NDArray[np.float64]
Codes = npt.NDArray[np.uint8]

N_BANDS = 36
WINDOW = 2048
FLOOR_DB = -150.0
STEP_DB = 0.6
"""Of the stored levels: 0 to 255 stand for -150 to +3 dB."""
_LINEAR_TO_HZ = 500.0
_BATCH = 256


@dataclass(frozen=True, slots=True, eq=False)
class Spectrum:
    """Levels of one sound, all channels together by power, and of each channel over the whole."""

    codes: Codes
    """(bands, frames): level = FLOOR_DB + STEP_DB * code."""
    hop: int
    """Samples from frame to frame; frame k is centred on sample k * hop."""
    channel_db: Values
    """(channels, bands): mean power over the whole, in dB."""

    @property
    def levels_db(self) -> Values:
        """(bands, frames) in dB."""
        return FLOOR_DB + STEP_DB * self.codes.astype(np.float64)


def spectrum_of(samples: Samples, hop: int) -> Spectrum:
    """The spectrum of float32 (channels, n) at the clock's rate, one frame each `hop` samples."""
    n_channels, n = samples.shape
    n_frames = -(-n // hop) if n else 0
    shape = np.hanning(WINDOW + 1)[:-1].astype(np.float32)
    scale = (2.0 / float(shape.sum())) ** 2
    bands = _bands()
    padded = np.pad(samples, ((0, 0), (WINDOW // 2, WINDOW)))
    power = np.zeros((n_frames, N_BANDS))
    channel_power = np.zeros((n_channels, N_BANDS))
    for first in range(0, n_frames, _BATCH):
        at = np.arange(first, min(first + _BATCH, n_frames))[:, None] * hop + np.arange(WINDOW)
        bins = np.abs(np.fft.rfft(padded[:, at] * shape, axis=2)) ** 2 * scale
        found = bins @ bands  # (channels, frames, bands)
        power[first : first + _BATCH] = found.sum(axis=0)
        channel_power += found.sum(axis=1)
    levels = decibels(power.T, FLOOR_DB)
    codes = np.clip(np.rint((levels - FLOOR_DB) / STEP_DB), 0, 255).astype(np.uint8)
    return Spectrum(codes, hop, decibels(channel_power / max(1, n_frames), FLOOR_DB))


def decibels(power: Values, floor_db: float) -> Values:
    """Power in dB, not below `floor_db`."""
    return np.asarray(10.0 * np.log10(np.maximum(power, 10.0 ** (floor_db / 10.0))), np.float64)


@cache
def band_edges_hz() -> Values:
    """(N_BANDS + 1,): evenly spaced to 500 Hz, then by equal ratios to half the clock's rate."""
    n_linear = 8
    low = np.linspace(0.0, _LINEAR_TO_HZ, n_linear + 1)
    high = np.geomspace(_LINEAR_TO_HZ, CLOCK_HZ / 2, N_BANDS - n_linear + 1)
    return np.concatenate([low, high[1:]])


@cache
def _bands() -> Values:
    """(bins, bands): each bin in the band in which its middle lies; Hann's spread is divided out."""
    hz = np.arange(WINDOW // 2 + 1) * CLOCK_HZ / WINDOW
    number = np.clip(np.searchsorted(band_edges_hz(), hz, side="right") - 1, 0, N_BANDS - 1)
    spread = 1.5  # a sine's power in a Hann window's bins, over its peak's
    return np.asarray((number[:, None] == np.arange(N_BANDS)) / spread, np.float64)
