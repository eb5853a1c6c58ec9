"""Recorded takes beside what is computed: animals, vehicles, crowds, weather and steps, from Debian's free games.

`recordings.csv` says which file is which class, by whom and under which licence; none is taken whose licence is not
one of LICENCES. They are used only when asked for, since data must not depend on what happens to be installed. Which
of them were used is written into the data.
"""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias, cast

import numpy as np
from scipy.signal import find_peaks

from vssflow_dit.sounds import follows
from vssflow_dit.synthesis.packages import ROOT, Package, decoded
from vssflow_dit.synthesis.waves import RATE_HZ, Strikes, Wave, add_at, at_peak, at_rms, band, log_uniform
from vssflow_post.errors import UsageError

LICENCES = ("CC0-1.0", "CC-BY-3.0", "CC-BY-4.0", "CC-BY-SA-3.0", "CC-BY-SA-4.0", "BSD-3-Clause", "MIT")
Use: TypeAlias = Literal["take", "several", "loop"]


@dataclass(frozen=True, slots=True)
class Source:
    """Files of one package that are the same kind of thing."""

    package: str
    files: str
    """Pattern of their names, see `packages.Package`."""
    sound: str
    """Class."""
    use: Use
    """A file is one take; or several with quiet between; or goes round: a bed, or as fast as something moves."""
    licence: str
    """SPDX, as Debian's copyright file or the package's own list has it."""
    author: str

    @property
    def name(self) -> str:
        return f"{self.package}: {self.files}"


@cache
def sources() -> tuple[Source, ...]:
    """The table, in its order."""
    with Path(__file__).with_suffix(".csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            Source(row["package"], row["files"], row["sound"], cast(Use, row["use"]), row["licence"], row["author"])
            for row in csv.DictReader(file)
        )


ONSET = {"strikes": 0.25, "calls": 0.05, "speed": 0.0}
"""Of the peak: what is quieter before it (a creak, a breath) is not yet the strike, or the call."""
QUIET, GAP_S, SHORTEST_S, TAIL_S = 0.15, 0.12, 0.05, 0.3
"""Of the peak; so long it is quiet between takes in one file; what is shorter is none; so long each dies away."""
IDLES = ("car_engine", "truck_bus", "tractor", "aircraft", "helicopter", "power_tool")
"""Heard, if less, while it stands."""
LAYERS = {"crowd": 4, "restaurant": 3}
"""Of how many loops a bed is at most laid; of two where it is not named here."""


class Recordings:
    """All of the table's files, read once, at RATE_HZ. Raises UsageError where a package or a file is missing."""

    def __init__(self, root: Path = ROOT) -> None:
        packages = {name: Package(name, root) for name in dict.fromkeys(source.package for source in sources())}
        self._facts: list[dict[str, str]] = []
        self._pieces: dict[str, list[tuple[Source, list[Wave]]]] = {}
        """Class -> its sources and their takes or loops."""
        for source in sources():
            files = packages[source.package].found(source.files)
            pieces = [piece for data in files.values() for piece in _pieces(decoded(data), source)]
            self._pieces.setdefault(source.sound, []).append((source, pieces))
            self._facts += [_fact(source, name, data) for name, data in files.items()]

    @property
    def classes(self) -> tuple[str, ...]:
        return tuple(self._pieces)

    def facts(self) -> list[dict[str, str]]:
        """Of each file: its package, name, class, licence, author and sha256."""
        return self._facts

    def heard(
        self, rng: np.random.Generator, name: str, n: int, strikes: Strikes, speed: Wave
    ) -> tuple[Wave, str] | None:
        """`n` samples of the class as it follows strikes or `speed` (n,), and the source; None where none suits."""
        if name not in self._pieces:
            return None
        kinds = self._pieces[name]
        source, pieces = kinds[rng.integers(len(kinds))]
        if follows(name) in ("strikes", "calls"):
            return _at_strikes(rng, pieces, n, strikes), source.name
        if source.use == "take":
            swung = _swung(rng, pieces, speed)
            return None if swung is None else (swung, source.name)
        if follows(name) == "speed":
            return _moved(rng, pieces[rng.integers(len(pieces))], speed, 0.15 if name in IDLES else 0.0), source.name
        every = [piece for _, loops in kinds for piece in loops]
        return _bed(rng, [pieces[rng.integers(len(pieces))], *every], n, LAYERS.get(name, 2)), source.name


@cache
def installed(root: Path = ROOT) -> Recordings:
    """The recordings, read once a process."""
    return Recordings(root)


def available() -> Recordings | None:
    """The recordings, or None where one of their packages is not installed."""
    try:
        return installed()
    except UsageError:
        return None


def _fact(source: Source, name: str, data: bytes) -> dict[str, str]:
    return {
        "package": source.package,
        "file": name,
        "sound": source.sound,
        "licence": source.licence,
        "author": source.author,
        "sha256": hashlib.sha256(data).hexdigest(),
    }


def _pieces(wave: Wave, source: Source) -> list[Wave]:
    if source.use == "loop":
        return [_loop(at_peak(wave, 1.0))]
    onset = ONSET[follows(source.sound)]
    parts = _parted(wave) if source.use == "several" else [wave]
    return [_take(part, onset) for part in parts]


