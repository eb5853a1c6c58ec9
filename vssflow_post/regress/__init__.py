"""Golden renders for CI: record what a suite sounds like, and tell later whether it still does."""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
