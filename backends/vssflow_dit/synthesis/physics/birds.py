"""Birds and insects: songs whistled by two small pipes, caws, hoots, clucks and quacks; crickets that scrape."""

from __future__ import annotations

import numpy as np

from vssflow_dit.synthesis.physics.animals import _again, _calls, _throat
from vssflow_dit.synthesis.waves import (
    RATE_HZ,
    Strikes,
    Wave,
    add_at,
    at_peak,
    at_rms,
    band,
    log_uniform,
    modulation,
    resonances,
    room,
    seconds,
    steep,
    turns,
)


def _note(rng: np.random.Generator, centre_hz: float, lasts_s: float, shape: int, wide: float, trill: float) -> Wave:
    """One note: a whistle that slides up, down, there and back, or waves, with some trill and a weak octave."""
    t = np.linspace(0, 1, max(2, int(lasts_s * RATE_HZ)))
    slide = (t, 1 - t, np.sin(np.pi * t), np.cos(2 * np.pi * t) * 0.5, np.abs(2 * t - 1))[shape] - 0.5
    quick = trill * np.sin(2 * np.pi * rng.uniform(22, 55) * t * lasts_s)
    hz = (centre_hz * (1 + wide * slide + quick)).clip(1000, 9000)
    cycles = turns(hz)
    tone = np.sin(2 * np.pi * cycles) + rng.uniform(0.02, 0.15) * np.sin(4 * np.pi * cycles) * (hz < 5200)
    return np.asarray(tone * np.sin(np.pi * t) ** 0.7)


def _phrase(rng: np.random.Generator) -> list[tuple[float, float, int, float, float, float]]:
    """What one bird says: notes, each once or in a quick run. (pitch, length, shape, width, trill, gap after it)"""
    centre = log_uniform(rng, (2300, 6200))
    phrase: list[tuple[float, float, int, float, float, float]] = []
    for _ in range(int(rng.integers(2, 6))):
        short = rng.random() < 0.5
        lasts = rng.uniform(0.03, 0.08) if short else rng.uniform(0.08, 0.25)
        note = (
            centre * rng.uniform(0.75, 1.3),
            lasts,
            int(rng.integers(5)),
            rng.uniform(0.1, 0.7),
            0.05 * (rng.random() < 0.4),
            rng.uniform(0.015, 0.09),
        )
        phrase += [note] * int(rng.integers(2, 7) if short else rng.integers(1, 3))
    return phrase


def song(rng: np.random.Generator, n: int) -> Wave:
    """Birds that sing in a garden: each says a phrase again after a rest; the far ones from among leaves."""
    near, distant = np.zeros(n), np.zeros(n)
    for k in range(int(rng.integers(1, 5))):
        into, far = (near, rng.uniform(0.5, 1.0)) if k == 0 else (distant, rng.uniform(0.1, 0.6))
        phrase, time = _phrase(rng), rng.uniform(-0.5, 1.0)
        while time < n / RATE_HZ:
            for pitch, lasts, shape, wide, trill, gap in phrase:
                note = _note(rng, pitch * rng.uniform(0.98, 1.02), lasts, shape, wide, trill)
                add_at(into, time, far * note * rng.uniform(0.7, 1.0))
                time += lasts + gap
            time += rng.uniform(0.3, 1.8)
    wave = room(rng, near, rng.uniform(0.2, 0.8), 0.2) + room(rng, distant, rng.uniform(0.5, 1.5), 0.6)
    return at_peak(wave, rng.uniform(0.08, 0.2)) + at_rms(steep(rng, n, -4.0, 100, 6000), rng.uniform(-60, -48))


