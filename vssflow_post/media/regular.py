"""Opening a source: only regular files, and never one that could block."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from vssflow_post.errors import FilmFailed, FilmRejected


def open_regular(path: Path) -> BinaryIO:
    """The file, open for reading.

    It is looked at before it is opened, since opening a FIFO waits for a writer; and again through the open
    descriptor, since it may have been exchanged in between. Raises FilmRejected `not_regular`, FilmFailed `source_io`.
    """
    with reading_source(path):
        _require_regular(path, path.stat())
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
        try:
            _require_regular(path, os.fstat(descriptor))
        except BaseException:
            os.close(descriptor)
            raise
    return os.fdopen(descriptor, "rb")


@contextmanager
def reading_source(path: Path) -> Iterator[None]:
    """Raises FilmFailed `source_io` for an OSError within."""
    try:
        yield
    except OSError as error:
        raise FilmFailed("source_io", f"{path} cannot be read: {error.strerror or error}.") from error


def _require_regular(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise FilmRejected("not_regular", f"{path} is not a regular file.")
