"""The text of a script's file, whatever code page it was saved in; refused where nobody can tell which.

Unicode is told by itself. An old code page is told by what its bytes spell (chardet knows languages by their pairs of
letters): it is taken where what it spells is text and no other alphabet fits as well.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from itertools import islice

from vssflow_post.cues.timed_text import MalformedLine

WESTERN = "cp1252"
"""What the old subtitles of Western Europe are in, and English ones."""
CODE_PAGES = {
    WESTERN: "Windows-1252",
    "cp1250": "Windows-1250",
    "cp1251": "Windows-1251",
    "cp1253": "Windows-1253",
    "cp1254": "Windows-1254",
    "cp1255": "Windows-1255",
    "cp1256": "Windows-1256",
    "cp1257": "Windows-1257",
    "cp874": "Windows-874",
    "iso8859-2": "ISO 8859-2",
    "iso8859-5": "ISO 8859-5",
    "iso8859-7": "ISO 8859-7",
    "koi8-r": "KOI8-R",
    "koi8-u": "KOI8-U",
    "cp852": "DOS 852",
    "cp866": "DOS 866",
    "cp932": "Shift-JIS",
    "euc_jis_2004": "EUC-JP",
    "gb18030": "GBK",
    "big5hkscs": "Big5",
    "cp949": "EUC-KR",
}
"""What is told apart, by codec, with the names that people know."""
_MARKS = {b"\xff\xfe\0\0": "utf-32", b"\0\0\xfe\xff": "utf-32", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
LEAST_LIKELIHOOD = 0.005
"""Of text; a single word of two letters has 0.02."""
SURE_OF_ALPHABET = 1.5
"""How much likelier than the next code page that spells another alphabet one must be."""
NEARLY, NEARLY_OF_FEW = 1.1, 3.0
"""Within this of the likeliest, Western stands before the other code pages of the Latin alphabet; and where there are
few letters to tell them apart."""
FEW_LETTERS = 3
"""Fewer beyond ASCII are few."""
MOST_ROWS = 1000
"""Rows that are looked at for a code page."""
SAVE_AS = "save it as UTF-8"
_WIDE = re.compile("[\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff]{2}")
"""Alphabets that are written without blanks, so that a name in Latin letters may stand between theirs."""


@dataclass(frozen=True, slots=True)
class FileText:
    """What a file says."""

    text: str
    code_page: str = ""
    """Name of the old code page it was read in; "" for Unicode."""


def text_of(data: bytes) -> FileText:
    """The text of a file's bytes. Raises MalformedLine where it is none, or nobody can tell which."""
    for mark, codec in _MARKS.items():
        if data.startswith(mark):
            return FileText(_unicode(data, codec))
    if b"\0" in data:
        return FileText(_without_mark(data))
    if b"\x1b$" in data:
        return _in_code_page(data, ["iso2022_jp"], "ISO-2022-JP")
    try:
        return FileText(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        _refuse_broken_utf8(data, error)
    return _in_old_code_page(data)


def _unicode(data: bytes, codec: str) -> str:
    try:
        text = data.decode(codec)
    except UnicodeDecodeError as error:
        line = data[: error.start].decode(codec, "replace").count("\n") + 1
        raise MalformedLine(line, f"is not {codec.upper()}, as the file's first bytes say; {SAVE_AS}") from None
    if "\0" in text:
        raise MalformedLine(0, f"is not a text file; if it is one, {SAVE_AS}")
    return text


def _without_mark(data: bytes) -> str:
    """UTF-16 or UTF-32 whose first bytes do not say so: what is read in the right order has line ends and no NUL."""
    for codec in ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be"):
        try:
            text = data.decode(codec)
        except UnicodeDecodeError:
            continue
        if "\0" not in text and ("\n" in text or "\r" in text):
            return text
    raise MalformedLine(0, f"is not a text file; if it is one, {SAVE_AS}")


def _refuse_broken_utf8(data: bytes, error: UnicodeDecodeError) -> None:
    """A file that is UTF-8 but for some bytes is no file of an old code page."""
    text = data.decode("utf-8", "surrogateescape")
    n_broken = sum("\udc80" <= character <= "\udcff" for character in text)
    n_whole = sum(character > "\x7f" for character in text) - n_broken
    if n_whole > n_broken:
        line = len(re.split(rb"\r+\n|\n|\r", data[: error.start]))
        raise MalformedLine(line, f"is not UTF-8 here (byte {data[error.start]:#04x}), as the rest is; {SAVE_AS}")


def _in_code_page(data: bytes, codecs: list[str], name: str) -> FileText:
    for codec in codecs:
        try:
            return FileText(data.decode(codec), name)
        except UnicodeDecodeError:
            continue
    raise MalformedLine(0, f"is in no code page that is known here; {SAVE_AS}")


def _in_old_code_page(data: bytes) -> FileText:
    """Read in the code page that it is most likely in."""
    rows = re.split(rb"\r+\n|\n|\r", data)
    strange = [row for row in rows if not row.isascii()]
    line = rows.index(strange[0]) + 1
    likely = list(_likely(b"\n".join(islice(strange, MOST_ROWS))))
    if not likely:
        raise MalformedLine(line, f"is neither UTF-8 nor in a code page that is known here; {SAVE_AS}")
    best = likely[0]
    for other in likely[1:]:
        if other.alphabets != best.alphabets and other.likelihood * SURE_OF_ALPHABET > best.likelihood:
            names = f"{CODE_PAGES[best.codec]} or {CODE_PAGES[other.codec]}"
            raise MalformedLine(line, f"is not UTF-8, and may as well be {names}; {SAVE_AS}")
    codec = _of_latin(likely) if best.alphabets == {"LATIN"} else best.codec
    return _in_code_page(data, [codec, WESTERN, "latin-1"], CODE_PAGES[codec])


@dataclass(frozen=True, slots=True)
class _Spelling:
    """What bytes spell in one code page."""

    codec: str
    likelihood: float
    text: str

    @property
    def alphabets(self) -> set[str]:
        """Of its letters beyond ASCII."""
        letters = {character for character in self.text if character > "\x7f" and character.isalpha()}
        return {_alphabet(letter) for letter in letters} or {"LATIN"}

    @property
    def is_text(self) -> bool:
        """Whether it has no character that is none, and no word in two alphabets."""
        strange = {character for character in self.text if unicodedata.category(character) in ("Cc", "Cn", "Co")}
        strange |= set(re.findall("[\u2500-\u259f]", self.text))  # the frames and blocks of DOS
        words = {word for word in re.findall(r"[^\W\d_]+", self.text) if re.search("[A-Za-z]", word)}
        mixed = (word for word in words if {_alphabet(letter) for letter in word} != {"LATIN"})
        return strange <= {"\n", "\t"} and all(_WIDE.search(word) for word in mixed)


def _likely(data: bytes) -> Iterator[_Spelling]:
    """What the bytes spell in each code page in which they are text, likeliest first."""
    import chardet

    for found in chardet.detect_all(
        data,
        ignore_threshold=True,
        include_encodings=CODE_PAGES,
        compat_names=False,
        no_match_encoding=WESTERN,
        empty_input_encoding=WESTERN,
    ):
        codec = found["encoding"] or ""
        with suppress(UnicodeDecodeError, LookupError):
            spelling = _Spelling(codec, found["confidence"], data.decode(codec))
            if codec in CODE_PAGES and spelling.likelihood > LEAST_LIKELIHOOD and spelling.is_text:
                yield spelling


def _of_latin(likely: list[_Spelling]) -> str:
    """Of the code pages of the Latin alphabet the likeliest, or Western where that is nearly as likely."""
    best = likely[0]
    western = next((each.likelihood for each in likely if each.codec == WESTERN), 0.0)
    n_letters = sum(character.isalpha() for character in best.text if character > "\x7f")
    nearly = NEARLY if n_letters >= FEW_LETTERS else NEARLY_OF_FEW
    return WESTERN if western * nearly >= best.likelihood else best.codec


@cache
def _alphabet(letter: str) -> str:
    """The first word of its name (`GREEK`), but one for all that is written in Chinese and Japanese."""
    name = re.split("[ -]", unicodedata.name(letter, "?"))[0]
    if name in ("FEMININE", "MASCULINE", "MICRO"):
        return "LATIN"
    return "CJK" if name in ("HIRAGANA", "KATAKANA", "HALFWIDTH", "FULLWIDTH", "IDEOGRAPHIC", "BOPOMOFO") else name
