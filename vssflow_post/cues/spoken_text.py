"""From the text of a subtitle to the words somebody speaks, and who."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

_VOICE = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>\n]+)>", re.IGNORECASE)
_MARKUP = re.compile(r"</?[a-zA-Z][^<>\n]*>|<\d[\d:.]*>|\{[^{}]*\}")
_DESCRIPTION = re.compile(r"\[[^\[\]]*\]|\([^()]*\)|\uff08[^\uff08\uff09]*\uff09")
_DASH = re.compile(r"^\s*[-\u2010-\u2015\u2212]+\s*(?=\S)")
_PREFIX = re.compile(r"^\s*([^\W\d_][^:\n]{0,39}?)\s*:(?:\s+|$)")
_BRACKETED_SPEAKER = re.compile(r"^\s*\[([^\[\]:\n]{1,40})\]\s*:(?=\s|$)", re.MULTILINE)
_MUSIC_SIGNS = str.maketrans(dict.fromkeys("♪♫♬♩", " "))


@dataclass(frozen=True, slots=True)
class Utterance:
    """What one person says in one subtitle."""

    text: str
    speaker: str | None


@dataclass(frozen=True, slots=True)
class Said:
    """What one subtitle says: the words that somebody speaks, and what else it tells."""

    utterances: tuple[Utterance, ...]
    """What is spoken, in reading order; empty where nothing is."""
    captions: tuple[str, ...]
    """What is not spoken, plain and without its brackets or signs: `door slams`, `dramatic music`."""


def said_in(texts: Sequence[tuple[str, str | None]]) -> list[Said]:
    """What each subtitle of a file says, from the (text, speaker or None) of all of them."""
    return [_said(raw, plain_text(speaker)[:200] if speaker else None) for raw, speaker in texts]


def utterances(raw: str, speaker: str | None = None) -> tuple[Utterance, ...]:
    """What is spoken in a file of one subtitle of text `raw`."""
    return said_in([(raw, speaker)])[0].utterances


def _said(raw: str, speaker: str | None) -> Said:
    """What one subtitle of text `raw` says.

    Markup and sound descriptions (`[door slams]`, `(sighs)`) are removed and wrapped lines joined. `ANNA: text` and
    `<v Anna>` name the speaker, otherwise `speaker` does. Lines of two people in one subtitle (two names, or two
    lines with a dash) stay apart.
    """
    text = _VOICE.sub(lambda voice: f"\n\x00{voice.group(1).strip()}\x00", raw.replace("\x00", " "))
    text = html.unescape(_MARKUP.sub("", text))
    text = _BRACKETED_SPEAKER.sub(r"\1:", text)
    text, captions = _without_descriptions(text)
    rows = [row for row in text.translate(_MUSIC_SIGNS).split("\n") if row.strip()]
    dialogue = sum(bool(_DASH.match(row)) for row in rows) > 1
    said: list[tuple[str | None, list[str]]] = []
    for row in rows:
        dashed = bool(_DASH.match(row))
        name, words = _speaker_of(_DASH.sub("", row))
        if not said or name or (dialogue and dashed):
            said.append((name or speaker, []))
        said[-1][1].append(words)
    clean = (Utterance(plain_text(" ".join(words)), name) for name, words in said)
    spoken = tuple(line for line in clean if any(character.isalnum() for character in line.text))
    return Said(spoken, tuple(caption for caption in captions if caption))


def plain_text(text: str) -> str:
    """`text` on one line, composed (NFC), without control characters or runs of blanks."""
    visible = (" " if unicodedata.category(c) in ("Cc", "Zl", "Zp", "Cs") else c for c in text)
    shown = "".join(c for c in visible if unicodedata.category(c) != "Cf" or c in "\u200c\u200d")
    return " ".join(unicodedata.normalize("NFC", shown).split())


def _without_descriptions(text: str) -> tuple[str, list[str]]:
    """(text, what its brackets held)."""
    captions: list[str] = []
    while found := _DESCRIPTION.search(text):  # innermost first, so nested brackets go too
        captions.append(plain_text(found.group()[1:-1].translate(_MUSIC_SIGNS)))
        text = f"{text[: found.start()]} {text[found.end() :]}"
    return text, captions


def _speaker_of(row: str) -> tuple[str | None, str]:
    """(name, words) of one row of text; the name is None where the row gives none.

    Only a name in capitals counts: `Remember: the door` is speech.
    """
    if row.count("\x00") == 2:
        _, voice, words = row.split("\x00")
        return plain_text(voice) or None, words
    prefix = _PREFIX.match(row)
    if prefix is None:
        return None, row
    name = plain_text(prefix.group(1))
    letters = [c for c in name if c.isalpha()]
    if any(c != c.upper() for c in letters) or len(name.split()) > 4:
        return None, row
    return name, row[prefix.end() :]
