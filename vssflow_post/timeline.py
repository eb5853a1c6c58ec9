"""Time: one 48 kHz clock for everything, in integers. Seconds as float exist only at the edges.

And what lies along it: scenes, lines, subtitles, cues.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TypeAlias

CLOCK_HZ = 48_000
"""Every position in the line is a whole number of samples of this clock."""

BED, FOLLOWS, SPOT = "bed", "follows", "spot"
CAPTION = "caption"
"""`origin` of a sound that a caption of the script asks for."""
LAYERS = (BED, FOLLOWS, SPOT)
"""Of sound cues: the ambience of a place, what goes with a motion, and what comes at moments."""
MOST_OF_A_PROMPT = 500
"""Characters of what a sound cue asks for, and of how a line is said."""
SECOND_VOICE = "SECOND VOICE"
"""Speaks where a script shows that somebody else does, and does not say who: after a dash, or `>>`."""
USUAL_DUCK_DB = 6.0
"""By how much music steps back while somebody speaks, where nobody says it."""
_AMBIENCE = (
    r"rain|drizzle|downpour|wind|breeze|gale|storm|stream|river|brook|creek|waterfall|sea|ocean|surf|waves|fire|campfire"
    r"|fireplace|crickets|cicadas|birdsong|forest|jungle|crowd|murmur|chatter|traffic|hum|drone|ambien(t|ce)|atmos(phere)?"
    r"|atmo|background|room tone|air conditioning"
)
_NO_AMBIENCE = (
    r"in (the )?(background|distance)|gun ?fire|fire (alarm|engine|truck|door|extinguisher|escape|crackers?)"
    r"|wind chimes?|storm door|traffic lights?"
)
"""Words of ambience that mean none there."""


def samples_from_seconds(seconds: Fraction | float) -> int:
    """The clock sample nearest to `seconds` (ties away from zero, as a person would round)."""
    exact = Fraction(seconds) * CLOCK_HZ
    return int(exact + Fraction(1, 2)) if exact >= 0 else -int(-exact + Fraction(1, 2))


def seconds_of(sample: int) -> float:
    """A clock sample in seconds as files say it: six decimals give the sample (20.8 microseconds) back when read."""
    return round(sample / CLOCK_HZ, 6)


def samples_from_frame(frame: int, frame_rate: Fraction) -> int:
    """The clock sample at which frame number `frame` starts.

    Always from the absolute number: at 29.97 fps a frame is 1601.6 samples, and adding rounded
    durations would drift by a frame every few minutes.
    """
    return samples_from_seconds(Fraction(frame) / frame_rate)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open stretch of time [start, end), in clock samples."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError(f"span ends before it starts: {self.start}..{self.end}")

    @classmethod
    def of_seconds(cls, start_s: Fraction | float, end_s: Fraction | float) -> Span:
        return cls(samples_from_seconds(start_s), samples_from_seconds(end_s))

    @property
    def n_samples(self) -> int:
        return self.end - self.start

    @property
    def start_s(self) -> float:
        return self.start / CLOCK_HZ

    @property
    def end_s(self) -> float:
        return self.end / CLOCK_HZ

    @property
    def duration_s(self) -> float:
        return self.n_samples / CLOCK_HZ

    def overlaps(self, other: Span) -> bool:
        return self.start < other.end and other.start < self.end

    def intersect(self, other: Span) -> Span:
        """The common part; an empty span at the later start where there is none."""
        start = max(self.start, other.start)
        return Span(start, max(start, min(self.end, other.end)))

    def contains(self, sample: int) -> bool:
        return self.start <= sample < self.end

    def shared(self, weights: Sequence[int]) -> tuple[Span, ...]:
        """The span cut into one piece per weight (> 0), in proportion, none empty.

        Raises ValueError where there are more weights than samples.
        """
        spare = self.n_samples - len(weights)
        if spare < 0:
            raise ValueError(f"{self.n_samples} samples cannot be shared by {len(weights)}")
        edges, total, before = [self.start], sum(weights), 0
        for k, weight in enumerate(weights, 1):
            before += weight
            edges.append(self.start + k + spare * before // total)
        return tuple(Span(start, end) for start, end in pairwise(edges))


@dataclass(frozen=True, slots=True)
class Scene:
    """A stretch of film between two cuts."""

    index: int
    """Position in the film, from 0."""
    span: Span


@dataclass(frozen=True, slots=True)
class Line:
    """One timed line of the script."""

    span: Span
    text: str
    speaker: str | None
    """Name of the character, where the script gives one."""
    direction: str = ""
    """How it is said, where the script says that: `whispering`."""


@dataclass(frozen=True, slots=True)
class Caption:
    """What a script tells of besides speech: a sound, music, how something is said."""

    span: Span
    text: str
    """Plain, without its brackets or signs: `door slams`."""
    is_sung: bool = False
    """Whether it stands between the signs of music: words of a song, or what music is heard."""


BOTTOM, TOP = 2, 8
"""Where subtitles are shown, as the number keys lie."""
VOICE = "v"
"""Style of a run that names who speaks and is no part of the text."""


@dataclass(frozen=True, slots=True)
class Run:
    """Text of one style in a row of a subtitle."""

    text: str
    style: str = ""
    """The letters of its tags, of `b`, `i` and `u`, sorted; or `VOICE`."""


SubtitleRow: TypeAlias = tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Subtitle:
    """One subtitle as it is shown."""

    span: Span
    rows: tuple[SubtitleRow, ...]
    said: tuple[Line, ...] = ()
    """The lines that it holds, in reading order; none for a caption."""
    position: int = BOTTOM
    """Where it is shown, as the number keys lie: 2 is bottom centre, 8 top centre."""
    settings: str = ""
    """The cue settings of WebVTT that it came with."""
    name: str = ""
    """Of its cue, in WebVTT."""


@dataclass(frozen=True, slots=True)
class SpeakingSegment:
    """A stretch in which one person speaks."""

    span: Span
    origin: str
    """Name of the detector that found it: `script`, `pyannote`, `silero`, `lips`, ..."""
    text: str = ""
    """Words, when known (only a script knows them)."""
    speaker: str | None = None
    direction: str = ""
    """How they are said, where the script says that."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A file of the user's own: heard in its cue instead of what a backend would make."""

    file: Path
    in_s: float = 0.0
    """Where in the file the cue starts, in seconds."""
    fade_in_s: float = 0.0
    """Seconds; 0 takes the short fade of every take."""
    fade_out_s: float = 0.0
    """The same at its end, or where the span cuts it."""
    match_loudness: bool = True
    """Whether a line is brought to the loudness of the other lines."""
    duck_db: float = USUAL_DUCK_DB
    """By how much music steps back while somebody speaks."""


