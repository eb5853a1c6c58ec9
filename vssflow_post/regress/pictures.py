"""Pictures of a sound and its golden: waves, spectrograms and their difference, drawn from references alone."""

from __future__ import annotations

import base64
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vssflow_post.regress.distances import AUDIBLE_DB
from vssflow_post.regress.reference import Reference
from vssflow_post.regress.spectrum import Values

Image = npt.NDArray[np.uint8]
Colour = tuple[int, int, int]

WIDTH = 900
WAVE_HEIGHT, SPECTRUM_HEIGHT = 90, 144
TOP_DB = -20.0
MOST_DB = 12.0
"""A difference from which its colour is full."""
GOLDEN_COLOUR, NEW_COLOUR = (38, 150, 130), (205, 125, 40)
_LOST, _GAINED = (60, 130, 255), (255, 80, 60)


@dataclass(frozen=True, slots=True)
class Pictures:
    """Five PNGs as `data:` URIs, all over the whole sound from edge to edge; "" where there is no such sound."""

    golden_wave: str = ""
    new_wave: str = ""
    golden_spectrum: str = ""
    new_spectrum: str = ""
    difference: str = ""
    """Blue where the new sound has less, red where it has more."""


def draw(golden: Reference | None, new: Reference | None) -> Pictures:
    """The pictures of one sound; both references have the same length where both are given."""
    return Pictures(
        golden_wave=_wave(golden, GOLDEN_COLOUR),
        new_wave=_wave(new, NEW_COLOUR),
        golden_spectrum=_spectrum(golden),
        new_spectrum=_spectrum(new),
        difference=_difference(golden, new),
    )


def _wave(reference: Reference | None, colour: Colour) -> str:
    if reference is None or reference.outline.shape[1] == 0:
        return ""
    lowest, highest = reference.outline.astype(np.float64) / 127
    peak = max(0.05, float(np.abs(reference.outline).max()) / 127)
    middle = (WAVE_HEIGHT - 1) / 2
    rows = np.arange(WAVE_HEIGHT)[:, None]
    top, bottom = middle - middle * highest / peak, middle - middle * lowest / peak
    inside = np.clip(np.minimum(rows - top + 1.0, bottom - rows + 1.0), 0.0, 1.0)
    image = np.zeros((*inside.shape, 4), np.uint8)
    image[..., :3] = colour[::-1]
    image[..., 3] = np.round(255 * inside)
    return _png(image, WAVE_HEIGHT)


def _spectrum(reference: Reference | None) -> str:
    import cv2

    if reference is None or reference.spectrum.codes.shape[1] == 0:
        return ""
    levels = np.clip((_shown(reference) - AUDIBLE_DB) / (TOP_DB - AUDIBLE_DB), 0.0, 1.0)
    steps = (np.round(levels * 47) * (255 / 47)).astype(np.uint8)
    return _png(np.asarray(cv2.applyColorMap(steps, cv2.COLORMAP_INFERNO), np.uint8), SPECTRUM_HEIGHT)


def _difference(golden: Reference | None, new: Reference | None) -> str:
    """Transparent where nothing changed, so that it stands on light and dark paper."""
    if golden is None or new is None or golden.spectrum.codes.shape != new.spectrum.codes.shape:
        return ""
    change = _shown(new) - _shown(golden)
    image = np.zeros((*change.shape, 4), np.uint8)
    for colour, share in ((_LOST, -change / MOST_DB), (_GAINED, change / MOST_DB)):
        where = share > 0
        image[where, :3] = colour[::-1]
        image[where, 3] = np.round(255 * np.clip(share[where], 0, 1))
    return _png(image, SPECTRUM_HEIGHT)


def _shown(reference: Reference) -> Values:
    """Levels that can be heard, high bands first."""
    return np.asarray(np.maximum(reference.spectrum.levels_db, AUDIBLE_DB)[::-1], np.float64)


def _png(image: Image, height: int) -> str:
    import cv2

    scaled = cv2.resize(
        image, (WIDTH, height), interpolation=cv2.INTER_AREA if image.shape[1] > WIDTH else cv2.INTER_NEAREST
    )
    done, png = cv2.imencode(".png", scaled, [cv2.IMWRITE_PNG_COMPRESSION, 7])
    if not done:
        raise RuntimeError("OpenCV was built without PNG")
    return "data:image/png;base64," + base64.b64encode(png.tobytes()).decode("ascii")
