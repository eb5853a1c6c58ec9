"""Places: rooms that hum, halls that ring, people at a distance who say nothing that could be understood, streets."""

from __future__ import annotations

import numpy as np

from vssflow_dit.synthesis.physics.engines import CAR, TRUCK, burning
from vssflow_dit.synthesis.waves import (
    RATE_HZ,
    Wave,
    add_at,
    at_peak,
    at_rms,
    band,
    bursts,
    by_chance,
    decay,
    log_uniform,
    modulation,
    periodic,
    repeated,
    resonances,
    room,
    seconds,
    steep,
    swell,
    tones,
    turns,
)

VOWELS = (
    (310, 870, 2250),
    (400, 1900, 2550),
    (530, 1500, 2500),
    (660, 1720, 2410),
    (730, 1100, 2450),
    (570, 840, 2410),
)
"""Formants in Hz."""
VOICES = 12
"""Made for one murmur; more people are these at other times and pitches."""


def _hum(rng: np.random.Generator, n: int) -> Wave:
    """Mains: 50 or 60 Hz and its multiples, the even ones strongest, as transformers and lamps have it."""
    gains = np.arange(1, 16) ** -1.0 * rng.uniform(0.1, 1.0, 15)
    gains[1::2] *= 2.0
    return at_rms(periodic(turns(np.full(n, float(rng.choice([50.0, 60.0])))), gains), 0)


def room_tone(rng: np.random.Generator, n: int) -> Wave:
    """A quiet room: air that moves slowly, low noise from outside, a trace of mains and a far fan."""
    air = steep(rng, n, -rng.uniform(4.0, 7.0), rng.uniform(40, 90), rng.uniform(2500, 9000))
    body = resonances(rng.normal(size=n), rng.uniform(80, 420, 4), rng.uniform(8, 40, 4), rng.uniform(0.3, 1, 4))
    wave = at_rms(air, 0) + at_rms(body, rng.uniform(-14, -6)) + at_rms(_hum(rng, n), rng.uniform(-30, -12))
    return at_rms(wave, rng.uniform(-42, -34))


def machine_hum(rng: np.random.Generator, n: int) -> Wave:
    """Cabinets and ducts: mains hum, a compressor that throbs a little, and a fan whose blades beat the air."""
    steady = 1 + 0.0008 * modulation(rng, n, 0.2, 2)
    blades = periodic(turns(rng.uniform(90, 280) * steady), np.exp(-np.arange(1, 9) / rng.uniform(1, 3)))
    throb = 1 + rng.uniform(0.0, 0.15) * np.sin(2 * np.pi * rng.uniform(0.8, 9) * seconds(n))
    air = steep(rng, n, -rng.uniform(2.5, 4.5), rng.uniform(100, 300), rng.uniform(2500, 8000))
    duct = resonances(rng.normal(size=n), rng.uniform(120, 900, 3), rng.uniform(20, 80, 3), rng.uniform(0.3, 1, 3))
    wave = (
        at_rms(_hum(rng, n), rng.uniform(-3, 3)) * throb
        + at_rms(blades, rng.uniform(-14, -2))
        + at_rms(air, rng.uniform(-12, -4))
    )
    return at_rms(wave + at_rms(duct, rng.uniform(-16, -6)), rng.uniform(-32, -27))


def _voice(rng: np.random.Generator, n: int) -> list[Wave]:
    """A voice that says nothing: syllables of random vowels, its sound shared out among VOWELS as it glides."""
    loud, at, first, second = np.zeros(n), [0.0], [500.0], [1500.0]
    time = rng.uniform(-0.5, 0.5)
    while time < n / RATE_HZ:
        for _ in range(int(rng.integers(2, 9))):
            lasts = rng.uniform(0.1, 0.3)
            add_at(loud, time, swell(lasts, rng.uniform(0.02, 0.05)) * rng.uniform(0.5, 1.0))
            vowel = VOWELS[rng.integers(len(VOWELS))]
            at += [time + 0.04, time + 0.7 * lasts]
            first += [vowel[0]] * 2
            second += [vowel[1]] * 2
            time += lasts
        time += rng.uniform(0.1, 0.9)
    low = log_uniform(rng, (90, 150)) if rng.random() < 0.5 else log_uniform(rng, (170, 280))
    source = periodic(turns(low * np.exp(0.15 * modulation(rng, n, 0.4, 3))), np.arange(1, 31) ** -0.7) * loud
    mouth = np.log(np.interp(seconds(n)[::240], at, first)), np.log(np.interp(seconds(n)[::240], at, second))
    near = [np.exp(-(((mouth[0] - np.log(v[0])) / 0.18) ** 2) - ((mouth[1] - np.log(v[1])) / 0.2) ** 2) for v in VOWELS]
    whole = np.sum(near, axis=0) + 1e-6
    return [source * np.interp(np.arange(n), np.arange(0, n, 240), share / whole) for share in near]


