"""Lines that overlap. A line keeps its start: two people may speak at once, each in a take of their own.

One voice says one thing at a time. Where the same speaker (or nobody that is named) has another line before the last
one is over, that one ends there, or when its words are said; of two that start together the second waits. What so gives
way is told, with how much.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from heapq import heapify, heappop, heappush

from vssflow_post.timeline import CLOCK_HZ, Cue, Span, SpeakingSegment

TOGETHER = CLOCK_HZ // 10
"""Lines of one speaker that start within so many samples start together; shorter overlaps are not worth a word."""
FAST_CHARACTERS_PER_S = 20
"""Of speech at the fastest, by which it is judged how long a line's words take at least."""
_MOST_TOLD = 50
MOST_TOGETHER = 5
"""Pairs of lines that are named."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A segment at its place."""

    segment: SpeakingSegment
    was: Span
    """Where it lay within the film."""

    @property
    def span(self) -> Span:
        return self.segment.span

    def at(self, start: int, end: int) -> Placed:
        return Placed(replace(self.segment, span=Span(start, end)), self.was)


def placed(segments: Sequence[SpeakingSegment], duration: Span) -> tuple[Placed, ...]:
    """The segments that lie in the film, by start; no line is lost, and only lines of one speaker are changed.

    Segments without words (whose sound is the film's own) give way to whatever speaks already.
    """
    spans = [(each, each.span.intersect(duration)) for each in segments]
    inside = [Placed(replace(each, span=span), span) for each, span in spans if span.n_samples]
    by_speaker: dict[str | None, list[Placed]] = {}
    for each in inside:
        if each.segment.text:
            by_speaker.setdefault(each.segment.speaker, []).append(each)
    found = [one for lines in by_speaker.values() for one in _one_voice(lines)]
    found += _wordless([each for each in inside if not each.segment.text], [one.span for one in found])
    return tuple(sorted(found, key=lambda one: one.span))


def gave_way(segments: Sequence[SpeakingSegment], duration: Span) -> tuple[str, ...]:
    """A sentence for the report where lines are not as long as they were, elsewhere, or said by one voice at once."""
    lines = placed(segments, duration)
    told = [f"d{number:04d} at {one.was.start_s:.1f} s {change}" for number, one in enumerate(lines, 1)
            if one.segment.text and (change := _change(one, lines[number:]))]  # fmt: skip
    if not told:
        return ()
    more = f"; and {len(told) - _MOST_TOLD} more" if len(told) > _MOST_TOLD else ""
    return (
        f"Lines of one speaker overlap, and one voice says one thing at a time: {'; '.join(told[:_MOST_TOLD])}{more}. "
        "Who talks over each other keeps all of it when the script names the speakers (ANNA: ...).",
    )


def spoken_together(cues: Sequence[Cue]) -> tuple[str, ...]:
    """A sentence for the report where people speak at once, which may be meant: each line is a take of its own."""
    lines = sorted((cue for cue in cues if cue.is_line), key=lambda cue: cue.heard)
    told = []
    for number, first in enumerate(lines):
        for second in lines[number + 1 :]:
            if second.heard.start > first.heard.end - TOGETHER:
                break
            if second.speaker != first.speaker:
                both = second.heard.intersect(first.heard)
                who = " and ".join(f"{cue.id} ({cue.speaker or 'nobody named'})" for cue in (first, second))
                told.append(f"{who} from {both.start_s:.1f} s for {both.duration_s:.1f} s")
    if not told:
        return ()
    more = f"; and {len(told) - MOST_TOGETHER} more" if len(told) > MOST_TOGETHER else ""
    return (f"Two speak at once, each in a take of their own: {'; '.join(told[:MOST_TOGETHER])}{more}.",)


def _change(one: Placed, later: Sequence[Placed]) -> str:
    """How a line is placed otherwise than it was, and whether it goes on under one of the `later` ones."""
    late, early = one.span.start - one.was.start, one.was.end - one.span.end
    parts = [f"starts {late / CLOCK_HZ:.1f} s later"] if late > 0 else []
    parts += [f"ends {early / CLOCK_HZ:.1f} s earlier"] if early > TOGETHER else []
    same = (each for each in later if each.segment.text and each.segment.speaker == one.segment.speaker)
    following = next(same, None)
    under = one.span.end - following.span.start if following else 0
    parts += [f"goes on for {under / CLOCK_HZ:.1f} s under the next"] if under > TOGETHER else []
    return " and ".join(parts)


def _one_voice(lines: Sequence[Placed]) -> Iterator[Placed]:
    """The lines of one speaker."""
    waiting = [(one.span, number, one) for number, one in enumerate(lines)]
    heapify(waiting)
    while waiting:
        _, number, line = heappop(waiting)
        if not waiting or waiting[0][0].start >= line.span.end:
            yield line
            continue
        start, end = line.span.start, line.span.end
        after = waiting[0][0].start
        if after - start >= TOGETHER:
            yield line.at(start, min(end, max(after, start + _needed(line))))
            continue
        _, other_number, other = heappop(waiting)
        whole = max(end, other.span.end)
        if whole - start < 2 * TOGETHER:  # there is no room for two
            yield line
            heappush(waiting, (other.span, other_number, other))
            continue
        first, second = _in_turn(line, other)
        heappush(waiting, (first.span, number, first))
        heappush(waiting, (second.span, other_number, second))


def _in_turn(line: Placed, other: Placed) -> tuple[Placed, Placed]:
    """Two lines that start together, as one after the other: whose end comes first is the first, and has all of its
    time where there is enough left for the second; else they share in proportion to their words."""
    first, second = (line, other) if line.span.end <= other.span.end else (other, line)
    start, turn, end = line.span.start, first.span.end, second.span.end
    if end - turn < _needed(second) or turn - start < TOGETHER:
        share = (end - start) * _needed(first) // (_needed(first) + _needed(second))
        turn = start + min(max(share, TOGETHER), end - start - TOGETHER)
    return first.at(first.span.start, turn), second.at(turn, end)


def _needed(line: Placed) -> int:
    """Samples that the words of a line take at least, about."""
    return CLOCK_HZ // 10 + len(line.segment.text) * CLOCK_HZ // FAST_CHARACTERS_PER_S


def _wordless(segments: Sequence[Placed], spoken: Sequence[Span]) -> Iterator[Placed]:
    """Each ends where the next starts; one inside another goes, and of each what lies under a line."""
    kept: list[Placed] = []
    for each in sorted(segments, key=lambda one: (one.span.start, -one.span.end)):
        if kept and each.span.end <= kept[-1].span.end:
            continue
        if kept and each.span.start < kept[-1].span.end:
            kept[-1] = kept[-1].at(kept[-1].span.start, each.span.start)
        kept.append(each)
    for one in kept:
        start, end = one.span.start, one.span.end
        for said in sorted(said for said in spoken if said.overlaps(one.span)):
            if said.start > start:
                end = said.start
                break
            start = max(start, said.end)
        if start < end:
            yield one.at(start, end)
