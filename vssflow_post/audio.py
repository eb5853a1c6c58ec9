"""Sound as a value: samples with their rate, what they measure, the stems and their names, the layouts of channels."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Samples: TypeAlias = "npt.NDArray[np.float32]"
"""Full scale is 1.0."""
Integers: TypeAlias = "npt.NDArray[np.int32]"
"""Values of 24 bits, as WAVs hold them."""

DX, FX, BG, PD, MX = STEMS = ("DX", "FX", "BG", "PD", "MX")
"""Dialogue, effects, background (ambience beds), production sound and music: the names stems carry in file names, in
the order in which they are mixed and listed."""
MIX = "MIX"
"""The sum of the stems, as file names call it; it is listed after them."""
ME = "ME"
"""Music and effects without dialogue, not ducked by it: the sum of its own parts; it is listed after them."""
UNDIPPED = {FX: "ME_FX", BG: "ME_BG", MX: "ME_MX"}
"""Those parts, by the stem that each is of: the stem before dialogue ducks it."""
TITLES = {
    DX: "Dialogue stem",
    FX: "Effects stem",
    BG: "Background stem",
    PD: "Production sound stem",
    MX: "Music stem",
    MIX: "Mix",
    UNDIPPED[FX]: "Undipped effects",
    UNDIPPED[BG]: "Undipped background",
    UNDIPPED[MX]: "Undipped music",
    ME: "Music and effects",
}
"""What a stem's name stands for."""


_SHELF_HZ, _SHELF_Q, _SHELF_DB = 1681.974450955533, 0.7071752369554196, 3.999843853973347
_SHELF_SLOPE = 0.4996667741545416
"""Exponent of the gain at the shelf's corner; one half would be the textbook shelf."""
_PASS_HZ, _PASS_Q = 38.13547087602444, 0.5003270373238773


def k_weighting(rate_hz: int) -> npt.NDArray[np.float64]:
    """ITU-R BS.1770-5, annex 1: the head's shelf and the RLB high pass, at any rate, as second-order sections.

    Shape (2, 6): b0, b1, b2, a0 = 1, a1, a2. The standard prints coefficients for 48 kHz only. These are the two
    analogue filters they come from, through the bilinear transform; at 48 kHz they give the printed numbers to eleven
    digits.
    """
    import numpy as np

    k, high = math.tan(math.pi * _SHELF_HZ / rate_hz), 10 ** (_SHELF_DB / 20)
    corner, a0 = high**_SHELF_SLOPE, 1 + k / _SHELF_Q + k * k
    shelf = (
        (high + corner * k / _SHELF_Q + k * k) / a0, 2 * (k * k - high) / a0,
        (high - corner * k / _SHELF_Q + k * k) / a0,
        1.0, 2 * (k * k - 1) / a0, (1 - k / _SHELF_Q + k * k) / a0,
    )  # fmt: skip
    k = math.tan(math.pi * _PASS_HZ / rate_hz)
    a0 = 1 + k / _PASS_Q + k * k
    high_pass = (1.0, -2.0, 1.0, 1.0, 2 * (k * k - 1) / a0, (1 - k / _PASS_Q + k * k) / a0)
    return np.array([shelf, high_pass])


def undipped_of(stems: Iterable[str]) -> tuple[str, ...]:
    """The parts of an M&E by the stems of a film, in their order."""
    return tuple(UNDIPPED[name] for name in stems if name in UNDIPPED)


class Source(Protocol):
    """Audio that can be read in pieces: a take in the store, a recording, the film's own sound, room tone."""

    @property
    def rate_hz(self) -> int: ...

    @property
    def n_samples(self) -> int: ...

    def read(self, start: int, stop: int) -> Samples:
        """float32 (channels, stop - start) at `rate_hz`; one channel, two, or the six of 5.1."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class AudioClip:
    """A stretch of audio."""

    samples: Samples
    """float32, shape (channels, n), full scale is 1.0."""
    rate_hz: int

    def __post_init__(self) -> None:
        if self.samples.ndim != 2 or self.samples.dtype != "float32":
            raise ValueError(f"audio must be float32 (channels, n), not {self.samples.dtype} {self.samples.shape}")

    @property
    def n_samples(self) -> int:
        return int(self.samples.shape[1])

    @property
    def duration_s(self) -> float:
        return self.n_samples / self.rate_hz


@dataclass(frozen=True, slots=True)
class Loudness:
    """What a stem or mix measures. None stands for minus infinity: silence, or too short for the measure."""

    integrated_lufs: float | None
    """Gated loudness of the whole (ITU-R BS.1770); None below the absolute gate or under 400 ms."""
    range_lu: float
    """Loudness range (EBU Tech 3342); 0 under 3 s."""
    true_peak_dbtp: float | None
    """None for digital silence, or where peaks were not asked for."""
    max_momentary_lufs: float | None
    """Highest loudness over 400 ms."""
    max_short_term_lufs: float | None
    """Highest loudness over 3 s."""
    short_term: tuple[tuple[float, float], ...] = ()
    """(end of the 3 s window in seconds, LUFS), in order of time, at most 2000 points; silence is -inf."""
    n_samples: int = 0
    """How long it is, in samples of its own rate."""
    dialogue_lufs: float | None = None
    """Gated loudness of the speech that the meter was told of; None where that is silent or under 400 ms."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The channels of a file, in the order of a WAV."""

    name: str
    """As presets and FFmpeg call it."""
    channels: tuple[str, ...]
    weights: tuple[float, ...]
    """How much each channel's power counts for loudness (ITU-R BS.1770-5, annex 1, table 3); the LFE counts nothing."""
    speaker_mask: int
    """Bits of WAVE_FORMAT_EXTENSIBLE's dwChannelMask."""

    @property
    def n_channels(self) -> int:
        return len(self.channels)


MONO = Layout("mono", ("C",), (1.0,), 0x4)
STEREO = Layout("stereo", ("L", "R"), (1.0, 1.0), 0x3)
SURROUND = Layout("5.1", ("L", "R", "C", "LFE", "Ls", "Rs"), (1.0, 1.0, 1.0, 0.0, 1.41, 1.41), 0x3F)
"""The mask says "back" for Ls and Rs, as AAC and most workstations do for a plain 5.1."""

LAYOUTS = {layout.name: layout for layout in (MONO, STEREO, SURROUND)}


def layout_of(n_channels: int) -> Layout:
    """The layout with so many channels; raises ValueError where there is none."""
    for layout in LAYOUTS.values():
        if layout.n_channels == n_channels:
            return layout
    raise ValueError(f"no layout has {n_channels} channels")
