"""Who speaks, as subtitles write it: `McGEE:`, `Olivia:`, `Dr. SMITH:`, `[TOM]`, `(JOHN):`, `ANNA` on a row of its own.

Words in capitals before a colon at the head of a row are a name; in mixed case they are one where the file has several
such rows of theirs, or heads most of its subtitles so. What introduces a text (`WARNING:`, `PS:`) or is a sentence is
spoken.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from vssflow_post.cues.caption_words import (
    IN_SENTENCES,
    INTRODUCING,
    LEADING,
    NOT_LAST,
    PEOPLE,
    is_sound_in_capitals,
    means_sound,
    words_of,
)

LONGEST_LABEL = 60
"""Characters."""
MOST_WORDS = 7
MOST_WORDS_IN_MIXED_CASE = 4
_LABEL = re.compile(rf"\s*([^:\uff1a\n]{{1,{LONGEST_LABEL}}}?)\s*([:\uff1a])(\s*)")
_BRACKETED = re.compile(
    r"^([ \t>\u2010-\u2015\u2212-]*)[\[(\u3010\uff08]"
    rf"([^\[\]()\u3010\u3011\uff08\uff09\n]{{1,{LONGEST_LABEL}}})[\])\u3011\uff09]"
    r"[ \t]*([:\uff1a]?)(?=[ \t]*\n?[ \t]*(\S?))",
    re.MULTILINE,
)
_TITLES, _PARTICLES, _COUNTED = (
    frozenset(words.split())
    for words in (
        "capt col det dr fr gen insp jr lady lord lt miss mr mrs ms prof rev sgt sir sr st",
        "& al and at bin da de del den der des di du el ibn in la le of on the van von with",
        "one two three four five six seven eight nine ten i ii iii iv v vi",
    )
)
_INNER_CAPITALS = re.compile(r"[^\W\d_][a-z\u00df-\u00ff]{0,3}['\u2019]?[^\W\d_a-z]{2,}")
_ENDS_SENTENCE = re.compile(r"[^.]{5,}\.")
_SCREENPLAY = re.compile(
    r"[ \t]*[(\[]\s*((?:v\.?\s?o|o\.?\s?s|o\.?\s?c|cont['\u2019]?d|off|pre-?lap)\b[^()\[\]\n]*)[)\]]", re.IGNORECASE
)
_SIGNS = re.compile(r"^[\s>\u2010-\u2015\u2212-]+")
_OWN_ROW_DIRECTION = re.compile(r"[ \t]*[(\[][^()\[\]\n]*[)\]]\s*$")
_DIRECTION_BEFORE_COLON = re.compile(r"\s*[(\[][^()\[\]\n]*[)\]]\s*(?=[:\uff1a])")
_LABEL_INSIDE = re.compile(rf"(?<=[.?!\u2026\"'\u2019\u201d])[ \t]+(?=([^\W\d_][^:.?!,;\n]{{0,{LONGEST_LABEL}}}):\s)")
_MAY_TOUCH = "\"'\u201c\u2018\u00ab\u00bf\u00a1([\u266a\u2026*\u2013\u2014-"
"""What may follow a label's colon without a blank."""
NAME = "\x00"
"""Stands before and after a name that a sign of the file marks as one (`<v Anna>`, `[TOM]`)."""


