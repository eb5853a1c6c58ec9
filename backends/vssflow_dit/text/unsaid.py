"""What of a line no voice can say, in a sentence for the report."""

from __future__ import annotations

import unicodedata

from vssflow_dit.text.normalise import unsayable
from vssflow_dit.text.phonemes import phonemise

MOST_WORDS = 8
"""Of those that are named."""
LONGEST = 80
"""Characters of a line that is named whole."""
_WAY_OUT = "Write it in Latin letters, as it sounds, or in English."


def has_sound(text: str) -> bool:
    """Whether there is anything in a line that can be said."""
    return bool(phonemise(text))


def left_unsaid(text: str) -> str:
    """A sentence about what of a line is not heard; "" where all of it is."""
    words = unsayable(text)
    if words and not has_sound(text):
        line = " ".join(text.split())
        shown = line if len(line) <= LONGEST else f"{line[:LONGEST]}…"
        return f"Nothing is heard, since the voices have no sounds for “{shown}” ({_letters_of(words)}). {_WAY_OUT}"
    if words:
        named = ", ".join(f"“{word.strip(_STOPS)}”" for word in words[:MOST_WORDS])
        more = f" and {len(words) - MOST_WORDS} more" if len(words) > MOST_WORDS else ""
        return f"Left unsaid, since the voices have no sounds for it: {named}{more} ({_letters_of(words)}). {_WAY_OUT}"
    if text.strip() and not has_sound(text):
        return f"Nothing is heard, since there is no word in “{' '.join(text.split())[:LONGEST]}”."
    return ""


_STOPS = '.,;:!?()[]"\u2026\u3001\u3002\uff0c'


def _letters_of(words: list[str]) -> str:
    """Which alphabets the words are written in, as Unicode calls them: Cyrillic letters."""
    names = (unicodedata.name(each, "").split(" ")[0] for word in words for each in word if not each.isascii())
    known = dict.fromkeys(
        "Chinese" if name == "CJK" else name.capitalize() for name in names if name not in ("", "LATIN")
    )
    return " and ".join(list(known)[:3]) + " letters"
