"""How long the mix of a long film takes, and how much memory: noise for takes, everything of a mix but the disk.

python benchmarks/mix_long.py 180 stereo
python benchmarks/mix_long.py 10 stereo me
"""

from __future__ import annotations

import resource
import sys
import time
from dataclasses import dataclass

import numpy as np

from vssflow_post.audio import Integers, Loudness, Samples
from vssflow_post.mix import lay_and_mix
from vssflow_post.mix.ducking import duck_under
from vssflow_post.mix.laid_take import LaidTake
from vssflow_post.mix.panning import PanCurve
from vssflow_post.settings.preset import LoudnessSettings, MixSettings
from vssflow_post.timeline import CLOCK_HZ, Span

MINUTE = 60 * CLOCK_HZ


@dataclass(frozen=True, slots=True)
class Noise:
    """A minute of noise as the source of every take."""

    samples: Samples
    rate_hz: int = 16_000

    @property
    def n_samples(self) -> int:
        return self.samples.shape[1]

    def read(self, start: int, stop: int) -> Samples:
        return self.samples[:, start:stop]


class Nowhere:
    """Takes a stem and forgets it."""

    def write(self, block: Integers) -> None: ...

    def close(self, loudness: Loudness) -> None: ...


def main(minutes: int, layout: str, me: bool) -> None:
    duration = Span(0, minutes * MINUTE)
    noise = np.random.default_rng(0).standard_normal((1, 60 * 16_000)) * 0.05
    source = Noise(noise.astype(np.float32))
    speech = [Span(start + CLOCK_HZ, start + 10 * CLOCK_HZ) for start in range(0, duration.end, MINUTE)]
    duck = duck_under(speech, 4.0, 120.0, 400.0)
    sway = np.sin(np.arange(600) / 9).astype(np.float32)
    takes = [LaidTake(span, "DX", source, name=f"d{span.start}") for span in speech]
    for start in range(0, duration.end, MINUTE):
        pan = PanCurve(start + 4800 * np.arange(600, dtype=np.int64), sway)
        takes.append(LaidTake(Span(start, start + MINUTE), "FX", source, name=f"s{start}", pan=pan, duck=duck))
    started, worked = time.perf_counter(), time.process_time()
    mix = lay_and_mix(
        duration, takes, MixSettings(layout=layout), LoudnessSettings(), lambda _: Nowhere(), speech=speech, me=me
    )
    seconds, cpu_s = time.perf_counter() - started, time.process_time() - worked
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    took = f"{seconds:.0f} s ({cpu_s:.1f} s of processor time) in {mix.n_passes} passes"
    print(f"{minutes} min {layout}{' with M&E' * me}: {took}, {megabytes} MB at most, {mix.verdict}")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], "me" in sys.argv[3:])
