"""Written text to the words that are spoken: figures, abbreviations, initials and signs read out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container
from functools import cache

from vssflow_dit.text.numbers import FIGURES, in_pairs, read_figure
from vssflow_dit.text.readings import (
    ABBREVIATIONS,
    ALSO_A_WORD,
    BEFORE_A_NAME,
    GREEK,
    LATIN,
    NUMBERED,
    ONLY_NUMBERED,
    PAUSE,
    REIGNING,
    SIGNS,
    SPELLED,
    TITLES,
    cardinal,
    digits,
    ordinal,
)

_QUOTES = str.maketrans(
    dict.fromkeys("\u2018\u2019\u02bc\u00b4`\u2032", "'")
    | dict.fromkeys("\u201c\u201d\u2033\u201e", '"')
    | dict.fromkeys("\u2010\u2011\u2013\u2212", "-")
    | dict.fromkeys("\u2014\u2015\u2026", " , ")
)
_TLDS = "com|org|net|edu|gov|info|io|co|uk|de|fr|tv|ai|app|dev|me|us|eu|ca|fm|ly|gg"
_LETTER = r"[^\W\d_\u00b2\u00b3]"
_TOKEN = re.compile(
    rf"""
    (?P<address>https?://[^\s<>"']*[\w/]|\bwww\.[^\s<>"']*[\w/]|[\w.+-]+@[\w-]+(?:\.[\w-]+)+
      |(?-i:\b[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:{_TLDS})(?:/[\w./?=&%\#~-]*[\w/])?\b))
  | (?P<degree>\bPh\.?D\b\.?)
  | (?P<dotted>\b(?:[A-Za-z]\.){{2,}}(?:'s\b)?)
  | (?P<joined>(?-i:\b[A-Z]{{1,3}}(?:&[A-Z]{{1,3}})+\b(?:'s\b)?))
  | (?P<tag>\#(?=[^\W\d_])\w+)
  | {FIGURES.strip()}
  | (?P<sign>\#|<3|[{re.escape("".join(sorted(SIGNS.keys() - {"."})))}]
      |(?<=\d)\s?[*<>]\s?(?=\d)|(?<=\d)\s/\s(?=\d)|(?<=\d)/(?=[a-z]{{3}}))
  | (?P<word>(?:(?<!\w)')?{_LETTER}+(?:'{_LETTER}+)*(?:-(?={_LETTER}))?'?)
  | (?P<pause>[,;:.?!()\[\]]+|\s-+\s|--+|[\u3001\u3002\uff0c]+)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_NUMERAL = re.compile(r"\s+((?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3}))\b(?!')")
_SHORT_TAIL = {"e.g.": "for example", "i.e.": "that is", "a.m.": "a. m.", "p.m.": "p. m.", "p.s.": "p. s."}


def spoken_words(text: str, known: Container[str]) -> list[str]:
    """The words of `text` in lower case, and PAUSE between some; "b." is the letter b read by its name.

    `known` holds the words that a dictionary can say; capitals outside it are initials. Marks-up in <> is skipped, and
    letters of other alphabets than the Latin one have no sound (`unsayable` names them). No PAUSE at either end, nor
    two in a row.
    """
    plain = _plain(text)
    if not re.search(r"[a-z]", plain) and len(re.findall(r"[A-Z]{2,}", plain)) > 1:
        plain = plain.lower()  # a shouted line, not initials
    words: list[str] = []
    at = 0
    while found := _TOKEN.search(plain, at):
        said, at = _read(found, plain, found.end(), known)
        for word in said:
            if word != PAUSE or (words and words[-1] != PAUSE):
                words.append(word)
    return words[:-1] if words and words[-1] == PAUSE else words


def unsayable(text: str) -> list[str]:
    """The words of `text` with letters that have no sound: those of other alphabets than the Latin one."""
    return [
        word for word in _plain(text).split() if any(_has_no_sound(part) for part in re.findall(r"[^\W\d_]+", word))
    ]


def _has_no_sound(letters: str) -> bool:
    return letters.lower() not in GREEK and any(
        not _as_latin(letter) for letter in letters if letter.isalnum() and unicodedata.category(letter) != "Lm"
    )


def _plain(text: str) -> str:
    """`text` without markup, its quotes, dashes and figures in their plain forms."""
    plain = re.sub(r"</?[a-zA-Z][^<>]*>|\{\\[^}]*\}", " ", unicodedata.normalize("NFC", text)).translate(_QUOTES)
    plain = re.sub(r"\bw/(o\b|(?=\s))\s?", lambda found: "without " if found[1] else "with ", plain)
    plain = re.sub(r"(?<=\d)\(([a-z])\)", r"\1", plain)  # 401(k)
    plain = re.sub(r"(?<=\d)[\u00a0\u202f\u2009](?=\d{3}(?!\d))|(?<=\d) (?=000(?!\d))", "", plain)  # 10 000
    plain = "".join(character if character.isascii() else _plain_character(character) for character in plain)
    return re.sub(r"\b([a-z])-(?=\1)", "", plain, flags=re.IGNORECASE)  # w-w-what


@cache
def _plain_character(character: str) -> str:
    """A character's plain form: \uff11 is 1, \u00bd is 1/2; letters keep their marks."""
    if character in SIGNS:
        return character
    folded = unicodedata.normalize("NFKC", character)
    if "\u2044" in folded:
        return f" {folded.replace(chr(0x2044), '/')}"
    if len(folded) == 1 and (digit := unicodedata.decimal(folded, None)) is not None:
        return str(digit)
    return folded


def _as_latin(letters: str) -> str:
    """Letters without their marks; "" for those of another alphabet."""
    return unicodedata.normalize("NFKD", letters.translate(LATIN)).encode("ascii", "ignore").decode()


def _read(found: re.Match[str], text: str, at: int, known: Container[str]) -> tuple[list[str], int]:
    """One token's words, and where in the text to go on (a unit or an abbreviation's stop is read along)."""
    kind, token = found.lastgroup or "", found[0]
    if kind == "word":
        return _read_word(token, text, at, known)
    if kind == "address":
        return _read_address(token, known), at
    if kind == "degree":
        return ["p.", "h.", "d."], at
    if kind in ("dotted", "joined"):
        lower = token.lower().removesuffix("'s")
        # The stop of "p.m." also ends the sentence where a capital follows.
        ends = [PAUSE] if re.match(r"\s+[A-Z]", text[at:]) and lower in ("a.m.", "p.m.") else []
        letters = " ".join("and" if letter == "&" else letter + "." for letter in lower.replace(".", ""))
        ending = "'s" if token.endswith("'s") else ""
        return [*(_SHORT_TAIL.get(lower, letters) + ending).split(), *ends], at
    if kind == "tag":
        return ["hashtag", *(word for part in _camels(token[1:]) for word in spoken_words(part, known))], at
    if kind in ("sign", "pause"):
        return _read_sign(token, found, text) if kind == "sign" else [PAUSE], at
    return read_figure(kind, found, text)


def _read_sign(token: str, found: re.Match[str], text: str) -> list[str]:
    if token == "#":
        if re.search(r"(?<![A-Za-z])[A-G]$", text[: found.start()]):
            return ["sharp"]
        return ["number"] if text[found.end() : found.end() + 1].isdigit() else ["hash"]
    if token == "<3":
        return ["heart"]
    if token == "/":
        return ["per"]
    said = {"*": "times", "/": "over", "<": "less than", ">": "more than"}.get(token.strip()) or SIGNS[token]
    return said.split()


def _camels(word: str) -> list[str]:
    return re.findall(r"[A-Z]?[^A-Z\d_]+|[A-Z]+(?![^A-Z\d_])|\d+", word)


def _read_address(token: str, known: Container[str]) -> list[str]:
    """example.com/a as example dot com slash a."""
    said: list[str] = []
    names = {".": ["dot"], "/": ["slash"], "@": ["at"], "-": ["dash"], "_": ["underscore"], ":": [], "+": ["plus"]}
    for part in re.findall(r"[^\W\d_]+|\d+|[\W_]", re.sub(r"://", " ", token)):
        if part.isdecimal():
            said += in_pairs(part) if len(part) < 5 else digits(part)
        elif part.isalpha():
            said += _read_word(part, "", 0, known)[0]
        else:
            said += names.get(part) or SIGNS.get(part, "").split()
    return said


def _read_word(token: str, text: str, at: int, known: Container[str]) -> tuple[list[str], int]:
    if _has_no_sound(token):
        runs = "".join(letter if letter == "'" or _as_latin(letter) else " " for letter in token).split()
        return [word for run in runs for word in _read_word(run, "", 0, known)[0]], at
    word = GREEK.get(token.lower()) or _as_latin(token).strip("-")
    lower = word.lower()
    if text[at : at + 1] == "." and (said := _abbreviation(word, text[at + 1 :])):
        return said.split(), at + (1 if text[at + 1 :].strip() else 0)
    if not lower.strip("'"):
        return [], at
    if said := _without_stop(word, "-" if token.endswith("-") else text[at:]):
        return said.split(), at
    if lower not in known and re.search(r"([a-z])\1\1", lower) and lower != "www":  # nooo, hmmmm
        twice, once = (re.sub(r"([a-z])\1\1+", short, lower) for short in (r"\1\1", r"\1"))
        return [once if once in known and twice not in known else twice], at
    if numeral := _numeral_after(word, text[at:]):
        number = _roman(numeral[1])
        return [lower, *(cardinal(number) if lower in NUMBERED else ["the", *ordinal(number)])], at + numeral.end()
    if initials := _initials(word, known):
        return initials, at
    return [lower if lower in known else lower.strip("'")], at


def _initials(word: str, known: Container[str]) -> list[str]:
    """The letters of FBI or DVDs, [] for a word."""
    lower = word.lower()
    initials = re.fullmatch(r"([A-Z]{2,5})('s|s)?", word)
    read_as_word = lower in known and initials and initials[2] != "s"
    if initials and (lower in SPELLED or not (read_as_word or _sayable(initials[1]))):
        return _letters(initials[1], initials[2] or "")
    if lower not in known and len(lower) < 6 and not re.search("[aeiouy']", lower):
        return _letters(word, "")
    return []


def _without_stop(word: str, rest: str) -> str:
    """What a word stands for without a stop: Dr Smith, vs, World War in WWII, the letter of plan A; "" for itself."""
    if word == "A" and re.match(r"[-+,;:.!?\"]|\s*$", rest):
        return "a."
    if word[:1].isupper() and word[1:].islower() and word.lower() in TITLES and re.match(r"\s[A-Z]", rest):
        return BEFORE_A_NAME[word.lower()]
    return {"vs": "versus", "WWI": "world war one", "WWII": "world war two"}.get(word, "")


def _numeral_after(word: str, rest: str) -> re.Match[str] | None:
    """A Roman numeral that counts a capitalised word: of two letters and more, or what a word like chapter counts."""
    found = _NUMERAL.match(rest) if word[:1].isupper() else None
    if found is None or not found[1] or (len(found[1]) == 1 and word.lower() not in NUMBERED | REIGNING):
        return None
    if found[1] == "I" and word.lower() in REIGNING:
        return None
    if found[1] == "I" and word.lower() in ("part", "type", "class") and re.match(r"\s+[a-z]", rest[found.end() :]):
        return None  # Part I can do
    return found if found[1] != "L" else None


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
    if lower in ONLY_NUMBERED and not numbered:
        return ""
    if lower in ALSO_A_WORD and not (numbered or (word[0].isupper() and rest.strip() and not before_capital)):
        return ""
    return ABBREVIATIONS[lower]


def _roman(numeral: str) -> int:
    values = [{"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}[letter] for letter in numeral]
    return sum(-a if a < b else a for a, b in zip(values, [*values[1:], 0], strict=True))
