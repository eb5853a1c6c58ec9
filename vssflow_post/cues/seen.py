"""From what was recognised in a film's pictures to what each scene would sound like.

A class's score in a picture is the sum over its labels, confidence in the picture times confidence in the table. What
is claimed of a scene is a mean over its pictures above a threshold; a place must win a vote among them as well.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import fmean

from vssflow_post.backend import Look
from vssflow_post.cues.sound_table import SoundTable
from vssflow_post.timeline import CLOCK_HZ, Scene, Span

THRESHOLD = 0.08
"""Score of a class below which nothing is claimed."""
_ONE_PICTURE = 1.5
"""By how much the score must be higher where a scene was looked at only once."""
_CALLS_AMONG_PEOPLE, _THINGS_AMONG_PEOPLE = 3.0, 2.25
"""By how much that of an animal, and of another thing, must be higher where people are seen: who looks at people takes
hair for fur, and what lies in a room for what it resembles."""
_WORN = ("cloth",)
"""Classes that people bring along."""
_PEOPLE = 0.15
"""Confidence in what people wear above which people are seen."""
_BESIDE = 1 / 3
"""Share of the best score of a kind that another class of this kind must have to be claimed beside it."""
_MOST = {"bed": 1, "follows": 2, "spot": 2}
"""Claims of each kind in a scene."""
_GOES_ON = 1 / 4
"""Share of the threshold with which a place that is believed goes on over a cut."""
_SHARED = 1 / 3
"""Share of the needed score with which a thing that is believed of a scene nearby is believed of another."""
_LONGEST_AWAY = 20 * CLOCK_HZ
"""Between two scenes at one place, in clock samples: what lies between them is there, too, if it is not longer."""
_CROP, _CROP_AMONG_PEOPLE = 0.8, 0.5
"""What a crop's score counts, against that of a whole picture: it shows less of what is around, and what moves among
people is most often a part of somebody."""
_LEAST_LABEL = 0.02
"""Labels of a scene that are told."""

LIGHTNING = "lightning"
"""The label that every picture of a scene has in which lightning strikes: a recogniser that looks at one now and then
would miss it."""
CALL_S = 1.2
"""How long an animal's call lasts."""
ROLL_S = 4.0
"""How long thunder rolls."""
_FIRST_CALL_S, _BETWEEN_CALLS_S = (0.4, 1.6), (4.0, 11.0)


@dataclass(frozen=True, slots=True)
class SeenSound:
    """A sound that what is seen asks for."""

    sound_class: str
    kind: str
    """`bed`, `follows` or `spot`."""
    confidence: float
    labels: Mapping[str, float]
    """What it is concluded from, strongest first; empty where a place goes on over a cut."""
    thing: int | None = None
    """Number of the moving thing that it comes from, where a crop of it tells; None: from the whole picture."""
    at: tuple[int, ...] = ()
    """Clock samples at which it is seen to begin; none where the picture does not show when."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What is seen in a scene, and what it would sound like."""

    labels: Mapping[str, float]
    """Mean over the scene's whole pictures, strongest first."""
    sounds: tuple[SeenSound, ...]
    """Beds first, then what follows motion, then spots; the surest of each first."""


def seen_in(
    scenes: Sequence[Scene],
    looks: Sequence[Look],
    table: SoundTable,
    threshold: float = THRESHOLD,
    with_faces: Iterable[Span] = (),
    bolts: Sequence[int] = (),
) -> tuple[Seen, ...]:
    """One `Seen` for each scene; `with_faces` says when faces are seen, `bolts` when lightning strikes."""
    faces = list(with_faces)
    struck = [tuple(bolt for bolt in bolts if scene.span.contains(bolt)) for scene in scenes]
    evidence = [
        SceneEvidence(
            _in_light([look for look in looks if scene.span.contains(look.sample)], at),
            table,
            any(face.overlaps(scene.span) for face in faces),
        )
        for scene, at in zip(scenes, struck, strict=True)
    ]
    places = _places(scenes, evidence, threshold)
    things = _things(scenes, evidence, threshold)
    return tuple(
        Seen(each.labels, (*place, *(_timed(sound, table, at) for sound in found)))
        for at, each, place, found in zip(struck, evidence, places, things, strict=True)
    )


def _in_light(looks: Sequence[Look], bolts: Sequence[int]) -> list[Look]:
    """The looks of a scene; where lightning strikes in it, all of its whole pictures show that."""
    if not bolts:
        return list(looks)
    struck = [replace(each, labels={**each.labels, LIGHTNING: 1.0}) for each in looks if each.thing is None]
    return (struck or [Look(bolts[0], {LIGHTNING: 1.0})]) + [each for each in looks if each.thing is not None]


