"""One film, from its file to its deliverables. `render_film` reads as the line does."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from vssflow_post.casting import choose_voices, gain_db_of, with_voices
from vssflow_post.cues import write_cue_sheet
from vssflow_post.deliver import (
    Edit,
    check_picture,
    is_complete,
    picture_name,
    stem_files,
    write_edit_lists,
    write_manifest,
    write_picture,
    write_subtitles,
    write_takes,
    write_timeline,
)
from vssflow_post.dialogue import Dialogue, divide, production_track
from vssflow_post.generate import CueTake, Renderer, request_for, takes
from vssflow_post.inputs import STATE_FOLDER, Job
from vssflow_post.media import Film, ensure_unchanged, probe
from vssflow_post.mix import LaidTake, MixReport, lay_and_mix
from vssflow_post.outcome import DONE, WARNINGS, FilmResult
from vssflow_post.preset import Preset
from vssflow_post.progress import Progress, Report
from vssflow_post.report import BackendFacts, CueFacts, FilmReport, LoudnessFacts, Timing, write_report
from vssflow_post.spotting import Spotted, Spotting, spot_film
from vssflow_post.staging import staged
from vssflow_post.store import Store, address, file_digest, publish
from vssflow_post.studio import Studio
from vssflow_post.timeline import CueSheet

STEMS = ("DX", "FX", "MIX")


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


def render_film(job: Job, studio: Studio, fresh: bool, progress: Report) -> FilmResult:
    """Probe, analyse, find speech, spot, generate, lay, mix, deliver, report, and the manifest last.

    A film whose results are complete is left alone unless `fresh`. Raises FilmError for a verdict other than done, and
    UsageError for what is wrong with the whole order.
    """
    clock = Clock()
    film = probe(job.film)
    renderer = studio.renderer
    settings_digest = _settings_digest(job, studio)
    if not fresh and is_complete(job.folder, film.digest, settings_digest, renderer.backend.weights_digest):
        return _known_result(job, clock)
    if studio.preset.deliver.picture:
        check_picture(film, studio.preset.deliver)
    spotted = spot_film(
        Spotting(film, job.script, job.cues, studio.preset, studio.detectors, renderer.backend.encoder()), progress
    )
    clock.end("analyse")
    work = _generated(job, film, spotted, studio, renderer, progress)
    clock.end("generate")
    with staged(job.folder, studio.out / STATE_FOLDER / "staging" / job.stem) as folder:
        mix = _mixed(work, studio, folder, progress)
        delivered = _delivered(work, studio, folder, progress)
        ensure_unchanged(film)
        clock.end("mix")
        report = _report(work, studio, folder, mix, clock.timing(), delivered)
        delivered += write_report(folder, report)
        write_manifest(folder, film.digest, settings_digest, renderer.backend.weights_digest, delivered)
    return FilmResult(
        job.film, report.verdict, job.folder, " ".join(report.warnings) or None, clock.elapsed(), _summary(report)
    )


def plan_film(job: Job, studio: Studio, progress: Report) -> FilmResult:
    """What `--dry-run` does: everything up to the cue sheet, nothing written."""
    clock = Clock()
    film = probe(job.film)
    if studio.preset.deliver.picture:
        check_picture(film, studio.preset.deliver)
    spotted = spot_film(Spotting(film, job.script, job.cues, studio.preset, studio.detectors), progress)
    dialogue = divide(spotted.sheet.cues, studio.preset.dialogue.source, film.production_stream is not None)
    speech_s = sum(cue.span.duration_s for cue in dialogue.generated)
    sound_s = sum(cue.span.duration_s for cue in spotted.sheet.cues if cue.kind == "sound")
    rows = [
        f"{cue.id} {cue.span.start_s:9.3f} {cue.span.end_s:9.3f} {cue.kind:<6} "
        f"{f'{cue.speaker}: ' if cue.speaker else ''}{cue.text or cue.sound}"
        for cue in spotted.sheet.cues
    ]
    plan = (
        f"{len(spotted.sheet.scenes)} scenes, {len(spotted.sheet.cues)} cues ({spotted.speech}); to generate: "
        f"{speech_s:.1f} s of speech and {sound_s:.1f} s of sound; production dialogue to keep: "
        f"{len(dialogue.production)} cues"
    )
    warnings = (*spotted.warnings, *dialogue.warnings)
    verdict = WARNINGS if warnings else DONE
    return FilmResult(job.film, verdict, None, " ".join(warnings) or None, clock.elapsed(), plan, tuple(rows))


def _settings_digest(job: Job, studio: Studio) -> str:
    """sha256 over all that decides about the deliverables besides film and weights."""
    words: dict[str, object] = {
        name: path and file_digest(path) for name, path in (("script", job.script), ("cues", job.cues))
    }
    voices = choose_voices(job.speakers, studio.preset.cast, studio.renderer.backend.voices, job.company)
    words["cast"] = {name: voices.get(name) for name in job.speakers}
    return address({**words, "preset": studio.preset.digest, "backend": studio.offer.name, "plugin": studio.plugin})


def _known_result(job: Job, clock: Clock) -> FilmResult:
    """The verdict of an earlier run, from its report."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        report = json.loads((job.folder / "report.json").read_text("utf-8"))
        if report["verdict"] in (DONE, WARNINGS):
            reason = " ".join(map(str, report["warnings"])) or None
            return FilmResult(job.film, report["verdict"], job.folder, reason, clock.elapsed(), "was complete already")
    return FilmResult(job.film, DONE, job.folder, None, clock.elapsed(), "was complete already")


