"""Between blows a struck thing only rings down."""

from __future__ import annotations

import math

import torch

from vssflow_dit.sound.ringing import rung_down

FLOOR = math.log(1e-5)


def decay(n: int, at: int, peak: float, per_frame: float) -> torch.Tensor:
    """A log-mel (64, n) that rises at frame `at` to `peak` and falls by `per_frame`."""
    frames = torch.arange(n)
    level = torch.where(frames >= at, peak - per_frame * (frames - at), torch.tensor(FLOOR)).clamp(min=FLOOR)
    return level.expand(64, n).clone()


def pulse(n: int, at: int) -> torch.Tensor:
    return (1 - (torch.arange(n) - at).abs() / 3).clamp(min=0)


def test_a_strike_and_its_ringing_stay_as_they_are() -> None:
    mel = decay(200, 50, -1.0, 0.05)
    assert torch.allclose(rung_down(mel, pulse(200, 50)), mel, atol=1e-5)


def test_a_click_where_nothing_struck_is_gone_and_the_ringing_goes_on() -> None:
    ringing = decay(200, 50, -1.0, 0.05)
    clicked = ringing.clone()
    clicked[:, 120:123] = -1.5
    cleaned = rung_down(clicked, pulse(200, 50))
    assert float((cleaned - ringing)[:, 120:].max()) < 0.35  # three frames may rise
    assert torch.allclose(cleaned[:, :120], ringing[:, :120], atol=1e-5)


def test_without_strikes_a_sudden_sound_is_silenced_and_a_slow_swell_passes() -> None:
    none = torch.zeros(600)
    assert float(rung_down(decay(600, 100, -1.0, 0.1), none)[:, 100:110].max()) < -5.0
    swell = torch.linspace(FLOOR, -3.0, 600).expand(64, 600).clone()
    assert torch.allclose(rung_down(swell, none), swell, atol=1e-3)
