"""Does speech follow the mouth? Its loudness is compared with how far a drawn mouth is open, picture by picture.

The model reads of the mouth what the product's own tracker sees of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from vssflow_dit.bars import watched
from vssflow_dit.evaluation.drawn_faces import FPS, Curve, Looks, Mouth, looks, mouth_of, talking
from vssflow_dit.evaluation.heldout import JUDGED_HZ, SEED, Waveform, judged
from vssflow_dit.evaluation.measures import ALONE, FITTED, TRUTH, Measure
from vssflow_dit.evaluation.renders import takes
from vssflow_dit.synthesis.speech import Utterance
from vssflow_dit.synthesis.waves import RATE_HZ
from vssflow_post.analysis.faces import MouthTracker
from vssflow_post.backend import Backend, CueRequest, Track
from vssflow_post.progress import OnProgress
from vssflow_post.timeline import Span

GROUP = "Does speech follow the mouth?"
ABOUT = (
    "Drawn faces say held-out lines inside looser subtitle spans, each with the rhythm of one teacher; the voice of "
    "another speaks for them, with the durations that the model predicts, and with those fitted to the mouth that the "
    "tracker sees. Correlation of loudness (dB) and opening, at the picture's own time; the offset is the shift at "
    "which they agree best. The ground truth is the first teacher's own sound."
)
QUIET_DB = 40.0
"""Below the loudest moment: quieter is silence."""
FARTHEST = round(0.4 * FPS)


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
        return judged(wave, RATE_HZ)


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
    seen = None if longest is None else longest.during(Span.of_seconds(0, len(mouth.opening) / FPS))
    return Talk(line, voice, float(start_s), duration_s, who, mouth, seen)


def loudness(wave: Waveform, n: int) -> Curve:
    """dB over QUIET_DB below the loudest, one value a picture."""
    hop = JUDGED_HZ // FPS
    padded = np.pad(wave, (0, max(0, n * hop - len(wave))))[: n * hop].astype(np.float64)
    level = 10 * np.log10((padded.reshape(n, hop) ** 2).mean(axis=1) + 1e-10)
    smooth: Curve = np.convolve(np.pad(level, 1, mode="edge"), (0.25, 0.5, 0.25), mode="valid")
    loud: Curve = np.maximum(smooth - smooth.max() + QUIET_DB, 0.0)
    return loud


def agreement(opening: Curve, loud: Curve) -> tuple[float, float]:
    """(correlation, offset in s at which it is largest; positive: the sound is late)."""
    shifts = range(-FARTHEST, FARTHEST + 1)
    each = [_correlation(opening, np.roll(loud, -shift)) for shift in shifts]
    return each[FARTHEST], shifts[int(np.argmax(each))] / FPS


def _correlation(a: Curve, b: Curve) -> float:
    return float(np.corrcoef(a, b)[0, 1]) if a.std() > 1e-9 and b.std() > 1e-9 else 0.0


def spoken(backend: Backend, talks: Sequence[Talk], report: OnProgress) -> dict[str, list[Waveform]]:
    """Column -> a waveform for each talk."""
    alone = [
        CueRequest(f"d{k}", "speech", talk.span, seed=k, text=talk.line.text, voice=talk.voice)
        for k, talk in enumerate(talks)
    ]
    fitted = [replace(request, mouth=talk.seen) for request, talk in zip(alone, talks, strict=True)]
    return {
        TRUTH: [talk.own_sound for talk in talks],
        ALONE: takes(backend, alone, "lines without the mouth", report).waves,
        FITTED: takes(backend, fitted, "lines with the mouth", report).waves,
    }


def measures(talks: Sequence[Talk], heard: dict[str, list[Waveform]]) -> list[Measure]:
    found: list[Measure] = []
    for column, waves in heard.items():
        pairs = [
            agreement(talk.mouth.opening, loudness(wave, len(talk.mouth.opening)))
            for talk, wave in zip(talks, waves, strict=True)
        ]
        both = np.array(pairs)
        found += [
            Measure(GROUP, "correlation of loudness and opening", "", column, float(both[:, 0].mean()), "", len(both)),
            Measure(
                GROUP,
                "mean distance of the best offset",
                "",
                column,
                1000 * float(abs(both[:, 1]).mean()),
                "ms",
                len(both),
            ),
        ]
    alone, fitted = (_correlations(talks, heard[column]) for column in (ALONE, FITTED))
    better = 100 * float(np.mean(np.array(fitted) > np.array(alone)))
    found.append(Measure(GROUP, "faces followed better than without", "", FITTED, better, "%", len(talks)))
    seen = 100 * float(np.mean([talk.seen is not None for talk in talks]))
    found.append(Measure(GROUP, "faces found by the tracker", "", FITTED, seen, "%", len(talks)))
    return found


def _correlations(talks: Sequence[Talk], waves: Sequence[Waveform]) -> list[float]:
    return [
        agreement(talk.mouth.opening, loudness(wave, len(talk.mouth.opening)))[0]
        for talk, wave in zip(talks, waves, strict=True)
    ]
