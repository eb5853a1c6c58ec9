"""The store's size, and making it smaller: everything in it can be made again, so anything may go."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from vssflow_post.errors import UsageError
from vssflow_post.store.output_folder import STATE_FOLDER, OutputFolder, output_lock

_ENTRY = re.compile(r"[0-9a-f]{64}\.[a-z]+")


@dataclass(frozen=True, slots=True)
class Kept:
    """An entry of the store."""

    path: Path
    kind: str
    """The folder it lies in: `takes`, `features`, `analyses`."""
    n_bytes: int
    used_s: float
    """When it was last used, seconds since the epoch."""


def kept_entries(out: OutputFolder) -> list[Kept]:
    """Every entry of the store of an output folder. Raises UsageError for a folder without one."""
    if not out.state.is_dir():
        raise UsageError(f"{out.path} is no output folder of vssflow-post: there is no {STATE_FOLDER} in it")
    return list(_entries(out.state))


def prune(out: OutputFolder, unused_since_s: float | None, max_bytes: int | None) -> list[Kept]:
    """Removes what was last used before `unused_since_s` (seconds since the epoch), then what was unused the longest
    until no more than `max_bytes` are left; returns what was removed.

    Raises UsageError for a folder without a store, and where a run holds the folder.
    """
    kept_entries(out)
    with output_lock(out):
        entries = sorted(kept_entries(out), key=lambda kept: kept.used_s)
        n_bytes = sum(kept.n_bytes for kept in entries)
        removed = []
        for kept in entries:
            is_old = unused_since_s is not None and kept.used_s < unused_since_s
            if is_old or (max_bytes is not None and n_bytes > max_bytes):
                kept.path.unlink(missing_ok=True)
                n_bytes -= kept.n_bytes
                removed.append(kept)
        _remove_empty({kept.path.parent for kept in removed})
    return removed


def _entries(state: Path) -> Iterator[Kept]:
    for kind in sorted(path for path in state.iterdir() if path.is_dir()):
        for folder, _, names in os.walk(kind):
            for name in filter(_ENTRY.fullmatch, names):
                path = Path(folder, name)
                stat = path.stat()
                yield Kept(path, kind.name, stat.st_size, stat.st_mtime)


def _remove_empty(folders: Iterable[Path]) -> None:
    for folder in folders:
        with suppress(OSError):  # it is not empty
            folder.rmdir()
