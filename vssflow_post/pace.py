"""How fast this machine makes sound: measured once on two short cues, and kept for the next dry run."""

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

from vssflow_post.backend import CueRequest
from vssflow_post.errors import VssflowError
from vssflow_post.generate import Renderer, checked_take
from vssflow_post.preset import GenerateSettings
from vssflow_post.publishing import publish
from vssflow_post.store import address
from vssflow_post.timeline import CLOCK_HZ, Span

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


def pace_file(settings: GenerateSettings, backend: str, plugin: str, weights_digest: str) -> Path:
    """Where the pace of these settings on this machine is kept, in the user's cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    facts = {**asdict(settings), "seed": 0, "backend": backend, "plugin": plugin, "digest": weights_digest}
    return cache / "vssflow-post" / "pace" / f"{address({**facts, 'machine': platform.node()})}.json"


def kept_pace(path: Path) -> Pace | None:
    """None where nothing was measured yet, or what was kept cannot be read."""
    with suppress(OSError, ValueError, TypeError):
        return Pace(**json.loads(path.read_text("ascii")))
    return None


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
            publish(path, lambda temporary: temporary.write_text(json.dumps(asdict(pace)), "ascii"))
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
