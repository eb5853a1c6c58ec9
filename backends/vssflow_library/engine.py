"""The backend: cues in, takes out, of recordings alone. A take depends on its request and on the index."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from vssflow_dit.picture.strikes import SharpStrikeNet, StrikeEncoder
from vssflow_dit.sounds import CLASSES, follows, loudest, sound_class, sound_mixture
from vssflow_library.choosing import in_turn, names_a_file, pool
from vssflow_library.index import Recording, digest_in, named, of_sounds, opened, place_of, sounds, stored_digest
from vssflow_library.layers import beds, spots, swells
from vssflow_library.layers import follows as going_with
from vssflow_library.layers.levels import within
from vssflow_library.moments import Pace, moments, pace
from vssflow_library.recordings import Lost, Shelf
from vssflow_library.sight import reader, sees
from vssflow_post.audio import AudioClip
from vssflow_post.backend import CueRequest, FrameEncoder, GenerationSettings, Take
from vssflow_post.errors import FilmFailed
from vssflow_post.timeline import BED, CLOCK_HZ

Samples = npt.NDArray[np.float32]
UPDATE = "`vssflow-post library index` brings the index up to date."
MOST_TOLD = 3
"""Recordings that a take's notes name one by one."""


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """What a request asks of the library."""

    parts: dict[str, float]
    """Class -> its part of the power; several only in a bed."""
    found: dict[str, list[Recording]]
    """Of each class, or under the name of a file, what may be laid."""
    is_named: bool = False
    """Whether the prompt names a file."""
    lost: dict[str, str] = field(default_factory=dict)
    """Path -> what happened to a recording that was to be laid."""


