"""From cues to takes: one request a cue; what is known comes from the store, the rest from the backend in one call."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from vssflow_post.backend import Backend, CueRequest, GenerationSettings, Take, Thing, Track
from vssflow_post.errors import BackendError, VssflowError
from vssflow_post.generate.history import AskedCue, CueHistory
from vssflow_post.generate.take_store import StoredTake, TakeStore
from vssflow_post.progress import OnProgress, Progress
from vssflow_post.store.entries import Missing, address
from vssflow_post.timeline import CLOCK_HZ

STAGE_VERSION = 6
"""Part of every address: raised when what a take depends on changes."""


@dataclass(frozen=True, slots=True)
class CueTake:
    """A cue's take, left on disk."""

    cue: AskedCue
    audio: StoredTake
    seconds: float
    """Time it took to render; 0 when it was there already."""
    why_made: str
    """Why it was rendered, in a few words; "" when it was there already."""
    is_final: bool = True
    """As of its `Take`."""

    @property
    def cached(self) -> bool:
        return not self.why_made


@dataclass(frozen=True, slots=True)
class Renderer:
    """An open backend and what else a take depends on."""

    backend: Backend
    plugin: str
    """Name and version of the plugin it came from."""
    settings: GenerationSettings

    def depends_on(self, request: CueRequest) -> dict[str, object]:
        """Everything a take depends on, in parts with names for people; where the cue lies in the film is not among it.

        The take's address is `store.address` of this.
        """
        settings = self.settings
        guidance = settings.guidance if request.kind == "speech" else settings.sound_guidance
        told = {"layer": request.layer, "language": request.language, "turn": request.turn}
        return {
            **{name: value for name, value in told.items() if value},
            **({"unseen": True} if request.may_be_unseen else {}),
            "method": STAGE_VERSION,
            "kind": request.kind,
            "backend": [self.backend.name, self.plugin],
            "weights": self.backend.weights_digest,
            "settings": {
                "sampler": [settings.sampler, settings.steps, settings.time_shift, settings.time_stretch],
                "guidance": [guidance, settings.guidance_from, settings.guidance_to, settings.guidance_schedule],
                "deterministic": settings.deterministic,
            },
            "text": request.text,
            "voice": request.voice,
            "sound": request.sound,
            "seed": request.seed,
            "length": request.span.n_samples,
            "picture": {name: _track_digest(track) for name, track in request.visual.items()},
            "mouth": request.mouth and _track_digest(request.mouth),
            "things": [_thing_digest(thing, request.span.start) for thing in request.things],
        }


@dataclass(frozen=True, slots=True, eq=False)
class Commission:
    """A request, and who is asked for it."""

    request: CueRequest
    renderer: Renderer

    @property
    def depends_on(self) -> dict[str, object]:
        """See `Renderer.depends_on`."""
        return self.renderer.depends_on(self.request)


def takes(
    asked: Sequence[Commission],
    store: TakeStore,
    past: CueHistory,
    progress: OnProgress,
    locked: Collection[str] = (),
) -> Iterator[CueTake]:
    """One stored take per request: first those that are known, then the others, backend by backend, as each finishes
    them.

    Cues whose ids are `locked` keep the take of the last delivery, where they have one. Raises BackendError when a
    backend raises, exits, or breaks its contract.
    """
    cues = [_asked(each, store, past, locked) for each in asked]
    addresses = {cue.address for cue in cues}
    missing: dict[str, list[AskedCue]] = {}
    wanted: dict[str, Commission] = {}
    why: dict[str, str] = {}
    done = 0
    for each, cue in zip(asked, cues, strict=True):
        known = Missing.ABSENT if cue.address in missing else store.open(cue.address)
        if isinstance(known, Missing):
            missing.setdefault(cue.address, []).append(cue)
            wanted.setdefault(cue.address, each)
            why.setdefault(cue.address, past.why(cue, known, addresses))
            continue
        done += 1
        progress(Progress("generate", done, len(asked), cue.id))
        yield CueTake(cue, known, 0.0, "")
    for key, take, seconds in _made(wanted):
        stored = store.put(key if take.is_final else address({"until it is final": key}), take)
        for twin, cue in enumerate(missing[key]):
            done += 1
            progress(Progress("generate", done, len(asked), cue.id))
            yield CueTake(cue, stored, 0.0 if twin else seconds, "" if twin else why[key], take.is_final)