@dataclass(frozen=True, slots=True)
class Cue:
    """A span of the film and what should be heard in it: sent to a backend, or a recording."""

    id: str
    scene: int
    kind: str
    """`speech`, `sound` or `music`."""
    span: Span
    text: str = ""
    """Words to speak (speech cues)."""
    speaker: str | None = None
    """Name of the character (speech cues)."""
    voice: str | None = None
    """Name of the backend's voice; None lets the cast choose one for the speaker."""
    sound: str = ""
    """Sound prompt: a class name or words (sound cues)."""
    origin: str = "picture"
    """Where the cue came from: `script`, `silero`, `lips`, `picture`, `user`, ..."""
    gain_db: float = 0.0
    seed: int = 0
    layer: str = ""
    """One of `LAYERS` (sound cues), or "" for a sheet that was made without them."""
    thing: int | None = None
    """Number of the moving thing of its scene that a sound cue is of; None: all that moves there."""
    seen: Mapping[str, float] = field(default_factory=dict)
    """Labels of what is seen that the sound was concluded from, with confidences, surest first."""
    take: int = 1
    """Which of its takes is heard, from 1."""
    takes: int = 0
    """How many are made of it; 0: as many as the preset says."""
    direction: str = ""
    """How a line is said, for people: no backend acts on it (speech cues)."""
    language: str = ""
    """Which language a line is in, as in ISO 639-1; "" where nobody says (speech cues)."""
    made_by: str = ""
    """Name of the backend that made the take that is heard, where several were asked. Nothing is decided by it."""
    recording: Recording | None = None
    """What is heard in it where nothing is to be made; music always has one."""
    shift: int = 0
    """Samples by which it is heard later than its span (negative: earlier), for which it is made."""
    is_muted: bool = False
    """Whether nothing of it is heard or made: it only stays in the sheet."""
    is_locked: bool = False
    """Whether the take that it has is kept, whatever changes."""

    @property
    def heard(self) -> Span:
        """Where it is heard."""
        return Span(self.span.start + self.shift, self.span.end + self.shift)

    @property
    def words(self) -> str:
        """What is said or heard in it; "" where nobody says it."""
        return self.text or self.sound or (self.recording.file.stem if self.recording else "")

    @property
    def is_line(self) -> bool:
        """Whether somebody says words in it."""
        return self.kind == "speech" and bool(self.text.strip())

    @property
    def lane(self) -> tuple[str, str]:
        """Kind, and layer of a sound: no two sounds of one lane sound at once."""
        return self.kind, self.layer if self.kind == "sound" else ""

    @property
    def is_bed(self) -> bool:
        """Whether it is ambience: steady, so that it may be crossfaded, spread out and delivered apart."""
        return self.layer == BED or (not self.layer and asks_for_ambience(self.sound))

    @property
    def may_be_unseen(self) -> bool:
        """Whether it is heard whatever the picture shows: a caption says so."""
        return self.kind == "sound" and self.origin == CAPTION

    @property
    def has_usual_level(self) -> bool:
        """Whether its gain is the usual level of its class, against which takes are evened out: what the picture asks
        for, and nobody prompted."""
        return self.origin == "picture" and bool(self.layer and self.sound) and self.recording is None


