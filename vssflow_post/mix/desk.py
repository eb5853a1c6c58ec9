"""The passes over one laid film: measured, measured under the limiter, written as stems and mix."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from vssflow_post.audio import LAYOUTS, ME, MIX, STEMS, UNDIPPED, Integers, Loudness, Samples, undipped_of
from vssflow_post.mix.dither import Quantiser, as_float, shares
from vssflow_post.mix.lay import BLOCK, StemBlock
from vssflow_post.mix.limiter import Gains, Limiter
from vssflow_post.mix.loudness import LoudnessMeter
from vssflow_post.mix.spool import LaidFilm
from vssflow_post.progress import Progress
from vssflow_post.timeline import Span

if TYPE_CHECKING:
    from vssflow_post.settings.preset import MixSettings

_EXPECTED_PASSES = 4
"""For the progress alone."""
_NUMBERS = {name: number for number, stem in enumerate(STEMS) for name in (stem, UNDIPPED.get(stem, stem))}
"""Of the dither of each stem: what nobody speaks over is the same in a stem and in the M&E, bit by bit."""


class StemSink(Protocol):
    """Where one stem is written. Opened again for the same stem, it starts over."""

    def write(self, block: Integers) -> None:
        """int32 (channels, n), 24-bit values."""
        ...

    def close(self, loudness: Loudness | None) -> None:
        """The stem is complete; `loudness` is what it measures, None for a lane."""
        ...


@dataclass(frozen=True, slots=True)
class Bus:
    """Stems that are limited as one and summed."""

    total: str
    """`MIX` or `ME`."""
    stems: tuple[str, ...]
    lanes: tuple[str, ...] = ()
    """What some of the stems are divided into (`LaidTake.lane`): written as well, and neither measured nor summed."""

    def lanes_of(self, stem: str) -> tuple[str, ...]:
        """Those of a stem."""
        return tuple(lane for lane in self.lanes if lane.split()[0] == stem)


def busses(stems: Sequence[str], lanes: Sequence[str] = ()) -> tuple[Bus, Bus]:
    """The mix of a film's stems, and the M&E of what dialogue ducks among them."""
    return Bus(MIX, tuple(stems), tuple(lanes)), Bus(ME, undipped_of(stems))


@dataclass(frozen=True, slots=True)
class Written:
    """The outcome of one writing pass, by stem, the sum last."""

    loudness: dict[str, Loudness]
    max_reduction_db: float


@dataclass(frozen=True, slots=True, eq=False)
class AsLaid:
    """What the mix measures before any gain."""

    loudness: Loudness
    highest_db: float
    """The highest peak: true peak of the mix or sample peak of a stem; -inf for none."""
    raised: Callable[[float, bool], float | None]
    """LUFS after a gain in dB without a limiter, of the whole or (True) of the dialogue; costs no pass."""


