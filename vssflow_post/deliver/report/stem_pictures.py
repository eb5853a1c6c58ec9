"""Pictures of a stem: its waveform and its spectrogram as PNG, read from the WAV some columns at a time.

Memory hardly grows with the film: a stretch is read, measured and forgotten.
"""

from __future__ import annotations

import base64
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from vssflow_post.audio import BG, DX, FX, ME, MIX, MX, PD

Plane = npt.NDArray[np.float32]
Edges = npt.NDArray[np.int64]
Colour = tuple[int, int, int]

COLOURS: Mapping[str, Colour] = {
    DX: (70, 130, 220), FX: (205, 125, 40), BG: (120, 150, 60), PD: (150, 110, 210), MX: (190, 80, 130),
    MIX: (38, 150, 130), ME: (125, 125, 125),
}  # fmt: skip
"""Of the waves, RGB; they must be seen on light and on dark paper."""
WAVE_ROWS = 56
SPECTRUM_ROWS = 88
FFT_SIZE = 2048
FFTS_PER_COLUMN = 4
"""Windows looked at in one column; in a long film a column is longer than they are together."""
LOWEST_HZ = 40.0
FLOOR_DB, TOP_DB = -90.0, -16.0
"""Power of a bin against a full-scale sine: black and brightest."""
COLUMNS_PER_S = 40
MIN_COLUMNS, MAX_COLUMNS = 600, 1600
STRETCH = 1 << 17
"""Samples that are read and measured at once, where that is more than a column."""


@dataclass(frozen=True, slots=True)
class StemPictures:
    """Two PNGs as `data:` URIs, both over the whole stem from edge to edge."""

    waveform: str
    """Transparent but for the wave."""
    spectrogram: str
    """Mel scale (O'Shaughnessy 1987), LOWEST_HZ at the bottom, half the sampling rate at the top."""


def draw_stems(stems: Mapping[str, Path]) -> dict[str, StemPictures | None]:
    """The pictures of each stem that is shown, by its name (see `draw_stem`)."""
    return {name: draw_stem(path, COLOURS[name]) for name, path in stems.items() if name in COLOURS}


