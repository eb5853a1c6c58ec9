"""The first half of the line: the film probed, its picture and speech analysed, its cue sheet spotted.

`look_at` takes from the store what an earlier run saw, so that a film is decoded once, however its sound is changed;
`spot_film` is the same without a store, for whoever wants the cue sheet and nothing else. No backend is needed but for
its frame encoder.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from vssflow_post.analysis.analysis_store import STAGE_VERSION, analysis_address
from vssflow_post.analysis.features import KnownFeatures, read_features
from vssflow_post.analysis.listening import Heard, hear
from vssflow_post.analysis.picture import Analysis
from vssflow_post.backend import DetectorOffer, Frame, FrameEncoder, SpeechEvidence, Track
from vssflow_post.cues.dialogue import SCRIPTED, keeps_sound
from vssflow_post.cues.direction import Direction, direction_of, unheard
from vssflow_post.cues.overlaps import gave_way, spoken_together
from vssflow_post.cues.script import Script, read_script
from vssflow_post.cues.seen import Seen
from vssflow_post.cues.sheet import read_cue_sheet
from vssflow_post.cues.spotting import spot, unspoken
from vssflow_post.deliver import LeftOut, check_picture
from vssflow_post.errors import ScriptError
from vssflow_post.media import Film
from vssflow_post.media.pickups import Pickup
from vssflow_post.media.probe import probe
from vssflow_post.progress import OnProgress, Progress
from vssflow_post.render.job import Job
from vssflow_post.render.maker import SharedEncoder
from vssflow_post.render.own_sound import is_heard, kept_note, makes_effects, unheeded
from vssflow_post.render.recognition import Recognition, is_wanted
from vssflow_post.render.recordings import checked, music_left_out, with_music
from vssflow_post.render.sights import looked_at, seen_of
from vssflow_post.render.studio import Studio
from vssflow_post.settings.preset import Preset
from vssflow_post.store.entries import Missing, address
from vssflow_post.timeline import Caption, CueSheet, Line, Scene, SpeakingSegment

MOST_WAITING = 400
"""Pictures that wait for the backend, 230 kB each: as many as are decoded while it is opened."""


def probed(job: Job, progress: OnProgress) -> Film:
    """The film, and word of its length in seconds. Raises FilmRejected for one that cannot be worked on."""
    film = probe(job.film, job.salvage)
    seconds = math.ceil(film.duration.duration_s)
    progress(Progress("probe", seconds, seconds))
    return film


def check_deliverable(film: Film, preset: Preset) -> LeftOut:
    """What of the film will not go along with its picture. Raises FilmFailed for a picture that cannot go into what
    the preset asks for."""
    return check_picture(film, preset.deliver) if preset.deliver.picture else LeftOut()


def look_at(job: Job, film: Film, studio: Studio, progress: OnProgress, keeps: bool = True) -> Spotted:
    """The cue sheet and what it is made from; what is new of that goes into the store, if it `keeps` it.

    Features in the file beside the film take the place of the backend's. Raises FilmFailed for a picture that cannot go
    into what the preset asks for.
    """
    preset = studio.preset
    left_out = check_deliverable(film, preset)
    beside = read_features(job.features, film.duration.end_s) if job.features else {}
    features_key, (analysis_key, analysis, recognition) = _features_address(film, studio), _known(job, film, studio)
    features = studio.features.get(features_key)
    known = None
    if not isinstance(analysis, Missing) and not isinstance(features, Missing):
        known = replace(analysis, features=features)
    encoder = AwaitedEncoder(studio) if isinstance(features, Missing) else KnownFeatures(features)
    voices = studio.known_identity().voices
    asked = Spotting(
        film, job.script, job.cues, preset, studio.detectors, recognition, encoder, known, voices, job.untaken
    )
    spotted = spot_film(asked, progress)
    found = spotted.analysis
    if (
        keeps and isinstance(features, Missing) and found.features
    ):  # without, it may lack what it looks with, and get it later
        studio.features.put(features_key, found.features)
    if keeps and isinstance(analysis, Missing):
        studio.analyses.put(analysis_key, found)
    found = replace(found, features={**found.features, **beside}, things=() if beside else found.things)
    notes = (*left_out.notes, *spotted.notes, *_rotted(analysis, features))
    return replace(spotted, analysis=found, warnings=(*left_out.warnings, *spotted.warnings), notes=notes)


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
            "analysis": STAGE_VERSION,
            "film": [film.digest, film.duration.end],
            "picture": asdict(studio.preset.picture),
            "clip": studio.preset.generate.clip,
            "deterministic": studio.preset.generate.deterministic,
            "seen by": list({tuple(maker.sees()): None for maker in studio.makers}),
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
    untaken: str = ""
    """Sentence: which scripts lie beside the film while none is taken."""


@dataclass(frozen=True, slots=True, eq=False)
class Spotted:
    """What it found."""

    sheet: CueSheet
    analysis: Analysis
    segments: tuple[SpeakingSegment, ...]
    speech: str
    """Sentence: which detector was used, and why."""
    warnings: tuple[str, ...]
    script: Script = Script()  # noqa: RUF009  it is frozen
    """What the script says, where one was read."""
    notes: tuple[str, ...] = ()
    """Sentences: which sound tracks were listened to, what was decided about the film's own sound, how the script was
    read, what had rotted in the store, and what is left out on purpose."""
    pickups: tuple[Pickup, ...] = ()
    """What of the film's own sound is kept where it is; none where it was not listened to."""
    seen: tuple[Seen, ...] = ()
    """What is seen in each scene; empty where nobody looked, or a prompt for all sounds wins."""
    looked: str = ""
    """Sentence: which recogniser looked, and why."""
    has_sound: bool = False
    """Whether the film's own sound is heard at all."""
    music: tuple[Caption, ...] = ()
    """Where the script's captions tell of music."""


