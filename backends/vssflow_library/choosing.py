"""Which recordings a cue takes: those of its class, by the other words of its prompt; which of them when, by its seed.

Nothing is drawn from a state: what is chosen is a hash of what is asked for, so that a take is the same in any order.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from itertools import chain
from pathlib import PurePath

from vssflow_dit.sounds import ALIASES, CLASSES, forms, sound_class
from vssflow_library.index import Recording, named, of_sounds, saying, sounds
from vssflow_library.indexing import ENDINGS
from vssflow_library.naming.ucs import words

LEAST_POOL = 3
"""So many recordings that take turns, at least, if the class has them: by fewer words, where those that all words
describe are fewer."""
MOST_NAMED = 6
"""Classes that are named to who finds nothing."""
LEAST_LETTERS = 4
"""Of a word that may be misspelt: three letters are near everything."""
MOST_READ = 1000
"""Recordings of other classes that are looked at for it."""
TURNS = 3
"""Parts of a pool: what one cue begins and ends with lies in other parts than what the next begins with."""


def names_a_file(prompt: str) -> bool:
    """Whether a prompt is the name of a file (`Door_Slam_03.wav`)."""
    return PurePath(prompt.strip()).suffix.lower() in ENDINGS


def best_first(connection: sqlite3.Connection, prompt: str) -> tuple[str, list[Recording]]:
    """(class, recordings): those that a prompt would take, what its words describe best first.

    A prompt that names a file finds that; one of no class, what all of its words describe.
    """
    if names_a_file(prompt):
        found = named(connection, prompt)
        return (found[0].sound if found else ""), found
    sound = sound_class(prompt, CLASSES)[0]
    if sound:
        return sound, ranked(of_sounds(connection, [sound]), prompt)
    asked = set(words(prompt))
    unclassed = of_sounds(connection, [""]) if asked else []
    return "", [one for one in unclassed if _matches(one, asked) == len(asked)]


def way_out(connection: sqlite3.Connection, prompt: str, found: Sequence[Recording] = ()) -> list[str]:
    """Sentences for who finds little: what else is so described, of another class; for who finds nothing also words
    that come near and are of something, and what there is."""
    asked, taken = words(prompt), {one.path for one in found}
    said = [one for one in saying(connection, asked, MOST_READ) if _matches(one, set(asked))] if asked else []
    others = [one for one in ranked(said, prompt) if one.path not in taken][:LEAST_POOL]
    described = [f"so described, and of {one.sound or 'no known class'}: {one.inside}" for one in others]
    if found:
        return described
    counts = sounds(connection)
    near = _near_words(asked, counts)
    told = [f"near it: {', '.join(near)}"] if near else []
    most = sorted(counts, key=lambda name: (-counts[name], name))[:MOST_NAMED]
    of = f", most of {', '.join(most)}" if most else ""
    has = f"the index has {len(counts)} classes of sound{of} (`vssflow-post library info` lists all)"
    return [*told, *described, has]


def _near_words(asked: Sequence[str], classes: Iterable[str]) -> list[str]:
    """Words for classes of which there are recordings that are spelled much like some of those asked for."""
    spoken = [word for name in classes for phrase in (name.replace("_", " "), *ALIASES.get(name, ())) for word in
              phrase.split()]  # fmt: skip
    found = (get_close_matches(word, spoken, LEAST_POOL, 0.75) for word in asked if len(word) >= LEAST_LETTERS)
    return [word for word in dict.fromkeys(chain.from_iterable(found)) if word not in asked]


def ranked(found: Sequence[Recording], prompt: str) -> list[Recording]:
    """By how many of the prompt's words describe each, most first; else as they came."""
    asked = set(words(prompt))
    return sorted(found, key=lambda one: -_matches(one, asked))


def pool(found: Sequence[Recording], prompt: str) -> list[Recording]:
    """Those that the prompt's words describe best, LEAST_POOL at least if there are as many."""
    asked = set(words(prompt))
    order = sorted(found, key=lambda one: -_matches(one, asked))
    least = _matches(order[min(LEAST_POOL, len(order)) - 1], asked) if order else 0
    return [one for one in order if _matches(one, asked) >= least]


def _matches(recording: Recording, asked: set[str]) -> int:
    said = {form for word in recording.words.split() for form in forms(word)}
    return sum(bool(forms(word) & said) for word in asked)


def drawn(n: int, *by: object) -> int:
    """A number below n, the same one whenever it is asked for by the same."""
    digest = hashlib.sha256(repr(by).encode()).digest()
    return int.from_bytes(digest[:8], "big") % n


def shuffled(found: Sequence[Recording]) -> list[Recording]:
    """In an order of its own, which depends on nothing but what they are."""
    return sorted(found, key=lambda one: (hashlib.sha256(f"{one.digest} {one.inside}".encode()).digest(), one.path))


def in_turn(found: Sequence[Recording], n: int, seed: int, turn: int) -> list[Recording]:
    """A recording for each of n hits of a film's cue number `turn` of one sound: never the same twice in a row, within
    the cue and from one cue to the next, for three recordings or more."""
    order = shuffled(found)
    if len(order) < TURNS:
        return [order[(turn + k) % len(order)] for k in range(n)]
    first, last = (order[(2 * turn + k) % TURNS :: TURNS] for k in (0, 1))
    chosen: list[Recording] = []
    for k in range(n):
        among = first if k == 0 else last if k == n - 1 else order
        barred = {chosen[-1].path} if chosen else set()
        if k == n - 2 and k and len(last) == 1:
            barred.add(last[0].path)
        free = [one for one in among if one.path not in barred]
        chosen.append(free[drawn(len(free), "turn", seed, k)])
    return chosen
