"""What a film itself shows and says: cuts, faces and mouths, motion, who speaks when."""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