def asks_for_ambience(prompt: str) -> bool:
    """Whether a sound prompt asks, in words, for a bed: weather, water, the air of a place, a crowd."""
    words = re.sub(rf"\b({_NO_AMBIENCE})\b", " ", prompt.lower())
    return re.search(rf"\b({_AMBIENCE})\b", words) is not None


@dataclass(frozen=True, slots=True)
class CueSheet:
    """Scenes and cues of one film, by start. Within a layer no two sound cues overlap; people may speak at once, and
    one piece of music may go over into the next."""

    scenes: tuple[Scene, ...]
    cues: tuple[Cue, ...]

    @property
    def sounding(self) -> CueSheet:
        """Without what is muted."""
        return replace(self, cues=tuple(cue for cue in self.cues if not cue.is_muted))

    @property
    def as_heard(self) -> CueSheet:
        """What is not muted, where it is heard."""
        return replace(self, cues=tuple(replace(cue, span=cue.heard) for cue in self.cues if not cue.is_muted))


def scene_as_json(scene: Scene) -> dict[str, object]:
    """A scene as cue sheets and reports say it."""
    return {"index": scene.index, "start_s": seconds_of(scene.span.start), "end_s": seconds_of(scene.span.end)}


def cue_as_json(cue: Cue) -> dict[str, object]:
    """A cue as cue sheets, plans and reports say it; from its layer on only what there is."""
    told: dict[str, object] = {
        "id": cue.id,
        "scene": cue.scene,
        "kind": cue.kind,
        "start_s": seconds_of(cue.span.start),
        "end_s": seconds_of(cue.span.end),
        "text": cue.text,
        "speaker": cue.speaker,
        "voice": cue.voice,
        "sound": cue.sound,
        "origin": cue.origin,
        "gain_db": cue.gain_db,
        "seed": cue.seed,
    }
    more: dict[str, object] = {"layer": cue.layer or None, "thing": cue.thing, "seen": dict(cue.seen) or None}
    more |= {"take": cue.take if cue.take > 1 else None, "takes": cue.takes or None}
    more |= {"language": cue.language or None, "made_by": cue.made_by or None}
    more |= {"direction": cue.direction or None, "shift_s": seconds_of(cue.shift) if cue.shift else None}
    more |= {"mute": cue.is_muted or None, "lock": cue.is_locked or None}
    recorded = {} if cue.recording is None else recording_as_json(cue.recording, cue.kind)
    return told | {key: value for key, value in more.items() if value is not None} | recorded


def recording_as_json(recording: Recording, kind: str) -> dict[str, object]:
    """A recording as its cue says it: what is not as it usually is, and of a kind that knows it."""
    told = {"in_s": recording.in_s, "fade_in_s": recording.fade_in_s, "fade_out_s": recording.fade_out_s}
    more: dict[str, object] = {key: value for key, value in told.items() if value}
    if kind == "music":
        more["duck_db"] = recording.duck_db
    if kind == "speech" and not recording.match_loudness:
        more["match_loudness"] = False
    return {"file": os.fspath(recording.file), **more}
