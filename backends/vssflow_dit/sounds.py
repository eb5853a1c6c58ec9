"""The classes of sound: what in the picture each follows, and which of them a prompt in words means.

Names alone: the physics that makes them heard in training data is `synthesis.sounds`. docs/sounds.md shows the table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
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


ALIASES: dict[str, tuple[str, ...]] = {
    "wood": (
        "wooden",
        "plank",
        "table",
        "stick",
        "log",
        "board",
        "bat",
        "axe",
        "crate",
        "chop",
        "cricket bat",
        "baseball bat",
    ),
    "metal": ("steel", "iron", "hammer", "anvil", "sword", "clang", "pipe", "pan", "chain", "tin", "metallic"),
    "glass": ("bottle", "crystal", "window", "cup", "clink", "crockery", "porcelain", "plate", "ice cube"),
    "stone": ("rock", "concrete", "brick", "marble", "pavement", "tile", "asphalt", "street"),
    "plastic": ("rubber", "toy", "box", "bucket"),
    "thud": ("drum", "body", "punch", "fall", "step", "footstep", "walk", "run", "thump", "carpet", "hit", "drop"),
    "engine": ("car", "truck", "motor", "vehicle", "motorcycle", "bus", "tractor", "machine", "van", "drive", "boat"),
    "whoosh": ("swing", "swish", "air", "swoosh", "throw", "fly by", "sword swing"),
    "rain": ("storm", "drizzle", "shower", "downpour", "raindrop"),
    "wind": ("breeze", "gale", "gust", "blizzard"),
    "stream": (
        "river",
        "brook",
        "creek",
        "waterfall",
        "fountain",
        "running water",
        "water flow",
        "tap water",
        "faucet",
    ),
    "fire": ("campfire", "flame", "fireplace", "burn", "crackling fire", "bonfire"),
    "gravel": ("pebble", "shingle", "grit", "rubble", "cinder"),
    "grass": ("lawn", "meadow", "leaf", "foliage", "hay", "straw", "bush"),
    "snow": ("snowball", "slush", "snowdrift"),
    "water": ("splash", "puddle", "swim", "wade", "pool", "dive", "paddle"),
    "bounce": ("ball", "basketball", "football", "tennis ball", "dribble"),
    "knock": ("tap", "rap", "door knock", "knock on the door", "knock on a door"),
    "door": ("slam", "gate", "latch", "car door", "cupboard", "lid", "drawer", "glass door", "shut"),
    "keys": ("key", "keyring", "jingle", "coin", "bunch of keys", "car keys", "cutlery"),
    "typing": ("type", "keyboard", "typewriter", "keystroke", "button", "mouse click", "computer keys"),
    "bell": ("church bell", "gong", "ring", "chime", "doorbell", "ding", "toll", "bicycle bell"),
    "wheels": ("wheel", "cart", "carriage", "train", "trolley", "skateboard", "roll", "suitcase", "wagon", "tram"),
    "thunder": ("lightning", "thunderstorm", "thunderclap"),
    "explosion": ("explode", "bomb", "blast", "gun", "gunshot", "gunfire", "cannon", "firework", "grenade"),
    "clock": ("tick", "wristwatch", "pocket watch", "clockwork", "metronome", "tick tock"),
    "cloth": ("fabric", "clothes", "clothing", "shirt", "jacket", "rustle", "curtain", "bed sheet", "coat", "flag"),
    "paper": ("page", "newspaper", "book", "crumple", "cardboard", "paper bag", "sheet of paper"),
    "saw": ("hacksaw", "handsaw", "rasp", "sandpaper"),
    "bird": ("birdsong", "chirp", "tweet", "sparrow", "blackbird", "robin", "songbird", "forest"),
}
"""Class -> words and phrases that people use for it, in their plainest form: `leaf`, not `leaves`."""
INSTEAD = {
    "gravel": "stone",
    "grass": "thud",
    "snow": "thud",
    "water": "stream",
    "bounce": "plastic",
    "knock": "wood",
    "door": "wood",
    "keys": "metal",
    "typing": "plastic",
    "bell": "metal",
    "wheels": "engine",
    "explosion": "thud",
    "cloth": "whoosh",
}
"""What comes nearest to a class that the weights do not have; the others have nothing near them."""
MATERIALS = ("wood", "metal", "glass", "stone", "plastic")
GENERAL = ("thud",)


def sound_class(prompt: str, classes: Sequence[str]) -> tuple[str, str]:
    """(class, note): the class of `classes` that the prompt's words name.

    More words say more than fewer (`car door` is a door, `car` an engine); a thing says more than the material it is
    made of, and that more than a step or a hit; then the first counts. The class is "" (unspecified) for an empty
    prompt, and, with a note that says so, where no word is near; a note also tells where another class stands in.
    """
    words = re.findall(r"[a-z]+", prompt.lower())
    found = sorted(_found(words, classes))
    for *_, name in found:
        if name in classes:
            return name, ""
        if INSTEAD.get(name) in classes:
            return INSTEAD[name], f"The weights have no class {name}: {INSTEAD[name]} stands in for {prompt!r}."
    if not words:
        return "", ""
    return "", f"No sound class is near the prompt {prompt!r}: the sound follows the picture alone."


def _found(words: Sequence[str], classes: Sequence[str]) -> Iterator[tuple[int, int, int, str]]:
    """(minus its number of words, rank, place, class) of everything in the prompt that names a class."""
    forms = [_forms(word) for word in words]
    for name in dict.fromkeys([*classes, *ALIASES]):
        rank = 2 if name in GENERAL else 1 if name in MATERIALS else 0
        for phrase in (name, *ALIASES.get(name, ())):
            parts = phrase.split()
            for k in range(len(words) - len(parts) + 1):
                if all(part in forms[k + j] for j, part in enumerate(parts)):
                    yield -len(parts), rank, k, name


def _forms(word: str) -> set[str]:
    """The word and what it may be a plural, a third person, a past or a participle of."""
    forms = {word}
    for ending in ("s", "es", "ing", "ed", "er", "y"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            stem = word.removesuffix(ending)
            forms |= {stem, stem + "e"} if ending in ("ing", "ed", "er") else {stem}
            if stem[-1] == stem[-2]:
                forms.add(stem[:-1])
    if word.endswith("ies"):
        forms.add(word.removesuffix("ies") + "y")
    if word.endswith("ves"):
        forms.add(word.removesuffix("ves") + "f")
    return forms
