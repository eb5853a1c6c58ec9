"""What calls for attention: telephones, bells, beeps, horns, whistles and sirens."""

from __future__ import annotations

import numpy as np

from vssflow_dit.synthesis.waves import (
    RATE_HZ,
    Strikes,
    Wave,
    add_at,
    at_peak,
    at_rms,
    band,
    decay,
    log_uniform,
    modulation,
    periodic,
    resonances,
    room,
    seconds,
    steep,
    tones,
    turns,
)


def _gate(n: int, edge_s: float = 0.008) -> Wave:
    """1 with soft ends."""
    edge = max(1, int(edge_s * RATE_HZ))
    k = np.arange(n)
    return np.clip(np.minimum(k + 1, n - k) / edge, 0, 1)


def _gongs(rng: np.random.Generator, lasts_s: float) -> Wave:
    """A telephone of old: a clapper that goes to and fro between two brass gongs, 20 to 26 blows a second."""
    wave = np.zeros(int((lasts_s + 0.6) * RATE_HZ))
    pitch, rate = log_uniform(rng, (900, 1900)), rng.uniform(20, 26)
    for side in (1.0, rng.uniform(1.12, 1.28)):
        modes = pitch * side * np.array([1.0, 2.55, 4.3, 5.1]) * rng.uniform(0.99, 1.01, 4)
        gong = tones(modes, np.array([1.0, 0.8, 0.45, 0.3]), np.array([0.7, 0.5, 0.35, 0.3]), 0.6)
        for k in range(int(lasts_s * rate / 2)):
            add_at(wave, (2 * k + (side > 1)) / rate + rng.normal(0, 0.001), gong * rng.uniform(0.75, 1.0))
    return wave


def _trill(rng: np.random.Generator, lasts_s: float) -> Wave:
    """A telephone of plastic: two tones that take turns, through a small sounder."""
    t = seconds(int(lasts_s * RATE_HZ))
    low = log_uniform(rng, (650, 1700))
    hz = np.where((t * rng.uniform(9, 24)) % 1 < 0.5, low, low * rng.choice([1.2, 1.25, 1.33]))
    wave = periodic(turns(hz), np.array([1.0, 0.0, 0.4, 0.0, 0.25, 0.0, 0.12])[: int(9000 / low)])
    return np.asarray(wave * _gate(len(t)))


def _melody(rng: np.random.Generator, lasts_s: float) -> Wave:
    """A mobile: a few notes of a chord, quickly, each with its overtones."""
    wave = np.zeros(int((lasts_s + 0.3) * RATE_HZ))
    low, beat = log_uniform(rng, (520, 1050)), rng.uniform(0.09, 0.17)
    steps = rng.choice([0, 4, 7, 12, 16, 9], int(rng.integers(4, 9)))
    overtones = np.array([1.0, 0.35, 0.2, 0.08])
    for k in range(int(lasts_s / beat)):
        hz = low * 2 ** (steps[k % len(steps)] / 12)
        note = tones(hz * np.arange(1, 5), overtones, np.array([0.5, 0.35, 0.25, 0.2]), min(0.3, 2 * beat))
        add_at(wave, k * beat, note)
    return wave


