"""What acts before the camera of a staged film: drummers, hammerers, walkers, players with rackets, shooters, talkers.

An act is a skeleton: joints on a 1 ms grid, limbs between them, and the exact times at which one of its joints strikes.
Its height is about one; where and how large it stands in a picture is the stage's matter.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from vssflow_dit.synthesis.pictures import GRID_HZ, Motion

Curve: TypeAlias = npt.NDArray[np.float64]
Path: TypeAlias = npt.NDArray[np.complexfloating[Any, Any]]
"""A place at each millisecond, x + iy, y downwards."""


@dataclass(frozen=True, slots=True)
class Act:
    """One that acts; about one high, around 0."""

    joints: tuple[Path, ...]
    limbs: tuple[tuple[int, int, float], ...]
    """Two joints and a thickness; the same joint twice is a ball."""
    strikes: tuple[tuple[float, float, int], ...] = ()
    """Time in s, strength 0..1, and the joint that strikes, in order of time."""
    flashes: tuple[tuple[float, int], ...] = ()
    """Time in s of each flash, and the joint where it is."""


Maker: TypeAlias = Callable[[np.random.Generator, float], Act]


def _n(duration_s: float) -> int:
    return int(duration_s * GRID_HZ)


def _smooth_noise(rng: np.random.Generator, n: int, period_s: float) -> Curve:
    """About -1 to 1, as limbs and heads sway."""
    t = np.arange(n) / GRID_HZ
    waves = [np.sin(2 * np.pi * (t / (period_s * rng.uniform(0.5, 2)) + rng.random())) for _ in range(3)]
    return np.asarray(np.mean(waves, axis=0) * 1.3)


def _eased(rng: np.random.Generator, n: int, times: list[float], size: float) -> Curve:
    """Moves from one pose to another around each time, gently, as one who handles something; striking nothing."""
    t, out, pose = np.arange(n) / GRID_HZ, np.zeros(n), 0.0
    for time in times:
        takes, new = rng.uniform(0.3, 0.9), rng.uniform(-size, size)
        out += (new - pose) * (0.5 - 0.5 * np.cos(np.pi * np.clip((t - time) / takes, 0, 1)))
        pose = new
    return np.asarray(out)


def beats(rng: np.random.Generator, duration_s: float, quickest_s: float = 0.14) -> list[float]:
    """Times of strikes: a steady beat with gaps, or bursts, or now and then."""
    how, found = rng.integers(3), []
    now = rng.uniform(0.2, 1.0)
    period = rng.uniform(quickest_s, 0.6)
    while now < duration_s - 0.05:
        if how != 0 or rng.random() > 0.15:
            found.append(float(now))
        if how == 0:
            now += period * (1 + rng.normal(0, 0.03))
        elif how == 1:
            now += rng.uniform(quickest_s, 0.35) if rng.random() < 0.75 else rng.uniform(0.5, 1.6)
        else:
            now += rng.uniform(0.5, 2.5)
    return found


def strokes(rng: np.random.Generator, n: int, times: list[float]) -> tuple[Curve, list[float]]:
    """How far something is raised, and how hard each strike at 0 is (0..1): raised, thrown down, it rebounds."""
    t, out = np.arange(n) / GRID_HZ, np.zeros(n)
    power, spring = rng.uniform(1.3, 2.6), rng.uniform(0, 0.4) * (rng.random() < 0.7)
    sizes, hard, before = rng.uniform(0.35, 1.0, len(times)), [], -1.0
    for k, (time, size) in enumerate(zip(times, sizes, strict=True)):
        room = time - max(before, time - 1.5)
        down = min(rng.uniform(0.05, 0.22), 0.5 * room)
        up = min(rng.uniform(0.12, 0.7), room - down)
        hold = min(rng.uniform(0, 0.25), room - down - up)
        top = time - down - hold
        raised = size * min(1.0, 0.35 + up / 0.25)
        lift = raised * (0.5 - 0.5 * np.cos(np.pi * np.clip((t - top + up) / max(up, 1e-3), 0, 1)))
        fall = raised * (1 - np.clip((t - time + down) / down, 0, 1) ** power)
        out = np.where((t >= top - up) & (t < time), np.maximum(np.where(t < time - down, lift, fall), 0), out)
        later = times[k + 1] - time if k + 1 < len(times) else 1.0
        last = min(rng.uniform(0.08, 0.3), later)
        after = t - time
        bounce = spring * raised * np.sin(np.pi * np.clip(after / last, 0, 1))
        out = np.where((after >= 0) & (after < last), np.maximum(bounce, out * (after > last / 2)), out)
        hard.append(float(np.clip(raised * power / down / 18, 0.2, 1.0)))
        before = time + 0.4 * last
    return out, hard


def _shaken(n: int, times: list[float], sizes: list[float], pitch_hz: float, dies_s: float) -> Curve:
    """A damped swing of what has been struck."""
    t, out = np.arange(n) / GRID_HZ, np.zeros(n)
    for time, size in zip(times, sizes, strict=True):
        after = np.maximum(t - time, 0)
        out += size * np.where(t >= time, np.sin(2 * np.pi * pitch_hz * after) * np.exp(-after / dies_s), 0)
    return out


def _chain(start: Path, lengths: list[float], angles: list[Curve]) -> list[Path]:
    """Joints of an arm or leg: each part goes on at its own angle (radians, 0 to the right, upwards positive)."""
    joints = [start]
    for length, angle in zip(lengths, angles, strict=True):
        joints.append(joints[-1] + length * np.exp(-1j * angle))
    return joints


def drummer(rng: np.random.Generator, duration_s: float) -> Act:
    """A body with one or two arms that strike with hands, sticks or hammers; what is struck may swing."""
    n = _n(duration_s)
    sway = rng.uniform(0, 0.04) * _smooth_noise(rng, n, 2.5) + 1j * rng.uniform(0, 0.02) * _smooth_noise(rng, n, 1.5)
    joints: list[Path] = [sway + 0.45j, sway - 0.15j, sway * 1.3 - 0.38j]
    limbs = [(0, 1, rng.uniform(0.18, 0.35)), (2, 2, rng.uniform(0.1, 0.16))]
    if rng.random() < 0.25:  # only what strikes is seen, close
        limbs = []
    all_strikes: list[tuple[float, float, int]] = []
    sides = [1, -1] if rng.random() < 0.65 else [int(rng.choice([1, -1]))]
    both = beats(rng, duration_s)
    how = rng.integers(3)  # in turns, each as it likes, together
    for k, side in enumerate(sides):
        times = both[k::2] if how == 0 and len(sides) == 2 else both if how == 2 else beats(rng, duration_s)
        raised, hard = strokes(rng, n, times)
        tip = _arm(rng, sway, raised, side, joints, limbs)
        if rng.random() < 0.4 and times:  # a cymbal, a skin, an anvil that jumps
            place = joints[tip][round(times[0] * GRID_HZ)]
            swing = _shaken(n, times, [0.04 * h for h in hard], rng.uniform(2, 8), rng.uniform(0.08, 0.5))
            joints += [place + np.full(n, 0.12) * np.exp(1j * swing * 4), place - np.full(n, 0.12) + 1j * swing]
            limbs.append((len(joints) - 2, len(joints) - 1, rng.uniform(0.02, 0.06)))
        all_strikes += [(time, h, tip) for time, h in zip(times, hard, strict=True)]
    return Act(tuple(joints), tuple(limbs), tuple(sorted(all_strikes)))


def _arm(
    rng: np.random.Generator, sway: Path, raised: Curve, side: int, joints: list[Path],
    limbs: list[tuple[int, int, float]],
) -> int:  # fmt: skip
    """Adds an arm that holds something, driven by `raised`; the joint that strikes."""
    n, lag = len(raised), int(rng.integers(0, 25))
    wrist = np.concatenate([np.full(lag, raised[0]), raised[: n - lag]]) if rng.random() < 0.3 else raised
    share = rng.dirichlet([1.0, 2.0, 2.0]) * rng.uniform(0.4, 2.2)
    rest = [rng.uniform(-1.4, -0.6), rng.uniform(-0.6, 0.3), rng.uniform(-0.4, 0.3)]
    angles = [rest[0] + share[0] * raised, rest[1] + share[1] * raised, rest[2] + share[2] * wrist]
    lengths = [rng.uniform(0.18, 0.28), rng.uniform(0.18, 0.28), rng.uniform(0.05, 0.4)]
    shoulder = sway + 0.13 * side - 0.1j
    # What the other arm does is mirrored: side -1 goes to the left.
    turned = angles if side > 0 else [np.pi - angle for angle in angles]
    first = len(joints)
    joints += _chain(shoulder, lengths, turned)
    thick = rng.uniform(0.05, 0.11)
    limbs += [(first, first + 1, thick), (first + 1, first + 2, 0.8 * thick), (first + 2, first + 3, 0.35 * thick)]
    if rng.random() < 0.4:
        limbs.append((first + 3, first + 3, rng.uniform(0.03, 0.1)))
    return first + 3


def player(rng: np.random.Generator, duration_s: float) -> Act:
    """Swings a racket or a bat through a ball: what strikes is fastest there, and the ball turns back."""
    n = _n(duration_s)
    t = np.arange(n) / GRID_HZ
    times: list[float] = []
    now = rng.uniform(0.4, 1.5)
    while now < duration_s - 0.1:
        times.append(float(now))
        now += rng.uniform(0.9, 3.0)
    run = rng.uniform(0, 0.5) * _smooth_noise(rng, n, 4.0) + 1j * rng.uniform(0, 0.03) * _smooth_noise(rng, n, 0.5)
    angle = np.full(n, rng.uniform(-0.5, 0.5)) + 0.1 * _smooth_noise(rng, n, 1.0)
    for time in times:
        back, swing, through = rng.uniform(0.3, 0.7), rng.uniform(0.08, 0.18), rng.uniform(0.12, 0.35)
        reach = rng.uniform(0.8, 1.8)
        angle += reach * (0.5 - 0.5 * np.cos(np.pi * np.clip((t - time + swing + back) / back, 0, 1)))
        angle -= 2 * reach * np.where(
            t < time, 0.5 * np.clip((t - time + swing) / swing, 0, 1) ** 2,
            0.5 + 0.5 * (1 - (1 - np.clip((t - time) / through, 0, 1)) ** 2),
        )  # fmt: skip
        angle += reach * (0.5 - 0.5 * np.cos(np.pi * np.clip((t - time - through - 0.1) / 0.6, 0, 1)))
    side = int(rng.choice([1, -1]))
    turned = angle if side > 0 else np.pi - angle
    joints: list[Path] = [run + 0.45j, run - 0.15j, run - 0.36j, *_chain(run - 0.12j, [0.3, 0.32], [turned, turned])]
    limbs = [(0, 1, rng.uniform(0.12, 0.24)), (2, 2, 0.1), (3, 4, 0.07), (4, 5, 0.04), (5, 5, rng.uniform(0.06, 0.16))]
    if rng.random() < 0.7:
        joints.append(_ball_of(rng, joints[5], times))
        limbs.append((6, 6, rng.uniform(0.02, 0.06)))
    return Act(tuple(joints), tuple(limbs), tuple((time, float(rng.uniform(0.6, 1.0)), 5) for time in times))


def _ball_of(rng: np.random.Generator, racket: Path, times: list[float]) -> Path:
    """Where the ball is that comes to the racket at each time and flies off; far away in between."""
    t = np.arange(len(racket)) / GRID_HZ
    ball = np.full(len(racket), 50 + 0j)
    for time in times:
        at = racket[min(round(time * GRID_HZ), len(racket) - 1)]
        come, go = (rng.uniform(1, 4) * np.exp(1j * rng.uniform(-0.5, 0.5)) * rng.choice([1, 1, -1]) for _ in range(2))
        near = np.abs(t - time) < 0.7
        ball = np.where(near, at + np.where(t < time, come, go) * np.abs(t - time), ball)
    return ball


def walker(rng: np.random.Generator, duration_s: float) -> Act:
    """Walks or runs, on the spot of the camera or across the picture; each foot strikes where it comes down."""
    n = _n(duration_s)
    t = np.arange(n) / GRID_HZ
    runs = rng.random() < 0.25
    period = rng.uniform(0.26, 0.38) if runs else rng.uniform(0.42, 0.75)
    stride = rng.uniform(0.35, 0.7) * (1.4 if runs else 1.0)
    goes, halts = int(rng.choice([1, -1])), rng.random() < 0.3
    first = rng.uniform(0, period)
    last = rng.uniform(0.5, 0.9) * duration_s if halts else duration_s + 2
    lands = [float(time) for time in np.arange(first - 2 * period, duration_s + 2 * period, period) if time < last]
    feet = [np.zeros(n, np.complex128), np.zeros(n, np.complex128)]
    for leg in (0, 1):
        place = np.full(n, 0.0)
        lift = np.zeros(n)
        for k in range(leg, len(lands), 2):
            # It leaves the ground after the other has come down, and lands two steps on.
            u = np.clip((t - lands[k] + period * 0.9) / (period * 0.9), 0, 1)
            place += stride * (u - np.sin(2 * np.pi * u) / (2 * np.pi)) if not runs else stride * u
            lift += rng.uniform(0.04, 0.09) * np.sin(np.pi * u) ** 1.5
        feet[leg] = goes * (place + leg * stride / 2) - 1j * lift
    hips = (feet[0].real + feet[1].real) / 2 - 1j * (0.48 + 0.02 * np.cos(4 * np.pi * (t - first) / (2 * period)))
    knees = [(hips + foot) / 2 + goes * 0.04 for foot in feet]
    neck = hips - 0.3j
    swing = 0.5 * np.sin(np.pi * (t - first) / period)
    hands = [neck + 0.3 * np.exp(-1j * (-np.pi / 2 + sign * swing)) for sign in (1, -1)]
    off = -hips.real if rng.random() < 0.25 else -np.full(n, hips.real.mean())  # some before a plain ground, in place
    joints = tuple(np.asarray(j + off + 0.48j) for j in (hips, neck, neck - 0.13j, *feet, *knees, *hands))
    thick = rng.uniform(0.04, 0.09)
    limbs = ((0, 1, 3 * thick), (2, 2, 0.1), (0, 5, 1.4 * thick), (5, 3, thick), (0, 6, 1.4 * thick), (6, 4, thick),
             (1, 7, thick), (1, 8, thick))  # fmt: skip
    hard = 0.9 if runs else rng.uniform(0.35, 0.7)
    struck = tuple((time, hard, 3 + k % 2) for k, time in enumerate(lands) if 0.0 < time < duration_s)
    return Act(joints, limbs, struck)


def shooter(rng: np.random.Generator, duration_s: float) -> Act:
    """Aims and fires: the weapon jumps up and comes down again; a flash at its muzzle in some."""
    n = _n(duration_s)
    t = np.arange(n) / GRID_HZ
    times = [time for time in beats(rng, duration_s, 0.16) if rng.random() < 0.8]
    kick = np.zeros(n)
    rise, dies = rng.uniform(0.008, 0.04), rng.uniform(0.06, 0.3)
    for time in times:
        after = np.maximum(t - time, 0)
        kick += rng.uniform(0.7, 1.0) * np.where(t >= time, (1 - np.exp(-after / rise)) * np.exp(-after / dies), 0)
    sway = rng.uniform(0, 0.02) * (_smooth_noise(rng, n, 2.0) + 1j * _smooth_noise(rng, n, 2.0))
    handled = _eased(rng, n, [float(x) for x in rng.uniform(0, duration_s, rng.integers(0, 3))], rng.uniform(0, 0.8))
    side, jump, push = int(rng.choice([1, -1])), rng.uniform(0.05, 0.5), rng.uniform(0.0, 0.08)
    angle = rng.uniform(-0.2, 0.2) + jump * kick + handled
    angles = [rng.uniform(-0.9, 0.1) + 0.5 * angle, angle, angle]
    body = sway - side * push * 0.6 * kick
    arm = _chain(body + 0.08 * side - 0.12j, [0.22, 0.22, rng.uniform(0.1, 0.6)],
                 angles if side > 0 else [np.pi - a for a in angles])  # fmt: skip
    joints = [body + 0.45j, body - 0.15j, body - 0.36j, *(j - side * push * kick for j in arm)]
    limbs = ((0, 1, rng.uniform(0.18, 0.3)), (2, 2, 0.12), (3, 4, 0.09), (4, 5, 0.07), (5, 6, rng.uniform(0.02, 0.06)))
    flash = tuple((time, 6) for time in times) if rng.random() < 0.5 else ()
    return Act(tuple(joints), limbs, tuple((time, 1.0, 6) for time in times), flash)


def waver(rng: np.random.Generator, duration_s: float) -> Act:
    """Speaks with hands and head, handles things; strikes nothing."""
    n = _n(duration_s)
    sway = rng.uniform(0, 0.05) * (_smooth_noise(rng, n, 2.0) + 0.5j * _smooth_noise(rng, n, 1.5))
    nod = rng.uniform(0, 0.03) * (_smooth_noise(rng, n, 0.8) + 1j * _smooth_noise(rng, n, 0.6))
    mouth = np.abs(_smooth_noise(rng, n, 0.25)) * rng.uniform(0, 0.04)
    head = sway - 0.38j + nod
    joints: list[Path] = [sway + 0.45j, sway - 0.15j, head, head + 0.05j, head + 0.05j + 1j * mouth]
    limbs = [(0, 1, rng.uniform(0.2, 0.35)), (2, 2, rng.uniform(0.12, 0.2)), (3, 4, 0.03)]
    for side in (1, -1):
        size = rng.uniform(0, 0.9)
        angles = [rng.uniform(-1.2, -0.4) + size * _smooth_noise(rng, n, rng.uniform(0.6, 3.0)) for _ in range(2)]
        if rng.random() < 0.5:
            poses = sorted(float(x) for x in rng.uniform(0, duration_s, rng.integers(1, 6)))
            angles = [angle + _eased(rng, n, poses, 0.9) for angle in angles]
        first = len(joints)
        joints += _chain(sway + 0.14 * side - 0.1j, [0.22, 0.24], angles if side > 0 else [np.pi - a for a in angles])
        limbs += [(first, first + 1, 0.08), (first + 1, first + 2, 0.06)]
    return Act(tuple(joints), tuple(limbs))


def thing(rng: np.random.Generator, motion: Motion) -> Act:
    """A drawn motion (`pictures`) as an act: a ball, or a hammer on its arm."""
    place = np.asarray(motion.x - 0.85 + 1j * (motion.y - 0.5))
    strikes = tuple((time, strength, 0) for time, strength in motion.strikes)
    size = rng.uniform(0.06, 0.25)
    if motion.pivot is None:
        return Act((place,), ((0, 0, size),), strikes)
    pivot = np.full(len(place), complex(motion.pivot[0] - 0.85, motion.pivot[1] - 0.5))
    return Act((place, pivot), ((1, 0, 0.3 * size), (0, 0, size)), strikes)


STRIKING: tuple[Maker, ...] = (drummer, player, walker, shooter)
