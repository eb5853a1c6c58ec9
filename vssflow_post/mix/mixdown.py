"""From laid takes to written stems: measure, level, limit, quantise, write, and check what was written.

The film is laid anew in every pass (laying is cheap and keeps nothing), so memory and disk stay flat at any length.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from vssflow_post.audio import Samples
from vssflow_post.mix.dither import Integers, Quantiser, as_float
from vssflow_post.mix.lay import BLOCK, STEMS, LaidTake, StemBlock, lay
from vssflow_post.mix.levelling import find_gain
from vssflow_post.mix.limiter import Limiter
from vssflow_post.mix.loudness import GATING_BLOCK, Loudness, LoudnessMeter
from vssflow_post.mix.outline import Outline, OutlineDrawer
from vssflow_post.progress import Progress, silent
from vssflow_post.timeline import Span

if TYPE_CHECKING:
    from vssflow_post.preset import LoudnessSettings, MixSettings

MIX = "MIX"
_MARGIN_DB = 0.1
"""How far below the ceiling the limiter aims: its gain curve moves, and dither adds its bit."""
_MAX_WRITES = 4
_HEAVY_LIMITING_DB = 12.0
_EXPECTED_PASSES = 4


class StemSink(Protocol):
    """Where one stem is written. Opened again for the same stem, it starts over."""

    def write(self, block: Integers) -> None:
        """int32 (2, n), 24-bit values."""
        ...

    def close(self, loudness: Loudness) -> None:
        """The stem is complete; `loudness` is what it measures."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class MixReport:
    """What was mixed and what it measures, read from the integers that were written."""

    loudness: Loudness
    """Of the mix."""
    stem_loudness: dict[str, Loudness]
    """Of `DX` and `FX`."""
    verdict: str
    """`pass`, `silent`, `too_short`, or a sentence that says what is out of bounds."""
    gain_db: float
    """The static gain on everything."""
    max_reduction_db: float
    """The most the limiter took away, a positive number."""
    n_passes: int
    """How often the film was laid."""
    outlines: dict[str, Outline]
    """Of `DX`, `FX` and `MIX`."""
    warnings: tuple[str, ...] = ()
    """Sentences for the report."""


@dataclass(frozen=True, slots=True)
class _Written:
    """The outcome of one writing pass."""

    loudness: dict[str, Loudness]
    outlines: dict[str, Outline]
    max_reduction_db: float


def lay_and_mix(
    duration: Span,
    takes: Sequence[LaidTake],
    mix_settings: MixSettings,
    loudness_settings: LoudnessSettings,
    open_stem: Callable[[str], StemSink],
    progress: Callable[[Progress], None] = silent,
) -> MixReport:
    """Mixes a film: writes exactly `duration.n_samples` of `DX`, `FX` and `MIX` into what `open_stem(name)` gives.

    `open_stem` is called again for the same names when what was written turns out too hot. The mix is the integer sum
    of the stems. Raises FilmFailed("non_finite_audio") for NaN or infinity in a take.
    """
    desk = _Desk(duration, takes, mix_settings, progress)
    target, ceiling = loudness_settings.target_lufs, loudness_settings.ceiling_dbtp
    aim = ceiling - _MARGIN_DB
    unlimited, highest_db = desk.measure_unlimited()
    level = find_gain(unlimited, target, aim, highest_db, lambda gain_db: desk.measure_limited(gain_db, aim))
    gain_db, n_writes = level.gain_db, 0
    while True:
        written = desk.write(gain_db, aim, open_stem)
        n_writes += 1
        over_db = _over(written.loudness[MIX], ceiling)
        if over_db <= 0 or n_writes == _MAX_WRITES:
            break
        aim -= over_db + _MARGIN_DB / 2
        gain_db += _loudness_error(written.loudness[MIX], target) if level.reached else 0.0
    return _report(written, gain_db, level.n_passes + n_writes, unlimited, loudness_settings)


