"""The engine on a GPU: bfloat16, compiled where shapes repeat, and an honest answer when memory runs out."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch

from vssflow_dit.engine import Engine, Ready
from vssflow_post.backend import Backend, GenerationSettings, Take
from vssflow_post.errors import BackendUnavailable, FilmFailed

TOKENS_AT_ONCE = 6000
"""Latent tokens of a batch, four minutes: small products leave a GPU idle."""
ON_PROCESSOR = "The GPU ran out of memory: rendered on the CPU."


class CudaEngine(Engine):
    """When a batch does not fit, its halves are tried; when one cue does not fit, the preset decides."""

    _processor: Engine | None = None

    def _takes(self, batch: Sequence[Ready]) -> Iterator[Take]:
        try:
            done = list(super()._takes(batch))
        except torch.cuda.OutOfMemoryError as error:
            torch.cuda.empty_cache()
            if len(batch) == 1 and not self._settings.allow_cpu_fallback:
                cue = batch[0].request.id
                raise FilmFailed(
                    "no_memory", f"cue {cue} does not fit the GPU's memory; set generate.allow_cpu_fallback"
                ) from error
            half = len(batch) // 2
        else:
            yield from done
            return
        if half:
            yield from self._takes(batch[:half])
            yield from self._takes(batch[half:])
            return
        if self._processor is None:
            self._processor = Engine("cpu", torch.device("cpu"), self._settings, torch.float32, 1)
        for take in self._processor.render([ready.request for ready in batch]):
            yield replace(take, notes=(*take.notes, ON_PROCESSOR))


def open_engine(settings: GenerationSettings) -> Backend:
    if not torch.cuda.is_available():
        raise BackendUnavailable("backend cuda: this installation of torch finds no usable GPU")
    if settings.deterministic:
        _choose_repeatable_kernels()
        return CudaEngine("cuda", torch.device("cuda"), settings, torch.float32, TOKENS_AT_ONCE)
    dtype = torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    engine = CudaEngine("cuda", torch.device("cuda"), settings, dtype, TOKENS_AT_ONCE)
    engine.compile_for_repeats()
    return engine


def _choose_repeatable_kernels() -> None:
    """Kernels that give the same bits each time, in float32 proper: TensorFloat-32 keeps ten bits of a product."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS reads it when it is first used
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
