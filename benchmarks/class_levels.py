"""How loud each class of sound comes out of the starter's weights: `python benchmarks/class_levels.py`.

Four takes of six seconds each, of two or three strikes, of steady motion, or of stillness, as the class asks. Then how
far takes are from the usual levels of the sound classes, as they came out and evened out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vssflow_cpu.engine import open_engine
from vssflow_dit.picture.strikes import pulses
from vssflow_dit.sounds import CLASSES, follows
from vssflow_post.audio import AudioClip, Samples
from vssflow_post.backend import CueRequest, GenerationSettings, Track
from vssflow_post.cues.sound_table import sound_table
from vssflow_post.mix.take_level import DOOR_LUFS, evening_db, loudest_lufs
from vssflow_post.timeline import Span

TAKE_S, N_TAKES, RATE_HZ = 6.0, 4, 100
STRIKES = (((1.0, 0.8), (2.6, 0.8), (4.2, 0.8)), ((1.3, 0.8), (3.4, 0.8)))
"""Of even and of odd takes: (time in s, strength)."""


@dataclass(frozen=True, slots=True)
class ClipSource:
    """A take in memory."""

    clip: AudioClip

    @property
    def rate_hz(self) -> int:
        return self.clip.rate_hz

    @property
    def n_samples(self) -> int:
        return self.clip.n_samples

    def read(self, start: int, stop: int) -> Samples:
        return self.clip.samples[:, start:stop]


def main() -> None:
    takes = _takes()
    loudest = {name: np.array([_loudest(take) for take in made]) for name, made in takes.items()}
    evened = {name: np.array([_loudest(take) + evening_db(take) for take in made]) for name, made in takes.items()}
    print("| class | loudest 400 ms, LUFS: median (least to most) | evened out |\n| --- | --- | --- |")
    for name in CLASSES:
        print(f"| {name} | {_in_short(loudest[name])} | {_in_short(evened[name])} |")
    heard = list(sound_table().classes)
    for what, levels in (("as they came out", loudest), ("evened out", evened)):
        error = np.concatenate([levels[name] for name in heard]) - DOOR_LUFS
        print(f"{len(heard)} classes of the table, {what}: {np.sqrt((error**2).mean()):.1f} dB RMS off")


def _loudest(take: ClipSource) -> float:
    lufs = loudest_lufs(take)
    return -np.inf if lufs is None else lufs


def _takes() -> dict[str, list[ClipSource]]:
    requests = [
        CueRequest(f"{name} {k}", "sound", Span.of_seconds(0, TAKE_S), seed=100 + k, sound=name,
                   visual={"motion": _motion(name, k)})
        for name in CLASSES
        for k in range(N_TAKES)
    ]  # fmt: skip
    backend = open_engine(GenerationSettings())
    made = {take.id: ClipSource(take.audio) for take in backend.render(requests)}
    backend.close()
    return {name: [made[f"{name} {k}"] for k in range(N_TAKES)] for name in CLASSES}


def _motion(name: str, number: int) -> Track:
    n = round(TAKE_S * RATE_HZ)
    struck, speed = np.zeros(n), np.zeros(n)
    if follows(name) == "strikes":
        struck = pulses(STRIKES[number % 2], n)
    elif follows(name) == "speed":
        speed = 0.55 + 0.25 * np.sin(2 * np.pi * np.arange(n) / RATE_HZ / (2.5 + 0.5 * number))
    return Track(np.stack([struck, speed], axis=1).astype(np.float32), RATE_HZ)


def _in_short(levels: npt.NDArray[np.float64]) -> str:
    return f"{np.median(levels):.1f} ({levels.min():.1f} to {levels.max():.1f})"


if __name__ == "__main__":
    main()
