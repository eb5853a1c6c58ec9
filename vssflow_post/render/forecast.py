"""What `--dry-run` says of a film: its cues, and what rendering them would cost here.

The first half of the line is done as a render would do it, but that nothing is kept: so it is known what it takes. What
the second half takes is known from earlier renders (`pace`), or where there are none, from a short cue that is made for
it. What lies in the stores of the output folder already costs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from vssflow_post.audio import LAYOUTS
from vssflow_post.backend import CueRequest
from vssflow_post.cues.dialogue import Dialogue
from vssflow_post.deliver import timeline_notes
from vssflow_post.generate.history import read_history
from vssflow_post.generate.renderer import Commission, checked_take, to_make
from vssflow_post.media import Film
from vssflow_post.progress import OnProgress
from vssflow_post.render.asking import asked_of
from vssflow_post.render.film import mixing_of, wave_names
from vssflow_post.render.first_half import Spotted, look_at, probed
from vssflow_post.render.job import DONE, WARNINGS, FilmResult, Job, Plan
from vssflow_post.render.pace import (
    LOOK_WIDTH,
    MIX_WIDTH,
    Cost,
    Mixing,
    Moment,
    Pace,
    keep_cost,
    kept_costs,
    memory_held,
    mix_share_of,
    pace_file,
    pace_of,
    seconds_on_the_clock,
    width_of,
)
from vssflow_post.render.resume import COMPLETE, inputs_of, verdict_at_a_glance, verdict_by_contents
from vssflow_post.render.studio import Studio
from vssflow_post.timeline import CLOCK_HZ, Span, cue_as_json

BYTES_PER_SAMPLE = 3
LONGEST_S = 3
"""A cue that is made to see how long that takes is cut to this length, in seconds."""


@dataclass(frozen=True, slots=True, eq=False)
class _Ahead:
    """What there is to do for a film."""

    film: Film
    spotted: Spotted
    dialogue: Dialogue
    requests: Sequence[Commission]
    """For takes that are not in the store."""
    looked: Moment
    """What the first half took."""
    is_complete: bool
    """Whether it is all done already."""


def plan_film(job: Job, studio: Studio, fresh: bool, progress: OnProgress) -> FilmResult:
    """Everything up to the cue sheet, and a forecast. Raises FilmError for a film that would not be rendered."""
    started = Moment.now()
    known = None if fresh else verdict_at_a_glance(job, studio)
    if known is not None and not known.is_done:
        return known
    film = probed(job, progress)
    known = known or (None if fresh else verdict_by_contents(job, inputs_of(job, film, studio)))
    with studio.opening():
        spotted = look_at(job, film, studio, progress, keeps=False)
    asked = asked_of(job, film, spotted, studio)
    past = read_history(studio.out.cue_history(job.stem))
    requests = to_make(asked.requests, studio.store, past, asked.locked)
    ahead = _Ahead(film, spotted, asked.dialogue, requests, Moment.now().since(started), known is not None)
    plan = _plan(ahead, studio)
    warnings = (*film.troubles, *spotted.warnings, *asked.dialogue.warnings, *asked.sounds.warnings)
    notes = (
        *film.notes,
        *spotted.notes,
        *asked.notes,
        *asked.sounds.notes,
        *timeline_notes(film, studio.preset.deliver),
    )
    verdict, reason = WARNINGS if warnings else DONE, " ".join((*warnings, *notes)) or None
    seconds = Moment.now().since(started).wall_s
    return FilmResult(job.film, verdict, None, reason, seconds, _in_words(plan, ahead), plan)


def _plan(ahead: _Ahead, studio: Studio) -> Plan:
    film, preset = ahead.film, studio.preset
    speech_s, sound_s = (_seconds_of(kind, ahead.requests) for kind in ("speech", "sound"))
    n_files = len(wave_names(ahead.spotted.sheet.sounding.cues, preset))
    stems = n_files * LAYOUTS[preset.mix.layout].n_channels * BYTES_PER_SAMPLE * film.duration.n_samples
    picture = film.size_bytes if preset.deliver.picture else 0
    pace = _pace(ahead, studio)
    return Plan(
        n_scenes=len(ahead.spotted.sheet.scenes),
        cues=tuple(map(cue_as_json, ahead.spotted.sheet.cues)),
        n_production=len(ahead.dialogue.production),
        speech_s=speech_s,
        sound_s=sound_s,
        work_s=0.0 if ahead.is_complete else _work_s(ahead, pace, speech_s + sound_s, _mixing(ahead, studio)),
        memory_bytes=pace.memory_bytes,
        disk_bytes=0 if ahead.is_complete else round(stems + picture + (speech_s + sound_s) * pace.take_bytes),
    )


def _seconds_of(kind: str, requests: Sequence[Commission]) -> float:
    return sum(each.request.span.duration_s for each in requests if each.request.kind == kind)


def _mixing(ahead: _Ahead, studio: Studio) -> Mixing:
    return mixing_of(ahead.spotted.sheet.sounding.cues, studio.preset)


def _work_s(ahead: _Ahead, pace: Pace, generate_s: float, mixing: Mixing) -> float:
    """How long a render will take, in seconds, if the machine stays as busy as it was just now."""
    share = ahead.looked.share
    # It just took so long, but that a disk may have been slow to give what is in memory now.
    look_s = min(ahead.looked.wall_s, seconds_on_the_clock(ahead.looked.cpu_s, LOOK_WIDTH, share))
    parts = (
        (generate_s * pace.generate_cpu_s, pace.width),
        (pace.mix_cpu_s(ahead.film.duration.duration_s, mixing), MIX_WIDTH),
    )
    return look_s + sum(seconds_on_the_clock(cpu_s, width, share) for cpu_s, width in parts)


def _in_words(plan: Plan, ahead: _Ahead) -> str:
    seen = f"{plan.n_scenes} scenes, {len(plan.cues)} cues ({ahead.spotted.speech})"
    if ahead.is_complete:
        return f"{seen}; {COMPLETE}"
    return (
        f"{seen}; to generate: {plan.speech_s:.1f} s of speech and {plan.sound_s:.1f} s of sound; production dialogue "
        f"to keep: {plan.n_production} cues; about {_time_in_words(plan.work_s)}, {plan.memory_bytes / 1e9:.1f} GB of "
        f"memory and {plan.disk_bytes / 1e6:.0f} MB of disk"
    )


def _time_in_words(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1.0, seconds):.0f} s"
    size, unit = (60, "minutes") if seconds < 90 * 60 else (3600, "hours")
    return f"{seconds / size:.1f} {unit}"


def _pace(ahead: _Ahead, studio: Studio) -> Pace:
    """Of earlier renders, or of a trial where there were none and something is to be made."""
    where = pace_file(studio.preset.generate, studio.backends)
    costs, mixing = kept_costs(where), _mixing(ahead, studio)
    if pace_of(costs) is None and ahead.requests:
        longest = max(ahead.requests, key=lambda each: each.request.span.n_samples)
        costs.append(_tried(longest, ahead.looked.share))
        keep_cost(where, costs[-1])
    return pace_of(costs, mixing) or Pace(0.0, 1.0, mix_share_of(costs, mixing), memory_held(), 0.0)


def _tried(longest: Commission, share: float) -> Cost:
    """What a cue takes, or its first seconds. Raises BackendError when the backend breaks its contract."""
    request, backend = _cut(longest.request), longest.renderer.backend
    for _ in range(2):  # the first time something is always made ready
        started = Moment.now()
        (take,) = [checked_take(take, request, backend.name) for take in backend.render([request])]
    took = Moment.now().since(started)
    return Cost(
        request.span.duration_s, took.cpu_s, width_of(took, share), 0.0, 0.0, memory_held(), 4.0 * take.audio.rate_hz
    )


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
