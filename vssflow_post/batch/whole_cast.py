"""The cast of a batch in one file: who was given a voice by the rule in any of its films."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from vssflow_post.cues.sexes import person
from vssflow_post.deliver.cast_file import HEAD, NAME, cast_row
from vssflow_post.errors import UsageError
from vssflow_post.settings.files import read_toml
from vssflow_post.store.publishing import publish_bytes

if TYPE_CHECKING:
    from vssflow_post.render.job import FilmResult


@dataclass(frozen=True, slots=True)
class Character:
    """Somebody to whom the rule gave a voice."""

    speaker: str
    """The name as it comes first."""
    voice: str
    n_lines: int = 0
    """In all films."""
    films: tuple[str, ...] = ()
    """Names of those in which they speak."""


def cast_by_rule(results: Sequence[FilmResult]) -> list[Character]:
    """The characters of all films; `ANNA` and `Anna` are one."""
    found: dict[str, Character] = {}
    for result in results:
        for speaker, voice, n_lines in result.cast:
            one = found.get(person(speaker), Character(speaker, voice))
            films = tuple(dict.fromkeys((*one.films, result.film.name)))
            found[person(speaker)] = replace(one, n_lines=one.n_lines + n_lines, films=films)
    return list(found.values())


def write_whole_cast(folder: Path, results: Sequence[FilmResult]) -> None:
    """Adds to `folder/cast.toml` the characters that it lacks, where several films have some.

    What stands there stays as it is: it may have been changed. A file that is something else is left alone.
    """
    if sum(bool(result.cast) for result in results) < 2:
        return
    path, text = folder / NAME, HEAD
    known: set[str] = set()
    if path.exists():
        try:
            text, table = read_toml(path)
        except UsageError:
            return
        if set(table) != {"cast"}:
            return
        known = {person(name) for name in table["cast"]}
    new = (one for one in cast_by_rule(results) if person(one.speaker) not in known)
    rows = [cast_row(one.speaker, one.voice, one.n_lines, True) for one in new]
    if rows:
        text += "" if text.endswith("\n") else "\n"
        publish_bytes(path, (text + "".join(rows)).encode("utf-8", "replace"))
