"""What a film and its deliverables looked like when it got its verdict: by this, a finished film is known at a glance.

A receipt is a shortcut and nothing else. Where it is lost, or a file does not look as it says, contents are digested.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from vssflow_post.publishing import publishing

VERSION = 1


@dataclass(frozen=True, slots=True)
class Inputs:
    """Digests of all that decides about a film's deliverables, and who made them."""

    source: str
    """sha256 of the film, hex; "" where it is not known."""
    settings: str
    weights: str
    tool: str
    """Version of vssflow-post."""


@dataclass(frozen=True, slots=True)
class FileState:
    """What the file system says of a file: any writing to it changes this."""

    n_bytes: int
    modified_ns: int
    changed_ns: int
    """Of its content, name or rights: unlike the time of modification, no program sets it."""
    inode: int

    @classmethod
    def of(cls, path: Path) -> FileState:
        """Raises OSError where there is no such file."""
        stat = os.stat(path)  # noqa: PTH116  films come as paths of any kind
        return cls(stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)


@dataclass(frozen=True, slots=True)
class Receipt:
    """One film's."""

    inputs: Inputs
    verdict: str
    """`done`, `done_with_warnings` or `rejected:<code>`."""
    reason: str | None
    film: FileState
    deliverables: Mapping[str, FileState] = field(default_factory=dict)
    """By name, the manifest among them; none for a film that was rejected."""

    def fits(self, film: Path, folder: Path) -> bool:
        """Whether the film and everything in `folder` look as they did."""
        try:
            return FileState.of(film) == self.film and all(
                FileState.of(folder / name) == state for name, state in self.deliverables.items()
            )
        except OSError:
            return False


def read_receipt(path: Path) -> Receipt | None:
    """None where there is none that can be read."""
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        table = json.loads(path.read_bytes())
        if table["version"] == VERSION:
            return Receipt(
                Inputs(**table["inputs"]),
                table["verdict"],
                table["reason"],
                FileState(**table["film"]),
                {name: FileState(**state) for name, state in table["deliverables"].items()},
            )
    return None


def write_receipt(path: Path, receipt: Receipt) -> None:
    """Raises FilmFailed("no_space") when the disk is full."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with publishing(path) as temporary:
        temporary.write_text(json.dumps({"version": VERSION, **asdict(receipt)}), encoding="ascii")
