"""What is seen of a sound cue: its strikes and its pace."""

from __future__ import annotations

from vssflow_dit.picture.strikes import StrikeNet
from vssflow_dit.picture.thing_motion import stream_of
from vssflow_post.backend import CueRequest, Track


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
