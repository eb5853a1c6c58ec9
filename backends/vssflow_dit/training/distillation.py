"""Many guided steps into few without guidance: a student learns where its teacher is at the end of each of its steps.

The teacher follows its guided field from one time of the student's grid to the next, in `SUBSTEPS` midpoint steps; the
student's velocity at the first is to be the way between them (as in progressive distillation, arXiv 2202.00512, with
guidance folded in as in arXiv 2210.03142). From then on one pass does what four did.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from vssflow_dit.flow import guided, interpolate
from vssflow_dit.training.joint import FlowLoss
from vssflow_dit.transformer.conditions import Condition
from vssflow_dit.transformer.unified import UnifiedModel

SUBSTEPS = 1
"""Midpoint steps of the teacher, for each of the student's. A second would come nearer to its field by less than what a
student is away from it, and take half as long again."""


class DistillationLoss(FlowLoss):
    """The mean squared error of the student's step."""

    def __init__(
        self, student: UnifiedModel, teacher: UnifiedModel, times: Sequence[float], guidance: tuple[float, float]
    ) -> None:
        """`times` is the student's grid, from 0 to 1; `guidance` the teacher's scale for speech and for sounds."""
        super().__init__(student, 0.0)
        self._teacher = [teacher]  # in a list, so that it is no part of what is trained
        self.guidance = guidance
        self.register_buffer("times", torch.tensor(times, dtype=torch.float32), persistent=False)

    def forward(self, data: Tensor, values: dict[str, Tensor], seed: int) -> Tensor:
        """`data` (B, C, T); `seed` draws noise and each example's step."""
        chance = torch.Generator(data.device).manual_seed(seed)
        noise = torch.randn(data.shape, generator=chance, device=data.device)
        times = self.get_buffer("times")
        step = torch.randint(len(times) - 1, (len(data),), generator=chance, device=data.device)
        return self.error(data, values, noise, times[step], times[step + 1])

    def errors(self, data: Tensor, values: dict[str, Tensor], noise: Tensor, start: Tensor, end: Tensor) -> Tensor:
        """Of each example's step, from its time `start` to `end` (B,): (B,)"""
        x = interpolate(noise, data, start)
        condition = self.model.condition(values, data.shape[2])
        with torch.no_grad():
            reached = self.followed(x, start, end, values)
        wanted = (reached - x) / (end - start)[:, None, None]
        velocity = self.model.dit(x, start, condition.concat, condition.cross, condition.modulating)
        error: Tensor = velocity.float() - wanted
        return error.square().mean(dim=(1, 2))

    def followed(self, x: Tensor, start: Tensor, end: Tensor, values: dict[str, Tensor]) -> Tensor:
        """Where the teacher's guided field carries x (B, C, T) from the times `start` to the times `end` (B,)."""
        teacher = self._teacher[0]
        condition = teacher.condition(values, x.shape[2])
        scale = self.scales(values).to(x)[:, None, None]
        length = (end - start) / SUBSTEPS
        for k in range(SUBSTEPS):
            now = start + k * length
            half = (length / 2)[:, None, None]
            middle = x + half * self._guided(x, now, condition, scale)
            x = x + 2 * half * self._guided(middle, now + length / 2, condition, scale)
        return x

    def scales(self, values: dict[str, Tensor]) -> Tensor:
        """Each example's guidance (B,): speech is what has a voice."""
        speaks = values["voice"][:, 0] > 0
        return torch.where(speaks, self.guidance[0], self.guidance[1])

    def _guided(self, x: Tensor, t: Tensor, condition: Condition, scale: Tensor) -> Tensor:
        """Conditional and unconditional velocity in one batch."""
        nothing = condition.dropped(torch.zeros(len(x), device=x.device))
        both = [torch.cat(pair) for pair in ((condition.concat, nothing.concat), (condition.cross, nothing.cross))]
        modulating = None
        if condition.modulating is not None and nothing.modulating is not None:
            modulating = torch.cat((condition.modulating, nothing.modulating))
        velocity = self._teacher[0].dit(x.repeat(2, 1, 1), t.repeat(2), *both, modulating)
        conditional, unconditional = velocity.float().chunk(2)
        return guided(conditional, unconditional, scale)
