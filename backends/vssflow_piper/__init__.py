"""Plugin: voices of Piper's, the user's own or PyPI's `joe`. They speak lines; sounds are for another backend."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from vssflow_post.hookspecs import hookimpl

if TYPE_CHECKING:
    from vssflow_post.backend import Backend, BackendIdentity, BackendOffer, GenerationSettings


def _open(settings: GenerationSettings) -> Backend:
    from vssflow_piper.engine import PiperEngine

    return PiperEngine(settings)


def _identify(settings: GenerationSettings) -> BackendIdentity:
    from vssflow_piper.listing import identify

    return identify(settings)


def _unavailable() -> str | None:
    from importlib.util import find_spec

    missing = [name for name in ("onnx", "onnxruntime") if find_spec(name) is None]
    return f"{' and '.join(missing)} missing: pip install 'vssflow-post[piper]'" if missing else None


@hookimpl
def vssflow_backends() -> Sequence[BackendOffer]:
    from vssflow_post.backend import BackendOffer

    return [BackendOffer(name="piper", priority=0, open=_open, unavailable=_unavailable(), identify=_identify)]
