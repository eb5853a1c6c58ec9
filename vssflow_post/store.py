"""What outlives a run: takes by content address, and the one way to give a file its final name.

A take's file is its samples (float32, little endian, frame after frame), then one line of JSON that describes them,
then the length of that line and a magic word. The description comes last, so a take is written in one pass, and a
file that was cut short has no description at all.
"""

from __future__ import annotations

import errno
import hashlib
import itertools
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from vssflow_post.audio import AudioClip, Samples
from vssflow_post.backend import Take
from vssflow_post.errors import FilmFailed

_MAGIC = b"VSSFTAKE"
_TAIL_BYTES = 4 + len(_MAGIC)
_SAMPLE_BYTES = 4
_PIECE_BYTES = 1 << 20
_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)
_TEMPORARY = re.compile(r"\.vssflow-(\d+)-\d+\.tmp")
_serial = itertools.count()


def address(parts: Mapping[str, Any]) -> str:
    """sha256 (hex) over `parts` as canonical JSON: the same inputs give the same key on every machine.

    Raises TypeError for what JSON cannot hold and ValueError for NaN: neither may silently become part of a key.
    """
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


@contextmanager
def publishing(path: Path) -> Iterator[Path]:
    """Gives a temporary name in the folder of `path`; when the block ends well, the file there becomes `path`.

    Write, fsync, rename, fsync the folder: after a crash `path` is the old file, the new file or absent, never torn.
    Raises FilmFailed("no_space") when the disk is full.
    """
    suffix = path.suffix if len(path.suffix) <= 8 else ""  # some writers choose their format by it
    temporary = path.parent / f".vssflow-{os.getpid()}-{next(_serial)}.tmp{suffix}"
    try:
        yield temporary
        _sync(temporary, os.O_RDWR)
        temporary.replace(path)
        _sync(path.parent, os.O_RDONLY)
    except OSError as error:
        if error.errno in _DISK_FULL:
            raise FilmFailed("no_space", f"the disk is full: {path.name} could not be written") from error
        raise
    finally:
        temporary.unlink(missing_ok=True)


def publish(path: Path, write: Callable[[Path], object]) -> None:
    """Has `write` write a file under a temporary name, then gives it the name `path` (see `publishing`)."""
    with publishing(path) as temporary:
        write(temporary)


def sweep(folder: Path) -> None:
    """Removes what killed runs left behind in `folder`: temporary files whose process no longer lives."""
    for path in folder.glob(".vssflow-*.tmp*"):
        match = _TEMPORARY.match(path.name)
        if match and not _is_alive(int(match.group(1))):
            path.unlink(missing_ok=True)


