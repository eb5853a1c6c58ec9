"""The unified model: conditions, transformer and codec as one object that renders sound and speech alike."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from vssflow_dit.codec import Codec
from vssflow_dit.conditions import Condition, Conditions
from vssflow_dit.config import ModelConfig
from vssflow_dit.dit import DiT, Prepared
from vssflow_dit.flow import SAMPLERS, blend_weights, guided, window_starts


class UnifiedModel(nn.Module):
    """One flow-matching transformer for video-to-sound and visual text-to-speech (arXiv 2509.24773)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.conditions = Conditions(config)
        self.dit = DiT(config.dit, self.conditions.concat_channels)
        self.codec = Codec()

    def condition(self, values: Mapping[str, Tensor], n_tokens: int) -> Condition:
        """Values of every stream of the config (see `Conditions.forward`) for `n_tokens` tokens."""
        return self.conditions(values, n_tokens)  # type: ignore[no-any-return]

    def velocity(self, x: Tensor, t: float, prepared: Prepared) -> Tensor:
        """Velocity at x (B, 128, T) and time t in [0, 1]."""
        return self.dit.velocity(x, torch.full((len(x),), t), prepared)

    @torch.no_grad()
    def sample(self, noise: Tensor, condition: Condition, *, sampler: str, steps: int, guidance: float, window: int) -> Tensor:
        """Noise (B, 128, T) to latent (B, 128, T).

        Where T exceeds `window`, the field is the blend of the fields of overlapping windows at every evaluation
        (MultiDiffusion, arXiv 2302.08113), so that no seam can form.
        """
        n = noise.shape[2]
        starts = window_starts(n, window, window // 4)
        size = min(n, window)
        weights = blend_weights(starts, size, n)
        both = condition.with_unconditional() if guidance != 1.0 else condition
        windows = [both.window(start, size) for start in starts]
        prepared = [self.dit.prepare(part.concat, part.cross) for part in windows]

        def field(x: Tensor, t: float) -> Tensor:
            out = torch.zeros_like(x)
            for start, row, ready in zip(starts, weights, prepared, strict=True):
                part = x[..., start : start + size]
                velocity = self.velocity(torch.cat((part, part)) if guidance != 1.0 else part, t, ready)
                if guidance != 1.0:
                    velocity = guided(*velocity.chunk(2), guidance)
                out[..., start : start + size] += row[start : start + size] * velocity
            return out

        return SAMPLERS[sampler](field, noise, steps)
