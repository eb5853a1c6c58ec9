"""What `--dry-run` says of a film: its cues, and what rendering them would cost here. Nothing is written for it but how
fast this machine is, in the user's cache."""

from __future__ import annotations

import math
import time
from pathlib import Path

from vssflow_post.backend import CueRequest
from vssflow_post.cues import cue_table
from vssflow_post.deliver import check_picture
from vssflow_post.dialogue import Dialogue, divide
from vssflow_post.generate import request_for
from vssflow_post.inputs import Job
from vssflow_post.layout import LAYOUTS
from vssflow_post.media import Film, probe
from vssflow_post.outcome import DONE, WARNINGS, FilmResult, Plan
from vssflow_post.pace import Pace, kept_pace, measured_pace, pace_file
from vssflow_post.preset import Preset
from vssflow_post.progress import Progress, Report
from vssflow_post.spotting import NoEncoder, Spotted, Spotting, spot_film
from vssflow_post.studio import Studio

DELIVERY_S, DELIVERY_PACE = 1.0, 0.03
"""Mixing and writing, for any film and for each of its seconds: 180 minutes were mixed in 221 s on two cores."""
BYTES_PER_SAMPLE = 3


def plan_film(job: Job, studio: Studio, progress: Report) -> FilmResult:
    """Everything up to the cue sheet, and a forecast. Raises FilmError for a film that would not be rendered."""
    started = time.monotonic()
    film = probe(job.film, job.salvage)
    progress(Progress("probe", math.ceil(film.duration.duration_s), math.ceil(film.duration.duration_s)))
    if studio.preset.deliver.picture:
        check_picture(film, studio.preset.deliver)
    kept, where = _kept(studio)
    encoder = studio.renderer.backend.encoder() if kept is None else NoEncoder()
    spotted = spot_film(Spotting(film, job.script, job.cues, studio.preset, studio.detectors, encoder), progress)
    dialogue = divide(spotted.sheet.cues, studio.preset.dialogue.source, film.production_stream is not None)
    looked_s = time.monotonic() - started
    pace = kept or measured_pace(studio.renderer, _requests(spotted, dialogue), where)
    plan = _plan(film, spotted, dialogue, studio.preset, pace, looked_s)
    warnings = (*film.losses, *spotted.warnings, *dialogue.warnings)
    verdict, reason = WARNINGS if warnings else DONE, " ".join(warnings) or None
    return FilmResult(job.film, verdict, None, reason, time.monotonic() - started, _in_words(plan, spotted), plan)


def _kept(studio: Studio) -> tuple[Pace | None, Path]:
    identity = studio.identity()
    weights = studio.renderer.backend.weights_digest if identity is None else identity.weights_digest
    where = pace_file(studio.preset.generate, studio.offer.name, studio.plugin, weights)
    return kept_pace(where), where


def _requests(spotted: Spotted, dialogue: Dialogue) -> list[CueRequest]:
    spoken = {cue.id for cue in dialogue.generated}
    return [
        request_for(cue, spotted.analysis.features, spotted.analysis.mouths)
        for cue in spotted.sheet.cues
        if cue.kind == "sound" or cue.id in spoken
    ]


def _plan(film: Film, spotted: Spotted, dialogue: Dialogue, preset: Preset, pace: Pace, looked_s: float) -> Plan:
    speech_s = sum(cue.span.duration_s for cue in dialogue.generated)
    sound_s = sum(cue.span.duration_s for cue in spotted.sheet.cues if cue.kind == "sound")
    n_files = len(preset.mix.stems) + 1
    stems = n_files * LAYOUTS[preset.mix.layout].n_channels * BYTES_PER_SAMPLE * film.duration.n_samples
    picture = film.size_bytes if preset.deliver.picture else 0
    delivery_s = DELIVERY_S + DELIVERY_PACE * film.duration.duration_s
    return Plan(
        n_scenes=len(spotted.sheet.scenes),
        cues=tuple(map(cue_table, spotted.sheet.cues)),
        n_production=len(dialogue.production),
        speech_s=speech_s,
        sound_s=sound_s,
        work_s=looked_s + speech_s * pace.speech + sound_s * pace.sound + delivery_s,
        memory_bytes=pace.memory_bytes,
        disk_bytes=round(stems + picture + (speech_s + sound_s) * pace.take_bytes),
    )


def _in_words(plan: Plan, spotted: Spotted) -> str:
    return (
        f"{plan.n_scenes} scenes, {len(plan.cues)} cues ({spotted.speech}); to generate: {plan.speech_s:.1f} s of "
        f"speech and {plan.sound_s:.1f} s of sound; production dialogue to keep: {plan.n_production} cues; about "
        f"{plan.work_s / 60:.1f} minutes, {plan.memory_bytes / 1e9:.1f} GB of memory and "
        f"{plan.disk_bytes / 1e6:.0f} MB of disk"
    )
