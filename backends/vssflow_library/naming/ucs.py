"""File names by the Universal Category System, `CatID-UserCategory_VendorCategory-FXName_CreatorID_SourceID_UserData`.

`ucs_classes.csv` says for every CatID of its version 8.2.1 which class of sound it is; where a CatID alone does not
tell, it names the classes among which the words of the name decide (`*`: all).
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cache
from itertools import islice
from pathlib import Path

from vssflow_dit.sounds import ALIASES, CLASSES, GENERAL, MATERIALS, forms, sound_class

HERE = Path(__file__).parent
_SPLIT = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
"""A word of a name: `DoorSlam` is two, `TVStatic` as well."""
_PIECE = re.compile(r"(?<![^\W_])([A-Za-z]+)\d*(?![^\W_])")
"""What may be a CatID: letters, and perhaps a number behind them (`GLASBrk01`)."""
_CATEGORY = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]+$")
"""What a CatID begins with: its category."""
_PLAIN = (*GENERAL, *MATERIALS)
"""Classes whose words say less than any other: what a thing is made of, a step, a hit."""
PIECES = 6
"""How far behind the beginning of a name its CatID is looked for."""


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
        """All that it says of the sound, in plain words; of a name with more blocks than the system knows also what
        stands behind, for its underscores may be spaces (`FEETHmn_Boots_On_Gravel_Walk`)."""
        behind = (self.creator, self.source, self.user_data) if self.user_data else ()
        parts = (self.vendor_category, self.fx_name, self.user_category, *behind)
        return " ".join(word for part in parts for word in words(part))


@dataclass(frozen=True, slots=True)
class _Row:
    sound: str
    others: tuple[str, ...]
    """Classes that the words of a name may choose instead."""

    @property
    def choice(self) -> tuple[str, ...]:
        """All classes that the words may choose, the row's own first."""
        return (self.sound, *self.others) if self.sound else self.others

    @property
    def is_open(self) -> bool:
        """Whether the words may choose any class there is."""
        return len(self.others) >= len(CLASSES) - 1


@cache
def _rows() -> dict[str, tuple[str, _Row]]:
    """CatID in small letters -> (as it is spelled, its row). A MISC that has classes has all of its category."""
    with (HERE / "ucs_classes.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["cat_id"]: (row["class"], tuple(_matching(row["or"].split()))) for row in csv.DictReader(file)}
    of_category: dict[str, dict[str, None]] = {}
    for cat_id, (sound, others) in rows.items():
        of_category.setdefault(category_of(cat_id), {}).update(dict.fromkeys([sound, *others] if sound else others))
    for cat_id, (sound, others) in rows.items():
        if cat_id.endswith("Misc") and (sound or others):
            all_of_it = of_category[category_of(cat_id)]
            rows[cat_id] = (sound, tuple(dict.fromkeys([*others, *(name for name in all_of_it if name != sound)])))
    return {cat_id.lower(): (cat_id, _Row(*row)) for cat_id, row in rows.items()}


def category_of(cat_id: str) -> str:
    found = _CATEGORY.match(cat_id)
    return found[0] if found is not None else cat_id


@cache
def categories() -> dict[str, str]:
    """Name of a category, in small letters, as the list has it and in the singular -> the CatID that stands for it."""
    with (HERE / "ucs_categories.csv").open(encoding="utf-8", newline="") as file:
        names = {row["category"].lower(): row["cat_id"] for row in csv.DictReader(file)}
    return {name.removesuffix("s"): cat_id for name, cat_id in names.items()} | names


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
    """What a file name without its ending says; None where no CatID is in it. What a CatID that is on no list says
    behind its category (`TOOLDrill`) is a user's own.

    Only the CatID is required, and what people and sites put before it is passed over (`0231 GLASBrk_`,
    `554595__jaku5__watrsplsh_`). One that is also a plain word (`Rain_on roof`) counts only as the list spells it.
    """
    if "_" not in stem.replace("__", ""):
        stem = stem.replace("__", "_")
    for piece in islice(_PIECE.finditer(stem), PIECES):
        cat_id = _cat_id(piece[1], stem[piece.end() :].lstrip(" ")[:1], not stem[: piece.start()].strip())
        if cat_id is not None:
            name = _in_blocks(cat_id, stem[piece.end() :])
            own = "" if piece[1].lower() in _rows() else _CATEGORY.sub("", piece[1], count=1)
            return replace(name, user_category=f"{own} {name.user_category}".strip()) if own else name
    return None


def _cat_id(word: str, follows: str, leads: bool) -> str | None:
    """The CatID that a word of a name is; `follows` is the sign behind it."""
    listed = _rows().get(word.lower())
    if listed is None:
        return known(word) if leads and follows in ("", "_", "-") else None
    cat_id, row = listed
    if not cat_id.isupper():
        return cat_id
    if word != cat_id or follows not in ("", "_", "-") or (not leads and (follows != "_" or not row.sound)):
        return None
    return cat_id


def _in_blocks(cat_id: str, behind: str) -> UcsName:
    """`behind` is what follows the CatID: `-UserCategory_...`, or a name without underscores."""
    own, *blocks = [block.strip() for block in behind.split("_")]
    user_category = own[1:].strip() if own.startswith("-") and not behind.startswith(" ") else ""
    if not user_category and words(own):
        blocks.insert(0, own.strip(" -."))
    blocks += [""] * (3 - len(blocks))
    vendor, dash, fx_name = blocks[0].partition("-")
    if not dash:
        vendor, fx_name = "", blocks[0]
    return UcsName(cat_id, fx_name.strip(), user_category, vendor.strip(), blocks[1], blocks[2], "_".join(blocks[3:]))


def in_category(stem: str) -> str:
    """The class that a name tells whose first block is a category in full, with no CatID (`VEHICLES_Motorcycle Idle`):
    one of the category's. "" where its words name none of them, or only what something is made of."""
    head, *rest = re.split("[_-]", stem, maxsplit=1)
    cat_id = categories().get(head.strip().lower())
    if cat_id is None or not rest:
        return ""
    _, row = _rows()[cat_id.lower()]
    if row.is_open:
        return ""
    found = named_in(rest[0], row.choice)
    return "" if found in _PLAIN else found


def class_of(cat_id: str, said: str) -> str:
    """The class of sound of a CatID that `known` gave; `said` are words, which decide where it alone does not tell.
    "" for what no class is near."""
    _, row = _rows()[cat_id.lower()]
    if row.is_open:
        return sound_class(said, CLASSES)[0] or row.sound
    return named_in(said, row.choice) or row.sound


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
            rank = 1 if name in _PLAIN and phrase not in plain else 0
            for k in range(len(spoken) - len(parts) + 1):
                if all(part in spoken[k + j] for j, part in enumerate(parts)):
                    yield -len(parts), rank, k, name