def murmur(rng: np.random.Generator, n: int, people: int) -> Wave:
    """So many voices at once that none is understood: a few, each heard again and again at other times and pitches."""
    sources = [np.zeros(n) for _ in VOWELS]
    voices = [_voice(rng, n) for _ in range(min(VOICES, people))]
    for k in range(people):
        loud, later, pitch = rng.lognormal(0, 0.6), rng.integers(n), rng.uniform(0.88, 1.14)
        where = (np.arange(n) * pitch + later) % (n - 1)
        for source, said in zip(sources, voices[k % len(voices)], strict=True):
            source += loud * (said[where.astype(int)] if k >= len(voices) else said)
    wave = np.zeros(n)
    for vowel, source in zip(VOWELS, sources, strict=True):
        hz = np.array([*vowel, 3400.0])
        wave += resonances(source, hz, 0.08 * hz + 50, [1.0, 1.0, 0.7, 0.4])
    consonants = band(2500, 8000, rng.normal(size=n), 1) * np.exp(0.4 * modulation(rng, n, 3, 12))
    far = band(rng.uniform(220, 420), 9000, wave)  # chests are not heard across a room
    return at_rms(at_rms(far, 0) + at_rms(consonants, -22), 0)


def _clinks(
    rng: np.random.Generator, n: int, rate_hz: float, hz: tuple[float, float], dies_s: tuple[float, float]
) -> Wave:
    """Plates, glasses or tools that touch by chance, somewhere in the room; of peak 1."""
    wave = np.zeros(n)
    for _ in range(6):
        modes = log_uniform(rng, hz) * np.array([1.0, 1.53, 2.21, 2.94, 3.7])
        clink = tones(
            modes, rng.uniform(0.3, 1, 5), log_uniform(rng, dies_s) * np.array([1, 0.8, 0.6, 0.5, 0.4]), dies_s[1]
        )
        at = by_chance(rng, n, rate_hz / 6)
        wave += repeated(n, at, rng.lognormal(-0.7, 0.7, len(at)), clink)
    return at_peak(wave, 1.0)


def _knocks(rng: np.random.Generator, n: int, rate_hz: float) -> Wave:
    """Chairs, doors and steps, far off: dull thumps; of peak 1."""
    wave = np.zeros(n)
    for _ in range(4):
        thump = tones(rng.uniform(80, 500, 4), rng.uniform(0.3, 1, 4), rng.uniform(0.04, 0.15, 4), 0.2)
        at = by_chance(rng, n, rate_hz / 4)
        wave += repeated(n, at, rng.lognormal(-0.5, 0.6, len(at)), thump)
    return at_peak(wave, 1.0)


def hall(rng: np.random.Generator, n: int) -> Wave:
    """A church or a station: whatever moves in it rings on; steps, chairs, a few people far off, the air itself."""
    paces = np.arange(rng.random(), n / RATE_HZ, rng.uniform(0.45, 0.65)) * RATE_HZ
    steps = bursts(rng, n, paces, rng.uniform(0.5, 1.0, len(paces)), 0.05)
    heels = resonances(steps, [450.0, 1100.0, 2400.0], [300.0, 600.0, 1200.0], [0.8, 1.0, 0.6])
    events = at_rms(heels, rng.uniform(-42, -32)) + at_rms(
        _knocks(rng, n, rng.uniform(0.3, 2.0)), rng.uniform(-40, -32)
    )
    events += at_rms(_clinks(rng, n, 0.6, (700, 3500), (0.1, 0.4)), -44)
    people = at_rms(murmur(rng, n, 36), rng.uniform(-44, -34))
    rings = room(rng, events + people, rng.uniform(1.2, 2.8), rng.uniform(1.0, 2.0))
    return at_rms(
        at_rms(rings, -30) + at_rms(steep(rng, n, -3.0, 80, 5000), rng.uniform(-52, -42)), rng.uniform(-35, -29)
    )


def office(rng: np.random.Generator, n: int) -> Wave:
    """Desks: computers that hum, keys in bursts, a mouse, a chair, paper, colleagues behind a wall."""
    hum = at_rms(_hum(rng, n), -46) + at_rms(steep(rng, n, -4.0, 80, 6000), -40)
    wave = np.zeros(n)
    for far in rng.uniform(0.15, 1.0, int(rng.integers(1, 4))):
        key = resonances(
            rng.normal(size=700) * decay(0.03, 0.02)[:700],
            rng.uniform(300, 5500, 5),
            rng.uniform(150, 800, 5),
            rng.uniform(0.4, 1, 5),
        )
        at = np.cumsum(rng.gamma(4.0, rng.uniform(0.1, 0.2) / 4, 90)) * RATE_HZ
        bursts = modulation(rng, n, 0.1, 0.5) > -0.3
        at = at[at < n - 1]
        at = at[bursts[at.astype(int)]]
        wave += repeated(n, at, far * rng.uniform(0.4, 1.0, len(at)), at_peak(key, 1.0))
    wave += 0.5 * _knocks(rng, n, 0.4)
    return at_rms(
        room(rng, at_rms(wave, -38), 0.5, 0.5) + hum + room(rng, at_rms(murmur(rng, n, 6), -50), 0.8, 1.0),
        rng.uniform(-36, -30),
    )


