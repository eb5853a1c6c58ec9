"""A film in, broadcast-ready sound out. `render_films` does from Python what `vssflow-post render` does.

Importing this imports nothing heavy. For plugins: `backend`, `hookspecs`, `timeline`, `audio`, `errors`, `progress`.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
