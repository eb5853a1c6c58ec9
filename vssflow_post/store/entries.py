"""What outlives a run, by content address: an entry's name is the digest of all that decides about its content.

An entry's file is its data, then one line of JSON that describes it and holds its digest, then the length of that line
and a magic word. The description comes last, so that an entry is written in one pass, and a file that was cut short has
no description at all.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from vssflow_post.store.publishing import publishing

ENTRY = re.compile(r"[0-9a-f]{64}")
"""An address."""
_MAGIC = b"VSSFDATA"
_TAIL_BYTES = 4 + len(_MAGIC)
_PIECE_BYTES = 1 << 20


def address(parts: Mapping[str, Any]) -> str:
    """sha256 (hex) over `parts` as canonical JSON: the same inputs give the same key on every machine.

    Raises TypeError for what JSON cannot hold and ValueError for NaN: neither may silently become part of a key.
    """
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def file_digest(path: Path) -> str:
    """sha256 of a file's content (hex), read piece by piece."""
    digest = hashlib.sha256()
    for piece in _pieces(path, path.stat().st_size):
        digest.update(piece)
    return digest.hexdigest()


def digest_or_not(path: Path) -> str:
    """The same; "unreadable" for what is no file or cannot be read: its reader will complain."""
    try:
        return file_digest(path) if path.is_file() else "unreadable"
    except OSError:
        return "unreadable"


class Missing(Enum):
    """Why the store does not give an entry."""

    ABSENT = "absent"
    """It was never put, or was pruned."""
    ROTTED = "rotted"
    """It is there and differs from its digest; whoever puts it anew replaces it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A verified entry on disk, read where it is asked for; holds no file open."""

    path: Path
    n_bytes: int
    """Of its data, which starts the file."""
    facts: Mapping[str, Any]
    """Its description."""

    def read(self, start: int, stop: int) -> bytes:
        """Bytes `start` to `stop` of the data."""
        with self.path.open("rb") as file:
            file.seek(start)
            return file.read(min(stop, self.n_bytes) - start)


class Store:
    """Entries of one kind, under one folder. Processes may share it: who puts last wins, with the same bytes."""

    def __init__(self, folder: Path, kind: str) -> None:
        """`kind` ends the entries' file names; the folder is made when the first one is put."""
        self._folder, self._kind = folder, kind
        self._verified: dict[str, tuple[int, ...]] = {}
        """Address -> the version of a file whose digest was found right."""

    def open(self, key: str) -> Entry | Missing:
        """The entry; its digest is verified once per store object and file. Marks it as used now (see `prune`)."""
        path = self._path(key)
        try:
            stat = path.stat()
        except FileNotFoundError:
            return Missing.ABSENT
        entry = _read_entry(path, stat.st_size)
        is_known = self._verified.get(key) == _version(stat)
        if entry is None or not (is_known or _digest_of(entry) == entry.facts.get("digest")):
            return Missing.ROTTED
        with suppress(OSError):  # a store that can only be read is as good
            os.utime(path)
        self._verified[key] = _version(path.stat())
        return entry

    def put(self, key: str, facts: Mapping[str, Any], pieces: Iterable[bytes]) -> Entry:
        """Stores data that comes in pieces, never holding more than one of them; what was there is replaced.

        `facts` may fill themselves while the pieces are made: they are read last. Raises FilmFailed("no_space").
        """
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        digest, n_bytes = hashlib.sha256(), 0
        with publishing(path) as temporary, temporary.open("wb") as file:
            for piece in pieces:
                digest.update(piece)
                n_bytes += file.write(piece)
            digest.update(_canonical(facts))
            line = _canonical({**facts, "digest": digest.hexdigest()})
            file.write(line + len(line).to_bytes(4, "little") + _MAGIC)
        self._verified[key] = _version(path.stat())
        return Entry(path, n_bytes, dict(facts))

    def _path(self, key: str) -> Path:
        if not ENTRY.fullmatch(key):
            raise ValueError(f"not an address: {key!r}")
        return self._folder / key[:2] / f"{key}.{self._kind}"


def _version(stat: os.stat_result) -> tuple[int, ...]:
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


def _read_entry(path: Path, n_bytes: int) -> Entry | None:
    """The entry with the description at the end of its file, unverified; None where there is none."""
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
    with suppress(ValueError):
        facts = json.loads(line)
        if isinstance(facts, dict):
            return Entry(path, n_data, facts)
    return None


def _digest_of(entry: Entry) -> str:
    digest = hashlib.sha256()
    for piece in _pieces(entry.path, entry.n_bytes):
        digest.update(piece)
    digest.update(_canonical({name: value for name, value in entry.facts.items() if name != "digest"}))
    return digest.hexdigest()


def _pieces(path: Path, n_bytes: int) -> Iterator[bytes]:
    """The first `n_bytes` of a file."""
    with path.open("rb") as file:
        while piece := file.read(min(_PIECE_BYTES, n_bytes)):
            n_bytes -= len(piece)
            yield piece


def _canonical(facts: Mapping[str, Any]) -> bytes:
    return json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()
