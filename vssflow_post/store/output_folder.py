"""The output folder: who may write into it, and what killed runs left there."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from vssflow_post.errors import UsageError
from vssflow_post.store.publishing import is_temporary, sweep

STATE_FOLDER = ".vssflow-post"
"""Inside the output folder: takes, the lock, error logs."""

STAGING = "staging"
"""Inside the state folder: deliverables that are not complete."""
LOCK, WORKERS_LOCK = "lock", "workers.lock"
"""Files whose locks say that a run holds the folder, and that a process of a run still writes into it."""
_WAIT_S = 10.0
"""How long processes of a killed run may take to notice that it is gone."""


def staging_folder(out: Path, stem: str, attempt: str) -> Path:
    """Where what a try of a film has made lies until it is delivered."""
    return _try_folder(out, stem, attempt) / "film"


def revoke(out: Path, stem: str, attempt: str) -> None:
    """Keeps a lost worker that may be at work still, on another machine, from delivering: the last thing that it would
    do is to rename its folder. That is gone then, and a file in the place of its parent keeps it from being made again.
    """
    folder = _try_folder(out, stem, attempt)
    taken = folder.with_name(f"{folder.name}.revoked")
    folder.parent.mkdir(parents=True, exist_ok=True)
    while True:
        try:
            folder.touch(exist_ok=False)
            break
        except FileExistsError:
            with suppress(FileNotFoundError):
                folder.rename(taken)
            shutil.rmtree(taken, ignore_errors=True)


def _try_folder(out: Path, stem: str, attempt: str) -> Path:
    return out / STATE_FOLDER / STAGING / (f"{stem}.{attempt}" if attempt else stem)


@contextmanager
def output_lock(out: Path) -> Iterator[None]:
    """Holds the output folder for this run and removes what killed runs left in it; the system lets go of it however
    the run ends.

    Raises UsageError at once when another run holds it, or when the folder cannot be made.
    """
    import fcntl

    state = out / STATE_FOLDER
    try:
        state.mkdir(parents=True, exist_ok=True)
        descriptor = _opened(state / LOCK)
    except OSError as error:
        raise UsageError(f"cannot write into {out}: {error.strerror}") from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UsageError(f"another run is writing into {out}; wait for it, or choose another folder") from None
        _outlive_workers(state, out)
        _clear(state)
        sweep(out)
        try:
            yield
        finally:
            shutil.rmtree(state / STAGING, ignore_errors=True)
    finally:
        os.close(descriptor)


def join_run(out: Path) -> int:
    """Called by each process that writes for a run: until it ends, no other run begins to write into `out`.

    Returns the descriptor that holds the lock, for tests to close.
    """
    import fcntl

    descriptor = _opened(out / STATE_FOLDER / WORKERS_LOCK)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


def _outlive_workers(state: Path, out: Path) -> None:
    """Waits until the processes of a run that was killed have ended."""
    import fcntl

    descriptor = _opened(state / WORKERS_LOCK)
    deadline = time.monotonic() + _WAIT_S
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except OSError:
                if time.monotonic() > deadline:
                    raise UsageError(f"processes of an earlier run are still writing into {out}; end them") from None
                time.sleep(0.05)
    finally:
        os.close(descriptor)


def _clear(state: Path) -> None:
    """Removes unfinished files: nobody else writes here now, so all of them are left over."""
    shutil.rmtree(state / STAGING, ignore_errors=True)
    for folder, _, names in os.walk(state):
        for name in filter(is_temporary, names):
            Path(folder, name).unlink(missing_ok=True)


def _opened(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
