"""One film, from its file to its deliverables. `render_film` reads as the line does."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from vssflow_post.casting import gain_db_of, with_voices
from vssflow_post.cue_history import ROTTED, read_history, write_history
from vssflow_post.deliver import Slate, check_picture, staged, stem_files, write_manifest
from vssflow_post.delivery import Delivery, deliver
from vssflow_post.dialogue import Dialogue, divide, keeps_whole_track, production_track
from vssflow_post.film_facts import cast_facts, cue_facts, in_brief
from vssflow_post.finished import complete_result, inputs_of, known_result, remember_delivery, remembered_rejection
from vssflow_post.generate import CueTake, request_for, takes
from vssflow_post.inputs import STATE_FOLDER, Job
from vssflow_post.layout import LAYOUTS
from vssflow_post.looking import Seen, look_at
from vssflow_post.media import Film, ensure_unchanged, is_drop_frame, probe
from vssflow_post.mix import MixReport, lay_and_mix
from vssflow_post.mix_facts import loudness_facts, loudness_warning, proven_sum, stem_facts
from vssflow_post.models_used import models_used
from vssflow_post.outcome import DONE, WARNINGS, FilmResult
from vssflow_post.output_folder import staging_folder
from vssflow_post.preset import MixSettings
from vssflow_post.progress import Progress, Report
from vssflow_post.report import BackendFacts, FilmReport, Timing, draw_stems, write_report
from vssflow_post.spotting import Spotted
from vssflow_post.studio import Studio
from vssflow_post.take_store import StoredTake
from vssflow_post.timeline import CueSheet
from vssflow_post.tracklaying import Session, lay_tracks


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


@dataclass(frozen=True, slots=True, eq=False)
class _Work:
    """What is known of a film before it is mixed."""

    job: Job
    film: Film
    spotted: Spotted
    sheet: CueSheet
    """With voices."""
    dialogue: Dialogue
    takes: Mapping[str, CueTake]
    """By cue id."""
    track: StoredTake | None
    """The film's own sound, where it is heard."""
    notes: tuple[str, ...]
    """Sentences for the report about what was made again."""


def render_film(job: Job, studio: Studio, fresh: bool, progress: Report) -> FilmResult:
    """Probe, analyse, find speech, spot, generate, lay, mix, deliver, report, and the manifest last.

    A film that has its verdict already is left alone unless `fresh`. Raises FilmError for a verdict other than done,
    and UsageError for what is wrong with the whole order.
    """
    clock = Clock()
    known = None if fresh else known_result(job, studio)
    if known is not None:
        return replace(known, seconds=clock.elapsed())
    with remembered_rejection(job, studio):
        film = _probed(job, progress)
        known = None if fresh else complete_result(job, film, studio)
        return _rendered(job, film, studio, clock, progress) if known is None else known


def _rendered(job: Job, film: Film, studio: Studio, clock: Clock, progress: Report) -> FilmResult:
    """The work itself: from a film that can be worked on to its deliverables."""
    with studio.opening():
        if studio.preset.deliver.picture:
            check_picture(film, studio.preset.deliver)
        seen = look_at(job, film, studio, progress)
    clock.end("analyse")
    work = _generated(job, film, seen, studio, progress)
    clock.end("generate")
    inputs = inputs_of(job, film, studio)
    with staged(job.folder, staging_folder(job, studio.out)) as folder:
        mix, homes = _mixed(work, studio, folder, progress)
        stems = _stem_paths(folder, job.stem, studio.preset.mix)
        delivery = Delivery(folder, job.stem, film, work.sheet, stems, homes, studio.preset.deliver)
        with ThreadPoolExecutor(1) as beside:  # it reads the stems while the film is muxed
            proven, drawn = beside.submit(proven_sum, stems), beside.submit(draw_stems, stems)
            delivered = deliver(delivery, progress)
        ensure_unchanged(film)
        clock.end("mix")
        report = _report(work, studio, delivery, mix, clock.timing(), delivered)
        report = replace(report, null_test=proven.result(), drawings=drawn.result())
        delivered += write_report(folder, report)
        write_manifest(folder, inputs.source, inputs.settings, inputs.weights, delivered)
    reason = " ".join(report.every_warning) or None
    write_history(_history_path(job, studio), [take.cue for take in work.takes.values()])
    remember_delivery(job, film, inputs, studio, report.verdict, reason)
    return FilmResult(job.film, report.verdict, job.folder, reason, clock.elapsed(), in_brief(report))