@dataclass(frozen=True, slots=True)
class Labels:
    """What the rows of a whole file say of its labels."""

    recurring: frozenset[str] = frozenset()
    """Names, casefolded, that head more than one row."""
    are_usual: bool = False
    """Whether most subtitles begin with something like a label."""
    in_capitals: frozenset[str] = frozenset()
    """Names in capitals that stand before a colon at the head of a row."""
    have_rows: bool = False
    """Whether a name that recurs has a row of its own."""

    @classmethod
    def of(cls, texts: Sequence[str]) -> Labels:
        """`texts`: each subtitle's, without markup."""
        heads: Counter[str] = Counter()
        capitals: set[str] = set()
        alone: set[str] = set()
        worded = labelled = 0
        for text in texts:
            before_words, on_rows = _possible_names(text)
            worded += any(character.isalpha() for character in text)
            labelled += bool(before_words)
            capitals.update(name for name in before_words if _shape(name) == "capitals")
            alone.update(name.casefold() for name in on_rows)
            heads.update(name.casefold() for name in before_words + on_rows)
        recurring = frozenset(name for name, n in heads.items() if n > 1)
        return cls(recurring, labelled > 1 and 2 * labelled > worded, frozenset(capitals), bool(recurring & alone))

    def is_name(self, name: str) -> bool:
        """Whether words before a colon name a speaker."""
        shape = _shape(name)
        return shape == "capitals" or (shape == "mixed" and (self.are_usual or name.casefold() in self.recurring))

    def of_row(self, row: str, given: str | None = None) -> tuple[str | None, str]:
        """(name, words) of one row; the name is None where it has no label. The name that is `given` for the subtitle
        is a label in any spelling."""
        found = _colon(row)
        if found is None or not (self.is_name(found[0]) or found[0].casefold() == (given or "").casefold()):
            return None, row
        return found

    def split(self, row: str) -> list[str]:
        """The row, cut where inside it another label of the file begins: `ANNA: Hi. TOM: Ho.`"""
        cuts = [found.end() for found in _LABEL_INSIDE.finditer(row) if found[1] in self.in_capitals]
        return [row[start:end] for start, end in pairwise([0, *cuts, len(row)])]

    def marked(self, text: str) -> str:
        """`text` of a subtitle, with names in brackets at the head of a row (`[TOM] Come in.`, `(JOHN): No.`) and names
        on a row of their own set in NAME, and without screenplay's marks (`(V.O.)`)."""
        rows = text.split("\n")
        for k, (row, following) in enumerate(pairwise(rows)):
            if name := self._alone(row, following):
                rows[k] = f"{NAME}{name}{NAME}{row.partition(name)[2]}"
        return _SCREENPLAY.sub("", _BRACKETED.sub(self._name_or_same, "\n".join(rows)))

    def _alone(self, row: str, following: str) -> str | None:
        """The name that a row in capitals holds and nothing else, where text in mixed case follows it."""
        bare = _without_direction(_SIGNS.sub("", row))
        if following == following.upper() or not _is_alone(bare):
            return None
        return bare if self.have_rows or bare.casefold() in self.recurring or _SCREENPLAY.search(row) else None

    def _name_or_same(self, found: re.Match[str]) -> str:
        signs, content, colon, following = found.groups()
        name = content.strip()
        is_name = bool(_shape(name)) and not means_sound(name) if colon else self._is_name_in_brackets(name)
        if not (following or colon):
            return found.group()
        name, direction = (name, "") if is_name else self._name_and_direction(name)
        return f"{signs}{NAME}{name}{NAME}{direction and f'[{direction}] '}" if name else found.group()

    def _name_and_direction(self, content: str) -> tuple[str, str]:
        """`Anna` and `in French`, of a bracket that has both; ("", "") of another."""
        first, comma, direction = content.partition(",")
        if comma and self._is_name_in_brackets(first.strip()) and means_sound(direction):
            return first.strip(), direction.strip()
        words = content.split()
        names = (" ".join(words[:n]) for n in range(min(4, len(words) - 1), 0, -1))
        name = next((name for name in names if name.casefold() in self.recurring), "")
        return name, content[len(name) :].strip() if name else ""

    def _is_name_in_brackets(self, name: str) -> bool:
        return _is_bracket_name(name) or (name.casefold() in self.recurring and bool(_shape(name)))


def _possible_names(text: str) -> tuple[list[str], list[str]]:
    """Of one subtitle: what may be labels before words, and what may be names on rows of their own."""
    before_words: list[str] = []
    on_rows: list[str] = []
    for found in _BRACKETED.finditer(text):
        name = found[2].strip()
        if _shape(name) and (_is_bracket_name(name) or (found[3] and not means_sound(name))):
            before_words.append(name)
    rows = [_SIGNS.sub("", _SCREENPLAY.sub("", row)) for row in text.split("\n")]
    for row, following in zip(rows, [*rows[1:], ""], strict=True):
        found_in_row = _colon(_DIRECTION_BEFORE_COLON.sub("", row))
        if found_in_row is not None:
            before_words += [found_in_row[0]] if _shape(found_in_row[0]) else []
        elif following.upper() != following and _is_alone(_without_direction(row)):
            on_rows.append(_without_direction(row))
    return before_words, on_rows


