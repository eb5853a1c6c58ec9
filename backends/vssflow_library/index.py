"""The index of a library: an SQLite file beside the user's data that says what each recording is and how it sounds.

Reading it needs neither numpy nor the recordings. Its digest covers contents, names and what was read and heard, not
times and not where the folders lie: the same library has it on every machine.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_data_dir

from vssflow_post.errors import BackendUnavailable

VERSION = 2
"""Of what is stored, and how it is read and heard: an index of another version is made anew."""
_TABLES = f"""
PRAGMA user_version = {VERSION};
CREATE TABLE IF NOT EXISTS folders (folder TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS recordings (
    path TEXT PRIMARY KEY, folder TEXT NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, digest TEXT NOT NULL,
    sound TEXT NOT NULL, words TEXT NOT NULL, rate_hz INTEGER NOT NULL, channels INTEGER NOT NULL,
    n_samples INTEGER NOT NULL, lufs REAL NOT NULL, peak REAL NOT NULL, onsets TEXT NOT NULL,
    is_steady INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS by_sound ON recordings (sound);
CREATE TABLE IF NOT EXISTS unreadable (
    path TEXT PRIMARY KEY, folder TEXT NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, why TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS digest (digest TEXT NOT NULL);
"""
_COLUMNS = (
    "path, folder, size, mtime_ns, digest, sound, words, rate_hz, channels, n_samples, lufs, peak, onsets, is_steady, "
    "first, last"
)
MAKE_ONE = "`vssflow-post library index FOLDER` makes one."


@dataclass(frozen=True, slots=True)
class Recording:
    """One file of the library; samples at its own rate."""

    path: str
    """Where it lies."""
    folder: str
    """The folder that was named for indexing, which it lies in."""
    size: int
    mtime_ns: int
    digest: str
    """sha256 of the file."""
    sound: str
    """A class of sound; "" where nothing tells."""
    words: str
    """What is said of it."""
    rate_hz: int
    channels: int
    n_samples: int
    lufs: float
    """Of its loudest 400 ms."""
    peak: float
    onsets: tuple[int, ...]
    is_steady: bool
    first: int
    last: int
    """From where to where it is steady, or sounds."""

    @property
    def inside(self) -> str:
        """Its path inside the folder, with `/`."""
        return os.path.relpath(self.path, self.folder).replace(os.sep, "/")

    @property
    def duration_s(self) -> float:
        return self.n_samples / self.rate_hz

    @property
    def told(self) -> str:
        """All that a take may depend on, as one line."""
        return json.dumps([self.inside, self.digest, self.sound, self.words, self.onsets, self.is_steady, self.first,
                           self.last, self.lufs, self.peak])  # fmt: skip


def usual_place() -> Path:
    return Path(user_data_dir("vssflow-post", appauthor=False)) / "library.sqlite"


def place_of(library: str) -> Path:
    """Of the index that `settings.library` names."""
    return Path(library) if library else usual_place()


def opened(place: Path) -> sqlite3.Connection:
    """For reading. Raises BackendUnavailable where there is no index, or none that this version can read."""
    if not place.is_file():
        raise BackendUnavailable(f"There is no index of a library at {place}: {MAKE_ONE}")
    try:
        connection = sqlite3.connect(f"{place.resolve().as_uri()}?mode=ro", uri=True, timeout=60)
        version = connection.execute("PRAGMA user_version").fetchone()[0]
    except sqlite3.Error as error:
        raise BackendUnavailable(f"{place} is no index of a library ({error}): {MAKE_ONE}") from None
    if version != VERSION:
        connection.close()
        raise BackendUnavailable(f"{place} was written by another version of this program: {MAKE_ONE}")
    return connection


def opened_to_write(place: Path) -> sqlite3.Connection:
    """Makes the index where there is none. One of another version is emptied, what is no index is an error
    (BackendUnavailable)."""
    place.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(place, timeout=60)
    try:
        if connection.execute("PRAGMA user_version").fetchone()[0] not in (0, VERSION):
            for table in ("folders", "recordings", "unreadable", "digest"):
                connection.execute(f"DROP TABLE IF EXISTS {table}")
        connection.executescript(_TABLES)
    except sqlite3.DatabaseError as error:
        connection.close()
        raise BackendUnavailable(f"{place} is no index of a library ({error}). Name another file.") from None
    return connection


def recordings(connection: sqlite3.Connection) -> list[Recording]:
    """All of them, in the order of their paths inside their folders."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM recordings")
    return sorted(_read(rows), key=lambda one: (one.inside, one.digest, one.path))


def of_sounds(connection: sqlite3.Connection, sounds: Sequence[str]) -> list[Recording]:
    """Those of some classes, in the same order."""
    marks = ",".join("?" * len(sounds))
    rows = connection.execute(f"SELECT {_COLUMNS} FROM recordings WHERE sound IN ({marks})", tuple(sounds))
    return sorted(_read(rows), key=lambda one: (one.inside, one.digest, one.path))


def named(connection: sqlite3.Connection, name: str) -> list[Recording]:
    """Those whose file has this name, with or without some of the folders above it."""
    wanted = name.replace("\\", "/").strip().lstrip("./")
    last = wanted.rsplit("/", 1)[-1].replace("%", r"\%").replace("_", r"\_")
    rows = connection.execute(f"SELECT {_COLUMNS} FROM recordings WHERE path LIKE ? ESCAPE '\\'", (f"%{last}",))
    found = [one for one in _read(rows) if f"/{one.path.replace(os.sep, '/')}".endswith(f"/{wanted}")]
    return sorted(found, key=lambda one: (one.inside, one.digest, one.path))


def saying(connection: sqlite3.Connection, parts: Sequence[str], most: int) -> list[Recording]:
    """Some of those in whose words any of these letters stand, by path: `most` at most."""
    where = " OR ".join(["words LIKE ?"] * len(parts))
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM recordings WHERE {where} ORDER BY path LIMIT ?",
        (*(f"%{part}%" for part in parts), most),
    )
    return list(_read(rows))


def sounds(connection: sqlite3.Connection) -> dict[str, int]:
    """How many recordings there are of each class, by name."""
    rows = connection.execute("SELECT sound, count(*) FROM recordings GROUP BY sound ORDER BY sound")
    return {str(sound): int(n) for sound, n in rows if sound}


def store(connection: sqlite3.Connection, found: Iterable[Recording]) -> None:
    connection.executemany(
        f"INSERT OR REPLACE INTO recordings ({_COLUMNS}) VALUES (?{',?' * 15})",
        [
            (
                one.path, one.folder, one.size, one.mtime_ns, one.digest, one.sound, one.words, one.rate_hz,
                one.channels, one.n_samples, one.lufs, one.peak, json.dumps(one.onsets), one.is_steady, one.first,
                one.last,
            )
            for one in found
        ],
    )  # fmt: skip


def _read(rows: Iterable[tuple[object, ...]]) -> Iterator[Recording]:
    for row in rows:
        values = list(row)
        values[12], values[13] = tuple(json.loads(str(row[12]))), bool(row[13])
        yield Recording(*values)  # type: ignore[arg-type]


def digest_of(found: Iterable[Recording]) -> str:
    """sha256 over what the recordings are; of those that lie in it twice, twice."""
    whole = hashlib.sha256(f"library {VERSION}\n".encode())
    for line in sorted(one.told for one in found):
        whole.update(line.encode())
    return whole.hexdigest()


def stored_digest(connection: sqlite3.Connection) -> str | None:
    """The index's own digest as it was stored; None where a run that wrote it was stopped."""
    row = connection.execute("SELECT digest FROM digest").fetchone()
    return str(row[0]) if row else None


def digest_in(connection: sqlite3.Connection) -> str:
    """The index's own digest: as it was stored, or else counted anew."""
    return stored_digest(connection) or digest_of(recordings(connection))


def facts(place: Path) -> tuple[str, tuple[str, ...]]:
    """Digest and classes of an index, at once. Raises BackendUnavailable as `opened` does."""
    with closing(opened(place)) as connection:
        try:
            return digest_in(connection), tuple(sounds(connection))
        except sqlite3.DatabaseError as error:
            raise BackendUnavailable(f"{place} cannot be read ({error}): {MAKE_ONE}") from None
