"""Is a strike heard when it is seen? Drawn films of another look, from frames to audio, counted with `onsets`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from vssflow_dit.evaluation.drawn_strikes import drawn
from vssflow_dit.evaluation.heldout import SEED, Waveform
from vssflow_dit.evaluation.measures import Measure
from vssflow_dit.evaluation.watched import watched
from vssflow_dit.onsets import matched, onsets
from vssflow_dit.synthesis import pictures, sounds
from vssflow_dit.synthesis.waves import RATE_HZ
from vssflow_post.backend import Backend, CueRequest
from vssflow_post.progress import OnProgress
from vssflow_post.timeline import Scene, Span

GROUP = "Is a strike heard when it is seen?"
ABOUT = (
    "Films drawn by a program that draws no training data, from frames to audio, under prompts of every material and "
    "none. Recall: strikes with an onset of their own within the tolerance; precision: onsets that were asked for."
)
FILM_S = 6.0
TOLERANCES_S = (0.06, 0.08)
PROMPTS = ("wood", "metal", "glass", "stone", "plastic", "thud", "")


@dataclass(frozen=True, slots=True, eq=False)
class Film:
    """A drawn film of strikes, as the backend reads it."""

    request: CueRequest
    times_s: tuple[float, ...]
    audio: Waveform
    """What physics makes of the strikes."""


def films(backend: Backend, n_films: int, report: OnProgress) -> list[Film]:
    """Each motion and each prompt in turn."""
    return [_film(backend, k) for k in watched("films of strikes", range(n_films), report)]


def _film(backend: Backend, k: int) -> Film:
    rng = np.random.default_rng((SEED, 7, k))
    motion = pictures.STRIKING[k % len(pictures.STRIKING)](rng, FILM_S)
    encoder = backend.encoder()
    for frame in drawn(rng, motion):
        encoder.push(frame)
    span, prompt = Span.of_seconds(0, FILM_S), PROMPTS[k % len(PROMPTS)]
    visual = encoder.finish([Scene(0, span)])
    strikes = tuple((time, strength) for time, strength in motion.strikes if time < FILM_S - 0.1)
    n = round(FILM_S * RATE_HZ)
    wave = sounds.sound(rng, prompt or "wood", n, strikes, np.zeros(n))
    request = CueRequest(f"k{k}", "sound", span, seed=k, sound=prompt, visual=visual)
    return Film(request, tuple(time for time, _ in strikes), np.clip(wave, -0.99, 0.99).astype(np.float32))


def measures(heard: Mapping[str, Sequence[Waveform]], films: Sequence[Film]) -> list[Measure]:
    """`heard`: column -> a waveform for each film."""
    found: list[Measure] = []
    wanted = sum(len(film.times_s) for film in films)
    for column, waves in heard.items():
        onset_times = [onsets(wave, 16_000) for wave in waves]
        n_heard = sum(len(times) for times in onset_times)
        for tolerance_s in TOLERANCES_S:
            pairs = zip(films, onset_times, strict=True)
            hits = sum(matched(film.times_s, times, tolerance_s) for film, times in pairs)
            within = f"within {tolerance_s * 1000:.0f} ms"
            found.append(Measure(GROUP, f"recall {within}", "", column, 100 * hits / max(wanted, 1), "%", wanted))
            found.append(Measure(GROUP, f"precision {within}", "", column, 100 * hits / max(n_heard, 1), "%", n_heard))
        late = _late_s(films, onset_times)
        for what, value in (("median offset", np.median(late)), ("median distance", np.median(np.abs(late)))):
            found.append(Measure(GROUP, what, "", column, 1000 * float(value), "ms", len(late)))
    return found


def _late_s(films: Sequence[Film], onset_times: Sequence[Sequence[float]]) -> list[float]:
    """Nearest onset minus strike, for strikes that have one within the wider tolerance; 0 where none has."""
    nearest = [
        min((onset - time for onset in times), key=abs)
        for film, times in zip(films, onset_times, strict=True)
        if times
        for time in film.times_s
    ]
    return [late for late in nearest if abs(late) <= max(TOLERANCES_S)] or [0.0]
