"""Tracks as entries of the store hold them: a table of what there is, and float32 values, little endian, end to end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from vssflow_post.backend import Track
from vssflow_post.store import Entry

_VALUE_BYTES = 4


def packed_tracks(tracks: Mapping[str, Track]) -> tuple[list[dict[str, Any]], Iterator[bytes]]:
    """The table (JSON) and the data that it describes, one piece a track."""
    table = [
        {"name": name, "shape": list(track.values.shape), "rate_hz": track.rate_hz} for name, track in tracks.items()
    ]
    return table, (np.ascontiguousarray(track.values, "<f4").tobytes() for track in tracks.values())


def n_bytes_of(table: Sequence[Mapping[str, Any]]) -> int:
    """How long the data is that a table describes."""
    return sum(row["shape"][0] * row["shape"][1] * _VALUE_BYTES for row in table)


def unpacked_tracks(entry: Entry, table: Sequence[Mapping[str, Any]], at: int = 0) -> dict[str, Track]:
    """The tracks of `table`, whose data starts at byte `at` of the entry."""
    tracks = {}
    for row in table:
        n, n_channels = row["shape"]
        values = np.fromfile(entry.path, "<f4", n * n_channels, offset=at).reshape(n, n_channels)
        tracks[row["name"]] = Track(np.asarray(values, np.float32), row["rate_hz"])
        at += n_bytes_of([row])
    return tracks
