"""When a sound cue is heard: at the strikes and the pace that are seen, at calls that no picture shows, or at once."""

from __future__ import annotations

import numpy as np

from vssflow_dit.picture.strikes import StrikeNet
from vssflow_dit.picture.thing_motion import stream_of
from vssflow_post.backend import CueRequest, Track

FIRST_CALL_S = 0.1
CALLS_APART_S = 1.5, 4.0
UNSEEN_STRENGTH = 0.8
UNSEEN_SPEED = 0.4
"""As parts of a hard blow, and of full speed: of what is heard and not seen."""


def is_seen_whole(request: CueRequest) -> bool:
    """Whether the motion of the whole picture tells of the cue: where no thing was parted from it, or one is alone in
    it, for nothing of its motion is lost there."""
    alone = len(request.things) == 1 and request.things[0].is_alone and not request.things[0].strikes
    return not request.things or (alone and "motion" in request.visual)


def seen(net: StrikeNet, request: CueRequest) -> Track | None:
    """Strikes and speed, (n, 2) at 100 a second, of the things that the cue is heard of, or of the whole picture; None
    where nothing is known of either."""
    if is_seen_whole(request):
        return request.visual.get("motion")
    return stream_of(net, request.things, request.span)


def calls(duration_s: float, seed: int) -> list[tuple[float, float]]:
    """(time in s, strength) of calls that nothing in the picture shows: one at once, others now and then."""
    rng = np.random.default_rng(seed)
    times: list[tuple[float, float]] = []
    now = FIRST_CALL_S
    while not times or now < duration_s - 1.0:
        times.append((now, UNSEEN_STRENGTH))
        now += float(rng.uniform(*CALLS_APART_S))
    return times
