"""Real speech for the vocoder alone: what recordings sound like, which no synthesiser teaches.

Debian's `asterisk-core-sounds-en-g722` holds telephone prompts by one professional speaker, 16 kHz, CC BY-SA 3.0. She
is no voice of the product: only codec and vocoder hear her.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from vssflow_dit.synthesis.speech import SPEECH_DBFS
from vssflow_dit.synthesis.waves import RATE_HZ, at_rms
from vssflow_post.errors import UsageError

RECORDED = "recorded.npy"
"""The file beside the speech of the data, int16 (n,)."""
RECORDED_HZ = 16_000
"""What G.722 carries."""
SHORTEST_S = 1.0


def write_recorded(out: Path, folder: Path) -> None:
    """`out`/recorded.npy: what `recorded_speech` finds in `folder`."""
    np.save(out / RECORDED, recorded_speech(folder))


def recorded_speech(folder: Path) -> npt.NDArray[np.int16]:
    """All prompts longer than a second, end to end, each at -23 dBFS RMS: (n,) at 24 kHz, with nothing above 8 kHz.

    Raises UsageError where there are none.
    """
    paths = sorted(folder.rglob("*.g722"))
    if not paths:
        raise UsageError(f"no recordings (*.g722) in {folder}; Debian's asterisk-core-sounds-en-g722 has some")
    clips = [_levelled(clip) for clip in map(_decoded, paths) if len(clip) > SHORTEST_S * RATE_HZ]
    return np.concatenate(clips)


def _decoded(path: Path) -> npt.NDArray[np.float32]:
    import av
    from soxr import resample

    with av.open(str(path), format="g722") as container:
        frames = [frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)]
    if not frames:
        return np.zeros(0, np.float32)
    clip: npt.NDArray[np.float32] = resample(
        np.concatenate(frames).astype(np.float32) / 32768.0, RECORDED_HZ, RATE_HZ, quality="VHQ"
    )
    return clip


def _levelled(clip: npt.NDArray[np.float32]) -> npt.NDArray[np.int16]:
    level = at_rms(clip.astype(np.float64), SPEECH_DBFS)
    samples: npt.NDArray[np.int16] = np.round(np.clip(level, -0.99, 0.99) * 32767.0).astype(np.int16)
    return samples
