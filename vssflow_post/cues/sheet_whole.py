"""What is wrong with a cue sheet beyond its single cues: with its film and scenes, and between cues.

All of it is found, also beside cues that are wrong themselves.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from vssflow_post.cues.sheet_cue import MAX_SECONDS, ROUNDING, Described, Reel, span_in
from vssflow_post.cues.strict_json import JsonFault, JsonPath, Table, shown
from vssflow_post.timeline import CLOCK_HZ, Cue, Scene, Span, samples_from_seconds

_FILM_KEYS = ("path", "duration_s", "frame_rate", "start_timecode")
_SCENE_KEYS = ("index", "start_s", "end_s")
FRAME_RATE = re.compile(r"\d{1,12}(/[1-9]\d{0,11})?", re.ASCII)


def described(about: object) -> Described:
    """The film as its sheet describes it. Raises JsonFault."""
    table = Table(about, "film", _FILM_KEYS, (), ("film",))
    rate = Fraction(_frame_rate(table))
    return Described(Span.of_seconds(0, table.number("duration_s", 0.0, MAX_SECONDS)), rate)


def _frame_rate(about: Table) -> str:
    """As the sheet writes it; a fault where that is no rate."""
    rate = about.text("frame_rate")
    if not FRAME_RATE.fullmatch(rate) or not Fraction(rate):
        raise about.fault("frame_rate", f"must look like 24000/1001, not {shown(rate)}")
    return rate


def faults_of_film(content: object, film: Reel) -> list[JsonFault]:
    """Where a sheet was made for another film than this one."""
    return list(_unlike(content, film))


def _unlike(content: object, film: Reel) -> Iterator[JsonFault]:
    try:
        about = Table(content, "film", _FILM_KEYS, ("duration_s", "frame_rate"), ("film",))
        rate = _frame_rate(about)
        n_samples = samples_from_seconds(about.number("duration_s", 0.0, MAX_SECONDS))
    except JsonFault as fault:
        yield fault
        return
    if Fraction(rate) != film.frame_rate and not film.variable_rate:  # then the rate is but a name: seconds count
        sentence = f"was made for a film with {rate} frames per second, and this one has {film.frame_rate}"
        yield JsonFault(sentence, ("film", "frame_rate"))
    if abs(n_samples - film.duration.n_samples) > CLOCK_HZ / film.frame_rate:
        theirs, ours = n_samples / CLOCK_HZ, film.duration.duration_s
        sentence = f"was made for a film of {theirs:.3f} s, and this one has {ours:.3f} s"
        yield JsonFault(sentence, ("film", "duration_s"))


def scenes_of(contents: Sequence[object], duration: Span, faults: list[JsonFault]) -> tuple[Scene, ...]:
    """The scenes of a sheet; where one is wrong, which is added to `faults`, as many as long as the film."""
    try:
        return _scenes(contents, duration)
    except JsonFault as fault:
        faults.append(fault)
    return tuple(Scene(k, duration) for k in range(len(contents)))


def _scenes(contents: Sequence[object], duration: Span) -> tuple[Scene, ...]:
    found: list[Scene] = []
    for k, content in enumerate(contents):
        table = Table(content, f"scenes[{k}]", _SCENE_KEYS, _SCENE_KEYS, ("scenes", k))
        if table.whole("index", 0, len(contents)) != k:
            raise table.fault("index", f"must be {k}: scenes are numbered in order")
        span = span_in(table, duration)
        before = found[-1].span.end if found else 0
        if abs(span.start - before) > ROUNDING:
            raise table.fault("start_s", f"must be {before / CLOCK_HZ:.6f}, where the scene before ends")
        if before >= span.end:
            raise table.fault("end_s", "lies before the end of the scene before")
        found.append(Scene(k, Span(before, span.end)))
    if duration.n_samples and (not found or duration.end - found[-1].span.end > ROUNDING):
        raise JsonFault(f"scenes: must reach the end of the film, {duration.end_s:.6f} s", ("scenes",))
    return tuple(found)


def faults_of_voice(content: object, place: tuple[str, JsonPath], voices: Sequence[str] | None) -> list[JsonFault]:
    """What is wrong with the voice of a line, where it is not among `voices`; `place` as in `read_cue`."""
    if voices is None or not isinstance(content, Mapping) or content.get("kind") != "speech":
        return []
    voice = content.get("voice")
    if not voice or not isinstance(voice, str) or voice in voices:
        return []
    sentence = f"there is no voice {shown(voice)} (there are: {', '.join(voices) or 'none'})"
    return [JsonFault(f"{place[0]}: 'voice': {sentence}", (*place[1], "voice"))]


def twice(contents: Sequence[object], places: Sequence[str]) -> list[JsonFault]:
    """The cues whose id an earlier one has."""
    faults, seen = [], set()
    for k, content in enumerate(contents):
        identity = content.get("id") if isinstance(content, Mapping) else None
        if isinstance(identity, str) and identity in seen:
            faults.append(JsonFault(f"{places[k]}: the id {identity!r} is there twice", ("cues", k, "id")))
        seen.add(identity if isinstance(identity, str) else "")
    return faults


def unheard(cues: Sequence[tuple[int, Cue]], places: Sequence[str], heard: Callable[[Cue], str]) -> list[JsonFault]:
    """The cues (each with its number in the sheet) of whose recordings, or of what their sounds name, nothing can be
    heard, as `heard` says; no muted ones."""
    told = ((k, "sound" if cue.recording is None else "file", heard(cue)) for k, cue in cues if not cue.is_muted)
    return [JsonFault(f"{places[k]}: '{key}': {what}", ("cues", k, key)) for k, key, what in told if what]


def without_collisions(
    cues: Sequence[tuple[int, Cue]], places: Sequence[str]
) -> tuple[tuple[Cue, ...], list[JsonFault]]:
    """The cues (each with its number in the sheet) by start, and where two sounds of a layer overlap. Lines may, and
    music."""
    ordered = sorted(cues, key=lambda each: each[1].span.start)
    found = [cue for _, cue in ordered]
    faults: list[JsonFault] = []
    last: dict[str, int] = {}
    for k, cue in enumerate(found):
        if cue.kind != "sound" or cue.is_muted:  # people speak at once; what is muted is in no one's way
            continue
        at = last.get(cue.layer)
        if at is None or found[at].span.end <= cue.span.start:
            last[cue.layer] = k
            continue
        before = found[at]
        if before.span.end - cue.span.start > ROUNDING or cue.span.start <= before.span.start:
            number = ordered[k][0]
            faults.append(JsonFault(f"{places[number]}: {_overlap(before, cue)}", ("cues", number, "start_s")))
            last[cue.layer] = at if before.span.end > cue.span.end else k
            continue
        last[cue.layer] = k
        found[at] = replace(before, span=Span(before.span.start, cue.span.start))
    return tuple(found), faults


def _overlap(before: Cue, cue: Cue) -> str:
    layer = f" in the same layer, {cue.layer}" if cue.layer else ""
    return (
        f"cues {before.id} and {cue.id} overlap: {before.id} ends at {before.span.end_s:.6f} s, "
        f"{cue.id} starts at {cue.span.start_s:.6f} s{layer}"
    )