def bird_call(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """A large bird: a crow that caws, a gull that laughs, a magpie that chatters, a bird of prey that screams."""
    kind = int(rng.integers(4))
    many = (int(rng.integers(1, 5)), int(rng.integers(2, 6)), int(rng.integers(4, 10)), int(rng.integers(1, 3)))[kind]
    pitch = log_uniform(rng, ((480, 750), (1400, 2200), (2200, 3000), (2500, 3700))[kind])
    lasts = rng.uniform(*((0.2, 0.4), (0.15, 0.4), (0.05, 0.09), (0.35, 0.9))[kind])
    gap = lasts + rng.uniform(*((0.12, 0.35), (0.05, 0.2), (0.03, 0.06), (0.2, 0.5))[kind])
    rough, breath = ((0.8, 0.6), (0.1, 0.06), (0.5, 0.1), (0.1, 0.06))[kind]
    bends = ((0.95, 1.05, 1.0, 0.85), (0.75, 1.2, 1.1, 0.7), (0.9, 1.1, 1.0, 0.9), (0.9, 1.15, 1.0, 0.75))[kind]
    shut, wide = (
        ((1050, 1700), (1400, 2800), (2400, 3800), (2600, 4200))[kind],
        ((1350, 1900), (1900, 3300), (2800, 4300), (2900, 4600))[kind],
    )

    def cry(rng: np.random.Generator) -> Wave:
        curve = ((0.0, 0.25, 0.6, 1.0), tuple(pitch * bend * rng.uniform(0.97, 1.03) for bend in bends))
        loud = ((0.0, 0.12, 0.75, 1.0), (0.0, 1.0, 0.8, 0.0))
        opens = ((0.0, 0.4, 1.0), (0.0, 1.0, 0.2))
        return _throat(rng, lasts * rng.uniform(0.9, 1.15), curve, loud, (shut, wide), breath, rough, opens, 0.5, 0.25)

    times = [k * gap for k in range(many)]
    return _calls(rng, n, strikes, lambda rng: _again(rng, times, cry), 1.5, rng.uniform(0.25, 0.5))


def owl(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """Hoots: a soft, nearly pure voice of 300 to 500 Hz in a rhythm of its own, at night among trees."""
    pitch = rng.uniform(290, 480)
    rhythm = (
        ((0.0, 0.5), (0.9, 0.15), (1.15, 0.15), (1.4, 0.7)),
        ((0.0, 0.35), (0.55, 0.35)),
        ((0.0, 0.2), (0.3, 0.2), (0.6, 0.5)),
    )[rng.integers(3)]

    def hoots(rng: np.random.Generator) -> Wave:
        wave = np.zeros(int(2.4 * RATE_HZ))
        for when, lasts in rhythm:
            top = pitch * rng.uniform(0.98, 1.02)
            hoot = _throat(
                rng,
                lasts,
                ((0, 0.2, 0.8, 1), (top * 0.93, top, top, top * 0.9)),
                ((0, 0.25, 0.75, 1), (0, 1, 0.8, 0)),
                ([pitch, 2 * pitch], [pitch, 2 * pitch]),
                0.03,
                0.0,
                tilt=2.5,
            )
            add_at(wave, when, hoot)
        return wave

    return _calls(rng, n, strikes, hoots, 2.5, rng.uniform(0.2, 0.4))


def chicken(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """Clucks, short and nasal, the last of a row drawn out; or a cock that crows in four notes."""
    cock, pitch = rng.random() < 0.35, rng.uniform(330, 480)
    beak = ([900, 1700, 2900, 4300], [1150, 2000, 3300, 4700])

    def cluck(rng: np.random.Generator) -> Wave:
        return _throat(
            rng,
            rng.uniform(0.06, 0.12),
            ((0, 0.4, 1), (pitch, pitch * 1.25, pitch * 0.8)),
            ((0, 0.1, 0.5, 1), (0, 1, 0.6, 0)),
            beak,
            0.2,
            0.4,
            tilt=0.5,
        )

    def crow(rng: np.random.Generator) -> Wave:
        wave = np.zeros(int(2.6 * RATE_HZ))
        for when, lasts, up in ((0.0, 0.2, 1.5), (0.28, 0.2, 1.9), (0.52, 0.35, 2.2), (0.92, 1.0, 2.0)):
            top = pitch * up
            note = _throat(
                rng,
                lasts,
                ((0, 0.15, 0.7, 1), (top * 0.7, top, top * 1.02, top * 0.6)),
                ((0, 0.1, 0.8, 1), (0, 1, 0.8, 0)),
                beak,
                0.15,
                0.3,
                tilt=0.5,
            )
            add_at(wave, when, note)
        return wave

    times = np.cumsum(rng.uniform(0.18, 0.45, int(rng.integers(2, 6)))) - 0.18
    times[0] = 0.0
    return _calls(
        rng, n, strikes, crow if cock else lambda rng: _again(rng, list(times), cluck), 1.0, rng.uniform(0.25, 0.5)
    )


def duck(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """Quacks, nasal and flat, in a falling row; or geese that honk with a break of the voice."""
    goose = rng.random() < 0.4
    pitch = rng.uniform(330, 480) if goose else rng.uniform(170, 260)
    bill = (
        ([700, 1300, 2300, 3300], [950, 1500, 2600, 3600])
        if goose
        else ([1100, 1700, 2700, 4000], [1300, 2000, 3000, 4300])
    )
    bend = (0.75, 1.3, 1.2, 0.9) if goose else (1.05, 1.1, 1.0, 0.85)

    def quack(rng: np.random.Generator) -> Wave:
        curve = ((0.0, 0.2, 0.6, 1.0), tuple(pitch * b for b in bend))
        return _throat(
            rng,
            rng.uniform(0.14, 0.26),
            curve,
            ((0, 0.08, 0.6, 1), (0, 1, 0.8, 0)),
            bill,
            0.15,
            0.35,
            ((0, 0.5, 1), (0, 1, 0)),
            0.35,
        )

    times = list(np.arange(int(rng.integers(2, 6))) * rng.uniform(0.26, 0.42))
    return _calls(rng, n, strikes, lambda rng: _again(rng, times, quack), 1.2, rng.uniform(0.3, 0.5))


def _cricket(rng: np.random.Generator, n: int) -> Wave:
    """One cricket: chirps of three to five quick pulses of one pitch, or a trill that goes on, of peak 1."""
    t, hz = seconds(n), rng.uniform(3600, 6500)
    pulses = rng.uniform(22, 42)
    envelope = np.maximum(0, np.sin(np.pi * t * pulses)) ** 1.2
    if rng.random() < 0.75:
        many, rate = int(rng.integers(2, 5)), rng.uniform(1.2, 3.0)
        chirp = (t * rate + rng.random()) % 1.0
        envelope = envelope * (chirp < many * rate / pulses)
    wobble = 1 + 0.004 * modulation(rng, n, 1, 10) + 0.01 * modulation(rng, n, 40, 150)
    scraped = np.sin(2 * np.pi * turns(np.full(n, hz) * wobble)) * (1 + 0.3 * modulation(rng, n, 60, 190))
    return np.asarray(scraped * envelope)


def insects(rng: np.random.Generator, n: int) -> Wave:
    """A night in summer: a shimmer of far crickets, a few near ones, bush crickets that rattle higher up, still air."""
    wave, t = np.zeros(n), seconds(n)
    for _ in range(int(rng.integers(1, 4))):  # those too many to tell
        hz = rng.uniform(3200, 6500)
        far = resonances(rng.normal(size=n), [hz], [rng.uniform(60, 300)], [1.0])
        beats = 1 + rng.uniform(0.2, 0.9) * np.sin(
            2 * np.pi * turns(rng.uniform(18, 60) * (1 + 0.03 * modulation(rng, n, 1, 8)))
        )
        wave += at_rms(far * beats, rng.uniform(-22, -12))
    for k in range(int(rng.integers(1, 5))):
        wave += _cricket(rng, n) * (rng.uniform(0.3, 0.6) if k == 0 else rng.uniform(0.02, 0.2))
    if rng.random() < 0.5:
        rattle = band(5500, 10_500, rng.normal(size=n)) * (np.sin(2 * np.pi * rng.uniform(12, 45) * t) > 0)
        wave += at_rms(rattle * (0.6 + 0.4 * np.sin(2 * np.pi * rng.uniform(0.2, 0.7) * t)), rng.uniform(-30, -18))
    wave = room(rng, wave, rng.uniform(0.3, 1.0), 0.3)
    return at_rms(wave, rng.uniform(-33, -28)) + at_rms(steep(rng, n, -5.0, 60, 4000), rng.uniform(-54, -44))