def _take(wave: Wave, onset: float) -> Wave:
    """One take from its onset on, at a peak of 1, its end faded."""
    wave = at_peak(wave, 1.0)
    wave = wave[max(0, int(np.argmax(np.abs(wave) > onset)) - 48) :].copy()
    wave[:48] *= np.linspace(0, 1, 48)
    fade = min(len(wave), RATE_HZ // 50)
    wave[-fade:] *= np.linspace(1, 0, fade)
    return wave


def _parted(wave: Wave) -> list[Wave]:
    """What lies between the quiet of a file."""
    block = RATE_HZ // 100
    blocks = np.abs(wave[: len(wave) // block * block]).reshape(-1, block).max(axis=1)
    loud = np.flatnonzero(blocks > QUIET * blocks.max())
    breaks = np.flatnonzero(np.diff(loud) > GAP_S * 100)
    firsts, lasts = loud[np.r_[0, breaks + 1]], loud[np.r_[breaks, len(loud) - 1]]
    ends = np.minimum(lasts + round(TAIL_S * 100), np.r_[firsts[1:] - 1, len(blocks)])
    return [
        wave[max(0, first - 1) * block : end * block]
        for first, last, end in zip(firsts, lasts, ends, strict=True)
        if last + 1 - first >= SHORTEST_S * 100
    ]


def _loop(wave: Wave) -> Wave:
    """The file, its last part crossfaded into its first with equal power, so that it may go round."""
    fade = len(wave) // 5
    up = np.sin(np.linspace(0, np.pi / 2, fade))
    body = wave[: len(wave) - fade].copy()
    body[:fade] = body[:fade] * up + wave[len(wave) - fade :] * up[::-1]
    return np.asarray(body)


def _at_strikes(rng: np.random.Generator, takes: list[Wave], n: int, strikes: Strikes) -> Wave:
    """A take at each strike, each a little longer or shorter than the next: another stone, another foot."""
    wave, as_long = np.zeros(n), log_uniform(rng, (0.88, 1.14))
    for time, strength in strikes:
        take = _longer(takes[rng.integers(len(takes))], as_long * log_uniform(rng, (0.97, 1.03)))
        add_at(wave, time, take * strength**1.3)
    return _coloured(rng, wave) * float(rng.uniform(0.35, 0.65))


def _swung(rng: np.random.Generator, takes: list[Wave], speed: Wave) -> Wave | None:
    """A take at each swing, loudest where that is fastest; None where nothing swings."""
    coarse = speed[:: RATE_HZ // 100]
    fastest = find_peaks(np.r_[0.0, coarse, 0.0], height=0.15, distance=20)[0] - 1
    if len(fastest) < 2:
        return None
    wave = np.zeros(len(speed))
    for place in fastest:
        take = _longer(takes[rng.integers(len(takes))], log_uniform(rng, (0.83, 1.18)))
        loudest = int(np.argmax(np.convolve(take**2, np.ones(1200), "same")))
        add_at(wave, place / 100 - loudest / RATE_HZ, take * coarse[place] ** 1.5)
    return _coloured(rng, wave) * float(rng.uniform(0.35, 0.65))


def _longer(take: Wave, factor: float) -> Wave:
    """The take `factor` times as long, and as much lower."""
    return np.asarray(np.interp(np.arange(0, len(take) - 1, 1 / factor), np.arange(len(take)), take))


def _moved(rng: np.random.Generator, loop: Wave, speed: Wave, idle: float) -> Wave:
    """A loop that goes round the faster and the louder, the faster something moves."""
    rates = rng.uniform(0.75, 0.95) + rng.uniform(0.25, 0.5) * speed
    wave = _round(loop, rng.uniform(0, len(loop)) + np.cumsum(rates))
    return _levelled(_coloured(rng, wave), rng.uniform(-22, -18)) * (idle + speed**0.8)


def _bed(rng: np.random.Generator, loops: list[Wave], n: int, most: int) -> Wave:
    """The first loop and up to `most` in all of the others going round from random places, each its own pitch."""
    others = [loops[k] for k in rng.integers(len(loops), size=int(rng.integers(0, most)))]
    wave = np.zeros(n)
    for loop in [loops[0], *others]:
        places = np.asarray(rng.uniform(0, len(loop)) + log_uniform(rng, (0.88, 1.12)) * np.arange(n))
        wave += rng.uniform(0.4, 1.0) * at_rms(_round(loop, places), 0.0)
    return _levelled(_coloured(rng, wave), rng.uniform(-30, -25))


def _levelled(wave: Wave, dbfs: float) -> Wave:
    """At a level, or lower where its peaks (a crackle) would be cut off."""
    level = at_rms(wave, dbfs)
    return level * min(1.0, 0.9 / (float(np.abs(level).max()) + 1e-9))


def _round(loop: Wave, places: Wave) -> Wave:
    return np.asarray(np.interp(places % len(loop), np.arange(len(loop) + 1), np.append(loop, loop[0])))


def _coloured(rng: np.random.Generator, wave: Wave) -> Wave:
    """Another microphone, another place: one broad band a little louder or softer."""
    low = log_uniform(rng, (100, 4000))
    return np.asarray(wave + rng.uniform(-0.4, 0.6) * band(low, 2 * low, wave, 1))
