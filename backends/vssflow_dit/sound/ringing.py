"""The mel of struck things, corrected: between two blows a body only rings down.

A small model at few steps leaves faint clicks where nothing struck. Physics tells them from the sound: between two
blows a body's level falls, and air that swells does so slowly. Levels that rise faster are brought back, in the mel.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from vssflow_dit.sound.mel import FRAME_RATE_HZ, LOG_FLOOR

RISE_DB_S = 40.0
"""How fast a level may rise where nothing strikes: a swell may, a click (hundreds of dB a second) may not."""
AROUND_FRAMES = 3
"""Frames on each side of a pulse that belong to the strike: the analysis window spreads it that far."""
NEPER_DB = 20 / math.log(10)


def rung_down(mel: Tensor, strikes: Tensor) -> Tensor:
    """Log-mel (64, n) of a struck thing with strike pulses (n,), levels between the strikes limited in their rise."""
    level = torch.logsumexp(2 * mel, dim=0) / 2  # natural log of the amplitude, (n,)
    window = 2 * AROUND_FRAMES + 1
    struck = torch.nn.functional.max_pool1d(strikes[None, None], window, 1, AROUND_FRAMES)[0, 0] > 0
    floor = math.log(LOG_FLOOR) + math.log(len(mel)) / 2
    rise = RISE_DB_S / NEPER_DB / FRAME_RATE_HZ
    allowed: list[float] = []
    last = floor
    for now, hit in zip(level.tolist(), struck.tolist(), strict=True):
        last = now if hit else min(now, max(last, floor) + rise)
        allowed.append(last)
    lowered = mel - (level - torch.tensor(allowed, device=mel.device, dtype=mel.dtype))
    return lowered.clamp(min=math.log(LOG_FLOOR))
