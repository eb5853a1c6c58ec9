"""Broadcast Wave files: 24-bit PCM at 48 kHz, bext version 2 (EBU Tech 3285), RF64 past 4 GiB (EBU Tech 3306).

A file is written in one pass. Sizes and loudness are known only at the end, so the header is written twice: first to
hold its place, then complete. A JUNK chunk of the same size holds the place of `ds64`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from vssflow_post.timeline import CLOCK_HZ

Integers = npt.NDArray[np.int32]

ORIGINATOR = "vssflow-post"
_CODING_HISTORY = b"A=PCM,F=48000,W=24,M=stereo,T=vssflow-post\r\n"
_UNSET = 0x7FFF
"""bext: a loudness value that is not given (EBU Tech 3285, version 2)."""
_LARGEST_RIFF = 0xFFFF_FFFF
_N_CHANNELS = 2
_SAMPLE_BYTES = 3
_FRAME_BYTES = _N_CHANNELS * _SAMPLE_BYTES
_READ_BLOCK = 5 * CLOCK_HZ


class MeasuredLoudness(Protocol):
    """The figures bext carries; None where there is none."""

    @property
    def integrated_lufs(self) -> float | None: ...

    @property
    def range_lu(self) -> float: ...

    @property
    def true_peak_dbtp(self) -> float | None: ...

    @property
    def max_momentary_lufs(self) -> float | None: ...

    @property
    def max_short_term_lufs(self) -> float | None: ...


@dataclass(frozen=True, slots=True)
class Origin:
    """What bext says about where a file comes from. Nothing in it changes from run to run."""

    description: str
    """Up to 256 bytes of ASCII."""
    reference: str
    """Up to 32 bytes of ASCII, unique to the content."""
    time_reference: int = 0
    """Samples from midnight to the first sample: the film's start timecode."""
    date: str = ""
    """`yyyy-mm-dd`, or nothing."""
    time: str = ""
    """`hh-mm-ss`, or nothing."""


class BroadcastWave:
    """A stereo file that is being written."""

    def __init__(self, path: Path, origin: Origin, largest_riff: int = _LARGEST_RIFF) -> None:
        """Creates or empties `path`. A file whose RIFF size would exceed `largest_riff` becomes RF64."""
        self._origin = origin
        self._largest_riff = largest_riff
        self._n_data = 0
        self._file = path.open("wb")
        self._file.write(self._header(None))

    def write(self, block: Integers) -> None:
        """int32 (2, n), values of 24 bits."""
        frames = np.ascontiguousarray(block.T, "<i4").view(np.uint8).reshape(-1, 4)[:, :_SAMPLE_BYTES]
        self._n_data += self._file.write(frames.tobytes())

    def close(self, loudness: MeasuredLoudness | None = None) -> None:
        """Completes the header; the file is whole after this."""
        if self._n_data % 2:
            self._file.write(b"\0")
        self._file.seek(0)
        self._file.write(self._header(loudness))
        self._file.close()

    def abandon(self) -> None:
        """Closes without completing: what is on disk is of no use."""
        self._file.close()

    def _header(self, loudness: MeasuredLoudness | None) -> bytes:
        bext = _chunk(b"bext", _bext(self._origin, loudness))
        rate = CLOCK_HZ
        fmt = _chunk(b"fmt ", struct.pack("<HHIIHH", 1, _N_CHANNELS, rate, rate * _FRAME_BYTES, _FRAME_BYTES, 24))
        n_before_data = 4 + 36 + len(bext) + len(fmt) + 8
        n_riff = n_before_data + self._n_data + self._n_data % 2
        if n_riff <= self._largest_riff:
            return b"".join(
                (
                    b"RIFF",
                    struct.pack("<I", n_riff),
                    b"WAVE",
                    _chunk(b"JUNK", bytes(28)),
                    bext,
                    fmt,
                    b"data",
                    struct.pack("<I", self._n_data),
                )
            )
        ds64 = struct.pack("<QQQI", n_riff, self._n_data, self._n_data // _FRAME_BYTES, 0)
        unknown = struct.pack("<I", 0xFFFF_FFFF)
        return b"".join((b"RF64", unknown, b"WAVE", _chunk(b"ds64", ds64), bext, fmt, b"data", unknown))


class WaveReader:
    """Reads back what BroadcastWave wrote, in blocks."""

    def __init__(self, path: Path) -> None:
        """Raises ValueError for a file of another kind."""
        self.path = path
        with path.open("rb") as file:
            head = file.read(1 << 12)
        at, sizes = 12, {}
        while at + 8 <= len(head):
            name, n_bytes = head[at : at + 4], struct.unpack_from("<I", head, at + 4)[0]
            sizes[name] = (at + 8, n_bytes)
            if name == b"data":
                break
            at += 8 + n_bytes + n_bytes % 2
        if head[:4] not in (b"RIFF", b"RF64") or b"data" not in sizes:
            raise ValueError(f"{path} is no Broadcast Wave of this house")
        self._data_at, n_data = sizes[b"data"]
        if head[:4] == b"RF64":
            n_data = struct.unpack_from("<Q", head, sizes[b"ds64"][0] + 8)[0]
        self.n_samples = n_data // _FRAME_BYTES

    def blocks(self, n: int = _READ_BLOCK) -> Iterator[Integers]:
        """int32 (2, up to n), in order."""
        with self.path.open("rb") as file:
            file.seek(self._data_at)
            for start in range(0, self.n_samples, n):
                data = file.read(min(n, self.n_samples - start) * _FRAME_BYTES)
                wide = np.zeros((len(data) // _SAMPLE_BYTES, 4), np.uint8)
                wide[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, _SAMPLE_BYTES)
                yield np.ascontiguousarray((wide.view("<i4") >> 8).reshape(-1, _N_CHANNELS).T, np.int32)


def null_test(stems: Mapping[str, Path]) -> int:
    """The largest difference between `MIX` and `DX` + `FX`, in 24-bit steps, read from the files: 0 when they null."""
    readers = [WaveReader(stems[name]) for name in ("DX", "FX", "MIX")]
    if len({reader.n_samples for reader in readers}) != 1:
        raise ValueError(f"stems of different lengths: {[reader.n_samples for reader in readers]}")
    worst = 0
    for dx, fx, mix in zip_longest(*(reader.blocks() for reader in readers)):
        worst = max(worst, int(np.abs(mix - dx - fx).max(initial=0)))
    return worst


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def _bext(origin: Origin, loudness: MeasuredLoudness | None) -> bytes:
    """EBU Tech 3285, clause 2.3: 602 bytes and the coding history."""
    return struct.pack(
        "<256s32s32s10s8sIIH64s5h180s",
        _ascii(origin.description), _ascii(ORIGINATOR), _ascii(origin.reference),
        _ascii(origin.date), _ascii(origin.time),
        origin.time_reference & 0xFFFF_FFFF, origin.time_reference >> 32, 2, b"", *_hundredths(loudness), b"",
    ) + _CODING_HISTORY  # fmt: skip


def _hundredths(loudness: MeasuredLoudness | None) -> list[int]:
    """The five loudness words in the order of bext, in hundredths of a unit."""
    if loudness is None:
        return [_UNSET] * 5
    figures = (
        loudness.integrated_lufs,
        loudness.range_lu if loudness.integrated_lufs is not None else None,
        loudness.true_peak_dbtp,
        loudness.max_momentary_lufs,
        loudness.max_short_term_lufs,
    )
    return [_UNSET if figure is None else max(-9999, min(9999, round(figure * 100))) for figure in figures]


def _ascii(text: str) -> bytes:
    return text.encode("ascii", "replace")
