"""The classes of sound the starter knows and what in the picture each follows: names alone, none of their physics."""

from __future__ import annotations

from typing import Literal, TypeAlias

Follows: TypeAlias = Literal["strikes", "speed", "nothing"]

_KNOWN: tuple[tuple[Follows, str], ...] = (
    ("strikes", "wood metal glass stone plastic thud"),
    ("speed", "engine whoosh"),
    ("nothing", "rain wind stream fire"),
    ("strikes", "gravel grass snow water bounce knock door keys typing bell"),
    ("speed", "wheels"),
    ("nothing", "thunder"),
    ("strikes", "explosion"),
    ("nothing", "clock"),
    ("speed", "cloth paper saw"),
    ("nothing", "bird"),
)
_FOLLOWS: dict[str, Follows] = {name: what for what, names in _KNOWN for name in names.split()}
CLASSES = tuple(_FOLLOWS)
"""In the order in which the starter numbers them: id k + 1 in the model, 0 is "unspecified". Only ever appended to."""
RINGS_DOWN = ("wood", "metal", "glass", "stone", "plastic", "thud", "bounce", "knock", "bell")
"""Struck, and from then on only ever quieter until struck again; the others crunch, rattle or splash."""


def follows(name: str) -> Follows:
    """What in the picture the class `name` follows: each strike, how fast something moves, or nothing."""
    return _FOLLOWS.get(name, "nothing")
