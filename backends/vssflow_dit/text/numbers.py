"""Figures as people say them: 911, 9/11, 24/7, €5, 7:05 pm, 2024-01-15, 5'11", room 237, 1-800-555-0199, R2D2.

FIGURES finds them in a text, each kind a named group, the first that fits wins; `read_figure` says the words.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from vssflow_dit.text.readings import (
    AFTER_A_NUMBER,
    CALLED,
    CURRENCIES,
    CURRENCY_CODES,
    DIALLED,
    MONTHS,
    NUMBERED_BY_PAIRS,
    ONES,
    PAUSE,
    SIZES,
    SPELLED_OUT,
    UNITS,
    cardinal,
    digits,
    ordinal,
    plural,
    read_number,
    year,
)

_NUMBER = r"\d{1,3}(?:[,']\d{3})+(?:\.\d+)?|\d{1,3}(?:\.\d{3}){2,}(?!\.?\d)|\d+(?:\.\d+)?|\.\d+"
_SIGN = "".join(CURRENCIES)
_MONTH = "|".join(sorted({name for long in MONTHS for name in (long, long[:3], "sept")}, key=len, reverse=True))
_SCALE = r"(?:\s?(?:hundred|thousand|million|billion|trillion)s?\b|[KkMBT]\b|\s?(?:mn|bn)\b)"
FIGURES = rf"""
    (?P<iso>\b[12]\d{{3}}(?P<_s>[-/.])(?:0?[1-9]|1[0-2])(?P=_s)(?:3[01]|[12]\d|0?[1-9])\b(?![-/.]\d))
  | (?P<date>\b\d{{1,2}}(?P<_d>[-/.])\d{{1,2}}(?P=_d)(?:\d{{4}}|\d{{2}})\b(?![-/.]?\d))
  | (?P<day>\b(?:3[01]|[12]\d|0?[1-9])\s(?-i:(?=[A-Z]))(?:{_MONTH})\b\.?(?!\w))
  | (?P<month>(?-i:\b(?=[A-Z]))(?:{_MONTH})\b\.?\s(?:3[01]|[12]\d|0?[1-9])\b(?!\s?[%\u00b0:/-]\d?|[.,]\d|\w))
  | (?P<card>\b\d{{4}}(?:[ -]\d{{4}}){{3}}\b|\b\d{{3}}-\d{{2}}-\d{{4}}\b|\b\d(?:-\d){{2,}}\b(?!-?\d))
  | (?P<phone>\+\d{{1,3}}(?:[ .-]?\(?\d{{1,4}}\)?){{2,5}}(?!\d)
      |(?:\b\+?1[ .-])?(?:\(\d{{3}}\)\s?|\b\d{{3}}[ .-])\d{{3}}[ .-]\d{{4}}\b
      |\b1-\d{{3}}-[A-Z]{{3,8}}\b|(?-i:\b\d{{3}}-[A-Z]{{4}}\b)
      |\b0\d{{2,4}}[ -]\d{{3,4}}[ -]\d{{3,4}}\b|\b\d{{3}}-\d{{4}}\b(?!-))
  | (?P<serial>\b\d+(?:-\d+){{3,}}\b)
  | (?P<version>(?-i:\bv)\d+(?:\.\d+)*\b|\b(?!\d+(?:\.\d{{3}})*\.000\b)\d+(?:\.\d+){{2,}}\b)
  | (?P<money>-?[{_SIGN}]\s?(?:{_NUMBER})(?:\s?-\s?[{_SIGN}]?(?:{_NUMBER}))?{_SCALE}?
      |(?<![\w.])-?(?:\d+,\d{{2}}(?=\s?\u20ac)|{_NUMBER}){_SCALE}?\s?(?:[{_SIGN}]|(?-i:{"|".join(CURRENCY_CODES)})\b))
  | (?P<height>\b\d{{1,2}}(?:'\s?\d{{1,2}}(?:"|''|(?!\d))|\s?ft\.?\s?\d{{1,2}}\s?in\b\.?))
  | (?P<size>\b\d+(?:\.\d+)?(?:\s?[x\u00d7]\s?\d+(?:\.\d+)?)+s?\b|\b\d+(?:\.\d+)?x\b)
  | (?P<time>\b\d{{1,2}}:\d{{2}}(?::\d{{2}})?(?![\d:])(?:\s?[ap]\.?m\b\.?|\b)|\b\d{{1,2}}\.\d{{2}}\s?[ap]\.?m\b\.?
      |\b[0-2]\d[0-5]\d\s(?:hours|hrs)\b)
  | (?P<ratio>\b\d+:\d+\b)
  | (?P<decade>'?\b(?:\d{{2}}|\d{{4}})'?s\b|'\d{{2}}\b)
  | (?P<ordinal>\b\d[\d,]*(?:st|nd|rd|th)s?\b)
  | (?P<mixed>\b\d+(?:\s{{1,2}}|-)\d{{1,2}}/\d{{1,2}}\b(?!/))
  | (?P<slashed>\b\d+(?:/\d+)+\b)
  | (?P<code>(?-i:\b[A-Z]{{1,6}}(?:-?\d+[A-Z]{{0,3}})+|\b\d+(?:[A-Z]{{1,3}}\d+)+[A-Z]{{0,3}})(?:'?s)?\b)
  | (?P<number>(?:(?<![\w.])-)?(?:{_NUMBER}))
"""
_UNIT = re.compile(
    r"\s?(km/h|m/s|sq\.?\sft|[\u00b0\u00ba]\s?[CFcf]?|[%\u2030\u00a2]|[\u00b5\u03bc]m|[A-Za-z]+[\u00b2\u00b3]?)(?![\w'])"
)


class Figure:
    """A figure in its text."""

    def __init__(self, found: re.Match[str], text: str) -> None:
        self.token, self.text = found[0], text
        self.start, self.end = found.span()
        words = text[max(0, self.start - 40) : self.start].split()
        self.word_before = re.sub(r"\W", "", words[-1]).lower() if words else ""
        self.after = text[self.end : self.end + 40]

    @property
    def is_adjective(self) -> bool:
        """Whether it says what kind of thing: a $5 bill, a 10 km run."""
        return self.word_before in ("a", "an") and bool(re.match(r"[ -][a-z]", self.after))

    @property
    def is_quoted(self) -> bool:
        """Whether the next double quote ends a quotation."""
        return self.text.count('"', 0, self.start) % 2 == 1


def read_figure(kind: str, found: re.Match[str], text: str) -> tuple[list[str], int]:
    """The words of a figure of FIGURES' `kind`, and where in the text to go on: a unit may be read along."""
    figure = Figure(found, text)
    if kind == "number":
        return _number(figure)
    said, range_ = _READERS[kind](figure), re.match(r"\s?-\s?(?=\d)", figure.after)
    if kind in ("time", "ordinal", "ratio") and range_:
        return [*said, "to"], figure.end + range_.end()
    return said, figure.end


def in_pairs(number: str) -> list[str]:
    """How rooms, roads and aircraft are called: 237 two thirty seven, 101 one oh one, 1408 fourteen oh eight."""
    if len(number) == 3 and number[0] != "0":
        tail = int(number[1:])
        return [ONES[int(number[0])], *(_two_digits(number[1:]) if tail else ["hundred"])]
    if len(number) == 4 and number[0] != "0":
        return year(int(number))
    return cardinal(int(number)) if number[0] != "0" or number == "0" else digits(number)


def _two_digits(number: str) -> list[str]:
    return ["oh", ONES[int(number[1])]] if number[0] == "0" else cardinal(int(number))


def _date(year_: str, month: int, day: int) -> list[str]:
    said = year(int(year_)) if len(year_) == 4 else _two_digits(year_)
    return [MONTHS[month - 1], *ordinal(day), *said]


def _iso(figure: Figure) -> list[str]:
    year_, month, day = re.split(r"\D", figure.token)
    return _date(year_, int(month), int(day))


def _short_date(figure: Figure) -> list[str]:
    """Month first, as Americans write it, unless only the other order is a date or dots part it."""
    first, second, year_ = re.split(r"\D", figure.token)
    month, day = (int(second), int(first)) if int(first) > 12 or "." in figure.token else (int(first), int(second))
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return [word for part in (first, second, year_) for word in in_pairs(part)]
    return _date(year_, month, day)


def _month_of(word: str) -> str:
    return next(month for month in MONTHS if month.startswith(word.lower().rstrip(".")[:3]))


def _day(figure: Figure) -> list[str]:
    day, month = figure.token.split()
    article = [] if figure.word_before == "the" else ["the"]
    return [*article, *ordinal(int(day)), "of", _month_of(month)]


def _month(figure: Figure) -> list[str]:
    month, day = figure.token.split()
    return [_month_of(month), *ordinal(int(day))]


def _phone(figure: Figure) -> list[str]:
    said: list[str] = ["plus"] if figure.token.startswith("+") else []
    parts = re.findall(r"\d+|[A-Za-z]+", figure.token)
    for k, part in enumerate(parts):
        toll_free = k == 1 and part in ("800", "900") and parts[0] == "1"
        said += in_pairs(part) if toll_free else [part.lower()] if part.isalpha() else dialled(part)
        said += [] if toll_free or (k == 0 and len(part) == 1) else [PAUSE]
    return said[:-1]


def dialled(number: str) -> list[str]:
    """Digit by digit, zero as "oh"."""
    return ["oh" if digit == "0" else ONES[int(digit)] for digit in number]


def _card(figure: Figure) -> list[str]:
    parts = re.findall(r"\d+", figure.token)
    if all(len(part) == 1 for part in parts):
        return dialled("".join(parts))
    return [word for part in parts for word in [*dialled(part), PAUSE]][:-1]


def _version(figure: Figure) -> list[str]:
    parts = figure.token.lstrip("v").split(".")
    is_address = len(parts) == 4 and not figure.token.startswith("v")
    said = ["version"] if figure.token.startswith("v") and figure.word_before != "version" else []
    for k, part in enumerate(parts):
        said += ["dot" if is_address else "point"] if k else []
        said += digits(part) if (is_address and len(part) > 2) or part.startswith("0") else cardinal(int(part))
    return said


def _amount(token: str) -> tuple[str, str]:
    """(number, scale in words) of `1.5M`."""
    number, scale = re.fullmatch(rf"({_NUMBER})\s?([A-Za-z]*)", token.strip()).groups()  # type: ignore[union-attr]
    scale = scale.lower()
    return number, {
        "k": "thousand",
        "m": "million",
        "b": "billion",
        "t": "trillion",
        "mn": "million",
        "bn": "billion",
    }.get(scale, scale)


def _money(figure: Figure) -> list[str]:
    token = figure.token
    minus = ["minus"] if token.startswith("-") else []
    sign = next((each for each in (*CURRENCIES, *CURRENCY_CODES) if each in token), "$")
    whole_name, part_name = CURRENCIES.get(sign) or CURRENCIES[CURRENCY_CODES[sign]]
    bare = re.sub(rf"[{_SIGN}]|{'|'.join(CURRENCY_CODES)}", "", token).lstrip("-").strip()
    low, dash, high = bare.partition("-")
    if re.fullmatch(r"\d+,\d{2}", low):
        low = low.replace(",", ".")
    if dash:
        number, scale = _amount(high)
        named = plural(whole_name)
        return [*read_number(low.strip()), "to", *read_number(number), *([scale] if scale else []), *named.split()]
    return [*minus, *_sum_of(low, whole_name, part_name, figure.is_adjective)]


def _sum_of(token: str, whole_name: str, part_name: str, is_adjective: bool) -> list[str]:
    number, scale = _amount(token)
    whole, _, part = number.replace(",", "").partition(".")
    wholes = whole_name if is_adjective or (number == "1" and not scale) else plural(whole_name)
    if scale or len(part) != 2 or not part_name:
        return [*read_number(number), *([scale] if scale else []), *wholes.split()]
    if whole == "1" and not is_adjective:
        wholes = whole_name
    parts = part_name if int(part) == 1 or is_adjective else plural(part_name)
    said = [*cardinal(int(whole or 0)), *wholes.split()] if int(whole or 0) or not int(part) else []
    return said + ([*(["and"] if said else []), *cardinal(int(part)), parts] if int(part) else [])


def _height(figure: Figure) -> list[str]:
    feet, inches = re.findall(r"\d+", figure.token)
    return [*cardinal(int(feet)), "foot", *cardinal(int(inches))]


def _size(figure: Figure) -> list[str]:
    token = figure.token.lower().replace("\u00d7", "x")
    if token.endswith("x"):
        return [*read_number(token[:-1]), "times"]
    sides = [side.strip() for side in token.removesuffix("s").split("x")]
    said: list[str] = []
    for side in sides:
        said += ["by"] if said else []
        said += in_pairs(side) if side.isdigit() and len(side) == 4 else read_number(side)
    return [*said[:-1], plural(said[-1])] if token.endswith("s") else said


def _time(figure: Figure) -> list[str]:
    token = figure.token.lower()
    if token.endswith(("hours", "hrs")):
        hour, minute = token[:2], token[2:4]
        said = _two_digits(hour) if int(hour) else ["zero", "zero"]
        return [*said, *(["hundred"] if minute == "00" else _two_digits(minute)), "hours"]
    half = re.search(r"([ap])\.?m\.?$", token)
    numbers = [int(part) for part in re.findall(r"\d+", token)]
    hour_, minute_, *second = numbers
    said = cardinal(hour_)
    if minute_:
        said += _two_digits(f"{minute_:02d}")
    elif not half and not 13 > hour_ > 0:
        said += ["hundred"]
    said += ["and", *cardinal(second[0]), "seconds"] if second else []
    ends = [PAUSE] if token.endswith(".") and re.match(r"\s+[A-Z]", figure.after) else []
    return [*said, half[1] + ".", "m.", *ends] if half else said


def _ratio(figure: Figure) -> list[str]:
    first, second = figure.token.split(":")
    between = {"16:9": ["by"], "4:3": ["by"], "21:9": ["by"]}.get(figure.token)
    if between is None:
        between = [] if re.search(r"[A-Z]\w{2,}\s$", figure.text[: figure.start]) else ["to"]
    return [*cardinal(int(first)), *between, *cardinal(int(second))]


def _decade(figure: Figure) -> list[str]:
    number = re.sub(r"\D", "", figure.token)
    if not figure.token.lower().endswith("s"):
        return _two_digits(number)
    said = year(int(number)) if len(number) == 4 else _two_digits(number)
    return [*said[:-1], plural(said[-1])]


def _ordinal(figure: Figure) -> list[str]:
    said = ordinal(int(re.sub(r"\D", "", figure.token)))
    return [*said[:-1], plural(said[-1])] if figure.token.lower().endswith("s") else said


def _mixed(figure: Figure) -> list[str]:
    whole, fraction = re.split(r"[\s-]+", figure.token)
    return [*cardinal(int(whole)), "and", *_part(*(int(each) for each in fraction.split("/")), article=True)]


def _slashed(figure: Figure) -> list[str]:
    parts = figure.token.split("/")
    if len(parts) == 2 and not parts[1].startswith("0"):
        top, bottom = int(parts[0]), int(parts[1])
        if figure.token == "1/2" and re.match(r"\s(?:an?|the|of)\b", figure.after):
            return ["half"]
        if figure.token in ("10/10", "100/100") or re.match(r"\sstars?\b", figure.after):
            return [*cardinal(top), "out", "of", *cardinal(bottom)]
        is_usual = bottom in (2, 3, 4, 5, 6, 7, 8, 9, 10, 16, 32, 64, 100, 1000) or (top == 1 and bottom > 31)
        is_beat = figure.after.lstrip().startswith(("time", "beat"))
        if top < bottom and is_usual and figure.word_before != "on" and not is_beat:
            return _part(top, bottom)
    return [word for part in parts for word in in_pairs(part)]


def _part(top: int, bottom: int, *, article: bool = False) -> list[str]:
    """3/4 three quarters; after a whole number 1/2 is "a half"."""
    name = {2: ["half"], 4: ["quarter"]}.get(bottom, ordinal(bottom))
    if top == 1:
        return ["a" if article and name[0] != "eighth" else "an" if article else "one", *name]
    return [*cardinal(top), *name[:-1], plural(name[-1])]


def _code(figure: Figure) -> list[str]:
    """Letters by their names, but for a word of four and more: COVID-19; and figures in pairs: F-150 is f one fifty."""
    token = re.sub(r"(?<=\d)'?s$", "", figure.token)
    if token in ("WW1", "WW2"):
        return ["world", "war", *cardinal(int(token[-1]))]
    said: list[str] = []
    for part in re.findall(r"[A-Z]+|\d+", token):
        if part.isdigit():
            said += in_pairs(part)
        elif len(part) > 3 and re.search("[AEIOU]", part):
            said.append(part.lower())
        else:
            said += [letter.lower() + "." for letter in part]
    return said if token == figure.token else [*said[:-1], plural(said[-1])]


def _number(figure: Figure) -> tuple[list[str], int]:
    """A number, its unit, and "to" before the end of a range."""
    token, at = figure.token, figure.end
    if (unit := _UNIT.match(figure.after)) and (said := _with_unit(figure, unit)):
        to = ["to"] if re.match(r"-\d", figure.after[unit.end() :]) else []
        return [*said, *to], at + unit.end() + len(to)
    said = bare_number(figure)
    if figure.after.startswith('"') and not figure.is_quoted and token.isdigit():
        return [*said, "inch" if token == "1" or re.match(r"\s[a-z]", figure.after[1:]) else "inches"], at + 1
    if re.match(r"' (?:tall|high|wide|long|deep)\b", figure.after):
        return [*said, "foot" if token == "1" else "feet"], at + 1
    ahead = re.match(r"(\s?)-\s?(?=\d+(.*))", figure.after)
    if ahead is None or (ahead[1] and not ahead[0].endswith(" ")):
        return said, at
    if re.match(r"[\d.]*\s?=", figure.after[ahead.end() :]):
        return [*said, "minus"], at + ahead.end()
    pair = re.match(r"\d+", figure.after[ahead.end() :])
    spoken_as_pair = pair is not None and f"{token}-{pair[0]}" in ("10-4", "24-7", "50-50", "20-20")
    return ([*said] if spoken_as_pair else [*said, "to"]), at + ahead.end()


def _with_unit(figure: Figure, unit: re.Match[str]) -> list[str]:
    """The number with the unit that follows it; empty where it is none."""
    token, written = figure.token, unit[1]
    touching = unit[0][0] != " "
    if touching and written in ("er", "ers"):  # the 49ers
        *front, last = read_number(token)
        return [*front, last.removesuffix("e") + written]
    if touching and written in ("p", "i") and token in SIZES:
        return [*in_pairs(token), written + "."]
    if touching and (scale := {"M": "million", "bn": "billion", "mn": "million"}.get(written)):
        return [*read_number(token), scale]
    if touching and written == "B" and "." in token:
        return [*read_number(token), "billion"]
    if touching and len(written) == 1 and written.isalpha() and written not in "gmlshvWVLw":
        return [*(in_pairs(token) if token.isdigit() and len(token) < 5 else read_number(token)), written.lower() + "."]
    name = UNITS.get(re.sub(r"[\s\u00ba]", "", written.lower().replace("\u00ba", "\u00b0")))
    if name is None or (written.lower() in AFTER_A_NUMBER and not touching):
        return []
    first, *rest = name.split()
    if (token == "1" or figure.word_before in ("a", "an")) and first not in ("percent", "hertz"):
        first = {"feet": "foot", "inches": "inch", "square": "square", "cubic": "cubic"}.get(
            first, first.removesuffix("s")
        )
        rest = (
            [{"feet": "foot"}.get(each, each.removesuffix("s")) for each in rest]
            if name.startswith(("sq", "cu"))
            else rest
        )
    return [*read_number(token), first, *rest]


def bare_number(figure: Figure) -> list[str]:
    """A number without a unit: years, rooms and codes are not said as amounts."""
    token, before = figure.token, figure.word_before
    if token == "007":
        return ["double", "oh", "seven"]
    if token == "911":
        return ["nine", "eleven"] if before == "porsche" else dialled(token)
    if token.isdigit() and (before in SPELLED_OUT or (before in DIALLED and token in CALLED)):
        return dialled(token)
    if re.fullmatch(r"7[0-9]7", token) or (token.isdigit() and before in NUMBERED_BY_PAIRS and len(token) in (3, 4)):
        return in_pairs(token)
    if re.fullmatch(r"\.(?:22|38|44|45|50|357|380)", token) and _is_gun(figure):
        return in_pairs(token[1:])
    if re.fullmatch(r"1[1-9]\d\d|20\d\d", token) or (
        re.fullmatch(r"10\d\d|2[1-9]\d\d", token) and before in ("in", "since", "year", "ad", "bc")
    ):
        return year(int(token))
    if re.fullmatch(r"0\d+", token) or (token.isdigit() and (len(token) in (10, 11) or len(token) > 15)):
        return digits(token)
    return read_number(token)


def _is_gun(figure: Figure) -> bool:
    owned = figure.word_before in ("a", "an", "my", "his", "her", "your", "the")
    return owned or bool(re.match(r"[\s-](?:calib|magnum|pistol|revolver)", figure.after, re.IGNORECASE))


_READERS: dict[str, Callable[[Figure], list[str]]] = {
    "iso": _iso, "date": _short_date, "day": _day, "month": _month, "card": _card, "serial": _card, "phone": _phone,
    "version": _version, "money": _money, "height": _height, "size": _size, "time": _time, "ratio": _ratio,
    "decade": _decade, "ordinal": _ordinal, "mixed": _mixed, "slashed": _slashed, "code": _code,
}  # fmt: skip
