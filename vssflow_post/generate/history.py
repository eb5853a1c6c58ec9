"""Why a take is made again: what its cue depends on, held against the cues of its film's last delivery."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from vssflow_post.backend import CueRequest
from vssflow_post.store.entries import Missing, address
from vssflow_post.store.publishing import publish_bytes
from vssflow_post.store.reading import read_json

VERSION = 1
FIRST_TIME = "first time"
ROTTED = "rotted"
GONE = "gone from the store"
_FOLLOWING = {
    "place": ("seed", "picture", "mouth"),
    "text": ("seed",),
    "length": ("seed", "picture", "mouth"),
    "backend": ("weights", "picture"),
    "weights": ("picture",),
}
"""What changes when something else does, and need not be named beside it."""


@dataclass(frozen=True, slots=True)
class AskedCue:
    """A cue as it is asked for, in digests."""

    id: str
    kind: str
    address: str
    """Of its take."""
    parts: Mapping[str, str]
    """Digest of each thing that its take depends on, by name, and of its place in the film."""
    backend: str = ""
    """Who makes it; "" where an older version wrote it down."""

    @classmethod
    def of(cls, request: CueRequest, depends_on: Mapping[str, object], backend: str = "") -> AskedCue:
        """`depends_on`: everything the take depends on, by name."""
        placed = {**depends_on, "place": request.span.start}
        parts = {name: address({name: value})[:12] for name, value in placed.items()}
        return cls(request.id, request.kind, address(depends_on), parts, backend)


@dataclass(frozen=True, slots=True)
class CueHistory:
    """The cues of a film's last delivery."""

    cues: Sequence[AskedCue] = ()

    def why(self, cue: AskedCue, missing: Missing, asked: Set[str]) -> str:
        """In a few words why the take of `cue` has to be made; `asked` are the addresses of all cues of this run."""
        if missing is Missing.ROTTED:
            return ROTTED
        if any(cue.address == other.address for other in self.cues):
            return GONE
        past = self._past_of(cue, asked)
        if past is None:
            return FIRST_TIME
        changed = [name for name, digest in cue.parts.items() if past.parts.get(name) != digest]
        implied = {name for cause in changed for name in _FOLLOWING.get(cause, ())}
        return " and ".join(name for name in changed if name not in implied) + " changed"

    def named(self, cue: AskedCue) -> AskedCue | None:
        """What the cue of this kind and name was."""
        return next((other for other in self.cues if (other.kind, other.id) == (cue.kind, cue.id)), None)

    def _past_of(self, cue: AskedCue, asked: Set[str]) -> AskedCue | None:
        """What the cue was: the one of its kind at its place, else the one of its name; never one that lives on."""
        gone = [other for other in self.cues if other.kind == cue.kind and other.address not in asked]
        at_its_place = [other for other in gone if other.parts.get("place") == cue.parts["place"]]
        named = [other for other in gone if other.id == cue.id]
        return next(iter(at_its_place + named), None)


def read_history(path: Path) -> CueHistory:
    """An empty one where there is none that can be read: it only explains."""
    return read_json(path, _history_of) or CueHistory()


def _history_of(table: Mapping[str, Any]) -> CueHistory | None:
    return CueHistory([AskedCue(**row) for row in table["cues"]]) if table["version"] == VERSION else None


def write_history(path: Path, cues: Sequence[AskedCue]) -> None:
    """Raises FilmFailed("no_space") when the disk is full."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"version": VERSION, "cues": [asdict(cue) for cue in cues]}, separators=(",", ":"))
    publish_bytes(path, text.encode("ascii"))
