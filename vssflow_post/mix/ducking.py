"""Ducking: effects step back while somebody speaks, as a mixer rides a fader: down before the first word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vssflow_post.audio import Samples
from vssflow_post.timeline import CLOCK_HZ, Span


@dataclass(frozen=True, slots=True, eq=False)
class DuckCurve:
    """Gain of what is ducked, straight in dB between its knots."""

    samples: npt.NDArray[np.int64]
    gains_db: npt.NDArray[np.float64]

    def gains(self, span: Span) -> Samples:
        """Linear gains, float32 (n,)."""
        if len(self.samples) == 0:
            return np.ones(span.n_samples, np.float32)
        gains_db = np.interp(np.arange(span.start, span.end), self.samples, self.gains_db)
        return np.asarray(10 ** (gains_db / 20), np.float32)


def duck_under(speech: Sequence[Span], depth_db: float, attack_ms: float, release_ms: float) -> DuckCurve:
    """The curve that is `depth_db` lower during `speech`.

    The way down takes the attack and ends where speech starts, the way up takes the release and starts where it ends.
    In a pause that is too short for both the gain stays down: effects that pump are worse than quiet ones.
    """
    attack, release = (max(1, round(ms * CLOCK_HZ / 1000)) for ms in (attack_ms, release_ms))
    held: list[Span] = []
    for span in sorted(speech):
        if held and span.start - held[-1].end < attack + release:
            held[-1] = Span(held[-1].start, max(held[-1].end, span.end))
        else:
            held.append(span)
    if depth_db == 0:
        held = []
    knots = [(sample, gain) for span in held for sample, gain in _ride(span, attack, release, -depth_db)]
    samples, gains_db = zip(*knots, strict=True) if knots else ((), ())
    return DuckCurve(np.array(samples, np.int64), np.array(gains_db, np.float64))


def _ride(span: Span, attack: int, release: int, gain_db: float) -> tuple[tuple[int, float], ...]:
    down, up = (span.start - attack, 0.0), (span.end + release, 0.0)
    return down, (span.start, gain_db), (span.end, gain_db), up