def file_digest(path: Path) -> str:
    """sha256 of a file's content (hex), read piece by piece."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            digest.update(piece)
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class StoredTake:
    """A take on disk, read where it is asked for; holds no file open."""

    path: Path
    id: str
    rate_hz: int
    n_channels: int
    n_samples: int
    notes: tuple[str, ...] = ()

    def read(self, start: int, stop: int) -> Samples:
        """float32 (channels, stop - start) of its own rate; `0 <= start <= stop <= n_samples`."""
        if not 0 <= start <= stop <= self.n_samples:
            raise ValueError(f"{start}..{stop} lies outside a take of {self.n_samples} samples")
        n_values = (stop - start) * self.n_channels
        offset = start * self.n_channels * _SAMPLE_BYTES
        values = np.fromfile(self.path, "<f4", n_values, offset=offset)
        return np.ascontiguousarray(values.reshape(-1, self.n_channels).T, np.float32)

    def array(self) -> npt.NDArray[np.float32]:
        """The samples as a read-only memory map, float32 (channels, n)."""
        if self.n_samples == 0:
            return np.zeros((self.n_channels, 0), np.float32)
        mapped: npt.NDArray[np.float32] = np.memmap(self.path, "<f4", "r", shape=(self.n_samples, self.n_channels))
        return np.asarray(mapped.T, np.float32)


class Store:
    """Takes by content address, under one folder. Processes may share it: who puts last wins, with the same bytes."""

    def __init__(self, folder: Path) -> None:
        """The folder is made when the first take is put."""
        self._folder = folder
        self._verified: dict[str, tuple[int, int]] = {}

    def get(self, key: str) -> Take | None:
        """The take, loaded; None when there is none or when it has rotted (it is then deleted)."""
        stored = self.open(key)
        return (
            None
            if stored is None
            else Take(stored.id, AudioClip(stored.read(0, stored.n_samples), stored.rate_hz), stored.notes)
        )

    def open(self, key: str) -> StoredTake | None:
        """The take, left on disk. Its digest is verified once per store object and version of the file."""
        path = self._path(key)
        try:
            stat = path.stat()
        except FileNotFoundError:
            return None
        facts = _read_facts(path, stat.st_size)
        version = (stat.st_mtime_ns, stat.st_size)
        if facts is None or (self._verified.get(key) != version and _digest_of(path, facts) != facts.get("digest")):
            path.unlink(missing_ok=True)
            return None
        self._verified[key] = version
        return StoredTake(
            path, facts["id"], facts["rate_hz"], facts["n_channels"], facts["n_samples"], tuple(facts["notes"])
        )

    def put(self, key: str, take: Take) -> StoredTake:
        """Stores a take; what was stored under this key is replaced."""
        return self.put_blocks(key, take.id, take.audio.rate_hz, [take.audio.samples], take.notes)

    def put_blocks(
        self, key: str, id: str, rate_hz: int, blocks: Iterable[Samples], notes: tuple[str, ...] = ()
    ) -> StoredTake:
        """Stores audio that comes in blocks of float32 (channels, n), never holding more than one of them."""
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        with publishing(path) as temporary, temporary.open("wb") as file:
            facts = _write(file, {"id": id, "rate_hz": rate_hz, "notes": list(notes)}, blocks)
        stat = path.stat()
        self._verified[key] = (stat.st_mtime_ns, stat.st_size)
        return StoredTake(path, id, rate_hz, facts["n_channels"], facts["n_samples"], notes)

    def _path(self, key: str) -> Path:
        if not re.fullmatch(r"[0-9a-f]{64}", key):
            raise ValueError(f"not a take's address: {key!r}")
        return self._folder / key[:2] / f"{key}.take"


def _write(file: BinaryIO, facts: dict[str, Any], blocks: Iterable[Samples]) -> dict[str, Any]:
    """Writes samples and description; returns the description."""
    n_samples, n_channels = 0, 0
    digest = hashlib.sha256()
    for block in blocks:
        if n_channels and block.shape[0] != n_channels:
            raise ValueError(f"a take of {n_channels} channels goes on with {block.shape[0]}")
        n_channels = block.shape[0]
        n_samples += block.shape[1]
        data = np.ascontiguousarray(block.T, "<f4").tobytes()
        digest.update(data)
        file.write(data)
    facts = {**facts, "n_channels": max(1, n_channels), "n_samples": n_samples}
    digest.update(_canonical(facts))
    line = _canonical({**facts, "digest": digest.hexdigest()})
    file.write(line + len(line).to_bytes(4, "little") + _MAGIC)
    return facts


def _read_facts(path: Path, n_bytes: int) -> dict[str, Any] | None:
    """The description at the end of a take's file; None where there is none that fits the file."""
    with path.open("rb") as file:
        file.seek(max(0, n_bytes - _TAIL_BYTES))
        tail = file.read()
        if len(tail) != _TAIL_BYTES or tail[4:] != _MAGIC:
            return None
        n_line = int.from_bytes(tail[:4], "little")
        n_data = n_bytes - _TAIL_BYTES - n_line
        if n_data < 0:
            return None
        file.seek(n_data)
        line = file.read(n_line)
    with suppress(ValueError, KeyError, TypeError):
        facts: dict[str, Any] = json.loads(line)
        if facts["n_samples"] * facts["n_channels"] * _SAMPLE_BYTES == n_data:
            return facts
    return None


def _digest_of(path: Path, facts: dict[str, Any]) -> str:
    digest = hashlib.sha256()
    n_left = facts["n_samples"] * facts["n_channels"] * _SAMPLE_BYTES
    with path.open("rb") as file:
        while piece := file.read(min(_PIECE_BYTES, n_left)):
            digest.update(piece)
            n_left -= len(piece)
    digest.update(_canonical({name: value for name, value in facts.items() if name != "digest"}))
    return digest.hexdigest()


def _canonical(facts: dict[str, Any]) -> bytes:
    return json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
