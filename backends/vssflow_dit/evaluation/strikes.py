"""Is a strike heard when it is seen? Drawn films of things that strike go from frames to audio, and onsets are counted.

The films look different from those that the strike reader learns from (`synthesis.pictures`): lit, shadowed, blurred by
their motion, before walls and floors. Nothing is shared with them but the motion itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from vssflow_dit.bars import watched
from vssflow_dit.evaluation.heldout import JUDGED_HZ, SEED, Waveform, judged
from vssflow_dit.evaluation.measures import Measure
from vssflow_dit.synthesis import pictures, sounds
from vssflow_dit.synthesis.pictures import GRID_HZ, Motion
from vssflow_dit.synthesis.waves import RATE_HZ
from vssflow_post.analysis.things import ThingFinder
from vssflow_post.backend import Backend, CueRequest, Frame
from vssflow_post.progress import OnProgress
from vssflow_post.timeline import CLOCK_HZ, Scene, Span

GROUP = "Is a strike heard when it is seen?"
ABOUT = (
    "Films drawn by a program that draws no training data, from frames to audio, under prompts of every material and "
    "none. Recall: strikes with an onset of their own within the tolerance; precision: onsets that were asked for."
)
FILM_S = 6.0
TOLERANCES_S = (0.06, 0.08)
PROMPTS = ("wood", "metal", "glass_clink", "stone", "plastic", "thud", "")
HOP_S = 0.005
"""Between the levels in which onsets are found."""
RISE_DB = 9.0
"""An onset rises by this much over the level of the 60 ms before it."""
FLOOR_DB = -40.0
"""Below the loudest 5 ms of the clip: quieter things are not onsets."""
APART_S = 0.08
"""Between two onsets, at least."""
HEIGHT, WIDTH = 144, 256
FPS = (24.0, 25.0, 30.0)
"""Of the drawn films."""
EXPOSURES = 3
"""Moments averaged into a picture, over half of its time."""
NO_PIXELS = np.zeros((0, 0, 3), np.uint8)
Plane: TypeAlias = npt.NDArray[np.float32]


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
    encoder, finder = backend.encoder(), ThingFinder()
    for frame in drawn(rng, motion):
        encoder.push(frame)
        finder.push(frame)
    span, prompt = Span.of_seconds(0, FILM_S), PROMPTS[k % len(PROMPTS)]
    visual, things = encoder.finish([Scene(0, span)]), finder.finish([Scene(0, span)])[0]
    strikes = tuple((time, strength) for time, strength in motion.strikes if time < FILM_S - 0.1)
    n = round(FILM_S * RATE_HZ)
    wave = sounds.sound(rng, prompt or "wood", n, strikes, np.zeros(n))
    request = CueRequest(f"k{k}", "sound", span, seed=k, sound=prompt, visual=visual, things=things)
    return Film(request, tuple(time for time, _ in strikes), judged(np.clip(wave, -0.99, 0.99), RATE_HZ))


def measures(heard: Mapping[str, Sequence[Waveform]], films: Sequence[Film]) -> list[Measure]:
    """`heard`: column -> a waveform for each film."""
    found: list[Measure] = []
    wanted = sum(len(film.times_s) for film in films)
    for column, waves in heard.items():
        onset_times = [onsets(wave, JUDGED_HZ) for wave in waves]
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


def onsets(samples: npt.NDArray[np.float32], rate_hz: int) -> list[float]:
    """Times (s) at which `samples` (n,) rise suddenly."""
    hop = round(HOP_S * rate_hz)
    n = len(samples) // hop
    if n < 8:
        return []
    power = (samples[: n * hop].reshape(n, hop).astype(np.float64) ** 2).mean(axis=1)
    level = 10 * np.log10(power + 1e-10)
    floor = max(level.max() + FLOOR_DB, -75.0)
    before = np.array([level[max(0, k - 14) : max(1, k - 2)].max() for k in range(n)])
    before[:3] = -100.0
    found: list[float] = []
    for k in np.flatnonzero((level > floor) & (level - np.maximum(before, floor - RISE_DB) >= RISE_DB)):
        if not found or k * HOP_S - found[-1] > APART_S:
            found.append(float(k * HOP_S))
    return found


def matched(wanted: Sequence[float], heard: Sequence[float], tolerance_s: float) -> int:
    """How many of `wanted` have an onset of their own within the tolerance, taken greedily in order of time."""
    hits, k = 0, 0
    for time in sorted(wanted):
        while k < len(heard) and heard[k] < time - tolerance_s:
            k += 1
        if k < len(heard) and heard[k] <= time + tolerance_s:
            hits, k = hits + 1, k + 1
    return hits


def drawn(rng: np.random.Generator, motion: Motion) -> Iterator[Frame]:
    """Frames of the motion, grey only, as a camera at rest would see them."""
    fps, room, thing = float(rng.choice(FPS)), _room(rng), _thing(rng)
    floor_y = float(motion.y.max()) * HEIGHT + thing.shape[0] / 2
    grain, arm = rng.uniform(0.5, 2.5), _hue(rng, room.mean())
    for k in range(int(len(motion.x) / GRID_HZ * fps)):
        moments = (k + np.arange(EXPOSURES) / EXPOSURES / 2) / fps * GRID_HZ
        planes = [_exposed(room, thing, motion, min(int(at), len(motion.x) - 1), floor_y, arm) for at in moments]
        image = np.mean(planes, axis=0) + rng.normal(0, grain, (HEIGHT, WIDTH))
        yield Frame(round(k / fps * CLOCK_HZ), NO_PIXELS, np.clip(image, 0, 255).astype(np.uint8))


def _hue(rng: np.random.Generator, ground: float) -> float:
    """A grey that stands out from `ground`."""
    return float(rng.uniform(15, 70) if ground > 110 else rng.uniform(170, 240))


def _room(rng: np.random.Generator) -> Plane:
    """A papered or tiled wall over a floor of boards, lit from one side."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    base, pattern = rng.uniform(60, 180), rng.uniform(6, 16)
    if rng.random() < 0.5:
        wall = base + 10 * np.sign(np.sin(x / pattern)) * (np.abs(np.sin(x / pattern)) > 0.8)
    else:
        wall = base - 22 * ((x % (3 * pattern) < 1.5) | (y % (2 * pattern) < 1.5))
    horizon = HEIGHT * rng.uniform(0.6, 0.75)
    boards = 0.75 * base + 12 * np.sin((x - WIDTH / 2) / (y - horizon + 18) * 9)
    light = 1.15 - 0.3 * np.hypot(x - rng.uniform(0, WIDTH), y - rng.uniform(-40, 40)) / WIDTH
    soft = cv2.GaussianBlur(np.where(y > horizon, boards, wall).astype(np.float32), (0, 0), 0.8)
    return np.asarray(soft * light, np.float32)


