"""What each scene would sound like, in layers: a bed from cut to cut, what follows a motion, and spots.

Within a layer no two sounds overlap: of each kind the one that is surest is laid, and of animals each calls in turn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from vssflow_post.cues.seen import SeenSound, call_spans, roll_spans
from vssflow_post.cues.sheet import cue_seed
from vssflow_post.cues.sound_table import SoundClass
from vssflow_post.timeline import BED, FOLLOWS, SPOT, Scene, Span, asks_for_ambience

NOW_AND_THEN, STRIKES = "now_and_then", "strikes"
LEAST_TOLD = 0.01
"""Labels of a cue that are told: a sheet is read by people, and compared between processors."""


@dataclass(frozen=True, slots=True)
class Laid:
    """A sound at its place."""

    span: Span
    layer: str
    sound: str = ""
    gain_db: float = 0.0
    thing: int | None = None
    seen: Mapping[str, float] = field(default_factory=dict)
    origin: str = "picture"


def prompted(scene: Scene, prompt: str) -> list[Laid]:
    """What a prompt for all sounds asks for from cut to cut: its bed, where it is one."""
    return [Laid(scene.span, BED, prompt, origin="preset")] if asks_for_ambience(prompt) else []


def layered(
    scene: Scene, sounds: Sequence[SeenSound], moves: bool, classes: Mapping[str, SoundClass], seed: int
) -> list[Laid]:
    """The sounds of a scene; `sounds` has the surest of each kind first. Where nothing `moves` (in a photograph, or a
    title) nothing is struck and nothing goes: a place sounds all the same, and animals call.

    What is struck is a spot. Where animals call, so that the spots are taken, it is laid with what follows a motion, as
    far as there is nothing there.
    """
    if not moves:
        sounds = [each for each in sounds if each.kind != FOLLOWS and classes[each.sound_class].when != STRIKES]
    calls = _calls(scene, [each for each in sounds if classes[each.sound_class].when == NOW_AND_THEN], classes, seed)
    struck = [each for each in sounds if classes[each.sound_class].when == STRIKES]
    following = [each for each in sounds if each.kind == FOLLOWS] + (struck if calls else [])
    found = [_laid(scene.span, BED, each, classes) for each in sounds if each.kind == BED][:1]
    found += [_laid(scene.span, FOLLOWS, each, classes) for each in following][:1]
    return found + (calls or [_laid(scene.span, SPOT, each, classes) for each in struck][:1])


def with_asked(laid: Sequence[Laid], asked: Sequence[Laid]) -> list[Laid]:
    """The sounds of a scene and, in their place where they lie in the same layer, those that somebody asks for."""
    kept: list[Laid] = []
    for each in laid:
        rivals = (other for other in asked if other.layer == each.layer and other.span.overlaps(each.span))
        kept += less_speech(each, [other.span for other in rivals])
    return [*kept, *asked]


def runs_through(laid: Sequence[Laid], scene: Scene) -> bool:
    """Whether something sounds all through the scene."""
    return any(each.span == scene.span for each in laid)


def less_speech(laid: Laid, speech: Sequence[Span]) -> list[Laid]:
    """What is left of a sound where somebody's speech is to have nothing under it; `speech` is in order, and
    all of it overlaps the sound."""
    edges = [laid.span.start, *(edge for said in speech for edge in (said.start, said.end)), laid.span.end]
    between = zip(edges[::2], edges[1::2], strict=True)
    return [replace(laid, span=Span(start, end)) for start, end in between if start < end]


def _calls(scene: Scene, callers: Sequence[SeenSound], classes: Mapping[str, SoundClass], seed: int) -> list[Laid]:
    """Each animal now and then and thunder after lightning, by time; where two would call at once, the one that is
    surer does."""
    found: list[Laid] = []
    for each in callers:
        own = cue_seed(seed, "sound", scene.span, each.sound_class)
        for span in roll_spans(scene.span, each.at) if each.at else call_spans(scene.span, own):
            if not any(span.overlaps(other.span) for other in found):
                found.append(_laid(span, SPOT, each, classes))
    return sorted(found, key=lambda each: each.span)


def _laid(span: Span, layer: str, seen: SeenSound, classes: Mapping[str, SoundClass]) -> Laid:
    level_db = classes[seen.sound_class].level_db
    labels = {label: round(confidence, 2) for label, confidence in seen.labels.items() if confidence >= LEAST_TOLD}
    return Laid(span, layer, seen.sound_class, level_db, seen.thing, labels)