class Desk:
    """Passes over one film as often as it takes."""

    def __init__(
        self,
        duration: Span,
        laid: LaidFilm,
        mix: Bus,
        speech: Sequence[Span],
        settings: MixSettings,
        progress: Callable[[Progress], None],
    ) -> None:
        self._duration = duration
        self._laid = laid
        self._mix = mix
        self._settings = settings
        self._progress = progress
        self._layout = LAYOUTS[settings.layout]
        self._speech = speech
        self._n_blocks = -(-duration.n_samples // BLOCK)
        self._n_passes = 0
        self._n_done = 0

    def measure_as_laid(self) -> AsLaid:
        meter, stem_peak = self._meter(), 0.0
        for block in self._pass("measure", self._mix.stems):
            meter.push(block.mix)
            stem_peak = max(stem_peak, float(_stem_peaks(block).max(initial=0.0)))
        loudness = meter.finish()
        peaks_db = [] if loudness.true_peak_dbtp is None else [loudness.true_peak_dbtp]
        if stem_peak > 0:
            peaks_db.append(20 * math.log10(stem_peak))
        return AsLaid(loudness, max(peaks_db, default=-math.inf), meter.raised)

    def measure_limited(self, gain_db: float, aim_db: float) -> Loudness:
        """Loudness after gain and limiter, without its peaks."""
        meter = self._meter(true_peak=False)
        for block, _ in self._limited("level", replace(self._mix, lanes=()), gain_db, aim_db):
            meter.push(block.mix)
        return meter.finish()

    def write(self, bus: Bus, gain_db: float, aim_db: float, open_stem: Callable[[str], StemSink]) -> Written:
        """Writes the stems of a bus, and their integer sum; and its lanes."""
        stems, names = bus.stems, (*bus.stems, bus.total)
        sinks = {name: open_stem(name) for name in names}
        meters = {name: self._meter() for name in names}
        quantisers = [Quantiser(_NUMBERS[name]) for name in stems]
        lanes = {name: open_stem(name) for name in bus.lanes}
        least_gain = 1.0
        with ThreadPoolExecutor(len(names)) as side_by_side:
            for block, least in self._limited("write", bus, gain_db, aim_db):
                least_gain = min(least_gain, least)
                rounded = side_by_side.map(Quantiser.quantise, quantisers, block.only(stems).stems.values())
                written = dict(zip(stems, rounded, strict=True))
                for name in stems:
                    own = bus.lanes_of(name)
                    for lane, part in zip(own, shares(written[name], [block[lane] for lane in own]), strict=True):
                        lanes[lane].write(part)
                written[bus.total] = np.sum(list(written.values()), axis=0, dtype=np.int32)
                measuring = [side_by_side.submit(meters[name].push, as_float(written[name])) for name in names]
                for name, integers in written.items():
                    sinks[name].write(integers)
                for measured in measuring:
                    measured.result()
        loudness = {name: meter.finish() for name, meter in meters.items()}
        for name in names:
            sinks[name].close(loudness[name])
        for sink in lanes.values():
            sink.close(None)
        return Written(loudness, 20 * math.log10(1 / least_gain))

    def _meter(self, true_peak: bool = True) -> LoudnessMeter:
        return LoudnessMeter(true_peak, self._layout, speech=self._speech)

    def _limited(self, what: str, bus: Bus, gain_db: float, aim_db: float) -> Iterator[tuple[StemBlock, float]]:
        """The stems of a bus after gain and limiter, with the least limiter gain of each block."""
        limiter = Limiter(10 ** (aim_db / 20), self._layout.n_channels)
        gain = np.float32(10 ** (gain_db / 20))
        held: StemBlock | None = None
        for block in self._pass(what, (*bus.stems, *bus.lanes)):
            loud = StemBlock(block.start, {name: stem * gain for name, stem in block.stems.items()})
            summed = loud.only(bus.stems)
            curve = limiter.push(summed.mix, _stem_peaks(summed))
            ready, held = _shaped(loud if held is None else _joined(held, loud), curve)
            yield ready, float(curve.min(initial=1.0))
        if held is not None:
            curve = limiter.flush()
            ready, _ = _shaped(held, curve)
            yield ready, float(curve.min(initial=1.0))

    def _pass(self, what: str, names: Sequence[str]) -> Iterator[StemBlock]:
        n_before = self._n_passes * self._n_blocks
        total = _EXPECTED_PASSES * self._n_blocks
        most = total if what == "write" else total - self._n_blocks  # the last quarter is the writing, however late
        if what == "write":
            n_before = total - self._n_blocks
        self._n_passes += 1
        for number, block in enumerate(self._laid.blocks(names), 1):
            yield block
            self._n_done = max(self._n_done, min(most, n_before + number))
            self._progress(Progress("mix", self._n_done, total, what))


def _stem_peaks(block: StemBlock) -> Samples:
    """Per sample, the highest magnitude of any stem and channel, float32 (n,)."""
    return np.asarray(np.maximum.reduce([np.abs(stem).max(axis=0) for stem in block.stems.values()]), np.float32)


def _joined(held: StemBlock, block: StemBlock) -> StemBlock:
    joined = {name: np.concatenate([stem, block[name]], axis=1) for name, stem in held.stems.items()}
    return StemBlock(held.start, joined)


def _shaped(held: StemBlock, curve: Gains) -> tuple[StemBlock, StemBlock]:
    """What the curve reaches, with its gain applied; and the rest."""
    n, gains = len(curve), curve.astype(np.float32)
    ready = StemBlock(held.start, {name: stem[:, :n] * gains for name, stem in held.stems.items()})
    return ready, StemBlock(held.start + n, {name: stem[:, n:] for name, stem in held.stems.items()})
