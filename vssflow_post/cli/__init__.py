"""The command line. Importing it imports no command: every worker does so, as it starts from the same script."""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
