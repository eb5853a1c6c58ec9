"""Plugin: VSSFlow on the processor. Works everywhere; the fallback of `auto`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from vssflow_post.hookspecs import hookimpl

if TYPE_CHECKING:
    from vssflow_post.backend import Backend, BackendOffer, GenerationSettings


def _open(settings: GenerationSettings) -> Backend:
    from vssflow_cpu.engine import open_engine

    return open_engine(settings)


@hookimpl
def vssflow_backends() -> Sequence[BackendOffer]:
    from vssflow_dit.config import identify
    from vssflow_post.backend import BackendOffer

    return [BackendOffer(name="cpu", priority=10, open=_open, identify=identify)]
