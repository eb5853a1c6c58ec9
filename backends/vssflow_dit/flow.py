"""Flow matching: the path from noise to data, and the samplers that follow its field. They know no model.

Conditional optimal transport (arXiv 2210.02747): x_t = (1 - t) noise + t data, velocity = data - noise.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor

Field: TypeAlias = Callable[[Tensor, float], Tensor]
"""velocity(x, t)"""


def interpolate(noise: Tensor, data: Tensor, t: Tensor) -> Tensor:
    """The point at t (B,) of the straight path."""
    t = t[:, None, None]
    return (1 - t) * noise + t * data


def guided(conditional: Tensor, unconditional: Tensor, scale: float) -> Tensor:
    """Classifier-free guidance on velocities."""
    return unconditional + scale * (conditional - unconditional)


def euler(field: Field, x: Tensor, steps: int) -> Tensor:
    """One evaluation a step, first order."""
    for k in range(steps):
        x = x + field(x, k / steps) / steps
    return x


def midpoint(field: Field, x: Tensor, steps: int) -> Tensor:
    """Two evaluations a step, second order."""
    for k in range(steps):
        half = x + field(x, k / steps) / (2 * steps)
        x = x + field(half, (k + 0.5) / steps) / steps
    return x


SAMPLERS: dict[str, Callable[[Field, Tensor, int], Tensor]] = {"euler": euler, "midpoint": midpoint}


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
