"""Many films: found, chosen, given to workers here or on a cluster, written into batch.jsonl."""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
