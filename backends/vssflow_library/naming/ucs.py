"""File names by the Universal Category System, `CatID-UserCategory_VendorCategory-FXName_CreatorID_SourceID_UserData`.

`ucs_classes.csv` says for every CatID of its version 8.2.1 which class of sound it is; where a CatID alone does not
tell, it names the classes among which the words of the name decide (`*`: all).
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from vssflow_dit.sounds import ALIASES, CLASSES, GENERAL, forms, sound_class

HERE = Path(__file__).parent
_SPLIT = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
"""A word of a name: `DoorSlam` is two, `TVStatic` as well."""


@dataclass(frozen=True, slots=True)
class UcsName:
    """What a name says in its blocks; "" for what it lacks."""

    cat_id: str
    """As the list of CatIDs spells it, where it is on it."""
    fx_name: str
    user_category: str = ""
    vendor_category: str = ""
    creator: str = ""
    source: str = ""
    user_data: str = ""

    @property
    def said(self) -> str:
        """All that it says of the sound, in plain words."""
        parts = (self.vendor_category, self.fx_name, self.user_category)
        return " ".join(word for part in parts for word in words(part))


@dataclass(frozen=True, slots=True)
class _Row:
    sound: str
    others: tuple[str, ...]
    """Classes that the words of a name may choose instead."""


@cache
def _rows() -> dict[str, tuple[str, _Row]]:
    """CatID in small letters -> (as it is spelled, its row)."""
    with (HERE / "ucs_classes.csv").open(encoding="utf-8", newline="") as file:
        return {
            row["cat_id"].lower(): (row["cat_id"], _Row(row["class"], tuple(_matching(row["or"].split()))))
            for row in csv.DictReader(file)
        }


def _matching(patterns: Iterable[str]) -> Iterator[str]:
    for pattern in patterns:
        yield from (name for name in CLASSES if fnmatchcase(name, pattern))


@cache
def _file_words() -> dict[str, tuple[str, ...]]:
    """Class -> words that name it in a file name whose category is known, and elsewhere may mean anything."""
    with (HERE / "file_words.csv").open(encoding="utf-8", newline="") as file:
        return {row["class"]: tuple(row["words"].split(";")) for row in csv.DictReader(file)}


def words(text: str) -> list[str]:
    """The words of a file or folder name, in small letters: without numbers and accents, `DoorSlam_03` as `door`,
    `slam`."""
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))
    return [word.lower() for word in _SPLIT.findall(plain)]


def known(cat_id: str) -> str | None:
    """The CatID as the list spells it; of one that is not on it but of a known category (`DOORGeneral`) the category's
    MISC. None for anything else."""
    spelled = _rows().get(cat_id.lower())
    if spelled is not None:
        return spelled[0]
    short = re.match(r"[A-Z]{2,5}(?=[A-Z][a-z]+$)", cat_id)
    for n in range(len(short[0]) if short else 0, 1, -1):
        for rest in ("misc", ""):
            spelled = _rows().get(cat_id[:n].lower() + rest)
            if spelled is not None:
                return spelled[0]
    return None


def parse(stem: str) -> UcsName | None:
    """What a file name without its ending says; None where it does not begin with a CatID.

    Only the CatID is required. A name of that alone, or of a CatID that is also a plain word (`Rain_on roof`), counts
    only as the list spells it.
    """
    blocks = [block.strip() for block in stem.split("_")]
    head, _, user_category = blocks[0].partition("-")
    cat_id = known(head.strip())
    if cat_id is None or (cat_id.isupper() and head.strip() != cat_id):
        return None
    blocks += [""] * (4 - len(blocks))
    vendor, dash, fx_name = blocks[1].partition("-")
    if not dash:
        vendor, fx_name = "", blocks[1]
    return UcsName(
        cat_id, fx_name.strip(), user_category.strip(), vendor.strip(), blocks[2], blocks[3], "_".join(blocks[4:])
    )


def class_of(cat_id: str, said: str) -> str:
    """The class of sound of a CatID that `known` gave; `said` are words, which decide where it alone does not tell.
    "" for what no class is near."""
    _, row = _rows()[cat_id.lower()]
    if len(row.others) == len(CLASSES):
        return sound_class(said, CLASSES)[0] or row.sound
    return named_in(said, [row.sound, *row.others] if row.sound else row.others) or row.sound


def named_in(said: str, classes: Sequence[str]) -> str:
    """The class among `classes` that the words name; "" for none. As `sounds.sound_class`, but nothing stands in for
    anything, and words count that name a class only where few are asked for."""
    spoken = [forms(word) for word in words(said)]
    found = sorted(_found(spoken, classes))
    return found[0][-1] if found else ""


def _found(spoken: Sequence[set[str]], classes: Sequence[str]) -> Iterator[tuple[int, int, int, str]]:
    """(minus its number of words, rank, place, class): whatever names a class."""
    for name in classes:
        plain = _file_words().get(name, ())
        for phrase in (name.replace("_", " "), *plain, *ALIASES.get(name, ())):
            parts = phrase.split()
            rank = 1 if name in GENERAL and phrase not in plain else 0
            for k in range(len(spoken) - len(parts) + 1):
                if all(part in spoken[k + j] for j, part in enumerate(parts)):
                    yield -len(parts), rank, k, name
