"""Takes in the store, and a film's own sound where it is kept: float32 samples, little endian, frame after frame."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from vssflow_post.audio import Samples
from vssflow_post.backend import Take
from vssflow_post.media import Film, audio_blocks
from vssflow_post.media.pickups import Pickup
from vssflow_post.media.recording import recorded
from vssflow_post.media.sound import stereo_blocks, surround_blocks
from vssflow_post.store.entries import Entry, Missing, Store, address
from vssflow_post.timeline import CLOCK_HZ, Recording, Span

_SAMPLE_BYTES = 4
_MORE_S = 0.01


@dataclass(frozen=True, slots=True)
class StoredTake:
    """A take on disk, read where it is asked for; holds no file open."""

    path: Path
    id: str
    rate_hz: int
    n_channels: int
    n_samples: int
    notes: tuple[str, ...] = ()
    made_of: tuple[str, ...] = ()
    """Names of the files of the user's that are heard in it."""

    def read(self, start: int, stop: int) -> Samples:
        """float32 (channels, stop - start) of its own rate; `0 <= start <= stop <= n_samples`."""
        if not 0 <= start <= stop <= self.n_samples:
            raise ValueError(f"{start}..{stop} lies outside a take of {self.n_samples} samples")
        n_values = (stop - start) * self.n_channels
        offset = start * self.n_channels * _SAMPLE_BYTES
        values = np.fromfile(self.path, "<f4", n_values, offset=offset)
        return np.ascontiguousarray(values.reshape(-1, self.n_channels).T, np.float32)


class TakeStore:
    """Takes by content address, under one folder."""

    def __init__(self, folder: Path) -> None:
        self._store = Store(folder, "take")

    def open(self, key: str) -> StoredTake | Missing:
        """The take, left on disk and verified (see `Store.open`)."""
        found = self._store.open(key)
        return found if isinstance(found, Missing) else _as_take(found)

    def put(self, key: str, take: Take) -> StoredTake:
        """Stores a take; what was stored under this key is replaced."""
        return self.put_blocks(key, take.id, take.audio.rate_hz, [take.audio.samples], take.notes, take.made_of)

    def put_blocks(
        self,
        key: str,
        id: str,
        rate_hz: int,
        blocks: Iterable[Samples],
        notes: Sequence[str] = (),
        made_of: Sequence[str] = (),
    ) -> StoredTake:
        """Stores audio that comes in blocks of float32 (channels, n), never holding more than one of them.

        What is added to `notes` while they come counts.
        """
        facts = {"id": id, "rate_hz": rate_hz, "notes": notes, "made_of": made_of, "n_channels": 1, "n_samples": 0}
        return _as_take(self._store.put(key, facts, _counted(blocks, facts)))


def production_track(
    film: Film, pickups: Sequence[Pickup], store: TakeStore, n_channels: int = 1
) -> tuple[StoredTake, bool]:
    """Some of the film's own sound, mono, stereo or in the six channels of 5.1, on the film's clock, streamed into the
    store once, its notes saying where it is damaged; and whether it had rotted there."""
    sources = [[pickup.track.index, pickup.channel] for pickup in pickups]
    facts = {"production": film.digest, "rate_hz": CLOCK_HZ, "n": film.duration.n_samples, "sources": sources}
    key = address({**facts, **{1: {}, 2: {"stereo": True}, 6: {"surround": True}}[n_channels]})
    known = store.open(key)
    if isinstance(known, Missing):
        faults: list[str] = []
        read = {1: audio_blocks, 2: stereo_blocks, 6: surround_blocks}[n_channels]
        blocks = read(film, CLOCK_HZ, pickups, faults)
        return store.put_blocks(key, "production", CLOCK_HZ, blocks, faults), known is Missing.ROTTED
    return known, False


def recorded_take(recording: Recording, span: Span, digest: str, store: TakeStore) -> StoredTake:
    """What of a recording is heard in `span`, in the store; `digest` is that of its file.

    Raises FilmRejected `bad_recording`.
    """
    key = address({"recording": digest, "in_s": recording.in_s, "n": span.n_samples})
    known = store.open(key)
    if not isinstance(known, Missing):
        return known
    pieces = recorded(
        recording.file, recording.in_s, span.duration_s + _MORE_S
    )  # what is too long is cut as it is laid
    first = next(pieces)
    blocks = (piece.samples for piece in chain((first,), pieces))
    return store.put_blocks(key, "recording", first.rate_hz, blocks)


def _counted(blocks: Iterable[Samples], facts: dict[str, Any]) -> Iterator[bytes]:
    """The bytes of each block; enters into `facts` how many samples there were."""
    for block in blocks:
        if facts["n_samples"] and block.shape[0] != facts["n_channels"]:
            raise ValueError(f"a take of {facts['n_channels']} channels goes on with {block.shape[0]}")
        facts["n_channels"] = max(1, block.shape[0])
        facts["n_samples"] += block.shape[1]
        yield np.ascontiguousarray(block.T, "<f4").tobytes()


def _as_take(entry: Entry) -> StoredTake:
    facts = entry.facts
    shape = facts["rate_hz"], facts["n_channels"], facts["n_samples"]
    return StoredTake(entry.path, facts["id"], *shape, tuple(facts["notes"]), tuple(facts.get("made_of", ())))
