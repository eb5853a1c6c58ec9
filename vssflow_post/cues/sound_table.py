"""What is seen means what is heard: the classes of sound, and the labels of pictures that ask for each.

`sound_classes.csv` lists the classes, `picture_labels.csv` which of them a label asks for; a file of the user's in the
form of the second adds labels or replaces them. docs/seen-and-heard.md explains the columns.
"""

from __future__ import annotations

import csv
import difflib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from vssflow_post.errors import UsageError

KINDS = ("bed", "follows", "spot")
WHENS = ("", "strikes", "now_and_then")
_CLASS_COLUMNS = ("class", "kind", "when", "level_db", "nearest", "family", "ucs", "seen as")
_LABEL_COLUMNS = ("label", "sounds", "shows")
_SAID = 0.8
"""Confidence that a class is wanted where a recogniser was asked for it in its own words."""


@dataclass(frozen=True, slots=True)
class SoundClass:
    """A kind of sound that a film may want."""

    name: str
    kind: str
    """`bed`: the ambience of a place; `follows`: it goes with a motion; `spot`: it comes at moments."""
    when: str
    """Of a spot: at `strikes`, or `now_and_then`, as animals call; "" for the others."""
    level_db: float
    """Usual level; 0 is a door that shuts."""
    nearest: str
    """What stands in where weights lack the class; "" where nothing comes near."""
    family: str
    """The class that is claimed where several of a family are seen and none of them surely; "" without."""
    ucs: str
    """Category and subcategory in the Universal Category System."""
    seen_as: str
    """What a picture shows that asks for it, in words; "" where no picture does."""


@dataclass(frozen=True, slots=True)
class SoundTable:
    """Classes by name, and labels with what they ask for."""

    classes: Mapping[str, SoundClass]
    sounds: Mapping[str, Mapping[str, float]]
    """Label -> class -> confidence that the class is wanted where the label is seen."""
    people: frozenset[str]
    """Labels of what people wear."""

    @property
    def words(self) -> tuple[str, ...]:
        """What a recogniser without labels of its own is to look for."""
        asked = (each.seen_as for each in self.classes.values() if each.seen_as)
        return (*asked, *NEUTRAL)

    def nearest_known(self, name: str, known: Sequence[str]) -> str:
        """The class that stands in for `name` where the weights know only `known`: itself, its nearest, its family's
        nearest, or "" for nothing."""
        sound = self.classes[name]
        candidates = [name, sound.nearest]
        if sound.family:
            candidates += [sound.family, self.classes[sound.family].nearest]
        return next((each for each in candidates if each and each in known), "")


NEUTRAL = (
    "a person talking", "the face of a person", "people in a room", "an empty room", "a person standing outdoors",
    "a building", "text on a screen", "a drawing",
)  # fmt: skip
"""Words that mean no sound, and take the confidence of pictures that show nothing else."""
_PEOPLE = frozenset(NEUTRAL[:3])


@cache
def shipped_table() -> SoundTable:
    """The table that comes with the product."""
    here = Path(__file__).parent
    classes = {each.name: each for each in _classes(here / "sound_classes.csv")}
    sounds, people = _labels(here / "picture_labels.csv", classes)
    said = {each.seen_as: {each.name: _SAID} for each in classes.values() if each.seen_as}
    return SoundTable(classes, {**{words: {} for words in NEUTRAL}, **said, **sounds}, people | _PEOPLE)


def sound_table(extra: Path | None = None) -> SoundTable:
    """The shipped table, with the labels of a file of the user's, which win. Raises UsageError naming file and line."""
    table = shipped_table()
    if extra is None:
        return table
    sounds, people = _labels(extra, table.classes)
    return replace(table, sounds={**table.sounds, **sounds}, people=(table.people - set(sounds)) | people)


def _rows(path: Path, columns: Sequence[str]) -> Iterable[tuple[int, dict[str, str]]]:
    """Each row with the number of its line."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            missing = [name for name in columns if name not in (reader.fieldnames or ())]
            if missing:
                raise UsageError(
                    f"{path}: line 1: there is no column {missing[0]!r}; the columns are {', '.join(columns)}"
                )
            for row in reader:
                yield reader.line_num, {name: (row[name] or "").strip() for name in columns}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"{path} cannot be read as a table of sounds: {why}") from error


def _classes(path: Path) -> Iterable[SoundClass]:
    for line, row in _rows(path, _CLASS_COLUMNS):
        if row["kind"] not in KINDS or row["when"] not in WHENS or bool(row["when"]) != (row["kind"] == "spot"):
            raise UsageError(f"{path}: line {line}: {row['kind']!r} and {row['when']!r} are no kind of sound")
        yield SoundClass(
            name=row["class"],
            kind=row["kind"],
            when=row["when"],
            level_db=float(row["level_db"]),
            nearest=row["nearest"],
            family=row["family"],
            ucs=row["ucs"],
            seen_as=row["seen as"],
        )


def _labels(path: Path, classes: Mapping[str, SoundClass]) -> tuple[dict[str, dict[str, float]], frozenset[str]]:
    """What each label of a file asks for, and those that show people."""
    sounds: dict[str, dict[str, float]] = {}
    people = set()
    for line, row in _rows(path, _LABEL_COLUMNS):
        where, label = f"{path}: line {line}", row["label"]
        if not label or label in sounds:
            raise UsageError(f"{where}: " + (f"the label {label!r} is there twice" if label else "there is no label"))
        if row["shows"] not in ("", "people"):
            raise UsageError(f"{where}: shows is 'people' or nothing, not {row['shows']!r}")
        sounds[label] = dict(_asked_for(part, classes, where) for part in row["sounds"].split(";") if part.strip())
        people |= {label} if row["shows"] else set()
    return sounds, frozenset(people)


def _asked_for(part: str, classes: Mapping[str, SoundClass], where: str) -> tuple[str, float]:
    """`drum 0.7` as a class and a confidence."""
    name, _, number = part.strip().partition(" ")
    try:
        confidence = float(number)
    except ValueError:
        confidence = math.nan
    if name not in classes:
        close = difflib.get_close_matches(name, classes, 1, 0.5)
        hint = f"; did you mean {close[0]}?" if close else ""
        raise UsageError(f"{where}: there is no class of sound {name!r} (docs/seen-and-heard.md){hint}")
    if not 0 < confidence <= 1:
        raise UsageError(f"{where}: {part.strip()!r} is not a class and a confidence above 0, up to 1")
    return name, confidence
