"""Lines that overlap: a dialogue stem has one voice at a time, so they are set one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from vssflow_post.timeline import CLOCK_HZ, Span, SpeakingSegment

SHORTEST_REST = CLOCK_HZ // 10
"""A line that an overlap would leave less (in samples) shares the time of its neighbour instead."""
CHARACTERS_PER_S = 15
"""Pace of speech, to weigh a segment without words against a line."""


@dataclass(frozen=True, slots=True)
class _Bundle:
    """Segments that share one stretch of time, in the order in which they are spoken."""

    span: Span
    segments: tuple[SpeakingSegment, ...]

    def with_next(self, other: _Bundle) -> _Bundle:
        span = Span(min(self.span.start, other.span.start), max(self.span.end, other.span.end))
        return _Bundle(span, self.segments + other.segments)


def without_overlaps(segments: Sequence[SpeakingSegment]) -> tuple[SpeakingSegment, ...]:
    """The segments by time with spans that do not overlap; no line is lost.

    Two that overlap are parted at the middle of the overlap. A line that lies inside another, or would be left a
    tenth of a second, shares the time of both with the other in proportion to their texts. Only a segment
    without words inside another goes: somebody speaks there already.
    """
    bundles = _bundles_of_swallowed(segments)
    while (fewer := _bundles_of_squeezed(bundles)) != bundles:
        bundles = fewer
    placed: list[SpeakingSegment] = []
    for span, bundle in zip(_parted(bundles), bundles, strict=True):
        placed += _shared(span, bundle.segments)
    return tuple(placed)


def _bundles_of_swallowed(segments: Sequence[SpeakingSegment]) -> list[_Bundle]:
    """Bundles whose starts and ends both rise strictly: none lies inside another."""
    bundles: list[_Bundle] = []
    for segment in sorted(segments, key=lambda each: (each.span.start, -each.span.end)):
        if bundles and segment.span.end <= bundles[-1].span.end:
            if segment.text:
                bundles[-1] = bundles[-1].with_next(_Bundle(segment.span, (segment,)))
        else:
            bundles.append(_Bundle(segment.span, (segment,)))
    return bundles


def _bundles_of_squeezed(bundles: list[_Bundle]) -> list[_Bundle]:
    """The same with every bundle that keeps too little joined to the neighbour it overlaps most."""
    merged: list[_Bundle] = []
    spans = _parted(bundles)
    joins_last = False
    for k, (bundle, rest) in enumerate(zip(bundles, spans, strict=True)):
        joined = joins_last
        if joined:
            merged[-1] = merged[-1].with_next(bundle)
        else:
            merged.append(bundle)
        joins_last = False
        if rest.n_samples >= min(SHORTEST_REST, bundle.span.n_samples) or joined:
            continue
        before = bundle.span.intersect(bundles[k - 1].span).n_samples if k else 0
        after = bundle.span.intersect(bundles[k + 1].span).n_samples if k + 1 < len(bundles) else 0
        if after >= before:
            joins_last = True
        else:
            last = merged.pop()
            merged[-1] = merged[-1].with_next(last)
    return merged


def _parted(bundles: Sequence[_Bundle]) -> list[Span]:
    """Where each bundle lies when overlaps are parted in the middle. Never empty, since starts and ends rise."""
    starts = [bundle.span.start for bundle in bundles]
    ends = [bundle.span.end for bundle in bundles]
    for k in range(len(bundles) - 1):
        if ends[k] > bundles[k + 1].span.start:
            starts[k + 1] = ends[k] = (bundles[k].span.end + bundles[k + 1].span.start) // 2
    return [Span(start, end) for start, end in zip(starts, ends, strict=True)]


def _shared(span: Span, segments: tuple[SpeakingSegment, ...]) -> list[SpeakingSegment]:
    if span.n_samples < len(segments):  # more lines than samples: said in one breath
        return [replace(segments[0], span=span, text=" ".join(each.text for each in segments if each.text))]
    weights = [len(each.text) or 1 + round(each.span.duration_s * CHARACTERS_PER_S) for each in segments]
    return [replace(each, span=part) for each, part in zip(segments, span.shared(weights), strict=True)]
