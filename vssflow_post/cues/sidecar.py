"""Which script lies beside a film, named as players and downloaders name subtitles: `film.srt`, `film.en.sdh.srt`.

The film's own name is taken first. Else the full subtitles in English, which the voices speak, or in a language that
the name does not tell. What lies there and is not taken is told.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from vssflow_post.cues.script import SCRIPT_SUFFIXES
from vssflow_post.media.signature import FILM_SUFFIXES

_ENGLISH = {"en", "eng", "english", "enu", "ang"}
_UNTOLD = {"und", "unknown", "default", "full", "orig", "original", "auto"}
_FOR_THE_DEAF = {"sdh", "cc", "hi", "hoh", "captions"}
_PARTS = {"forced", "foreign", "signs", "songs", "commentary", "karaoke", "lyrics", "sign", "song"}
"""Words for subtitles that leave out most of what is spoken, or hold something else."""
_STRANGE = "named for something that is not known here"
_UNREAD_SUFFIXES = (".sub", ".idx", ".sup", ".smi", ".sbv", ".ttml", ".dfxp", ".itt", ".stl", ".scc", ".usf")
"""Of subtitles that are not read here."""
_SUFFIXES = (*SCRIPT_SUFFIXES, *_UNREAD_SUFFIXES)
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z]{2,4}|-\d{3})*")
_REST = re.compile(r"[._ \-\[(]")
_UNSUITED = 5
"""From this rank on no script is taken by itself."""
MOST_TOLD = 5


@dataclass(frozen=True, slots=True)
class Sidecar:
    """What lies beside a film."""

    script: Path | None = None
    """The one that is taken."""
    untaken: str = ""
    """Sentence: which others lie there while none is taken, and what takes one."""


def names_in(folder: Path) -> list[tuple[str, str]]:
    """(folded name, name) of all that lies in a folder, sorted, for `sidecar_of`; none where it cannot be read."""
    try:
        return sorted((_folded(path.name), path.name) for path in folder.iterdir())
    except OSError:
        return []


def sidecar_of(film: Path, names: Sequence[tuple[str, str]] | None = None) -> Sidecar:
    """The script that lies beside a film. `names` are those of its folder, where somebody has read them already.

    What is called so and is no file is a script all the same: one that cannot be read, which nobody wants to miss.
    """
    names = names_in(film.parent) if names is None else names
    stem = _folded(film.stem)
    first = bisect_left(names, (stem, ""))
    near = list(takewhile(lambda name: name[0].startswith(stem), names[first:]))
    others = {Path(folded).stem for folded, _ in near if folded.endswith(FILM_SUFFIXES)} - {stem}
    scripts = (name for folded, name in near if folded.endswith(_SUFFIXES) and Path(folded).stem not in others)
    read = (_Named.of(name, stem, film.stem) for name in scripts)
    ranked = sorted((each for each in read if each is not None), key=lambda each: each.rank)
    if not ranked:
        return Sidecar()
    best = ranked[0]
    is_clear = all(other.tags == best.tags or other.rank[0] > best.rank[0] for other in ranked[1:])
    if best.rank[0] < _UNSUITED and is_clear:
        return Sidecar(film.parent / best.name)
    return Sidecar(None, _untaken(ranked, film))


@dataclass(frozen=True, slots=True)
class _Named:
    """A script and what its name says."""

    name: str
    tags: tuple[str, ...]
    """What stands between the film's name and the ending."""
    rank: tuple[int, int, int, str]
    """The less, the better; the first tells of languages and kinds, the others of endings and spelling."""
    why_not: str = ""

    @classmethod
    def of(cls, name: str, folded_stem: str, stem: str) -> _Named | None:
        """None where the name only begins as the film's."""
        suffix = Path(name).suffix
        rest = _folded(Path(name).stem)[len(folded_stem) :]
        if rest and (not _REST.match(rest) or suffix.lower() == ".csv"):  # film.cues.csv is none
            return None
        tags = tuple(filter(None, re.split(r"[._ \[\]()]|-(?=sdh|cc|forced|full)", rest.lstrip("._ -"))))
        kind, why_not = _kind_of(tags)
        if suffix.lower() in _UNREAD_SUFFIXES:
            kind, why_not = _UNSUITED + 1, "of a kind that is not read here"
        if why_not == _STRANGE and not rest.startswith("."):
            return None
        spelling = 0 if tags or name == f"{stem}{suffix.lower()}" else 1
        return cls(name, tags, (kind, spelling, _SUFFIXES.index(suffix.lower()), name), why_not)


def _kind_of(tags: tuple[str, ...]) -> tuple[int, str]:
    """(how well subtitles with these tags suit as the script, why they do not)."""
    words = {tag for tag in tags if not tag.isdigit()}
    deaf = words & (_FOR_THE_DEAF if tags[1:] else _FOR_THE_DEAF - {"hi"})  # alone it is Hindi
    languages = {tag for tag in words - deaf - _UNTOLD - _PARTS if _LANGUAGE.fullmatch(tag) or tag in _ENGLISH}
    if words & _PARTS:
        return _UNSUITED, "named as a part of what is said"
    if any(tag.split("-")[0] not in _ENGLISH for tag in languages):
        return _UNSUITED, "named for another language than English, which the voices speak"
    if (tags and not words) or words - languages - deaf - _UNTOLD:
        return _UNSUITED, _STRANGE
    return (0 if not tags else 1 if languages else 3) + bool(deaf), ""


def _untaken(scripts: Sequence[_Named], film: Path) -> str:
    """Sentence for scripts none of which is taken."""
    shown = [f"{each.name}{f' ({each.why_not})' if each.why_not else ''}" for each in scripts[:MOST_TOLD]]
    more = f" and {len(scripts) - MOST_TOLD} more" if len(scripts) > MOST_TOLD else ""
    suited = [each for each in scripts if not each.why_not]
    several = ", since several suit as well" if len(suited) > 1 else ""
    first = Path(scripts[0].name)
    way_out = f"--script {first} takes it, or call the one that is meant {film.stem}{first.suffix}"
    if first.suffix.lower() in _UNREAD_SUFFIXES:
        way_out = f"save it as {film.stem}.srt"
    return f"No script is taken{several}, though beside the film lies {', '.join(shown)}{more}: {way_out}."


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
