"""Films as files: what they are, how long, at which rate, and their pictures and sound, decoded.

`probe` gives a `Film` or the verdict why not; `frames` decodes each picture once, small; `audio_blocks` streams the
production track, aligned to the picture. PyAV is imported where it is used, so importing this package is cheap.
"""

from __future__ import annotations

from vssflow_post.media.decode import display_size, frames
from vssflow_post.media.film import AudioStream, Film, ensure_unchanged
from vssflow_post.media.probe import probe
from vssflow_post.media.signature import looks_like_film
from vssflow_post.media.sound import audio_blocks, production_audio
from vssflow_post.media.timecode import is_drop_frame, samples_from_timecode, timecode_from_samples

__all__ = [
    "AudioStream",
    "Film",
    "audio_blocks",
    "display_size",
    "ensure_unchanged",
    "frames",
    "is_drop_frame",
    "looks_like_film",
    "probe",
    "production_audio",
    "samples_from_timecode",
    "timecode_from_samples",
]
