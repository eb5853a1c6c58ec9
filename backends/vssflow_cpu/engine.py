"""The engine on the processor: lanes of one thread each, bfloat16 where the processor multiplies it fast.

Deterministic mode takes float32: rounding then differs by a millionth from one kind of processor to the next, where
bfloat16, which only some have, differs by a dB.
"""

from __future__ import annotations

import torch

from vssflow_dit.engine import Engine
from vssflow_post.backend import Backend, GenerationSettings

TOKENS_AT_ONCE = 400
"""Latent tokens of a batch, 16 s: beyond, nothing is gained on two cores, and a run that is stopped would lose more."""


def fast_bfloat16() -> bool:
    """Whether matrix products in bfloat16 beat float32 here: with AVX-512 BF16 they run two to five times faster.

    oneDNN is asked as well: ONEDNN_MAX_CPU_ISA may keep it from what the processor has.
    """
    return bool(torch.cpu._is_avx512_bf16_supported() and torch.ops.mkldnn._is_mkldnn_bf16_supported())


def open_engine(settings: GenerationSettings) -> Backend:
    dtype = torch.bfloat16 if fast_bfloat16() and not settings.deterministic else torch.float32
    return Engine("cpu", torch.device("cpu"), settings, dtype, TOKENS_AT_ONCE)
