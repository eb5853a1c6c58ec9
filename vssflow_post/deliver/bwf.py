"""Broadcast Wave files: 24-bit PCM at 48 kHz, written in one pass, read back in blocks, and compared.

Sizes and loudness are known only at the end, so the header is written twice: first to hold its place, then complete.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from vssflow_post.audio import Integers, Loudness
from vssflow_post.deliver.wave_header import LARGEST_RIFF, SAMPLE_BYTES, Origin, header
from vssflow_post.timeline import CLOCK_HZ, Span

_READ_BLOCK = 5 * CLOCK_HZ


class BroadcastWave:
    """A file that is being written."""

    def __init__(self, path: Path, origin: Origin, largest_riff: int = LARGEST_RIFF) -> None:
        """Creates or empties `path`. A file whose RIFF size would exceed `largest_riff` becomes RF64."""
        self._origin = origin
        self._largest_riff = largest_riff
        self._n_data = 0
        self._file = path.open("wb")
        self._file.write(header(origin, 0, None, largest_riff))

    def write(self, block: Integers) -> None:
        """int32 (channels, n), values of 24 bits."""
        if block.shape[0] != self._origin.layout.n_channels:
            raise ValueError(f"{block.shape[0]} channels for a {self._origin.layout.name} file")
        frames = np.ascontiguousarray(block.T, "<i4").view(np.uint8).reshape(-1, 4)[:, :SAMPLE_BYTES]
        self._n_data += self._file.write(frames.tobytes())

    @property
    def n_samples(self) -> int:
        """How many were written so far."""
        return self._n_data // (self._origin.layout.n_channels * SAMPLE_BYTES)

    def close(self, loudness: Loudness | None = None) -> None:
        """Completes the header; the file is whole after this."""
        if self._n_data % 2:
            self._file.write(b"\0")
        self._file.seek(0)
        self._file.write(header(self._origin, self._n_data, loudness, self._largest_riff))
        self._file.close()

    def abandon(self) -> None:
        """Closes without completing: what is on disk is of no use."""
        self._file.close()


class WaveReader:
    """Reads back what BroadcastWave wrote, in blocks."""

    def __init__(self, path: Path) -> None:
        """Raises ValueError for a file of another kind."""
        self.path = path
        with _opened(path) as file:
            self.n_channels: int = file.channels
            self.n_samples: int = file.frames

    def blocks(self, n: int = _READ_BLOCK, span: Span | None = None) -> Iterator[Integers]:
        """int32 (channels, up to n), in order: of the whole, or of `span`, counted from the first sample."""
        start, end = (0, self.n_samples) if span is None else (span.start, span.end)
        with _opened(self.path) as file:
            file.seek(start)
            for at in range(start, end, n):
                frames = file.read(min(n, end - at), dtype="int32", always_2d=True)
                frames >>= 8  # soundfile puts 24 bits at the top of 32
                yield np.ascontiguousarray(frames.T)


def _opened(path: Path) -> Any:
    """A soundfile.SoundFile of 24-bit PCM at 48 kHz. Raises ValueError for a file of another kind."""
    import soundfile

    try:
        file = soundfile.SoundFile(os.fsencode(path))
    except soundfile.LibsndfileError as error:
        raise ValueError(f"{path} cannot be read: {error}") from error
    if (file.subtype, file.samplerate) != ("PCM_24", CLOCK_HZ):
        file.close()
        raise ValueError(f"{path} is no Broadcast Wave of this house")
    return file


def null_test(total: Path, parts: Mapping[str, Path]) -> int:
    """The largest difference between a WAV and the sum of its parts, in 24-bit steps, read from the files.

    0 when they null. Raises ValueError for stems of different lengths or layouts.
    """
    readers = [WaveReader(path) for path in (total, *parts.values())]
    if len({(reader.n_samples, reader.n_channels) for reader in readers}) != 1:
        raise ValueError(f"stems of different lengths: {[reader.n_samples for reader in readers]}")
    worst = 0
    for whole, *blocks in zip(*(reader.blocks() for reader in readers), strict=True):
        worst = max(worst, int(np.abs(whole - np.sum(blocks, axis=0)).max(initial=0)))
    return worst
