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

WINDOWS_AT_ONCE = 8
"""Windows of a long cue that are evaluated in one batch."""


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
        """Velocity (float32) at x (B, 128, T) and time t in [0, 1], computed in the transformer's own precision."""
        dtype = self.dit.latent_in.weight.dtype
        return self.dit.velocity(x.to(dtype), torch.full((len(x),), t, device=x.device), prepared).float()

    def quickened(self, dtype: torch.dtype) -> UnifiedModel:
        """This model with the transformer's matrices in `dtype`; the time's Fourier features stay exact."""
        self.dit.to(dtype)
        self.dit.time.float()
        return self

    @torch.no_grad()
    def sample(
        self, noise: Tensor, condition: Condition, *, sampler: str, steps: int, guidance: float, window: int
    ) -> Tensor:
        """Noise (1, 128, T) to latent (1, 128, T).

        Where T exceeds `window`, the field is the blend of the fields of overlapping windows at every evaluation
        (MultiDiffusion, arXiv 2302.08113), so that no seam can form. Windows are evaluated WINDOWS_AT_ONCE together,
        with both guidance passes in the same batch: memory stays constant in T but for the latent itself.
        """
        n = noise.shape[2]
        starts = window_starts(n, window, window // 4)
        size = min(n, window)
        weights = blend_weights(starts, size, n).to(noise.device)
        groups = [starts[k : k + WINDOWS_AT_ONCE] for k in range(0, len(starts), WINDOWS_AT_ONCE)]
        prepared = [self._prepared(condition, group, size, guidance) for group in groups]

        def field(x: Tensor, t: float) -> Tensor:
            out = torch.zeros_like(x)
            for group, ready in zip(groups, prepared, strict=True):
                part = torch.cat([x[..., start : start + size] for start in group])
                velocity = self.velocity(torch.cat((part, part)) if guidance != 1.0 else part, t, ready)
                if guidance != 1.0:
                    conditional, unconditional = velocity.chunk(2)
                    velocity = guided(conditional, unconditional, guidance)
                for start, row in zip(group, velocity, strict=True):
                    share = weights[starts.index(start), start : start + size]
                    out[0, :, start : start + size] += share * row
            return out

        return SAMPLERS[sampler](field, noise, steps)

    def _prepared(self, condition: Condition, group: list[int], size: int, guidance: float) -> Prepared:
        """The conditions of a group of windows, then as many unconditional ones where guidance needs them."""
        windows = [condition.window(start, size) for start in group]
        joined = Condition(torch.cat([w.concat for w in windows]), torch.cat([w.cross for w in windows]))
        if guidance != 1.0:
            joined = joined.with_unconditional()
        dtype = self.dit.latent_in.weight.dtype
        return self.dit.prepare(joined.concat.to(dtype), joined.cross.to(dtype))
