"""What a film's report states, gathered from all stages: cues, cast, models, loudness, the null test.

And what the batch says of a finished film in one line.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from vssflow_post.analysis.picture import Analysis
from vssflow_post.audio import ME, MIX, STEMS, UNDIPPED
from vssflow_post.cues.casting import member_of, named_voices
from vssflow_post.cues.dialogue import Dialogue
from vssflow_post.deliver import Delivery, null_test
from vssflow_post.deliver.report import (
    BackendFacts,
    CastFacts,
    CueFacts,
    FilmReport,
    LoudnessFacts,
    NullTestFacts,
    SeenFacts,
    Timing,
    Witnesses,
    models_used,
)
from vssflow_post.deliver.report.facts import UNSTATED
from vssflow_post.deliver.report.models import licence_of
from vssflow_post.deliver.take_choice import choice_name
from vssflow_post.errors import FilmFailed
from vssflow_post.generate.renderer import CueTake
from vssflow_post.generate.take_store import StoredTake
from vssflow_post.media import Film
from vssflow_post.mix import MixReport
from vssflow_post.render.first_half import Spotted
from vssflow_post.render.job import DONE, WARNINGS, Job
from vssflow_post.render.maker import Maker
from vssflow_post.render.studio import Studio
from vssflow_post.settings.preset import CastMember, LoudnessSettings
from vssflow_post.timeline import Cue, CueSheet, Scene

TASKS = {"speech": "speech", "sound": "effects"}
"""What a backend makes, by kind of cue, in words."""
SOUND_AND_PICTURE = (".wav", ".mp4", ".mov", ".mkv")
"""Suffixes of the deliverables that the report lists by themselves; the others are just linked."""


@dataclass(frozen=True, slots=True, eq=False)
class Work:
    """What is known of a film before it is mixed."""

    job: Job
    film: Film
    spotted: Spotted
    sheet: CueSheet
    """With voices."""
    cast: tuple[CastFacts, ...]
    dialogue: Dialogue
    asked: tuple[Cue, ...]
    """The cues as the weights are asked for them; a sound that they know nothing near is not among them."""
    takes: Mapping[str, CueTake]
    """By cue id."""
    track: StoredTake | None
    """The film's own sound, where it is heard."""
    warnings: tuple[str, ...]
    """Sentences: what is seen, and stays silent; what does not go along with the picture."""
    notes: tuple[str, ...]
    """Sentences: what stands in for what is seen, and what was made again."""
    recorded: Mapping[str, StoredTake] = field(default_factory=dict)
    """What is heard of the user's recordings, by cue id."""


def report_of(
    work: Work, studio: Studio, delivery: Delivery, mix: MixReport, timing: Timing, delivered: Sequence[Path]
) -> FilmReport:
    """What is known of the film; what the stems look like, and that they sum to the mix, is added to it."""
    film, spotted, preset = work.film, work.spotted, studio.preset
    backends = backend_facts(studio, work.sheet)
    found = (*film.troubles, *spotted.warnings, *work.dialogue.warnings, *work.warnings)
    found = tuple(dict.fromkeys((*found, *(work.track.notes if work.track else ()))))  # the sound was heard twice
    troubles = (*found, *mix.warnings, *loudness_warning(mix))
    cues = _cues_of(work, delivery.film_stem)
    is_flawed = bool(troubles) or any(facts.notes for facts in cues)
    return FilmReport(
        stem=delivery.film_stem,
        film=work.job.film,
        duration=film.duration,
        verdict=WARNINGS if is_flawed else DONE,
        frame_rate=film.frame_rate,
        start_timecode=film.start_timecode,
        size=(film.width, film.height),
        warnings=(*troubles, *film.notes, *work.notes),
        backends=backends,
        preset=preset.name,
        speech=spotted.speech,
        scenes=work.sheet.scenes,
        thumbnails=thumbnails_of(work.sheet.scenes, spotted.analysis),
        seen=tuple(
            SeenFacts(each.labels, {one.sound_class: one.confidence for one in each.sounds}) for each in spotted.seen
        ),
        looked=spotted.looked,
        segments=spotted.segments,
        cues=cues,
        cast=work.cast,
        models=models_used(preset, backends, _who_looked(work, studio)),
        loudness=loudness_facts(mix, preset.loudness),
        timing=timing,
        picture=delivery.picture,
        stems=delivery.stems,
        stem_loudness={**mix.stem_loudness, MIX: mix.loudness, **mix.me_loudness},
        layout=preset.mix.layout,
        others=tuple(path for path in delivered if path.suffix not in SOUND_AND_PICTURE),
    )