class _Desk:
    """One film's takes, and the passes over them."""

    def __init__(
        self, duration: Span, takes: Sequence[LaidTake], settings: MixSettings, progress: Callable[[Progress], None]
    ) -> None:
        self._duration = duration
        self._takes = takes
        self._settings = settings
        self._progress = progress
        self._n_blocks = -(-duration.n_samples // BLOCK)
        self._n_passes = 0
        self._n_done = 0

    def measure_unlimited(self) -> tuple[Loudness, float | None]:
        """The mix as laid, and the highest peak in dB: true peak of the mix or sample peak of a stem."""
        meter, stem_peak = LoudnessMeter(), 0.0
        for block in self._lay("measure"):
            meter.push(block.dx + block.fx)
            stem_peak = max(stem_peak, float(_stem_peaks(block).max(initial=0.0)))
        loudness = meter.finish()
        peaks_db = [] if loudness.true_peak_dbtp is None else [loudness.true_peak_dbtp]
        if stem_peak > 0:
            peaks_db.append(20 * math.log10(stem_peak))
        return loudness, max(peaks_db, default=None)

    def measure_limited(self, gain_db: float, aim_db: float) -> float | None:
        """Integrated loudness after gain and limiter."""
        meter = LoudnessMeter(true_peak=False)
        for block, _ in self._limited("level", gain_db, aim_db):
            meter.push(block.dx + block.fx)
        return meter.finish().integrated_lufs

    def write(self, gain_db: float, aim_db: float, open_stem: Callable[[str], StemSink]) -> _Written:
        names = (*STEMS, MIX)
        sinks = {name: open_stem(name) for name in names}
        meters = {name: LoudnessMeter() for name in names}
        drawers = {name: OutlineDrawer(self._duration.n_samples) for name in names}
        quantisers = {name: Quantiser(number) for number, name in enumerate(STEMS)}
        least_gain = 1.0
        for block, least in self._limited("write", gain_db, aim_db):
            least_gain = min(least_gain, least)
            written = {"DX": quantisers["DX"].quantise(block.dx), "FX": quantisers["FX"].quantise(block.fx)}
            written[MIX] = written["DX"] + written["FX"]
            for name, integers in written.items():
                sinks[name].write(integers)
                audio = as_float(integers)
                meters[name].push(audio)
                drawers[name].push(audio)
        loudness = {name: meter.finish() for name, meter in meters.items()}
        for name in names:
            sinks[name].close(loudness[name])
        outlines = {name: drawer.finish() for name, drawer in drawers.items()}
        return _Written(loudness, outlines, 20 * math.log10(1 / least_gain))

    def _limited(self, what: str, gain_db: float, aim_db: float) -> Iterator[tuple[StemBlock, float]]:
        """The stems after gain and limiter, with the least limiter gain of each block."""
        limiter = Limiter(10 ** (aim_db / 20))
        gain = np.float32(10 ** (gain_db / 20))
        held = StemBlock(0, np.zeros((2, 0), np.float32), np.zeros((2, 0), np.float32))
        for block in self._lay(what):
            dx, fx = block.dx * gain, block.fx * gain
            curve = limiter.push(dx + fx, _stem_peaks(StemBlock(block.start, dx, fx)))
            held = _joined(held, dx, fx)
            ready, held = _shaped(held, curve)
            yield ready, float(curve.min(initial=1.0))
        curve = limiter.flush()
        ready, _ = _shaped(held, curve)
        yield ready, float(curve.min(initial=1.0))

    def _lay(self, what: str) -> Iterator[StemBlock]:
        n_before = self._n_passes * self._n_blocks
        total = _EXPECTED_PASSES * self._n_blocks
        most = total if what == "write" else total - self._n_blocks  # the last quarter is the writing, however late
        if what == "write":
            n_before = total - self._n_blocks
        self._n_passes += 1
        for number, block in enumerate(lay(self._duration, self._takes, self._settings), 1):
            yield block
            self._n_done = max(self._n_done, min(most, n_before + number))
            self._progress(Progress("mix", self._n_done, total, what))


def _stem_peaks(block: StemBlock) -> Samples:
    """Per sample, the highest magnitude of any stem and channel, float32 (n,)."""
    return np.asarray(np.maximum(np.abs(block.dx).max(axis=0), np.abs(block.fx).max(axis=0)), np.float32)


def _joined(held: StemBlock, dx: Samples, fx: Samples) -> StemBlock:
    return StemBlock(held.start, np.concatenate([held.dx, dx], axis=1), np.concatenate([held.fx, fx], axis=1))


def _shaped(held: StemBlock, curve: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> tuple[StemBlock, StemBlock]:
    """What the curve reaches, with its gain applied; and the rest."""
    n, gains = len(curve), curve.astype(np.float32)
    ready = StemBlock(held.start, held.dx[:, :n] * gains, held.fx[:, :n] * gains)
    return ready, StemBlock(held.start + n, held.dx[:, n:], held.fx[:, n:])


def _over(loudness: Loudness, ceiling_dbtp: float) -> float:
    """By how many dB the true peak exceeds the ceiling; not positive when it does not."""
    return -math.inf if loudness.true_peak_dbtp is None else loudness.true_peak_dbtp - ceiling_dbtp


def _loudness_error(loudness: Loudness, target_lufs: float) -> float:
    return 0.0 if loudness.integrated_lufs is None else target_lufs - loudness.integrated_lufs


def _report(
    written: _Written, gain_db: float, n_passes: int, unlimited: Loudness, settings: LoudnessSettings
) -> MixReport:
    loudness = written.loudness[MIX]
    warnings = []
    if written.max_reduction_db > _HEAVY_LIMITING_DB:
        warnings.append(
            f"the limiter takes up to {written.max_reduction_db:.1f} dB off the peaks to reach "
            f"{settings.target_lufs:g} LUFS under {settings.ceiling_dbtp:g} dBTP"
        )
    return MixReport(
        loudness=loudness,
        stem_loudness={name: written.loudness[name] for name in STEMS},
        verdict=_verdict(loudness, unlimited, settings),
        gain_db=gain_db,
        max_reduction_db=written.max_reduction_db,
        n_passes=n_passes,
        outlines=written.outlines,
        warnings=tuple(warnings),
    )


def _verdict(loudness: Loudness, unlimited: Loudness, settings: LoudnessSettings) -> str:
    if loudness.integrated_lufs is None or unlimited.integrated_lufs is None:
        return "silent" if loudness.n_samples >= GATING_BLOCK else "too_short"
    error, over_db = loudness.integrated_lufs - settings.target_lufs, _over(loudness, settings.ceiling_dbtp)
    if over_db > 0:
        return (
            f"The true peak is {loudness.true_peak_dbtp:.2f} dBTP, over the ceiling of {settings.ceiling_dbtp:g} dBTP."
        )
    if abs(error) > settings.tolerance_lu:
        return (
            f"The mix is {loudness.integrated_lufs:.2f} LUFS, not {settings.target_lufs:g} LUFS: with peaks held under "
            f"{settings.ceiling_dbtp:g} dBTP it comes no closer."
        )
    return "pass"
