"""Subtitles that show a text again: layers of one line, and rows that roll up or grow. Each is said once, at its time.

Automatic captions repeat the row before in each subtitle, and typesetters lay a text over itself for its glow.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

from vssflow_post.cues.subtitle_rows import visible
from vssflow_post.cues.timed_text import Remarks, TimedText

GAP_S = Fraction(1, 10)
"""Subtitles that are no further apart follow on each other."""
GLIMPSE_S = Fraction(1, 4)
"""Nobody reads a subtitle that is shorter: the same text again is a part of the one before."""
_WORD_TIME = re.compile(r"<\d+:\d[\d:.]*>")


def each_once(texts: Sequence[TimedText], remarks: Remarks) -> list[TimedText]:
    """The texts by time, each once."""
    ordered = sorted(texts, key=lambda each: (each.start.seconds, each.end.seconds))
    return _without_layers(_unrolled(ordered), remarks)


def _without_layers(texts: Sequence[TimedText], remarks: Remarks) -> list[TimedText]:
    """One for each text that lies over itself."""
    kept: list[TimedText] = []
    last: dict[str, int] = {}
    for each in texts:
        words = visible(each.text)
        at = last.get(words)
        if at is not None and _is_layer(kept[at], each):
            first = kept[at]
            end = max(first.end, each.end, key=lambda time: time.seconds)
            kept[at] = replace(first, end=end, not_speech=first.not_speech and each.not_speech)
            remarks.note(each.line, "the same text at the same time as another, so it is said once")
        else:
            last[words] = len(kept)
            kept.append(each)
    return kept


def _is_layer(first: TimedText, other: TimedText) -> bool:
    """Whether `other`, which says the same and starts no sooner, is shown with `first` or goes on with it."""
    if first.speaker and other.speaker and first.speaker != other.speaker:
        return False
    shared = min(first.end.seconds, other.end.seconds) - other.start.seconds
    lasts = [each.end.seconds - each.start.seconds for each in (first, other)]
    return shared * 2 > min(lasts) or (shared >= -GAP_S and lasts[1] < GLIMPSE_S)


def _unrolled(texts: list[TimedText]) -> list[TimedText]:
    """Of rows that roll up, each where it first appears; of one that grows, the whole of it."""
    shown = [_rows(each.text) for each in texts]
    if not _rolls(texts, shown):
        return texts
    found: list[TimedText] = []
    for k, (each, rows) in enumerate(zip(texts, shown, strict=True)):
        n_old, grows = _repeated(shown[k - 1], rows) if k and _follows(texts[k - 1], each) else (0, False)
        fresh = [row for row in each.text.split("\n") if visible(row)][n_old:]
        if grows and found:
            rest = [row for row in found[-1].text.split("\n") if visible(row)][:-1]
            found[-1] = replace(found[-1], text="\n".join([*rest, *fresh]), end=each.end)
        elif fresh:
            found.append(replace(each, text="\n".join(fresh)))
    return found


def _rows(text: str) -> list[str]:
    return [words for row in text.split("\n") if (words := visible(row))]


def _follows(first: TimedText, other: TimedText) -> bool:
    return other.start.seconds - first.end.seconds <= GAP_S


def _repeated(before: Sequence[str], rows: Sequence[str]) -> tuple[int, bool]:
    """How many of the first rows stood last in the subtitle before, and whether the next of them has grown."""
    for n in range(min(len(before), len(rows)), 0, -1):
        if list(before[-n:]) == list(rows[:n]):
            return n, False
        if list(before[-n:-1]) == list(rows[: n - 1]) and rows[n - 1].startswith(before[-1] + " "):
            return n - 1, True
    return 0, False


def _rolls(texts: Sequence[TimedText], shown: Sequence[Sequence[str]]) -> bool:
    """Whether the file's rows roll up or grow: most of those subtitles that follow on another and say more do so."""
    n_following = n_rolling = 0
    for (first, before), (other, rows) in pairwise(zip(texts, shown, strict=True)):
        n_old, grows = _repeated(before, rows)
        if _follows(first, other) and (grows or n_old < len(rows)):
            n_following += 1
            n_rolling += grows or n_old > 0
    enough = 1 if any(_WORD_TIME.search(each.text) for each in texts) else 2
    return n_rolling >= enough and n_rolling * 2 >= n_following
