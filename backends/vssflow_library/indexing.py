"""Bringing an index up to date: what is new or changed is read, what is gone is taken out, the rest is not touched.

Files are read in worker processes, and what is known of them is stored every few seconds: a run that was stopped goes
on where it was. A file that ends the process which reads it is no readable file.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import TimeoutError as TookTooLong
from concurrent.futures import wait
from contextlib import closing
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

from vssflow_library.index import Recording, digest_of, opened_to_write, recordings, store, stored_digest
from vssflow_post.errors import UsageError
from vssflow_post.progress import OnProgress, Progress

ENDINGS = (
    ".wav", ".wave", ".bwf", ".rf64", ".w64", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".aifc",
)  # fmt: skip
AT_ONCE = 32
"""Files that a worker is given."""
SECONDS_EACH = 120.0
"""That reading a file may take."""
STORE_EACH_S = 2.0
FEW = 64
"""Files that no worker is started for."""
STAGE = "recordings"


class Found(NamedTuple):
    """A file that lies in a folder."""

    path: str
    folder: str
    size: int
    mtime_ns: int


class Unreadable(NamedTuple):
    """A file that is skipped, and why."""

    path: str
    why: str


@dataclass(frozen=True, slots=True)
class Update:
    """What bringing an index up to date came to."""

    n_recordings: int
    """In the index now."""
    n_read: int
    """New or changed."""
    n_gone: int
    unreadable: tuple[Unreadable, ...]
    """In the folders that were looked at."""


def update(place: Path, folders: Sequence[Path], workers: int, report: OnProgress) -> Update:
    """Brings the index at `place` up to date with `folders`; with those that are in it, where none is named.

    Raises UsageError for a folder that is none, or where none is named and none is known; BackendUnavailable where
    `place` is a file of another kind.
    """
    with closing(opened_to_write(place)) as connection:
        wanted = [_absolute(folder) for folder in folders] or _known_folders(connection)
        if not wanted:
            raise UsageError("No folder is indexed yet: say which, as in `vssflow-post library index ~/Sounds`.")
        for folder in wanted:
            if not Path(folder).is_dir():
                raise UsageError(
                    f"{folder} is indexed, and not there now: until it is back, its recordings stay as they are."
                )
        everything = [one for folder in wanted for one in _files(folder, folder)]
        found = {one.path: one for one in everything if _is_text(one.path)}
        odd = [Unreadable(ascii(one.path), "its name is no text") for one in everything if one.path not in found]
        known = _known(connection, wanted)
        gone = [path for path in known if path not in found]
        anew = [one for path, one in sorted(found.items()) if known.get(path) != (one.size, one.mtime_ns)]
        with connection:
            connection.executemany("INSERT OR IGNORE INTO folders VALUES (?)", [(folder,) for folder in wanted])
            if gone or anew:
                connection.execute("DELETE FROM digest")
            for table in ("recordings", "unreadable"):
                connection.executemany(f"DELETE FROM {table} WHERE path = ?", [(path,) for path in gone])
        _read_all(connection, anew, workers, report)
        if stored_digest(connection) is None:
            digest = digest_of(recordings(connection))
            with connection:
                connection.execute("INSERT INTO digest VALUES (?)", (digest,))
        n = int(connection.execute("SELECT count(*) FROM recordings").fetchone()[0])
        return Update(n, len(anew), len(gone), (*odd, *_unreadable(connection, wanted)))


def _absolute(folder: Path) -> str:
    if not folder.is_dir() or not _is_text(str(folder.resolve())):
        raise UsageError(f"{folder} is no folder, or its name is no text.")
    return str(folder.resolve())


def _is_text(path: str) -> bool:
    """Whether it can be stored: a name of other bytes than UTF-8 cannot."""
    return not any("\ud800" <= sign <= "\udfff" for sign in path)


def _known_folders(connection: sqlite3.Connection) -> list[str]:
    return [str(row[0]) for row in connection.execute("SELECT folder FROM folders ORDER BY folder")]


def _files(folder: str, inside: str) -> Iterator[Found]:
    """Every file in `inside`, a folder in `folder`, and in those in it, whose ending is that of sound; hidden ones are
    none, and links to folders are not followed."""
    with os.scandir(inside) as entries:
        for entry in sorted(entries, key=lambda one: one.name):
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from _files(folder, entry.path)
            elif entry.name.lower().endswith(ENDINGS):
                try:
                    status = entry.stat()
                except OSError:
                    continue  # a link that leads nowhere, or gone just now
                yield Found(entry.path, folder, status.st_size, status.st_mtime_ns)


def _known(connection: sqlite3.Connection, folders: Sequence[str]) -> Mapping[str, tuple[int, int]]:
    """Path -> size and time of all that the index knows of the folders, readable or not."""
    marks = ",".join("?" * len(folders))
    known: dict[str, tuple[int, int]] = {}
    for table in ("recordings", "unreadable"):
        rows = connection.execute(f"SELECT path, size, mtime_ns FROM {table} WHERE folder IN ({marks})", tuple(folders))
        known.update({str(path): (size, mtime_ns) for path, size, mtime_ns in rows})
    return known


def _unreadable(connection: sqlite3.Connection, folders: Sequence[str]) -> tuple[Unreadable, ...]:
    marks = ",".join("?" * len(folders))
    rows = connection.execute(
        f"SELECT path, why FROM unreadable WHERE folder IN ({marks}) ORDER BY path", tuple(folders)
    )
    return tuple(Unreadable(str(path), str(why)) for path, why in rows)


def _read_all(connection: sqlite3.Connection, anew: Sequence[Found], workers: int, report: OnProgress) -> None:
    """Reads the files and stores what is known of them, every few seconds."""
    held: list[tuple[Found, Recording | str]] = []
    stored = time.monotonic()
    if anew:
        report(Progress(STAGE, 0, len(anew)))
    for done, one in enumerate(_outcomes(anew, workers), start=1):
        held.append(one)
        if done == len(anew) or time.monotonic() - stored > STORE_EACH_S:
            _keep(connection, held)
            held, stored = [], time.monotonic()
            report(Progress(STAGE, done, len(anew)))


def _keep(connection: sqlite3.Connection, outcomes: Sequence[tuple[Found, Recording | str]]) -> None:
    with connection:
        for table in ("recordings", "unreadable"):
            connection.executemany(f"DELETE FROM {table} WHERE path = ?", [(found.path,) for found, _ in outcomes])
        store(connection, [one for _, one in outcomes if isinstance(one, Recording)])
        connection.executemany(
            "INSERT INTO unreadable VALUES (?,?,?,?,?)",
            [(*found, why) for found, why in outcomes if isinstance(why, str)],
        )


def _outcomes(anew: Sequence[Found], workers: int) -> Iterator[tuple[Found, Recording | str]]:
    """What became of each file, as each is ready."""
    if len(anew) <= FEW and workers < 2:
        yield from ((one, read(one)) for one in anew)
        return
    from pebble import ProcessExpired, ProcessPool

    waiting = [list(anew[k : k + AT_ONCE]) for k in range(0, len(anew), AT_ONCE)][::-1]
    running: dict[Any, list[Found]] = {}
    with ProcessPool(max(1, workers), context=get_context("spawn")) as pool:
        while waiting or running:
            while waiting and len(running) < 2 * max(1, workers):
                batch = waiting.pop()
                running[pool.schedule(_read_batch, [batch], timeout=SECONDS_EACH * len(batch))] = batch
            for future in wait(running, return_when="FIRST_COMPLETED").done:
                batch = running.pop(future)
                try:
                    yield from zip(batch, future.result(), strict=True)
                except (ProcessExpired, TookTooLong) as error:
                    if len(batch) > 1:  # which of them it was is found out one by one
                        waiting += [[one] for one in batch]
                    else:
                        slow = isinstance(error, TookTooLong)
                        yield batch[0], "reading it takes too long" if slow else "reading it ended the process"


def _read_batch(batch: Sequence[Found]) -> list[Recording | str]:
    return [read(one) for one in batch]


def read(found: Found) -> Recording | str:
    """All that is known of a file, or why it cannot be read."""
    import soundfile

    from vssflow_library.heard import hear
    from vssflow_library.naming.label import label

    path = Path(found.path)
    try:
        digest = content_digest(path)
        heard = hear(path)
        known = label(path, path.relative_to(found.folder))
    except soundfile.LibsndfileError as error:
        return str(error.error_string).strip().rstrip(".") or "it is no sound file"
    except (OSError, ValueError) as error:
        return str(error)
    return Recording(
        *found, digest, known.sound, known.words, heard.rate_hz, heard.channels, heard.n_samples, heard.lufs,
        round(heard.peak, 6), heard.onsets, heard.is_steady, *heard.span,
    )  # fmt: skip


def content_digest(path: Path) -> str:
    """sha256 of a file's bytes. Raises OSError."""
    whole = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            whole.update(block)
    return whole.hexdigest()
