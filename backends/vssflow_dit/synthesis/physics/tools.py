"""Tools and appliances: saws, drills, sanders, jackhammers, vacuum cleaners, fans; hammers and knives."""

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
    following,
    log_uniform,
    modulation,
    passed,
    periodic,
    repeated,
    resonances,
    room,
    steep,
    tones,
    turns,
)


def saw(rng: np.random.Generator, n: int, speed: Wave) -> Wave:
    """Teeth that tear wood: rasping noise, pulsed as often as teeth pass, loudest in the middle of each stroke."""
    teeth = turns(rng.uniform(90, 180) * speed)
    rasp = 0.25 + (0.5 + 0.5 * np.cos(2 * np.pi * teeth)) ** 3
    noise = rng.normal(size=n)
    centre = rng.uniform(1400, 2600)
    blade = band(centre * 0.7, centre * 1.5, noise) + 0.6 * band(centre * 1.6, min(centre * 4, 10_000), noise)
    board = band(250, 700, noise)
    wave = (blade + 0.6 * board) * rasp * speed**1.2
    return wave * float(rng.uniform(0.12, 0.22))


def _universal(rng: np.random.Generator, n: int, turns_hz: Wave) -> Wave:
    """A motor with brushes: harmonics of its rotation and of its bars, and the noise of the brushes, of deviation 1."""
    cycles = turns(turns_hz * (1 + 0.003 * modulation(rng, n, 0.3, 4)))
    gains = np.arange(1, 31) ** -0.8 * rng.uniform(0.1, 1.0, 30) ** 2
    gains[int(rng.integers(6, 14))] += 0.5
    hum = periodic(cycles, gains)
    brushes = band(2000, 9000, rng.normal(size=n), 1) * (1 + 0.5 * np.cos(2 * np.pi * cycles * 2))
    return np.asarray(hum / hum.std() + rng.uniform(0.1, 0.4) * brushes / brushes.std())


def _drill(rng: np.random.Generator, n: int, speed: Wave) -> Wave:
    """A motor that spins up and sinks under load, a gear that whines above it, a bit that grinds."""
    loaded = 1 - 0.06 * np.maximum(0, modulation(rng, n, 0.3, 2))
    spin = log_uniform(rng, (300, 700)) * (0.5 + 0.5 * speed) * loaded
    gear = periodic(turns(spin * rng.uniform(2.2, 4.5)), np.array([1.0, 0.5, 0.3])) * (
        1 + 0.2 * modulation(rng, n, 5, 40)
    )
    bite = steep(rng, n, -1.0, 500, 8000) * (1 + 0.4 * modulation(rng, n, 8, 60)).clip(0, 3)
    return np.asarray(
        _universal(rng, n, spin) + rng.uniform(0.2, 0.6) * gear / gear.std() + rng.uniform(0.8, 1.8) * bite
    )


def _grinder(rng: np.random.Generator, n: int, speed: Wave) -> Wave:
    """A disc on steel or wood: a high motor and a wide bright rasp that presses on and lets go."""
    spin = log_uniform(rng, (250, 600)) * (0.6 + 0.4 * speed)
    press = (1 + 0.5 * modulation(rng, n, 0.4, 3)).clip(0.2, 3)
    centre = rng.uniform(1500, 3500)
    rasp = band(centre * 0.5, min(centre * 2.5, 10_500), rng.normal(size=n), 1) * press
    rasp *= 1 + 0.3 * modulation(rng, n, 20, 120)
    return np.asarray(0.7 * _universal(rng, n, spin) + rng.uniform(1.0, 2.0) * rasp / rasp.std())


def _circular(rng: np.random.Generator, n: int, speed: Wave) -> Wave:
    """A round blade that sings at the pitch of its teeth, lower while it cuts."""
    cuts = (0.5 + 0.5 * np.tanh(2 * modulation(rng, n, 0.2, 0.8))).clip(0, 1)
    hz = rng.uniform(900, 1900) * (0.7 + 0.3 * speed) * (1 - 0.15 * cuts)
    sing = periodic(turns(hz * (1 + 0.004 * modulation(rng, n, 4, 30))), np.array([1.0, 0.7, 0.45, 0.3, 0.15]))
    tear = band(800, 9000, rng.normal(size=n), 1) * (0.3 + cuts)
    return np.asarray(
        _universal(rng, n, hz / 4) * 0.6
        + 0.5 * sing / sing.std() * (0.4 + cuts)
        + rng.uniform(1.0, 2.0) * tear / tear.std()
    )


def _jackhammer(rng: np.random.Generator, n: int, speed: Wave) -> Wave:
    """A chisel struck 14 to 26 times a second on stone: a clack of steel, a thump of the ground, air let out."""
    at = passed(turns(rng.uniform(14, 26) * (0.75 + 0.25 * speed)), 1.0)
    hard = rng.uniform(0.6, 1.1, len(at))
    clack = bursts(rng, n, at, hard, 0.03)
    steel = resonances(clack, rng.uniform(600, 4500, 6), rng.uniform(150, 700, 6), rng.uniform(0.4, 1, 6))
    ground = band(80, 400, bursts(rng, n, at, hard, 0.06), 1)
    air = steep(rng, n, -1.0, 300, 7000) * (1 + 0.3 * modulation(rng, n, 2, 10))
    whole = steel / (steel.std() + 1e-9) + 0.5 * ground / (ground.std() + 1e-9)
    return np.asarray(whole + 0.5 * band(1000, 9000, clack, 1) / (clack.std() + 1e-9) + 0.15 * air)


