"""Captions as direction: `[door slams]` asks for a door at its time, `[rain]` for a bed, `[dark music]` for music.

What is sung, and how something is said, asks for nothing that is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from vssflow_post.cues.caption_words import is_direction, means_end, means_music, words_of
from vssflow_post.cues.layers import Laid
from vssflow_post.timeline import (
    BED,
    CAPTION,
    CLOCK_HZ,
    FOLLOWS,
    MOST_OF_A_PROMPT,
    SPOT,
    Caption,
    Scene,
    Span,
    asks_for_ambience,
)

_STEM = 4
"""Letters by which one word is known as the other: `rain`, `raining`."""
SHORTEST = CLOCK_HZ // 2
"""A sound that is asked for gets so many samples at least, where its scene has them."""


@dataclass(frozen=True, slots=True)
class Direction:
    """What the captions of a script ask for."""

    sounds: tuple[tuple[Laid, ...], ...] = ()
    """By scene: in no layer do two of them overlap."""
    music: tuple[Caption, ...] = ()
    """Where music is heard: what music it is."""
    songs: tuple[Caption, ...] = ()
    """Words that somebody sings."""
    ends: tuple[Caption, ...] = ()
    """Where something is over: what it was."""


def direction_of(captions: Sequence[Caption], scenes: Sequence[Scene]) -> Direction:
    """`captions` and `scenes` by time."""
    sounds = [
        each for each in captions if not each.is_sung and not is_direction(each.text) and not means_music(each.text)
    ]
    music = [each for each in captions if means_music(each.text)]
    songs = [each for each in captions if each.is_sung and not means_music(each.text)]
    ends = [each for each in sounds if means_end(each.text)]
    return Direction(
        tuple(tuple(_asked_in(scene, sounds)) for scene in scenes), tuple(music), tuple(songs), tuple(ends)
    )


def unheard(direction: Direction) -> tuple[str, ...]:
    """Sentences for the report: what captions tell of and nobody makes."""
    told = []
    if direction.music:
        told.append(f"Captions tell of music, which is not made: {_listed(direction.music)}.")
    if direction.songs:
        told.append(f"What is sung is not spoken: {_listed(direction.songs)}.")
    if direction.ends:
        told.append(f"Captions that say that a sound is over ask for none: {_listed(direction.ends)}.")
    return tuple(told)


def _listed(captions: Sequence[Caption]) -> str:
    more = f" and {len(captions) - 3} more" if len(captions) > 3 else ""
    shown = (f"\u201c{each.text[:60]}\u201d at {each.span.start_s:.1f} s" for each in captions[:3])
    return ", ".join(shown) + more


def _asked_in(scene: Scene, captions: Sequence[Caption]) -> list[Laid]:
    """What is asked for in a scene: a bed until the scene ends, the next bed begins or a caption says that it is over;
    a spot as long as its caption."""
    found: list[Laid] = []
    for each in captions:
        start = each.span.start
        if not scene.span.contains(start):
            continue
        words = each.text[:MOST_OF_A_PROMPT]
        if means_end(each.text):
            found = [_ended(laid, each) for laid in found]
        elif asks_for_ambience(each.text):
            _lay(found, Laid(Span(start, scene.span.end), BED, words, origin=CAPTION), (BED,))
        else:
            span = Span(start, min(scene.span.end, max(each.span.end, start + SHORTEST)))
            _lay(found, Laid(span, SPOT, words, origin=CAPTION), (SPOT, FOLLOWS))
    return sorted(found, key=lambda each: (each.span, each.layer))


def _ended(laid: Laid, caption: Caption) -> Laid:
    """What is laid, no longer than until a caption says that it is over."""
    at = caption.span.start
    same = {word[:_STEM] for word in words_of(laid.sound)} & {word[:_STEM] for word in words_of(caption.text)}
    return replace(laid, span=Span(laid.span.start, at)) if same and laid.span.start < at < laid.span.end else laid


def _lay(found: list[Laid], new: Laid, layers: Sequence[str]) -> None:
    """Puts `new` into the first of `layers` in which nothing sounds any more; else what sounds in the last one ends."""
    last = {layer: max((each for each in found if each.layer == layer), key=_end, default=None) for layer in layers}
    layer = next((layer for layer, before in last.items() if before is None or _end(before) <= new.span.start), None)
    before = last[layers[-1]]
    if layer is None and before is not None:
        layer = layers[-1]
        found.remove(before)
        if before.span.start < new.span.start:
            found.append(replace(before, span=Span(before.span.start, new.span.start)))
    found.append(replace(new, layer=layer or new.layer))


def _end(laid: Laid) -> int:
    return laid.span.end
