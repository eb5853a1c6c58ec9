"""Spotting: scenes, speaking segments and what is seen become cues.

Lines that overlap are set one after the other: a dialogue stem has one voice at a time.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING

from vssflow_post.cues.layers import Laid, layered, less_speech, prompted, runs_through
from vssflow_post.cues.sheet import cue_seed
from vssflow_post.timeline import CLOCK_HZ, FOLLOWS, LAYERS, Cue, CueSheet, Scene, Span, SpeakingSegment

if TYPE_CHECKING:
    from vssflow_post.cues.seen import SeenSound
    from vssflow_post.cues.sound_table import SoundClass
    from vssflow_post.media import Film
    from vssflow_post.settings.preset import CueSettings

SHORTEST_SOUND = CLOCK_HZ // 10
"""A gap beside speech that is shorter (in samples) is not worth a cue of its own."""
LONGEST_SOUND = 60 * CLOCK_HZ
"""A longer shot gets several sound cues, so that no backend has to hold hours of sound at once."""
SHORTEST_REST = CLOCK_HZ // 10
"""A line that an overlap would leave less (in samples) shares the time of its neighbour instead."""
BESIDE_NAMED_DB = -18.0
"""Of a motion without a name, in a scene in which something has one: cloth and air, as soft as cloth usually is."""
CHARACTERS_PER_S = 15
"""Pace of speech, to weigh a segment without words against a line."""


def spot(
    film: Film,
    scenes: Sequence[Scene],
    segments: Sequence[SpeakingSegment],
    settings: CueSettings,
    seed: int,
    seen: Sequence[Sequence[SeenSound]] = (),
    classes: Mapping[str, SoundClass] = MappingProxyType({}),
) -> CueSheet:
    """The cue sheet of a film: cues in the order of their start, speech before the sounds under it.

    A cut ends a sound cue, but speech may run over it: a cue belongs to the scene in which it starts. A segment without
    words (from audio or lips) becomes a speech cue without text. `seen` has what each scene would sound like, of
    `classes`; it is laid in layers, each of which runs through under speech. A scene in which nothing runs through has
    cues without a name beside and under its speech. Seeds come from `seed` and from what a cue is, not from its number:
    an edit elsewhere in the film leaves its take as it was.
    """
    scenes = tuple(scenes) or (Scene(0, film.duration),)
    cuts = [scene.span.start for scene in scenes]
    inside = (replace(each, span=each.span.intersect(film.duration)) for each in segments)
    speech = without_overlaps([each for each in inside if each.span.n_samples > 0])
    speech = _without_slivers(speech, film.duration, cuts)
    sounds = _sounds(scenes, speech, settings, _layers(scenes, settings.sound, seen, classes, seed), film)

    def scene_at(span: Span) -> int:
        return scenes[max(0, bisect_right(cuts, span.start) - 1)].index

    spoken = [
        Cue(f"d{number:04d}", scene_at(said.span), "speech", said.span, said.text, said.speaker, origin=said.origin,
            seed=cue_seed(seed, "speech", said.span, said.text))
        for number, said in enumerate(speech, 1)
    ]  # fmt: skip
    origin = "preset" if settings.sound else "picture"
    heard = [
        Cue(f"s{number:04d}", scene_at(laid.span), "sound", laid.span, sound=laid.sound, origin=origin,
            gain_db=laid.gain_db, seed=cue_seed(seed, "sound", laid.span, "", laid.layer), layer=laid.layer,
            thing=laid.thing, seen=laid.seen)
        for number, laid in enumerate(sounds, 1)
    ]  # fmt: skip
    return CueSheet(scenes, tuple(sorted([*spoken, *heard], key=lambda cue: (cue.span, cue.kind == "sound"))))


def _layers(
    scenes: Sequence[Scene],
    prompt: str,
    seen: Sequence[Sequence[SeenSound]],
    classes: Mapping[str, SoundClass],
    seed: int,
) -> list[list[Laid]]:
    """What is laid in each scene, of what is prompted or seen."""
    if prompt or not seen:
        return [prompted(scene, prompt) for scene in scenes]
    return [layered(scene, sounds, classes, seed) for scene, sounds in zip(scenes, seen, strict=True)]


def _sounds(
    scenes: Sequence[Scene],
    speech: Sequence[SpeakingSegment],
    settings: CueSettings,
    layers: Sequence[Sequence[Laid]],
    film: Film,
) -> list[Laid]:
    """All sounds by start, none longer than LONGEST_SOUND: the layers of each scene, and what fills those scenes in
    which nothing runs through."""
    full = [scene.span for scene, laid in zip(scenes, layers, strict=True) if runs_through(laid, scene)]
    said, cuts = [each.span for each in speech], [scene.span.start for scene in scenes]
    pieces = [part for gap in _gaps(speech, film.duration) for piece in _cut(gap, cuts) for part in _parted(piece)]
    if settings.effects_under_speech:
        pieces += [piece for span in said for piece in (_cut(span, cuts) if _within(span, full) else [span])]
    free = [piece for piece in pieces if not _within(piece, full)]
    named = [scene.span for scene, laid in zip(scenes, layers, strict=True) if laid]
    sounds = [Laid(piece, FOLLOWS, settings.sound, BESIDE_NAMED_DB if _within(piece, named) else 0.0) for piece in free]
    for laid in chain.from_iterable(layers):
        parts = [laid] if settings.effects_under_speech else less_speech(laid, _within(laid.span, said))
        sounds += [replace(part, span=span) for part in parts for span in _parted(part.span)]
    return sorted(sounds, key=lambda each: (each.span, LAYERS.index(each.layer)))


def without_overlaps(segments: Sequence[SpeakingSegment]) -> tuple[SpeakingSegment, ...]:
    """The segments by time with spans that do not overlap; no line is lost.

    Two that overlap are parted at the middle of the overlap. A line that lies inside another, or would be left a
    tenth of a second, shares the time of both with the other in proportion to their texts. Only a segment
    without words inside another goes: somebody speaks there already.
    """
    bundles = _bundles_of_swallowed(segments)
    while (fewer := _bundles_of_squeezed(bundles)) != bundles:
        bundles = fewer
    placed: list[SpeakingSegment] = []
    for span, bundle in zip(_overlaps_parted(bundles), bundles, strict=True):
        placed += _shared(span, bundle.segments)
    return tuple(placed)


def unspoken(sheet: CueSheet) -> tuple[str, ...]:
    """Sentences for the report: who is seen to speak in words that nobody knows."""
    lips = [cue for cue in sheet.cues if cue.kind == "speech" and cue.origin == "lips" and cue.recording is None]
    silent = [cue for cue in lips if not cue.text.strip()]
    if not silent:
        return ()
    times = ", ".join(f"{cue.id} at {cue.span.start_s:.1f} s" for cue in silent[:5])
    more = f" and {len(silent) - 5} more" if len(silent) > 5 else ""
    return (
        f"Lips move where no words are known, so nothing is spoken there ({times}{more}): "
        "write the text into the cue sheet and render with --cues.",
    )


def _within(span: Span, spans: Sequence[Span]) -> Sequence[Span]:
    """Those of `spans`, in order and without overlaps, that lie in `span` in part."""
    return spans[
        bisect_right(spans, span.start, key=lambda each: each.end) : bisect_left(
            spans, span.end, key=lambda each: each.start
        )
    ]


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


@dataclass(frozen=True, slots=True)
class _Bundle:
    """Segments that share one stretch of time, in the order in which they are spoken."""

    span: Span
    segments: tuple[SpeakingSegment, ...]

    def with_next(self, other: _Bundle) -> _Bundle:
        span = Span(min(self.span.start, other.span.start), max(self.span.end, other.span.end))
        return _Bundle(span, self.segments + other.segments)


def _bundles_of_swallowed(segments: Sequence[SpeakingSegment]) -> list[_Bundle]:
    """Bundles whose starts and ends both rise strictly: none lies inside another."""
    bundles: list[_Bundle] = []
    for segment in sorted(segments, key=lambda each: (each.span.start, -each.span.end)):
        if bundles and segment.span.end <= bundles[-1].span.end:
            if segment.text:
                bundles[-1] = bundles[-1].with_next(_Bundle(segment.span, (segment,)))
        else:
            bundles.append(_Bundle(segment.span, (segment,)))
    return bundles


def _bundles_of_squeezed(bundles: list[_Bundle]) -> list[_Bundle]:
    """The same with every bundle that keeps too little joined to the neighbour it overlaps most."""
    merged: list[_Bundle] = []
    spans = _overlaps_parted(bundles)
    joins_last = False
    for k, (bundle, rest) in enumerate(zip(bundles, spans, strict=True)):
        joined = joins_last
        if joined:
            merged[-1] = merged[-1].with_next(bundle)
        else:
            merged.append(bundle)
        joins_last = False
        if rest.n_samples >= min(SHORTEST_REST, bundle.span.n_samples) or joined:
            continue
        before = bundle.span.intersect(bundles[k - 1].span).n_samples if k else 0
        after = bundle.span.intersect(bundles[k + 1].span).n_samples if k + 1 < len(bundles) else 0
        if after >= before:
            joins_last = True
        else:
            last = merged.pop()
            merged[-1] = merged[-1].with_next(last)
    return merged


def _overlaps_parted(bundles: Sequence[_Bundle]) -> list[Span]:
    """Where each bundle lies when overlaps are parted in the middle. Never empty, since starts and ends rise."""
    starts = [bundle.span.start for bundle in bundles]
    ends = [bundle.span.end for bundle in bundles]
    for k in range(len(bundles) - 1):
        if ends[k] > bundles[k + 1].span.start:
            starts[k + 1] = ends[k] = (bundles[k].span.end + bundles[k + 1].span.start) // 2
    return [Span(start, end) for start, end in zip(starts, ends, strict=True)]


def _shared(span: Span, segments: tuple[SpeakingSegment, ...]) -> list[SpeakingSegment]:
    if span.n_samples < len(segments):  # more lines than samples: said in one breath
        return [replace(segments[0], span=span, text=" ".join(each.text for each in segments if each.text))]
    weights = [len(each.text) or 1 + round(each.span.duration_s * CHARACTERS_PER_S) for each in segments]
    return [replace(each, span=part) for each, part in zip(segments, span.shared(weights), strict=True)]
