"""A film's folder appears whole or not at all: everything is written beside it first, and moved when it is complete."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

MANIFEST = "manifest.json"


@contextmanager
def staged(final: Path, staging: Path) -> Iterator[Path]:
    """Gives an empty folder `staging`, on the file system of `final`; what is in it becomes `final` when all went well.

    Where `final` exists, files are replaced one by one: its manifest goes first and the new one comes last, what an
    earlier manifest lists and the new one does not is removed, and what else lies there is left alone.
    """
    shutil.rmtree(staging, ignore_errors=True)  # of a run that was killed
    staging.mkdir(parents=True)
    try:
        yield staging
        _move(staging, final)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _move(staging: Path, final: Path) -> None:
    try:
        staging.rename(final)
    except OSError:
        if not final.is_dir():
            raise
        outdated = _listed(final / MANIFEST) - _listed(staging / MANIFEST)
        (final / MANIFEST).unlink(missing_ok=True)
        for path in sorted(staging.iterdir(), key=lambda path: path.name == MANIFEST):
            path.replace(final / path.name)
        for name in outdated:
            (final / name).unlink(missing_ok=True)
        _sync(final)
    _sync(final.parent)


def _listed(manifest: Path) -> set[str]:
    """Names of the deliverables that a manifest lists; none where it cannot be read."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        names = {str(entry["name"]) for entry in json.loads(manifest.read_text("ascii"))["deliverables"]}
        return {name for name in names if Path(name).name == name}
    return set()


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
