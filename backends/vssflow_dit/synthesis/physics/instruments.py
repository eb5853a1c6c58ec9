"""Played by hand: bars under mallets, strings that are plucked or struck by felt."""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter

from vssflow_dit.synthesis.waves import (
    RATE_HZ,
    Strikes,
    Wave,
    add_at,
    at_peak,
    band,
    decay,
    log_uniform,
    room,
    tones,
)

SCALE = np.array([0, 2, 4, 5, 7, 9, 11, 12, 14, 16, 17, 19])
"""Semitones of a major scale."""


def _notes(rng: np.random.Generator, low_hz: tuple[float, float], many: int) -> Wave:
    """The pitch of each strike: a melody that moves by small steps of one scale."""
    steps = np.cumsum(rng.integers(-2, 3, many)) + rng.integers(0, len(SCALE))
    return np.asarray(log_uniform(rng, low_hz) * 2 ** (SCALE[np.abs(steps) % len(SCALE)] / 12))


def mallets(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """A marimba (bars tuned 1 : 4 : 10, of wood, short) or a glockenspiel (free steel bars, long)."""
    steel, wave = rng.random() < 0.35, np.zeros(n)
    ratios = np.array([1.0, 2.756, 5.404, 8.933]) if steel else np.array([1.0, 3.98, 9.9])
    gains = np.array([1.0, 0.45, 0.25, 0.12]) if steel else np.array([1.0, 0.35, 0.12])
    notes = _notes(rng, (900, 1600) if steel else (160, 420), len(strikes))
    for (time, strength), hz in zip(strikes, notes, strict=True):
        dies = (rng.uniform(1.5, 3.0) if steel else 0.9 * (300 / hz) ** 0.5) * ratios**-0.9
        bar = tones(hz * ratios, gains * strength ** (0.4 * np.arange(len(ratios))), dies, 1.5)
        knock = band(600, 6000, rng.normal(size=480), 1) * decay(0.02, 0.01)[:480]
        bar[:480] += at_peak(knock, 0.25 * np.abs(bar).max())
        add_at(wave, time, at_peak(bar, strength))
    return room(rng, wave, rng.uniform(0.5, 1.2), 0.2) * rng.uniform(0.3, 0.5)


def _string(rng: np.random.Generator, hz: float, lasts_s: float, bright: float, place: float) -> Wave:
    """A plucked string by its travelling wave: what was plucked goes round, a little duller and weaker each time."""
    length = int(lasts_s * RATE_HZ)
    period = RATE_HZ / hz
    whole = max(2, int(period - 0.5))
    pluck = np.zeros(length)
    pluck[:whole] = rng.normal(size=whole)
    shape = lfilter([bright], [1, -(1 - bright)], pluck)
    shape[int(place * whole) :] -= 0.9 * shape[: length - int(place * whole)]
    back = np.zeros(whole + 2)
    part = period - 0.5 - whole
    loss = 0.001 ** (1 / (hz * lasts_s * 0.9))
    first = np.array([1 - part, part]) * loss
    back[0] = 1.0
    kernel = np.convolve(first, [0.5, 0.5])
    denominator = np.concatenate([back[:whole], -kernel])
    return at_peak(lfilter([1.0], denominator, shape), 1.0)


def plucked(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """A guitar, a harp or the like: strings plucked one or a few at a time, and the body that answers."""
    notes, wave = _notes(rng, (90, 260), len(strikes)), np.zeros(n)
    chords, bright = rng.random() < 0.4, rng.uniform(0.25, 0.8)
    for (time, strength), hz in zip(strikes, notes, strict=True):
        for k, ratio in enumerate((1.0, 1.5, 2.0, 2.52) if chords else (1.0,)):
            string = _string(rng, hz * ratio, rng.uniform(1.2, 2.8), bright * strength**0.3, rng.uniform(0.1, 0.4))
            add_at(wave, time + 0.018 * k, string * strength)
        body = tones(np.array([105.0, 205.0, 400.0]), np.array([1.0, 0.7, 0.4]), np.array([0.12, 0.1, 0.07]), 0.15)
        add_at(wave, time, at_peak(body, 0.25 * strength))
    return at_peak(
        room(rng, wave, rng.uniform(0.4, 1.0), 0.2), rng.uniform(0.3, 0.5) * max((s for _, s in strikes), default=0.0)
    )


def piano(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """Felt on three strings: stiff, so that partials lie ever higher than harmonics; a quick and a slow decay."""
    notes, wave = _notes(rng, (120, 400), len(strikes)), np.zeros(n)
    chords = rng.random() < 0.5
    k = np.arange(1, 25)
    for (time, strength), hz in zip(strikes, notes, strict=True):
        for ratio in (1.0, 1.26, 1.5) if chords else (1.0,):
            partials = hz * ratio * k * np.sqrt(1 + 0.0004 * k**2)
            gains = np.abs(np.sin(np.pi * k / 8)) * k ** -(2.2 - 1.2 * strength) * rng.uniform(0.7, 1.2, 24)
            slow = rng.uniform(4, 7) * (200 / hz) ** 0.4 * k**-0.5
            note = tones(partials, 0.75 * gains, 0.3 * slow, 3.0) + tones(partials * 1.0004, 0.25 * gains, slow, 3.0)
            note[-2400:] *= np.linspace(1, 0, 2400)
            add_at(wave, time, at_peak(note, strength))
        thump = band(60, 900, rng.normal(size=900), 1) * decay(0.04, 0.03)[:900]
        add_at(wave, time, at_peak(thump, 0.12 * strength))
    return at_peak(
        room(rng, wave, rng.uniform(0.5, 1.2), 0.2), rng.uniform(0.3, 0.5) * max((s for _, s in strikes), default=0.0)
    )
