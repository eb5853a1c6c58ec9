"""What is read aloud for numbers, abbreviations, units and signs."""

from __future__ import annotations

PAUSE = "|"
"""Stands between words where the speaker pauses."""
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
    bare = token.lstrip("-").replace(",", "").replace("'", "")
    whole, _, decimals = (bare.replace(".", "") if bare.count(".") > 1 else bare).partition(".")
    spoken = cardinal(int(whole)) if whole else []
    return minus + spoken + (["point", *(ONES[int(digit)] for digit in decimals)] if decimals else [])


_PLURALS = {"half": "halves", "penny": "pence", "yen": "yen", "won": "won", "foot": "feet", "inch": "inches"}


def plural(name: str) -> str:
    """The plural of a unit, a number or a coin: halves, twenties, sixes, pence."""
    if name in _PLURALS:
        return _PLURALS[name]
    *front, last = name.split()
    if last.endswith("y") and last[-2:-1] not in "aeiou":
        last = last[:-1] + "ies"
    else:
        last += "es" if last.endswith(("x", "s")) else "s"
    return " ".join([*front, last])


MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
BEFORE_A_NAME = {
    "mr": "mister", "mrs": "missus", "ms": "miz", "dr": "doctor", "prof": "professor", "st": "saint",
    "rev": "reverend", "capt": "captain", "cpt": "captain", "lt": "lieutenant", "col": "colonel", "gen": "general",
    "sgt": "sergeant", "cmdr": "commander", "gov": "governor", "sen": "senator", "rep": "representative",
    "pres": "president", "hon": "honorable", "mt": "mount", "ft": "fort", "messrs": "messieurs", "fr": "father",
    "det": "detective", "insp": "inspector",
}  # fmt: skip
"""Titles: read so where a capital follows."""
TITLES = frozenset(("capt", "dr", "lt", "mr", "mrs", "ms", "prof", "rev", "sgt", "st"))
"""Of these the ones that many write without a stop."""
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
    "p": "page", "pp": "pages", "nos": "numbers",
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
    "db": "decibels", "fps": "frames per second", "am": "a. m.", "pm": "p. m.", "m/s": "meters per second",
    "m\u00b2": "square meters", "km\u00b2": "square kilometers", "cm\u00b2": "square centimeters",
    "ft\u00b2": "square feet", "sqft": "square feet", "sq.ft": "square feet", "m\u00b3": "cubic meters",
    "cm\u00b3": "cubic centimeters", "hr": "hours", "mins": "minutes", "sec": "seconds", "secs": "seconds",
    "yd": "yards", "yds": "yards", "gal": "gallons", "tsp": "teaspoons", "tbsp": "tablespoons", "cal": "calories",
    "kcal": "calories", "mbps": "megabits per second", "gbps": "gigabits per second", "kbps": "kilobits per second",
    "mw": "megawatts", "\u00b5m": "micrometers", "\u03bcm": "micrometers", "kn": "knots",
    "\u2030": "per thousand", "\u00a2": "cents", "hp": "horsepower", "kmh": "kilometers per hour",
}  # fmt: skip
"""After a number."""
NUMBERED = frozenset((
    "act", "book", "chapter", "class", "episode", "grade", "level", "mark", "part", "phase", "scene", "season",
    "section", "title", "type", "volume", "war", "appendix", "article", "bowl", "cap", "figure", "gemini", "godfather",
    "rambo", "rocky", "round", "saturn", "stage", "step", "table", "unit",
))  # fmt: skip
"""What a Roman numeral counts; after any other name it is a rank (Henry the eighth)."""
REIGNING = frozenset((
    "charles", "edward", "francis", "frederick", "george", "henry", "james", "louis", "napoleon", "philip", "richard",
    "ptolemy", "pius", "sixtus", "urban", "wilhelm", "william",
))  # fmt: skip
"""Names that a single V or X makes a king or a pope of."""
SPELLED = frozenset((
    "ac", "ad", "ai", "da", "er", "eu", "id", "la", "pa", "pc", "pm", "tv", "uk", "un", "us",
))  # fmt: skip
"""Initials that would be words in lower case."""
CURRENCIES = {
    "$": ("dollar", "cent"), "\u00a3": ("pound", "penny"), "\u20ac": ("euro", "cent"), "\u00a5": ("yen", ""),
    "\u20b9": ("rupee", "paisa"), "\u20bd": ("ruble", ""), "\u20a9": ("won", ""), "\u20aa": ("shekel", ""),
    "\u20bf": ("bitcoin", ""),
}  # fmt: skip
"""The sign to its unit and its hundredth."""
CURRENCY_CODES = {"USD": "$", "EUR": "\u20ac", "GBP": "\u00a3", "JPY": "\u00a5", "INR": "\u20b9"}
"""After a number."""
NUMBERED_BY_PAIRS = frozenset((
    "apartment", "apt", "boeing", "bus", "channel", "flight", "gate", "highway", "interstate", "locker", "model",
    "fahrenheit", "platform", "room", "route", "studio", "suite", "train", "unit", "ward", "cell", "hwy", "rm",
))  # fmt: skip
"""Before a number of three or four digits that is called by pairs: room two thirty seven."""
ONLY_NUMBERED = frozenset(("nos", "p", "pp"))
"""Abbreviations of nothing unless a number follows."""
SPELLED_OUT = frozenset((
    "code", "dial", "dialed", "dialled", "zip", "zipcode", "pin", "passcode", "password", "extension", "ext", "badge",
))  # fmt: skip
"""Before a number that is said digit by digit."""
DIALLED = frozenset(("call", "phone", "ring", "text", "called", "calling", "rang"))
CALLED = frozenset(("000", "101", "111", "112", "211", "311", "411", "511", "611", "811", "988", "999"))
"""Short numbers that are called, digit by digit."""
SIZES = frozenset(("240", "360", "480", "576", "720", "1080", "1440", "2160", "4320"))
"""Rows of a picture: 1080p is ten eighty p."""
AFTER_A_NUMBER = frozenset(("in", "cal"))
"""Units that are words as well, so that they must touch their number."""
SIGNS = {
    "&": "and", "+": "plus", "=": "equals", "@": "at", "%": "percent", "\u00b0": "degrees", ".": "dot", "\u00f7":
    "divided by", "\u00d7": "times", "\u00a9": "copyright", "\u00b1": "plus or minus", "\u2248": "about",
    "\u221e": "infinity", "\u221a": "square root of", "\u00a7": "section", "~": "about", "\u2260": "is not",
    "\u2264": "at most", "\u2265": "at least", "\u00b2": "squared", "\u00b3": "cubed", "\u2122": "trademark",
    "\u2030": "per thousand", "\u2116": "number",
} | {sign: plural(unit) for sign, (unit, _) in CURRENCIES.items()}  # fmt: skip
_GREEK = """
alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon phi chi psi
omega
"""
_GREEK_LETTERS = [chr(0x3B1 + k) for k in range(25) if k != 17]  # 17 is a sigma at the end of a word
GREEK = dict(zip(_GREEK_LETTERS, _GREEK.split(), strict=True))
"""Single letters are read by their names."""
LATIN = str.maketrans({
    "\u00df": "ss", "\u1e9e": "SS", "\u00e6": "ae", "\u00c6": "AE", "\u0153": "oe", "\u0152": "OE", "\u00f8": "o",
    "\u00d8": "O", "\u0142": "l", "\u0141": "L", "\u0111": "d", "\u0110": "D", "\u00f0": "th", "\u00d0": "Th",
    "\u00fe": "th", "\u00de": "Th", "\u0131": "i", "\u0127": "h", "\u0126": "H", "\u014b": "ng", "\u014a": "Ng",
    "\u0167": "t", "\u0166": "T", "\u0259": "e", "\u018f": "E", "\u0138": "k", "\u0192": "f", "\u0149": "n",
})  # fmt: skip
"""Latin letters that are no plain letter with a mark, each by those that sound like it."""
