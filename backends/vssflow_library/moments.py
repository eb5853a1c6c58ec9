"""When a cue of the library is heard: its strikes to the sample, and the pace of what it goes with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from vssflow_dit.picture.strikes import StrikeNet
from vssflow_dit.picture.thing_motion import blows, strikes_of
from vssflow_dit.picture.unseen import FIRST_S, SEEN_STRENGTH, SPEED, calls, struck
from vssflow_dit.picture.when_heard import is_seen_whole, seen
from vssflow_dit.sounds import follows, is_from_afar
from vssflow_post.backend import CueRequest, Track
from vssflow_post.timeline import CLOCK_HZ

Pace: TypeAlias = "npt.NDArray[np.float32]"

SAME_S = 0.045
"""Between what the whole picture and a thing in it tell of one blow, at most."""
AT_ONCE_S = 0.012
"""When what is heard at once strikes: behind the fade with which every take begins, and within the first picture."""


class Moment(NamedTuple):
    """When a hit is heard."""

    sample: int
    """From the cue's start, at 48 kHz."""
    strength: float
    """0 to 1."""


def moments(net: StrikeNet, request: CueRequest, name: str, at_once: bool) -> list[Moment]:
    """The strikes that a cue of the class `name` is heard at, in order of time; of what calls, and is not seen to, now
    and then; `at_once` where it is heard though nothing is seen of it."""
    found, duration_s = [] if is_from_afar(name) else _seen(net, request), request.span.duration_s
    hardest = max((one.strength for one in found), default=0.0)
    if hardest < (SEEN_STRENGTH if request.may_be_unseen else 1e-9):
        unseen = []
        if follows(name) == "calls":
            unseen = calls(name, duration_s, request.seed)
        elif at_once:
            unseen = struck(name, duration_s, request.seed)
        earlier_s = FIRST_S - AT_ONCE_S
        found = [Moment(round((at_s - earlier_s) * CLOCK_HZ), hard) for at_s, hard in unseen] or found
    return [one for one in found if 0 <= one.sample < request.span.n_samples]


def _seen(net: StrikeNet, request: CueRequest) -> list[Moment]:
    start = request.span.start
    if not is_seen_whole(request):
        return [Moment(one.sample - start, one.strength) for one in strikes_of(net, request.things)]
    motion = request.visual.get("motion")
    if motion is None:
        return []
    late = round(round(request.span.start_s * motion.rate_hz) / motion.rate_hz * CLOCK_HZ) - start
    found = [Moment(round(row / motion.rate_hz * CLOCK_HZ) + late, hard) for row, hard in pulses_in(motion)]
    alone = [one.sample - start for thing in request.things for one in blows(net, thing)]
    return [_sharper(one, alone) for one in found]


def _sharper(seen: Moment, alone: Sequence[int]) -> Moment:
    """A blow that the whole picture shows, when the thing that is alone in it says: sparks and shadows are less of it.
    The whole picture knows better whether there is a blow."""
    nearest = min(alone, key=lambda sample: abs(sample - seen.sample), default=seen.sample)
    return seen._replace(sample=nearest) if abs(nearest - seen.sample) < SAME_S * CLOCK_HZ else seen


def pulses_in(motion: Track) -> list[tuple[float, float]]:
    """(row, strength) of the pulses in a stream of motion, between rows where they lie there.

    A pulse is a triangle of whole rows: its middle is its centre of gravity, whatever it was sampled at. One that an
    end of the stream cuts is where it is highest.
    """
    values = motion.values[:, 0].astype(np.float64)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], (values > 0).astype(np.int8), [0]])))
    found = []
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        part = values[first:last]
        cut = (first == 0 and part[0] > part.max() / 2) or (last == len(values) and part[-1] > part.max() / 2)
        middle = float(np.argmax(part)) if cut else float((np.arange(len(part)) * part).sum() / part.sum())
        found.append((first + middle, float(part.max()) if cut else float(part.sum() / _AREA)))
    return [(row, min(1.0, hard)) for row, hard in found]


_AREA = 3.0
"""Of a pulse of strength 1, in rows (`strikes.PULSE_S` at 100 a second)."""


def pace(net: StrikeNet, request: CueRequest, name: str, at_once: bool) -> Pace:
    """How fast what a cue of the class `name` goes with moves, 0 to 1, (n,) at 100 a second."""
    shown = seen(net, request, name)
    n = max(1, round(request.span.duration_s * 100))
    values = np.zeros(n, np.float32)
    if shown is not None:
        rows = np.arange(len(shown.values)) / shown.rate_hz
        values = np.interp(np.arange(n) / 100, rows, shown.values[:, 1], right=0.0).astype(np.float32)
    if at_once and values.max(initial=0.0) < SPEED:
        values[:] = SPEED
    return values
