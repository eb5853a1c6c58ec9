"""Flow matching: the path from noise to data, guidance of its field, and solvers that follow it. They know no model.

Conditional optimal transport (arXiv 2210.02747): x_t = (1 - t) noise + t data, velocity = data - noise. The field of a
trained model bends most near the noise (t = 0), so steps that are short there cost less error than equal ones:
`time_grid` moves them. `docs/sampling.md` measures what each solver gives for its evaluations.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import torch
from torch import Tensor

Field: TypeAlias = Callable[[Tensor, float], Tensor]
"""velocity(x, t)"""
SCHEDULES: dict[str, Callable[[float], float]] = {
    "constant": lambda t: 1.0,
    "falling": lambda t: 2.0 * (1.0 - t),
    "rising": lambda t: 2.0 * t,
}
"""How much of the guidance beyond 1 acts at time t; each has mean 1 over the path."""
TOLERANCE = 1e-5
"""Of the adaptive solver, absolute and relative: the reference's."""


def interpolate(noise: Tensor, data: Tensor, t: Tensor) -> Tensor:
    """The point at t (B,) of the straight path."""
    t = t[:, None, None]
    return (1 - t) * noise + t * data


def guided(conditional: Tensor, unconditional: Tensor, scale: Tensor | float) -> Tensor:
    """Classifier-free guidance on velocities (arXiv 2207.12598)."""
    return unconditional + scale * (conditional - unconditional)


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


def time_grid(steps: int, shift: float = 1.0, stretch: float = 1.0) -> list[float]:
    """Times 0 = t_0 < ... < t_steps = 1, equally far apart where `shift` and `stretch` are 1.

    Odds of time, t / (1 - t), are equal steps' odds to the power `stretch`, over `shift`: a shift above 1 makes the
    steps near the noise shorter, a stretch above 1 those at both ends.
    """
    times = []
    for k in range(steps + 1):
        done, left = (k / steps) ** stretch, (1 - k / steps) ** stretch
        times.append(done / (done + shift * left))
    return times


def euler(field: Field, x: Tensor, times: Sequence[float]) -> Tensor:
    """One evaluation a step, first order."""
    for start, end in pairwise(times):
        x = x + (end - start) * field(x, start)
    return x


def midpoint(field: Field, x: Tensor, times: Sequence[float]) -> Tensor:
    """Two evaluations a step, second order."""
    for start, end in pairwise(times):
        half = (end - start) / 2
        x = x + (end - start) * field(x + half * field(x, start), start + half)
    return x


def heun(field: Field, x: Tensor, times: Sequence[float]) -> Tensor:
    """Two evaluations a step, second order, the second at the step's end."""
    for start, end in pairwise(times):
        step = end - start
        first = field(x, start)
        x = x + step / 2 * (first + field(x + step * first, end))
    return x


def adams(field: Field, x: Tensor, times: Sequence[float]) -> Tensor:
    """One evaluation a step, second order but for the first step: Adams-Bashforth with the last step's velocity."""
    last: Tensor | None = None
    before = 0.0
    for start, end in pairwise(times):
        step = end - start
        now = field(x, start)
        slope = now if last is None else now + (now - last) * (step / (2 * (start - before)))
        x, last, before = x + step * slope, now, start
    return x


def dopri5(field: Field, x: Tensor, times: Sequence[float], tolerance: float = TOLERANCE) -> Tensor:
    """Dormand and Prince's adaptive solver, by torchdiffeq: as many evaluations as the tolerance asks for."""
    from torchdiffeq import odeint

    grid = torch.tensor(times, dtype=torch.float32, device=x.device)
    path = odeint(lambda t, y: field(y, float(t)), x, grid, method="dopri5", rtol=tolerance, atol=tolerance)
    return path[-1]  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class Sampler:
    """A solver, and what a step of it costs."""

    follow: Callable[[Field, Tensor, Sequence[float]], Tensor]
    """(field, x at times[0], times) to x at times[-1]."""
    per_step: int | None
    """Evaluations of the field in a step; None where it chooses its own steps between the times."""


SAMPLERS: dict[str, Sampler] = {
    "euler": Sampler(euler, 1),
    "midpoint": Sampler(midpoint, 2),
    "heun": Sampler(heun, 2),
    "adams": Sampler(adams, 1),
    "dopri5": Sampler(dopri5, None),
    "distilled": Sampler(adams, 1),
}
"""`distilled` asks for a model that steps by itself (`ModelConfig.times`); of a field it is `adams`."""
