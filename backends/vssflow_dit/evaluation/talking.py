"""Shots of drawn people who talk, and what the product's own tracker sees of their mouths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from vssflow_dit.evaluation.drawn_faces import FPS, Looks, Mouth, looks, mouth_of, talking
from vssflow_dit.evaluation.heldout import SEED, Waveform
from vssflow_dit.evaluation.watched import watched
from vssflow_dit.synthesis.speech import Utterance
from vssflow_dit.synthesis.waves import RATE_HZ
from vssflow_post.analysis.faces import MouthTracker
from vssflow_post.backend import Track
from vssflow_post.progress import OnProgress
from vssflow_post.timeline import Span


@dataclass(frozen=True, slots=True, eq=False)
class Talk:
    """One shot: a face that says a line as one teacher would, within a subtitle's looser span."""

    line: Utterance
    """As the person in the picture says it."""
    voice: str
    """Which voice shall speak for them: another teacher's, with another rhythm, where there is one."""
    start_s: float
    duration_s: float
    who: Looks
    mouth: Mouth
    seen: Track | None
    """The mouth as tracked; None where no face was believed."""

    @property
    def span(self) -> Span:
        return Span.of_seconds(0, self.duration_s)

    @property
    def own_sound(self) -> Waveform:
        """The line where the mouth says it, silence around."""
        wave = np.zeros(round(self.duration_s * RATE_HZ), np.float32)
        first = round(self.start_s * RATE_HZ)
        wave[first : first + len(self.line.audio)] = (self.line.audio / 32768)[: len(wave) - first]
        return wave


def talks(lines: Sequence[Utterance], n: int, report: OnProgress) -> list[Talk]:
    """`n` shots, of lines by all voices in turn."""
    chosen = [int(k) for k in np.linspace(0, len(lines) - 1, n)]
    voices = list(dict.fromkeys(line.voice for line in lines))
    return [
        _talk(lines[k], voices[(voices.index(lines[k].voice) + 1) % len(voices)], number)
        for number, k in enumerate(watched("talking faces", chosen, report))
    ]


def _talk(line: Utterance, voice: str, number: int) -> Talk:
    rng = np.random.default_rng((SEED, 8, number))
    start_s, after_s = rng.uniform(0.15, 0.5, 2)
    duration_s = float(start_s + line.ends_s[-1] + after_s)
    who, mouth = looks(rng), mouth_of(line, float(start_s), duration_s)
    tracker = MouthTracker(Fraction(FPS))
    for frame in talking(rng, who, mouth):
        tracker.push(frame)
    span = Span.of_seconds(0, duration_s)
    longest = max(tracker.finish(span), key=lambda track: track.span.duration_s, default=None)
    seen = None
    if longest is not None:
        values = np.zeros((len(mouth.opening), 1), np.float32)
        first = round(longest.span.start_s * longest.opening.rate_hz)
        part = longest.opening.values[: len(values) - first]
        values[first : first + len(part)] = part
        seen = Track(values, longest.opening.rate_hz)
    return Talk(line, voice, float(start_s), duration_s, who, mouth, seen)