def _chainsaw(rng: np.random.Generator, n: int, speed: Wave) -> Wave:
    """A small two-stroke that howls when it is given gas, and the chain that tears wood."""
    firing = rng.uniform(80, 110) * (1 + rng.uniform(0.6, 1.0) * speed) * (1 + 0.03 * modulation(rng, n, 4, 25))
    strokes = periodic(turns(firing), np.arange(1, 60) ** -0.3 * rng.uniform(0.4, 1, 59))
    gas = strokes / strokes.std() * (1 + 0.3 * modulation(rng, n, 10, 90)) + 0.5 * rng.normal(size=n)
    pipe = resonances(
        gas,
        rng.uniform(0.85, 1.2, 4) * [350.0, 900.0, 1800.0, 3400.0],
        [250.0, 500.0, 900.0, 1500.0],
        [0.7, 1.0, 1.0, 0.8],
    )
    chain = band(1000, 8000, rng.normal(size=n), 1) * (0.2 + speed) * (1 + 0.4 * modulation(rng, n, 10, 60)).clip(0, 3)
    return np.asarray(np.tanh(1.5 * pipe / pipe.std()) + rng.uniform(0.3, 0.8) * chain / (chain.std() + 1e-9))


POWER_TOOLS = (_drill, _drill, _grinder, _circular, _jackhammer, _chainsaw)


def power_tool(rng: np.random.Generator, n: int, speed: Wave) -> Wave:
    """One of the tools with a motor, whose noise and pitch rise with speed, in a workshop or a yard."""
    tool = POWER_TOOLS[rng.integers(len(POWER_TOOLS))](rng, n, speed) * (0.15 + 0.85 * speed)
    return following(
        room(rng, tool, rng.uniform(0.15, 0.7), rng.uniform(0.1, 0.3)), 0.15 + 0.85 * speed, rng.uniform(-24, -19)
    )


def _blown(rng: np.random.Generator, n: int, speed: Wave) -> Wave:
    """A vacuum cleaner, a hair dryer or a blender: much air, and a motor whose first harmonics stand out of it."""
    spin = log_uniform(rng, (180, 850)) * (0.9 + 0.1 * speed)
    air = steep(rng, n, -rng.uniform(0.5, 3.0), log_uniform(rng, (250, 600)), rng.uniform(5000, 10_000))
    hum = periodic(
        turns(spin * (1 + 0.003 * modulation(rng, n, 0.3, 4))), np.exp(-np.arange(1, 13) / rng.uniform(1, 4))
    )
    wave = air + rng.uniform(0.3, 0.9) * hum / hum.std() + 0.2 * _universal(rng, n, spin)
    if rng.random() < 0.25:  # a blender: what is thrown about inside
        chops = steep(rng, n, -2.0, 300, 6000) * (1 + 0.4 * modulation(rng, n, 8, 25)).clip(0.2, 2.5)
        wave += chops / chops.std()
    return np.asarray(wave)


def _fanned(rng: np.random.Generator, n: int, speed: Wave) -> Wave:
    """A fan: blades that beat the air, and the small motor behind them."""
    blades = rng.uniform(50, 120) * (0.7 + 0.3 * speed)
    beat = periodic(turns(blades), np.arange(1, 8) ** -1.0)
    air = steep(rng, n, -rng.uniform(2.0, 4.0), 150, 6000) * (1 + 0.12 * np.sin(2 * np.pi * turns(blades / 4)))
    return np.asarray(air + rng.uniform(0.3, 0.7) * beat / beat.std() + 0.2 * _universal(rng, n, blades * 2.5))


def household_motor(rng: np.random.Generator, n: int, speed: Wave) -> Wave:
    """A vacuum cleaner, a hair dryer, a blender or a fan: a motor, and the air or the food that it moves."""
    kind = _fanned if rng.random() < 0.25 else _blown
    load = 0.45 + 0.55 * speed
    wave = room(rng, kind(rng, n, speed) * load, rng.uniform(0.2, 0.5), rng.uniform(0.1, 0.5))
    return following(wave, load, rng.uniform(-26, -21))


