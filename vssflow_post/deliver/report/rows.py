"""Rows of the page's timeline: the scenes with what is seen in them, and the cues in a lane for each layer."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from vssflow_post.deliver.report.facts import CueFacts, FilmReport
from vssflow_post.deliver.timeline_otio import rows_of
from vssflow_post.timeline import BED, FOLLOWS, SPOT, Cue, Scene, Span, seconds_of

N_SPEAKER_COLOURS = 6
_LANES = (
    ("speech", "", "Dialogue"),
    ("sound", "", "Effects"),
    ("sound", BED, "Beds"),
    ("sound", FOLLOWS, "Follows"),
    ("sound", SPOT, "Spots"),
    ("music", "", "Music"),
)
"""(kind, layer, name) from top to bottom; those without a cue are left out."""
_MOST_WORDS = 2
"""Labels that are written over a picture; all of them are in its title."""
_LEAST_WORD = 0.1
"""Confidence that such a label has."""
_MOST_LABELS = 3
"""Labels that the table of cues names."""


@dataclass(frozen=True, slots=True)
class SceneBox:
    """One scene at its place."""

    scene: Scene
    style: str
    picture: str
    """JPEG as a `data:` URI; "" where there is none."""
    labels: str
    """What is surely seen, in a few words."""
    sounds: str
    """What it asks for."""
    title: str
    """All of it, with confidences."""


@dataclass(frozen=True, slots=True)
class CueBox:
    """One cue at its place."""

    facts: CueFacts
    style: str
    hue: int
    """Number of the speaker's colour."""
    words: str
    title: str


@dataclass(frozen=True, slots=True)
class Lane:
    """Cues that do not overlap: people who speak at once have a lane each."""

    kind: str
    name: str
    boxes: tuple[CueBox, ...]
    strips: tuple[tuple[str, str], ...]
    """(place, name of the detector) of each speaking segment that was found."""


def scene_boxes(report: FilmReport, clock: Callable[[int], str]) -> Iterator[SceneBox]:
    """`clock` tells a sample as timecode."""
    pictures = [f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode('ascii')}" for jpeg in report.thumbnails]
    for k, scene in enumerate(report.scenes):
        labels, sounds = (report.seen[k].labels, report.seen[k].sounds) if report.seen else ({}, {})
        sure = [label for label, confidence in labels.items() if confidence >= _LEAST_WORD]
        told = (f"Scene {scene.index + 1}, {clock(scene.span.start)}", _told("seen", labels), _told("asks for", sounds))
        yield SceneBox(
            scene=scene,
            style=_place(scene.span, report.duration),
            picture=pictures[k] if k < len(pictures) else "",
            labels=", ".join(sure[:_MOST_WORDS]),
            sounds=", ".join(sounds),
            title="\n".join(line for line in told if line),
        )


def lanes(report: FilmReport, clock: Callable[[int], str]) -> Iterator[Lane]:
    """The lanes that have a cue."""
    hues = speakers(report.cues)
    for kind, layer, name in _LANES:
        cues = {facts.cue.id: facts for facts in report.cues if facts.cue.lane == (kind, layer)}
        found = report.segments if kind == "speech" else ()
        for number, row in enumerate(rows_of([replace(each.cue, span=each.cue.heard) for each in cues.values()])):
            if row:
                yield Lane(
                    kind=kind,
                    name=f"{name} {number + 1}" if number else name,
                    boxes=tuple(_cue_box(cues[cue.id], report.duration, hues, clock) for cue in row),
                    strips=tuple((_place(each.span, report.duration), each.origin) for each in found),
                )
            found = ()


def speakers(cues: Sequence[CueFacts]) -> dict[str, int]:
    """Speakers in order of appearance, with the number of their colour."""
    names = dict.fromkeys(facts.cue.speaker or "" for facts in cues if facts.cue.kind == "speech")
    return {name: k % N_SPEAKER_COLOURS for k, name in enumerate(names)}


def remarks(facts: CueFacts) -> tuple[str, ...]:
    """What a cue's sound was concluded from and what became of it, in short lines."""
    stands_in = f"{facts.stand_in} stands in" if facts.stand_in else ""
    marks = (("muted", facts.cue.is_muted), ("locked", facts.cue.is_locked), (_shift_of(facts.cue), facts.cue.shift))
    marked = ", ".join(word for word, is_so in marks if is_so)
    made_by = f"made by {facts.cue.made_by}{_files_of(facts)}" if facts.cue.made_by else ""
    return tuple(line for line in (seen_of(facts.cue), stands_in, made_by, _recording_of(facts.cue), marked) if line)


def _files_of(facts: CueFacts) -> str:
    """Of which files; "" where it is of none."""
    more = len(facts.made_of) - _MOST_LABELS
    listed = ", ".join(facts.made_of[:_MOST_LABELS]) + (f" and {more} more" if more > 0 else "")
    return f" of {listed}" if listed else ""


def _shift_of(cue: Cue) -> str:
    return f"{abs(seconds_of(cue.shift)):g} s {'later' if cue.shift > 0 else 'earlier'}"


def _recording_of(cue: Cue) -> str:
    """Whose recording is heard; "" where there is none."""
    if cue.recording is None:
        return ""
    start = f" from {cue.recording.in_s:g} s" if cue.recording.in_s else ""
    return f"your recording {cue.recording.file.name}{start}"


def seen_of(cue: Cue) -> str:
    """The surest labels that a cue was concluded from; "" where nothing was."""
    more = len(cue.seen) - _MOST_LABELS
    labels = _told("seen", dict(list(cue.seen.items())[:_MOST_LABELS]))
    return labels + (f" and {more} more" if more > 0 else "")


def _cue_box(facts: CueFacts, whole: Span, hues: Mapping[str, int], clock: Callable[[int], str]) -> CueBox:
    cue, words = facts.cue, words_of(facts.cue)
    silence = ("silent: who was asked knows nothing near it",) if facts.is_silent else ()
    when = f"{cue.id}  {clock(cue.heard.start)} to {clock(cue.heard.end)}"
    title = "\n".join((when, words, *remarks(facts), *silence, *facts.notes))
    return CueBox(facts, _place(cue.heard, whole), hues.get(cue.speaker or "", 0), words, title)


def words_of(cue: Cue) -> str:
    """What a cue asks for, in a few words."""
    if cue.kind == "speech":
        return cue.text or (cue.recording.file.stem if cue.recording else "(no words known)")
    if cue.recording is not None:
        return cue.words
    return cue.sound or "from the picture"


def _told(what: str, confidences: Mapping[str, float]) -> str:
    """`seen: revolver 0.26, rifle 0.08`; "" for nothing."""
    listed = ", ".join(f"{name} {confidence:.2f}" for name, confidence in confidences.items())
    return f"{what}: {listed}" if listed else ""


def _place(span: Span, whole: Span) -> str:
    """Left edge and width as CSS, in percent of the timeline."""
    total = max(1, whole.n_samples)
    return f"left:{100 * span.start / total:.4f}%;width:{100 * span.n_samples / total:.4f}%"
