"""From the text of subtitles to the words somebody speaks, who speaks them, and what else they tell."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from vssflow_post.cues.caption_words import is_sound_in_capitals
from vssflow_post.cues.captions import without_descriptions, without_songs, without_sounds_in_capitals
from vssflow_post.cues.sexes import person, unmarked
from vssflow_post.cues.speaker_labels import NAME, Labels
from vssflow_post.timeline import SECOND_VOICE

VOICE_TAG = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>\n]+)>", re.IGNORECASE)
BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_MARKUP = re.compile(r"<(/?[a-zA-Z][^<>\n]*)>|<\d[\d:.]*>|\{\\[^{}]*\}|\{[a-zA-Z]:[^{}\s]*\}")
_TAGS = frozenset(("", "b", "c", "em", "font", "i", "lang", "p", "rt", "ruby", "s", "span", "strong", "u", "v", "div"))
"""Of subtitles; a name with `/` in front is ""."""
_INVISIBLE = re.compile(r"[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_BLANKS = re.compile(r"[^\S\n]+")
_SIGN = re.compile(r"\s*(>>+|-+\s*>>+|[-\u2010-\u2015\u2212]+(?=\s*\S))\s*")
_DASHES = " \t-\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
_CHANGE_INSIDE = re.compile(r"[ \t]*>>+[ \t]*(?=\S)")
_SEX = re.compile(
    r"^([ \t>\u2010-\u2015\u2212-]*)([^:\n\x00()\[\]]{1,60}?)[ \t]*[(\[][ \t]*(f|m|female|male|woman|man)\.?[ \t]*[)\]]"
    r"(?=(?:[ \t]*[(\[][^()\[\]\n]*[)\]])*[ \t]*([:\uff1a]|$))",
    re.IGNORECASE | re.MULTILINE,
)
"""At the head of a row a name and a mark behind it: `SASHA (M):`, or `SASHA (M)` with a row of its own."""
_DASH_INSIDE = re.compile(r"(?<=[.?!\u2026\"'\u2019\u201d])[ \t]+(?=[-\u2010-\u2015\u2212][ \t]*[^\W\d_a-z])")


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
    """What is not spoken, plain and without its brackets or signs: `door slams`."""
    sung: tuple[str, ...] = ()
    """The same of what stands between signs of music: `dramatic music`, the words of a song."""


def said_in(texts: Sequence[tuple[str, str | None]]) -> list[Said]:
    """What each subtitle of a file says, from the (text, speaker or None) of all of them.

    Markup goes, wrapped lines are joined. What is sung, stands in brackets or describes a sound is a caption. Labels
    name the speaker (see `speaker_labels`), otherwise the speaker given does. People who share a subtitle stay apart:
    by their names, by dashes, or by `>>`.
    """
    named = [_with_names_marked(_plain_rows(text)) for text, _ in texts]
    marks = _marks((*(name for _, names in named for name in names), *(given for _, given in texts if given)))
    parted = without_songs([text for text, _ in named])
    labels = Labels.of([text for text, _ in parted])
    is_mixed = sum((text != text.upper()) - _is_shouted(text) for text, _ in parted) > 0
    turns = _Turns(go_on=sum(">>" in text for text, _ in parted) > 1)
    said = []
    for (text, sung), (_, given) in zip(parted, texts, strict=True):
        text, described = without_descriptions(labels.marked(text))
        text, sounds = without_sounds_in_capitals(text) if is_mixed else (text, [])
        spoken = turns.taken(_rows(text, labels), labels, plain_text(given)[:200] if given else None)
        told, songs = (tuple(filter(None, map(_caption, each))) for each in ((*described, *sounds), sung))
        spoken = tuple(replace(one, speaker=_with_mark(one.speaker, marks)) for one in spoken)
        said.append(Said(spoken, told, songs))
    return said


def _with_names_marked(text: str) -> tuple[str, list[str]]:
    """A subtitle's text with what a mark of the sex stands behind set in NAME, and these names with their marks."""
    names: list[str] = []

    def named(found: re.Match[str]) -> str:
        signs, name, mark, colon = found.groups()
        if not colon and name != name.upper():
            return found.group()
        names.append(f"{name} ({mark})")
        return f"{signs}{NAME}{name}{NAME}"

    return _SEX.sub(named, text), names


def _marks(names: Sequence[str]) -> dict[str, str]:
    """The mark of each person who has one in any of the names."""
    plain = [plain_text(name) for name in names]
    return {person(name): name[len(unmarked(name)) :].strip() for name in reversed(plain) if name != unmarked(name)}


def _with_mark(speaker: str | None, marks: Mapping[str, str]) -> str | None:
    """A speaker as casting knows them in all of the file."""
    mark = marks.get(person(speaker), "") if speaker else ""
    return f"{unmarked(speaker)} {mark}" if speaker and mark else speaker


