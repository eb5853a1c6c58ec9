"""What a mouth's movement says about speech. Pure numpy, so that every stage may use it.

Speech opens and closes the mouth two to eight times a second (Chandrasekaran et al. 2009, "The natural statistics of
audiovisual speech"); a smile, a yawn or a turned head moves it slowly, camera noise faster.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vssflow_post.backend import MouthTrack
from vssflow_post.timeline import CLOCK_HZ, Span

Curve = npt.NDArray[np.float64]

_SLOW_S = 0.5
"""Movements slower than this are not syllables: they are taken off by a moving mean of this length."""
_WINDOW_S = 0.36
"""Length over which movement is weighed: a syllable and a half."""
_STARTS = 0.10
"""Root mean square of the fast part of the opening (0..1) at which speech is believed."""
_GOES_ON = 0.05
"""Above this it goes on, once believed."""
_PAUSE_S = 0.4
"""Shorter pauses lie within one span: words have them."""


def speaking_spans(track: MouthTrack, min_s: float = 0.3) -> list[Span]:
    """Where the mouth moves like speech for at least `min_s` seconds, on the film's clock, inside the track's span."""
    opening, rate_hz = np.asarray(track.opening.values[:, 0], np.float64), track.opening.rate_hz
    if len(opening) < 3:
        return []
    strength = syllabic_strength(opening, rate_hz)
    runs = _bridged(_runs_with_hysteresis(strength), round(_PAUSE_S * rate_hz))
    long_enough = [(start, end) for start, end in runs if (end - start) / rate_hz >= min_s]
    return [_span(track.span, start, end, rate_hz) for start, end in long_enough]


def syllabic_strength(opening: Curve, rate_hz: float) -> Curve:
    """How much the mouth moves at the rate of syllables, at each row: RMS, in units of the opening."""
    smooth = _centred_mean(opening, 3, np.array([0.25, 0.5, 0.25]))
    fast = smooth - _centred_mean(smooth, _odd(_SLOW_S * rate_hz))
    return np.sqrt(_centred_mean(fast**2, _odd(_WINDOW_S * rate_hz)))


def _odd(length: float) -> int:
    return max(3, 2 * round((length - 1) / 2) + 1)


def _centred_mean(values: Curve, length: int, weights: Curve | None = None) -> Curve:
    kernel = np.full(length, 1.0 / length) if weights is None else weights
    padded = np.pad(values, length // 2, mode="edge")
    return np.convolve(padded, kernel, mode="valid")


def _runs_with_hysteresis(strength: Curve) -> list[tuple[int, int]]:
    """Runs above the lower bar that reach the upper one, as [start, end)."""
    above = np.concatenate(([False], strength > _GOES_ON, [False]))
    edges = np.flatnonzero(above[1:] != above[:-1])
    runs = zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    return [(start, end) for start, end in runs if strength[start:end].max() > _STARTS]


def _bridged(runs: list[tuple[int, int]], max_gap: int) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in runs:
        if joined and start - joined[-1][1] <= max_gap:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def _span(inside: Span, start: int, end: int, rate_hz: float) -> Span:
    start_sample = inside.start + round(start * CLOCK_HZ / rate_hz)
    end_sample = inside.start + round(end * CLOCK_HZ / rate_hz)
    return Span(min(start_sample, inside.end), min(end_sample, inside.end))