def _timed(sound: SeenSound, table: SoundTable, bolts: tuple[int, ...]) -> SeenSound:
    """What is heard now and then, and is claimed for lightning, begins when that strikes in its scene."""
    if LIGHTNING not in sound.labels or table.classes[sound.sound_class].when != "now_and_then":
        return sound
    return replace(sound, at=bolts)


class SceneEvidence:
    """What the pictures of one scene say, as scores of classes."""

    def __init__(self, looks: Sequence[Look], table: SoundTable, has_faces: bool = False) -> None:
        self._table = table
        self._whole = [look.labels for look in looks if look.thing is None]
        self._crops = {look.thing: look.labels for look in looks if look.thing is not None}
        self.labels = _told(self._whole)
        worn = sum(confidence for label, confidence in _mean(self._whole).items() if label in table.people)
        self._has_people = has_faces or worn >= _PEOPLE

    def score(self, *names: str) -> tuple[float, int | None]:
        """The score of classes together, and the thing it comes from where that is surer than the whole picture."""
        best: tuple[float, int | None] = (sum(_in(self._whole, name, self._table) for name in names), None)
        counts = _CROP_AMONG_PEOPLE if self._has_people else _CROP
        for thing, labels in self._crops.items():
            score = counts * sum(_score(labels, name, self._table) for name in names)
            best = max(best, (score, thing), key=lambda each: each[0])
        return best

    def needed(self, name: str, threshold: float) -> float:
        """The score that a class needs in this scene."""
        sound = self._table.classes[name]
        needed = threshold * (_ONE_PICTURE if len(self._whole) < 2 else 1.0)
        if not self._has_people or sound.kind == "bed" or name in _WORN:
            return needed
        return needed * (_CALLS_AMONG_PEOPLE if sound.when == "now_and_then" else _THINGS_AMONG_PEOPLE)

    def wins_vote(self, name: str, threshold: float) -> bool:
        """Whether at least half of the pictures speak for a place."""
        votes = sum(_score(labels, name, self._table) >= threshold / 2 for labels in self._whole)
        return votes > 0 and 2 * votes >= len(self._whole)

    def claims(self, kind: str, threshold: float) -> list[SeenSound]:
        """What is claimed of one kind, the surest first."""
        classes = [each.name for each in self._table.classes.values() if each.kind == kind]
        scores = {name: self.score(name) for name in classes}
        sure = [name for name in classes if scores[name][0] >= self.needed(name, threshold)]
        if kind == "bed":
            sure = [name for name in sure if self.wins_vote(name, threshold)]
        found = [self.claim(name, *scores[name]) for name in sure]
        found += [
            family for name in classes if name not in sure and (family := self._family(name, threshold)) is not None
        ]
        found.sort(key=lambda each: (-each.confidence, each.sound_class))
        return [each for each in found if each.confidence >= _BESIDE * found[0].confidence][: _MOST[kind]]

    def claim(self, name: str, confidence: float, thing: int | None = None) -> SeenSound:
        pictures = self._whole if thing is None else [self._crops[thing]]
        labels = {label: x for label, x in _mean(pictures).items() if name in self._table.sounds.get(label, {})}
        return SeenSound(
            name, self._table.classes[name].kind, round(min(1.0, confidence), 3), _strongest(labels), thing
        )

    def _family(self, name: str, threshold: float) -> SeenSound | None:
        """The class as the name of a family: its members together are seen, and none of them surely."""
        group = (name, *(each.name for each in self._table.classes.values() if each.family == name))
        if len(group) == 1 or any(self.score(each)[0] >= self.needed(each, threshold) for each in group):
            return None
        together, thing = self.score(*group)
        if together < max(self.needed(each, threshold) for each in group):
            return None
        of_all = (self.claim(each, 0.0, thing).labels for each in group)
        labels = {label: x for each in of_all for label, x in each.items()}
        return SeenSound(name, self._table.classes[name].kind, round(together, 3), _strongest(labels), thing)


