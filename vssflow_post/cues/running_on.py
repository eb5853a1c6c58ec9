"""A line whose words do not fit into its cue runs on into the free time after it, for as long as it naturally takes."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from vssflow_post.timeline import CLOCK_HZ, Cue, CueSheet, Span

LineSeconds: TypeAlias = Callable[[str, str | None], tuple[float, float]]
"""Text and voice to the seconds that the line takes when spoken as fast as the voice speaks, and naturally; zeros where
nobody can tell."""


def with_room(sheet: CueSheet, duration: Span, line_s: LineSeconds) -> CueSheet:
    """The sheet with longer cues for lines that are too long even when spoken fast: each up to its natural length, the
    next line of anybody, or the film's end; recordings and what is muted stay as they are."""
    starts = sorted(cue.span.start for cue in sheet.sounding.cues if cue.kind == "speech")

    def longer(cue: Cue) -> Cue:
        if cue.kind != "speech" or not cue.text.strip() or cue.is_muted or cue.recording is not None:
            return cue
        fast_s, natural_s = line_s(cue.text, cue.voice)
        if fast_s <= cue.span.duration_s:
            return cue
        following = bisect_left(starts, cue.span.end)
        free = starts[following] if following < len(starts) else duration.end
        free = min(free, duration.end - max(0, cue.shift))
        end = min(free, cue.span.start + math.ceil(natural_s * CLOCK_HZ))
        return replace(cue, span=Span(cue.span.start, max(cue.span.end, end)))

    return replace(sheet, cues=tuple(longer(cue) for cue in sheet.cues))
