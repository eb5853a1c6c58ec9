"""A line in its span: how long each of its sounds lasts, fitted to the time there is and to the mouth that is seen.

Whatever voice speaks is timed here: the starter's, which is told how long its sounds last, and any other that can be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic

import numpy as np

from vssflow_dit.text.durations import EDGE_S, S, Seconds, fit_to_span, whole_words
from vssflow_dit.text.mouth_timing import fit_to_mouth
from vssflow_post.backend import Track


@dataclass(frozen=True, slots=True, eq=False)
class TimedLine(Generic[S]):
    """What is said of a line, and when."""

    sounds: Sequence[S]
    """Of those words that end within the span."""
    durations: Seconds
    """How long each lasts."""
    offset_s: float
    """When the first begins, from the span's start."""
    follows_mouth: bool
    """Whether the mouth was believed, and the times are its own."""
    notes: tuple[str, ...]
    """Sentences for the report."""

    @property
    def heard_s(self) -> tuple[float, float]:
        """From when to when it is spoken, a short silence at both ends included; zeros where no word is."""
        if not len(self.sounds):
            return 0.0, 0.0
        last_s = np.cumsum([self.offset_s, *self.durations, EDGE_S])[-1]
        return max(0.0, self.offset_s - EDGE_S), float(np.float32(last_s))


def timed(sounds: Sequence[S], natural: Seconds, span_s: float, mouth: Track | None) -> TimedLine[S]:
    """The line fitted to a span, and to a mouth (one channel, from the span's start) where one is seen and explains it.

    `natural` is how long each sound lasts when nobody asks.
    """
    durations, offset_s, note = fit_to_span(natural, span_s, sounds)
    fitted = False
    if mouth is not None:
        opening = mouth.values[:, 0]
        durations, offset_s, fitted = fit_to_mouth(durations, sounds, opening, mouth.rate_hz, span_s, offset_s)
    said, durations, lost = whole_words(sounds, durations, offset_s, span_s)
    notes = (f"{note} Not heard: “{lost}”. Shorten the line, or give it more time.".lstrip(),) if lost else ()
    return TimedLine(said, durations, offset_s, fitted, notes)


def line_s(sounds: Sequence[S], natural: Seconds) -> tuple[float, float]:
    """Seconds that the line takes when spoken as fast as it may be, and naturally."""
    fast, _, _ = fit_to_span(natural, 0.0, sounds)
    return float(fast.sum()) + 2 * EDGE_S, float(natural.sum()) + 2 * EDGE_S
