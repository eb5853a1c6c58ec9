"""What is heard of things that move: their blows, read by the strike net from each one's own motion, and their pace.

A thing has been parted from the others and freed of the camera (the analysis does both). Its flashes are known
already; they and its blows are its strikes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import chain

import numpy as np
import numpy.typing as npt

from vssflow_dit.picture.motion import LEAST_MASS, RATE_HZ, WIDTH, describe
from vssflow_dit.picture.strikes import APART_S, EDGE_S, FULL_SPEED, StrikeNet, pulses
from vssflow_post.backend import Strike, Thing, Track
from vssflow_post.timeline import CLOCK_HZ, Span

MEASURED_AT = 160
"""Longer side, in pixels, of the picture that a thing's change was summed on."""

Curve = npt.NDArray[np.float32]


def motion_of(thing: Thing) -> Curve:
    """A thing's motion in CHANNELS, (n, channels) at 100 a second from the start of its shot."""
    rows = np.zeros((len(thing.moments), 5))
    rows[:, 0] = thing.moments[:, 0] * (WIDTH / MEASURED_AT) ** 2
    rows[:, 1:4] = np.where(rows[:, :1] >= LEAST_MASS, thing.moments[:, 1:], np.nan)
    times_s = (thing.samples - thing.span.start) / CLOCK_HZ
    return describe(times_s, rows, max(1, math.ceil(thing.span.duration_s * RATE_HZ)))


def blows(net: StrikeNet, thing: Thing) -> list[Strike]:
    """Where a motion of the thing strikes, in order of time."""
    if len(thing.moments) < 3:
        return []
    start, last = thing.span.start, int(thing.samples[-2])
    first = start + round(EDGE_S * CLOCK_HZ)
    found = [Strike(start + round(at_s * CLOCK_HZ), hard, "blow") for at_s, hard in net.strikes(motion_of(thing))]
    # What moves when the shot begins did not begin just then, and what its last picture leaves off at is no stop.
    return [strike for strike in found if first <= strike.sample < last]


def strikes_of(net: StrikeNet, things: Iterable[Thing]) -> list[Strike]:
    """All strikes of the things, in order of time; what several show at once is one strike, as hard as the hardest."""
    found: list[Strike] = []
    for strike in sorted(chain.from_iterable([*thing.strikes, *blows(net, thing)] for thing in things)):
        if found and strike.sample - found[-1].sample <= APART_S * CLOCK_HZ:
            # A flash is on its picture; a blow is read from around it, and of two the harder is told better.
            surer = max(found[-1], strike, key=_sureness)
            found[-1] = surer._replace(strength=max(found[-1].strength, strike.strength))
        else:
            found.append(strike)
    return found


def _sureness(strike: Strike) -> tuple[float, int]:
    return (2.0 if strike.kind == "flash" else strike.strength), -strike.sample


def stream_of(net: StrikeNet, things: Sequence[Thing], span: Span) -> Track:
    """The `motion` stream of the things during `span`: pulses of their strikes and the fastest one's pace, (n, 2) at
    100 a second."""
    n = max(1, round(span.duration_s * RATE_HZ))
    seconds = span.start_s + np.arange(n) / RATE_HZ
    struck = pulses([(one.sample / CLOCK_HZ, one.strength) for one in strikes_of(net, things)], n, span.start_s)
    pace = np.zeros(n)
    for thing in things:
        at_s = thing.span.start_s + np.arange(len(thing.speed.values)) / thing.speed.rate_hz
        pace = np.maximum(pace, np.interp(seconds, at_s, thing.speed.values[:, 0], left=0.0, right=0.0))
    return Track(np.stack([struck, np.clip(pace / FULL_SPEED, 0, 1)], axis=1).astype(np.float32), RATE_HZ)
