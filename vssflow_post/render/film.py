"""One film, from its file to its deliverables: `render_film` reads as the line does."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path

from vssflow_post.audio import LAYOUTS, ME, MIX, MX, STEMS, undipped_of
from vssflow_post.cues.casting import gain_db_of, member_of
from vssflow_post.cues.dialogue import Dialogue, keeps_whole_track
from vssflow_post.cues.sheet import write_cue_sheet
from vssflow_post.deliver import Slate, staged, stem_files, timeline_notes, write_manifest
from vssflow_post.deliver.cast_file import write_cast
from vssflow_post.deliver.delivery import Delivery, deliver, wants_takes
from vssflow_post.deliver.report import Timing, draw_stems, write_report
from vssflow_post.deliver.take_choice import write_choice
from vssflow_post.deliver.take_files import Lanes
from vssflow_post.deliver.timeline_otio import lanes_of
from vssflow_post.generate.history import FIRST_TIME, ROTTED, read_history, write_history
from vssflow_post.generate.renderer import CueTake, takes
from vssflow_post.generate.take_store import StoredTake, production_track
from vssflow_post.media import Film, ensure_unchanged, is_drop_frame
from vssflow_post.media.pickups import Pickup, pickups_of
from vssflow_post.mix import MixReport, lay_and_mix
from vssflow_post.mix.laid_take import OWN_SOUND
from vssflow_post.mix.tracklaying import Session, lay_tracks
from vssflow_post.progress import OnProgress, Progress
from vssflow_post.render.asking import Asked, asked_of
from vssflow_post.render.facts import (
    Work,
    cast_by_rule,
    cast_facts,
    in_brief,
    proven_sums,
    report_of,
    takes_to_choose,
)
from vssflow_post.render.first_half import Spotted, look_at
from vssflow_post.render.job import FilmResult, InputDigests, Job
from vssflow_post.render.own_sound import n_channels_kept
from vssflow_post.render.pace import Mixing, Moment, cost_of, keep_cost, pace_file
from vssflow_post.render.recordings import recorded_takes
from vssflow_post.render.studio import Studio
from vssflow_post.settings.preset import Preset
from vssflow_post.store.entries import address
from vssflow_post.store.publishing import publish
from vssflow_post.timeline import Cue, CueSheet


@dataclass(slots=True)
class Clock:
    """When the stages of one film ended."""

    started: Moment = field(default_factory=Moment.now)
    ends: dict[str, Moment] = field(default_factory=dict)

    def end(self, stage: str) -> None:
        self.ends[stage] = Moment.now()

    def elapsed(self) -> float:
        return Moment.now().since(self.started).wall_s

    def timing(self) -> Timing:
        analysed, generated, mixed = (self.ends[stage] for stage in ("analyse", "generate", "mix"))
        return Timing(
            analysed.since(self.started).wall_s,
            generated.since(analysed).wall_s,
            mixed.since(generated).wall_s,
            self.elapsed(),
        )


def render_film(
    job: Job, film: Film, inputs: InputDigests, studio: Studio, clock: Clock, progress: OnProgress
) -> FilmResult:
    """Look, cast, generate, lay and mix, deliver, report, and the manifest last, which says what `inputs` it is of.

    Whether a film is left alone is decided before (`resume`). Raises FilmError for a verdict other than done, and
    UsageError for what is wrong with the whole order.
    """
    preset = studio.preset
    with studio.opening():
        seen = look_at(job, film, studio, progress)
    clock.end("analyse")
    asked = asked_of(job, film, seen, studio)
    recorded = recorded_takes(asked.recorded, inputs.recordings, studio.store)
    made = _generated(job, asked, studio, progress)
    clock.end("generate")
    work = replace(_work(job, film, seen, asked, made, studio), recorded=recorded)
    with staged(job.folder, studio.out.staging_of(job.stem, job.attempt)) as folder:
        stems = {name: folder / f"{job.stem}_{name}.wav" for name in wave_names(work.sheet.sounding.cues, preset)}
        mix, delivery = _mixed(work, studio, stems, folder, progress)
        with ThreadPoolExecutor(1) as beside:  # it reads the stems while the film is muxed
            proven, drawn = beside.submit(proven_sums, stems), beside.submit(draw_stems, stems)
            delivered = [*stems.values(), *_sheets(work, folder, progress), *deliver(delivery, progress)]
        ensure_unchanged(film)
        clock.end("mix")
        report = report_of(work, studio, delivery, mix, clock.timing(), delivered)
        report = replace(report, null_tests=proven.result(), drawings=drawn.result())
        delivered += write_report(folder, report)
        is_final = all(take.is_final for take in made.values())
        # A film that waits for something is of no settings: it is never taken for finished.
        settings = inputs.settings if is_final else address({"until it is final": inputs.settings})
        write_manifest(folder, inputs.source, settings, inputs.weights, delivered, inputs.recordings)
    _remember(work, studio, clock)
    reason = " ".join(report.every_warning) or None
    brief, by_rule = in_brief(report), cast_by_rule(work.cast)
    seconds = clock.elapsed()
    return FilmResult(job.film, report.verdict, job.folder, reason, seconds, brief, cast=by_rule, is_final=is_final)


def _work(job: Job, film: Film, seen: Spotted, asked: Asked, made: Mapping[str, CueTake], studio: Studio) -> Work:
    """All that is known before the mix."""
    preset = studio.preset
    track, had_rotted = _production_track(film, seen, asked.dialogue, studio)
    again = (*_rotted_takes(made), *_lost_locks(made, asked.locked), *had_rotted)
    notes = (*seen.notes, *asked.notes, *asked.sounds.notes, *again, *timeline_notes(film, preset.deliver))
    cast = cast_facts(seen.sheet, asked.sheet, preset.cast)
    cues, warnings = asked.sounds.cues, asked.sounds.warnings
    sheet = _with_makers(asked.sheet, made) if len(studio.makers) > 1 else asked.sheet
    return Work(job, film, seen, sheet, cast, asked.dialogue, cues, made, track, warnings, notes)


def _with_makers(sheet: CueSheet, made: Mapping[str, CueTake]) -> CueSheet:
    """The sheet, saying of each cue which of several backends made its take."""
    names = {identity: take.cue.backend for identity, take in made.items()}
    return replace(sheet, cues=tuple(replace(cue, made_by=names.get(cue.id, "")) for cue in sheet.cues))


def _remember(work: Work, studio: Studio, clock: Clock) -> None:
    """Leaves what takes depended on, for the next delivery, and what they took, for the forecasts of other films."""
    _remember_cues(work, studio)
    made = [take.audio for take in work.takes.values() if not take.cached]
    analysed, generated = clock.ends["analyse"], clock.ends["generate"]
    took, mixing = Moment.now().since(generated), mixing_of(work.sheet.sounding.cues, studio.preset)
    cost = cost_of(made, work.film.duration.duration_s, generated.since(analysed), took, mixing)
    keep_cost(pace_file(studio.preset.generate, studio.backends), cost)


def _generated(job: Job, asked: Asked, studio: Studio, progress: OnProgress) -> dict[str, CueTake]:
    """A take for every cue that the backend renders, by cue id: in the store, whether it was there or is new."""
    progress(Progress("generate", 0, len(asked.requests)))
    past = read_history(studio.out.cue_history(job.stem))
    made = takes(asked.requests, studio.store, past, progress, asked.locked)
    return {take.cue.id: take for take in made}


def _remember_cues(work: Work, studio: Studio) -> None:
    """Leaves what takes depended on, for the next delivery; of locked cues that are muted now, what they had."""
    path = studio.out.cue_history(work.job.stem)
    waiting = {cue.id for cue in work.sheet.cues if cue.is_locked and cue.is_muted}
    kept = [cue for cue in read_history(path).cues if cue.id in waiting]
    write_history(path, [*(take.cue for take in work.takes.values()), *kept])


def _production_track(
    film: Film, seen: Spotted, dialogue: Dialogue, studio: Studio
) -> tuple[StoredTake | None, tuple[str, ...]]:
    """The film's own sound where the preset keeps it, in the store; and a sentence where it had rotted there."""
    is_whole = keeps_whole_track(studio.preset.dialogue, seen.has_sound)
    if not dialogue.production and not is_whole:
        return None, ()
    pickups = seen.pickups or _first_track(film)
    n_channels = n_channels_kept(pickups, studio.preset.mix.layout) if is_whole else 1
    track, had_rotted = production_track(film, pickups, studio.store, n_channels)
    return track, ("What the store held of this film's own sound had rotted and was made again.",) * had_rotted


