"""The unified model, VSSFlow. Importing this package imports no torch; asking it for `VSSFlow` does."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vssflow_dit.model import VSSFlow

__all__ = ["VSSFlow"]


def __getattr__(name: str) -> object:
    if name == "VSSFlow":
        from vssflow_dit.model import VSSFlow

        return VSSFlow
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