def backend_facts(studio: Studio, sheet: CueSheet) -> tuple[BackendFacts, ...]:
    """Who made the takes of a sheet; the preset's `backend` in any case."""
    found = []
    for maker in studio.makers:
        made = [cue for cue in sheet.cues if cue.made_by == maker.offer.name]
        if not made and maker is not studio.main:
            continue
        backend = maker.renderer.backend
        has_weights = maker is studio.main and maker.offer.priority > 0
        weights = studio.preset.generate.weights if has_weights else maker.offer.name
        kinds = [word for kind, word in TASKS.items() if any(cue.kind == kind for cue in made)]
        found.append(
            BackendFacts(
                backend.name,
                backend.device,
                f"{weights} {backend.weights_digest[:16]}",
                maker.why,
                " and ".join(kinds if len(studio.makers) > 1 and kinds else TASKS.values()),
                _licence(maker, {cue.voice for cue in made if cue.voice}, weights),
                maker.origin.package,
            )
        )
    return tuple(found)


def _licence(maker: Maker, voices: Collection[str], weights: str) -> str:
    """What the backend says of it; of the voices that spoke, where they state one; weights of a package's own are under
    the package's."""
    says = getattr(maker.renderer.backend, "licence", "")
    if says:
        return str(says)
    facts = maker.identity().voice_facts
    stated = dict.fromkeys(facts[voice].licence for voice in sorted(voices) if voice in facts and facts[voice].licence)
    return "; ".join(stated) or (licence_of(maker.origin.package) if weights == "starter" else UNSTATED)


def proven_sums(paths: Mapping[str, Path]) -> dict[str, NullTestFacts]:
    """Reads the files back and subtracts the stems from `MIX`, and the parts of the M&E from `ME`; by those names.

    Raises FilmFailed("null_test") unless nothing is left: such a set of stems must not leave the house.
    """
    found = {}
    for total, names in ((MIX, STEMS), (ME, tuple(UNDIPPED.values()))):
        parts = {name: path for name, path in paths.items() if name in names}
        if total not in paths:
            continue
        difference = null_test(paths[total], parts)
        if difference:
            what = {MIX: "The stems miss the mix", ME: "The parts of the M&E miss it"}[total]
            raise FilmFailed("null_test", f"{what} by up to {difference} steps of 24 bits.")
        found[total] = NullTestFacts(tuple(parts), difference)
    return found


def in_brief(report: FilmReport) -> str:
    """Loudness and speed, in a few words."""
    loudness, timing = report.loudness, report.timing
    parts = []
    if loudness is not None:
        integrated, peak = loudness.measured.integrated_lufs, loudness.measured.true_peak_dbtp
        spoken = loudness.measured.dialogue_lufs if loudness.measure == "dialogue" else None
        of_dialogue = "" if spoken is None else f" ({spoken:.1f} of dialogue)"
        if integrated is not None and peak is not None:
            parts.append(f"{integrated:.1f} LUFS{of_dialogue}, {peak:.1f} dBTP")
    if timing is not None and timing.total_s > 0:
        parts.append(f"{report.duration.duration_s / timing.total_s:.1f} times real time")
    return ", ".join(parts)


