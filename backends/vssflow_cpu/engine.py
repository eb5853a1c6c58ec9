"""The engine on the processor, opened: the only module of this plugin that imports torch, by way of the model."""

from __future__ import annotations

from vssflow_dit.engine import cpu_engine
from vssflow_post.backend import Backend, GenerationSettings


def open_engine(settings: GenerationSettings) -> Backend:
    return cpu_engine(settings)
