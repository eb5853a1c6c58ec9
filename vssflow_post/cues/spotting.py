"""Spotting: scenes, speaking segments and what is seen become cues."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING

from vssflow_post.cues.layers import Laid, layered, less_speech, prompted, runs_through, with_asked
from vssflow_post.cues.overlaps import placed
from vssflow_post.cues.sheet import cue_seed
from vssflow_post.timeline import CAPTION, CLOCK_HZ, FOLLOWS, LAYERS, Cue, CueSheet, Scene, Span, SpeakingSegment

if TYPE_CHECKING:
    from vssflow_post.cues.seen import SeenSound
    from vssflow_post.cues.sound_table import SoundClass
    from vssflow_post.media import Film
    from vssflow_post.settings.preset import CueSettings

SHORTEST_SOUND = CLOCK_HZ // 10
"""A gap beside speech that is shorter (in samples) is not worth a cue of its own."""
LONGEST_SOUND = 60 * CLOCK_HZ
"""A longer shot gets several sound cues, so that no backend has to hold hours of sound at once."""
BESIDE_NAMED_DB = -18.0
"""Of a motion without a name, in a scene in which something has one: cloth and air, as soft as cloth usually is."""


def spot(
    film: Film,
    scenes: Sequence[Scene],
    segments: Sequence[SpeakingSegment],
    settings: CueSettings,
    seed: int,
    seen: Sequence[Sequence[SeenSound]] = (),
    classes: Mapping[str, SoundClass] = MappingProxyType({}),
    moving: Sequence[bool] = (),
    with_effects: bool = True,
    asked: Sequence[Sequence[Laid]] = (),
) -> CueSheet:
    """The cue sheet of a film: cues in the order of their start, speech before the sounds under it.

    A cut ends a sound cue, but speech may run over it: a cue belongs to the scene in which it starts. A segment without
    words (from audio or lips) becomes a speech cue without text. `seen` has what each scene would sound like, of
    `classes`; it is laid in layers, each of which runs through under speech. A scene in which nothing runs through has
    cues without a name beside and under its speech, where something moves: `moving` says so of each scene (none: all
    do). In lightning they have none: what is read as motion there is its light on things. Seeds come from `seed` and
    from what a cue is, not from its number: an edit elsewhere in the film leaves its take as it was. `asked` has what
    somebody asks for in each scene, which takes the place of what is seen; without effects there is nothing else beside
    speech.
    """
    scenes = tuple(scenes) or (Scene(0, film.duration),)
    cuts = [scene.span.start for scene in scenes]
    speech = [one.segment for one in placed(segments, film.duration)]
    stirs = moving or [True] * len(scenes)
    layers = _layers(scenes, settings.sound, seen, classes, seed, stirs) if with_effects else [[] for _ in scenes]
    layers = [with_asked(*laid) for laid in zip(layers, asked or [()] * len(scenes), strict=True)]
    flickers = [any(sound.at for sound in sounds) for sounds in seen or [()] * len(scenes)]
    filled = [
        scene.span
        for scene, moves, lit in zip(scenes, stirs, flickers, strict=True)
        if with_effects and ((moves and not lit) or settings.sound)
    ]
    sounds = _sounds(scenes, speech, settings, layers, film, filled)

    def scene_at(span: Span) -> int:
        return scenes[max(0, bisect_right(cuts, span.start) - 1)].index

    spoken = [_line_cue(number, said, scene_at(said.span), seed) for number, said in enumerate(speech, 1)]
    heard = [_sound_cue(number, laid, scene_at(laid.span), seed) for number, laid in enumerate(sounds, 1)]
    return CueSheet(scenes, tuple(sorted([*spoken, *heard], key=lambda cue: (cue.span, cue.kind == "sound"))))


def _line_cue(number: int, said: SpeakingSegment, scene: int, seed: int) -> Cue:
    return Cue(
        f"d{number:04d}",
        scene,
        "speech",
        said.span,
        said.text,
        said.speaker,
        origin=said.origin,
        seed=cue_seed(seed, "speech", said.span, said.text),
        direction=said.direction,
    )


def _sound_cue(number: int, laid: Laid, scene: int, seed: int) -> Cue:
    return Cue(
        f"s{number:04d}",
        scene,
        "sound",
        laid.span,
        sound=laid.sound,
        origin=laid.origin,
        gain_db=laid.gain_db,
        seed=cue_seed(seed, "sound", laid.span, "", laid.layer),
        layer=laid.layer,
        thing=laid.thing,
        seen=laid.seen,
    )


def _layers(
    scenes: Sequence[Scene],
    prompt: str,
    seen: Sequence[Sequence[SeenSound]],
    classes: Mapping[str, SoundClass],
    seed: int,
    moving: Sequence[bool],
) -> list[list[Laid]]:
    """What is laid in each scene, of what is prompted or seen."""
    if prompt or not seen:
        return [prompted(scene, prompt) for scene in scenes]
    return [
        layered(scene, sounds, moves, classes, seed) for scene, sounds, moves in zip(scenes, seen, moving, strict=True)
    ]


def _sounds(
    scenes: Sequence[Scene],
    speech: Sequence[SpeakingSegment],
    settings: CueSettings,
    layers: Sequence[Sequence[Laid]],
    film: Film,
    filled: Sequence[Span],
) -> list[Laid]:
    """All sounds by start, none longer than LONGEST_SOUND: the layers of each scene, and what fills those scenes, of
    those that are `filled`, in which nothing runs through."""
    full = [scene.span for scene, laid in zip(scenes, layers, strict=True) if runs_through(laid, scene)]
    cuts = [scene.span.start for scene in scenes]
    said = _without_slivers(_stretches([each.span for each in speech]), film.duration, cuts)
    pieces = [part for gap in _gaps(said, film.duration) for piece in _cut(gap, cuts) for part in _parted(piece)]
    if settings.effects_under_speech:
        pieces += [
            part for span in said for piece in (_cut(span, cuts) if _within(span, full) else [span])
            for part in _parted(piece)
        ]  # fmt: skip
    free = [piece for piece in pieces if not _within(piece, full) and _within(piece, filled)]
    # A caption names what need not be seen: what moves meanwhile is no quieter for it.
    named = [
        scene.span for scene, laid in zip(scenes, layers, strict=True) if any(one.origin != CAPTION for one in laid)
    ]
    origin = "preset" if settings.sound else "picture"
    sounds = [
        Laid(piece, FOLLOWS, settings.sound, BESIDE_NAMED_DB if _within(piece, named) else 0.0, origin=origin)
        for piece in free
    ]
    for laid in chain.from_iterable(layers):
        parts = [laid] if settings.effects_under_speech else less_speech(laid, _within(laid.span, said))
        sounds += [replace(part, span=span) for part in parts for span in _parted(part.span)]
    return sorted(sounds, key=lambda each: (each.span, LAYERS.index(each.layer)))


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


def _stretches(spoken: Sequence[Span]) -> list[Span]:
    """Where somebody speaks, without overlaps; `spoken` is by start."""
    found: list[Span] = []
    for span in spoken:
        if found and span.start < found[-1].end:
            found[-1] = Span(found[-1].start, max(found[-1].end, span.end))
        else:
            found.append(span)
    return found


def _without_slivers(said: Sequence[Span], duration: Span, cuts: Sequence[int]) -> list[Span]:
    """The stretches with the gaps beside them that are too short to be a sound cue, each up to the next cut."""
    starts, ends = [span.start for span in said], [span.end for span in said]
    for k in range(len(said) + 1):
        gap = Span(ends[k - 1] if k else duration.start, starts[k] if k < len(said) else duration.end)
        pieces = _cut(gap, cuts)
        if k and pieces and pieces[0].n_samples < SHORTEST_SOUND:
            ends[k - 1] = pieces.pop(0).end
        if k < len(said) and pieces and pieces[-1].n_samples < SHORTEST_SOUND:
            starts[k] = pieces[-1].start
    return [Span(start, end) for start, end in zip(starts, ends, strict=True)]


def _gaps(said: Sequence[Span], duration: Span) -> Iterator[Span]:
    at = duration.start
    for span in said:
        if span.start > at:
            yield Span(at, span.start)
        at = span.end
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