def _thing(rng: np.random.Generator) -> Plane:
    """A lit ball, egg or block: (h, w, 2) of its grey and how far it covers, 0..1."""
    radius = HEIGHT * rng.uniform(0.05, 0.11)
    tall = rng.uniform(0.8, 1.25)
    size = 2 * round(radius * 1.4) + 1
    y, x = np.mgrid[0:size, 0:size].astype(np.float32) - size // 2
    power = float(rng.choice([2.0, 2.0, 6.0]))
    inside = (np.abs(x / radius) ** power + np.abs(y / radius / tall) ** power) ** (1 / power)
    cover = np.clip((1.0 - inside) * radius + 0.5, 0, 1)
    lit = np.clip(1.0 - np.hypot(x + 0.35 * radius, y + 0.4 * radius) / (1.9 * radius), 0.15, 1.0)
    band = 1.0 - 0.35 * (np.abs(y) < radius * rng.uniform(0.1, 0.25)) * (rng.random() < 0.5)
    return np.stack([255 * lit * band * rng.uniform(0.5, 1.0), cover], axis=-1).astype(np.float32)


def _exposed(room: Plane, thing: Plane, motion: Motion, at: int, floor_y: float, arm: float) -> Plane:
    """The room at one moment: the shadow, the arm where there is one, the thing."""
    image = room.copy()
    x, y = float(motion.x[at]) * HEIGHT, float(motion.y[at]) * HEIGHT
    near = float(np.clip(1 - (floor_y - y) / HEIGHT, 0.1, 1.0))
    shade = np.ones_like(image)
    axes = (round(thing.shape[1] * (0.75 - 0.3 * near) * 16), round(thing.shape[0] * 0.12 * 16))
    cv2.ellipse(shade, (round(x * 16), round(floor_y * 16)), axes, 0, 0, 360, 1 - 0.4 * near, -1, cv2.LINE_AA, 4)
    image *= shade
    if motion.pivot:
        pivot = round(motion.pivot[0] * HEIGHT), round(motion.pivot[1] * HEIGHT)
        cv2.line(image, pivot, (round(x), round(y)), arm, max(2, thing.shape[0] // 6), cv2.LINE_AA)
    shift = np.array([[1, 0, x - thing.shape[1] / 2], [0, 1, y - thing.shape[0] / 2]], np.float32)
    placed = cv2.warpAffine(thing, shift, (WIDTH, HEIGHT))
    return np.asarray(image * (1 - placed[..., 1]) + placed[..., 0] * placed[..., 1], np.float32)
