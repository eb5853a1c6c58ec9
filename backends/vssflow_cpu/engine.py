"""The engine on the processor: threads set once, bfloat16 where the processor multiplies it fast."""

from __future__ import annotations

import torch

from vssflow_dit.engine import Engine
from vssflow_post.backend import Backend, GenerationSettings

TOKENS_AT_ONCE = 400
"""Latent tokens of a batch, 16 s: beyond, nothing is gained on two cores, and a run that is stopped would lose more."""


def fast_bfloat16() -> bool:
    """Whether matrix products in bfloat16 beat float32 here: with AVX-512 BF16 they run two to four times faster."""
    return bool(torch.cpu._is_avx512_bf16_supported())


def open_engine(settings: GenerationSettings) -> Backend:
    if settings.threads:
        torch.set_num_threads(settings.threads)
    dtype = torch.bfloat16 if fast_bfloat16() else torch.float32
    return Engine("cpu", torch.device("cpu"), settings, dtype, TOKENS_AT_ONCE)
