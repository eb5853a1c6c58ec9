"""The engine on the processor: lanes of one thread each, bfloat16 where the processor multiplies it fast.

Deterministic mode takes float32: rounding then differs by a millionth from one kind of processor to the next, where
bfloat16, which only some have, differs by a dB.
"""

from __future__ import annotations

import torch

from vssflow_dit.engine import Engine, fast_bfloat16
from vssflow_post.backend import Backend, GenerationSettings


def open_engine(settings: GenerationSettings) -> Backend:
    dtype = torch.bfloat16 if fast_bfloat16() and not settings.deterministic else torch.float32
    return Engine("cpu", torch.device("cpu"), settings, dtype)
