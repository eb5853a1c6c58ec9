"""Recorded takes beside what is computed: footsteps, doors, fire and water from Debian's `minetest-data`.

They are used only when their folder is named, since data must not depend on what happens to be installed. Which of
them were used, under which licence, is written into the data.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

from vssflow_dit.synthesis.waves import RATE_HZ, Strikes, Wave, add_at, at_peak, at_rms, log_uniform
from vssflow_post.errors import UsageError

CC_BY_SA, CC_BY, CC0 = "CC-BY-SA-3.0", "CC-BY-3.0", "CC0-1.0"


@dataclass(frozen=True, slots=True)
class Source:
    """Takes of one thing: the files that a pattern finds, and the licence that Debian's copyright file names."""

    sound: str
    pattern: str
    licence: str = CC_BY_SA


SOURCES = (
    Source("gravel", "default/sounds/default_gravel_footstep.*.ogg"),
    Source("gravel", "default/sounds/default_gravel_dug.*.ogg"),
    Source("grass", "default/sounds/default_grass_footstep.*.ogg"),
    Source("snow", "default/sounds/default_snow_footstep.*.ogg"),
    Source("wood", "default/sounds/default_wood_footstep.*.ogg"),
    Source("stone", "default/sounds/default_hard_footstep.*.ogg"),
    Source("metal", "default/sounds/default_metal_footstep.*.ogg"),
    Source("metal", "default/sounds/default_dug_metal.*.ogg"),
    Source("metal", "default/sounds/default_place_node_metal.*.ogg"),
    Source("glass", "default/sounds/default_break_glass.*.ogg"),
    Source("thud", "default/sounds/default_dirt_footstep.*.ogg"),
    Source("door", "doors/sounds/doors_door_close.ogg", CC_BY),
    Source("door", "doors/sounds/doors_fencegate_close.ogg", CC_BY),
    Source("door", "doors/sounds/doors_steel_door_close.ogg", CC_BY),
    Source("explosion", "tnt/sounds/tnt_explode.ogg", CC0),
    Source("stream", "env_sounds/sounds/env_sounds_water.*.ogg"),
    Source("fire", "fire/sounds/fire_fire.*.ogg"),
    Source("fire", "fire/sounds/fire_large.ogg"),
    Source("fire", "fire/sounds/fire_small.ogg"),
)
"""In /usr/share/games/minetest/games/minetest_game/mods."""


ONSET = 0.25
"""Of the peak: what is quieter before it (a creak, a rustle) is not yet the strike."""


class Recordings:
    """The sources in a folder, read once, at RATE_HZ. Raises UsageError where one of them has no file."""

    def __init__(self, folder: Path) -> None:
        self.files: dict[str, list[Path]] = {}
        """By pattern, in order of name."""
        self._takes: dict[str, list[Wave]] = {}
        for source in SOURCES:
            found = sorted(folder.glob(source.pattern))
            if not found:
                raise UsageError(f"no {source.pattern} in {folder}: name the `mods` folder of Debian's minetest-data")
            self.files[source.pattern] = found
            self._takes[source.pattern] = [_read(path) for path in found]

    def facts(self) -> list[dict[str, str]]:
        """Of each file: its name, class, licence and sha256."""
        return [
            {
                "file": path.name,
                "sound": source.sound,
                "licence": source.licence,
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            }
            for source in SOURCES
            for path in self.files[source.pattern]
        ]

    def struck(self, rng: np.random.Generator, name: str, n: int, strikes: Strikes) -> tuple[Wave, str] | None:
        """A take of one source of the class at each strike, and that source's pattern; None where there is none."""
        pattern = _chosen(rng, name)
        if pattern is None:
            return None
        takes = [_slower(take, log_uniform(rng, (0.88, 1.14))) for take in self._takes[pattern]]
        wave = np.zeros(n)
        for time, strength in strikes:
            add_at(wave, time, takes[rng.integers(len(takes))] * strength**1.3)
        return wave * rng.uniform(0.35, 0.65), pattern

    def steady(self, rng: np.random.Generator, name: str, n: int) -> tuple[Wave, str] | None:
        """A source of the class going round from a random place, its ends faded into each other."""
        pattern = _chosen(rng, name)
        if pattern is None:
            return None
        takes = self._takes[pattern]
        loop = _loop(takes[rng.integers(len(takes))])
        at = (rng.integers(len(loop)) + np.arange(n)) % len(loop)
        return at_rms(loop[at], rng.uniform(-30, -25)), pattern


def _chosen(rng: np.random.Generator, name: str) -> str | None:
    patterns = [source.pattern for source in SOURCES if source.sound == name]
    return patterns[rng.integers(len(patterns))] if patterns else None


def _read(path: Path) -> Wave:
    """One take from its onset on, at a peak of 1, its end faded."""
    samples, rate_hz = soundfile.read(path, always_2d=True)
    wave = at_peak(soxr.resample(samples.mean(axis=1), rate_hz, RATE_HZ), 1.0)
    wave = wave[max(0, int(np.argmax(np.abs(wave) > ONSET)) - 32) :]
    wave[:32] *= np.linspace(0, 1, 32)
    fade = min(len(wave), RATE_HZ // 50)
    wave[-fade:] *= np.linspace(1, 0, fade)
    return np.asarray(wave)


def _slower(take: Wave, factor: float) -> Wave:
    """The take `factor` times as long, lower by as much: another stone, another foot."""
    return np.asarray(np.interp(np.arange(0, len(take) - 1, 1 / factor), np.arange(len(take)), take))


def _loop(take: Wave) -> Wave:
    """The take, its last part crossfaded into its first with equal power, so that it may go round."""
    fade = len(take) // 5
    up = np.sin(np.linspace(0, np.pi / 2, fade))
    body = take[: len(take) - fade].copy()
    body[:fade] = body[:fade] * up + take[len(take) - fade :] * up[::-1]
    return np.asarray(body)
