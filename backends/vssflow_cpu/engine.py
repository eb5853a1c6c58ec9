"""The engine on the processor: threads set once, bfloat16 where the processor multiplies it fast.

Deterministic mode takes one thread, since where a sum is divided among threads decides how it is rounded, and float32:
rounding then differs by a millionth from one kind of processor to the next, where bfloat16, which only some have,
differs by a dB.
"""

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
    n_threads = 1 if settings.deterministic else settings.threads
    if n_threads:
        torch.set_num_threads(n_threads)
    dtype = torch.bfloat16 if fast_bfloat16() and not settings.deterministic else torch.float32
    return Engine("cpu", torch.device("cpu"), settings, dtype, TOKENS_AT_ONCE)
