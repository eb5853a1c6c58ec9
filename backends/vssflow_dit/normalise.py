"""Written text to the words that are spoken."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

PAUSE = "|"


def spoken_words(text: str, dictionary: Mapping[str, list[list[str]]]) -> list[str]:
    """Lower-case words and PAUSE."""
    plain = unicodedata.normalize("NFKD", text.replace("\u2019", "'")).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z']*[a-z][a-z']*|[,;:.?!]", plain)
    out: list[str] = []
    for word in words:
        if word[0] in ",;:.?!":
            if out and out[-1] != PAUSE:
                out.append(PAUSE)
        else:
            out.append(word if word in dictionary else word.strip("'"))
    return out[:-1] if out and out[-1] == PAUSE else out
