"""One film, from its file to its deliverables. `render_film` reads as the line does."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from vssflow_post.audio import LAYOUTS, MIX
from vssflow_post.cues.casting import gain_db_of, with_voices
from vssflow_post.cues.dialogue import divide, keeps_whole_track
from vssflow_post.cues.sheet import write_cue_sheet
from vssflow_post.deliver import Slate, check_picture, staged, stem_files, write_manifest
from vssflow_post.deliver.delivery import Delivery, deliver
from vssflow_post.deliver.report import write_report
from vssflow_post.deliver.report.facts import Timing
from vssflow_post.deliver.report.stem_pictures import draw_stems
from vssflow_post.generate.history import ROTTED, read_history, write_history
from vssflow_post.generate.renderer import CueTake, production_track, request_for, takes
from vssflow_post.media import Film, ensure_unchanged, is_drop_frame
from vssflow_post.media.probe import probe
from vssflow_post.mix import MixReport, lay_and_mix
from vssflow_post.mix.tracklaying import Session, lay_tracks
from vssflow_post.progress import OnProgress, Progress
from vssflow_post.render.facts import Work, in_brief, proven_sum, report_of
from vssflow_post.render.first_half import Seen, look_at
from vssflow_post.render.job import FilmResult, Job
from vssflow_post.render.resume import (
    inputs_of,
    remember_delivery,
    remembered_rejection,
    verdict_at_a_glance,
    verdict_by_contents,
)
from vssflow_post.render.studio import Studio
from vssflow_post.settings.preset import MixSettings
from vssflow_post.store.publishing import publish


@dataclass(slots=True)
class Clock:
    """When the stages of one film ended."""

    started: float = field(default_factory=time.monotonic)
    ends: dict[str, float] = field(default_factory=dict)

    def end(self, stage: str) -> None:
        self.ends[stage] = self.elapsed()

    def elapsed(self) -> float:
        return time.monotonic() - self.started

    def timing(self) -> Timing:
        analysed, generated, mixed = (self.ends[stage] for stage in ("analyse", "generate", "mix"))
        return Timing(analysed, generated - analysed, mixed - generated, self.elapsed())


def render_film(job: Job, studio: Studio, fresh: bool, progress: OnProgress) -> FilmResult:
    """Probe, analyse, find speech, spot, generate, lay, mix, deliver, report, and the manifest last.

    A film that has its verdict already is left alone unless `fresh`. Raises FilmError for a verdict other than done,
    and UsageError for what is wrong with the whole order.
    """
    clock = Clock()
    known = None if fresh else verdict_at_a_glance(job, studio)
    if known is not None:
        return replace(known, seconds=clock.elapsed())
    with remembered_rejection(job, studio):
        film = _probed(job, progress)
        known = None if fresh else verdict_by_contents(job, film, studio)
        return _rendered(job, film, studio, clock, progress) if known is None else known


def _rendered(job: Job, film: Film, studio: Studio, clock: Clock, progress: OnProgress) -> FilmResult:
    """The work itself: from a film that can be worked on to its deliverables."""
    with studio.opening():
        if studio.preset.deliver.picture:
            check_picture(film, studio.preset.deliver)
        seen = look_at(job, film, studio, progress)
    clock.end("analyse")
    work = _generated(job, film, seen, studio, progress)
    clock.end("generate")
    inputs = inputs_of(job, film, studio)
    with staged(job.folder, studio.out.staging_of(job.stem, job.attempt)) as folder:
        mix, stem_of = _mixed(work, studio, folder, progress)
        stems = _stem_paths(folder, job.stem, studio.preset.mix)
        delivery = Delivery(folder, job.stem, film, work.sheet, stems, stem_of, studio.preset.deliver)
        with ThreadPoolExecutor(1) as beside:  # it reads the stems while the film is muxed
            proven, drawn = beside.submit(proven_sum, stems), beside.submit(draw_stems, stems)
            delivered = [*stems.values(), *_cue_sheets(delivery, progress), *deliver(delivery, progress)]
        ensure_unchanged(film)
        clock.end("mix")
        report = report_of(work, studio, delivery, mix, clock.timing(), delivered)
        report = replace(report, null_test=proven.result(), drawings=drawn.result())
        delivered += write_report(folder, report)
        write_manifest(folder, inputs.source, inputs.settings, inputs.weights, delivered)
    reason = " ".join(report.every_warning) or None
    write_history(_history_path(job, studio), [take.cue for take in work.takes.values()])
    remember_delivery(job, film, inputs, studio, report.verdict, reason)
    return FilmResult(job.film, report.verdict, job.folder, reason, clock.elapsed(), in_brief(report))


def _probed(job: Job, progress: OnProgress) -> Film:
    """The film, and word of its length in seconds."""
    film = probe(job.film, job.salvage)
    seconds = math.ceil(film.duration.duration_s)
    progress(Progress("probe", seconds, seconds))
    return film


def _history_path(job: Job, studio: Studio) -> Path:
    return studio.out.cue_history(job.stem)


def _generated(job: Job, film: Film, seen: Seen, studio: Studio, progress: OnProgress) -> Work:
    """Everything that will be heard, in the store: a take for every cue that the backend renders, and the film's own
    sound where the preset keeps it."""
    preset, renderer, spotted = studio.preset, studio.renderer, seen.spotted
    sheet = with_voices(spotted.sheet, preset.cast, renderer.backend.voices, job.batch_speakers)
    dialogue = divide(sheet.cues, preset.dialogue.source, film.production_stream is not None)
    spoken = {cue.id for cue in dialogue.generated}
    requests = [
        request_for(cue, spotted.analysis.features, spotted.analysis.mouths)
        for cue in sheet.cues
        if cue.kind == "sound" or cue.id in spoken
    ]
    progress(Progress("generate", 0, len(requests)))
    past = read_history(_history_path(job, studio))
    stored = {take.cue.id: take for take in takes(requests, renderer, studio.store, past, progress)}
    track, notes = None, [*seen.notes, *_rotted_takes(stored)]
    if dialogue.production or keeps_whole_track(preset.dialogue, film.production_stream is not None):
        track, had_rotted = production_track(film, studio.store)
        notes += ["What the store held of this film's own sound had rotted and was made again."] * had_rotted
    return Work(job, film, spotted, sheet, dialogue, stored, track, tuple(notes))


def _rotted_takes(stored: Mapping[str, CueTake]) -> Iterator[str]:
    rotted = [identity for identity, take in stored.items() if take.why_made == ROTTED]
    if rotted:
        yield f"What the store held of {', '.join(rotted)} had rotted and was made again."


def _session(work: Work, studio: Studio) -> Session:
    """All that is laid: the takes, and the film's own sound where the preset keeps it."""
    film, dialogue = work.film, work.dialogue
    cues = [replace(cue, gain_db=gain_db_of(cue, studio.preset.cast)) for cue in work.sheet.cues]
    taken = [(cue, work.takes[cue.id].audio) for cue in cues if cue.id in work.takes]
    kept = {cue.id for cue in dialogue.production}
    return Session(
        duration=film.duration,
        scenes=work.sheet.scenes,
        sounds=[(cue, take) for cue, take in taken if cue.kind == "sound"],
        speech=[(cue, take) for cue, take in taken if cue.kind == "speech"],
        production=[cue for cue in cues if cue.id in kept],
        track=work.track,
        whole_track=keeps_whole_track(studio.preset.dialogue, film.production_stream is not None),
        places={name: member.pan for name, member in studio.preset.cast.items() if member.pan},
    )


