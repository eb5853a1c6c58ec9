"""The one way to give a file its final name: whole, on the disk, and at once."""

from __future__ import annotations

import errno
import itertools
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from vssflow_post.errors import FilmFailed

DISK_FULL = (errno.ENOSPC, errno.EDQUOT)
_TEMPORARY = re.compile(r"\.vssflow-(\d+)-\d+\.tmp")
_serial = itertools.count()


@contextmanager
def publishing(path: Path, verify: Callable[[Path], object] | None = None) -> Iterator[Path]:
    """Gives a temporary name in the folder of `path`; when the block ends well, the file there becomes `path`.

    Write, `verify` (raises when the file is not what it should be), fsync, rename, fsync the folder: after a crash
    `path` is the old file, the new file or absent, never torn. Raises FilmFailed("no_space") when the disk is full.
    """
    suffix = path.suffix if len(path.suffix) <= 8 else ""  # some writers choose their format by it
    temporary = path.parent / f".vssflow-{os.getpid()}-{next(_serial)}.tmp{suffix}"
    try:
        yield temporary
        if verify is not None:
            verify(temporary)
        _sync(temporary, os.O_RDWR)
        give_name(temporary, path)
    except OSError as error:
        if error.errno in DISK_FULL:
            raise FilmFailed("no_space", f"the disk is full: {path.name} could not be written") from error
        raise
    finally:
        temporary.unlink(missing_ok=True)


def publish(path: Path, write: Callable[[Path], object]) -> None:
    """Has `write` write a file under a temporary name, then gives it the name `path` (see `publishing`)."""
    with publishing(path) as temporary:
        write(temporary)


def publish_bytes(path: Path, content: bytes) -> None:
    """Writes a file with this content, whole or not at all (see `publishing`)."""
    with publishing(path) as temporary:
        temporary.write_bytes(content)


def give_name(whole: Path, path: Path) -> None:
    """Renames a file or folder whose content is on the disk; returns when its new name is there, too."""
    whole.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Returns when the names in `folder` are on the disk."""
    _sync(folder, os.O_RDONLY)


def sweep(folder: Path) -> None:
    """Removes what killed processes of this machine left behind in `folder`."""
    for path in folder.glob(".vssflow-*.tmp*"):
        match = _TEMPORARY.match(path.name)
        if match and not _is_alive(int(match.group(1))):
            path.unlink(missing_ok=True)


def is_temporary(name: str) -> bool:
    """Whether a file is called like one that is being written."""
    return _TEMPORARY.match(name) is not None


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