def _first_track(film: Film) -> tuple[Pickup, ...]:
    return pickups_of(film.production_stream) if film.production_stream else ()


def _rotted_takes(made: Mapping[str, CueTake]) -> Iterator[str]:
    rotted = [identity for identity, take in made.items() if take.why_made == ROTTED]
    if rotted:
        yield f"What the store held of {', '.join(rotted)} had rotted and was made again."


def wave_names(cues: Sequence[Cue], preset: Preset) -> tuple[str, ...]:
    """The WAVs of a film by the names they carry: its stems, their mix, and the parts of its M&E with their sum."""
    has_music = any(cue.kind == "music" for cue in cues)
    stems = tuple(name for name in STEMS if name in preset.mix.stems or (name == MX and has_music))
    return (*stems, MIX, *undipped_of(stems), ME) if preset.deliver.me else (*stems, MIX)


def mixing_of(cues: Sequence[Cue], preset: Preset) -> Mixing:
    """What there is to mix and to deliver of a film, by which forecasts know it again."""
    n_channels = len(wave_names(cues, preset)) * LAYOUTS[preset.mix.layout].n_channels
    kind = address({part: asdict(getattr(preset, part)) for part in ("mix", "loudness", "deliver")})
    return Mixing(kind[:16], n_channels, preset.deliver.review)


