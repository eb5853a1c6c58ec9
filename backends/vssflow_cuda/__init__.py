"""Plugin: VSSFlow on an NVIDIA GPU."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from vssflow_post.hookspecs import hookimpl

if TYPE_CHECKING:
    from vssflow_post.backend import Backend, BackendOffer, GenerationSettings

DRIVER = Path("/proc/driver/nvidia/version")


def _open(settings: GenerationSettings) -> Backend:
    from vssflow_cuda.engine import open_engine

    return open_engine(settings)


def _unavailable() -> str | None:
    """Looked up without torch: a driver is there, or Windows, where only torch can tell."""
    import sys

    if sys.platform == "linux" and not DRIVER.exists():
        return "no NVIDIA driver is loaded on this machine"
    if sys.platform == "darwin":
        return "there is no CUDA on macOS"
    return None


@hookimpl
def vssflow_backends() -> Sequence[BackendOffer]:
    from vssflow_dit.config import identify
    from vssflow_post.backend import BackendOffer

    return [BackendOffer(name="cuda", priority=50, open=_open, unavailable=_unavailable(), identify=identify)]
