"""What is to be heard: the script, spotting, the cue sheet as JSON and CSV, the cast, dialogue."""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
