"""The output folder: what the tool keeps there beside the films' results, who may write into it, and what killed runs
left there."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from vssflow_post.errors import UsageError
from vssflow_post.store.publishing import is_temporary, sweep

STATE_FOLDER = ".vssflow-post"
"""Name of the folder, inside the output folder, of everything that is kept and not delivered."""
LEDGER, LEDGER_OF_OLD = "batch.jsonl", "batch.json"
"""Name of the file, inside the output folder, with the verdict of every film; and what it was called before 0.3."""
_WAIT_S = 10.0
"""How long processes of a killed run may take to notice that it is gone."""


@dataclass(frozen=True, slots=True)
class OutputFolder:
    """Where everything lies that runs keep in an output folder. Each film's results have a folder of their own there.

    A film is known by its stem: what its deliverables are called.
    """

    path: Path

    @property
    def ledger(self) -> Path:
        """The verdict of every film, a line of JSON each."""
        return self.path / LEDGER

    @property
    def state(self) -> Path:
        """The folder of all that follows."""
        return self.path / STATE_FOLDER

    @property
    def takes(self) -> Path:
        """Store of what the backend rendered, and of the films' own dialogue."""
        return self.state / "takes"

    @property
    def features(self) -> Path:
        """Store of what an encoder saw in the pictures."""
        return self.state / "features"

    @property
    def analyses(self) -> Path:
        """Store of scenes, mouths and motion."""
        return self.state / "analyses"

    def receipt(self, stem: str) -> Path:
        """What a film's verdict was made from: by it, the next run knows the film at a glance."""
        return self.state / "receipts" / f"{stem}.json"

    def cue_history(self, stem: str) -> Path:
        """What a film's cues were the last time: it tells why a take is made again."""
        return self.state / "cues" / f"{stem}.json"

    def report_without_results(self, stem: str, film: Path) -> Path:
        """The report of a film that has no results. Films of one name may come from several folders."""
        digest = hashlib.sha256(os.fsencode(film.absolute())).hexdigest()
        return self.state / "reports" / f"{stem}-{digest[:8]}.json"

    def traceback(self, stem: str) -> Path:
        """What a bug left of a film."""
        return self.state / "errors" / f"{stem}.txt"

    @property
    def staging(self) -> Path:
        """Deliverables that are not complete."""
        return self.state / "staging"

    def staging_of(self, stem: str, attempt: str) -> Path:
        """Where what a try of a film has made lies until it is delivered."""
        return self.try_of(stem, attempt) / "film"

    def try_of(self, stem: str, attempt: str) -> Path:
        """The folder of one try of a film; without it, that try cannot deliver."""
        return self.staging / (f"{stem}.{attempt}" if attempt else stem)

    @property
    def lock(self) -> Path:
        """File whose lock says that a run holds the folder."""
        return self.state / "lock"

    @property
    def workers_lock(self) -> Path:
        """File whose lock says that a process of a run still writes into the folder."""
        return self.state / "workers.lock"


def revoke(out: OutputFolder, stem: str, attempt: str) -> None:
    """Keeps a lost worker that may be at work still, on another machine, from delivering: the last thing that it would
    do is to rename its folder. That is gone then, and a file in the place of its parent keeps it from being made again.
    """
    folder = out.try_of(stem, attempt)
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


@contextmanager
def output_lock(out: OutputFolder) -> Iterator[None]:
    """Holds the output folder for this run and removes what killed runs left in it; the system lets go of it however
    the run ends.

    Raises UsageError at once when another run holds it, or when the folder cannot be made.
    """
    import fcntl

    try:
        out.state.mkdir(parents=True, exist_ok=True)
        descriptor = _opened(out.lock)
    except OSError as error:
        raise UsageError(f"cannot write into {out.path}: {error.strerror}") from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UsageError(f"another run is writing into {out.path}; wait for it, or choose another folder") from None
        _outlive_workers(out)
        _clear(out)
        sweep(out.path)
        try:
            yield
        finally:
            shutil.rmtree(out.staging, ignore_errors=True)
    finally:
        os.close(descriptor)


def join_run(out: OutputFolder) -> int:
    """Called by each process that writes for a run: until it ends, no other run begins to write into `out`.

    Returns the descriptor that holds the lock, for tests to close.
    """
    import fcntl

    descriptor = _opened(out.workers_lock)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


def _outlive_workers(out: OutputFolder) -> None:
    """Waits until the processes of a run that was killed have ended."""
    import fcntl

    descriptor = _opened(out.workers_lock)
    deadline = time.monotonic() + _WAIT_S
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except OSError:
                if time.monotonic() > deadline:
                    raise UsageError(
                        f"processes of an earlier run are still writing into {out.path}; end them"
                    ) from None
                time.sleep(0.05)
    finally:
        os.close(descriptor)


def _clear(out: OutputFolder) -> None:
    """Removes unfinished files: nobody else writes here now, so all of them are left over."""
    shutil.rmtree(out.staging, ignore_errors=True)
    for folder, _, names in os.walk(out.state):
        for name in filter(is_temporary, names):
            Path(folder, name).unlink(missing_ok=True)


def _opened(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