def draw_stem(path: Path, colour: Colour) -> StemPictures | None:
    """Pictures of the WAV at `path`, the wave in `colour` (RGB 0-255); None for one without samples.

    Raises soundfile.LibsndfileError when the file cannot be read.
    """
    import soundfile

    with soundfile.SoundFile(os.fsencode(path)) as file:
        n, rate_hz = len(file), file.samplerate
        if n == 0:
            return None
        n_columns = int(np.clip(n / rate_hz * COLUMNS_PER_S, MIN_COLUMNS, MAX_COLUMNS))
        edges = np.arange(n_columns + 1) * n // n_columns
        bands = _bands(rate_hz)
        extremes = np.zeros((2, n_columns), np.float32)
        spectrum = np.full((SPECTRUM_ROWS, n_columns), FLOOR_DB, np.float32)
        per_stretch = max(1, STRETCH * n_columns // n)
        for first in range(0, n_columns, per_stretch):
            columns = slice(first, min(first + per_stretch, n_columns))
            extremes[:, columns], spectrum[:, columns] = _measured(file, edges[first : columns.stop + 1], bands)
    return StemPictures(_uri(_wave_image(extremes, colour)), _uri(_spectrum_image(spectrum)))


def _measured(file: Any, edges: Edges, bands: Plane) -> tuple[Plane, Plane]:
    """Of the columns between `edges`: lowest and highest sample (2, columns), and rows in dB (SPECTRUM_ROWS, columns).

    A column that is silent itself stays dark, whatever sounds beside it.
    """
    start = max(0, int(edges[0]) - FFT_SIZE // 2)
    file.seek(start)
    samples = file.read(int(edges[-1]) + FFT_SIZE - start, dtype="float32", always_2d=True)
    extremes = _extremes(samples, edges - start)
    sounding = np.flatnonzero(extremes.any(axis=0))
    spectrum = np.full((SPECTRUM_ROWS, len(edges) - 1), FLOOR_DB, np.float32)
    if len(sounding):
        centres = _centres(edges[sounding] - start, edges[sounding + 1] - start)
        spectrum[:, sounding] = _rows(samples, np.maximum(centres - FFT_SIZE // 2, 0), bands)
    return extremes, spectrum


def _extremes(samples: Plane, edges: Edges) -> Plane:
    """Lowest and highest of the samples (n, channels) between neighbouring edges, over all channels: (2, columns)."""
    values = samples[: edges[-1]].reshape(-1)
    starts = np.minimum(edges[:-1], edges[-1] - 1) * samples.shape[1]
    lowest, highest = np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)
    return np.where(edges[1:] > edges[:-1], np.stack([lowest, highest]), np.float32(0))


def _centres(starts: Edges, ends: Edges) -> Edges:
    """Where windows are looked at in columns from `starts` to `ends`, evenly: (columns, windows)."""
    n_windows = int(np.clip((ends - starts).min() // FFT_SIZE, 1, FFTS_PER_COLUMN))
    places = 2 * np.arange(n_windows) + 1
    return np.asarray(starts[:, None] + places * (ends - starts)[:, None] // (2 * n_windows), np.int64)


def _rows(samples: Plane, starts: Edges, bands: Plane) -> Plane:
    """Loudest level in dB of each row's band over the windows from `starts` (columns, windows): (rows, columns)."""
    padded = np.concatenate([samples, np.zeros((FFT_SIZE, samples.shape[1]), np.float32)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, FFT_SIZE, axis=0)[starts].mean(axis=2)
    shape = np.hanning(FFT_SIZE).astype(np.float32)
    power = (np.abs(np.fft.rfft(windows * shape)) * (2.0 / shape.sum())) ** 2
    rows = power.max(axis=1).astype(np.float32) @ bands
    return np.asarray(10.0 * np.log10(np.maximum(rows, 10.0 ** (FLOOR_DB / 10.0))).T, np.float32)


def mel_of_hz(hz: float) -> float:
    return 2595.0 * math.log10(1.0 + hz / 700.0)


def hz_of_mel(mel: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(700.0 * (10.0 ** (mel / 2595.0) - 1.0))


def _bands(rate_hz: int) -> Plane:
    """Triangles from FFT bins to rows, (FFT_SIZE // 2 + 1, SPECTRUM_ROWS), even on the mel scale, high ones first.

    Low rows are narrower than a bin; they read it interpolated.
    """
    edges = hz_of_mel(np.linspace(mel_of_hz(LOWEST_HZ), mel_of_hz(rate_hz / 2), SPECTRUM_ROWS + 2))
    bins = np.arange(FFT_SIZE // 2 + 1) * rate_hz / FFT_SIZE
    width_hz = rate_hz / FFT_SIZE
    bands = np.zeros((len(bins), SPECTRUM_ROWS), np.float32)
    for row in range(SPECTRUM_ROWS):
        low, centre, high = edges[row : row + 3]
        low, high = min(low, centre - width_hz), max(high, centre + width_hz)
        rise, fall = (bins - low) / (centre - low), (high - bins) / (high - centre)
        bands[:, SPECTRUM_ROWS - 1 - row] = np.clip(np.minimum(rise, fall), 0.0, None)
    return np.asarray(bands / np.sqrt(np.maximum(bands.sum(axis=0), 1e-9)), np.float32)


def _wave_image(extremes: Plane, colour: Colour) -> npt.NDArray[np.uint8]:
    """BGRA; a quiet line stays in the middle where the stem is silent."""
    middle = (WAVE_ROWS - 1) / 2
    rows = np.arange(WAVE_ROWS)[:, None]
    top, bottom = middle - middle * extremes[1], middle - middle * extremes[0]
    inside = np.clip(np.minimum(rows - top + 1.0, bottom - rows + 1.0), 0.0, 1.0)
    image = np.zeros((*inside.shape, 4), np.uint8)
    image[..., :3] = colour[::-1]
    image[..., 3] = np.round(255 * inside)
    return image


def _spectrum_image(spectrum: Plane) -> npt.NDArray[np.uint8]:
    """BGR through a colour map that is even in lightness, in 48 steps so that the PNG stays small."""
    import cv2

    level = np.clip((spectrum - FLOOR_DB) / (TOP_DB - FLOOR_DB), 0.0, 1.0)
    steps = (np.round(level * 47) * (255 / 47)).astype(np.uint8)
    return np.asarray(cv2.applyColorMap(steps, cv2.COLORMAP_INFERNO), np.uint8)


def _uri(image: npt.NDArray[np.uint8]) -> str:
    import cv2

    done, png = cv2.imencode(".png", image, [cv2.IMWRITE_PNG_COMPRESSION, 6])
    if not done:
        raise RuntimeError("OpenCV was built without PNG")
    return "data:image/png;base64," + base64.b64encode(png.tobytes()).decode("ascii")
