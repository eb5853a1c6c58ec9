"""The mix: takes laid on the film's clock, levelled and limited as one, delivered as stems that sum to it exactly."""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