def restaurant(rng: np.random.Generator, n: int) -> Wave:
    """Tables: plates, glasses and cutlery over a murmur of many, in a room that rings a little."""
    people = at_rms(murmur(rng, n, int(rng.integers(28, 48))), -30)
    dishes = _clinks(rng, n, rng.uniform(1.5, 5), (1400, 6500), (0.04, 0.3)) * rng.uniform(0.08, 0.3)
    return at_rms(
        room(rng, people + dishes + 0.03 * _knocks(rng, n, 1.0), rng.uniform(0.4, 0.9), rng.uniform(0.15, 0.5)),
        rng.uniform(-32, -27),
    )


def shop(rng: np.random.Generator, n: int) -> Wave:
    """A shop: trolleys, a till that beeps now and then, a murmur, cold shelves that hum."""
    at = by_chance(rng, n, 0.5)
    length = int(0.12 * RATE_HZ)
    tone = periodic(turns(np.full(length, rng.uniform(900, 2400))), np.array([1.0, 0.0, 0.2])) * np.minimum(
        1, np.arange(length)[::-1] / 200
    )
    till = repeated(n, at, rng.uniform(0.4, 1, len(at)), tone) * 0.03
    things = 0.06 * _knocks(rng, n, 3.0) + 0.03 * _clinks(rng, n, 1.5, (600, 3500), (0.04, 0.2))
    people = at_rms(murmur(rng, n, 16), rng.uniform(-40, -34))
    return at_rms(
        room(rng, till + things + people, rng.uniform(0.6, 1.4), 0.8) + at_rms(machine_hum(rng, n), -42),
        rng.uniform(-34, -28),
    )


def crowd(rng: np.random.Generator, n: int) -> Wave:
    """Many people: a murmur without words that swells and ebbs, the nearer ones over it; now and then they clap."""
    wave = at_rms(murmur(rng, n, int(rng.integers(36, 60))), -26) * np.exp(0.25 * modulation(rng, n, 0.1, 0.5))
    if rng.random() < 0.25:
        wave += at_rms(applause(rng, n), rng.uniform(-36, -28))
    return at_rms(room(rng, wave, rng.uniform(0.5, 1.5), rng.uniform(0.1, 0.5)), rng.uniform(-28, -23))


def applause(rng: np.random.Generator, n: int) -> Wave:
    """Many hands: each pair claps three to five times a second; cupped hands low, flat ones high."""
    people = int(log_uniform(rng, (90, 500)))
    pace = rng.uniform(2.4, 5.2, people)
    claps = 1.6 * n / RATE_HZ * 5.2
    gaps = (1 + 0.15 * rng.normal(size=(people, int(claps)))).clip(0.4) / pace[:, None]
    at = (np.cumsum(gaps, axis=1) - rng.random(people)[:, None] - 0.5) * RATE_HZ
    loud = rng.lognormal(-0.5, rng.uniform(0.4, 1.0), people)[:, None] * rng.uniform(0.6, 1.0, at.shape)
    hands = np.repeat(rng.integers(0, 12, people)[:, None], at.shape[1], axis=1)
    wave, flat = np.zeros(n), rng.uniform(0.0, 0.1)
    for k in range(12):
        clap = bursts(rng, n, at[hands == k], loud[hands == k], rng.uniform(0.008, 0.025))
        hz = log_uniform(rng, (900, 2800)) * np.array([1.0, 2.1])
        wave += resonances(clap, hz, 0.6 * hz, [1.0, 0.5]) + flat * band(500, 9000, clap, 1)
    swells = np.exp(0.12 * modulation(rng, n, 0.1, 0.5))
    bright = band(rng.uniform(600, 1000), 11_000, wave * swells)
    return at_rms(room(rng, bright, rng.uniform(0.5, 1.6), rng.uniform(0.0, 0.25)), rng.uniform(-27, -22))


