"""Sound prompts in words to the classes a model knows."""

from __future__ import annotations

import re
from collections.abc import Sequence

SYNONYMS: dict[str, str] = {
    "wood": "wooden plank table door knock stick tree",
    "metal": "steel iron hammer anvil bell sword clang",
    "glass": "bottle crystal window cup",
    "stone": "rock concrete brick marble pebble",
    "plastic": "rubber ball toy box keyboard",
    "thud": "drum body punch fall step footstep footsteps",
    "engine": "car truck motor vehicle motorcycle bus tractor machine",
    "whoosh": "swing swish air",
    "rain": "storm drizzle shower",
    "wind": "breeze gale",
    "stream": "river brook water creek",
    "fire": "campfire flames fireplace",
}
"""Class -> words that people use for it."""
ALIASES = {word: name for name, words in SYNONYMS.items() for word in words.split()}


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
