"""Films as files: what they are, how long, at which rate, and their pictures and sound, decoded.

`probe.probe` gives a `Film` or the verdict why not; `frames` decodes each picture once, small; `audio_blocks` streams
the production track, aligned to the picture.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