def _is_alone(bare: str) -> bool:
    """Whether a row may be a name in capitals and nothing else."""
    return _shape(bare) == "capitals" and bare != bare.lower() and not is_sound_in_capitals(bare)


def _colon(row: str) -> tuple[str, str] | None:
    """(what stands before the first colon, what follows it), where a label's colon it may be: no time, no address."""
    found = _LABEL.match(row)
    if found is None:
        return None
    name, colon, blank = found.groups()
    rest = row[found.end() :]
    name = " ".join(name.split())
    touching = colon == ":" and not blank and rest and rest[0] not in _MAY_TOUCH
    if touching and not (rest[0].isalpha() and len(name) > 1 and name.upper() == name != name.lower()):
        return None
    return name, rest


def _without_direction(row: str) -> str:
    return _OWN_ROW_DIRECTION.sub("", row).strip()


def _shape(name: str) -> str | None:
    """`capitals` or `mixed` for what may be a name, None for a sentence, a number or what introduces a text."""
    words = name.split()
    if (
        not words
        or len(words) > MOST_WORDS
        or not _begins_as_name(name)
        or re.search(r"[!?;\u2026<>=|{}\x00]|\.\.", name)
    ):
        return None
    if any(_ENDS_SENTENCE.fullmatch(word) for word in re.split(r"[\s/]+", name)) or _introduces(name):
        return None
    plain = words_of(name)
    if len(plain) > 1 and (set(plain) & IN_SENTENCES or plain[0] in ("and", "or", "no", "yes", "oh")):
        return None
    if any("," in word for word in words) and not all(_shape(part.strip()) for part in name.split(",")):
        return None
    if all(_is_small(word) or _is_capital(word) for word in words) and any(map(_is_capital, words)):
        return "capitals"
    first = next(character for character in name if character.isalpha())
    return "mixed" if len(words) <= (MOST_WORDS_IN_MIXED_CASE if first.isupper() else 1) else None


def _begins_as_name(name: str) -> bool:
    begin = name.lstrip("#\"'\u2018\u201c")[:1]
    return begin.isalpha() or bool(re.match(r"\d+(?:st|nd|rd|th)\s+[^\W\d_]", name, re.IGNORECASE))


def _introduces(name: str) -> bool:
    """`STEP 1`, `BREAKING NEWS`, `P.S.`: judged by the word alone, or by the last of several, without its number."""
    words = [word.replace(".", "") for word in words_of(name)]
    while len(words) > 1 and (words[-1] in _COUNTED or not any(map(str.isalpha, words[-1]))):
        words.pop()
    words[-1:] = [words[-1].removesuffix("'s")] if words else []
    if len(words) > 1:
        return words[-1] in NOT_LAST and words[0] not in _TITLES
    return bool(words) and words[0] in INTRODUCING


def _letters(word: str) -> list[str]:
    return [character for character in word if character.isalpha()]


def _is_capital(word: str) -> bool:
    """A word in capitals, or of an alphabet without them; `McGEE` and `ANNA's` count."""
    bare = re.sub(r"['\u2019]s$", "", word)
    letters = _letters(bare)
    if not letters:
        return False
    return all(each == each.upper() for each in letters) or bool(_INNER_CAPITALS.fullmatch(bare.strip(".,\"'")))


def _is_small(word: str) -> bool:
    """What may stand in lower case beside capitals: a title, a particle, a number."""
    return not _letters(word) or word.casefold().strip(".,") in _TITLES | _PARTICLES


def _is_bracket_name(name: str) -> bool:
    """Whether a bracket before words holds a name by itself: capitals throughout (`[MAN ON RADIO]`, `(Tom)`), or a
    person (`[Old man]`), and no sound."""
    words = name.split()
    if not _shape(name) or len(words) > 5 or means_sound(name) or is_sound_in_capitals(name) or "," in name:
        return False
    if words_of(name)[0] in LEADING:
        return False
    if set(words_of(name)) & PEOPLE:
        return True
    if name.lower() == name.upper() or (len(words) == 1 and len(name) > 6 and name.lower().endswith("ing")):
        return False
    return all(_is_small(word) or word[:1].isupper() or not word[:1].islower() for word in words)