def _probed(job: Job, progress: Report) -> Film:
    """The film, and word of its length in seconds."""
    film = probe(job.film, job.salvage)
    seconds = math.ceil(film.duration.duration_s)
    progress(Progress("probe", seconds, seconds))
    return film


def _history_path(job: Job, studio: Studio) -> Path:
    return studio.out / STATE_FOLDER / "cues" / f"{job.stem}.json"


def _generated(job: Job, film: Film, seen: Seen, studio: Studio, progress: Report) -> _Work:
    """Everything that will be heard, in the store: a take for every cue that the backend renders, and the film's own
    sound where the preset keeps it."""
    preset, renderer, spotted = studio.preset, studio.renderer, seen.spotted
    sheet = with_voices(spotted.sheet, preset.cast, renderer.backend.voices, job.company)
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
    return _Work(job, film, spotted, sheet, dialogue, stored, track, tuple(notes))


def _rotted_takes(stored: Mapping[str, CueTake]) -> Iterator[str]:
    rotted = [identity for identity, take in stored.items() if take.why_made == ROTTED]
    if rotted:
        yield f"What the store held of {', '.join(rotted)} had rotted and was made again."


def _session(work: _Work, studio: Studio) -> Session:
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


def _stem_paths(folder: Path, stem: str, settings: MixSettings) -> dict[str, Path]:
    return {name: folder / f"{stem}_{name}.wav" for name in (*settings.stems, "MIX")}


def _mixed(work: _Work, studio: Studio, folder: Path, progress: Report) -> tuple[MixReport, dict[str, str]]:
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
    homes = {take.name: take.stem for take in laid}
    return mix, {**{cue.id: homes["production"] for cue in session.production if "production" in homes}, **homes}


def _report(
    work: _Work, studio: Studio, delivery: Delivery, mix: MixReport, timing: Timing, delivered: Sequence[Path]
) -> FilmReport:
    """What is known of the film; what the stems look like, and that they sum to the mix, is added to it."""
    film, spotted, preset = work.film, work.spotted, studio.preset
    backend = studio.renderer.backend
    troubles = (*film.losses, *spotted.warnings, *work.dialogue.warnings, *mix.warnings, *loudness_warning(mix))
    cues = cue_facts(work.sheet.cues, work.takes)
    is_flawed = bool(troubles) or any(facts.notes for facts in cues)
    stems = delivery.stems
    return FilmReport(
        stem=delivery.film_stem,
        film=work.job.film,
        duration=film.duration,
        verdict=WARNINGS if is_flawed else DONE,
        frame_rate=film.frame_rate,
        start_timecode=film.start_timecode,
        size=(film.width, film.height),
        warnings=(*troubles, *film.notes, *work.notes),
        backend=BackendFacts(
            backend.name, backend.device, f"{preset.generate.weights} {backend.weights_digest[:16]}", studio.why
        ),
        preset=preset.name,
        speech=spotted.speech,
        scenes=work.sheet.scenes,
        thumbnails=spotted.analysis.thumbnails,
        segments=spotted.segments,
        cues=cues,
        cast=cast_facts(spotted.sheet, work.sheet, preset.cast),
        models=models_used(
            preset, studio.distribution, backend.weights_digest, spotted.segments, bool(spotted.analysis.mouths)
        ),
        loudness=loudness_facts(mix, preset.loudness),
        timing=timing,
        picture=delivery.picture,
        stems=stems,
        stem_facts=stem_facts(mix, stems),
        layout=preset.mix.layout,
        others=tuple(path for path in delivered if path.suffix not in (".wav", ".mp4", ".mov", ".mkv")),
    )
