"""What rolls on rails and roads and what flies: joints of the track, ticking hubs, rotors, jets."""

from __future__ import annotations

import numpy as np

from vssflow_dit.synthesis.waves import (
    RATE_HZ,
    Wave,
    at_peak,
    at_rms,
    band,
    decay,
    following,
    grains,
    log_uniform,
    modulation,
    passed,
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


def train(rng: np.random.Generator, n: int, speed: Wave) -> Wave:
    """Bogies over rail joints, two axles each, on a rumble of steel; now and then a flange that squeals, and a horn."""
    metres = np.cumsum(speed * rng.uniform(10, 22)) / RATE_HZ
    rail, wheelbase = rng.uniform(9, 16), rng.uniform(1.9, 2.6)
    at = np.concatenate([passed(metres, rail, offset / rail) for offset in (0.0, wheelbase)])
    hard = rng.lognormal(0, 0.2, len(at)) * speed[at] ** 0.8
    wave = sum(repeated(n, at[k::3], hard[k::3], _joint(rng)) for k in range(3)) * rng.uniform(0.25, 0.6)
    rumble = steep(rng, n, -5.0, 50, 3000) * (1 + 0.3 * modulation(rng, n, 2, 12)).clip(0.2, 3)
    steel = resonances(rng.normal(size=n), *_steel(rng)) * (1 + 0.4 * modulation(rng, n, 1, 8)).clip(0.1, 3)
    wave += (0.16 * rumble + rng.uniform(0.05, 0.14) * steel / steel.std()) * speed
    if rng.random() < 0.35:
        hz = rng.uniform(1800, 4200)
        squeal = periodic(
            turns(hz * (1 + 0.01 * modulation(rng, n, 2, 12))), np.array([1.0, 0.3, 0.15])[: int(10_000 / hz)]
        )
        wave += 0.06 * squeal * np.maximum(0, modulation(rng, n, 0.2, 0.8)) * speed
    if rng.random() < 0.35:
        wave += 0.35 * _train_horn(rng, n) * (0.3 + 0.7 * speed)
    return following(room(rng, wave, rng.uniform(0.3, 0.9), rng.uniform(0.2, 0.4)), speed, rng.uniform(-25, -20))


def _joint(rng: np.random.Generator) -> Wave:
    """A wheel that falls across the gap between two rails: a thump of the track and a clack of steel, of peak 1."""
    n = int(0.18 * RATE_HZ)
    burst = rng.normal(size=n) * decay(0.18, 0.05)[:n]
    clack = resonances(burst, rng.uniform(300, 2600, 6), rng.uniform(60, 400, 6), rng.uniform(0.3, 1.0, 6))
    thump = tones(rng.uniform(55, 190, 3), np.array([1.0, 0.8, 0.5]), np.array([0.16, 0.12, 0.1]), 0.18)
    return at_peak(at_peak(clack, 1.0) + 0.9 * at_peak(thump, 1.0), 1.0)


def _steel(rng: np.random.Generator) -> tuple[Wave, Wave, Wave]:
    """Centres, widths and gains of the resonances of wheels that roll on a rail."""
    hz = np.array([450.0, 900.0, 1500.0, 2300.0]) * rng.uniform(0.85, 1.2, 4)
    return hz, 0.35 * hz, np.array([1.0, 1.2, 0.8, 0.5])


def _train_horn(rng: np.random.Generator, n: int) -> Wave:
    """A chord of air horns blown once."""
    lasts = min(rng.uniform(0.8, 2.2), n / RATE_HZ)
    length = int(lasts * RATE_HZ)
    root = rng.uniform(250, 330)
    chord = np.zeros(length)
    for ratio in rng.choice([(1.0, 1.19, 1.33, 1.59), (1.0, 1.26, 1.5, 1.0), (1.0, 1.33, 1.0, 1.33)]):
        hz = root * ratio * (1 - 0.04 * np.exp(-seconds(length) / 0.08))
        chord += periodic(turns(hz) + rng.random(), np.arange(1, 20) ** -0.8)
    wave = np.zeros(n)
    at = rng.integers(0, max(1, n - length))
    wave[at : at + length] = at_peak(chord * swell(lasts, 0.12 * lasts) ** 0.5, 1.0)
    return wave


def cart(rng: np.random.Generator, n: int, speed: Wave) -> Wave:
    """A cart or a trolley: a hollow rumble that grows with speed, stones under the rims, a body that rattles."""
    rough = (1 + 0.5 * modulation(rng, n, 3, 14)).clip(0.1, 3)
    rumble = steep(rng, n, -4.0, 60, 4000) * rough
    way = np.cumsum(speed) / RATE_HZ
    bumps = np.concatenate([passed(way, rng.uniform(0.05, 0.12), k / 3) for k in range(3)])
    clatter = grains(
        rng, n, bumps / RATE_HZ, speed[bumps] * rng.lognormal(0, 0.6, len(bumps)), (200, 2400), (0.02, 0.07), 10
    )
    loose = np.flatnonzero(rng.random(n) < speed * rough * 25 / RATE_HZ)
    rattle = grains(
        rng, n, loose / RATE_HZ, speed[loose] * rng.lognormal(-0.5, 0.7, len(loose)), (900, 5500), (0.01, 0.04), 8
    )
    wave = 0.9 * at_rms(rumble * speed, -3) + at_rms(clatter, -8) + at_rms(rattle, rng.uniform(-18, -9))
    return following(wave, speed, rng.uniform(-26, -21))


def bicycle(rng: np.random.Generator, n: int, speed: Wave) -> Wave:
    """A bicycle: a freewheel whose pawls tick over the hub's teeth, a chain, and narrow tyres."""
    wheel = turns(rng.uniform(2.2, 3.2) * speed)
    teeth = int(rng.integers(16, 30))
    pedals = rng.random() < 0.4
    ticks = passed(wheel, 1 / teeth) if not pedals else passed(wheel, 4 / teeth)
    click = at_peak(tones(rng.uniform(2200, 7500, 4), rng.uniform(0.4, 1, 4), rng.uniform(0.004, 0.012, 4), 0.02), 1.0)
    wave = repeated(n, ticks, rng.uniform(0.6, 1.0, len(ticks)) * (0.3 + 0.7 * speed[ticks]), click)
    tyres = steep(rng, n, -3.0, 150, 6000) * speed**1.3 * (1 + 0.3 * modulation(rng, n, 2, 12))
    chain = band(1800, 6500, rng.normal(size=n), 1) * speed * (0.6 + 0.4 * np.sin(2 * np.pi * wheel * 8))
    wave = at_rms(wave, -20) + at_rms(tyres, rng.uniform(-26, -20)) + at_rms(chain, rng.uniform(-38, -28))
    return following(wave * (speed > 0.02), speed, rng.uniform(-32, -26))


def _passing(rng: np.random.Generator, n: int) -> Wave:
    """The pitch of something that flies past: a little high, then low."""
    return np.asarray(1 - rng.uniform(0.0, 0.12) * np.tanh((seconds(n) - rng.uniform(1, 5)) / 1.2))


def _jet(rng: np.random.Generator, n: int, speed: Wave, passing: Wave) -> Wave:
    """Air torn by a jet, and the blades of its fan, whose pitch falls as it passes."""
    roar = steep(rng, n, -rng.uniform(3.5, 5.5), log_uniform(rng, (200, 420)), rng.uniform(3000, 5000))
    fan = log_uniform(rng, (2600, 4600)) * (0.85 + 0.15 * speed) * passing * (1 + 0.001 * modulation(rng, n, 1, 10))
    whine = sum(a * np.sin(2 * np.pi * turns(fan * k)) for k, a in ((1.0, 1.0), (1.013, 0.5), (2.0, 0.4)))
    return np.asarray(roar + rng.uniform(0.1, 0.22) * whine)


def _propeller(rng: np.random.Generator, n: int, speed: Wave, passing: Wave) -> Wave:
    """Blades that cut the air some eighty times a second, the exhaust with them, and air that streams."""
    hz = rng.uniform(60, 130) * (0.8 + 0.2 * speed) * passing * (1 + 0.004 * modulation(rng, n, 0.5, 6))
    blades = periodic(turns(hz), np.exp(-np.arange(1, 25) / rng.uniform(2, 5)) * rng.uniform(0.4, 1, 24))
    blades *= (1 + rng.uniform(0.1, 0.4) * modulation(rng, n, 3, 30)) / blades.std()
    return blades + rng.uniform(0.5, 1.2) * steep(rng, n, -4.0, log_uniform(rng, (120, 400)), 5000)


def aircraft(rng: np.random.Generator, n: int, speed: Wave) -> Wave:
    """A jet, whose roar is noise and whose fan whines, or a propeller, whose blades cut the air at a steady pitch."""
    kind = _jet if rng.random() < 0.8 else _propeller
    load = 0.2 + 0.8 * speed
    wave = kind(rng, n, speed, _passing(rng, n)) * load * (1 + 0.1 * modulation(rng, n, 0.4, 4)).clip(0.3, 2)
    return following(room(rng, wave, rng.uniform(0.6, 1.8), rng.uniform(0.2, 0.7)), load, rng.uniform(-25, -20))


def helicopter(rng: np.random.Generator, n: int, speed: Wave) -> Wave:
    """A rotor whose blades slap the air 10 to 22 times a second, a tail rotor that hums, a turbine that whines."""
    blades = rng.uniform(10, 22)
    cycles = turns(blades * _passing(rng, n) * (1 + 0.01 * modulation(rng, n, 0.2, 2)))
    sharp = rng.uniform(1.0, 4.0)
    beat = np.exp(sharp * (np.cos(2 * np.pi * cycles) - 1))
    thump = periodic(cycles, np.exp(-np.arange(0, 24) / rng.uniform(5, 12)))
    slap = steep(rng, n, -rng.uniform(3.0, 4.5), 60, 3500) * beat
    wash = steep(rng, n, -3.0, 80, 6000)
    tail = periodic(cycles * rng.uniform(4.5, 6.0), np.arange(1, 16) ** -0.7)
    whine = np.sin(2 * np.pi * turns(np.full(n, rng.uniform(1200, 3400)) * (1 + 0.003 * modulation(rng, n, 1, 8))))
    wave = slap / slap.std() + rng.uniform(0.3, 0.8) * thump / thump.std() + rng.uniform(0.2, 0.5) * wash
    wave += rng.uniform(0.1, 0.3) * tail / tail.std() + rng.uniform(0.01, 0.05) * whine
    return following(wave * (0.2 + 0.8 * speed), 0.2 + 0.8 * speed, rng.uniform(-25, -20))


def rowing(rng: np.random.Generator, n: int, speed: Wave) -> Wave:
    """Oars: at each stroke the water is pulled and drips, as strongly as the boat is moved; rowlocks creak."""
    from vssflow_dit.synthesis.physics.ground import bubbles

    pull = speed**1.5 * (1 + 0.4 * modulation(rng, n, 2, 10)).clip(0, 3)
    wave = band(400, 5000, rng.normal(size=n), 1) * pull
    strokes = passed(np.cumsum(speed * 1.4) / RATE_HZ, 1.0)
    gurgles = np.zeros(n)
    for at in strokes:
        piece = bubbles(rng, int(rng.uniform(10, 22)), 0.6, 260, 1500)[: n - at]
        gurgles[at : at + len(piece)] += piece * speed[at]
    lowly = modulation(rng, n, 0.5, 3).clip(0, 3) * band(200, 900, rng.normal(size=n), 1)
    wave = at_rms(wave, -22) + at_rms(gurgles, -20) + at_rms(lowly, -36)
    return following(wave * (0.1 + speed), 0.1 + 0.9 * speed, rng.uniform(-30, -25))


def snow_slide(rng: np.random.Generator, n: int, speed: Wave) -> Wave:
    """Skis or a sledge: crystals scraped by an edge, a hiss that brightens with speed and swings with each turn."""
    carve = (1 + 0.6 * modulation(rng, n, 0.4, 2)).clip(0.1, 3) * (1 + 0.3 * modulation(rng, n, 8, 40)).clip(0.2, 3)
    noise = rng.normal(size=n)
    wave = band(400, 1800, noise, 1) * speed + 0.8 * band(1800, 9000, noise, 1) * speed**1.8
    return following(wave * carve, speed, rng.uniform(-30, -24))


def tyres_skid(rng: np.random.Generator, lasts_s: float) -> Wave:
    """Rubber that sticks and slips: an unsteady tone with harmonics near a kilohertz, in a band of noise."""
    n = int(lasts_s * RATE_HZ)
    hz = log_uniform(rng, (600, 1300)) * (1 + 0.06 * modulation(rng, n, 3, 25)) * np.linspace(1.05, 0.85, n)
    tone = periodic(turns(hz), np.array([1.0, 0.6, 0.4, 0.25, 0.15])) + periodic(
        turns(hz * 1.23), np.array([0.6, 0.3, 0.2])
    )
    noise = band(500, 5000, rng.normal(size=n), 1)
    return at_peak((tone / tone.std() + 0.7 * noise / noise.std()) * swell(lasts_s, 0.1 * lasts_s)[:n] ** 0.6, 1.0)
