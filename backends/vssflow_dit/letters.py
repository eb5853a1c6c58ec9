"""Letters to sounds, for words that the dictionary lacks."""

from __future__ import annotations

from collections.abc import Mapping

Dictionary = Mapping[str, list[list[str]]]


def spell_out(word: str, dictionary: Dictionary) -> list[str]:
    """Placeholder until the rules stand: letter by letter."""
    return [symbol for letter in word for symbol in dictionary.get(letter + ".", [[]])[0]]
