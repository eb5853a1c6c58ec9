"""Numbers as English words."""

from __future__ import annotations

ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
TENS = ["zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
SCALES = ["thousand", "million", "billion", "trillion", "quadrillion"]
ORDINALS = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
    "twelve": "twelfth",
}  # fmt: skip


def cardinal(number: int) -> list[str]:
    """`number` in words; digit by digit past the quadrillions."""
    if number < 0:
        return ["minus", *cardinal(-number)]
    if number < 20:
        return [ONES[number]]
    if number < 100:
        return [TENS[number // 10], *([ONES[number % 10]] if number % 10 else [])]
    if number < 1000:
        return [ONES[number // 100], "hundred", *(cardinal(number % 100) if number % 100 else [])]
    for power, scale in reversed(list(enumerate(SCALES, start=1))):
        unit = 1000**power
        if unit <= number < unit * 1000:
            return [*cardinal(number // unit), scale, *(cardinal(number % unit) if number % unit else [])]
    return digits(str(number))


def ordinal(number: int) -> list[str]:
    """`number` as a rank: twenty first."""
    *front, last = cardinal(number)
    if last in ORDINALS:
        return [*front, ORDINALS[last]]
    return [*front, last[:-1] + "ieth" if last.endswith("y") else last + "th"]


def digits(number: str) -> list[str]:
    """Each digit by its name, zero as "oh" between others."""
    return [
        "zero" if digit == "0" and k == 0 else "oh" if digit == "0" else ONES[int(digit)]
        for k, digit in enumerate(number)
    ]


def year(number: int) -> list[str]:
    """1984 as nineteen eighty four, 1905 as nineteen oh five, 2007 as two thousand seven."""
    century, rest = divmod(number, 100)
    if century % 10 == 0 and rest < 10:
        return cardinal(number)
    if rest == 0:
        return [*cardinal(century), "hundred"]
    return [*cardinal(century), *(["oh"] if rest < 10 else []), *cardinal(rest)]


def read_number(token: str) -> list[str]:
    """`-1,234.56` as minus one thousand two hundred thirty four point five six."""
    minus = ["minus"] if token.startswith("-") else []
    whole, _, decimals = token.lstrip("-").replace(",", "").partition(".")
    spoken = cardinal(int(whole)) if whole else ["zero"]
    return minus + spoken + (["point", *(ONES[int(digit)] for digit in decimals)] if decimals else [])
