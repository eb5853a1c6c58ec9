"""Tracklaying: which take goes into which stem, where it stands, and what happens where it meets its neighbours.

What an editor does before the mix: beds are crossfaded, effects follow the picture, they step back under dialogue,
room tone lies under them, and what the picture asks for is evened out to the level of its class. How loud all of it is
in the end is the mix's business.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Protocol

import numpy as np

from vssflow_post.audio import BG, DX, FX, MX, PD, Source
from vssflow_post.backend import MouthTrack, Thing, Track, speaking_mouth
from vssflow_post.mix.ducking import DuckCurve, duck_under
from vssflow_post.mix.laid_take import OWN_SOUND, ROOM_TONE, LaidTake
from vssflow_post.mix.panning import CENTRE, PanCurve
from vssflow_post.mix.room_tone import Tone, ToneSource, tone_of
from vssflow_post.mix.take_level import Said, evening_db, is_heard, matching_db
from vssflow_post.settings.preset import MixSettings
from vssflow_post.timeline import CLOCK_HZ, Cue, Scene, Span

TONE_REACH = CLOCK_HZ // 20
"""Half of the crossfade, in samples, between the room tones of two scenes."""


_RELEASE_S = 0.3
"""A spot that a caption asks for ends when its words are read, whatever still sounds: so it ends softly, in seconds."""


@dataclass(frozen=True, slots=True, eq=False)
class Session:
    """All that is laid for one film."""

    duration: Span
    scenes: tuple[Scene, ...]
    sounds: Sequence[tuple[Cue, Source]]
    """Sound cues and their takes, by start."""
    speech: Sequence[tuple[Cue, Source]]
    """Speech cues and their takes."""
    production: Sequence[Cue]
    """Speech cues that keep the film's own sound."""
    track: Source | None
    """The film's own sound, at the clock's rate; None where none of it is kept."""
    whole_track: bool
    """Whether all of `track` is heard, not just the cues."""
    places: Mapping[str, float] = field(default_factory=dict)
    """Speaker -> where the cast puts them: -1 left to 1 right."""
    music: Sequence[tuple[Cue, Source]] = ()
    """Music cues and their recordings."""

    @property
    def said(self) -> tuple[Span, ...]:
        """Where a line is heard: not where none of its take sounds, as of one whose language no voice speaks."""
        return tuple(cue.span for cue, take in self.speech if is_heard(take))

    @property
    def spoken(self) -> tuple[Span, ...]:
        """Where somebody is heard to speak."""
        return tuple(sorted([*self.said, *(cue.span for cue in self.production)]))


class Picture(Protocol):
    """What was seen of the film that decides where a take stands."""

    @property
    def scenes(self) -> tuple[Scene, ...]: ...

    @property
    def mouths(self) -> tuple[MouthTrack, ...]: ...

    @property
    def places(self) -> tuple[Track, ...]:
        """Where things move, by scene: (rows, 1), 0 left to 1 right of the picture."""
        ...

    @property
    def things(self) -> tuple[tuple[Thing, ...], ...]:
        """What moves by itself, by scene."""
        ...


def lay_tracks(session: Session, picture: Picture, settings: MixSettings) -> list[LaidTake]:
    """Every take at its place."""
    spoken = session.spoken
    duck = _duck(spoken, settings)
    sounds = [_sound(cue, take, picture, settings, duck) for cue, take in session.sounds]
    laid = _crossfaded(sounds, session.sounds, settings.ambience_crossfade_ms)
    laid += _lines(session, picture, settings)
    laid += _production(session, settings)
    laid += _music(session, spoken, settings)
    if settings.room_tone and not session.whole_track:  # a film that is kept whole has its own
        laid += _room_tones(session, sounds, settings)
    return laid


def _duck(speech: Sequence[Span], settings: MixSettings, depth_db: float | None = None) -> DuckCurve:
    depth_db = settings.duck_db if depth_db is None else depth_db
    return duck_under(speech, depth_db, settings.duck_attack_ms, settings.duck_release_ms)


def _sound(cue: Cue, take: Source, picture: Picture, settings: MixSettings, duck: DuckCurve) -> LaidTake:
    gain_db = cue.gain_db + (evening_db(take) if cue.has_usual_level else 0.0)
    if cue.is_bed:
        stem = BG if settings.background_stem else FX
        laid = LaidTake(cue.span, stem, take, gain_db, name=cue.id, wide=settings.layout == "5.1", duck=duck)
    else:
        pan = _on_screen(cue, picture, settings.effects_pan_width)
        laid = LaidTake(cue.span, FX, take, gain_db, name=cue.id, pan=pan, duck=duck)
    return _faded(laid, cue)


def _faded(laid: LaidTake, cue: Cue) -> LaidTake:
    """With the fades that the cue's recording asks for, or the soft end of what a caption does."""
    if cue.recording is None:
        release_s = min(_RELEASE_S, cue.span.duration_s / 3)
        return replace(laid, fade_out_s=release_s) if cue.may_be_unseen and not cue.is_bed else laid
    return replace(laid, fade_in_s=cue.recording.fade_in_s, fade_out_s=cue.recording.fade_out_s)


def _lines(session: Session, picture: Picture, settings: MixSettings) -> Iterator[LaidTake]:
    """What is spoken: generated lines as they are, recorded ones as loud as the others, where they may be."""
    matched = _matched(session)
    for cue, take in session.speech:
        pan = _speaker(cue, picture, settings, session.places)
        gain_db = cue.gain_db + matched.get(cue.id, 0.0)
        yield _faded(LaidTake(cue.span, DX, take, gain_db, name=cue.id, pan=pan), cue)


