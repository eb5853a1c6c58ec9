"""Laying: every take at its sample, placed between the loudspeakers, summed into its stem, block by block."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vssflow_post.audio import BG, DX, FX, LAYOUTS, MX, PD, STEMS, UNDIPPED, Samples, undipped_of
from vssflow_post.mix.laid_take import LaidTake, Playing
from vssflow_post.mix.panning import placed, wide_gains
from vssflow_post.timeline import CLOCK_HZ, Span

if TYPE_CHECKING:
    from vssflow_post.settings.preset import MixSettings

BLOCK = 5 * CLOCK_HZ
"""The mix is worked on in blocks of this many samples: long enough for fast arrays, short enough for flat memory."""


@dataclass(frozen=True, slots=True, eq=False)
class StemBlock:
    """The next stretch of all stems."""

    start: int
    stems: dict[str, Samples]
    """float32 (channels, n) by name."""

    @property
    def n_samples(self) -> int:
        return len(next(iter(self.stems.values()))[0])

    @property
    def mix(self) -> Samples:
        """Their sum."""
        total: Samples = np.sum(list(self.stems.values()), axis=0, dtype=np.float32)
        return total

    def __getitem__(self, name: str) -> Samples:
        return self.stems[name]

    def only(self, names: Sequence[str]) -> StemBlock:
        """The block with these stems alone."""
        return StemBlock(self.start, {name: self.stems[name] for name in names})


def stems_of(takes: Sequence[LaidTake], settings: MixSettings) -> tuple[str, ...]:
    """The stems of a film: those that every film has, and those that something of it lies in."""
    needed = {*settings.stems, *(take.stem for take in takes)}
    return tuple(name for name in STEMS if name in needed)


def lanes_of(takes: Sequence[LaidTake]) -> tuple[str, ...]:
    """The tracks that stems are divided into."""
    return tuple(sorted({take.lane for take in takes if take.lane}))


def lay(
    duration: Span, takes: Sequence[LaidTake], settings: MixSettings, undipped: bool = False
) -> Generator[StemBlock, None, None]:
    """The stems from the film's first sample to its last, block by block, each take read just before it is heard.

    With `undipped`, what dialogue ducks is laid a second time as if nobody spoke, under the names of UNDIPPED; what has
    a lane is laid a second time under its name.
    Raises FilmFailed("non_finite_audio") when a source holds NaN or infinity.
    """
    faders, names = _Faders(settings), stems_of(takes, settings)
    names += undipped_of(names) if undipped else ()
    names += lanes_of(takes)
    waiting = sorted(takes, key=lambda take: (take.span.start - take.lead, take.name), reverse=True)
    playing: list[Playing] = []
    for start in range(duration.start, duration.end, BLOCK):
        block = Span(start, min(duration.end, start + BLOCK))
        while waiting and waiting[-1].span.start - waiting[-1].lead < block.end:
            playing.append(Playing(waiting.pop(), settings.fade_ms))
        stems = {name: np.zeros((faders.layout.n_channels, block.n_samples), np.float32) for name in names}
        for one in playing:
            faders.add(one, stems, block)
        playing = [one for one in playing if one.span.end > block.end]
        yield StemBlock(start, stems)


class _Faders:
    """How loud a take goes into which channel of its stem."""

    def __init__(self, settings: MixSettings) -> None:
        self.layout = LAYOUTS[settings.layout]
        speech_db, effects_db = settings.dialogue_gain_db, settings.effects_gain_db
        self._stem_db = {DX: speech_db, PD: speech_db, FX: effects_db, BG: effects_db, MX: 0.0}

    def add(self, playing: Playing, stems: Mapping[str, Samples], block: Span) -> None:
        """Adds to its stem, which is `block` of the film, what of `playing` sounds within it; blocks come in order."""
        part = playing.span.intersect(block)
        if part.n_samples == 0:
            return
        take = playing.take
        audio = playing.next(part.n_samples)
        level = playing.fades(part) * np.float32(10 ** ((take.gain_db + self._stem_db[take.stem]) / 20))
        gains = wide_gains(self.layout) if take.wide else take.pan.gains(part, self.layout)
        heard, at = placed(audio, gains, self.layout), slice(part.start - block.start, part.end - block.start)
        if (undipped := stems.get(UNDIPPED.get(take.stem, ""))) is not None:
            undipped[:, at] += heard * level
        if take.duck is not None:
            level *= take.duck.gains(part)
        heard = heard * level
        for name in (take.stem, take.lane) if take.lane else (take.stem,):
            stems[name][:, at] += heard
