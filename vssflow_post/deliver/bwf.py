"""Broadcast Wave files: 24-bit PCM at 48 kHz, written in one pass, read back in blocks, and compared.

Sizes and loudness are known only at the end, so the header is written twice: first to hold its place, then complete.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from vssflow_post.audio import Integers, Loudness
from vssflow_post.deliver.wave_header import LARGEST_RIFF, SAMPLE_BYTES, Origin, header
from vssflow_post.timeline import CLOCK_HZ

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
        with path.open("rb") as file:
            chunks = _chunks_to_data(file.read(1 << 16))
        if not {b"fmt ", b"data"} <= chunks.keys():
            raise ValueError(f"{path} is no Broadcast Wave of this house")
        self._data_at, data = chunks[b"data"]
        n_data = struct.unpack("<I", data[4:8])[0]
        if b"ds64" in chunks:
            n_data = struct.unpack_from("<Q", chunks[b"ds64"][1], 16)[0]
        self.n_channels: int = struct.unpack_from("<H", chunks[b"fmt "][1], 10)[0]
        self._frame_bytes = self.n_channels * SAMPLE_BYTES
        self.n_samples: int = n_data // self._frame_bytes

    def require_whole(self) -> None:
        """Raises ValueError when the file is shorter than its header says."""
        n_bytes = self.path.stat().st_size
        if n_bytes < self._data_at + self.n_samples * self._frame_bytes:
            raise ValueError(f"{self.path} is cut short: it has {n_bytes} bytes")

    def blocks(self, n: int = _READ_BLOCK) -> Iterator[Integers]:
        """int32 (channels, up to n), in order."""
        with self.path.open("rb") as file:
            file.seek(self._data_at)
            for start in range(0, self.n_samples, n):
                data = file.read(min(n, self.n_samples - start) * self._frame_bytes)
                wide = np.zeros((len(data) // SAMPLE_BYTES, 4), np.uint8)
                wide[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, SAMPLE_BYTES)
                yield np.ascontiguousarray((wide.view("<i4") >> 8).reshape(-1, self.n_channels).T, np.int32)


def _chunks_to_data(head: bytes) -> dict[bytes, tuple[int, bytes]]:
    """(offset of the content, the chunk with its own header) by name, up to the samples; nothing for another file."""
    chunks: dict[bytes, tuple[int, bytes]] = {}
    at = 12
    while head[:4] in (b"RIFF", b"RF64") and at + 8 <= len(head) and b"data" not in chunks:
        name, n_bytes = head[at : at + 4], struct.unpack_from("<I", head, at + 4)[0]
        chunks[name] = (at + 8, head[at : at + 8 + n_bytes] if name != b"data" else head[at : at + 8])
        at += 8 + n_bytes + n_bytes % 2
    return chunks


def null_test(stems: Mapping[str, Path]) -> int:
    """The largest difference between `MIX` and the sum of the other stems, in 24-bit steps, read from the files.

    0 when they null. Raises ValueError for stems of different lengths or layouts.
    """
    readers = {name: WaveReader(path) for name, path in stems.items()}
    if len({(reader.n_samples, reader.n_channels) for reader in readers.values()}) != 1:
        raise ValueError(f"stems of different lengths: {[reader.n_samples for reader in readers.values()]}")
    worst = 0
    for blocks in zip(*(reader.blocks() for reader in readers.values()), strict=True):
        parts = dict(zip(readers, blocks, strict=True))
        mix = parts.pop("MIX")
        worst = max(worst, int(np.abs(mix - np.sum(list(parts.values()), axis=0)).max(initial=0)))
    return worst
