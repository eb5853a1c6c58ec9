"""File names as libraries really have them, each with the class that a sound editor expects of it.

`data/ucs_names.csv` was written by hand, most of it without a look at the tables: names of public libraries, and after
the habits of many vendors. Where editors would differ it allows each of their answers, divided by `/`; `-` is no class.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path, PurePath

from vssflow_dit.sounds import CLASSES
from vssflow_library.naming import ucs
from vssflow_library.naming.label import of_words

FORMAL = ("plain", "public", "rare", "user", "vendor", "tail", "short", "case")
"""Habits that the standard allows; the others bend it."""


@cache
def _names() -> list[dict[str, str]]:
    with (Path(__file__).parent / "data" / "ucs_names.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _heard(name: str) -> str:
    return of_words(PurePath(name)).sound or "-"


def _disagreements(habits: tuple[str, ...] | None = None) -> tuple[list[str], int]:
    """What differs, a line each, and how many names there are."""
    rows = [row for row in _names() if habits is None or row["habit"] in habits]
    wrong = [
        f"{row['name']} ({row['habit']}): {_heard(row['name'])}, not {row['classes']}"
        for row in rows
        if _heard(row["name"]) not in row["classes"].split("/")
    ]
    return wrong, len(rows)


def test_95_of_100_names_have_the_class_that_an_editor_expects() -> None:
    wrong, n_names = _disagreements()
    print(f"{n_names - len(wrong)} of {n_names} right", *wrong, sep="\n")
    assert n_names >= 500
    assert len(wrong) <= 0.05 * n_names


def test_so_do_the_names_of_one_answer_and_those_that_bend_the_standard() -> None:
    only = [row for row in _names() if "/" not in row["classes"]]
    assert sum(_heard(row["name"]) != row["classes"] for row in only) <= 0.05 * len(only)
    bent = tuple({row["habit"] for row in _names()} - set(FORMAL))
    wrong, n_names = _disagreements(bent)
    assert len(wrong) <= 0.05 * n_names, wrong


def test_the_blocks_of_a_name_are_told_apart() -> None:
    wrong = []
    for row in _names():
        expected = (row["cat_id"], row["fx_name"], row["creator_id"], row["source_id"])
        name = ucs.parse(PurePath(row["name"]).stem) if row["cat_id"] else None
        if name is not None and any(expected[1:]):
            found = (name.cat_id, name.fx_name, name.creator, name.source)
            wrong += [f"{found}, not {expected}"] if found != expected else []
        elif row["cat_id"] and (name is None or name.cat_id != expected[0]):
            wrong.append(f"{row['name']}: {name}")
    assert not wrong, "\n".join(wrong)


def test_the_names_are_of_all_categories_and_of_classes_that_there_are() -> None:
    for row in _names():
        assert set(row["classes"].split("/")) <= {"-", *CLASSES}, row["name"]
    said = {name.cat_id for row in _names() if (name := ucs.parse(PurePath(row["name"]).stem)) is not None}
    categories = {ucs.category_of(cat_id) for cat_id in ucs.categories().values()}
    assert len(ucs.categories()) > 81
    assert categories <= {ucs.category_of(cat_id) for cat_id in said}


def test_a_word_that_only_looks_like_a_category_takes_no_other_class_away() -> None:
    for name, sound in {
        "Door_Bell_01": "door",
        "Wind_Chimes": "bell",
        "Fire_Alarm_Bell": "alarm_siren",
        "GLASS_DOOR_SLAM": "door",
        "Water_Drop": "splash",
        "VOICES_MALE_Man At Door": "door",
    }.items():
        assert _heard(f"{name}.wav") == sound, name
