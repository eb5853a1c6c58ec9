"""How loud recordings are laid: brought to the loudness from which the desk counts the levels of classes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vssflow_library.k_weighting import KWeighting
from vssflow_post.timeline import CLOCK_HZ

Samples = npt.NDArray[np.float32]
TARGET_LUFS = -22.5
"""Of the loudest 400 ms, as of a door that shuts: the mix evens takes out around it, and adds their class's level."""
SOFTER_DB = 15.0
"""By how much a strike of no strength at all would lie below one of full strength."""
HEADROOM = 0.9
"""Largest sample of a take."""
MOST_DB = 40.0
"""No recording is raised by more: what is so soft is noise."""


def gain_of(lufs: float) -> float:
    """What brings a recording whose loudest 400 ms have `lufs` to TARGET_LUFS."""
    return float(10 ** (min(MOST_DB, TARGET_LUFS - lufs) / 20))


def hit_gain(hit: Samples) -> float:
    """The same of one hit, (n,) at 48 kHz, as if silence lay around it; no louder than HEADROOM."""
    n = round(0.4 * CLOCK_HZ)
    loud = (KWeighting(CLOCK_HZ).weighted(hit[: 2 * n, None])[:, 0] ** 2).cumsum()
    if not len(loud) or loud[-1] <= 0:
        return 0.0
    most = float(max(loud[-1] - loud[-n - 1], (loud[n:] - loud[:-n]).max(), loud[n - 1])) if len(loud) > n else loud[-1]
    gain = gain_of(-0.691 + 10 * np.log10(max(float(most) / n, 1e-12)))
    return min(gain, HEADROOM / max(float(np.abs(hit).max()), 1e-9))


def struck(strength: float) -> float:
    """The gain of a strike, of 0 to 1."""
    return float(10 ** (-SOFTER_DB * (1.0 - strength) / 20))


def within(samples: Samples) -> Samples:
    """A take no louder than HEADROOM."""
    peak = float(np.abs(samples).max(initial=0.0))
    return samples if peak <= HEADROOM else (samples * np.float32(HEADROOM / peak)).astype(np.float32)
