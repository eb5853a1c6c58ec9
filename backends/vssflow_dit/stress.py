"""Where a word that no dictionary has is stressed, and what becomes of its other vowels."""

from __future__ import annotations

import re
from collections.abc import Sequence

VOWELS = frozenset(["AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"])
FULL = frozenset(["AW", "AY", "OY", "EY", "OW", "UW", "IY", "AO"])
"""Vowels that keep their colour without stress."""
_BEFORE_ENDING = re.compile(r"(?:tion|sion|cian|ic|ics|ical|ity|ial|ian|ious|eous|ia|ium)$")


def with_stress(sounds: Sequence[str], letters: str) -> list[str]:
    """The sounds with a stress on every vowel: one primary, unstressed short vowels reduced to a schwa.

    The primary falls before endings that draw it (-tion, -ic, -ity), else on the last syllable but one of words in
    -a, -o, -i, else on the first of two syllables, else on the third from the end.
    """
    nuclei = [k for k, sound in enumerate(sounds) if sound in VOWELS]
    if not nuclei:
        return list(sounds)
    stressed = nuclei[_primary(len(nuclei), letters)]
    return [_stressed(sound, k == stressed) if sound in VOWELS else sound for k, sound in enumerate(sounds)]


def _primary(n: int, letters: str) -> int:
    ending = _BEFORE_ENDING.search(letters)
    if ending and n > 1:
        return max(0, n - 1 - {"tion": 1, "sion": 1, "cian": 1, "ic": 1, "ics": 1}.get(ending[0], 2))
    if n > 2 and letters[-1] in "aoi":
        return n - 2
    return 0 if n < 3 else n - 3


def _stressed(sound: str, primary: bool) -> str:
    if primary:
        return sound + "1"
    if sound in FULL or sound == "ER":
        return sound + "0"
    return {"IH": "IH0", "EH": "IH0", "UH": "UH0"}.get(sound, "AH0")