def _car_passes(rng: np.random.Generator, n: int) -> Wave:
    """A car that goes by: tyre noise that swells, brightens and sinks, over its engine and a little of its wind."""
    t = seconds(n)
    at, width = rng.uniform(-0.5, n / RATE_HZ + 0.5), rng.uniform(0.5, 1.6)
    near = 1 / (1 + ((t - at) / width) ** 2)
    gear = np.clip(0.35 + 0.3 * rng.random() - 0.05 * np.tanh((t - at) / width), 0, 1)
    engine = burning(rng, n, gear, CAR if rng.random() < 0.75 else TRUCK)
    tyres = band(350, 1300, rng.normal(size=n), 2) * near + 0.15 * band(1200, 5000, rng.normal(size=n), 1) * near**2
    return np.asarray(engine * near**1.3 + rng.uniform(0.4, 1.2) * tyres / tyres.std())


def city_traffic(rng: np.random.Generator, n: int) -> Wave:
    """A street: a carpet of far traffic, cars that pass, now and then a horn, a truck's low rumble."""
    wave = at_rms(steep(rng, n, -5.0, 50, 1500), rng.uniform(-20, -12))
    for _ in range(int(rng.integers(2, 5))):
        wave += _car_passes(rng, n) * rng.uniform(0.15, 0.8)
    if rng.random() < 0.35:
        length = int(rng.uniform(0.2, 0.8) * RATE_HZ)
        low = rng.uniform(330, 440)
        horn = sum(periodic(turns(np.full(length, hz)), np.arange(1, 14) ** -0.6) for hz in (low, low * 1.25))
        piece = np.asarray(horn) * swell(length / RATE_HZ + 1e-3, 0.03)[:length]
        add_at(wave, rng.uniform(0, n / RATE_HZ), at_peak(piece, rng.uniform(0.2, 0.8)))
    return at_rms(room(rng, wave, rng.uniform(0.4, 1.2), 0.3), rng.uniform(-30, -24))


def industrial(rng: np.random.Generator, n: int) -> Wave:
    """A workshop: motors that run, a press that falls in time, valves that let off air, steel that clanks."""
    wave = at_rms(machine_hum(rng, n), -14) + at_rms(steep(rng, n, -3.5, 80, 6000), -18)
    press = tones(rng.uniform(60, 400, 4), rng.uniform(0.4, 1, 4), rng.uniform(0.08, 0.25, 4), 0.3)
    at = np.arange(rng.random(), n / RATE_HZ, rng.uniform(0.35, 1.4)) * RATE_HZ
    wave += repeated(n, at, rng.uniform(0.7, 1, len(at)), at_peak(press, rng.uniform(0.3, 0.9)))
    hiss = band(1500, 9000, rng.normal(size=int(0.4 * RATE_HZ)), 1) * decay(0.4, 0.4)
    for time in by_chance(rng, n, 0.4) / RATE_HZ:
        add_at(wave, float(time), at_peak(hiss, rng.uniform(0.1, 0.5)))
    wave += _clinks(rng, n, rng.uniform(0.5, 3), (300, 2200), (0.15, 0.8)) * rng.uniform(0.2, 0.7)
    return at_rms(room(rng, wave, rng.uniform(0.8, 2.0), 0.6), rng.uniform(-29, -24))


def children_playing(rng: np.random.Generator, n: int) -> Wave:
    """A playground: a murmur of short throats, shrieks that leap up, running feet, a ball; nothing that is said."""
    high = rng.uniform(1.35, 1.6)
    said = murmur(rng, int(n * high) + 2, 30)
    wave = at_rms(np.interp(np.arange(n) * high, np.arange(len(said)), said), -30)
    shrieks = np.zeros(n)
    for time in by_chance(rng, n, rng.uniform(0.6, 1.6)) / RATE_HZ:
        lasts = rng.uniform(0.25, 0.9)
        shape = swell(lasts, rng.uniform(0.2, 0.5) * lasts)
        bend = np.interp(np.linspace(0, 1, len(shape)), (0, 0.3, 0.8, 1), (0.7, 1.0, 1.05, 0.75))
        hz = log_uniform(rng, (450, 1100)) * bend * (1 + 0.015 * modulation(rng, len(shape), 4, 25))
        cry = periodic(turns(hz), np.arange(1, 10) ** -0.7) + 0.15 * rng.normal(size=len(shape))
        add_at(shrieks, float(time), resonances(cry * shape, [1000.0, 1900.0], [350.0, 500.0], [1.0, 0.8]))
    feet = np.cumsum(rng.gamma(9.0, 0.25 / 9, 60)) * RATE_HZ
    steps = band(150, 1500, bursts(rng, n, feet, rng.uniform(0.3, 1.0, len(feet)), 0.05), 1)
    wave += (
        at_rms(shrieks, rng.uniform(-32, -26))
        + at_rms(steps, rng.uniform(-44, -36))
        + at_rms(_knocks(rng, n, 0.8), -44)
    )
    street = steep(rng, n, -4.5, 80, 4000)
    return at_rms(room(rng, wave, rng.uniform(0.4, 1.0), 0.3) + at_rms(street, -46), rng.uniform(-33, -28))
