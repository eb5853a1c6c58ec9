"""Long cues: overlapping windows whose fields are blended at every evaluation (MultiDiffusion, arXiv 2302.08113).

The blended field is one smooth field over the whole cue, so no seam can form where windows meet.
"""

from __future__ import annotations

import torch
from torch import Tensor


def window_starts(n: int, window: int, overlap: int) -> list[int]:
    """First tokens of windows that cover n tokens, each overlapping the next by at least `overlap`."""
    if n <= window:
        return [0]
    count = -(-(n - overlap) // (window - overlap))
    return [round(k * (n - window) / (count - 1)) for k in range(count)]


def blend_weights(starts: list[int], window: int, n: int) -> Tensor:
    """Per window and token, triangular weights that sum to one over the windows: (windows, n)."""
    ramp = torch.minimum(torch.arange(1, window + 1), torch.arange(window, 0, -1)).float()
    weights = torch.zeros(len(starts), n)
    for row, start in zip(weights, starts, strict=True):
        row[start : start + window] = ramp[: n - start]
    return weights / weights.sum(0)