def _generated(job: Job, film: Film, spotted: Spotted, studio: Studio, renderer: Renderer, progress: Report) -> _Work:
    """A take in the store for every cue that the backend renders."""
    preset = studio.preset
    sheet = with_voices(spotted.sheet, preset.cast, renderer.backend.voices, job.company)
    dialogue = divide(sheet.cues, preset.dialogue.source, film.production_stream is not None)
    spoken = {cue.id for cue in dialogue.generated}
    requests = [
        request_for(cue, spotted.analysis.features, spotted.analysis.mouths)
        for cue in sheet.cues
        if cue.kind == "sound" or cue.id in spoken
    ]
    progress(Progress("generate", 0, len(requests)))
    stored = {take.cue_id: take for take in takes(requests, renderer, studio.store, progress)}
    return _Work(job, film, spotted, sheet, dialogue, stored)


def _laid(work: _Work, store: Store, preset: Preset) -> list[LaidTake]:
    """Every take at its place; production dialogue is the film's own sound during its cues."""
    cast = preset.cast
    laid = [
        LaidTake(cue.span, "FX" if cue.kind == "sound" else "DX", take.audio, gain_db_of(cue, cast), name=cue.id)
        for cue in work.sheet.cues
        if (take := work.takes.get(cue.id)) is not None
    ]
    if work.dialogue.production:
        track = production_track(work.film, store)
        laid += [
            LaidTake(cue.span, "DX", track, gain_db_of(cue, cast), source_start=cue.span.start, name=cue.id)
            for cue in work.dialogue.production
        ]
    return laid


def _stem_paths(folder: Path, stem: str) -> dict[str, Path]:
    return {name: folder / f"{stem}_{name}.wav" for name in STEMS}


def _mixed(work: _Work, studio: Studio, folder: Path, progress: Report) -> MixReport:
    paths = _stem_paths(folder, work.job.stem)
    with stem_files(paths, work.job.stem, work.film.digest, work.film.start_sample) as files:
        laid = _laid(work, studio.store, studio.preset)
        return lay_and_mix(work.film.duration, laid, studio.preset.mix, studio.preset.loudness, files.open, progress)


def _delivered(work: _Work, studio: Studio, folder: Path, progress: Report) -> list[Path]:
    """Writes what goes with the stems; returns every file so far."""
    stem, film, wanted = work.job.stem, work.film, studio.preset.deliver
    stems = _stem_paths(folder, stem)
    delivered = list(stems.values())
    for name in (f"{stem}.cues.json", f"{stem}.cues.csv"):
        progress(Progress("deliver", 0, 3, name))
        publish(folder / name, partial(write_cue_sheet, film=film, sheet=work.sheet))
        delivered.append(folder / name)
    if wanted.subtitles:
        delivered += write_subtitles(folder, stem, work.sheet.cues)
    picture = film.path
    if wanted.picture:
        picture = folder / picture_name(film, stem, wanted)
        progress(Progress("deliver", 1, 3, picture.name))
        write_picture(film, stems["MIX"], picture, wanted)
        delivered.append(picture)
    progress(Progress("deliver", 2, 3, f"{stem}.otio"))
    delivered += _timelines(folder, work, stems, picture, studio.preset)
    progress(Progress("deliver", 3, 3))
    return delivered