def _cue_sheets(delivery: Delivery, progress: OnProgress) -> Iterator[Path]:
    for kind in ("json", "csv"):
        path = delivery.folder / f"{delivery.film_stem}.cues.{kind}"
        progress(Progress("deliver", 0, 3, path.name))
        publish(path, partial(write_cue_sheet, film=delivery.film, sheet=delivery.sheet))
        yield path


def _stem_paths(folder: Path, stem: str, settings: MixSettings) -> dict[str, Path]:
    return {name: folder / f"{stem}_{name}.wav" for name in (*settings.stems, MIX)}


def _mixed(work: Work, studio: Studio, folder: Path, progress: OnProgress) -> tuple[MixReport, dict[str, str]]:
    """The stems and their mix, and for what was laid (by cue id) the name of its stem."""
    film, preset = work.film, studio.preset
    session = _session(work, studio)
    laid = lay_tracks(session, work.spotted.analysis, preset.mix)
    drop_frame = is_drop_frame(film.start_timecode)
    slate = Slate(
        film_stem=work.job.stem,
        film_digest=film.digest,
        start_sample=film.start_sample,
        layout=LAYOUTS[preset.mix.layout],
        dated_ns=film.modified_ns,
        timecode=(film.frame_rate, drop_frame) if preset.deliver.ixml else None,
    )
    with stem_files(_stem_paths(folder, work.job.stem, preset.mix), slate) as files:
        mix = lay_and_mix(
            film.duration, laid, preset.mix, preset.loudness, files.open, progress, session.spoken, folder
        )
    stem_of = {take.name: take.stem for take in laid}
    return mix, {**{cue.id: stem_of["production"] for cue in session.production if "production" in stem_of}, **stem_of}
