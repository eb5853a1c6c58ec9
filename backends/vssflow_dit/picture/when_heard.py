"""What is seen of a sound cue: its strikes and its pace."""

from __future__ import annotations

from dataclasses import replace

from vssflow_dit.picture.inertia import gone_on
from vssflow_dit.picture.strikes import StrikeNet
from vssflow_dit.picture.thing_motion import stream_of
from vssflow_dit.sounds import has_an_engine
from vssflow_post.backend import CueRequest, Track


def is_seen_whole(request: CueRequest) -> bool:
    """Whether the motion of the whole picture tells of the cue: where no thing was parted from it, or one is alone in
    it, for nothing of its motion is lost there."""
    alone = len(request.things) == 1 and request.things[0].is_alone and not request.things[0].strikes
    return not request.things or (alone and "motion" in request.visual)


def seen(net: StrikeNet, request: CueRequest, name: str) -> Track | None:
    """Strikes and speed, (n, 2) at 100 a second, of the things that a cue of the class `name` is heard of, or of the
    whole picture; None where nothing is known of either."""
    whole = is_seen_whole(request)
    shown = request.visual.get("motion") if whole else stream_of(net, request.things, request.span)
    if shown is None or not has_an_engine(name):
        return shown
    values = shown.values.copy()
    values[:, 1] = gone_on(values[:, 1], shown.rate_hz)
    return replace(shown, values=values)
