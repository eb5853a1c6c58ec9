"""What abbreviations, units and signs are read as."""

from __future__ import annotations

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