def plain_text(text: str) -> str:
    """`text` on one line, composed (NFC), without control characters or runs of blanks."""
    visible = (" " if unicodedata.category(c) in ("Cc", "Zl", "Zp", "Cs") else c for c in text)
    shown = "".join(c for c in visible if unicodedata.category(c) != "Cf" or c in "\u200c\u200d")
    return " ".join(unicodedata.normalize("NFC", shown).split())


def _plain_rows(raw: str) -> str:
    """`raw` without markup, its rows without blanks at their ends; `<v Anna>` sets a row's name in NAME."""
    text = BREAK.sub("\n", _INVISIBLE.sub("", raw.replace(NAME, " ")))
    text = VOICE_TAG.sub(lambda voice: f"\n{NAME}{voice.group(1).strip()}{NAME}", text)
    text = html.unescape(_MARKUP.sub(_tag_or_caption, text)).replace("\r", "\n")
    return "\n".join(filter(None, (_BLANKS.sub(" ", row).strip() for row in text.split("\n"))))


def _tag_or_caption(found: re.Match[str]) -> str:
    """Nothing for markup; `[door slams]` for `<door slams>`, which is none."""
    return "" if found[1] is None or is_tag(found[1]) else f"[{found[1]}]"


def is_tag(content: str) -> bool:
    """Whether what stands between `<` and `>` is markup; `door slams` is none."""
    return "=" in content or re.split(r"[\s./]", content)[0].lower() in _TAGS


def _is_shouted(text: str) -> bool:
    return text == text.upper() != text.lower() and not is_sound_in_capitals(text)


def _rows(text: str, labels: Labels) -> list[str]:
    """The rows of a subtitle, each with one speaker at most."""
    rows: list[str] = []
    for row in _CHANGE_INSIDE.sub("\n>> ", text).split("\n"):
        sign = _SIGN.match(row)
        rows += _DASH_INSIDE.split(row) if sign and ">" not in sign[1] else [row]
    return [part.strip() for row in rows for part in labels.split(row) if part.strip(_DASHES)]


def _caption(text: str) -> str:
    shown = plain_text(text.replace(NAME, " ")).strip(" :-*~#\u266a")
    shown = shown[1:-1] if shown[:1] + shown[-1:] in ("()", "[]") else shown
    return shown if any(map(str.isalnum, shown)) else ""


@dataclass(slots=True)
class _Turns:
    """Who speaks, from subtitle to subtitle."""

    go_on: bool
    """Whether a speaker goes on until the next `>>`, as in files that mark every change by it."""
    last: str | None = None
    """Who spoke last."""
    has_begun: bool = False

    def taken(self, rows: Sequence[str], labels: Labels, given: str | None) -> tuple[Utterance, ...]:
        """What is said in the rows of one subtitle; `given` is its speaker where a row names none."""
        signs = [found[0] if (found := _SIGN.match(row)) else "" for row in rows]
        is_dialogue = _is_dialogue(rows, signs)
        said: list[tuple[str | None, list[str]]] = []
        for row, sign in zip(rows, signs, strict=True):
            name, words = _named(row[len(sign) :], labels, given)
            if ">>" in sign:
                said.append((name or given or (_other(self.last, None) if self.has_begun else None), []))
            elif name or not said:
                said.append((name or given or (self.last if self.go_on else None), []))
            elif is_dialogue and sign:
                said.append((_other(said[-1][0], given), []))
            said[-1][1].append(words)
            self.last, self.has_begun = said[-1][0], True
        clean = (Utterance(plain_text(" ".join(words)).lstrip(": "), name) for name, words in said)
        return tuple(line for line in clean if any(map(str.isalnum, line.text)))


def _other(speaker: str | None, given: str | None) -> str | None:
    """Who answers `speaker` without a name."""
    return given if speaker == SECOND_VOICE else SECOND_VOICE


def _is_dialogue(rows: Sequence[str], signs: Sequence[str]) -> bool:
    """Whether a dash begins what somebody else says: where two rows have one, or it follows a whole sentence."""
    if sum(bool(sign) for sign in signs) > 1:
        return True
    return any(
        after.strip() == "-" and before[-1] in ".?!\u2026\"'" for before, after in zip(rows, signs[1:], strict=False)
    )


def _named(row: str, labels: Labels, given: str | None) -> tuple[str | None, str]:
    """(name or None, words) of one row without its sign; `given` is the subtitle's speaker."""
    if row.startswith(NAME) and row.count(NAME) == 2:
        _, voice, words = row.split(NAME)
        return plain_text(voice)[:200] or None, words
    name, words = labels.of_row(row, given)
    return (plain_text(name) if name else None), words
