"""A recording that goes on for as long as it is needed, through crossfades that nobody hears."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vssflow_library.bands import band_powers
from vssflow_post.timeline import CLOCK_HZ

Samples = npt.NDArray[np.float32]
Curve = npt.NDArray[np.float64]
LONGEST_FADE_S = 3.0
GRID_S = 0.1
"""Between the places where a loop may begin or end."""
SHIFT_S = 0.02
"""By which a place is moved so that what meets there goes the same way."""


class Splice(NamedTuple):
    """A loop from `first` to `last`: what leads up to `first` fades in while what leads up to `last` fades out."""

    first: int
    last: int
    fade: int


def ring(samples: Samples) -> Samples:
    """(channels, n) at 48 kHz that may follow itself again and again, made of (channels, m)."""
    splice = best_splice(samples)
    if splice.fade == 0:
        return samples
    loop: Samples = samples[:, splice.first : splice.last].copy()
    lead = samples[:, splice.first - splice.fade : splice.first]
    tail = loop[:, -splice.fade :].copy()
    out, in_ = crossfade(splice.fade, alike(tail, lead))
    loop[:, -splice.fade :] = tail * out + lead * in_
    return loop


def best_splice(samples: Samples) -> Splice:
    """Where level and spectrum before the loop's end are most like those before its beginning; no shorter than half."""
    n = samples.shape[1]
    fade = min(round(LONGEST_FADE_S * CLOCK_HZ), n // 4)
    grid = round(GRID_S * CLOCK_HZ)
    if n < 8 * grid:
        return Splice(fade, n, fade)
    ahead = _colours(samples, fade, grid)  # of `fade` samples that end at each point of the grid
    points = np.arange(len(ahead)) * grid
    firsts = np.flatnonzero((points >= fade) & (points <= fade + n // 8))
    lasts = np.flatnonzero(points >= n - n // 8)
    apart = np.abs(ahead[firsts][:, None] - ahead[lasts][None]).mean(axis=2)
    k, j = np.unravel_index(int(np.argmin(np.round(apart, 3))), apart.shape)
    first, last = int(points[firsts[k]]), int(points[lasts[j]])
    return Splice(_aligned(samples, first, last, fade), last, fade)


def _colours(samples: Samples, fade: int, grid: int) -> Curve:
    """(points, bands) in decibels: the spectrum of the `fade` samples before each point of the grid."""
    mono = samples.mean(axis=0)
    whole = mono[: len(mono) // grid * grid].reshape(-1, grid)
    bands = band_powers(whole, CLOCK_HZ)
    total = np.concatenate([np.zeros((1, bands.shape[1])), bands.cumsum(axis=0)])
    back = max(1, fade // grid)
    at = np.arange(len(total))
    mean = (total[at] - total[np.maximum(at - back, 0)]) / np.maximum(np.minimum(at, back), 1)[:, None]
    quietest = max(float(mean.max()) * 1e-6, 1e-12)
    return np.asarray(10 * np.log10(np.maximum(mean, quietest)))


def _aligned(samples: Samples, first: int, last: int, fade: int) -> int:
    """`first`, moved by up to SHIFT_S to where what fades in goes the same way as what fades out."""
    most = round(SHIFT_S * CLOCK_HZ)
    low, high = max(first - most, fade), min(first + most, last - fade - 1)
    n = min(fade, round(0.25 * CLOCK_HZ))
    if high <= low:
        return first
    middle = (fade - n) // 2
    out = samples[:, last - fade + middle : last - fade + middle + n].mean(axis=0).astype(np.float64)
    in_ = samples[:, low - fade + middle : high - fade + middle + n].mean(axis=0).astype(np.float64)
    size = 1 << (len(in_) + n).bit_length()
    match = np.fft.irfft(np.fft.rfft(in_, size) * np.conj(np.fft.rfft(out, size)), size)[: high - low + 1]
    energy = np.concatenate([[0.0], (in_**2).cumsum()])
    power = energy[n : n + len(match)] - energy[: len(match)]
    least = float(np.max(power)) * 1e-6 + 1e-20
    return low + int(np.argmax(np.round(match / np.sqrt(np.maximum(power, least)), 6)))


def alike(a: Samples, b: Samples) -> float:
    """Correlation of two stretches, -1 to 1."""
    x, y = a.astype(np.float64).ravel(), b.astype(np.float64).ravel()
    # Sums, not dot products: those are rounded by how many threads there are.
    power = float((x * x).sum() * (y * y).sum())
    return float((x * y).sum()) / max(math.sqrt(power), 1e-20)


def crossfade(n: int, correlation: float) -> tuple[Samples, Samples]:
    """Gains (n,) out and in whose sum keeps the power of what meets, be it the same or something else."""
    angle = np.pi / 2 * (np.arange(n) + 0.5) / n
    out, in_ = np.cos(angle), np.sin(angle)
    even = 1 / np.sqrt(np.maximum(1 + 2 * max(correlation, -0.5) * out * in_, 0.25))
    return (out * even).astype(np.float32), (in_ * even).astype(np.float32)


def gone_round(loop: Samples, start: int, n: int) -> Samples:
    """n samples of a loop, from `start` on."""
    length = loop.shape[1]
    start %= length
    times = -(-(start + n) // length)
    return np.ascontiguousarray(np.tile(loop, (1, times))[:, start : start + n])
