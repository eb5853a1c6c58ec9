"""What sounds in a stem beside its cues: clips of it, so that the tracks of a timeline give the stem back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count

from vssflow_post.deliver.timeline_otio import Edit, rows_of
from vssflow_post.timeline import Cue, Span


def with_rests(edit: Edit, beside: Mapping[str, str], is_apart: bool) -> Edit:
    """The edit with a clip wherever the first track of a stem has none and something sounds.

    `beside` says what lies in a stem that is no cue's (`own-sound`, `room-tone`), by the stem's name. With `is_apart`
    cues that sound at the same time have WAVs of their own; else the first track plays all of its stem, and clips of
    the others are only shown.
    """
    taken = {cue.id for cue in edit.sheet.cues}
    rests: list[Cue] = []
    of_stem: dict[str, str] = {}
    shown: set[str] = set()
    for stem in edit.stems:
        first, *others = rows_of(edit.cues_of(stem))
        label = beside.get(stem, "" if is_apart or not others else stem)
        for span in _gaps(first, edit.film.duration) if label else ():
            name = next(name for number in count(1) if (name := f"{label}-{number}") not in taken)
            taken.add(name)
            of_stem[name] = stem
            like = first[0] if first else Cue(name, 0, "sound", span)  # its lane: it lies on the first track
            rests.append(Cue(name, 0, like.kind, span, origin=label, layer=like.layer))
        if not is_apart:
            shown.update(cue.id for row in others for cue in row)
    cues = tuple(sorted((*edit.sheet.cues, *rests), key=lambda cue: cue.span))
    sheet = replace(edit.sheet, cues=cues)
    stems = {**edit.stem_of, **of_stem}
    return replace(edit, sheet=sheet, stem_of=stems, shown=frozenset(shown), rests=frozenset(of_stem))


def _gaps(row: Sequence[Cue], duration: Span) -> Iterator[Span]:
    at = duration.start
    for cue in row:
        if cue.span.start > at:
            yield Span(at, cue.span.start)
        at = max(at, cue.span.end)
    if at < duration.end:
        yield Span(at, duration.end)
