"""What a film may cost: hard limits that hold while FFmpeg, which trusts its input's numbers, works on it."""

from __future__ import annotations

import sys

MAX_STREAMS = 256
MAX_PIXELS = 8192 * 8192
"""A film whose pictures are larger is refused: a few decoded ones would fill the memory."""
MAX_PICTURES = 2**25
"""A day at 240 pictures a second is 20.7 million; the timestamps of more would fill the memory."""
MAX_DURATION_S = 48 * 3600
"""A day-long film works; a longer one is a damaged timestamp, and its stems would fill the disk."""
MAX_FRAME_RATE = 1000
"""Frames per second: what cameras record and timecode can count."""
MAX_PICTURE_S = 600
"""How long a picture stands, on the average of a film: a slide show's, at most."""
AUDIO_RATES_HZ = (1000, 768_000)
MAX_AUDIO_CHANNELS = 64
"""A sound track outside these is left out, with a note."""
READ_TIMEOUT_S = 60.0
"""For the headers of a film, and for each next packet."""


def apply(memory_bytes: int) -> None:
    """Caps the memory that this process may take from now on; for a worker, before it touches its first film.

    An allocation past the cap fails: the film gets its verdict (`rejected:too_large` while it is read,
    `failed:no_memory` later), and neither this process nor its neighbours are killed for it. What counts is private
    memory that can be written (RLIMIT_DATA): address space that a GPU driver reserves, or weights that are mapped, do
    not. A crash leaves no memory image. Does nothing on a system without such limits.
    """
    try:
        import resource
    except ImportError:
        return
    _lower(resource.RLIMIT_CORE, 0)
    if sys.platform == "linux":  # elsewhere it counts the heap alone
        _lower(resource.RLIMIT_DATA, memory_bytes)


def _lower(kind: int, value: int) -> None:
    import resource

    _, hard = resource.getrlimit(kind)
    resource.setrlimit(kind, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))
