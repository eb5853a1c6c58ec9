"""What a subtitle tells besides speech: songs, sounds and directions, by the signs that mark them.

Each function takes text and gives back what is left to be spoken, and the captions that it took out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

from vssflow_post.cues.caption_words import is_aside, is_doing, is_sound_in_capitals, means_sound, words_of

SONGS_GO_ON = 20
"""Subtitles that may lie between the note that opens a song and the one that closes it."""
LONGEST_HEAD = 100
"""Characters of a dash and a label before a note."""
AROUND = 80
"""Characters before and after a bracket that say whether it stands inside a sentence."""
_SIGN = r"[\u00b6\u2669-\u266f\U0001f3b5\U0001f3b6\U0001f3bc]\ufe0f?"
_NOTE = re.compile(rf"{_SIGN}(?:[ \t]*{_SIGN})*")
_ONLY_NOTES = re.compile(rf"[\s\[\](){{}}~-]*(?:{_SIGN}[\s\[\](){{}}~-]*)+")
_MUSIC = "music"
"""What notes without words tell of."""
_HASH_AT_HEAD = re.compile(r"(?P<before>(?:^|\n)[ \t>\u2010-\u2015\u2212-]*)#+(?=[ \t]+[^\W\d]|[ \t]*(?:\n|$))")
_HASH_AT_END = re.compile(r"[ \t]#+(?=[ \t]*(?:\n|$))|[ \t]#+(?=[ \t]+[^\W\d])")
_HASHES_AROUND = re.compile(r"(?:(?<=\n)|^)([ \t>-]*)#([^\s#\d][^#\n]*)#[ \t]*(?=\n|$)")
_NEW_VOICE = re.compile(r"\n[ \t]*[-\u2010-\u2015\u2212>]")
_ROW_HEAD = re.compile(r"[ \t>\u2010-\u2015\u2212-]*(?:[^\n:\uff1a]{1,60}[:\uff1a]|\x00[^\x00\n]*\x00)?[ \t]*")
_ROW_END = re.compile(r"[ \t]*(?:\n|$)")
_SQUARE = re.compile(
    r"\[([^\[\]]*)\]|\u3010([^\u3010\u3011]*)\u3011|\u3014([^\u3014\u3015]*)\u3015|\uff3b([^\uff3b\uff3d]*)\uff3d|\{([^{}]*)\}"
)
_ROUND = re.compile(r"\(([^()\x00]*)\)|\uff08([^\uff08\uff09\x00]*)\uff09")
_NAMED_SOUND = re.compile(
    r"(?:(?<=\n)|^)[ \t-]*(?:(?:THEME )?MUSIC|SONG|SFX|FX|SOUND(?: EFFECTS?)?)[ \t]?:[ \t]*"
    r"([^\n]+(?:\n(?![^\n]*:)[^\n>-][^\n]*)*)"
)
_STARS = re.compile(r"\*{1,3}(?=[^\s*])([^*\n]{1,200})(?<=\S)\*{1,3}")
_TILDES = re.compile(r"(?<![\w~])[~\u301c\uff5e]+[ \t]*([^~\u301c\uff5e\n]{1,200})[~\u301c\uff5e]+(?![\w~])")
_BLANKS = re.compile(r"[ \t]+")
_BLANK_BEFORE_STOP = re.compile(r"(?<=\S)[ \t]{1,9}(?=[.,!?;](?:\s|$))")
_KEPT_OPEN, _KEPT_CLOSE = "\x01", "\x02"
_SENTENCE_ENDS = ".!?:;\u2026\u3002\uff01\uff1f\x00>-\u2013\u2014"


def without_songs(texts: Sequence[str]) -> list[tuple[str, list[str]]]:
    """(text without what is sung, what is sung) of each subtitle of a file.

    A note at the head of a row opens a song, one after words closes it, in the same subtitle or in a later one; `#` is
    a note where it stands apart at the head of a row, and closes what it opened. Notes alone that open and close
    nothing are music.
    """
    noted = _with_notes_for_hashes(texts)
    found = []
    goes_on_to = -1
    for k, text in enumerate(noted):
        was_singing = k <= goes_on_to
        spoken, sung, is_open = _parted(text, was_singing)
        if is_open and k >= goes_on_to:
            goes_on_to = _closing_after(noted, k)
        if _ONLY_NOTES.fullmatch(text) and not was_singing and k > goes_on_to:
            spoken, sung = "", [_MUSIC]
        found.append((spoken, sung))
    return found


def _with_notes_for_hashes(texts: Sequence[str]) -> list[str]:
    noted = []
    is_open = False
    for text in texts:
        text = _HASHES_AROUND.sub("\\1\u266a\\2\u266a", text)
        opened = _HASH_AT_HEAD.sub("\\g<before>\u266a", text)
        if is_open or opened != text:
            closed = _HASH_AT_END.sub(" \u266a", opened)
            is_open = closed == opened if opened != text else is_open and closed == opened
            opened = closed
        noted.append(opened)
    return noted


def _closing_after(texts: Sequence[str], k: int) -> int:
    """The subtitle that closes the song which `k` left open; -1 where none does."""
    for later in range(k + 1, min(len(texts), k + 1 + SONGS_GO_ON)):
        first = _NOTE.search(texts[later])
        if first is not None:
            return -1 if _is_at_head(texts[later], first.start()) else later
    return -1


def _parted(text: str, singing: bool) -> tuple[str, list[str], bool]:
    """(what is spoken, what is sung, whether a song is still open at the end) of one subtitle."""
    spoken, sung = [], []
    at, opened_here = 0, False
    for note in _NOTE.finditer(text):
        before = text[at : note.start()]
        at_head, at_end = _is_at_head(text, note.start()), bool(_ROW_END.match(text, note.end()))
        if singing:
            sung.append(before)
        elif at_end and not at_head:  # it closes what nothing opened
            rest, last = _cut_at_voice(before)
            spoken.append(rest)
            sung.append(last)
        else:
            spoken.append(before)
        singing = not singing if at_head and at_end else at_head or (not at_end and not singing)
        opened_here, at = singing, note.end()
    rest = text[at:]
    if singing and opened_here and (voice := _NEW_VOICE.search(rest)):
        sung.append(rest[: voice.start()])
        spoken.append(rest[voice.start() :])
        singing = False
    else:
        (sung if singing else spoken).append(rest)
    return " ".join(spoken), [each for each in sung if each.strip()], singing


def _is_at_head(text: str, at: int) -> bool:
    """Whether nothing but a dash or a label stands before `at` in its row."""
    row = text.rfind("\n", 0, at) + 1
    return at - row < LONGEST_HEAD and bool(_ROW_HEAD.fullmatch(text, row, at))


def _cut_at_voice(text: str) -> tuple[str, str]:
    """`text` before the last row that begins with a dash, and from there on."""
    last = max((found.start() for found in _NEW_VOICE.finditer(text)), default=0)
    return text[:last], text[last:]


def without_descriptions(text: str) -> tuple[str, list[str]]:
    """(text, captions) without what stands in brackets, stars or tildes, or after `MUSIC:`.

    What is spoken there stays: an aside inside a sentence (`She said (and I agree) that`), a number, a word with
    stress (`I *really* mean it`).
    """
    captions: list[str] = []

    def left_out(found: re.Match[str]) -> str:
        captions.append(next(each for each in found.groups() if each is not None))
        return " "

    def rounded(found: re.Match[str]) -> str:
        content = found[1] if found[1] is not None else found[2]
        if found.start() and text[found.start() - 1].isalnum() and content.isalpha() and len(content) < 4:
            return content  # the key(s)
        if _is_spoken_in_brackets(content, *_around(text, found)):
            return f"{_KEPT_OPEN}{content}{_KEPT_CLOSE}"
        return left_out(found)

    def starred(found: re.Match[str]) -> str:
        return found[1] if _is_stressed(found[1], *_around(text, found)) else left_out(found)

    def waved(found: re.Match[str]) -> str:
        is_row = _is_at_head(text, found.start()) and _ROW_END.match(text, found.end())
        return left_out(found) if is_row or means_sound(found[1]) else found[1]

    text = _NAMED_SOUND.sub(left_out, text)
    text = text.replace(_KEPT_OPEN, " ").replace(_KEPT_CLOSE, " ")
    while (shorter := _SQUARE.sub(left_out, text)) != text:  # innermost first, so nested brackets go too
        text = shorter
    while (shorter := _ROUND.sub(rounded, text)) != text:
        text = shorter
    text = _TILDES.sub(waved, text)
    text = _STARS.sub(starred, text)
    text = _BLANKS.sub(" ", text.replace(_KEPT_OPEN, "(").replace(_KEPT_CLOSE, ")"))
    return _BLANK_BEFORE_STOP.sub("", text) if captions else text, captions


def _around(text: str, found: re.Match[str]) -> tuple[str, str]:
    return text[max(0, found.start() - AROUND) : found.start()].rstrip(), text[
        found.end() : found.end() + AROUND
    ].lstrip()


def _is_spoken_in_brackets(content: str, before: str, after: str) -> bool:
    if not any(map(str.isalpha, content)):
        return any(map(str.isdigit, content))  # (555) 123-4567
    if not before or before[-1] in _SENTENCE_ENDS or not any(map(str.isalnum, before)):
        return False
    if is_aside(content):
        return True
    goes_on = after[:1].islower()
    return not means_sound(content) and (len(words_of(content)) > 1 or goes_on or content[:1].isdigit())


def _is_stressed(content: str, before: str, after: str) -> bool:
    if after[:1].islower() and content.endswith("ly"):
        return True
    is_inside = bool(before) and before[-1] not in _SENTENCE_ENDS
    if means_sound(content):
        return is_inside and not is_doing(content)
    if is_inside or after[:1].islower():
        return True
    return not content[:1].islower() or content.rstrip()[-1] in ".!?,"


def without_sounds_in_capitals(text: str) -> tuple[str, list[str]]:
    """(text, captions) of a subtitle of a file in mixed case, without rows, and heads of rows, in capitals that
    describe a sound: `DOG BARKS`."""
    captions: list[str] = []
    rows: list[str] = []
    for in_capitals, group in groupby(text.split("\n"), _is_upper):
        together = list(group)
        if in_capitals and is_sound_in_capitals(" ".join(together)):
            captions.append(" ".join(together))
            continue
        for row in together:
            head, rest = _head_in_capitals(row)
            if head and is_sound_in_capitals(head):
                captions.append(head)
                row = rest
            rows.append(row)
    return "\n".join(rows), captions


def _is_upper(row: str) -> bool:
    return row == row.upper() != row.lower()


def _head_in_capitals(row: str) -> tuple[str, str]:
    """(two words or more in capitals, the sentence in mixed case behind them); ("", row) where there are none."""
    words = row.split()
    n = next((k for k, word in enumerate(words) if not _is_upper(word)), len(words))
    while n and words[n - 1] in ("I", "A"):
        n -= 1
    if n < 2 or n == len(words) or not words[n][0].isupper():
        return "", row
    return " ".join(words[:n]), " ".join(words[n:])
