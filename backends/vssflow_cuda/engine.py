"""The engine on a GPU: bfloat16, and an honest answer when memory runs out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch

from vssflow_dit.engine import Engine
from vssflow_post.backend import Backend, CueRequest, GenerationSettings, Take
from vssflow_post.errors import BackendUnavailable, FilmFailed


class CudaEngine(Engine):
    """One take at a time is the smallest batch there is; when even that does not fit, the preset decides."""

    def render(self, requests: Sequence[CueRequest]) -> Iterator[Take]:
        for k, request in enumerate(requests):
            try:
                yield from super().render([request])
            except torch.cuda.OutOfMemoryError as error:
                torch.cuda.empty_cache()
                if not self._settings.allow_cpu_fallback:
                    raise FilmFailed(
                        "no_memory", f"cue {request.id} does not fit the GPU's memory; set generate.allow_cpu_fallback"
                    ) from error
                processor = Engine("cpu", torch.device("cpu"), self._settings, torch.float32)
                note = "The GPU ran out of memory: rendered on the CPU."
                yield from (replace(take, notes=(*take.notes, note)) for take in processor.render(requests[k:]))
                return


def open_engine(settings: GenerationSettings) -> Backend:
    if not torch.cuda.is_available():
        raise BackendUnavailable("backend cuda: this installation of torch finds no usable GPU")
    dtype = torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    return CudaEngine("cuda", torch.device("cuda"), settings, dtype)
