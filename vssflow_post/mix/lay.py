"""Laying: every take at its sample, placed between the loudspeakers, summed into its stem, block by block."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from vssflow_post.audio import AudioClip, Samples
from vssflow_post.layout import LAYOUTS
from vssflow_post.mix.ducking import DuckCurve
from vssflow_post.mix.panning import CENTRE, PanCurve, placed, wide_gains
from vssflow_post.mix.playing import Playing
from vssflow_post.timeline import CLOCK_HZ, Span

if TYPE_CHECKING:
    from vssflow_post.preset import MixSettings

BLOCK = 5 * CLOCK_HZ
"""The mix is worked on in blocks of this many samples: long enough for fast arrays, short enough for flat memory."""
STEMS = ("DX", "FX", "BG", "PD")
"""Dialogue, effects, background (ambience beds) and production sound: the names stems carry in file names."""


class Source(Protocol):
    """Audio that can be read in pieces: a take in the store, production sound, a clip in memory."""

    @property
    def rate_hz(self) -> int: ...

    @property
    def n_samples(self) -> int: ...

    def read(self, start: int, stop: int) -> Samples:
        """float32 (channels, stop - start) at `rate_hz`; one channel or two."""
        ...


@dataclass(frozen=True, slots=True)
class ClipSource:
    """A clip in memory as a source."""

    clip: AudioClip

    @property
    def rate_hz(self) -> int:
        return self.clip.rate_hz

    @property
    def n_samples(self) -> int:
        return self.clip.n_samples

    def read(self, start: int, stop: int) -> Samples:
        return self.clip.samples[:, start:stop]


@dataclass(frozen=True, slots=True)
class LaidTake:
    """A take and its place."""

    span: Span
    """Where it sounds. A longer source is cut at the span's end, a shorter one leaves silence behind it."""
    stem: str
    """One of `STEMS`."""
    source: Source
    gain_db: float = 0.0
    source_start: int = 0
    """First sample of the source that is heard, at the source's own rate."""
    name: str = ""
    """Cue id, for messages."""
    pan: PanCurve = CENTRE
    """Where a mono source stands."""
    wide: bool = False
    """Whether it comes from everywhere instead: an ambience bed in a layout that has surrounds."""
    lead: int = 0
    """Samples by which it reaches into what sounds before its span, in a crossfade: its start, played backwards."""
    tail: int = 0
    """The same after its end."""
    duck: DuckCurve | None = None
    """How it steps back under speech; None where it does not."""

    def __post_init__(self) -> None:
        if self.stem not in STEMS:
            raise ValueError(f"a stem is one of {', '.join(STEMS)}, not {self.stem!r}")


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
        total: Samples = np.sum(list(self.stems.values()), axis=0, dtype=np.float32)
        return total

    def __getitem__(self, name: str) -> Samples:
        return self.stems[name]


def lay(duration: Span, takes: Sequence[LaidTake], settings: MixSettings) -> Generator[StemBlock, None, None]:
    """The stems from the film's first sample to its last, block by block, each take read just before it is heard.

    Raises FilmFailed("non_finite_audio") when a source holds NaN or infinity.
    """
    faders = _Faders(settings)
    waiting = sorted(takes, key=lambda take: (take.span.start - take.lead, take.name), reverse=True)
    playing: list[Playing] = []
    for start in range(duration.start, duration.end, BLOCK):
        block = Span(start, min(duration.end, start + BLOCK))
        while waiting and waiting[-1].span.start - waiting[-1].lead < block.end:
            playing.append(Playing(waiting.pop(), settings.fade_ms))
        stems = {name: np.zeros((faders.layout.n_channels, block.n_samples), np.float32) for name in settings.stems}
        for voice in playing:
            faders.add(voice, stems[voice.take.stem], block)
        playing = [voice for voice in playing if voice.span.end > block.end]
        yield StemBlock(start, stems)


class _Faders:
    """How loud a take goes into which channel of its stem."""

    def __init__(self, settings: MixSettings) -> None:
        self.layout = LAYOUTS[settings.layout]
        speech_db, effects_db = settings.dialogue_gain_db, settings.effects_gain_db
        self._stem_db = {"DX": speech_db, "PD": speech_db, "FX": effects_db, "BG": effects_db}

    def add(self, voice: Playing, stem: Samples, block: Span) -> None:
        """Adds to `stem`, which is `block` of the film, what of `voice` sounds within it; blocks come in order."""
        part = voice.span.intersect(block)
        if part.n_samples == 0:
            return
        take = voice.take
        audio = voice.next(part.n_samples)
        level = voice.fades(part) * np.float32(10 ** ((take.gain_db + self._stem_db[take.stem]) / 20))
        if take.duck is not None:
            level *= take.duck.gains(part)
        gains = wide_gains(self.layout) if take.wide else take.pan.gains(part, self.layout)
        at = part.start - block.start
        stem[:, at : at + part.n_samples] += placed(audio, gains, self.layout) * level
