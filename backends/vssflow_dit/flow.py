"""Flow matching: the path from noise to data, and guidance of its field. They know no model and no solver.

Conditional optimal transport (arXiv 2210.02747): x_t = (1 - t) noise + t data, velocity = data - noise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from torch import Tensor

Field: TypeAlias = Callable[[Tensor, float], Tensor]
"""velocity(x, t)"""


def interpolate(noise: Tensor, data: Tensor, t: Tensor) -> Tensor:
    """The point at t (B,) of the straight path."""
    t = t[:, None, None]
    return (1 - t) * noise + t * data


def guided(conditional: Tensor, unconditional: Tensor, scale: Tensor | float) -> Tensor:
    """Classifier-free guidance on velocities (arXiv 2207.12598)."""
    return unconditional + scale * (conditional - unconditional)


SCHEDULES: dict[str, Callable[[float], float]] = {
    "constant": lambda t: 1.0,
    "falling": lambda t: 2.0 * (1.0 - t),
    "rising": lambda t: 2.0 * t,
}
"""How much of the guidance beyond 1 acts at time t; each has mean 1 over the path."""


@dataclass(frozen=True, slots=True)
class Guidance:
    """When and how guidance acts: outside its interval the conditional field is followed, at half the work."""

    first: float = 0.0
    last: float = 1.0
    """Times between which it acts (arXiv 2404.07724)."""
    schedule: str = "constant"
    """One of SCHEDULES."""

    def strength(self, t: float) -> float:
        """The factor on (scale - 1) at time t; 0 where the unconditional pass is not needed."""
        return SCHEDULES[self.schedule](t) if self.first <= t <= self.last else 0.0