def thumbnails_of(scenes: Sequence[Scene], analysis: Analysis) -> tuple[bytes, ...]:
    """One for each scene of a cue sheet, whose scenes may be other ones than those that were found in the picture."""
    starts, pictures = [scene.span.start for scene in analysis.scenes], analysis.thumbnails
    middles = ((scene.span.start + scene.span.end) // 2 for scene in scenes)
    return tuple(pictures[max(0, bisect_right(starts, middle) - 1)] for middle in middles) if pictures else ()


def _who_looked(work: Work, studio: Studio) -> Witnesses:
    spotted, recognition = work.spotted, studio.recognition
    return Witnesses(
        listened=tuple(dict.fromkeys(segment.origin for segment in spotted.segments)),
        found_faces=bool(spotted.analysis.mouths),
        looked=recognition.offer.name if recognition and spotted.looked else "",
    )


def _cues_of(work: Work, film_stem: str) -> tuple[CueFacts, ...]:
    """Each cue with the takes that there are to choose from."""
    names = {
        cue_id: {number: Path(choice_name(film_stem, cue_id, number)) for number in takes}
        for cue_id, takes in takes_to_choose(work).items()
    }
    facts = cue_facts(work.sheet.cues, work.asked, work.takes)
    return tuple(replace(each, choice=names.get(each.cue.id, {})) for each in facts)


def takes_to_choose(work: Work) -> dict[str, dict[int, StoredTake]]:
    """All takes of each cue that has more than one, by its id and their number."""
    found: dict[str, dict[int, StoredTake]] = {}
    for name, take in work.takes.items():
        cue_id, _, number = name.partition("@")
        if number:
            found.setdefault(cue_id, {})[int(number)] = take.audio
    for cue in work.sheet.cues:
        if cue.id in found:
            found[cue.id][cue.take] = work.takes[cue.id].audio
    return {cue_id: dict(sorted(takes.items())) for cue_id, takes in found.items()}


def cue_facts(cues: Sequence[Cue], asked: Sequence[Cue], takes: Mapping[str, CueTake]) -> tuple[CueFacts, ...]:
    """Each cue and what became of it: as the weights were `asked` for it, and its take by its id."""
    sounds = {cue.id: cue.sound for cue in asked}
    return tuple(_facts_of(cue, sounds.get(cue.id), takes.get(cue.id)) for cue in cues)


def _facts_of(cue: Cue, sound: str | None, take: CueTake | None) -> CueFacts:
    if take is None:
        return CueFacts(cue, is_silent=cue.kind == "sound" and sound is None and not cue.is_muted)
    stand_in = sound if sound and sound != cue.sound else ""
    audio = take.audio
    return CueFacts(cue, take.seconds, take.cached, take.why_made, audio.notes, stand_in, made_of=audio.made_of)


def cast_facts(spotted: CueSheet, voiced: CueSheet, cast: Mapping[str, CastMember]) -> tuple[CastFacts, ...]:
    """Everybody with a name who speaks, in order of appearance; `spotted` is the sheet before it was `voiced`."""
    return tuple(_cast(spotted, voiced, cast))


def _cast(spotted: CueSheet, voiced: CueSheet, cast: Mapping[str, CastMember]) -> Iterator[CastFacts]:
    named = named_voices(spotted, cast)
    lines: dict[str, list[Cue]] = {}
    for cue in voiced.cues:
        if cue.kind == "speech" and cue.speaker:
            lines.setdefault(cue.speaker, []).append(cue)
    for speaker, said in lines.items():
        member = member_of(speaker, cast)
        voice = next((cue.voice for cue in said if cue.voice), "")
        yield CastFacts(speaker, voice, len(said), speaker in named, member.gain_db, member.pan)


def cast_by_rule(cast: Sequence[CastFacts]) -> tuple[tuple[str, str, int], ...]:
    """Character, voice and number of lines of those whose voice the rule chose."""
    return tuple((each.speaker, each.voice, each.n_lines) for each in cast if each.is_by_rule)


def loudness_facts(mix: MixReport, wanted: LoudnessSettings) -> LoudnessFacts:
    """The measured loudness of the mix and what was asked for."""
    return LoudnessFacts(mix.loudness, wanted, mix.verdict, mix.measure, mix.gain_db, mix.max_reduction_db)


def loudness_warning(mix: MixReport) -> tuple[str, ...]:
    """A sentence where the mix does not meet its specification."""
    return {
        "pass": (),
        "silent": ("The mix is silent, so it has no loudness to bring to the target.",),
        "too_short": ("The film is too short for its loudness to be measured (BS.1770 needs 400 ms).",),
    }.get(mix.verdict, (mix.verdict,))