def _matched(session: Session) -> dict[str, float]:
    """The gain that each recorded line needs beside its own."""
    recorded: dict[str, Said] = {}
    others: list[Said] = []
    for cue, take in session.speech:
        said = (take, 0, take.n_samples)
        if cue.recording is None:
            others.append(said)
        elif cue.recording.match_loudness:
            recorded[cue.id] = said
    if session.track is not None:
        others += [(session.track, cue.span.start - cue.shift, cue.span.end - cue.shift) for cue in session.production]
    return matching_db(recorded, others)


def _music(session: Session, spoken: Sequence[Span], settings: MixSettings) -> Iterator[LaidTake]:
    """Music in its own channels, each piece stepping back under speech as far as it says."""
    for cue, take in session.music:
        duck = _duck(spoken, settings, cue.recording.duck_db if cue.recording else None)
        yield _faded(LaidTake(cue.span, MX, take, cue.gain_db, name=cue.id, duck=duck), cue)


def _on_screen(cue: Cue, picture: Picture, width: float) -> PanCurve:
    """Where the cue's thing is, or things move, during a cue; its scene is the one of the picture it starts in."""
    at = bisect_right(picture.scenes, cue.span.start, key=lambda scene: scene.span.start) - 1
    if at < 0 or width == 0:
        return CENTRE
    things = picture.things[at] if at < len(picture.things) else ()
    if cue.thing is not None and cue.thing < len(things):
        track = things[cue.thing].place
    elif at < len(picture.places):
        track = picture.places[at]
    else:
        return CENTRE
    knots = picture.scenes[at].span.start + np.arange(len(track.values), dtype=np.int64) * round(
        CLOCK_HZ / track.rate_hz
    )
    return PanCurve(knots, np.asarray((2 * track.values[:, 0] - 1) * width, np.float32))


def _speaker(cue: Cue, picture: Picture, settings: MixSettings, places: Mapping[str, float]) -> PanCurve:
    """Where the cast puts the speaker; else the centre, or the place of the face that speaks the line."""
    if cue.speaker is not None and cue.speaker in places:
        return PanCurve.fixed(places[cue.speaker])
    face = speaking_mouth(picture.mouths, cue.span) if settings.dialogue_pan == "speaker" else None
    if face is None:
        return CENTRE
    x, _, width, _ = face.box
    return PanCurve.fixed(2 * (x + width / 2) - 1)


def _crossfaded(laid: Sequence[LaidTake], sounds: Sequence[tuple[Cue, Source]], crossfade_ms: float) -> list[LaidTake]:
    """The sounds, in order; where a bed ends and another begins on the same sample, each reaches into the other."""
    out = list(laid)
    half = round(crossfade_ms * CLOCK_HZ / 2000)
    for k, n in pairwise(k for k, (cue, _) in enumerate(sounds) if cue.is_bed):
        before, after = sounds[k][0], sounds[n][0]
        if before.span.end == after.span.start and not (laid[k].fade_out_s or laid[n].fade_in_s):
            reach = min(half, before.span.n_samples // 2, after.span.n_samples // 2)
            out[k], out[n] = replace(out[k], tail=reach), replace(out[n], lead=reach)
    return out


def _production(session: Session, settings: MixSettings) -> Iterator[LaidTake]:
    """The film's own sound: during its cues, or all of it, stepping back under generated lines."""
    if session.track is None:
        return
    stem = PD if settings.production_stem else DX
    if session.whole_track:
        duck = _duck(session.said, settings, settings.production_duck_db)
        yield LaidTake(session.duration, stem, session.track, name="production", duck=duck, beside=OWN_SOUND)
        return
    at: dict[int, int] = {}
    for cue in sorted(session.production, key=lambda cue: cue.span):  # what two cues keep is heard once, if not moved
        start = max(at.get(cue.shift, 0), cue.span.start)
        span = Span(start, max(start, cue.span.end))
        if span.n_samples:
            source_start = span.start - cue.shift
            yield LaidTake(span, stem, session.track, cue.gain_db, source_start=source_start, name=cue.id)
        at[cue.shift] = span.end


def _room_tones(session: Session, sounds: Sequence[LaidTake], settings: MixSettings) -> Iterator[LaidTake]:
    """Room tone under the whole of each scene, so that neither a gap nor a pause within a take is digital silence."""
    tones = _tones([cue.scene for cue, _ in session.sounds], sounds, settings.room_tone_db)
    stem, wide = BG if settings.background_stem else FX, settings.layout == "5.1"
    for scene in session.scenes if tones else ():
        tone = tones[min(tones, key=lambda near: (abs(near - scene.index), near))]
        span = scene.span.intersect(session.duration)
        reach = min(TONE_REACH, span.n_samples // 2)
        lead, tail = (
            reach if span.start > session.duration.start else 0,
            reach if span.end < session.duration.end else 0,
        )
        source = ToneSource(tone, -(-span.n_samples * tone.rate_hz // CLOCK_HZ), seed=span.start)
        yield LaidTake(
            span, stem, source, name=f"tone-{scene.index}", wide=wide, lead=lead, tail=tail, beside=ROOM_TONE
        )


def _tones(scenes: Sequence[int], sounds: Sequence[LaidTake], loudest_db: float) -> Mapping[int, Tone]:
    """The tone of each scene that has effects, by its index; one without takes that of the nearest.

    `scenes` has the index of each sound's scene.
    """
    takes: dict[int, list[LaidTake]] = {}
    for scene, take in zip(scenes, sounds, strict=True):
        takes.setdefault(scene, []).append(take)
    found = {index: tone_of(sources, loudest_db) for index, sources in takes.items()}
    return {index: tone for index, tone in found.items() if tone is not None}
