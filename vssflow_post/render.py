"""One film, from its file to its deliverables."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from vssflow_post.casting import with_voices
from vssflow_post.dialogue import divide, production_track
from vssflow_post.generate import CueTake, request_for, takes
from vssflow_post.inputs import Job
from vssflow_post.media import Film, probe
from vssflow_post.mix import LaidTake
from vssflow_post.outcome import DONE, WARNINGS, FilmResult
from vssflow_post.progress import Report
from vssflow_post.spotting import Spotted, Spotting, cue_counts, spot_film
from vssflow_post.studio import Studio


def plan_film(job: Job, studio: Studio, progress: Report) -> FilmResult:
    """What `--dry-run` does: everything up to the cue sheet, nothing written."""
    started = time.monotonic()
    film = probe(job.film)
    spotted = spot_film(Spotting(film, job.script, job.cues, studio.preset, studio.detectors), progress)
    dialogue = divide(spotted.sheet.cues, studio.preset.dialogue.source, film.production_stream is not None)
    speech_s = sum(cue.span.duration_s for cue in dialogue.generated)
    sound_s = sum(cue.span.duration_s for cue in spotted.sheet.cues if cue.kind == "sound")
    plan = (
        f"{len(spotted.sheet.scenes)} scenes, {len(spotted.sheet.cues)} cues; to generate: {speech_s:.1f} s of speech, "
        f"{sound_s:.1f} s of sound; to keep: {len(dialogue.production)} stretches of production dialogue"
    )
    warnings = (*spotted.warnings, *dialogue.warnings)
    return FilmResult(
        job.film, WARNINGS if warnings else DONE, None, " ".join(warnings) or None, time.monotonic() - started, plan
    )