def _places(
    scenes: Sequence[Scene], evidence: Sequence[SceneEvidence], threshold: float
) -> list[tuple[SeenSound, ...]]:
    """The bed of each scene: what is believed of it alone, or the place that it lies in.

    A believed place goes on into a scene that shows a little of it, and into one that shows no other place and lies
    between two scenes there.
    """
    places = [tuple(each.claims("bed", threshold)) for each in evidence]
    for k in range(1, len(places)):
        if not places[k] and places[k - 1]:
            name = places[k - 1][0].sound_class
            score, _ = evidence[k].score(name)
            if score >= _GOES_ON * threshold:
                places[k] = (evidence[k].claim(name, score),)
    known = [k for k, place in enumerate(places) if place]
    for before, after in pairwise(known):
        bed, again = places[before][0], places[after][0]
        away = scenes[after].span.start - scenes[before].span.end
        if bed.sound_class == again.sound_class and away <= _LONGEST_AWAY:
            for k in range(before + 1, after):
                places[k] = (SeenSound(bed.sound_class, "bed", min(bed.confidence, again.confidence), {}),)
    return places


def _things(
    scenes: Sequence[Scene], evidence: Sequence[SceneEvidence], threshold: float
) -> list[tuple[SeenSound, ...]]:
    """What follows a motion and the spots of each scene: what is believed of it alone, or what it is seen to share.

    A scene of which nothing is believed has what is believed of one nearby, where it shows some of that: a cut does not
    make another thing of what goes on, and the same action would be soft as paper here and hard as a door there.
    """
    alone = [(*each.claims("follows", threshold), *each.claims("spot", threshold)) for each in evidence]
    found = list(alone)
    for k, scene in enumerate(scenes):
        if alone[k]:
            continue
        near = (n for n, other in enumerate(scenes) if alone[n] and _away(scene.span, other.span) <= _LONGEST_AWAY)
        shown = [
            evidence[k].claim(name, score, thing)
            for name in dict.fromkeys(each.sound_class for n in near for each in alone[n])
            for score, thing in [evidence[k].score(name)]
            if score >= _SHARED * evidence[k].needed(name, threshold)
        ]
        found[k] = tuple(sorted(shown, key=lambda each: (-each.confidence, each.sound_class))[:1])
    return found


def _away(one: Span, other: Span) -> int:
    """Clock samples between two scenes."""
    return max(0, one.start - other.end, other.start - one.end)


def call_spans(span: Span, seed: int) -> tuple[Span, ...]:
    """When an animal calls during `span`: soon after its start, and then now and then. The same for the same seed."""
    spans: list[Span] = []
    at = span.start_s + _between(*_FIRST_CALL_S, seed, 0)
    while at + CALL_S <= span.end_s:
        spans.append(Span.of_seconds(at, at + CALL_S))
        at += CALL_S + _between(*_BETWEEN_CALLS_S, seed, len(spans))
    if not spans and span.duration_s >= CALL_S:
        spans.append(Span(span.start, Span.of_seconds(0, span.start_s + CALL_S).end))
    return tuple(spans)


def roll_spans(span: Span, at: Sequence[int]) -> tuple[Span, ...]:
    """When thunder rolls during `span`: from each moment of `at`, rising, at which none does, where time is left."""
    spans: list[Span] = []
    for start in at:
        end = min(span.end, start + round(ROLL_S * CLOCK_HZ))
        if (not spans or start >= spans[-1].end) and end - start >= round(CALL_S * CLOCK_HZ):
            spans.append(Span(start, end))
    return tuple(spans)


def _between(lowest: float, highest: float, seed: int, number: int) -> float:
    """A number that is decided by `seed` and `number` on every machine."""
    drawn = int.from_bytes(hashlib.sha256(f"{seed} {number}".encode()).digest()[:4], "big") / 2**32
    return lowest + (highest - lowest) * drawn


def _score(labels: Mapping[str, float], name: str, table: SoundTable) -> float:
    return sum(confidence * table.sounds.get(label, {}).get(name, 0.0) for label, confidence in labels.items())


def _in(pictures: Sequence[Mapping[str, float]], name: str, table: SoundTable) -> float:
    return fmean(_score(labels, name, table) for labels in pictures) if pictures else 0.0


def _mean(pictures: Sequence[Mapping[str, float]]) -> dict[str, float]:
    sums: dict[str, float] = {}
    for label, confidence in (pair for labels in pictures for pair in labels.items()):
        sums[label] = sums.get(label, 0.0) + confidence
    return {label: total / len(pictures) for label, total in sums.items()}


def _told(pictures: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return _strongest({label: x for label, x in _mean(pictures).items() if x >= _LEAST_LABEL})


def _strongest(labels: Mapping[str, float]) -> dict[str, float]:
    """Strongest first, three decimals."""
    ordered = sorted(labels.items(), key=lambda pair: (-pair[1], pair[0]))
    return {label: round(confidence, 3) for label, confidence in ordered if confidence >= 0.0005}
