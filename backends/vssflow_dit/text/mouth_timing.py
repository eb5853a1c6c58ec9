"""Phoneme times from a visible mouth: the line is warped until its sounds open and close where the lips do.

Every sound has an openness (a viseme's); the best times are those at which the openness of the sounds explains the
measured opening, while no sound strays far from its natural length. That is dynamic time warping with a duration
cost per sound, solved exactly by dynamic programming.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from vssflow_dit.text.phonemes import SYMBOLS
from vssflow_dit.text.speech_sound import OPENNESS, SpeechSound

Curve = npt.NDArray[np.float64]
Seconds = npt.NDArray[np.float32]

OPENNESS_BY_ID: npt.NDArray[np.float32] = np.array(
    [0.0, *(OPENNESS.get(symbol.rstrip("012"), 0.0) for symbol in SYMBOLS)], np.float32
)
"""Openness by phoneme id; 0 for "nothing" and the blank."""
GRID_HZ = 50.0
SHORTEST, LONGEST = 0.6, 1.7
"""How far one sound may be warped."""
STRAY_COST = 0.15
"""Cost of a sound e times too long or short, in units of one second of squared opening error per natural second."""
MARGIN = 0.2
"""By how much the mouth must fit its line better than it usually does when played backwards or shifted."""
BELIEVED = 0.65
"""Correlation of the measured and the expected opening below which a mouth is taken for noise."""


def expected_opening(
    phonemes: Sequence[SpeechSound], durations: Seconds, offset_s: float, n: int, rate_hz: float = GRID_HZ
) -> Curve:
    """Opening that a speaker with these times shows, shape (n,), lips closed outside the line; smoothed over 80 ms."""
    ends = offset_s + np.cumsum(durations, dtype=np.float64)
    levels = np.array([0.0, *(sound.openness for sound in phonemes), 0.0])
    fine = (np.arange(n * 4) + 0.5) / (rate_hz * 4)
    steps = levels[np.searchsorted(np.array([offset_s, *ends]), fine, side="right")]
    width = max(1, round(0.08 * rate_hz * 4))
    smooth: Curve = np.convolve(
        np.pad(steps, width, mode="edge"), np.hanning(width + 2) / np.hanning(width + 2).sum(), mode="same"
    )
    opening: Curve = smooth[width:-width].reshape(n, 4).mean(axis=1)
    return opening


def fit_to_mouth(
    durations: Seconds,
    phonemes: Sequence[SpeechSound],
    opening: npt.NDArray[np.float32],
    rate_hz: float,
    span_s: float,
    offset_s: float = 0.0,
) -> tuple[Seconds, float, bool]:
    """Durations and start time (s) that agree with the lips, and whether they were changed at all.

    `opening` (n,) is the measured opening from the span's start, any scale; `durations` and `offset_s` are those that
    `fit_to_span` chose, and come back as they are when the mouth explains no line: still, lost, or moving otherwise.
    Total length stays within `span_s` if it was.
    """
    n = max(2, round(span_s * GRID_HZ))
    measured = _on_grid(np.asarray(opening, np.float64).ravel(), rate_hz, n)
    if measured is None or not len(durations):
        return durations, offset_s, False
    before = _correlation(expected_opening(phonemes, durations, offset_s, n), measured)
    warped, start_s = _warp(durations, phonemes, measured)
    after = _correlation(expected_opening(phonemes, warped, start_s, n), measured)
    # A free enough warp follows anything: the mouth must fit this line better than it fits when played otherwise.
    # Backwards, a lone line still starts and ends with the mouth: the best of the four would be a rival, not chance.
    chance = float(np.median([_best_correlation(durations, phonemes, other) for other in _played_otherwise(measured)]))
    if after < BELIEVED or after < before + 0.02 or after < chance + MARGIN:
        return durations, offset_s, False
    return warped, start_s, True


def _on_grid(opening: Curve, rate_hz: float, n: int) -> Curve | None:
    """The opening at GRID_HZ, 0 to 1 between its 5th and 95th percentile; None where it hardly moves."""
    if len(opening) < 4 or not np.isfinite(opening).all():
        return None
    low, high = np.percentile(opening, [5, 95])
    if high - low < 1e-3:
        return None
    times = (np.arange(n) + 0.5) / GRID_HZ
    scaled: Curve = np.clip(
        (np.interp(times, np.arange(len(opening)) / rate_hz, opening) - low) / (high - low), 0.0, 1.0
    )
    return scaled


def _played_otherwise(measured: Curve) -> list[Curve]:
    """The same mouth backwards, and moved around by a third either way: as lively, but not this line's."""
    third = len(measured) // 3
    return [measured[::-1], np.roll(measured, third), np.roll(measured, -third), np.roll(measured[::-1], third)]


def _best_correlation(durations: Seconds, phonemes: Sequence[SpeechSound], measured: Curve) -> float:
    warped, start_s = _warp(durations, phonemes, measured)
    return _correlation(expected_opening(phonemes, warped, start_s, len(measured)), measured)


def _correlation(a: Curve, b: Curve) -> float:
    """Pearson's, 0 where one of them is flat."""
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / size if size > 1e-9 else 0.0


def _warp(durations: Seconds, phonemes: Sequence[SpeechSound], measured: Curve) -> tuple[Seconds, float]:
    """The cheapest times on the grid: semi-Markov Viterbi over the sounds; (durations, start) in seconds."""
    n = len(measured)
    closed = np.concatenate([[0.0], np.cumsum(measured**2)])
    best = closed.copy()  # cost of everything before a sound that starts at grid point t
    choices: list[npt.NDArray[np.int64]] = []
    for sound, seconds in zip(phonemes, durations, strict=True):
        natural = max(float(seconds) * GRID_HZ, 0.5)
        lengths = np.arange(max(1, int(natural * SHORTEST)), max(2, int(np.ceil(natural * LONGEST))) + 1)
        error = np.concatenate([[0.0], np.cumsum((measured - sound.openness) ** 2)])
        stray = STRAY_COST * natural * np.log(lengths / natural) ** 2
        costs = np.full((len(lengths), n + 1), np.inf)
        for row, length in enumerate(lengths[lengths <= n]):
            costs[row, length:] = best[: n + 1 - length] + error[length:] - error[: n + 1 - length] + stray[row]
        chosen = costs.argmin(axis=0)
        choices.append(lengths[chosen])
        best = costs[chosen, np.arange(n + 1)]
    last = int(np.argmin(best + closed[-1] - closed))
    if not np.isfinite(best[last]):
        return durations, 0.0
    fitted = np.zeros(len(durations))
    for k in range(len(durations) - 1, -1, -1):
        fitted[k] = choices[k][last]
        last -= int(fitted[k])
    return (fitted / GRID_HZ).astype(np.float32), last / GRID_HZ


def opening_of(frames: npt.NDArray[np.integer], rate_hz: float = 100.0) -> npt.NDArray[np.float32]:
    """Phoneme ids frame by frame to the mouth's opening, smoothed as lips are slow."""
    return np.convolve(OPENNESS_BY_ID[frames], lip_window(rate_hz), mode="same").astype(np.float32)


def lip_window(rate_hz: float = 100.0) -> npt.NDArray[np.float64]:
    """What smooths an opening over 80 ms: an odd number of frames, their sum 1."""
    n = max(3, round(0.08 * rate_hz)) | 1
    window = np.hanning(n + 2)[1:-1]
    return np.asarray(window / window.sum())
