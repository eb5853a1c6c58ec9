"""A film's folder appears whole or not at all: everything is written beside it first, and moved when it is complete."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vssflow_post.deliver.manifest import MANIFEST, listed
from vssflow_post.store.publishing import give_name, sync_folder

OUTGOING = ".vssflow-outgoing.json"
"""What the manifest of an earlier delivery is called while its files are replaced."""


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
        if not (final.is_dir() and staging.is_dir()):  # what was given up is no longer there
            raise
        _replace(staging, final)
    sync_folder(final.parent)


def _replace(staging: Path, final: Path) -> None:
    """Whenever this is cut short, there is no manifest, and what the old one listed is still known."""
    if (final / MANIFEST).exists():
        give_name(final / MANIFEST, final / OUTGOING)
    outdated = listed(final / OUTGOING) - listed(staging / MANIFEST)
    for path in sorted(staging.iterdir()):
        if path.name != MANIFEST:
            path.replace(final / path.name)
    for name in outdated:
        (final / name).unlink(missing_ok=True)
    (final / OUTGOING).unlink(missing_ok=True)  # before the manifest, with which nobody would look for it any more
    sync_folder(final)
    give_name(staging / MANIFEST, final / MANIFEST)
