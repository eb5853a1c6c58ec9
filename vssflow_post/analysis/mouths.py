"""Where a mouth moves as in speech.

Speech opens and closes the mouth two to eight times a second (Chandrasekaran et al. 2009, "The natural statistics of
audiovisual speech"); a smile, a yawn or a turned head moves it slowly, camera noise faster.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from vssflow_post.backend import MouthTrack
from vssflow_post.timeline import CLOCK_HZ, Span

Curve: TypeAlias = npt.NDArray[np.float64]

_SLOW_S = 0.5
"""Movements slower than this are not syllables: they are taken off by a moving mean of this length."""
_WINDOW_S = 0.36
"""Length over which movement is weighed: a syllable and a half."""
_STARTS = 0.10
"""Root mean square of the fast part of the opening (0..1) at which speech is believed."""
_GOES_ON = 0.06
"""Above this it goes on, once believed."""
_MOVES_PER_S = 1.0
_SHARE = 0.2
_NEAR_S = 0.75
"""The mouth counts as moving above this speed, and above this share of the fastest movement this near."""
_PAUSE_S = 0.4
"""Shorter pauses lie within one span: words have them."""
_HELD_S, _HELD_OPEN = 1.0, 0.2
"""So do those in which the mouth stays at least so far open: a vowel that is held, words said through the teeth."""


def speaking_spans(track: MouthTrack, min_s: float = 0.3) -> list[Span]:
    """Where the mouth moves like speech for at least `min_s` seconds, on the film's clock, inside the track's span."""
    opening, rate_hz = np.asarray(track.opening.values[:, 0], np.float64), track.opening.rate_hz
    if len(opening) < 3:
        return []
    # Strength says whether it is speech, but its window blurs the edges; movement says from when to when.
    speech = _believed(syllabic_strength(opening, rate_hz)) & _moving(opening, rate_hz)
    runs = _bridged(_bridged(_runs(speech), round(_PAUSE_S * rate_hz)), round(_HELD_S * rate_hz), opening)
    long_enough = [(start, end) for start, end in runs if (end - start) / rate_hz >= min_s]
    return [_span(track.span, start, end, rate_hz) for start, end in long_enough]


def syllabic_strength(opening: Curve, rate_hz: float) -> Curve:
    """How much the mouth moves at the rate of syllables, at each row: RMS, in units of the opening."""
    smooth = _smooth(opening)
    fast = smooth - _mean_around(smooth, _odd(_SLOW_S * rate_hz))
    strength: Curve = np.sqrt(_mean_around(fast**2, _odd(_WINDOW_S * rate_hz)))
    return strength


def _believed(strength: Curve) -> npt.NDArray[np.bool_]:
    """Rows of the runs above the lower bar that reach the upper one."""
    believed = np.zeros(len(strength), np.bool_)
    for start, end in _runs(strength > _GOES_ON):
        believed[start:end] = strength[start:end].max() > _STARTS
    return believed


def _moving(opening: Curve, rate_hz: float) -> npt.NDArray[np.bool_]:
    speed = np.abs(np.gradient(_smooth(opening))) * rate_hz
    near = round(_NEAR_S * rate_hz)
    fastest_near = np.lib.stride_tricks.sliding_window_view(np.pad(speed, near), 2 * near + 1).max(axis=1)
    moving: npt.NDArray[np.bool_] = speed > np.maximum(_MOVES_PER_S, _SHARE * fastest_near)
    return moving


def _odd(length: float) -> int:
    return max(3, 2 * round((length - 1) / 2) + 1)


def _smooth(values: Curve) -> Curve:
    return np.convolve(np.pad(values, 1, mode="edge"), (0.25, 0.5, 0.25), mode="valid")


def _mean_around(values: Curve, length: int) -> Curve:
    return np.convolve(np.pad(values, length // 2, mode="edge"), np.full(length, 1.0 / length), mode="valid")


def _runs(mask: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Stretches of True, as [start, end)."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False]))))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _bridged(runs: list[tuple[int, int]], max_gap: int, held_open: Curve | None = None) -> list[tuple[int, int]]:
    """Runs with short gaps closed; with `held_open`, only those in which the mouth stays open."""
    joined: list[tuple[int, int]] = []
    for start, end in runs:
        gap = slice(joined[-1][1], start) if joined else slice(0)
        is_held = held_open is None or float(held_open[gap].min(initial=1.0)) >= _HELD_OPEN
        if joined and start - joined[-1][1] <= max_gap and is_held:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def _span(inside: Span, start: int, end: int, rate_hz: float) -> Span:
    start_sample = inside.start + round(start * CLOCK_HZ / rate_hz)
    end_sample = inside.start + round(end * CLOCK_HZ / rate_hz)
    return Span(min(start_sample, inside.end), min(end_sample, inside.end))
