"""What a backend gets for a cue: its words, and what is seen while it lasts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from vssflow_post.backend import CueRequest, MouthTrack, Thing, Track, speaking_mouth
from vssflow_post.timeline import Cue


def request_for(
    cue: Cue, features: Mapping[str, Track], mouths: Iterable[MouthTrack], things: Iterable[Sequence[Thing]] = ()
) -> CueRequest:
    """What a backend gets for a cue: its words, and what is seen during its span; `things` by scene."""
    mouth = speaking_mouth(mouths, cue.span) if cue.kind == "speech" else None
    return CueRequest(
        id=cue.id,
        kind=cue.kind,
        span=cue.span,
        seed=cue.seed,
        text=cue.text,
        voice=cue.voice,
        sound=cue.sound,
        visual={name: track.slice(cue.span) for name, track in features.items()},
        mouth=None if mouth is None else mouth.during(cue.span),
        things=_heard_moving(cue, things) if cue.kind == "sound" and not cue.is_bed else (),
        may_be_unseen=cue.may_be_unseen,
        layer=cue.layer,
        language=cue.language,
    )


def _heard_moving(cue: Cue, things: Iterable[Sequence[Thing]]) -> tuple[Thing, ...]:
    """The thing that the cue is of, or all that move in the shots that it lies in."""
    of_shots = [of_shot for of_shot in things if of_shot and of_shot[0].span.overlaps(cue.span)]
    if cue.thing is None:
        return tuple(thing for of_shot in of_shots for thing in of_shot)
    return tuple(of_shot[cue.thing] for of_shot in of_shots if cue.thing < len(of_shot))
