"""Short pieces of the waveform itself, kept from all over a sound: they show what levels cannot.

A golden keeps some 50 ms of each stretch in which there is sound, at a third of the clock's rate and with 8 bits under
a scale of their own. Against a new render each tells, to a fraction of a sample, where it lies now, how much of it is
still the same wave, and with which sign and gain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vssflow_post.audio import Samples
from vssflow_post.timeline import CLOCK_HZ

DECIMATION = 3
LENGTH = 768
"""Kept samples of an anchor: 48 ms at 16 kHz."""
STRETCH_S = 1.5
"""At most one anchor in so much time."""
MOST = 12
REACH_S = 0.06
"""How far off an anchor is looked for."""
_AUDIBLE = 10 ** (-60 / 20)
_MARGIN = 32
_AS_GOOD = 0.003


@dataclass(frozen=True, slots=True, eq=False)
class Anchor:
    """One kept piece of the waveform."""

    start: int
    """Sample of the clock at which it begins."""
    waves: npt.NDArray[np.int8]
    """(channels, LENGTH)."""
    scales: npt.NDArray[np.float32]
    """(channels,): the amplitude that 127 stands for."""

    @property
    def samples(self) -> npt.NDArray[np.float64]:
        """(channels, LENGTH), full scale 1.0."""
        return self.waves.astype(np.float64) * (self.scales.astype(np.float64) / 127)[:, None]


@dataclass(frozen=True, slots=True)
class Place:
    """An anchor against a new render."""

    time_s: float
    """Where the golden has it."""
    shift_samples: float
    """How much later the new render has it, in samples of the clock."""
    coherence: float
    """Normalised correlation at that shift: 1 for the same wave, -1 for its inverse, about 0 for another sound."""
    gain_db: float
    """The new render's share of that wave against the golden's; not a number where there is none."""


def anchors_of(samples: Samples) -> list[Anchor]:
    """Anchors of float32 (channels, n) at the clock's rate: the loudest piece of every stretch that has any sound."""
    slow = _decimated(samples)
    n = slow.shape[1]
    if n < LENGTH + 4 * _MARGIN:
        return []
    n_stretches = int(np.clip(n * DECIMATION / CLOCK_HZ / STRETCH_S, 1, MOST))
    energy = np.cumsum(np.concatenate([[0.0], np.square(slow).sum(axis=0)]))
    sums = energy[LENGTH:] - energy[:-LENGTH]
    found: list[Anchor] = []
    for part in np.array_split(np.arange(2 * _MARGIN, len(sums) - 2 * _MARGIN), n_stretches):
        start = int(part[np.argmax(sums[part])])
        apart = not found or start * DECIMATION - found[-1].start >= LENGTH * DECIMATION
        if apart and sums[start] > LENGTH * _AUDIBLE**2:
            found.append(_anchor(slow[:, start : start + LENGTH], start * DECIMATION))
    return found


def _anchor(piece: npt.NDArray[np.float64], start: int) -> Anchor:
    scales = np.abs(piece).max(axis=1).astype(np.float32)
    safe = np.where(scales > 0, scales, 1.0)[:, None]
    return Anchor(start, np.rint(piece / safe * 127).astype(np.int8), scales)


def found_again(anchors: Sequence[Anchor], samples: Samples) -> list[Place]:
    """Where each anchor lies in a new render (float32, the same channels)."""
    slow = _decimated(samples)
    return [_found(anchor, slow) for anchor in anchors]


def _found(anchor: Anchor, slow: npt.NDArray[np.float64]) -> Place:
    reach = round(REACH_S * CLOCK_HZ / DECIMATION)
    golden = anchor.samples
    at = anchor.start // DECIMATION - reach
    around = np.zeros((len(golden), LENGTH + 2 * reach))
    first, last = max(0, at), min(slow.shape[1], at + around.shape[1])
    if last > first:
        around[:, first - at : last - at] = slow[:, first:last]
    products, energies = _correlation(around, golden)
    peak = _nearest_peak(np.abs(products) / np.sqrt(energies), reach)
    offset, coherence, product = _between(products, energies, peak)
    share = abs(product) / float(np.square(golden).sum())
    return Place(
        time_s=anchor.start / CLOCK_HZ,
        shift_samples=(peak - reach + offset) * DECIMATION,
        coherence=float(np.clip(coherence, -1, 1)),
        gain_db=20 * float(np.log10(share)) if share > 0 else float("-inf"),
    )


def _correlation(
    around: npt.NDArray[np.float64], golden: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """(2 * reach + 1,) each: the products at each shift over all channels, and the square of what they could be."""
    from scipy.signal import correlate

    products = sum(correlate(a, g, "valid", "fft") for a, g in zip(around, golden, strict=True))
    energy = np.cumsum(np.concatenate([[0.0], np.square(around).sum(axis=0)]))
    held = np.maximum(energy[LENGTH:] - energy[:-LENGTH], LENGTH * _AUDIBLE**2 / 10)
    return np.asarray(products, np.float64), np.asarray(held * np.square(golden).sum(), np.float64)


def _nearest_peak(likeness: npt.NDArray[np.float64], middle: int) -> int:
    """Of the peaks that are as good as the highest, the one nearest `middle`: a tone is like itself a period later."""
    around = np.pad(likeness, 1, constant_values=-1.0)
    is_peak = (likeness >= around[:-2]) & (likeness >= around[2:]) & (likeness >= likeness.max() - _AS_GOOD)
    peaks = np.flatnonzero(is_peak)
    return int(peaks[np.argmin(np.abs(peaks - middle))])


def _between(
    products: npt.NDArray[np.float64], energies: npt.NDArray[np.float64], peak: int
) -> tuple[float, float, float]:
    """The peak between samples: its offset from `peak` (-1 to 1), and correlation and product there.

    Products are of limited bandwidth and interpolated by a windowed sinc; energies change slowly.
    """
    radius = min(_MARGIN, peak, len(products) - 1 - peak)
    if radius < 2:
        return 0.0, float(products[peak] / np.sqrt(energies[peak])), float(products[peak])
    lags = np.arange(-radius, radius + 1)
    fine = np.linspace(-1, 1, 201)
    distance = fine[:, None] - lags
    taper = np.cos(np.pi / 2 * np.clip(distance / (radius + 1), -1, 1)) ** 2
    between = (np.sinc(distance) * taper) @ products[peak + lags]
    curve = between / np.sqrt(np.interp(fine, lags, energies[peak + lags]))
    best = int(np.argmax(np.abs(curve)))
    return float(fine[best]), float(curve[best]), float(between[best])


def _decimated(samples: Samples) -> npt.NDArray[np.float64]:
    """(channels, n / DECIMATION): every third sample of what lies below 7 kHz, without delay."""
    from scipy.signal import firwin, oaconvolve

    taps = firwin(127, 7_000, fs=CLOCK_HZ)
    low = oaconvolve(samples.astype(np.float64), taps[None], mode="same", axes=1) if samples.shape[1] else samples
    return np.asarray(low[:, ::DECIMATION], np.float64)
