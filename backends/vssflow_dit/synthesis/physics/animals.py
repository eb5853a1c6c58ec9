"""Voices of animals: what throats, snouts and beaks make of pulses and breath. Each call is made anew in one voice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from vssflow_dit.synthesis.waves import (
    RATE_HZ,
    Strikes,
    Wave,
    add_at,
    at_peak,
    log_uniform,
    modulation,
    periodic,
    resonances,
    room,
    turns,
)

Curve: TypeAlias = tuple[tuple[float, ...], tuple[float, ...]]
"""(places 0..1 in a call, values there)"""
Cry: TypeAlias = Callable[[np.random.Generator], Wave]


def _along(n: int, curve: Curve) -> Wave:
    return np.asarray(np.interp(np.linspace(0, 1, n), *curve))


def _throat(
    rng: np.random.Generator,
    lasts_s: float,
    pitch_hz: Curve,
    loud: Curve,
    mouth: tuple[Sequence[float], Sequence[float]],
    breath: float = 0.1,
    rough: float = 0.0,
    opens: Curve = ((0.0, 1.0), (0.0, 1.0)),
    tilt: float = 1.0,
    wide: float = 0.12,
) -> Wave:
    """One cry of peak 1: pulses at a pitch and breath, through a mouth that goes from one set of formants to another.

    `rough` is how much the pulses differ from each other, as in barks and caws; `tilt` how fast
    harmonics fall, `wide` how wide a formant is for its pitch.
    """
    n = int(lasts_s * RATE_HZ)
    wobble = 1 + 0.008 * modulation(rng, n, 3, 15) + 0.09 * rough * modulation(rng, n, 30, 150)
    pitch = _along(n, pitch_hz) * wobble
    cycles = turns(pitch)
    harmonics = np.arange(1, max(2, min(60, int(10_500 / pitch.max()))))
    source = periodic(cycles, harmonics**-tilt)
    if rough:  # every other pulse differs, and none is like the last
        source *= 1 + rough * (0.5 * np.cos(np.pi * cycles) + 0.5 * modulation(rng, n, 40, 150))
    source = source / (source.std() + 1e-9) + breath * rng.normal(size=n)
    at = _along(n, opens)
    voices = []
    for formants in mouth:
        hz = np.array(formants) * rng.uniform(0.97, 1.03)
        voices.append(resonances(source, hz, wide * hz + 60, np.array([1.0, 1.0, 0.8, 0.6, 0.4])[: len(hz)]))
    wave = (voices[0] * (1 - at) + voices[1] * at) * _along(n, loud)
    return at_peak(np.tanh(1.5 * wave / (np.abs(wave).max() + 1e-9)), 1.0)


def _calls(rng: np.random.Generator, n: int, strikes: Strikes, cry: Cry, space: float, peak: float) -> Wave:
    """A cry at each call, outdoors or in a yard."""
    wave = np.zeros(n)
    for time, strength in strikes:
        add_at(wave, time, cry(rng) * strength**0.7)
    wave = room(rng, wave, rng.uniform(0.3, 0.9) * space, rng.uniform(0.25, 0.7))
    return at_peak(wave, peak * max((strength for _, strength in strikes), default=0.0))


def _again(rng: np.random.Generator, times: list[float], cry: Cry) -> Wave:
    """The same voice several times in one call."""
    pieces = [cry(rng) * rng.uniform(0.75, 1.0) for _ in times]
    wave = np.zeros(max(int(t * RATE_HZ) + len(piece) for t, piece in zip(times, pieces, strict=True)))
    for time, piece in zip(times, pieces, strict=True):
        add_at(wave, time, piece)
    return wave


def dog(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """Barks: a jaw that opens and shuts on a rough voice in a sixth of a second; large dogs low, small ones high."""
    pitch = log_uniform(rng, (360, 1100))
    lasts, many = rng.uniform(0.09, 0.2), int(rng.choice([1, 2, 2, 3, 4]))
    apart = lasts + rng.uniform(0.12, 0.3)
    body = (pitch / 450) ** 0.25 * rng.uniform(0.9, 1.1)
    breath, rough, tilt, wide = (
        rng.uniform(0.1, 0.3),
        rng.uniform(0.1, 0.5),
        rng.uniform(0.5, 1.3),
        rng.uniform(0.15, 0.35),
    )

    def bark(rng: np.random.Generator) -> Wave:
        top = pitch * rng.uniform(0.95, 1.08)
        return _throat(
            rng,
            lasts * rng.uniform(0.9, 1.15),
            ((0, 0.25, 0.6, 1), (top * 0.75, top * 1.15, top * 1.05, top * 0.7)),
            ((0, 0.08, 0.5, 0.8, 1), (0, 1, 0.9, 0.5, 0)),
            ([450 * body, 1000 * body], [800 * body, 1400 * body]),
            breath,
            rough,
            ((0, 0.3, 1), (0, 1, 0.1)),
            tilt,
            wide,
        )

    times = [k * apart for k in range(many)]
    return _calls(rng, n, strikes, lambda rng: _again(rng, times, bark), 1.0, rng.uniform(0.35, 0.65))


def cat(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """A meow: a nasal start, an open middle, a close, on a pitch that bows."""
    pitch, lasts = rng.uniform(520, 820), rng.uniform(0.4, 0.9)

    def meow(rng: np.random.Generator) -> Wave:
        top = pitch * rng.uniform(0.95, 1.2)
        return _throat(
            rng,
            lasts * rng.uniform(0.8, 1.2),
            ((0, 0.3, 0.7, 1), (top * 0.75, top, top * 0.95, top * 0.65)),
            ((0, 0.15, 0.4, 0.8, 1), (0, 0.6, 1, 0.6, 0)),
            ([600, 2200, 3600, 5200], [1400, 2400, 4000, 5600]),
            0.04,
            0.12,
            ((0, 0.15, 0.45, 1), (0, 0.2, 1, 0)),
            0.4,
        )

    return _calls(rng, n, strikes, meow, 0.6, rng.uniform(0.25, 0.5))


def cow(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """A moo: the mouth still shut, then open, on a low pitch that rises and breaks off."""
    pitch, lasts = rng.uniform(95, 165), rng.uniform(1.2, 2.2)

    def moo(rng: np.random.Generator) -> Wave:
        return _throat(
            rng,
            lasts * rng.uniform(0.8, 1.2),
            ((0, 0.35, 0.75, 1), (pitch * 0.85, pitch, pitch * 1.25, pitch)),
            ((0, 0.08, 0.4, 0.85, 1), (0, 0.55, 1, 0.9, 0)),
            ([230, 520], [420, 900]),
            0.08,
            0.25,
            ((0, 0.3, 0.7, 1), (0, 0.15, 1, 0.7)),
            0.6,
        )

    return _calls(rng, n, strikes, moo, 1.4, rng.uniform(0.35, 0.6))


def sheep(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """A bleat: an open nasal voice that trembles seven times a second."""
    pitch, lasts = rng.uniform(170, 340), rng.uniform(0.6, 1.2)
    tremble = rng.uniform(6, 9)

    def bleat(rng: np.random.Generator) -> Wave:
        wave = _throat(
            rng,
            lasts * rng.uniform(0.8, 1.2),
            ((0, 0.2, 1), (pitch * 0.9, pitch * 1.05, pitch * 0.85)),
            ((0, 0.08, 0.7, 1), (0, 1, 0.8, 0)),
            ([600, 1500], [850, 1750]),
            0.12,
            0.3,
            ((0, 0.2, 1), (0, 1, 0.8)),
            0.6,
        )
        t = np.arange(len(wave)) / RATE_HZ
        return np.asarray(wave * (0.6 + 0.4 * np.cos(2 * np.pi * tremble * t * rng.uniform(0.95, 1.05))))

    return _calls(rng, n, strikes, bleat, 1.2, rng.uniform(0.3, 0.55))


def pig(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """Oinks: short grunts of slow rough pulses through a snout, two or three in a row."""
    pitch, many = rng.uniform(55, 110), int(rng.integers(2, 5))
    gap = rng.uniform(0.28, 0.5)

    def grunt(rng: np.random.Generator) -> Wave:
        return _throat(
            rng,
            rng.uniform(0.14, 0.28),
            ((0, 0.5, 1), (pitch * 0.9, pitch * 1.2, pitch * 0.9)),
            ((0, 0.15, 0.6, 1), (0, 1, 0.8, 0)),
            ([350, 1000], [520, 1400]),
            0.2,
            0.7,
            ((0, 0.6, 1), (0, 1, 0.3)),
            0.3,
        )

    return _calls(
        rng, n, strikes, lambda rng: _again(rng, [k * gap for k in range(many)], grunt), 0.8, rng.uniform(0.3, 0.5)
    )


def wolf(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """A howl: nearly a pure voice that slides up, holds for seconds, and sinks."""
    pitch, lasts = rng.uniform(380, 640), rng.uniform(1.8, 3.5)

    def howl(rng: np.random.Generator) -> Wave:
        top = pitch * rng.uniform(0.9, 1.2)
        return _throat(
            rng,
            lasts * rng.uniform(0.8, 1.2),
            ((0, 0.15, 0.3, 0.75, 1), (top * 0.6, top, top * 0.93, top * 0.9, top * 0.55)),
            ((0, 0.12, 0.8, 1), (0, 1, 0.8, 0)),
            ([700, 1300, 2600], [900, 1500, 2800]),
            0.08,
            0.05,
            ((0, 0.4, 1), (0, 1, 0)),
            1.2,
        )

    return _calls(rng, n, strikes, howl, 2.5, rng.uniform(0.25, 0.5))


def big_animal(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """A roar: slow pulses that tear, as much breath as voice, through a long throat."""
    pitch, lasts = rng.uniform(45, 130), rng.uniform(0.9, 2.0)

    def roar(rng: np.random.Generator) -> Wave:
        return _throat(
            rng,
            lasts * rng.uniform(0.8, 1.2),
            ((0, 0.3, 1), (pitch * 0.8, pitch * 1.3, pitch * 0.7)),
            ((0, 0.15, 0.6, 1), (0, 1, 0.8, 0)),
            ([250, 650, 1300, 2300], [420, 900, 1700, 2700]),
            0.3,
            0.9,
            ((0, 0.35, 1), (0, 1, 0)),
            0.4,
        )

    return _calls(rng, n, strikes, roar, 2.0, rng.uniform(0.4, 0.7))


def frog(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """A croak: a train of pulses, thirty to ninety a second, that ring in an air sac; two or three times."""
    rate, sac = rng.uniform(30, 90), log_uniform(rng, (500, 1700))
    lasts, many = rng.uniform(0.15, 0.5), int(rng.integers(1, 4))

    def croak(rng: np.random.Generator) -> Wave:
        length = int(lasts * RATE_HZ)
        pulses = periodic(turns(rate * _along(length, ((0, 1), (0.85, 1.15)))), np.ones(60))
        wave = resonances(pulses, [sac, sac * 2.1, sac * 3.2], [0.12 * sac, 0.2 * sac, 0.3 * sac], [1.0, 0.7, 0.3])
        return at_peak(wave * _along(length, ((0, 0.2, 0.8, 1), (0, 0.8, 1, 0))), 1.0)

    return _calls(
        rng,
        n,
        strikes,
        lambda rng: _again(rng, [k * (lasts + 0.12) for k in range(many)], croak),
        1.0,
        rng.uniform(0.2, 0.45),
    )


def monkey(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """Pants and hoots that climb in pitch and strength."""
    pitch, many = rng.uniform(320, 600), int(rng.integers(3, 7))
    gap = rng.uniform(0.16, 0.3)

    def climb(rng: np.random.Generator) -> Wave:
        wave = np.zeros(int((many * gap + 0.6) * RATE_HZ))
        for k in range(many):
            top = pitch * (1 + 0.18 * k)
            hoot = _throat(
                rng,
                gap * rng.uniform(0.7, 0.95),
                ((0, 0.5, 1), (top * 0.8, top * 1.2, top * 0.9)),
                ((0, 0.2, 0.7, 1), (0, 1, 0.8, 0)),
                ([500, 1000, 2600], [900, 1500, 3000]),
                0.25,
                0.3,
                ((0, 1), (0, 1)),
                0.9,
            )
            add_at(wave, k * gap, hoot * (0.4 + 0.6 * k / many))
        return at_peak(wave, 1.0)

    return _calls(rng, n, strikes, climb, 1.8, rng.uniform(0.3, 0.5))


def whale(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """Slow glides between deep moans and high cries, far away in water."""
    low = log_uniform(rng, (90, 320))

    def song(rng: np.random.Generator) -> Wave:
        to = low * rng.uniform(0.6, 2.6)
        return _throat(
            rng,
            rng.uniform(1.0, 2.4),
            ((0, 0.3, 0.7, 1), (low, (low + to) / 2, to, to * rng.uniform(0.7, 1.3))),
            ((0, 0.2, 0.8, 1), (0, 1, 0.8, 0)),
            ([250, 600, 1300], [500, 900, 1900]),
            0.15,
            0.35,
            ((0, 1), (0, 1)),
            1.4,
        )

    return _calls(rng, n, strikes, song, 3.0, rng.uniform(0.25, 0.45))
