"""Visual features that are known before a film is decoded: from a file beside it, or of an earlier run.

`film.npz` beside `film.mp4` holds float arrays by name, as a backend calls its features. The rows of an array tile the
film evenly: (n, channels), or (segments, rows, channels), which is read segment after segment. A vector (channels,)
holds throughout, and so does the mean of `speaker`'s rows.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from vssflow_post.backend import Features, Frame, Track
from vssflow_post.errors import FilmRejected
from vssflow_post.timeline import Scene

LARGEST_BYTES = 2**31
"""Of a file's arrays together, unpacked: four hours of the widest features are 1.5 GB."""
_SMALLEST_LIMIT, _BYTES_A_SECOND = 2**26, 2**20
"""What the features of a short film may unpack to, and what each second of film adds."""
_UNREADABLE = (
    OSError,
    ValueError,
    EOFError,
    KeyError,
    NotImplementedError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What a stranger's archive may raise: RuntimeError where it is encrypted or its compression unknown."""
THROUGHOUT = ("speaker",)
"""Features whose rows are samples of one thing, not its course: who speaks."""


def read_features(path: Path, duration_s: float) -> dict[str, Track]:
    """Raises FilmRejected("bad_features") naming the file and the array that does not fit."""
    largest = min(LARGEST_BYTES, _SMALLEST_LIMIT + round(duration_s * _BYTES_A_SECOND))
    try:
        if not path.is_file():  # a pipe would be waited for
            raise ValueError("it is no file")
        return {name: _track(name, values, duration_s) for name, values in _arrays(path, largest).items()}
    except (*_UNREADABLE, MemoryError) as error:
        raise FilmRejected("bad_features", f"{path} cannot be read as features: {error}") from error


def _arrays(path: Path, largest: int = LARGEST_BYTES) -> dict[str, Features]:
    """The file's arrays: no pickled object is ever loaded, and nothing that unpacks to more than `largest` bytes."""
    with zipfile.ZipFile(path) as archive:
        if sum(info.file_size for info in archive.infolist()) > largest:
            raise ValueError(f"its arrays are larger than {largest} bytes")
    with np.load(path, allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


def _track(name: str, values: Features, duration_s: float) -> Track:
    if values.dtype.kind != "f" or values.ndim == 0 or values.size == 0:
        raise ValueError(
            f"{name}: {values.dtype} {list(values.shape)}, expected floats (rows, channels) or (channels,)"
        )
    rows = np.ascontiguousarray(values, np.float32).reshape(-1, values.shape[-1])
    if not np.isfinite(rows).all():
        raise ValueError(f"{name}: values that are not finite")
    if values.ndim == 1 or name in THROUGHOUT:
        return Track(rows.mean(axis=0, keepdims=True), 0.0)
    return Track(rows, len(rows) / duration_s)


class KnownFeatures:
    """The encoder of a film whose features are known: it looks at no frame."""

    def __init__(self, tracks: Mapping[str, Track]) -> None:
        self._tracks = dict(tracks)

    def push(self, frame: Frame) -> None: ...

    def finish(self, scenes: Sequence[Scene]) -> dict[str, Track]:
        return self._tracks
