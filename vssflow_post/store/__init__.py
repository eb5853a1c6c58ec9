"""What lies in an output folder: files named when they are whole, entries by content, the lock, pruning."""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