def telephone(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """A telephone: each call is one ring of its cadence, or two short ones, by gongs, a trill or a melody."""
    sounder = (_gongs, _gongs, _trill, _trill, _melody)[rng.integers(5)]
    twice, lasts = rng.random() < 0.4, rng.uniform(0.8, 1.6)
    ring = at_peak(sounder(rng, 0.4 if twice else lasts), 1.0)
    wave = np.zeros(n)
    for time, strength in strikes:
        for later in (0.0, 0.6) if twice else (0.0,):
            add_at(wave, time + later, ring * strength**0.5)
    return room(rng, wave, rng.uniform(0.2, 0.6), rng.uniform(0.1, 0.4)) * rng.uniform(0.25, 0.5)


def beep(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """A machine that beeps: a tone, or a square wave, once or a few times in a row."""
    hz, many = log_uniform(rng, (700, 3200)), int(rng.integers(1, 5))
    lasts = rng.uniform(0.06, 0.3)
    length = int(lasts * RATE_HZ)
    gains = np.array([1.0, 0.0, 0.33 * rng.integers(0, 2), 0.0, 0.2 * rng.integers(0, 2)])[: max(1, int(10_000 / hz))]
    one = at_peak(periodic(turns(np.full(length, hz)), gains) * _gate(length, 0.004), 1.0)
    wave = np.zeros(n)
    for time, strength in strikes:
        for k in range(many):
            add_at(wave, time + 2 * k * lasts, one * strength**0.5)
    return room(rng, wave, rng.uniform(0.15, 0.4), rng.uniform(0.05, 0.3)) * rng.uniform(0.2, 0.4)


BELL = np.array([0.5, 1.0, 1.19, 1.5, 2.0, 2.51, 2.66, 3.01, 4.17, 5.43, 6.8])
"""Partials of a tuned bell: hum, prime, tierce, quint, nominal and those above."""
BELL_GAINS = np.array([0.2, 0.6, 0.8, 0.3, 1.0, 0.5, 0.45, 0.6, 0.4, 0.25, 0.15])
BELL_DIES = np.array([1.0, 0.55, 0.5, 0.3, 0.28, 0.2, 0.18, 0.16, 0.1, 0.07, 0.05])


def bell(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """A bell that rings for seconds: hum and prime outlast the bright nominal that the clapper brings out."""
    low = log_uniform(rng, (360, 1050))
    partials = low * BELL * rng.uniform(0.992, 1.008, len(BELL))
    upper = low * 2.0 * np.exp(rng.uniform(0.3, 2.2, 8))  # those of a bell's lip, without order
    dies = rng.uniform(8.0, 16.0) * BELL_DIES
    gains = BELL_GAINS * rng.uniform(0.6, 1.3, len(BELL)) * BELL ** rng.uniform(0.0, 0.3)
    lasts = 6.5
    ring = tones(partials, gains, dies, lasts) + tones(upper, rng.uniform(0.1, 0.5, 8), rng.uniform(0.3, 1.2, 8), lasts)
    # No bell is quite round: one or two of its partials are pairs that beat slowly.
    twin = rng.choice(len(BELL), 2, replace=False)
    ring += tones(partials[twin] + rng.uniform(0.3, 1.2, 2), 0.5 * gains[twin], dies[twin], lasts)
    hit = at_peak(ring, 1.0)
    clapper = band(1500, 9000, rng.normal(size=720)) * decay(0.04, 0.02)[:720]
    hit[:720] += at_peak(clapper, rng.uniform(0.2, 0.5))
    wave = np.zeros(n)
    for time, strength in strikes:
        add_at(wave, time, hit * strength**1.5)
    wave = room(rng, wave, rng.uniform(1.5, 4.0), rng.uniform(0.2, 0.5))
    return at_peak(wave, rng.uniform(0.25, 0.5) * max((s for _, s in strikes), default=0.0))


def car_horn(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """Two steel diaphragms about a third apart that buzz against their stop, so that all their harmonics are strong."""
    low = log_uniform(rng, (300, 440))
    pair = (low, low * rng.choice([1.2, 1.25, 1.26])) if rng.random() < 0.8 else (low,)
    lasts, again = rng.uniform(0.25, 1.1), rng.random() < 0.35
    length = int(lasts * RATE_HZ)
    harmonics = np.arange(1, 24)
    horn = np.zeros(length)
    for hz in pair:
        drift = hz * (1 - 0.03 * np.exp(-seconds(length) / 0.03))
        horn += periodic(turns(drift), harmonics**-0.5 * rng.uniform(0.5, 1, 23))
    horn = resonances(horn, [1100.0, 2300.0, 3400.0], [900.0, 1200.0, 1800.0], [1.0, 0.9, 0.5]) * _gate(length, 0.02)
    wave = np.zeros(n)
    for time, strength in strikes:
        add_at(wave, time, at_peak(horn, strength))
        if again:
            add_at(wave, time + lasts + 0.12, at_peak(horn, strength))
    return room(rng, wave, rng.uniform(0.3, 1.2), rng.uniform(0.1, 0.35)) * rng.uniform(0.3, 0.6)


def whistle(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """A referee's whistle, whose pea makes it trill, or one without: a tone and the breath that makes it."""
    hz, pea = log_uniform(rng, (2000, 3600)), rng.random() < 0.6
    lasts = rng.uniform(0.25, 0.9)
    wave = np.zeros(n)
    for time, strength in strikes:
        length = int(lasts * rng.uniform(0.7, 1.2) * RATE_HZ)
        t = seconds(length)
        trill = np.sin(2 * np.pi * turns(rng.uniform(28, 40) * (1 + 0.05 * modulation(rng, length, 2, 9)))) * pea
        tone = np.sin(2 * np.pi * turns(hz * (1 + 0.03 * trill - 0.06 * np.exp(-t / 0.02)))) * (1 + 0.5 * trill)
        breath = band(hz * 0.6, min(hz * 2.2, 11_000), rng.normal(size=length))
        add_at(wave, time, (at_peak(tone, 1.0) + at_peak(breath, 0.15)) * _gate(length, 0.015) * strength)
    return room(rng, wave, rng.uniform(0.3, 1.0), rng.uniform(0.1, 0.4)) * rng.uniform(0.25, 0.45)


def _wail(rng: np.random.Generator, t: Wave) -> Wave:
    """Up and down between two pitches: slow (a wail) or several times a second (a yelp)."""
    rate = rng.uniform(0.15, 0.45) if rng.random() < 0.6 else rng.uniform(2.2, 4.0)
    turn = (t * rate + rng.random()) % 1.0
    rises = rng.uniform(0.35, 0.65)
    bow = np.where(turn < rises, turn / rises, (1 - turn) / (1 - rises))
    return np.asarray(rng.uniform(480, 720) * rng.uniform(1.9, 2.6) ** np.sin(np.pi / 2 * bow))


def _two_tone(rng: np.random.Generator, t: Wave) -> Wave:
    """Two pitches a fourth apart that take turns, as on the roads of Europe."""
    low = rng.uniform(360, 480)
    high = low * rng.choice([1.33, 1.335, 1.25])
    return np.where((t / rng.uniform(0.9, 1.6) + rng.random()) % 1.0 < 0.5, low, high)


def _civil(rng: np.random.Generator, t: Wave) -> Wave:
    """A rotor of many holes that winds up and runs down."""
    period = rng.uniform(6, 12)
    return np.asarray(
        rng.uniform(180, 240)
        + rng.uniform(180, 300) * (0.5 - 0.5 * np.cos(2 * np.pi * (t / period + rng.random()))) ** 0.6
    )


def siren(rng: np.random.Generator, n: int) -> Wave:
    """A siren on a vehicle or a roof: its pitch wails, yelps, or takes turns; a horn, and the street's echo."""
    t = seconds(n)
    pitch = (_wail, _wail, _two_tone, _civil)[rng.integers(4)](rng, t)
    # The vehicle drives: a few per cent of Doppler, and it comes and goes.
    near = np.exp(0.25 * modulation(rng, n, 0.05, 0.3))
    pitch = pitch * (1 + rng.uniform(-0.03, 0.03) * t / 6)
    harmonics = np.arange(1, 13)
    source = periodic(turns(pitch), harmonics ** -rng.uniform(0.7, 1.3))
    horn = resonances(source, [750.0, 1500.0, 2900.0], [700.0, 900.0, 1500.0], [1.0, 0.9, 0.5]) * near
    wave = room(rng, horn, rng.uniform(0.5, 1.5), rng.uniform(0.2, 0.6))
    street = at_rms(steep(rng, n, -4.0, 60, 4000), rng.uniform(-58, -48))
    return at_rms(wave, rng.uniform(-26, -21)) + street
