"""The first half of the line: the film probed, its picture and speech analysed, its cue sheet spotted.

`look_at` takes from the store what an earlier run saw, so that a film is decoded once, however its sound is changed;
`spot_film` is the same without a store, for whoever wants the cue sheet and nothing else. No backend is needed but for
its frame encoder.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path

from vssflow_post.analysis.analysis_store import analysis_address
from vssflow_post.analysis.features import KnownFeatures, read_features
from vssflow_post.analysis.picture import Analysis
from vssflow_post.analysis.speech import find_segments
from vssflow_post.backend import CueRequest, DetectorOffer, Frame, FrameEncoder, SpeechEvidence, Track
from vssflow_post.cues.dialogue import Dialogue
from vssflow_post.cues.script import read_script
from vssflow_post.cues.seen import Seen
from vssflow_post.cues.sheet import read_cue_sheet
from vssflow_post.cues.spotting import spot, unspoken
from vssflow_post.deliver import check_picture
from vssflow_post.generate.renderer import request_for
from vssflow_post.media import Film, audio_blocks, production_audio
from vssflow_post.media.probe import probe
from vssflow_post.progress import OnProgress, Progress
from vssflow_post.render.job import Job
from vssflow_post.render.recognition import Recognition, is_wanted
from vssflow_post.render.recordings import checked, music_left_out, with_music
from vssflow_post.render.sights import looked_at, seen_of
from vssflow_post.render.studio import Studio
from vssflow_post.settings.preset import Preset
from vssflow_post.store.entries import Missing, address
from vssflow_post.timeline import Cue, CueSheet, Line, Scene, SpeakingSegment

SCRIPTED = ("auto", "generate")
"""Values of `dialogue.source` under which a script is spoken."""
MOST_WAITING = 400
"""Pictures that wait for the backend, 230 kB each: as many as are decoded while it is opened."""


def probed(job: Job, progress: OnProgress) -> Film:
    """The film, and word of its length in seconds. Raises FilmRejected for one that cannot be worked on."""
    film = probe(job.film, job.salvage)
    seconds = math.ceil(film.duration.duration_s)
    progress(Progress("probe", seconds, seconds))
    return film


def check_deliverable(film: Film, preset: Preset) -> None:
    """Raises FilmRejected for a film whose picture cannot go into what the preset asks for."""
    if preset.deliver.picture:
        check_picture(film, preset.deliver)


def look_at(job: Job, film: Film, studio: Studio, progress: OnProgress) -> Spotted:
    """The cue sheet and what it is made from. Features in the file beside the film take the place of the backend's."""
    preset = studio.preset
    beside = read_features(job.features, film.duration.end_s) if job.features else {}
    features_key, (analysis_key, analysis, recognition) = _features_address(film, studio), _known(job, film, studio)
    features = studio.features.get(features_key)
    known = None
    if not isinstance(analysis, Missing) and not isinstance(features, Missing):
        known = replace(analysis, features=features)
    encoder = AwaitedEncoder(studio) if isinstance(features, Missing) else KnownFeatures(features)
    voices = studio.known_identity().voices
    asked = Spotting(film, job.script, job.cues, preset, studio.detectors, recognition, encoder, known, voices)
    spotted = spot_film(asked, progress)
    found = spotted.analysis
    if isinstance(features, Missing) and found.features:  # without, it may lack what it looks with, and get it later
        studio.features.put(features_key, found.features)
    if isinstance(analysis, Missing):
        studio.analyses.put(analysis_key, found)
    found = replace(found, features={**found.features, **beside}, things=() if beside else found.things)
    return replace(spotted, analysis=found, notes=(*spotted.notes, *_rotted(analysis, features)))


def _known(job: Job, film: Film, studio: Studio) -> tuple[str, Analysis | Missing, Recognition | None]:
    """The film's analysis in the store, its address, and who looks. With a cue sheet nobody need look; then an analysis
    in which somebody did is as good."""
    picture, recognition = studio.preset.picture, studio.recognition
    key = analysis_address(film, picture, recognition.digest if recognition else "")
    analysis = studio.analyses.get(key)
    if job.cues is None or recognition is None or not isinstance(analysis, Missing):
        return key, analysis, recognition
    key = analysis_address(film, picture)
    return key, studio.analyses.get(key), None


def _features_address(film: Film, studio: Studio) -> str:
    return address(
        {
            "film": [film.digest, film.duration.end],
            "picture": asdict(studio.preset.picture),
            "clip": studio.preset.generate.clip,
            "deterministic": studio.preset.generate.deterministic,
            "backend": [studio.offer.name, studio.plugin, studio.known_identity().weights_digest],
        }
    )


def _rotted(analysis: Analysis | Missing, features: object) -> tuple[str, ...]:
    parts = [name for name, part in (("analysis", analysis), ("features", features)) if part is Missing.ROTTED]
    return tuple(f"What the store held of this film's {name} had rotted and was made again." for name in parts)


@dataclass(frozen=True, slots=True)
class Spotting:
    """What the first half of the line is asked for."""

    film: Film
    script: Path | None
    cues: Path | None
    """An edited cue sheet, which replaces what would be spotted."""
    preset: Preset
    detectors: Sequence[DetectorOffer]
    recognition: Recognition | None = None
    """Who looks at the picture, and what follows from it; None: nothing is recognised."""
    encoder: FrameEncoder = field(default_factory=lambda: KnownFeatures({}))
    known: Analysis | None = None
    """The film's analysis where it was made before: then the film is not decoded."""
    voices: Sequence[str] | None = None
    """Those that a cue sheet may name; None where no backend is asked."""


