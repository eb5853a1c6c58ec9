"""Steps and impacts on loose ground: gravel, grass and snow sound of many small grains, water of splash and bubbles."""

from __future__ import annotations

import numpy as np

from vssflow_dit.synthesis.waves import (
    RATE_HZ,
    Strikes,
    Wave,
    add_at,
    at_peak,
    band,
    bursts,
    decay,
    grains,
    log_uniform,
    resonances,
    scattered,
    seconds,
    swell,
)


def _weight(rng: np.random.Generator, low_hz: float) -> Wave:
    """The dull thump of what lands."""
    thump = band(0.7 * low_hz, 2.5 * low_hz, rng.normal(size=int(0.12 * RATE_HZ)))
    return at_peak(thump * swell(0.12, 0.012), 1.0)


def _levelled(wave: Wave, strikes: Strikes, peak: float) -> Wave:
    """The hardest strike at `peak` times its strength; a clip without strikes stays silent."""
    hardest = max((strength for _, strength in strikes), default=0.0)
    return at_peak(wave, peak * hardest) if hardest else wave


def gravel(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """Stones that grind and click against each other: heel, then ball of the foot, and stones that settle."""
    times, gains, thumps = [np.zeros(0)], [np.zeros(0)], np.zeros(n)
    size, low = rng.uniform(0.7, 1.5), rng.uniform(90, 180)
    for time, strength in strikes:
        lasts = rng.uniform(0.16, 0.32)
        for start, share in ((0.0, 1.0), (lasts * rng.uniform(0.35, 0.6), rng.uniform(0.4, 0.9))):
            when, loud = scattered(rng, int(rng.uniform(60, 160) * share), lasts, 0.03)
            times.append(time + start + np.append(when, 0.0))
            gains.append(np.append(loud, 1.0) * share * strength)
        add_at(thumps, time, at_peak(band(low, 3 * low, rng.normal(size=2400)) * swell(0.1, 0.008), strength))
    at, loud = np.concatenate(times) * RATE_HZ, np.concatenate(gains)
    wave = np.zeros(n)
    for k in range(3):  # large stones are lower and click longer
        mine = rng.random(len(at)) < 0.6
        clicks = bursts(rng, n, at[mine], loud[mine], (0.02, 0.01, 0.006)[k] * size)
        hz = np.array([1500.0, 2600.0, 4800.0]) / size * (0.7, 1.0, 1.4)[k] * rng.uniform(0.85, 1.15, 3)
        wave += resonances(clicks, hz, 0.5 * hz, [1.0, 0.8, 0.5])
    return _levelled(at_peak(wave, 1.0) + rng.uniform(0.1, 0.4) * thumps, strikes, rng.uniform(0.3, 0.6))


def grass(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """Blades brushed aside: soft high noise that swells and goes, and a muffled foot."""
    wave, low = np.zeros(n), rng.uniform(60, 110)
    bottom, top = rng.uniform(1800, 2800), rng.uniform(7500, 11_000)
    times, gains = [np.zeros(0)], [np.zeros(0)]
    for time, strength in strikes:
        lasts = rng.uniform(0.16, 0.3)
        envelope = swell(lasts, rng.uniform(0.02, 0.05))
        brush = band(bottom, top, rng.normal(size=len(envelope))) * envelope
        add_at(wave, time, at_peak(brush, strength))
        add_at(wave, time, _weight(rng, low) * 0.4 * strength)
        when, loud = scattered(rng, 25, lasts, 0.04)
        times.append(time + when)
        gains.append(loud * strength)
    blades = band(2000, 10_000, bursts(rng, n, np.concatenate(times) * RATE_HZ, np.concatenate(gains), 0.005), 1)
    return _levelled(wave + 0.25 * blades, strikes, rng.uniform(0.15, 0.3))


def snow(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """Crystals pressed until they give: a creak of quick small breaks in the middle of the spectrum."""
    wave, pace = np.zeros(n), rng.uniform(70, 150)
    centre = log_uniform(rng, (600, 1100))
    for time, strength in strikes:
        lasts = rng.uniform(0.22, 0.36)
        t = seconds(int(lasts * RATE_HZ))
        # Breaks come at a pace that quickens under the weight, each with a strength of its own.
        when = np.cumsum(rng.gamma(3.0, 1 / (3.0 * pace), 80)) * rng.uniform(0.85, 1.0)
        when = when[when < lasts]
        envelope = swell(lasts, lasts * rng.uniform(0.25, 0.4))
        loud = rng.lognormal(-0.5, 0.5, len(when)) * np.interp(when * RATE_HZ, np.arange(len(envelope)), envelope)
        creak = grains(rng, len(t), when, loud, (centre * 0.8, centre * 1.8), (0.015, 0.035))
        press = band(centre * 0.6, centre * 2.4, rng.normal(size=len(t))) * envelope
        add_at(wave, time, (at_peak(creak, 1.0) + at_peak(press, 0.5)) * strength)
    return _levelled(wave, strikes, rng.uniform(0.2, 0.4))


def bubbles(rng: np.random.Generator, n_bubbles: int, lasts_s: float, low_hz: float, high_hz: float) -> Wave:
    """Bubbles that rise: each rings at the pitch of its size, a little higher as it nears the surface."""
    wave = np.zeros(int((lasts_s + 0.12) * RATE_HZ))
    for _ in range(n_bubbles):
        pitch = log_uniform(rng, (low_hz, high_hz))
        dies = min(0.12, 35.0 / pitch)
        t = seconds(int(dies * RATE_HZ))
        tone = np.sin(2 * np.pi * pitch * t * (1 + rng.uniform(0.5, 3.0) * t)) * np.exp(-5 * t / dies)
        add_at(wave, rng.triangular(0, 0.25, 1.0) * lasts_s, tone * np.minimum(1, t * 1500) * rng.lognormal(-0.7, 0.6))
    return wave


def splash(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """A splash: the slap on the surface, spray, and the bubbles that follow."""
    wave, deep = np.zeros(n), rng.uniform(250, 500)
    for time, strength in strikes:
        lasts = rng.uniform(0.25, 0.5) * (0.6 + 0.4 * strength)
        slap = band(300, 8000, rng.normal(size=int(0.1 * RATE_HZ))) * swell(0.1, 0.006)
        spray = (
            band(1500, 10_500, rng.normal(size=int(lasts * RATE_HZ))) * swell(lasts, 0.04) * decay(lasts, 1.5 * lasts)
        )
        gurgle = bubbles(rng, int(rng.uniform(12, 26)), lasts, deep, 5 * deep)
        add_at(wave, time, at_peak(slap, 0.8 * strength))
        add_at(wave, time, at_peak(spray, 0.35 * strength))
        add_at(wave, time + 0.02, at_peak(gurgle, 0.8 * strength))
    return _levelled(wave, strikes, rng.uniform(0.3, 0.6))
