"""What a golden keeps of one sound, and a new render is measured by: figures, curves, spectrum, onsets, anchors."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vssflow_post.audio import LAYOUTS, STEREO, Samples
from vssflow_post.errors import UsageError
from vssflow_post.mix import LoudnessMeter
from vssflow_post.regress.anchors import Anchor, anchors_of
from vssflow_post.regress.curves import Curves, Onset, curves_of, onsets_of
from vssflow_post.regress.spectrum import N_BANDS, Spectrum, spectrum_of
from vssflow_post.timeline import CLOCK_HZ

FIGURES = (
    "integrated_lufs",
    "true_peak_dbtp",
    "range_lu",
    "max_momentary_lufs",
    "max_short_term_lufs",
)
OUTLINE_POINTS = 1000
_CELLS = 28_000
"""Cells of a stored spectrum: a longer sound gets longer hops, so that a golden stays small."""
_SHORTEST_HOP = 720


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """One WAV (or the film's own track) as it is compared."""

    n_samples: int
    n_channels: int
    digest: str
    """sha256 of the samples as the file holds them (of the packets, for the film's track)."""
    figures: Mapping[str, float | None]
    """Loudness and peak by the names of FIGURES; None where there is none."""
    channels_db: tuple[float, ...]
    """Mean power of each channel, dB of full scale; -inf for silence."""
    offsets: tuple[float, ...]
    """Mean of each channel: DC, full scale 1.0."""
    likeness: tuple[float, ...]
    """Correlation of each channel with the next: 1 for mono content, 0 where one of them is silent."""
    outline: npt.NDArray[np.int8]
    """(2, points): lowest and highest sample over all channels in 127ths of full scale, for pictures."""
    curves: Curves
    spectrum: Spectrum
    onsets: tuple[Onset, ...]
    anchors: tuple[Anchor, ...]


def read_wave(path: Path) -> tuple[Samples, str]:
    """All samples, float32 (channels, n), and the sha256 of the integers. Raises UsageError for what is no such WAV."""
    import soundfile

    try:
        integers, rate_hz = soundfile.read(path, dtype="int32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise UsageError(f"{path} cannot be read: {error}") from None
    digest = hashlib.sha256(f"{rate_hz} {integers.shape}".encode() + integers.tobytes()).hexdigest()
    return np.ascontiguousarray(integers.T.astype(np.float32) / np.float32(1 << 31)), digest


def reference_of(samples: Samples, digest: str) -> Reference:
    """Measures float32 (channels, n) at the clock's rate."""
    curves = curves_of(samples)
    n_channels, n = samples.shape
    hop = max(_SHORTEST_HOP, -(-n * N_BANDS // _CELLS))
    return Reference(
        n_samples=n,
        n_channels=n_channels,
        digest=digest,
        figures=_figures(samples),
        channels_db=tuple(_power_db(channel) for channel in samples),
        offsets=tuple(float(channel.mean(dtype=np.float64)) if n else 0.0 for channel in samples),
        likeness=tuple(_likeness(samples[k], samples[k + 1]) for k in range(n_channels - 1)),
        outline=_outline(samples),
        curves=curves,
        spectrum=spectrum_of(samples, hop),
        onsets=tuple(onsets_of(curves.level_db)),
        anchors=tuple(anchors_of(samples)),
    )


def _figures(samples: Samples) -> dict[str, float | None]:
    layouts = {layout.n_channels: layout for layout in LAYOUTS.values()}
    layout = layouts.get(len(samples), STEREO)
    meter = LoudnessMeter(layout=layout)
    known = samples if len(samples) in layouts else samples[:2]
    for start in range(0, samples.shape[1], 10 * CLOCK_HZ):
        meter.push(np.ascontiguousarray(known[:, start : start + 10 * CLOCK_HZ]))
    loudness = meter.finish()
    values = {name: getattr(loudness, name) for name in FIGURES}
    return {name: None if value is None else round(float(value), 4) for name, value in values.items()}


def _power_db(channel: Samples) -> float:
    power = float(np.square(channel, dtype=np.float64).mean()) if len(channel) else 0.0
    return 10 * math.log10(power) if power > 0 else -math.inf


def _likeness(one: Samples, other: Samples) -> float:
    a, b = one.astype(np.float64), other.astype(np.float64)
    norm = math.sqrt(float(a @ a) * float(b @ b))
    return float(a @ b) / norm if norm > 0 else 0.0


def _outline(samples: Samples) -> npt.NDArray[np.int8]:
    n = samples.shape[1]
    n_points = min(OUTLINE_POINTS, n)
    if n_points == 0:
        return np.zeros((2, 0), np.int8)
    starts = np.arange(n_points) * n // n_points
    lowest = np.minimum.reduceat(samples.min(axis=0), starts)
    highest = np.maximum.reduceat(samples.max(axis=0), starts)
    return np.asarray(np.clip(np.rint(np.stack([lowest, highest]) * 127), -127, 127), np.int8)
