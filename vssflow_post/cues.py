"""Spotting: scenes and speaking segments become the cues that tile the film."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from vssflow_post.cue_sheet import cue_seed, cue_table, read_cue_sheet, write_cue_sheet
from vssflow_post.line_overlaps import without_overlaps
from vssflow_post.timeline import CLOCK_HZ, Cue, CueSheet, Scene, Span, SpeakingSegment

if TYPE_CHECKING:
    from vssflow_post.media import Film
    from vssflow_post.preset import CueSettings

__all__ = ["cue_seed", "cue_table", "read_cue_sheet", "spot", "unspoken", "write_cue_sheet"]

SHORTEST_SOUND = CLOCK_HZ // 10
"""A gap beside speech that is shorter (in samples) is not worth a cue of its own."""
LONGEST_SOUND = 60 * CLOCK_HZ
"""A longer shot gets several sound cues, so that no backend has to hold hours of sound at once."""


def spot(
    film: Film, scenes: Sequence[Scene], segments: Sequence[SpeakingSegment], settings: CueSettings, seed: int
) -> CueSheet:
    """The cue sheet of a film: cues in the order of their start, speech before the sound under it.

    Without the sounds under speech their spans tile the film. A cut ends a sound cue, but speech may run over it:
    a cue belongs to the scene in which it starts. A segment without words (from audio or lips) becomes a speech cue
    without text. Seeds come from `seed` and from what a cue is, not from its number: an edit elsewhere in the film
    leaves its take as it was.
    """
    scenes = tuple(scenes) or (Scene(0, film.duration),)
    starts = [scene.span.start for scene in scenes]
    inside = (replace(each, span=each.span.intersect(film.duration)) for each in segments)
    speech = without_overlaps([each for each in inside if each.span.n_samples > 0])
    speech = _without_slivers(speech, film.duration, starts)
    cues: list[Cue] = []
    n_of_kind = {"speech": 0, "sound": 0}

    def add(kind: str, span: Span, said: SpeakingSegment | None) -> None:
        n_of_kind[kind] += 1
        number = f"{'d' if kind == 'speech' else 's'}{n_of_kind[kind]:04d}"
        scene = scenes[max(0, bisect_right(starts, span.start) - 1)].index
        if said is None:
            cue_seed_ = cue_seed(seed, kind, span, "")
            cues.append(Cue(number, scene, kind, span, sound=settings.sound, seed=cue_seed_))
        else:
            cue_seed_ = cue_seed(seed, kind, span, said.text)
            cues.append(Cue(number, scene, kind, span, said.text, said.speaker, origin=said.origin, seed=cue_seed_))

    sounds: list[tuple[Span, SpeakingSegment | None]] = [
        (part, None) for gap in _gaps(speech, film.duration) for piece in _cut(gap, starts) for part in _parted(piece)
    ]
    for span, said in sorted([*sounds, *((each.span, each) for each in speech)], key=lambda each: each[0]):
        if said is not None:
            add("speech", span, said)
        if said is None or settings.effects_under_speech:
            add("sound", span, None)
    return CueSheet(tuple(scenes), tuple(cues))


def unspoken(sheet: CueSheet) -> tuple[str, ...]:
    """Sentences for the report: who is seen to speak in words that nobody knows."""
    silent = [cue for cue in sheet.cues if cue.kind == "speech" and cue.origin == "lips" and not cue.text.strip()]
    if not silent:
        return ()
    times = ", ".join(f"{cue.id} at {cue.span.start_s:.1f} s" for cue in silent[:5])
    more = f" and {len(silent) - 5} more" if len(silent) > 5 else ""
    return (
        f"Lips move where no words are known, so nothing is spoken there ({times}{more}): "
        "write the text into the cue sheet and render with --cues.",
    )


def _without_slivers(
    speech: Sequence[SpeakingSegment], duration: Span, cuts: Sequence[int]
) -> tuple[SpeakingSegment, ...]:
    """Speech that takes in the gaps beside it that are too short to be a sound cue, each up to the next cut."""
    starts, ends = [each.span.start for each in speech], [each.span.end for each in speech]
    for k in range(len(speech) + 1):
        gap = Span(ends[k - 1] if k else duration.start, starts[k] if k < len(speech) else duration.end)
        pieces = _cut(gap, cuts)
        if k and pieces and pieces[0].n_samples < SHORTEST_SOUND:
            ends[k - 1] = pieces.pop(0).end
        if k < len(speech) and pieces and pieces[-1].n_samples < SHORTEST_SOUND:
            starts[k] = pieces[-1].start
    spans = (Span(start, end) for start, end in zip(starts, ends, strict=True))
    return tuple(replace(each, span=span) for each, span in zip(speech, spans, strict=True))


def _gaps(speech: Sequence[SpeakingSegment], duration: Span) -> Iterator[Span]:
    at = duration.start
    for each in speech:
        if each.span.start > at:
            yield Span(at, each.span.start)
        at = each.span.end
    if duration.end > at:
        yield Span(at, duration.end)


def _cut(gap: Span, cuts: Sequence[int]) -> list[Span]:
    """The pieces of `gap` between the cuts (rising) that lie inside it."""
    if gap.n_samples == 0:
        return []
    inner = cuts[bisect_right(cuts, gap.start) : bisect_left(cuts, gap.end)]
    return [Span(start, end) for start, end in pairwise([gap.start, *inner, gap.end])]


def _parted(piece: Span) -> list[Span]:
    """`piece` in equal parts no longer than LONGEST_SOUND."""
    n = max(1, -(-piece.n_samples // LONGEST_SOUND))
    return [Span(a, b) for a, b in pairwise(piece.start + piece.n_samples * k // n for k in range(n + 1))]
