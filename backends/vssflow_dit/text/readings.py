"""What is read aloud for numbers, abbreviations, units and signs."""

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


BEFORE_A_NAME = {
    "mr": "mister", "mrs": "missus", "ms": "miz", "dr": "doctor", "prof": "professor", "st": "saint",
    "rev": "reverend", "capt": "captain", "cpt": "captain", "lt": "lieutenant", "col": "colonel", "gen": "general",
    "sgt": "sergeant", "cmdr": "commander", "gov": "governor", "sen": "senator", "rep": "representative",
    "pres": "president", "hon": "honorable", "mt": "mount", "ft": "fort", "messrs": "messieurs", "fr": "father",
    "det": "detective", "insp": "inspector",
}  # fmt: skip
"""Titles: read so where a capital follows."""
ABBREVIATIONS = {
    "st": "street", "dr": "drive", "ave": "avenue", "blvd": "boulevard", "rd": "road", "ln": "lane", "hwy": "highway",
    "apt": "apartment", "dept": "department", "jr": "junior", "sr": "senior", "vs": "versus", "etc": "et cetera",
    "approx": "approximately", "inc": "incorporated", "ltd": "limited", "corp": "corporation", "co": "company",
    "no": "number", "vol": "volume", "ch": "chapter", "fig": "figure", "jan": "january", "feb": "february",
    "mar": "march", "apr": "april", "aug": "august", "sept": "september", "sep": "september", "oct": "october",
    "nov": "november", "dec": "december", "mon": "monday", "tue": "tuesday", "tues": "tuesday", "wed": "wednesday",
    "thu": "thursday", "thurs": "thursday", "fri": "friday", "sat": "saturday", "sun": "sunday", "min": "minutes",
    "sec": "seconds", "hrs": "hours", "ft": "feet", "lbs": "pounds", "lb": "pound", "oz": "ounces",
    "est": "established", "misc": "miscellaneous", "max": "maximum",
}  # fmt: skip
ALSO_A_WORD = frozenset((
    "ch", "co", "dec", "est", "fig", "fri", "ft", "lb", "mar", "max", "min", "mon", "no", "sat", "sec", "sun", "wed",
))  # fmt: skip
"""Read as abbreviations only where a capital or a number speaks for it."""
UNITS = {
    "km": "kilometers", "m": "meters", "cm": "centimeters", "mm": "millimeters", "kg": "kilograms", "g": "grams",
    "mg": "milligrams", "ml": "milliliters", "l": "liters", "ft": "feet", "in": "inches", "lbs": "pounds",
    "lb": "pounds", "oz": "ounces", "mi": "miles", "mph": "miles per hour", "kph": "kilometers per hour",
    "km/h": "kilometers per hour", "hz": "hertz", "khz": "kilohertz", "mhz": "megahertz", "ghz": "gigahertz",
    "kb": "kilobytes", "mb": "megabytes", "gb": "gigabytes", "tb": "terabytes", "w": "watts", "kw": "kilowatts",
    "v": "volts", "s": "seconds", "ms": "milliseconds", "min": "minutes", "h": "hours", "hrs": "hours",
    "%": "percent", "\u00b0": "degrees", "\u00b0c": "degrees celsius", "\u00b0f": "degrees fahrenheit",
    "db": "decibels", "fps": "frames per second", "am": "a. m.",
    "pm": "p. m.",
}  # fmt: skip
"""After a number."""
NUMBERED = frozenset((
    "act", "book", "chapter", "class", "episode", "grade", "level", "mark", "part", "phase", "scene", "season",
    "section", "title", "type", "volume", "war",
))  # fmt: skip
"""What a Roman numeral counts; after any other name it is a rank (Henry the eighth)."""
SPELLED = frozenset((
    "ai", "eu", "id", "pm", "tv", "uk", "us",
))  # fmt: skip
"""Initials that would be words in lower case."""
CURRENCIES = {"$": ("dollar", "cent"), "\u00a3": ("pound", "penny"), "\u20ac": ("euro", "cent"), "\u00a5": ("yen", "")}
"""The sign to its unit and its hundredth."""
SIGNS = {
    "&": "and", "+": "plus", "=": "equals", "@": "at", "%": "percent", "\u00b0": "degrees", "#": "number", ".": "dot",
    "\u00d7": "times", "\u00bd": "one half", "\u00bc": "one quarter", "\u00be": "three quarters",
    "\u00a9": "copyright",
}  # fmt: skip
