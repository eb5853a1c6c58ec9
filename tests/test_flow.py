"""Samplers against fields whose flow is known in closed form."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch
from torch import Tensor

from vssflow_dit import flow
from vssflow_dit.flow import SAMPLERS, adams, euler, midpoint, time_grid
from vssflow_dit.transformer import packed_field


def grow(x: Tensor, t: float) -> Tensor:
    """dx/dt = 3 t^2: x gains exactly 1 from t = 0 to 1."""
    return torch.full_like(x, 3 * t * t)


def spin(x: Tensor, t: float) -> Tensor:
    """dx/dt = x: x grows e-fold."""
    return x


@pytest.mark.parametrize(("sampler", "order"), [("euler", 1), ("midpoint", 2), ("heun", 2), ("adams", 2)])
def test_error_falls_with_the_order_of_the_sampler(sampler: str, order: int) -> None:
    errors = [abs(float(SAMPLERS[sampler].follow(spin, torch.ones(1), time_grid(n))) - math.e) for n in (16, 32)]
    assert math.log2(errors[0] / errors[1]) == pytest.approx(order, abs=0.25)


@pytest.mark.parametrize(("shift", "stretch"), [(2.0, 1.0), (1.0, 1.5), (3.0, 1.3)])
@pytest.mark.parametrize("sampler", ["midpoint", "heun", "adams"])
def test_samplers_keep_their_order_on_uneven_times(sampler: str, shift: float, stretch: float) -> None:
    grids = [time_grid(n, shift, stretch) for n in (32, 64)]
    errors = [abs(float(SAMPLERS[sampler].follow(spin, torch.ones(1), grid)) - math.e) for grid in grids]
    assert math.log2(errors[0] / errors[1]) > 1.7


def test_the_adaptive_sampler_meets_its_tolerance() -> None:
    assert float(SAMPLERS["dopri5"].follow(spin, torch.ones(1), time_grid(10))) == pytest.approx(math.e, rel=1e-4)
    assert float(SAMPLERS["dopri5"].follow(grow, torch.zeros(1), time_grid(2))) == pytest.approx(1.0, abs=1e-5)


def test_midpoint_integrates_a_quadratic_velocity_closely() -> None:
    assert float(midpoint(grow, torch.zeros(1), time_grid(50))) == pytest.approx(1.0, abs=1e-3)


def test_adams_is_exact_for_velocities_linear_in_time_after_its_first_step() -> None:
    start = adams(lambda x, t: torch.full_like(x, t), torch.zeros(1), time_grid(8))
    assert float(start) == pytest.approx(0.5 - (1 / 8) ** 2 / 2, abs=1e-6)  # the first step is Euler's


@pytest.mark.parametrize("sampler", ["euler", "midpoint", "heun", "adams"])
def test_a_step_costs_what_the_sampler_says(sampler: str) -> None:
    calls: list[float] = []

    def counted(x: Tensor, t: float) -> Tensor:
        calls.append(t)
        return x

    SAMPLERS[sampler].follow(counted, torch.ones(1), time_grid(5))
    assert len(calls) == 5 * (SAMPLERS[sampler].per_step or 0)
    assert calls[0] == 0.0
    assert calls == sorted(calls)
    assert calls[-1] <= 1.0


def test_times_run_from_noise_to_data_and_are_even_without_shift_and_stretch() -> None:
    assert time_grid(4) == pytest.approx([0, 0.25, 0.5, 0.75, 1])
    for shift, stretch in ((2.0, 1.3), (0.5, 1.0), (5.0, 2.0)):
        times = time_grid(9, shift, stretch)
        assert (times[0], times[-1]) == (0.0, 1.0)
        assert all(b > a for a, b in pairwise(times))
    assert time_grid(2, 3.0)[1] == pytest.approx(0.25)  # odds 1 over a shift of 3


def test_guidance_acts_within_its_interval_and_as_its_schedule_says() -> None:
    between = flow.Guidance(0.2, 0.8)
    assert [between.strength(t) for t in (0.1, 0.2, 0.5, 0.8, 0.9)] == [0.0, 1.0, 1.0, 1.0, 0.0]
    for schedule in ("constant", "falling", "rising"):
        strengths = [flow.Guidance(schedule=schedule).strength((k + 0.5) / 100) for k in range(100)]
        assert sum(strengths) / 100 == pytest.approx(1.0)
    assert flow.Guidance(schedule="falling").strength(0.0) > flow.Guidance(schedule="falling").strength(1.0)


def test_the_true_velocity_carries_noise_to_data_along_a_straight_path() -> None:
    noise, data = torch.randn(2, 3, 4), torch.randn(2, 3, 4)
    half = flow.interpolate(noise, data, torch.tensor([0.5, 0.25]))
    assert torch.allclose(half[0], (noise[0] + data[0]) / 2)
    assert torch.allclose(half[1], 0.75 * noise[1] + 0.25 * data[1])
    assert torch.allclose(euler(lambda x, t: data - noise, noise, time_grid(1)), data, atol=1e-6)


def test_guidance_of_one_is_the_conditional_field_and_more_overshoots_it() -> None:
    conditional, unconditional = torch.tensor([2.0]), torch.tensor([1.0])
    assert float(flow.guided(conditional, unconditional, 1.0)) == 2.0
    assert float(flow.guided(conditional, unconditional, 3.0)) == 4.0


@pytest.mark.parametrize("n", [1, 124, 125, 126, 200, 1000, 7501])
def test_windows_cover_every_token_and_their_weights_sum_to_one(n: int) -> None:
    starts = packed_field.window_starts(n, 125, 31)
    size = min(n, 125)
    weights = packed_field.blend_weights(starts, size, n)
    assert starts[0] == 0
    assert starts[-1] + size == n
    assert all(b - a <= 125 - 31 for a, b in pairwise(starts))
    assert torch.allclose(weights.sum(0), torch.ones(n), atol=1e-5)
