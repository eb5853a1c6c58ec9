"""One film: what is left alone, the line from picture to stems, the forecast, and the facts for the report."""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