def small_machine(rng: np.random.Generator, n: int, speed: Wave) -> Wave:
    """A sewing machine or a printer: a mechanism that goes to and fro many times a second over a small motor."""
    cycles = turns(rng.uniform(7, 18) * (0.3 + 0.7 * speed))
    wave = np.zeros(n)
    length = int(0.05 * RATE_HZ)
    for when in rng.uniform(0, 1, int(rng.integers(2, 4))):
        burst = rng.normal(size=length) * decay(0.05, rng.uniform(0.015, 0.04))[:length]
        click = at_peak(
            resonances(burst, rng.uniform(300, 5000, 5), rng.uniform(100, 600, 5), rng.uniform(0.3, 1, 5)), 1.0
        )
        at = passed(cycles, 1.0, when)
        wave += repeated(n, at, rng.uniform(0.8, 1.0, len(at)) * rng.uniform(0.4, 1), click)
    motor = _universal(rng, n, rng.uniform(60, 140) * (0.4 + 0.6 * speed))
    wave = (wave / (wave.std() + 1e-9) + rng.uniform(0.15, 0.4) * motor) * (0.2 + 0.8 * speed)
    return following(room(rng, wave, 0.3, 0.2), 0.2 + 0.8 * speed, rng.uniform(-29, -24))


def insects_buzz(rng: np.random.Generator, n: int, speed: Wave) -> Wave:
    """Wings that beat 150 to 600 times a second: a sharp periodic wave that wavers as the insect comes and goes."""
    wave = np.zeros(n)
    for far in rng.uniform(0.2, 1.0, int(rng.integers(1, 4))):
        beats = log_uniform(rng, (140, 260) if rng.random() < 0.7 else (350, 650))
        hz = beats * (1 + 0.05 * modulation(rng, n, 0.5, 5) + 0.02 * modulation(rng, n, 8, 30) + 0.12 * speed)
        wings = periodic(turns(hz), np.arange(1, 18) ** -0.6 * rng.uniform(0.3, 1, 17))
        wave += far * wings / wings.std() * np.exp(0.6 * modulation(rng, n, 0.3, 3))
    wave = wave * (0.15 + speed) * (1 + 0.2 * modulation(rng, n, 15, 60))
    return following(wave, 0.15 + 0.85 * speed, rng.uniform(-32, -26))


def hammer(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """A hammer on a nail in wood, or on an anvil: a hard click, short ringing steel, and the wood that knocks."""
    anvil = rng.random() < 0.35
    steel_hz = log_uniform(rng, (900, 2400)) * np.array([1.0, 1.42, 2.09, 2.8, 3.9])
    dies = rng.uniform(0.25, 0.7, 5) if anvil else rng.uniform(0.012, 0.04, 5)
    wood_hz = log_uniform(rng, (140, 330)) * np.array([1.0, 1.8, 2.9, 4.4])
    wave = np.zeros(n)
    for k, (time, strength) in enumerate(strikes):
        # A nail that goes in sounds higher at every blow.
        higher = 1.0 if anvil else 1 + 0.03 * k
        steel = at_peak(tones(steel_hz * higher, rng.uniform(0.4, 1, 5), dies, 0.7), 1.0)
        wood = at_peak(tones(wood_hz, np.array([1.0, 0.8, 0.5, 0.3]), rng.uniform(0.06, 0.12, 4), 0.2), 1.0)
        click = band(1200, 10_500, rng.normal(size=360)) * decay(0.02, 0.008)[:360]
        add_at(wave, time, steel * (0.9 if anvil else 0.4) * strength)
        add_at(wave, time, wood * (0.3 if anvil else 0.9) * strength)
        add_at(wave, time, at_peak(click, 0.8 * strength))
    return at_peak(
        room(rng, wave, rng.uniform(0.2, 0.8), rng.uniform(0.15, 0.4)),
        rng.uniform(0.4, 0.7) * max((s for _, s in strikes), default=0.0),
    )


def chop(rng: np.random.Generator, n: int, strikes: Strikes) -> Wave:
    """A knife through food on a board, or an axe in a log: a bite of noise and the board that knocks."""
    axe = rng.random() < 0.4
    board = log_uniform(rng, (110, 220) if axe else (250, 600)) * np.array([1.0, 2.3, 3.7, 5.2])
    wave = np.zeros(n)
    for time, strength in strikes:
        knock = tones(
            board * rng.uniform(0.97, 1.03),
            np.array([1.0, 0.7, 0.4, 0.3]),
            np.array([0.12, 0.08, 0.06, 0.04]) * (1.6 if axe else 0.7),
            0.25,
        )
        bite = band(900, 8000, rng.normal(size=int(0.05 * RATE_HZ)), 1) * decay(0.05, rng.uniform(0.02, 0.05))
        add_at(wave, time, at_peak(knock, strength))
        add_at(wave, time, at_peak(bite, rng.uniform(0.4, 0.9) * strength))
        if axe and rng.random() < 0.6:
            split = band(
                1200, 7000, rng.normal(size=int(0.12 * RATE_HZ)) * (rng.random(int(0.12 * RATE_HZ)) < 0.02)
            ) * decay(0.12, 0.12)
            add_at(wave, time + 0.01, at_peak(split, 0.5 * strength))
    return at_peak(
        room(rng, wave, rng.uniform(0.2, 0.5), rng.uniform(0.1, 0.3)),
        rng.uniform(0.35, 0.65) * max((s for _, s in strikes), default=0.0),
    )
