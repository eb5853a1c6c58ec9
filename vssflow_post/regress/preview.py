"""A sound encoded to be listened to: small as Opus in Ogg, or whole as FLAC."""

from __future__ import annotations

import io

import numpy as np

from vssflow_post.audio import Samples
from vssflow_post.timeline import CLOCK_HZ

HIGHEST_BPS, LOWEST_BPS = 48_000, 12_000
"""Bit rates of a preview; where not even the lowest fits, there is none."""
SUFFIXES = {"preview": ".opus", "whole": ".flac"}
MIME = {".opus": "audio/ogg", ".flac": "audio/flac"}
_BLOCK = 960

Heard = tuple[str, bytes]
"""A sound to hear: the suffix of its file, and what is in it."""


def bit_rate(n_samples: int, n_bytes: int) -> int | None:
    """The rate at which a sound fits into `n_bytes`; None where it does not."""
    fitting = int(0.9 * 8 * n_bytes * CLOCK_HZ / max(1, n_samples))
    return None if fitting < LOWEST_BPS else min(HIGHEST_BPS, fitting // 1000 * 1000)


def as_kept(samples: Samples, golden: Heard | None) -> Heard:
    """A new mix in the way its golden is kept, so that nothing but the change is heard."""
    if golden is not None and golden[0] == SUFFIXES["whole"]:
        return golden[0], as_flac(samples)
    rate = HIGHEST_BPS if golden is None else round(8 * len(golden[1]) * CLOCK_HZ / max(1, samples.shape[1]))
    return SUFFIXES["preview"], as_opus(samples, max(LOWEST_BPS, rate))


def as_opus(samples: Samples, bits_per_s: int) -> bytes:
    """float32 (channels, n) at the clock's rate as Ogg Opus; more than two channels become two."""
    import av

    sound = samples if len(samples) <= 2 else _two_of(samples)
    file = io.BytesIO()
    with av.open(file, "w", format="ogg", options={"fflags": "+bitexact"}) as container:
        layout = "mono" if len(sound) == 1 else "stereo"
        stream = container.add_stream("libopus", rate=CLOCK_HZ, layout=layout)
        stream.bit_rate = bits_per_s
        for start in range(0, sound.shape[1], _BLOCK):
            block = np.zeros((len(sound), _BLOCK), np.float32)
            part = sound[:, start : start + _BLOCK]
            block[:, : part.shape[1]] = np.clip(part, -1, 1)
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block.T.reshape(1, -1)), "flt", layout)
            frame.sample_rate, frame.pts = CLOCK_HZ, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


def as_flac(samples: Samples) -> bytes:
    """float32 (channels, n) at the clock's rate as 24-bit FLAC."""
    import soundfile

    file = io.BytesIO()
    soundfile.write(file, samples.T, CLOCK_HZ, format="FLAC", subtype="PCM_24")
    return file.getvalue()


def _two_of(samples: Samples) -> Samples:
    """Left and right with the others spread over both, for listening alone."""
    rest = samples[2:].mean(axis=0)
    return np.asarray(np.stack([samples[0] + rest, samples[1] + rest]) / 2, np.float32)