def _timelines(folder: Path, work: _Work, stems: Mapping[str, Path], picture: Path, preset: Preset) -> list[Path]:
    """The timeline in the formats that the preset asks for, and the takes that it refers to."""
    stem, film, wanted = work.job.stem, work.film, preset.deliver
    home = {cue.id: "FX" if cue.kind == "sound" else "DX" for cue in work.sheet.cues}
    takes = write_takes(folder, stem, film, work.sheet.cues, stems, home, wanted.handles_s) if wanted.takes else {}
    edit = Edit(film, work.sheet, picture, stems, home, takes)
    write_timeline(folder / f"{stem}.otio", edit)
    delivered = [*(take.path for take in takes.values()), folder / f"{stem}.otio"]
    return delivered + (write_edit_lists(folder, stem, edit) if wanted.edl else [])


def _report(
    work: _Work, studio: Studio, folder: Path, mix: MixReport, timing: Timing, delivered: Sequence[Path]
) -> FilmReport:
    film, spotted, preset = work.film, work.spotted, studio.preset
    backend = studio.renderer.backend
    troubles = (*spotted.warnings, *work.dialogue.warnings, *mix.warnings, *_loudness_warning(mix))
    stem = work.job.stem
    return FilmReport(
        stem=stem,
        film=work.job.film,
        duration=film.duration,
        verdict=WARNINGS if troubles else DONE,
        frame_rate=film.frame_rate,
        start_timecode=film.start_timecode,
        size=(film.width, film.height),
        warnings=(*troubles, *film.notes),
        backend=BackendFacts(
            backend.name, backend.device, f"{preset.generate.weights} {backend.weights_digest[:16]}", studio.why
        ),
        preset=preset.name,
        speech=spotted.speech,
        scenes=work.sheet.scenes,
        thumbnails=spotted.analysis.thumbnails,
        segments=spotted.segments,
        cues=tuple(_cue_facts(work)),
        loudness=_loudness_facts(mix, studio),
        timing=timing,
        picture=folder / picture_name(film, stem, preset.deliver) if preset.deliver.picture else None,
        stems=_stem_paths(folder, stem),
        others=tuple(path for path in delivered if path.suffix not in (".wav", ".mp4", ".mov", ".mkv")),
    )


def _cue_facts(work: _Work) -> list[CueFacts]:
    facts = []
    for cue in work.sheet.cues:
        take = work.takes.get(cue.id)
        facts.append(CueFacts(cue) if take is None else CueFacts(cue, take.seconds, take.cached, take.audio.notes))
    return facts


def _loudness_facts(mix: MixReport, studio: Studio) -> LoudnessFacts:
    wanted, loudness = studio.preset.loudness, mix.loudness
    return LoudnessFacts(
        specification=wanted.specification,
        integrated_lufs=loudness.integrated_lufs,
        true_peak_dbtp=loudness.true_peak_dbtp,
        range_lu=loudness.range_lu,
        target_lufs=wanted.target_lufs,
        ceiling_dbtp=wanted.ceiling_dbtp,
        tolerance_lu=wanted.tolerance_lu,
        verdict=mix.verdict,
        short_term=loudness.short_term,
        stem_levels={name: (stem.integrated_lufs, stem.true_peak_dbtp) for name, stem in mix.stem_loudness.items()},
    )


def _loudness_warning(mix: MixReport) -> tuple[str, ...]:
    return {
        "pass": (),
        "silent": ("The mix is silent, so it has no loudness to bring to the target.",),
        "too_short": ("The film is too short for its loudness to be measured (BS.1770 needs 400 ms).",),
    }.get(mix.verdict, (mix.verdict,))


def _summary(report: FilmReport) -> str:
    loudness, timing = report.loudness, report.timing
    parts = []
    if loudness is not None and loudness.integrated_lufs is not None and loudness.true_peak_dbtp is not None:
        parts.append(f"{loudness.integrated_lufs:.1f} LUFS, {loudness.true_peak_dbtp:.1f} dBTP")
    if timing is not None and timing.total_s > 0:
        parts.append(f"{report.duration.duration_s / timing.total_s:.1f} times real time")
    return ", ".join(parts)