def to_make(
    asked: Sequence[Commission], store: TakeStore, past: CueHistory, locked: Collection[str] = ()
) -> list[Commission]:
    """Those whose takes are not in the store, nor kept for cues whose ids are `locked`; of several that give the same
    take, the first."""
    by_address: dict[str, Commission] = {}
    for each in asked:
        by_address.setdefault(_asked(each, store, past, locked).address, each)
    return [each for key, each in by_address.items() if isinstance(store.open(key), Missing)]


def _asked(each: Commission, store: TakeStore, past: CueHistory, locked: Collection[str]) -> AskedCue:
    """The cue as it is asked for; one that is locked as it was in the last delivery, where its take is still there."""
    cue = AskedCue.of(each.request, each.depends_on, each.renderer.backend.name)
    before = past.named(cue) if cue.id in locked else None
    return cue if before is None or isinstance(store.open(before.address), Missing) else before


def _made(wanted: Mapping[str, Commission]) -> Iterator[tuple[str, Take, float]]:
    """(address, checked take, seconds) of each commission by its take's address, backend by backend."""
    by_backend: dict[str, dict[str, Commission]] = {}
    for key, each in wanted.items():
        by_backend.setdefault(each.renderer.backend.name, {})[key] = each
    for group in by_backend.values():
        backend = next(iter(group.values())).renderer.backend
        yield from _from_backend({key: each.request for key, each in group.items()}, backend)


def checked_take(take: Take, request: CueRequest, backend: str) -> Take:
    """`take`, when it keeps the contract: mono or stereo, finite, as long as its span to within a sample."""
    audio = take.audio
    where = f"backend {backend}, cue {request.id}"
    if audio.rate_hz <= 0:
        raise BackendError("bad_take", f"{where}: a rate of {audio.rate_hz} Hz")
    if audio.samples.shape[0] not in (1, 2):
        raise BackendError("bad_take", f"{where}: {audio.samples.shape[0]} channels where one or two were promised")
    expected = request.span.n_samples * audio.rate_hz / CLOCK_HZ
    if abs(audio.n_samples - expected) > 1:
        raise BackendError("bad_take", f"{where}: {audio.n_samples} samples where {expected:.1f} were promised")
    if not np.isfinite(audio.samples).all():
        raise BackendError("bad_take", f"{where}: samples that are not finite")
    return take


@contextmanager
def as_backend_error(what: str) -> Iterator[None]:
    """Whatever a stranger's code may raise within, as this film's failure; `what` starts its sentence."""
    try:
        yield
    except (VssflowError, OSError, MemoryError):
        raise
    except (Exception, SystemExit) as error:
        text = " ".join(str(error).split()) or "no reason given"
        raise BackendError("backend", f"{what} {type(error).__name__}: {text}") from error


def _from_backend(missing: Mapping[str, CueRequest], backend: Backend) -> Iterator[tuple[str, Take, float]]:
    """(address, checked take, seconds) of the request of each address, in the order in which they are ready."""
    waiting = {request.id: (key, request) for key, request in missing.items()}
    if not waiting:
        return
    started = time.perf_counter()
    for take in _calls(backend, [request for _, request in waiting.values()]):
        if not isinstance(take, Take) or take.id not in waiting:
            raise BackendError("bad_take", f"backend {backend.name} returned a take that was not asked for")
        key, request = waiting.pop(take.id)
        seconds = time.perf_counter() - started if take.seconds is None else take.seconds
        yield key, checked_take(take, request, backend.name), seconds
        started = time.perf_counter()
    if waiting:
        ids = ", ".join(list(waiting)[:5])
        raise BackendError("missing_take", f"backend {backend.name} returned nothing for cues {ids}")


def _calls(backend: Backend, requests: Sequence[CueRequest]) -> Iterator[Take]:
    with as_backend_error(f"backend {backend.name} raised"):
        yield from backend.render(requests)


def _thing_digest(thing: Thing, start: int) -> list[object]:
    """Of what it does, at times from `start`: where the shot lies in the film is not among what a take depends on."""
    struck = [[strike.sample - start, strike.strength, strike.kind] for strike in thing.strikes]
    moments = hashlib.sha256((thing.samples - start).tobytes())
    moments.update(np.ascontiguousarray(thing.moments, np.float32).tobytes())
    return [thing.span.start - start, thing.is_alone, struck, _track_digest(thing.speed), moments.hexdigest()]


def _track_digest(track: Track) -> list[object]:
    values = np.ascontiguousarray(track.values, np.float32)
    return [track.rate_hz, list(values.shape), hashlib.sha256(values.tobytes()).hexdigest()]
