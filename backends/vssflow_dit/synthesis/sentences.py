"""The sentences of training speech: prose from Debian's fortunes and everyday sentences, none of it twice."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from pathlib import Path

from vssflow_dit.synthesis.everyday import everyday_sentence
from vssflow_dit.text.phonemes import dictionary

FORTUNES = Path("/usr/share/games/fortunes")
"""Debian's packages `fortunes` and `fortunes-min`."""
_UNUSED = (
    "drugs",
    "men-women",
    "ethnic",
    "zippy",
    "perl",
    "ascii-art",
    "art",
    "songs-poems",
    "translate-me",
    "definitions",
    "disclaimer",
    "off",
    "startrek",
    "politics",
    "debian",
    "linuxcookie",
    "goedel",
)
_UNSAVOURY = re.compile(
    r"\b(sex\w*|fuck\w*|shit\w*|bitch\w*|whore\w*|rape\w*|nazi\w*|nude|naked|ass|damn\w*|bastard\w*|suicid\w*)\b"
)


def fortune_sentences(folder: Path = FORTUNES) -> list[str]:
    """Clean English prose of 3-14 words whose every word the dictionary knows, in a steady order, without repeats."""
    known = dictionary()
    kept: dict[str, str] = {}
    for path in sorted(folder.glob("*.u8")):
        if path.stem in _UNUSED:
            continue
        for fortune in path.read_text("utf-8", "replace").split("\n%\n"):
            prose = re.sub(r"\s+", " ", re.split(r"\n\s*--", fortune)[0])
            for sentence in re.split(r"(?<=[a-z][.?!])[\"')\]]* +[\"'(\[]*(?=[A-Z])", prose):
                clean = _clean_prose(sentence)
                if clean and all(word in known for word in words_of(clean)):
                    kept.setdefault(sentence_key(clean), clean)
    return list(kept.values())


def words_of(sentence: str) -> list[str]:
    """Its words in lower case, for comparison only."""
    return re.findall(r"[a-z]+(?:'[a-z]+)*", sentence.lower())


def sentence_key(sentence: str) -> str:
    """Equal for sentences that differ in nothing but case and punctuation."""
    return " ".join(words_of(sentence))


def _clean_prose(sentence: str) -> str:
    """The sentence with straight quotes and one of . ? ! at its end, or "" where it is no plain prose of 3-14 words."""
    text = sentence.strip().replace("\u2019", "'").strip("\"'()[]").strip()
    text = re.sub(r"(?<=\w)[\"()]+|[\"()]+(?=\w)", "", text)
    text = re.sub(r"\s*(\.\.\.|--|;|:)\s*", ", ", text).strip(" ,")
    if text and text[-1] not in ".?!":
        text += "."
    plain = re.fullmatch(r"[A-Z][A-Za-z',\- ]*[.?!]", text) and not re.search(
        r"\b[A-Z]{2,}\b|'s?\s'|\w-|\s-|''| '|' ", text
    )
    return text if plain and 3 <= len(words_of(text)) <= 14 and not _UNSAVOURY.search(text.lower()) else ""


def sentences(n: int, seed: int, excluded: Sequence[str] = (), everyday_share: float = 0.5) -> list[str]:
    """`n` different sentences, everyday ones from the grammar and prose from the fortunes; none of `excluded`.

    Fewer fortunes than asked for are made up by the grammar.
    """
    chance = random.Random(seed)
    seen = {sentence_key(sentence) for sentence in excluded}
    prose = [sentence for sentence in fortune_sentences() if sentence_key(sentence) not in seen]
    chance.shuffle(prose)
    chosen = prose[: n - round(n * everyday_share)]
    seen.update(map(sentence_key, chosen))
    known = dictionary()
    while len(chosen) < n:
        sentence = everyday_sentence(chance)
        key = sentence_key(sentence)
        if key not in seen and all(word in known for word in words_of(sentence)):
            seen.add(key)
            chosen.append(sentence)
    chance.shuffle(chosen)
    return chosen
