"""What a report states about one film, as values; the writers of JSON and HTML only read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from vssflow_post.audio import Loudness
from vssflow_post.deliver.report.stem_pictures import StemPictures
from vssflow_post.settings.preset import LoudnessSettings
from vssflow_post.timeline import Cue, Scene, Span, SpeakingSegment

UNSTATED = "not stated"
"""A licence that nobody states."""


@dataclass(frozen=True, slots=True)
class BackendFacts:
    """An engine that made takes."""

    name: str
    device: str
    """What it ran on, in words."""
    weights: str
    """Name of the weights and their digest."""
    why: str = ""
    """Sentence: why this backend was taken."""
    task: str = "speech and effects"
    """What it made, in words."""
    licence: str = UNSTATED
    package: str = ""
    """Name of the package that it comes in."""


@dataclass(frozen=True, slots=True)
class CueFacts:
    """One cue and what became of it."""

    cue: Cue
    seconds: float = 0.0
    """Time its take took to make; 0 when it came from the store."""
    cached: bool = False
    """Whether the take came from the store."""
    why_made: str = ""
    """Why it did not, in a few words."""
    notes: tuple[str, ...] = ()
    """Sentences from the backend, e.g. that a line did not fit its span."""
    stand_in: str = ""
    """Class of sound that the weights were asked for, where they do not know the cue's own; "" where they do."""
    is_silent: bool = False
    """Whether the weights know nothing near its sound either, so that it has no take."""
    made_of: tuple[str, ...] = ()
    """Names of the files of a library's that are heard in it."""
    choice: Mapping[int, Path] = field(default_factory=dict)
    """Its takes by number, where there is more than one: names of files beside the report."""


@dataclass(frozen=True, slots=True)
class SeenFacts:
    """What is seen in one scene, the surest first."""

    labels: Mapping[str, float]
    """With confidences."""
    sounds: Mapping[str, float]
    """Classes of sound that it asks for, with confidences."""


@dataclass(frozen=True, slots=True)
class LoudnessFacts:
    """The loudness of the mix against its specification."""

    measured: Loudness
    wanted: LoudnessSettings
    verdict: str
    """`pass`, `silent`, `too_short`, or a sentence that says what is out of bounds."""
    measure: str = "programme"
    """Which loudness was brought to the target: `programme` (integrated) or `dialogue`."""
    gain_db: float = 0.0
    """The static gain that brought the mix to its target."""
    max_reduction_db: float = 0.0
    """The most the limiter took away, a positive number."""


@dataclass(frozen=True, slots=True)
class NullTestFacts:
    """The stems' sum subtracted from the mix, sample by sample, read back from the files."""

    stems: tuple[str, ...]
    """Names of what was summed."""
    largest_difference: int
    """In steps of 24 bits; 0 when they null."""

    @property
    def passed(self) -> bool:
        return self.largest_difference == 0


@dataclass(frozen=True, slots=True)
class CastFacts:
    """One character who speaks, and with which voice."""

    speaker: str
    voice: str
    """"" for one whose lines are kept from the production track, or have no words."""
    n_lines: int
    assigned: bool
    """Whether the preset's cast (or the cue sheet) names the voice; else the rule chose it."""
    gain_db: float = 0.0
    """The level that the cast sets."""
    pan: float = 0.0
    """The place that the cast sets: -1 left, 1 right; 0 leaves it to the preset."""

    @property
    def is_by_rule(self) -> bool:
        """Whether somebody may want to choose another voice: nobody has named this one."""
        return bool(self.voice) and not self.assigned


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """A model that took part."""

    name: str
    task: str
    """What it did, in words."""
    licence: str
    package: str
    """The installed package it came with."""


@dataclass(frozen=True, slots=True)
class Timing:
    """How long the stages took, in seconds."""

    analyse_s: float
    generate_s: float
    mix_s: float
    total_s: float
    """Everything, start-up of the stages included."""


@dataclass(frozen=True, slots=True)
class FilmReport:
    """Everything the report of one film states. A film that was rejected early leaves most fields at their default."""

    stem: str
    """Name of the film without its extension: every deliverable starts with it."""
    film: Path
    """The source, as the user named it."""
    duration: Span
    """Span(0, n) on the film's clock."""
    verdict: str
    """`done`, `done_with_warnings`, `rejected:<code>` or `failed:<code>`."""
    reason: str = ""
    """Sentence for a verdict other than done."""
    frame_rate: Fraction = Fraction(24)
    start_timecode: str | None = None
    """`HH:MM:SS:FF`, or `HH:MM:SS;FF` for drop-frame."""
    size: tuple[int, int] = (0, 0)
    """Width and height of the picture, pixels."""
    warnings: tuple[str, ...] = ()
    backends: tuple[BackendFacts, ...] = ()
    """Who made the takes, the preset's `backend` first; none for a film that did not get so far."""
    preset: str = ""
    """Name of the preset."""
    speech: str = ""
    """Sentence: which speech detector was used and why."""
    scenes: tuple[Scene, ...] = ()
    thumbnails: tuple[bytes, ...] = ()
    """One JPEG per scene, in order; fewer or none is fine."""
    seen: tuple[SeenFacts, ...] = ()
    """Of each scene; none where nobody looked."""
    looked: str = ""
    """Sentence: which recogniser looked, and why; "" where none did."""
    segments: tuple[SpeakingSegment, ...] = ()
    cues: tuple[CueFacts, ...] = ()
    cast: tuple[CastFacts, ...] = ()
    """Everybody with a name, in order of appearance."""
    models: tuple[ModelFacts, ...] = ()
    loudness: LoudnessFacts | None = None
    """Of the mix; None where nothing was mixed."""
    timing: Timing | None = None
    picture: Path | None = None
    """The delivered film with the mix; None when only audio was delivered."""
    stems: Mapping[str, Path] = field(default_factory=dict)
    """Delivered WAVs by name: the stems, `MIX`, and where it is asked for `ME` with its parts."""
    drawings: Mapping[str, StemPictures | None] = field(default_factory=dict)
    """What each of the WAVs looks like, by the same names; None for one without samples."""
    stem_loudness: Mapping[str, Loudness] = field(default_factory=dict)
    """What each of the WAVs measures, by the same names, in their order."""
    null_tests: Mapping[str, NullTestFacts] = field(default_factory=dict)
    """Of `MIX`, and of `ME` where there is one, by these names."""
    layout: str = ""
    """Channel layout of the WAVs: `mono`, `stereo` or `5.1`."""
    others: tuple[Path, ...] = ()
    """Other deliverables to link, e.g. cue sheet, timeline and manifest."""

    @property
    def every_warning(self) -> tuple[str, ...]:
        """The reason, the warnings and the notes of the cues, in this order; what several cues say is said once."""
        by_note: dict[str, list[str]] = {}
        for facts in self.cues:
            for note in facts.notes:
                by_note.setdefault(note, []).append(f"{facts.cue.id} at {facts.cue.heard.start_s:.1f} s")
        notes = (f"{_listed(ids)}: {note}" for note, ids in by_note.items())
        reason = (self.reason,) if self.reason else ()
        return tuple(dict.fromkeys((*reason, *self.warnings, *notes)))


def _listed(ids: Sequence[str]) -> str:
    """Cues in a few words."""
    return ids[0] if len(ids) == 1 else f"{ids[0]} and {len(ids) - 1} more"
