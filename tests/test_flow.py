"""Samplers against fields whose flow is known in closed form."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch
from torch import Tensor

from vssflow_dit import flow


def grow(x: Tensor, t: float) -> Tensor:
    """dx/dt = 3 t^2: x gains exactly 1 from t = 0 to 1."""
    return torch.full_like(x, 3 * t * t)


def spin(x: Tensor, t: float) -> Tensor:
    """dx/dt = x: x grows e-fold."""
    return x


@pytest.mark.parametrize(("sampler", "order"), [("euler", 1), ("midpoint", 2)])
def test_error_falls_with_the_order_of_the_sampler(sampler: str, order: int) -> None:
    errors = [abs(float(flow.SAMPLERS[sampler](spin, torch.ones(1), n)) - math.e) for n in (16, 32)]
    assert math.log2(errors[0] / errors[1]) == pytest.approx(order, abs=0.15)


def test_midpoint_integrates_a_quadratic_velocity_closely() -> None:
    assert float(flow.midpoint(grow, torch.zeros(1), 50)) == pytest.approx(1.0, abs=1e-3)


def test_euler_uses_one_evaluation_a_step_and_midpoint_two() -> None:
    calls: list[float] = []

    def counted(x: Tensor, t: float) -> Tensor:
        calls.append(t)
        return x

    flow.euler(counted, torch.ones(1), 5)
    assert calls == pytest.approx([0, 0.2, 0.4, 0.6, 0.8])
    calls.clear()
    flow.midpoint(counted, torch.ones(1), 2)
    assert calls == pytest.approx([0, 0.25, 0.5, 0.75])


def test_the_true_velocity_carries_noise_to_data_along_a_straight_path() -> None:
    noise, data = torch.randn(2, 3, 4), torch.randn(2, 3, 4)
    half = flow.interpolate(noise, data, torch.tensor([0.5, 0.25]))
    assert torch.allclose(half[0], (noise[0] + data[0]) / 2)
    assert torch.allclose(half[1], 0.75 * noise[1] + 0.25 * data[1])
    assert torch.allclose(flow.euler(lambda x, t: data - noise, noise, 1), data, atol=1e-6)


def test_guidance_of_one_is_the_conditional_field_and_more_overshoots_it() -> None:
    conditional, unconditional = torch.tensor([2.0]), torch.tensor([1.0])
    assert float(flow.guided(conditional, unconditional, 1.0)) == 2.0
    assert float(flow.guided(conditional, unconditional, 3.0)) == 4.0


@pytest.mark.parametrize("n", [1, 124, 125, 126, 200, 1000, 7501])
def test_windows_cover_every_token_and_their_weights_sum_to_one(n: int) -> None:
    starts = flow.window_starts(n, 125, 31)
    size = min(n, 125)
    weights = flow.blend_weights(starts, size, n)
    assert starts[0] == 0
    assert starts[-1] + size == n
    assert all(b - a <= 125 - 31 for a, b in pairwise(starts))
    assert torch.allclose(weights.sum(0), torch.ones(n), atol=1e-5)
