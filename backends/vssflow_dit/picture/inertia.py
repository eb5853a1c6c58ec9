"""What has an engine goes on through a moment in which nothing of it is seen to move."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

STANDS_S = 2.0
"""From so long on what stands is believed to stand. A side of one colour, or a gap between two waggons, hides a train's
motion for a second or more; a brake takes longer."""

Speed = npt.NDArray[np.float32]


def gone_on(speed: Speed, rate_hz: float) -> Speed:
    """The speed (n,) with every dip shorter than STANDS_S filled to the lower of its two sides (a closing): nothing
    gets slower, no top faster, and what stands at an end still does."""
    width = max(1, round(STANDS_S * rate_hz))
    windows = np.lib.stride_tricks.sliding_window_view
    highest = windows(np.pad(speed, width), width).max(axis=-1)
    return np.asarray(windows(highest, width).min(axis=-1)[1 : 1 + len(speed)], np.float32)
