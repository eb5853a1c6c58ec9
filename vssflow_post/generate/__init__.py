"""From cues to takes: requests, the backend's answers checked, takes in the store, why one was made again."""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