def _lost_locks(made: Mapping[str, CueTake], locked: Collection[str]) -> Iterator[str]:
    """A sentence where the take of a locked cue was there once and is not any more."""
    lost = [identity for identity in made if identity in locked and made[identity].why_made not in ("", FIRST_TIME)]
    if lost:
        yield f"The takes of {', '.join(lost)}, which are locked, are not in the store any more, and were made again."


def _session(work: Work, studio: Studio) -> Session:
    """All that is laid: the takes, and the film's own sound where the preset keeps it."""
    film, dialogue = work.film, work.dialogue
    cues = [replace(cue, gain_db=gain_db_of(cue, studio.preset.cast)) for cue in work.sheet.as_heard.cues]
    audio = {**{name: take.audio for name, take in work.takes.items()}, **work.recorded}
    taken = [(cue, audio[cue.id]) for cue in cues if cue.id in audio]
    kept = {cue.id for cue in dialogue.production}
    cast = {cue.speaker: member_of(cue.speaker, studio.preset.cast) for cue in cues if cue.speaker}
    return Session(
        duration=film.duration,
        scenes=work.sheet.scenes,
        sounds=[(cue, take) for cue, take in taken if cue.kind == "sound"],
        speech=[(cue, take) for cue, take in taken if cue.kind == "speech"],
        music=[(cue, take) for cue, take in taken if cue.kind == "music"],
        production=[cue for cue in cues if cue.id in kept],
        track=work.track,
        whole_track=keeps_whole_track(studio.preset.dialogue, work.spotted.has_sound),
        places={name: member.pan for name, member in cast.items() if member.pan},
    )


def _mixed(
    work: Work, studio: Studio, stems: Mapping[str, Path], folder: Path, progress: OnProgress
) -> tuple[MixReport, Delivery]:
    """The WAVs at `stems` written; what the mix measures, and what is to be delivered with it."""
    film, preset, cues = work.film, studio.preset, work.sheet.as_heard.cues
    session = _session(work, studio)
    laid = lay_tracks(session, work.spotted.analysis, preset.mix)
    kept = {cue.id: take.stem for take in laid if take.beside == OWN_SOUND for cue in session.production}
    stem_of = {**kept, **{take.name: take.stem for take in laid}}
    lane_of = lanes_of(cues, stem_of) if wants_takes(preset.deliver) else {}
    divided = {lane.split()[0] for lane in lane_of.values()}
    laid = [
        replace(take, lane=lane_of.get(take.name, f"{take.stem} 1")) if take.stem in divided else take for take in laid
    ]
    lanes = Lanes(lane_of, {take.lane: folder / f"{take.lane}.lane" for take in laid if take.lane})
    slate = Slate(
        film_stem=work.job.stem,
        film_digest=film.digest,
        start_sample=film.start_sample,
        layout=LAYOUTS[preset.mix.layout],
        dated_ns=film.modified_ns,
        timecode=(film.label_rate, is_drop_frame(film.start_timecode)) if preset.deliver.ixml else None,
    )
    with stem_files({**stems, **lanes.paths}, slate) as files:
        mix = lay_and_mix(
            film.duration, laid, preset.mix, preset.loudness, files.open, progress, session.spoken, folder,
            me=preset.deliver.me,
        )  # fmt: skip
    beside = {take.stem: take.beside for take in reversed(laid) if take.beside}  # own sound comes before room tone
    delivery = Delivery(
        folder, work.job.stem, film, work.sheet.as_heard, stems, stem_of, preset.deliver,
        work.spotted.script.subtitles, work.spotted.music, beside, lanes,
    )  # fmt: skip
    return mix, delivery


def _sheets(work: Work, folder: Path, progress: OnProgress) -> Iterator[Path]:
    """The cue sheet in both forms, the cast, and the takes that there are to choose from."""
    for kind in ("json", "csv"):
        path = folder / f"{work.job.stem}.cues.{kind}"
        progress(Progress("deliver", 0, 3, path.name))
        publish(path, partial(write_cue_sheet, film=work.film, sheet=work.sheet, home=work.job.folder))
        yield path
    yield from write_cast(folder, work.cast)
    yield from write_choice(folder, work.job.stem, takes_to_choose(work))