@dataclass(frozen=True, slots=True, eq=False)
class Spotted:
    """What it found."""

    sheet: CueSheet
    analysis: Analysis
    segments: tuple[SpeakingSegment, ...]
    speech: str
    """Sentence: which detector was used, and why."""
    warnings: tuple[str, ...]
    lines: tuple[Line, ...] = ()
    """Of the script, where one was read."""
    notes: tuple[str, ...] = ()
    """Sentences about what had rotted in the store, and what is left out on purpose."""
    seen: tuple[Seen, ...] = ()
    """What is seen in each scene; empty where nobody looked, or a prompt for all sounds wins."""
    looked: str = ""
    """Sentence: which recogniser looked, and why."""


def spot_film(asked: Spotting, progress: OnProgress) -> Spotted:
    """The cue sheet of a film, and what it was made from.

    Raises FilmRejected for a film, script or cue sheet that cannot be read, BackendUnavailable for a detector.
    """
    film, preset = asked.film, asked.preset
    lines = _script(asked)  # before the long work, so that a fault in it is told at once
    given = None if asked.cues is None else read_cue_sheet(asked.cues, film, preset.generate.seed, asked.voices)
    cut_off = checked(given.sounding) if given is not None else ()
    analysis = asked.known or looked_at(film, preset, asked.encoder, asked.recognition, progress)
    progress(Progress("speech", 0, 1))
    segments: tuple[SpeakingSegment, ...] = ()
    seen = _seen(asked, analysis if given is None else replace(analysis, scenes=given.scenes))
    if given is not None:
        sentence, sheet = f"cue sheet {asked.cues}", given
    else:
        segments, sentence = _segments(asked, lines, analysis)
        sheet = _sheet(asked, analysis, segments, seen)
    progress(Progress("speech", 1, 1))
    left_out = music_left_out(sheet, preset)
    sheet, missed = with_music(sheet, film, preset)
    warnings = (*unspoken(sheet.sounding), *_too_late(lines or (), film), *cut_off, *missed)
    looked = asked.recognition.why if asked.recognition and seen else ""
    return Spotted(sheet, analysis, segments, sentence, warnings, lines or (), left_out, seen, looked)


def _seen(asked: Spotting, analysis: Analysis) -> tuple[Seen, ...]:
    if asked.recognition is None or not is_wanted(asked.preset.cues):
        return ()
    return seen_of(analysis, asked.recognition.table, asked.preset.cues)


def _sheet(asked: Spotting, analysis: Analysis, segments: Sequence[SpeakingSegment], seen: Sequence[Seen]) -> CueSheet:
    cues, seed = asked.preset.cues, asked.preset.generate.seed
    classes = asked.recognition.table.classes if asked.recognition else {}
    return spot(asked.film, analysis.scenes, segments, cues, seed, [each.sounds for each in seen], classes)


def _too_late(lines: Sequence[Line], film: Film) -> tuple[str, ...]:
    """A sentence for the report where lines of the script begin after the film has ended."""
    late = [line for line in lines if line.span.start >= film.duration.end]
    if not late:
        return ()
    more = f" and {len(late) - 1} more" if len(late) > 1 else ""
    return (f"Not spoken, since the film is over by then: “{late[0].text}” at {late[0].span.start_s:.1f} s{more}.",)


def _script(asked: Spotting) -> tuple[Line, ...] | None:
    if asked.script is None or asked.cues is not None or asked.preset.dialogue.source not in SCRIPTED:
        return None
    return read_script(asked.script, asked.film.frame_rate, asked.film.start_timecode)


def _segments(
    asked: Spotting, lines: tuple[Line, ...] | None, analysis: Analysis
) -> tuple[tuple[SpeakingSegment, ...], str]:
    if asked.preset.dialogue.source == "none":
        return (), "the preset wants no dialogue"
    film = asked.film
    has_audio = film.production_stream is not None
    evidence = SpeechEvidence(
        film=film.path,
        duration=film.duration,
        lines=lines,
        audio=partial(production_audio, film) if has_audio else None,
        audio_blocks=partial(audio_blocks, film) if has_audio else None,
        mouths=analysis.mouths,
        script=asked.script if lines is not None else None,
    )
    return find_segments(evidence, asked.preset.speech, asked.detectors)


def requests_of(cues: Sequence[Cue], dialogue: Dialogue, analysis: Analysis) -> list[CueRequest]:
    """What the backend is asked for: every sound, and the lines that are generated."""
    spoken = {cue.id for cue in dialogue.generated}
    return [
        request_for(cue, analysis.features, analysis.mouths, analysis.things)
        for cue in cues
        if cue.recording is None and (cue.kind == "sound" or cue.id in spoken)
    ]


class AwaitedEncoder:
    """The encoder of a backend that is still being opened: until it is, pictures wait here, as many as there is room
    for. What opening it raises comes with the next picture."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._encoder: FrameEncoder | None = None
        self._waiting: list[Frame] = []

    def push(self, frame: Frame) -> None:
        if self._encoder is None and self._studio.is_opening and len(self._waiting) < MOST_WAITING:
            self._waiting.append(frame)
        else:
            self._opened().push(frame)

    def finish(self, scenes: Sequence[Scene]) -> dict[str, Track]:
        return self._opened().finish(scenes)

    def _opened(self) -> FrameEncoder:
        if self._encoder is None:
            self._encoder = self._studio.renderer.backend.encoder()
            for frame in self._waiting:
                self._encoder.push(frame)
            self._waiting.clear()
        return self._encoder
