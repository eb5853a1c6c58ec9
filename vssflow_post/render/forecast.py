"""What `--dry-run` says of a film: its cues, and what rendering them would cost here.

How fast this machine makes sound is measured once, on two short cues, and kept in the user's cache for the next dry
run: nothing else is written.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from vssflow_post.analysis.features import KnownFeatures
from vssflow_post.audio import LAYOUTS
from vssflow_post.backend import CueRequest
from vssflow_post.cues.dialogue import Dialogue, divide
from vssflow_post.errors import VssflowError
from vssflow_post.generate.renderer import Renderer, checked_take
from vssflow_post.media import Film
from vssflow_post.progress import OnProgress
from vssflow_post.render.first_half import Spotted, Spotting, check_deliverable, probed, requests_of, spot_film
from vssflow_post.render.job import DONE, WARNINGS, FilmResult, Job, Plan
from vssflow_post.render.studio import Studio
from vssflow_post.settings.preset import GenerateSection, Preset
from vssflow_post.store.entries import address
from vssflow_post.store.publishing import publish_bytes
from vssflow_post.store.reading import read_json
from vssflow_post.timeline import CLOCK_HZ, Span, cue_as_json

DELIVERY_S, DELIVERY_PACE = 1.0, 0.03
"""Mixing and writing, for any film and for each of its seconds: 180 minutes were mixed in 221 s on two cores."""
BYTES_PER_SAMPLE = 3
LONGEST_S = 3
"""A cue that is measured is cut to this length, in seconds."""


@dataclass(frozen=True, slots=True)
class Pace:
    """What a second of sound costs here."""

    speech: float
    """Seconds of work for a second of speech."""
    sound: float
    """The same for effects."""
    memory_bytes: int
    """The most that the worker held while it was measured."""
    take_bytes: float
    """What a second of a take needs in the store."""


def plan_film(job: Job, studio: Studio, progress: OnProgress) -> FilmResult:
    """Everything up to the cue sheet, and a forecast. Raises FilmError for a film that would not be rendered."""
    started = time.monotonic()
    film = probed(job, progress)
    check_deliverable(film, studio.preset)
    kept, where = _kept(studio)
    encoder = studio.renderer.backend.encoder() if kept is None else KnownFeatures({})
    recognition = studio.recognition if job.cues is None else None
    asked = Spotting(film, job.script, job.cues, studio.preset, studio.detectors, recognition, encoder)
    spotted = spot_film(asked, progress)
    dialogue = divide(spotted.sheet.sounding.cues, studio.preset.dialogue.source, film.production_stream is not None)
    looked_s = time.monotonic() - started
    pace = kept or measured_pace(
        studio.renderer, requests_of(spotted.sheet.sounding.cues, dialogue, spotted.analysis), where
    )
    plan = _plan(film, spotted, dialogue, studio.preset, pace, looked_s)
    warnings = (*film.losses, *spotted.warnings, *dialogue.warnings)
    verdict, reason = WARNINGS if warnings else DONE, " ".join(warnings) or None
    return FilmResult(job.film, verdict, None, reason, time.monotonic() - started, _in_words(plan, spotted), plan)


def _kept(studio: Studio) -> tuple[Pace | None, Path]:
    identity = studio.identity()
    weights = studio.renderer.backend.weights_digest if identity is None else identity.weights_digest
    where = pace_file(studio.preset.generate, studio.offer.name, studio.plugin, weights)
    return kept_pace(where), where


def _plan(film: Film, spotted: Spotted, dialogue: Dialogue, preset: Preset, pace: Pace, looked_s: float) -> Plan:
    speech_s = sum(cue.span.duration_s for cue in dialogue.generated)
    made = [cue for cue in spotted.sheet.sounding.cues if cue.kind == "sound" and cue.recording is None]
    sound_s = sum(cue.span.duration_s for cue in made)
    n_files = len(preset.mix.stems) + 1 + any(cue.kind == "music" for cue in spotted.sheet.sounding.cues)
    n_files *= 2 if preset.deliver.me else 1  # the M&E comes with its parts
    stems = n_files * LAYOUTS[preset.mix.layout].n_channels * BYTES_PER_SAMPLE * film.duration.n_samples
    picture = film.size_bytes if preset.deliver.picture else 0
    delivery_s = DELIVERY_S + DELIVERY_PACE * film.duration.duration_s
    return Plan(
        n_scenes=len(spotted.sheet.scenes),
        cues=tuple(map(cue_as_json, spotted.sheet.cues)),
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


def pace_file(settings: GenerateSection, backend: str, plugin: str, weights_digest: str) -> Path:
    """Where the pace of these settings on this machine is kept, in the user's cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    facts = {**asdict(settings), "seed": 0, "backend": backend, "plugin": plugin, "digest": weights_digest}
    return cache / "vssflow-post" / "pace" / f"{address({**facts, 'machine': platform.node()})}.json"


def kept_pace(path: Path) -> Pace | None:
    """None where nothing was measured yet, or what was kept cannot be read."""
    return read_json(path, lambda table: Pace(**table))


def measured_pace(renderer: Renderer, requests: Sequence[CueRequest], path: Path) -> Pace:
    """Renders the shortest speech and the shortest sound of `requests`; a kind that is not among them counts as the
    other. Raises BackendError when the backend breaks its contract."""
    seconds: dict[str, float] = {}
    take_bytes = 0.0
    for kind in ("speech", "sound"):
        request = min((r for r in requests if r.kind == kind), key=lambda r: r.span.n_samples, default=None)
        if request is None:
            continue
        request = _cut(request)
        for _ in range(2):  # the first time something is always made ready
            started = time.perf_counter()
            (take,) = [
                checked_take(take, request, renderer.backend.name) for take in renderer.backend.render([request])
            ]
            seconds[kind] = (time.perf_counter() - started) / request.span.duration_s
        take_bytes = 4.0 * take.audio.rate_hz
    speech = seconds.get("speech", seconds.get("sound", 0.0))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    pace = Pace(speech, seconds.get("sound", speech), memory, take_bytes)
    if seconds:
        with suppress(OSError, VssflowError):  # a home that cannot be written: it is measured again
            path.parent.mkdir(parents=True, exist_ok=True)
            publish_bytes(path, json.dumps(asdict(pace)).encode("ascii"))
    return pace


def _cut(request: CueRequest) -> CueRequest:
    span = Span(request.span.start, min(request.span.end, request.span.start + LONGEST_S * CLOCK_HZ))
    share = span.n_samples / request.span.n_samples
    tracks = {
        name: track if track.rate_hz == 0 else replace(track, values=track.values[: _rows(len(track.values), share)])
        for name, track in request.visual.items()
    }
    mouth = request.mouth and replace(
        request.mouth, values=request.mouth.values[: _rows(len(request.mouth.values), share)]
    )
    return replace(request, span=span, visual=tracks, mouth=mouth)


def _rows(n: int, share: float) -> int:
    return max(1, round(n * share))