class Library:
    """A `Backend` of the seam."""

    name = "library"
    in_turn = True
    licence = "each recording's own: ask its vendor (the cues name the recordings, made_of)"
    voices: Sequence[str] = ()

    def __init__(self, settings: GenerationSettings) -> None:
        self._place = place_of(settings.library)
        with closing(opened(self._place)) as connection:
            self.weights_digest = digest_in(connection)
            self._stored = stored_digest(connection)
            self._counts = sounds(connection)
        self.sounds: Sequence[str] = tuple(name for name in CLASSES if name in self._counts)
        self.sees = sees()
        self.device = f"{sum(self._counts.values())} recordings"
        self._net = SharpStrikeNet.load(reader())
        self._shelf = Shelf()
        self._known: dict[str, _Asked] = {}
        """Prompt -> what it asks for."""

    def encoder(self) -> FrameEncoder:
        return StrikeEncoder(self._net)

    def sound_of(self, words: str) -> str:
        """The class that words mean, or that the file has which they name; "" where there is no recording of it."""
        if names_a_file(words):
            return next((one.sound for one in self._named(words)), "")
        name = sound_class(words, CLASSES)[0]
        return name if name in self._counts else ""

    def refuses(self, request: CueRequest) -> str:
        """Why the library cannot make a request, as the end of a sentence; "" where it can."""
        if request.kind != "sound":
            return "speaks no lines"
        if names_a_file(request.sound):
            return "" if self._named(request.sound) else f"has no file {request.sound}"
        parts, note = sound_mixture(request.sound, CLASSES)
        if not parts:
            return "knows no class of sound for it" if note else "is not told which sound"
        missing = [name for name in parts if name not in self._counts]
        return f"has no recording of {' or '.join(missing)}" if missing else ""

    def render(self, requests: Sequence[CueRequest]) -> Iterator[Take]:
        """One take per request, in their order; silence, and why, for what it refuses."""
        for request in requests:
            started = time.perf_counter()
            refusal = self.refuses(request)
            asked = _Asked({}, {}) if refusal else self._asked(request)
            samples = self._heard(request, asked)
            notes = (f"The library {refusal}: silent.",) if refusal else _told(asked)
            took_s = time.perf_counter() - started
            clip, files = AudioClip(within(samples), CLOCK_HZ), tuple(self._shelf.laid)
            yield Take(request.id, clip, notes, took_s, files, is_final=not asked.lost)

    def close(self) -> None:
        """Nothing is held open."""

    def _named(self, words: str) -> list[Recording]:
        with closing(opened(self._place)) as connection:
            return named(connection, words)

    def _asked(self, request: CueRequest) -> _Asked:
        """What may be laid for a request: recordings as the index knows them. Raises FilmFailed where it was written
        anew since it was opened."""
        with closing(opened(self._place)) as connection:
            if stored_digest(connection) != self._stored:
                message = f"the library was indexed anew while it was in use ({self._place}): run again"
                raise FilmFailed("library_changed", message)
            if request.sound not in self._known:
                self._known[request.sound] = _found(connection, request.sound)
            known = self._known[request.sound]
        found = {name: list(recordings) for name, recordings in known.found.items()}
        return _Asked(known.parts, found, known.is_named)

    def _heard(self, request: CueRequest, asked: _Asked) -> Samples:
        """(channels, n) at 48 kHz; what is lost is taken out and another is chosen, until all that is laid is there."""
        self._shelf.laid.clear()
        while any(asked.found.values()):
            try:
                self._shelf.laid.clear()
                return self._laid(request, asked)
            except Lost as lost:
                asked.lost[lost.recording.path] = str(lost)
                for found in asked.found.values():
                    found[:] = [one for one in found if one.path != lost.recording.path]
        return np.zeros((1, request.span.n_samples), np.float32)

    def _laid(self, request: CueRequest, asked: _Asked) -> Samples:
        """Raises Lost."""
        n, name = request.span.n_samples, loudest(asked.parts)
        found = asked.found[name] or next(found for found in asked.found.values() if found)
        sound = name or found[0].sound
        what = follows(sound) if sound else "nothing"
        if asked.is_named and not found[0].sound and not found[0].is_steady:
            what = "strikes"
        at_once = request.may_be_unseen or asked.is_named
        if request.layer == BED or what == "nothing":
            parts = {
                beds.chosen_for(asked.found[one], request.span.duration_s, request.seed): part
                for one, part in asked.parts.items()
                if asked.found[one]
            }
            return beds.laid(self._shelf, n, parts, request.seed)
        if what == "speed":
            return self._going_along(request, found, pace(self._net, request, sound, at_once))
        hits = [one for one in found if one.onsets] or found
        when = moments(self._net, request, sound, at_once)
        return spots.laid(self._shelf, n, when, in_turn(hits, len(when), request.seed, request.turn), request.seed)

    def _going_along(self, request: CueRequest, found: list[Recording], speed: Pace) -> Samples:
        """What goes with a motion: a loop; where no recording goes on, one for each burst of speed."""
        n = request.span.n_samples
        when = [] if any(one.is_steady for one in found) else swells.bursts(speed, n)
        if when:
            return swells.laid(self._shelf, n, when, in_turn(found, len(when), request.seed, request.turn))
        loop = beds.chosen_for(found, going_with.LONGEST_READ_S, request.seed)
        return going_with.laid(self._shelf, n, loop, speed, request.seed)


def _found(connection: sqlite3.Connection, prompt: str) -> _Asked:
    """What a prompt asks for."""
    if names_a_file(prompt):
        return _Asked({"": 1.0}, {"": named(connection, prompt)[:1]}, is_named=True)
    parts = sound_mixture(prompt, CLASSES)[0]
    return _Asked(parts, {name: pool(of_sounds(connection, [name]), prompt) for name in parts})


def _told(asked: _Asked) -> tuple[str, ...]:
    """Sentences about recordings that were to be heard and are lost."""
    if not asked.lost:
        return ()
    instead = "Another is heard instead" if any(asked.found.values()) else "Nothing is left to be heard instead"
    told = [f"The recording {path} {what}." for path, what in list(asked.lost.items())[:MOST_TOLD]]
    more = len(asked.lost) - len(told)
    return (*told[:-1], f"{told[-1]}{f' So are {more} more.' if more else ''} {instead}; {UPDATE}")
