"""Whether a character is a woman or a man, as far as the name tells: ANNA, MRS. REED, OLD MAN, Waitress #2, TOM (M).

`titles.csv` has words that say it. `first_names.csv` has the first names of the United States census of 1990 (public
domain) that one sex bears at least five times as often as the other.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

WOMAN, MAN = "woman", "man"
"""As in `VoiceFacts.sex`."""
_MARK = re.compile(r"\(\s*(f|m|female|male|woman|man)\.?\s*\)", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?")
_MARKS = {"f": WOMAN, "female": WOMAN, "woman": WOMAN, "m": MAN, "male": MAN, "man": MAN}


def sex_of(speaker: str) -> str | None:
    """`woman` or `man`; None where the name does not tell.

    A mark such as `(F)` decides, then words that say it (`MRS.`, `OLD MAN`), then the first of the names that the
    census knows.
    """
    mark = _MARK.search(speaker)
    if mark is not None:
        return _MARKS[mark.group(1).lower()]
    words = _WORD.findall(speaker.lower())
    told = {sex for word in words if (sex := _known("titles.csv").get(word))}
    if told:
        return told.pop() if len(told) == 1 else None  # a king and his daughter speak together
    return next((sex for word in words if (sex := _known("first_names.csv").get(word))), None)


def unmarked(speaker: str) -> str:
    """The name without a mark such as `(F)`."""
    return " ".join(_MARK.sub(" ", speaker).split()) or speaker


def person(speaker: str) -> str:
    """Who is meant, however the name is written: `ANNA`, `Anna` and `ANNA (F)` are one."""
    return unmarked(speaker).upper()


@cache
def _known(table: str) -> Mapping[str, str]:
    with (Path(__file__).parent / table).open(encoding="utf-8", newline="") as file:
        return {row["name"].lower(): row["sex"] for row in csv.DictReader(file)}