def spot_film(asked: Spotting, progress: OnProgress) -> Spotted:
    """The cue sheet of a film, and what it was made from.

    Raises FilmRejected for a film, script or cue sheet that cannot be read, BackendUnavailable for a detector.
    """
    film, preset = asked.film, asked.preset
    script = _script(asked)  # before the long work, so that a fault in it is told at once
    has_sound = is_heard(film)
    given = None if asked.cues is None else read_cue_sheet(asked.cues, film, preset.generate.seed, asked.voices)
    cut_off = checked(given.sounding) if given is not None else ()
    analysis = asked.known or looked_at(film, preset, asked.encoder, asked.recognition, progress)
    progress(Progress("speech", 0, 1))
    direction = _direction(asked, script, analysis)
    seen = _seen(asked, analysis if given is None else replace(analysis, scenes=given.scenes))
    heard = _heard(asked, script.lines if script and given is None else None, analysis, given)
    sheet = given or _sheet(asked, analysis, heard.segments, seen, has_sound, direction)
    progress(Progress("speech", 1, 1))
    left_out = music_left_out(sheet, preset)
    sheet, missed = with_music(sheet, film, preset)
    script = script or Script()
    warnings = (*analysis.flaws, *_untaken(asked), *script.warnings, *unspoken(sheet.sounding), *cut_off, *missed)
    warnings += (*gave_way(heard.segments, film.duration), *_too_late(script.lines, film), *heard.warnings)
    warnings += unheeded(sheet, preset, has_sound)
    looked = asked.recognition.why if asked.recognition and seen else ""
    kept = kept_note(preset, has_sound, given is not None)
    together = spoken_together(sheet.sounding.cues)
    notes = (*heard.notes, *kept, *script.notes, *together, *unheard(direction), *left_out)
    return Spotted(
        sheet,
        analysis,
        segments=heard.segments,
        speech=heard.why,
        warnings=warnings,
        script=script,
        notes=notes,
        pickups=heard.pickups,
        seen=seen,
        looked=looked,
        has_sound=has_sound,
        music=direction.music,
    )


def _seen(asked: Spotting, analysis: Analysis) -> tuple[Seen, ...]:
    if asked.recognition is None or not is_wanted(asked.preset.cues):
        return ()
    return seen_of(analysis, asked.recognition.table, asked.preset.cues)


def _direction(asked: Spotting, script: Script | None, analysis: Analysis) -> Direction:
    """What the script's captions ask for, where effects are made at all."""
    if script is None or asked.preset.cues.effects == "never":
        return Direction()
    return direction_of(script.captions, analysis.scenes)


def _sheet(
    asked: Spotting,
    analysis: Analysis,
    segments: Sequence[SpeakingSegment],
    seen: Sequence[Seen],
    has_sound: bool,
    direction: Direction,
) -> CueSheet:
    cues, seed = asked.preset.cues, asked.preset.generate.seed
    classes = asked.recognition.table.classes if asked.recognition else {}
    sounds, with_effects = [each.sounds for each in seen], makes_effects(asked.preset, has_sound)
    moving, asked_for = analysis.moving, direction.sounds
    return spot(asked.film, analysis.scenes, segments, cues, seed, sounds, classes, moving, with_effects, asked_for)


def _too_late(lines: Sequence[Line], film: Film) -> tuple[str, ...]:
    """A sentence for the report where lines of the script begin after the film has ended."""
    late = [line for line in lines if line.span.start >= film.duration.end]
    if not late:
        return ()
    more = f" and {len(late) - 1} more" if len(late) > 1 else ""
    return (f"Not spoken, since the film is over by then: “{late[0].text}” at {late[0].span.start_s:.1f} s{more}.",)


def _untaken(asked: Spotting) -> tuple[str, ...]:
    is_wanted = asked.cues is None and asked.preset.dialogue.source in SCRIPTED
    return (asked.untaken,) if asked.untaken and is_wanted else ()


def _script(asked: Spotting) -> Script | None:
    """What the script says, where it is asked. With a cue sheet, which says what is spoken, what else the script shows,
    where it can be read."""
    if asked.script is None or asked.preset.dialogue.source not in SCRIPTED:
        return None
    try:
        script = read_script(asked.script, asked.film.label_rate, asked.film.start_timecode)
    except ScriptError:
        if asked.cues is None:
            raise
        return None
    return script if asked.cues is None else Script(captions=script.captions, subtitles=script.subtitles)


def _heard(asked: Spotting, lines: tuple[Line, ...] | None, analysis: Analysis, given: CueSheet | None) -> Heard:
    """Who speaks when. With a cue sheet that is settled, and what matters is in which tracks its wordless cues are."""
    dialogue = asked.preset.dialogue
    why = f"cue sheet {asked.cues}" if given is not None else "the preset wants no dialogue"
    is_kept = dialogue.source != "none" and (given is None or keeps_sound(given.sounding.cues, dialogue))
    if not is_kept:
        return Heard((), why)
    evidence = SpeechEvidence(
        film=asked.film.path,
        duration=asked.film.duration,
        lines=lines,
        audio=None,
        mouths=analysis.mouths,
        script=asked.script if lines is not None else None,
    )
    heard = hear(asked.film, evidence, dialogue, asked.preset.speech, asked.detectors)
    return heard if given is None else replace(heard, segments=(), why=why)


class AwaitedEncoder:
    """The encoders of backends that are still being opened: until they are, pictures wait here, as many as there is
    room for. What opening one raises comes with the next picture."""

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
            self._studio.opened()
            self._encoder = SharedEncoder(self._studio.makers)
            for frame in self._waiting:
                self._encoder.push(frame)
            self._waiting.clear()
        return self._encoder
