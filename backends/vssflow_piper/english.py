"""English lines as espeak-ng shall say them: figures, abbreviations and marks-up are read as the starter reads them, so
that a script is spoken the same by whatever voice; espeak-ng makes sounds of the words, and hears how sentences end.
"""

from __future__ import annotations

import re

from vssflow_dit.text.normalise import spoken_words
from vssflow_dit.text.phonemes import dictionary
from vssflow_dit.text.readings import PAUSE

_MAY_END = re.compile(r"[.?!]+[\"'”’)\]]*\s+")  # noqa: RUF001
_LETTERS = re.compile(r"\b([A-Z]) (?=[A-Z]\b)")
"""Names of letters in a row, which espeak-ng reads as such with dots between."""
_MARK = re.compile(r"[.?!](?=[^.?!\w]*$)")


def plain_english(text: str) -> str:
    """The words that are said, with a comma where the speaker pauses and each sentence's own mark at its end; "" where
    there are none."""
    return " ".join(filter(None, map(_sentence, sentences(text))))


def sentences(text: str) -> list[str]:
    """The line cut where a sentence ends, which the reader of words tells: after `Mr.` none does."""
    parts, start = [], 0
    for found in _MAY_END.finditer(text):
        left, right = text[start : found.end()], text[found.end() :]
        if [*_words(left), PAUSE, *_words(right)] == _words(text[start:]):
            parts.append(left)
            start = found.end()
    return [*parts, text[start:]]


def _words(text: str) -> list[str]:
    return spoken_words(text, dictionary())


def mark_of(sentence: str) -> str:
    """How it ends: `.`, `?` or `!`."""
    found = _MARK.search(sentence)
    return found[0] if found else "."


def _sentence(text: str) -> str:
    words = [_as_espeak_reads_it(word, text) for word in _words(text)]
    said = _LETTERS.sub(r"\1.", " ".join(words).replace(f" {PAUSE}", ","))
    return said and f"{said}{mark_of(text)}"


def _as_espeak_reads_it(word: str, text: str) -> str:
    """Capitals for the names of letters, one by one or, as in CIA, as a word."""
    is_name = word.endswith(".") or (len(word) > 1 and re.search(rf"\b{re.escape(word.upper())}\b", text))
    return word.rstrip(".").upper() if is_name and not text.isupper() else word.rstrip(".")
