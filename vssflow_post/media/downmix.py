"""Any audio frame to mono float."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vssflow_post.audio import Samples

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame

_WEIGHTS = {
    "FL": 0.5, "FR": 0.5, "FC": 0.7071, "LFE": 0.0, "LFE2": 0.0,
    "BL": 0.3536, "BR": 0.3536, "SL": 0.3536, "SR": 0.3536, "BC": 0.5, "FLC": 0.5, "FRC": 0.5,
}  # fmt: skip
"""Mean of the stereo fold-down of ITU-R BS.775-4, annex 4: a voice in both channels keeps its level."""


def mono_of(frame: AudioFrame) -> Samples:
    """The frame's mono fold-down, shape (n,), full scale 1.0. Integer samples are converted exactly."""
    raw = frame.to_ndarray()
    n_channels = frame.layout.nb_channels
    planes = raw if frame.format.is_planar else raw.reshape(-1, n_channels).T
    if planes.dtype == np.uint8:
        planes = (planes.astype(np.float32) - 128.0) / 128.0
    elif np.issubdtype(planes.dtype, np.integer):
        planes = planes.astype(np.float64) / -float(np.iinfo(planes.dtype).min)
    if n_channels == 1:
        return np.ascontiguousarray(planes[0], dtype=np.float32)
    names = [channel.name for channel in frame.layout.channels]
    weights = [_WEIGHTS.get(name, 0.0) for name in names]
    if not any(weights):
        weights = [1.0 / n_channels] * n_channels  # A layout without names: equal parts.
    return np.asarray(np.asarray(weights) @ planes, np.float32)
