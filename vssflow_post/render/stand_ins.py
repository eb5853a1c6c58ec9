"""What is asked of weights or a library that lack a class of sound: the nearest that they have, or nothing (by table).

Only sounds that the picture asked for are looked up: what a person prompted goes to the backend in their own words, and
a recording asks for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from vssflow_post.cues.sound_table import SoundTable
from vssflow_post.timeline import Cue


@dataclass(frozen=True, slots=True)
class Askable:
    """The cues as the weights can be asked for them."""

    cues: tuple[Cue, ...]
    """Without those that nothing comes near."""
    notes: tuple[str, ...]
    """Sentences: what stands in for what."""
    warnings: tuple[str, ...]
    """Sentences: what stays silent."""


def askable(
    cues: Sequence[Cue],
    known: Sequence[str],
    table: SoundTable,
    sound_of: Callable[[str], str] | None = None,
    who: str = "",
) -> Askable:
    """`known` are the classes of the weights; weights without names for them (none known) take words as they are.

    `sound_of` says which class words mean, "" for none: a caption that means none stays silent. `who` is asked, by
    name; "" are the weights.
    """
    asked: list[Cue] = []
    meaningless: list[Cue] = []
    instead: dict[tuple[str, str], list[str]] = {}
    for cue in cues:
        is_caption = cue.may_be_unseen and cue.sound and cue.recording is None
        if is_caption and sound_of is not None and not sound_of(cue.sound):
            meaningless.append(cue)
            continue
        if (
            cue.recording is not None
            or not known
            or not cue.sound
            or cue.origin != "picture"
            or cue.sound not in table.classes
        ):
            asked.append(cue)
            continue
        name = table.nearest_known(cue.sound, known)
        if name:
            asked.append(replace(cue, sound=name))
        if name != cue.sound:
            instead.setdefault((cue.sound, name), []).append(cue.id)
    has = f"{who} has" if who else "The weights have"
    notes = (f"{has} no {sound}: {name} stands in ({_listed(ids)})." for (sound, name), ids in instead.items() if name)
    warnings = (
        f"{has} no {sound}, and nothing near it: silent ({_listed(ids)})."
        for (sound, name), ids in instead.items()
        if not name
    )
    return Askable(tuple(asked), (*notes, *_unknown(meaningless, who)), tuple(warnings))


def in_company(parts: Sequence[Askable], cues: Sequence[Cue]) -> Askable:
    """What several makers are asked for, as one, in the order of `cues`."""
    asked = {cue.id: cue for part in parts for cue in part.cues}
    ordered = tuple(asked[cue.id] for cue in cues if cue.id in asked)
    notes, warnings = ((*chain.from_iterable(getattr(part, name) for part in parts),) for name in ("notes", "warnings"))
    return Askable(ordered, notes, warnings)


def _unknown(captions: Sequence[Cue], who: str) -> tuple[str, ...]:
    """A sentence where captions name no sound that those know who were asked."""
    if not captions:
        return ()
    named = _listed([f"{cue.id} \u201c{cue.sound}\u201d at {cue.span.start_s:.1f} s" for cue in captions])
    known = f"{who} has" if who else "the weights know"
    return (f"Captions that name no sound that {known} stay silent ({named}); a cue sheet may name another.",)


def _listed(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - 4} more" if len(ids) > 4 else ""
    return ", ".join(ids[:4]) + more
