"""Does each phoneme last as long as the teacher's, and does it come when the mouth says it?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from vssflow_dit.evaluation.lips import Talk
from vssflow_dit.evaluation.measures import ALONE, FITTED, Measure
from vssflow_dit.synthesis.speech import Utterance
from vssflow_dit.text.durations import DurationModel, fit_to_span
from vssflow_dit.text.mouth_timing import fit_to_mouth

GROUP = "Are the sounds in time?"
ABOUT = (
    "Phoneme durations against the teachers' own over whole lines, all scaled to the line's length: root mean square "
    "error and correlation. The table of means knows how long each phoneme lasts on average in these very lines, which "
    "favours it. On the drawn faces: how far the ends of phonemes lie from the mouth's."
)
MEANS, MODEL_S = "table of means", "duration model"
Seconds = npt.NDArray[np.float64]


def measures(durations: DurationModel, lines: Sequence[Utterance], talks: Sequence[Talk]) -> list[Measure]:
    found: list[Measure] = []
    for voice in dict.fromkeys(line.voice for line in lines):
        found += _durations(durations, [line for line in lines if line.voice == voice])
    errors = np.array([_boundary_errors_s(durations, talk) for talk in talks])
    for k, column in enumerate((ALONE, FITTED)):
        mean_ms = 1000 * float(errors[:, k].mean())
        found.append(Measure(GROUP, "mean distance of phoneme ends on faces", "", column, mean_ms, "ms", len(errors)))
    believed = 100 * float(np.mean(errors[:, 0] != errors[:, 1]))
    found.append(Measure(GROUP, "mouths believed", "", FITTED, believed, "%", len(errors)))
    return found


def _durations(durations: DurationModel, lines: Sequence[Utterance]) -> list[Measure]:
    voice, n = lines[0].voice, sum(len(line.ids) - 2 for line in lines)
    truth = [_inner_s(line) for line in lines]
    ids = np.concatenate([line.ids[1:-1] for line in lines])
    flat = np.concatenate(truth)
    table = {int(k): float(flat[ids == k].mean()) for k in np.unique(ids)}
    guesses = {
        MEANS: [np.array([table[int(k)] for k in line.ids[1:-1]]) for line in lines],
        MODEL_S: [durations.predict(line.phonemes[1:-1], voice).astype(np.float64) for line in lines],
    }
    found = []
    for column, guess in guesses.items():
        scaled = np.concatenate([g * t.sum() / g.sum() for g, t in zip(guess, truth, strict=True)])
        error_ms = 1000 * float(np.sqrt(np.mean((scaled - flat) ** 2)))
        correlation = float(np.corrcoef(scaled, flat)[0, 1])
        found.append(Measure(GROUP, "error of a phoneme's duration", voice, column, error_ms, "ms", n))
        found.append(Measure(GROUP, "correlation of durations", voice, column, correlation, "", n))
    return found


def _inner_s(line: Utterance) -> Seconds:
    """Seconds of each sound between the silences at the edges."""
    return np.diff(line.ends_s.astype(np.float64))[:-1]


def _boundary_errors_s(durations: DurationModel, talk: Talk) -> tuple[float, float]:
    """Mean distance of the ends of sounds from the face's, without and with its mouth."""
    sounds = talk.line.phonemes[1:-1]
    truth = talk.start_s + talk.line.ends_s[1:-1]
    seconds, start_s, _ = fit_to_span(durations.predict(sounds, talk.voice), talk.duration_s, sounds)
    alone = start_s + np.cumsum(seconds)
    if talk.seen is None:
        fitted = alone
    else:
        opening = talk.seen.values[:, 0]
        warped, begin_s, _ = fit_to_mouth(seconds, sounds, opening, talk.seen.rate_hz, talk.duration_s, start_s)
        fitted = begin_s + np.cumsum(warped)
    return float(np.abs(alone - truth).mean()), float(np.abs(fitted - truth).mean())
