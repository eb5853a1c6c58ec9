"""Written text to the words that are spoken: numbers, money, times, abbreviations and initials read out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container

from vssflow_dit.text.readings import (
    ABBREVIATIONS,
    ALSO_A_WORD,
    BEFORE_A_NAME,
    CURRENCIES,
    NUMBERED,
    SIGNS,
    SPELLED,
    UNITS,
    cardinal,
    digits,
    ordinal,
    read_number,
    year,
)

PAUSE = "|"
"""Stands between words where the speaker pauses."""

_QUOTES = str.maketrans(
    dict.fromkeys("\u2018\u2019\u02bc\u00b4`", "'")
    | dict.fromkeys("\u2013\u2212", "-")
    | dict.fromkeys("\u2014\u2026", " , ")
    | dict.fromkeys("\u00a0\u202f", " ")
)

_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+"
_TOKEN = re.compile(
    rf"""
    (?P<money>[$\u00a3\u20ac\u00a5]\s?(?:{_NUMBER})(?:\s?(?:hundred|thousand|million|billion|trillion)\b|[KkMB]\b)?)
  | (?P<clock>\b\d{{1,2}}:\d{{2}}(?::\d{{2}})?\b)
  | (?P<phone>\b(?:\d{{3}}-)?\d{{3}}-\d{{4}}\b)
  | (?P<decade>'?\b(?:\d{{2}}|\d{{4}})'?s\b)
  | (?P<ordinal>\b\d[\d,]*(?:st|nd|rd|th)\b)
  | (?P<fraction>\b\d{{1,2}}/\d{{1,2}}\b(?!/))
  | (?P<dotted>\b(?:[A-Za-z]\.){{2,}})
  | (?P<number>(?:(?<![\w.])-)?(?:{_NUMBER}))
  | (?P<word>(?:(?<!\w)')?[^\W\d_]+(?:'[^\W\d_]+)*(?:-(?=[^\W\d_]))?'?)
  | (?P<sign>[&+=@%\u00b0\#\u00d7\u00bd\u00bc\u00be\u00a9])
  | (?P<dot>(?-i:(?<=[a-z])\.(?=[a-z]{{2}})))
  | (?P<pause>[,;:.?!()\[\]]+|\s-+\s|--+)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_SHORT_TAIL = {"e.g.": "for example", "i.e.": "that is", "a.m.": "a. m.", "p.m.": "p. m.", "p.s.": "p. s."}


def spoken_words(text: str, known: Container[str]) -> list[str]:
    """The words of `text` in lower case, and PAUSE between some; "b." is the letter b read by its name.

    `known` holds the words that a dictionary can say; capitals outside it are initials. Marks-up in <> is skipped, and
    letters of other alphabets than the Latin one have no sound. No PAUSE at either end, nor two in a row.
    """
    plain = re.sub(r"</?[a-zA-Z][^<>]*>|\{\\[^}]*\}", " ", text).translate(_QUOTES)
    plain = re.sub(r"\b([a-z])-(?=\1)", "", plain, flags=re.IGNORECASE)  # w-w-what
    if not re.search(r"[a-z]", plain) and len(re.findall(r"[A-Z]{2,}", plain)) > 1:
        plain = plain.lower()  # a shouted line, not initials
    words: list[str] = []
    at = 0
    while found := _TOKEN.search(plain, at):
        at = found.end()
        said, at = _read(found, plain, at, known)
        for word in said:
            if word != PAUSE or (words and words[-1] != PAUSE):
                words.append(word)
    return words[:-1] if words and words[-1] == PAUSE else words


def _read(found: re.Match[str], text: str, at: int, known: Container[str]) -> tuple[list[str], int]:
    """One token's words, and where in the text to go on (a unit or an abbreviation's stop is read along)."""
    kind, token = found.lastgroup or "", found[0]
    if kind == "word":
        return _read_word(token, text, at, known)
    if kind == "number":
        unit = re.match(r"\s?(km/h|\u00b0[CFcf]?|%|[A-Za-z]+)(?![\w'])", text[at:])
        if unit and unit[1].lower() in UNITS and not (unit[1] == "in" and unit[0][0] == " "):
            named = UNITS[unit[1].lower()].split()
            one = token == "1" and named[0].endswith("s") and named[0] != "celsius"
            first = {"feet": "foot", "inches": "inch"}.get(named[0], named[0].removesuffix("s")) if one else named[0]
            return [*read_number(token), first, *named[1:]], at + unit.end()
        said = _plain_number(token)
        return (said, at) if not re.match(r"-\d", text[at:]) else ([*said, "to"], at + 1)
    if kind == "dotted":
        lower = token.lower()
        # The stop of "p.m." also ends the sentence where a capital follows.
        ends = [PAUSE] if re.match(r"\s+[A-Z]", text[at:]) and lower in ("a.m.", "p.m.") else []
        spoken = _SHORT_TAIL.get(lower, " ".join(letter + "." for letter in lower.replace(".", "")))
        return [*spoken.split(), *ends], at
    readers = {"money": _money, "clock": _clock, "decade": _decade, "fraction": _fraction}
    if kind == "clock" and (half := re.match(r"\s?([ap])m\b", text[at:], re.IGNORECASE)):
        return [*_clock(token), half[1].lower() + ".", "m."], at + half.end()
    if kind in readers:
        return readers[kind](token), at
    if kind == "phone":
        return [word for part in token.split("-") for word in [*digits(part), PAUSE]][:-1], at
    if kind == "ordinal":
        return ordinal(int(re.sub(r"\D", "", token))), at
    return (SIGNS[token].split() if kind in ("sign", "dot") else [PAUSE]), at


def _plain_number(token: str) -> list[str]:
    """A bare number: four digits alone are a year, leading zeros and very long numbers are spelled."""
    if re.fullmatch(r"1[1-9]\d\d|20\d\d", token):
        return year(int(token))
    if re.fullmatch(r"0\d+", token) or (token.isdigit() and len(token) > 15):
        return digits(token)
    return read_number(token)


def _read_word(token: str, text: str, at: int, known: Container[str]) -> tuple[list[str], int]:
    word = unicodedata.normalize("NFKD", token.replace("\u00df", "ss").replace("\u00e6", "ae").replace("\u00f8", "o"))
    word = word.encode("ascii", "ignore").decode().strip("-")
    lower = word.lower()
    stopped = text[at : at + 1] == "."
    if stopped and (said := _abbreviation(word, text[at + 1 :])):
        return [said] if " " not in said else said.split(), at + (1 if text[at + 1 :].strip() else 0)
    if not lower.strip("'"):
        return [], at
    if lower not in known and re.search(r"([a-z])\1\1", lower) and lower != "www":  # nooo, hmmmm
        twice, once = (re.sub(r"([a-z])\1\1+", short, lower) for short in (r"\1\1", r"\1"))
        return [once if once in known and twice not in known else twice], at
    numeral = re.match(r"\s+(X{0,2}(?:IX|IV|V?I{1,3}|V)|X{2})\b(?!')", text[at:]) if word[:1].isupper() else None
    if numeral and len(numeral[1]) > 1:
        number = _roman(numeral[1])
        return [lower, *(cardinal(number) if lower in NUMBERED else ["the", *ordinal(number)])], at + numeral.end()
    initials = re.fullmatch(r"([A-Z]{2,5})('s|s)?", word)
    read_as_word = lower in known and initials and initials[2] != "s"
    if initials and (lower in SPELLED or not (read_as_word or _sayable(initials[1]))):
        return _letters(initials[1], initials[2] or ""), at
    if lower not in known and len(lower) < 6 and not re.search("[aeiouy']", lower):
        return _letters(word, ""), at
    return [lower if lower in known else lower.strip("'")], at


def _sayable(capitals: str) -> bool:
    """Whether capitals that no dictionary has read like a word (NATO), not like initials (BBC)."""
    return len(capitals) > 3 and bool(re.fullmatch(r"(?:[^AEIOU]{0,2}[AEIOU]){2,3}[^AEIOU]?", capitals))


def _letters(capitals: str, ending: str) -> list[str]:
    names = [letter.lower() + "." for letter in capitals]
    return [*names[:-1], names[-1] + "'s"] if ending else names


def _abbreviation(word: str, rest: str) -> str:
    """What a word with a stop stands for, or "" where the stop is the sentence's."""
    lower = word.lower()
    before_capital = bool(re.match(r"\s*[A-Z]", rest))
    if lower in BEFORE_A_NAME and before_capital and word[0].isupper():
        return BEFORE_A_NAME[lower]
    if lower not in ABBREVIATIONS:
        return BEFORE_A_NAME[lower] if lower in ("mr", "mrs", "prof", "capt", "sgt", "messrs") else ""
    numbered = bool(re.match(r"\s*\d", rest))
    if lower in ALSO_A_WORD and not (numbered or (word[0].isupper() and rest.strip() and not before_capital)):
        return ""
    return ABBREVIATIONS[lower]


def _roman(numeral: str) -> int:
    values = [{"I": 1, "V": 5, "X": 10}[letter] for letter in numeral]
    return sum(-a if a < b else a for a, b in zip(values, [*values[1:], 0], strict=True))


def _money(token: str) -> list[str]:
    whole_name, part_name = CURRENCIES[token[0]]
    amount, scale = re.fullmatch(rf"\s?({_NUMBER})\s?([A-Za-z]*)", token[1:]).groups()  # type: ignore[union-attr]
    scale = {"k": "thousand", "m": "million", "b": "billion"}.get(scale.lower(), scale.lower())
    plural = whole_name if whole_name == "yen" else whole_name + "s"
    if scale:
        return [*read_number(amount), scale, plural]
    whole, _, part = amount.replace(",", "").partition(".")
    if len(part) != 2 or not part_name:
        return [*read_number(amount), whole_name if amount == "1" else plural]
    parts = {"penny": "pence"}.get(part_name, part_name + "s") if int(part) != 1 else part_name
    said = (
        [*cardinal(int(whole or 0)), whole_name if whole == "1" else plural] if int(whole or 0) or not int(part) else []
    )
    return said + ([*(["and"] if said else []), *cardinal(int(part)), parts] if int(part) else [])


def _clock(token: str) -> list[str]:
    hour, minute, *second = (int(part) for part in token.split(":"))
    said = cardinal(hour)
    said += (
        cardinal(minute)
        if minute > 9
        else ["oh", *cardinal(minute)]
        if minute
        else ([] if 13 > hour > 0 else ["hundred"])
    )
    return said + (["and", *cardinal(second[0]), "seconds"] if second else [])


def _decade(token: str) -> list[str]:
    number = re.sub(r"\D", "", token)
    said = year(int(number)) if len(number) == 4 else cardinal(int(number))
    last = said[-1]
    return [*said[:-1], last[:-1] + "ies" if last.endswith("y") else last + ("es" if last.endswith("x") else "s")]


def _fraction(token: str) -> list[str]:
    top, bottom = (int(part) for part in token.split("/"))
    if bottom < 2 or top >= bottom:
        return [*cardinal(top), "slash", *cardinal(bottom)]
    name = {2: ["half"], 4: ["quarter"]}.get(bottom, ordinal(bottom))
    plural = {"half": "halves"}.get(name[-1], name[-1] + "s")
    return [*cardinal(top), *name[:-1], name[-1] if top == 1 else plural]
