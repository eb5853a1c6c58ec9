"""Who makes which cue: the first backend in the preset's order that does not refuse it. What all refuse is asked of the
last of them all the same, the preset's `backend`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from vssflow_post.analysis.picture import Analysis
from vssflow_post.backend import CueRequest
from vssflow_post.cues.dialogue import Dialogue
from vssflow_post.cues.sheet import take_seed
from vssflow_post.generate.renderer import Commission, as_backend_error
from vssflow_post.generate.requests import request_for
from vssflow_post.render.maker import Maker, features_of
from vssflow_post.render.stand_ins import Askable, askable, in_company
from vssflow_post.render.studio import Studio
from vssflow_post.timeline import LAYERS, Cue


@dataclass(frozen=True, slots=True, eq=False)
class Routing:
    """The cues of a film, each with who makes it."""

    makers: Mapping[str, Maker]
    """By cue id."""
    asked: Askable
    """The cues as their makers are asked for them."""
    notes: tuple[str, ...]
    """Sentences: who could not make what, and who does."""


def routing_of(cues: Sequence[Cue], dialogue: Dialogue, analysis: Analysis, studio: Studio) -> Routing:
    """`cues` are those that sound. Raises BackendError for a backend that fails to say what it can make."""
    makers = {cue.id: studio.main for cue in cues}
    refused: dict[str, list[str]] = {}
    amiss: dict[str, list[str]] = {}
    made = _made(cues, dialogue)
    for cue in made:
        order = _order(cue, studio)
        if len(order) > 1:
            request = request_for(cue, {}, analysis.mouths, analysis.things)
            makers[cue.id], why = _maker_of(request, order)
            if why and cue.words:  # who is told of no sound in particular was not asked for one
                in_vain = cue.kind == "sound" and any(maker.lacks(cue.sound) for maker in order)
                told = amiss if in_vain else refused
                told.setdefault(why, []).append(cue.id)
        else:
            makers[cue.id] = order[0]
    asked = in_company([_asked_of(maker, cues, makers, studio) for maker in studio.makers], cues)
    asked = replace(asked, warnings=(*_sentences(amiss), *asked.warnings))
    return Routing(makers, asked, (*_sentences(refused), *_idle(made, makers, studio)))


def _sentences(reasons: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """A sentence of each reason and the ids of its cues."""
    more = {why: f" and {len(ids) - 4} more" if len(ids) > 4 else "" for why, ids in reasons.items()}
    return tuple(f"{', '.join(ids[:4])}{more[why]}: {why}" for why, ids in reasons.items())


def _idle(made: Sequence[Cue], makers: Mapping[str, Maker], studio: Studio) -> list[str]:
    """Sentences about who is asked for sounds by the preset and makes none, because none has a name."""
    sounds = [cue for cue in made if cue.kind == "sound"]
    nameless = sum(not cue.words for cue in sounds)
    asked = (maker for cue in sounds if cue.words for maker in _order(cue, studio))
    busy = {maker.offer.name for maker in (studio.main, *makers.values(), *asked)}
    wanted = (maker.offer.name for layer in ("", *LAYERS) for maker in studio.order("sound", layer))
    return [
        f"{name} makes nothing here: nothing that has a name is asked of it. Sounds without one: {nameless} "
        "(what moves without a name is of the layer follows); a cue sheet may name them."
        for name in dict.fromkeys(wanted)
        if nameless and name not in busy
    ]


def _made(cues: Sequence[Cue], dialogue: Dialogue) -> list[Cue]:
    """The cues for which something is made: every sound, and the lines that are generated."""
    spoken = {cue.id for cue in dialogue.generated}
    return [cue for cue in cues if cue.recording is None and (cue.kind == "sound" or cue.id in spoken)]


def _order(cue: Cue, studio: Studio) -> list[Maker]:
    """Who is asked for a cue, first to last; for a voice those who have it."""
    order = studio.order(cue.kind, cue.layer)
    return [maker for maker in order if cue.voice in maker.identity().voices] or order


def _maker_of(request: CueRequest, order: Sequence[Maker]) -> tuple[Maker, str]:
    """Who makes it, and a sentence where others were asked before."""
    reasons = []
    for maker in order[:-1]:
        reason = _refusal(maker, request)
        if not reason:
            break
        reasons.append(f"{maker.offer.name} {reason}")
    maker = order[len(reasons)]
    return maker, f"{', '.join(reasons)}: {maker.offer.name} makes it." if reasons else ""


def _refusal(maker: Maker, request: CueRequest) -> str:
    """Why a backend cannot make a cue, as the end of a sentence; "" where it can."""
    refuses = getattr(maker.renderer.backend, "refuses", None)
    if refuses is None:
        return ""
    with as_backend_error(f"backend {maker.offer.name} does not say what it can make:"):
        return str(refuses(request))


def _asked_of(maker: Maker, cues: Sequence[Cue], makers: Mapping[str, Maker], studio: Studio) -> Askable:
    backend = maker.renderer.backend
    own = [cue for cue in cues if makers[cue.id] is maker]
    who = "" if maker.offer.priority else maker.offer.name  # of 0: asked by name, and perhaps without weights
    return askable(own, backend.sounds, studio.table, getattr(backend, "sound_of", None), who)


def commissions(route: Routing, dialogue: Dialogue, analysis: Analysis, studio: Studio) -> list[Commission]:
    """What the backends are asked for: of each cue the take that is heard, under the cue's id, and the others
    (`alternates_of`)."""
    asked: list[Commission] = []
    turns = _turns(route)
    features = {maker.offer.name: features_of(maker, studio.makers, analysis.features) for maker in studio.makers}
    for cue in _made(route.asked.cues, dialogue):
        maker = route.makers[cue.id]
        renderer, seen = maker.renderer, features[maker.offer.name]
        request = request_for(cue, seen, analysis.mouths, analysis.things)
        turn = turns.get(cue.id, 0) if getattr(renderer.backend, "in_turn", False) else 0
        request = replace(request, seed=take_seed(cue.seed, cue.take), turn=turn)
        asked.append(Commission(request, renderer))
        for take, name in alternates_of(cue, studio.preset.generate.takes).items():
            asked.append(Commission(replace(request, id=name, seed=take_seed(cue.seed, take)), renderer))
    return asked


def alternates_of(cue: Cue, n_takes: int) -> dict[int, str]:
    """The takes of a cue beside the one that is heard, by number, and what each is called; `n_takes` are made of cues
    that say nothing else, and none of one that is locked. Where there is one to make, it is the one that is heard."""
    n = 1 if cue.is_locked else cue.takes or n_takes
    return {take: f"{cue.id}@{take}" for take in range(1, n + 1) if take != cue.take} if n > 1 else {}


def _turns(route: Routing) -> dict[str, int]:
    """Of each sound how many of the same its maker was asked for before it in the film."""
    before: Counter[tuple[str, str]] = Counter()
    turns = {}
    for cue in sorted((cue for cue in route.asked.cues if cue.kind == "sound"), key=lambda cue: cue.span.start):
        name = route.makers[cue.id].offer.name, cue.sound
        turns[cue.id] = before[name]
        before[name] += 1
    return turns
