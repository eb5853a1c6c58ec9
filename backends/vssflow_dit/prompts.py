"""Sound prompts in words to the classes a model knows."""

from __future__ import annotations

import re
from collections.abc import Sequence

ALIASES: dict[str, str] = {
    "wooden": "wood", "plank": "wood", "table": "wood", "door": "wood", "knock": "wood", "stick": "wood", "tree": "wood",
    "steel": "metal", "iron": "metal", "hammer": "metal", "anvil": "metal", "bell": "metal", "sword": "metal", "clang": "metal",
    "bottle": "glass", "crystal": "glass", "window": "glass", "cup": "glass",
    "rock": "stone", "concrete": "stone", "brick": "stone", "marble": "stone", "pebble": "stone",
    "rubber": "plastic", "ball": "plastic", "toy": "plastic", "box": "plastic", "keyboard": "plastic",
    "drum": "thud", "body": "thud", "punch": "thud", "fall": "thud", "step": "thud", "footstep": "thud", "footsteps": "thud",
    "car": "engine", "truck": "engine", "motor": "engine", "vehicle": "engine", "motorcycle": "engine", "bus": "engine",
    "tractor": "engine", "machine": "engine", "swing": "whoosh", "swish": "whoosh", "air": "whoosh",
    "storm": "rain", "drizzle": "rain", "shower": "rain", "breeze": "wind", "gale": "wind",
    "river": "stream", "brook": "stream", "water": "stream", "creek": "stream", "campfire": "fire", "flames": "fire",
    "fireplace": "fire",
}  # fmt: skip
"""Words that people use for a class."""


def sound_class(prompt: str, classes: Sequence[str]) -> tuple[str, str]:
    """(class, note): the first word of the prompt that is a class or an alias of one.

    The class is "" (unspecified) for an empty prompt, and, with a note that says so, where no word is near.
    """
    words = re.findall(r"[a-z]+", prompt.lower())
    for word in words:
        for form in (word, word.removesuffix("s"), word.removesuffix("ing")):
            name = form if form in classes else ALIASES.get(form, "")
            if name in classes:
                return name, ""
    if not words:
        return "", ""
    return "", f"No sound class is near the prompt {prompt!r}: the sound follows the picture alone."
