"""Subtitles as broadcasters take them: rows of at most 42 columns, two a subtitle.

What the source shows in such rows stays as it is. What is longer is broken anew, at the ends of sentences and clauses
where there are any, into as many subtitles as it takes, which share its time by their length.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import TypeAlias

from vssflow_post.timeline import VOICE, Run, Subtitle, SubtitleRow

MOST_COLUMNS = 42
MOST_ROWS = 2
CLAUSE, SENTENCE = 1, 2
"""What may end with a word."""
COLUMNS_FOR_AN_END = 10
"""So much longer one row may be than the other for the first to end with a clause; twice that for a sentence. And so
that it does not end with a little word, which belongs to the next."""
LITTLE_WORD = 3
LEAST_SHARE = 0.4
"""Of what fits into a subtitle, which it must hold to end with a sentence or a clause."""
SHORTEST = 480
"""Samples of a part: what is too short for that stays whole."""
_SENTENCE_END = re.compile(r"[.?!\u2026\u3002\uff1f\uff01][\"')\]\u201d\u2019]*$")
_CLAUSE_END = re.compile(r"[,;:\u3001\uff0c\u2013\u2014-][\"'\u201d\u2019]*$")
_TURN = re.compile(r"\s*(?:[-\u2010-\u2015\u2212]|>>)")

Word: TypeAlias = tuple[Run, ...]
"""What stands between two blanks, in one style or several; or the name of who speaks."""


def fitted(subtitle: Subtitle) -> list[Subtitle]:
    """The subtitle, or those that take its place."""
    as_they_are = [_words([row]) for row in subtitle.rows]
    if len(as_they_are) <= MOST_ROWS and all(_columns(words) <= MOST_COLUMNS for words in as_they_are):
        return [replace(subtitle, rows=tuple(map(_row, as_they_are)))]
    parts: list[list[list[Word]]] = []
    for turn in _turns(subtitle):
        for rows in map(_in_rows, _parts(_words(turn))):
            if parts and len(parts[-1]) + len(rows) <= MOST_ROWS:
                parts[-1] += rows
            else:
                parts.append(rows)
    if subtitle.span.n_samples < SHORTEST * len(parts):
        parts = [[row for rows in parts for row in rows]]
    spans = subtitle.span.shared([sum(map(_columns, rows)) for rows in parts])
    names = [f"{subtitle.name}-{n}" if subtitle.name and n > 1 else subtitle.name for n in range(1, len(parts) + 1)]
    return [
        replace(subtitle, span=span, rows=tuple(map(_row, rows)), name=name)
        for span, rows, name in zip(spans, parts, names, strict=True)
    ]


def _turns(subtitle: Subtitle) -> Iterator[list[SubtitleRow]]:
    """The rows, parted where somebody else speaks."""
    turn: list[SubtitleRow] = []
    later = [" ".join(line.text.split()[:4]) for line in subtitle.said[1:]]
    for row in subtitle.rows:
        text = "".join(run.text for run in row)
        if turn and (_TURN.match(text) or row[0].style == VOICE or any(words in text for words in later)):
            yield turn
            turn = []
        turn.append(row)
    yield turn


def _words(rows: Sequence[SubtitleRow]) -> list[Word]:
    words: list[list[Run]] = []
    for row in rows:
        is_open = False
        for run in row:
            if run.style == VOICE:
                words.append([run])
                continue
            pieces = run.text.split()
            if pieces and is_open and not run.text[0].isspace():
                words[-1].append(Run(pieces.pop(0), run.style))
            words += [[Run(piece, run.style)] for piece in pieces]
            is_open = bool(run.text) and not run.text[-1].isspace() if run.text.strip() else is_open and not run.text
    return [short for word in words for short in _shortened(tuple(word))]


def _shortened(word: Word) -> Iterator[Word]:
    """A word that is longer than a row in pieces that are not: Chinese has no blanks."""
    if _columns([word]) <= MOST_COLUMNS or len(word) > 1:
        yield word
        return
    text, style = word[0].text, word[0].style
    while text:
        columns = accumulate(map(_columns_of, text))
        n = max(1, sum(each <= MOST_COLUMNS for each in columns))
        yield (Run(text[:n], style),)
        text = text[n:]


def _columns_of(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _columns(words: Sequence[Word]) -> int:
    """The width of a row of these words; with a name, `NAME: `."""
    texts = (f"{run.text}:" if run.style == VOICE else run.text for word in words for run in word)
    return sum(map(_columns_of, "".join(texts))) + max(0, len(words) - 1)


def _end_of(words: Sequence[Word]) -> int:
    """What ends with the last word: SENTENCE, CLAUSE, or 0."""
    text = words[-1][-1].text
    return SENTENCE if _SENTENCE_END.search(text) else CLAUSE if _CLAUSE_END.search(text) else 0


def _parts(words: list[Word]) -> Iterator[list[Word]]:
    """The words in parts that each fit into a subtitle."""
    while words:
        n = _n_that_fit(words)
        if n < len(words):
            n = _cut_before(words, n)
        yield words[:n]
        words = words[n:]


def _n_that_fit(words: Sequence[Word]) -> int:
    """How many of the words fill a subtitle, row by row."""
    rows, columns = 1, -1
    for n, word in enumerate(words):
        columns += 1 + _columns([word])
        if columns > MOST_COLUMNS and n:
            rows, columns = rows + 1, _columns([word])
        if rows > MOST_ROWS:
            return n
    return len(words)


def _cut_before(words: Sequence[Word], most: int) -> int:
    """Where to end a part of at most `most` words: the latest sentence or clause, else so that all parts are alike."""
    whole, full = _columns(words), _columns(words[:most])
    for end in (SENTENCE, CLAUSE):
        for n in range(most, 0, -1):
            if _end_of(words[:n]) == end and _columns(words[:n]) >= LEAST_SHARE * full:
                return n
    alike = whole / -(-whole // full)
    return min(range(1, most + 1), key=lambda n: abs(_columns(words[:n]) - alike))


def _in_rows(words: list[Word]) -> list[list[Word]]:
    """The words of a part in one row, or in two that end well and are of like length."""
    if _columns(words) <= MOST_COLUMNS:
        return [words]

    def cost(n: int) -> float:
        first, second = _columns(words[:n]), _columns(words[n:])
        too_long = max(0, first - MOST_COLUMNS, second - MOST_COLUMNS)
        end = _end_of(words[:n])
        hangs = not end and _columns([words[n - 1]]) <= LITTLE_WORD
        return 1000 * too_long + abs(first - second) - COLUMNS_FOR_AN_END * (end - hangs)

    n = min(range(1, len(words)), key=cost) if len(words) > 1 else 1
    return [row for row in (words[:n], words[n:]) if row]


def _row(words: Sequence[Word]) -> SubtitleRow:
    runs: list[Run] = []
    for word in words:
        for k, run in enumerate(word):
            blank = " " if runs and not k and runs[-1].style != VOICE else ""
            if runs and runs[-1].style == run.style != VOICE:
                runs[-1] = Run(runs[-1].text + blank + run.text, run.style)
                continue
            if run.style and blank:  # a blank between two styles is not in italics where either is not
                runs[-1] = Run(runs[-1].text + blank, runs[-1].style)
                blank = ""
            runs.append(Run(blank + run.text, run.style))
    return tuple(runs)
