"""Drawn films as arrays for an .npz: JPEGs end to end, where each ends, when each is shown, how many a film has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from vssflow_post.backend import Frame
from vssflow_post.timeline import CLOCK_HZ

QUALITY = 92


def packed(films: Sequence[Sequence[Frame]]) -> dict[str, npt.NDArray[Any]]:
    """`frames` (bytes), `frame_ends` (in bytes), `frame_times_s`, and `n_frames` of each film."""
    frames = [frame for film in films for frame in film]
    coded = [cv2.imencode(".jpg", frame.grey, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].reshape(-1) for frame in frames]
    return {
        "frames": np.concatenate(coded),
        "frame_ends": np.cumsum([len(picture) for picture in coded]),
        "frame_times_s": np.array([frame.sample / CLOCK_HZ for frame in frames]),
        "n_frames": np.array([len(film) for film in films]),
    }


def unpacked(path: Path, film: int = 0) -> Iterator[Frame]:
    """The frames (grey only) of a film of the .npz at `path`."""
    empty = np.zeros((0, 0, 3), np.uint8)
    with np.load(path) as data:
        ends, coded, times_s = np.concatenate([[0], data["frame_ends"]]), data["frames"], data["frame_times_s"]
        first, last = np.concatenate([[0], np.cumsum(data["n_frames"])])[film : film + 2]
    for k in range(first, last):
        grey = cv2.imdecode(coded[ends[k] : ends[k + 1]], cv2.IMREAD_GRAYSCALE)
        yield Frame(round(times_s[k] * CLOCK_HZ), empty, np.asarray(grey, np.uint8))


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path to write to that takes the place of `path` once all is written."""
    part = path.with_name(f".{path.name}.part")
    yield part
    part.replace(path)
