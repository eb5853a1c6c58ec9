"""VSSFlow: conditions, transformer, codec and vocoder as one object that renders sound and speech alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from vssflow_dit.checkpoint.weights import Weights, load
from vssflow_dit.config import MEL_FRAMES_PER_TOKEN
from vssflow_dit.flow import SAMPLERS, Guidance, Sampler, time_grid
from vssflow_dit.lanes import Lanes
from vssflow_dit.sound.mel import levelled, log_mel
from vssflow_dit.transformer.conditions import Condition
from vssflow_dit.transformer.packed_field import PackedField
from vssflow_dit.transformer.unified import MelCodec, MelVocoder, UnifiedModel


@dataclass(frozen=True, slots=True)
class Sampling:
    """How noise becomes a latent."""

    sampler: str = "dopri5"
    """One of `flow.SAMPLERS`."""
    steps: int = 10
    shift: float = 1.0
    stretch: float = 1.0
    """See `flow.time_grid`."""
    guidance: Guidance = field(default_factory=Guidance)


class VSSFlow:
    """The unified model, ready to render. Everything public takes and gives float32 tensors on its device.

    On a CPU it computes in `lanes`, so that what it gives depends neither on what else is in the batch nor on threads.
    """

    def __init__(self, unified: UnifiedModel, codec: MelCodec, vocoder: MelVocoder, lanes: Lanes | None = None) -> None:
        self.config = unified.config
        self.unified, self.codec, self.vocoder = unified, codec, vocoder
        self.lanes = lanes or Lanes.on(unified.device)

    @classmethod
    def load(
        cls, folder: str | Path, device: str | torch.device = "cpu", dtype: torch.dtype = torch.float32
    ) -> VSSFlow:
        """The model in a folder of weights, its transformer in `dtype`; conditions, codec and vocoder stay in float32,
        but for blocks of the reference's that bear bfloat16 (see `sound.bands`).

        Raises UsageError where there are no weights, or where they differ from their digests, names or shapes.
        """
        return cls.of(load(str(folder), torch.device(device), dtype))

    @classmethod
    def of(cls, weights: Weights) -> VSSFlow:
        """The parts of loaded weights as one."""
        return cls(weights.unified, weights.codec, weights.vocoder, weights.lanes)

    @property
    def rate_hz(self) -> int:
        """Of the waveforms: the vocoder's."""
        return self.vocoder.rate_hz

    def condition(self, n_tokens: int | None = None, **streams: Tensor | None) -> Condition:
        """What the transformer reads of the streams (reference: clip, speaker, sync, lip, phoneme), None for nothing.

        Features (B, ..., size) or ids (B, k), laid on `n_tokens` tokens (the model's window by default), give
        `concat` (B, C, T) and `cross` (B, N, D). Raises ValueError for a stream the model does not have.
        """
        return self.lanes.run(lambda: self.unified.condition(streams, n_tokens or self.config.window_tokens))

    def velocity(self, x: Tensor, t: float | Tensor, condition: Condition) -> Tensor:
        """The conditional velocity (B, C, T) at x (B, C, T) and time t, one for all or (B,)."""
        times = torch.as_tensor(t, dtype=torch.float32, device=x.device).reshape(-1)
        if len(times) > 1:
            return self.lanes.run(lambda: self._velocity(x, times, condition))
        conditions = [condition.example(k) for k in range(len(x))]
        field = PackedField(self.unified.dit, conditions, [1.0] * len(x), lanes=self.lanes)
        return self.lanes.run(lambda: torch.stack(field.unpacked(field(field.packed(list(x)), float(times[0])))))

    def _velocity(self, x: Tensor, times: Tensor, condition: Condition) -> Tensor:
        """As training has it: all examples in one product, each at its own time."""
        dit = self.unified.dit
        concat, cross = condition.concat.to(dit.dtype), condition.cross.to(dit.dtype)
        velocity: Tensor = dit(x.to(dit.dtype), times, concat, cross, condition.modulating)
        return velocity.float()

    def sample(
        self,
        noise: Tensor,
        condition: Condition,
        sampler: str = "dopri5",
        steps: int = 10,
        guidance: float = 3.0,
        *,
        shift: float = 1.0,
        stretch: float = 1.0,
        when: Guidance | None = None,
    ) -> Tensor:
        """Noise (B, C, T) to latents (B, C, T). Raises ValueError for an unknown sampler or another T.

        The examples of a batch share an adaptive sampler's steps, as in the reference.
        """
        sampling = Sampling(sampler, steps, shift, stretch, when or Guidance())
        conditions = [condition.example(k) for k in range(len(noise))]
        return torch.stack(
            self.lanes.run(lambda: self._followed(list(noise), conditions, [guidance] * len(noise), sampling))
        )

    def sample_all(
        self, noises: Sequence[Tensor], conditions: Sequence[Condition], guidances: Sequence[float], sampling: Sampling
    ) -> list[Tensor]:
        """Noises (C, T) of any lengths, a condition and a guidance scale each, to latents (C, T), in one batch.

        An adaptive sampler follows each alone, so that its steps depend on no neighbour.
        """
        size = 1 if _sampler(sampling.sampler).per_step is None else len(noises)
        parts = [slice(k, k + size) for k in range(0, len(noises), size)]
        followed = self.lanes.map(
            lambda part: self._followed(noises[part], conditions[part], guidances[part], sampling), parts
        )
        return [latent for latents in followed for latent in latents]

    def _followed(
        self, noises: Sequence[Tensor], conditions: Sequence[Condition], guidances: Sequence[float], sampling: Sampling
    ) -> list[Tensor]:
        for noise, condition in zip(noises, conditions, strict=True):
            if noise.shape[1] != condition.n_tokens:
                raise ValueError(f"noise of {noise.shape[1]} tokens, conditions of {condition.n_tokens}")
        sampler = _sampler(sampling.sampler)
        times: Sequence[float] = time_grid(sampling.steps, sampling.shift, sampling.stretch)
        if self.config.times:
            sampler, times, guidances = SAMPLERS["euler"], self.config.times, [1.0] * len(guidances)
        packed = PackedField(
            self.unified.dit, conditions, guidances, self.config.window_tokens, sampling.guidance, self.lanes
        )
        x = packed.packed(noises)
        if sampler.per_step is not None:
            return packed.unpacked(sampler.follow(packed, x, times))
        # The reference carries the concatenated channels along: they stand still, but its step control counts them.
        still = packed.packed([condition.concat[0] for condition in conditions])
        n, rest = x.shape[1], torch.zeros_like(still)
        state = sampler.follow(
            lambda y, t: torch.cat((packed(y[:, :n], t), rest), dim=1), torch.cat((x, still), dim=1), times
        )
        return packed.unpacked(state[:, :n])

    def encode(self, waveform: Tensor) -> Tensor:
        """Waveform (B, n >= 640) at 16 kHz, levelled as the reference levels what it learns from, to latents
        (B, C, n // 640)."""

        def encoded() -> Tensor:
            mel = log_mel(levelled(waveform), self.codec.n_bands(self.config.dit.latent_channels))
            n_tokens = mel.shape[2] // MEL_FRAMES_PER_TOKEN
            return self.codec.encode(mel[..., : n_tokens * MEL_FRAMES_PER_TOKEN])

        return self.lanes.run(encoded)

    def mel(self, latent: Tensor) -> Tensor:
        """Latent (B, C, T) to log-mel (B, bands, 4T)."""
        return self.lanes.run(lambda: self.codec.decode(latent))

    def waveform(self, log_mel: Tensor, seed: int = 0) -> Tensor:
        """Log-mel (B, bands, n) to waveform (B, samples) at `rate_hz`; `seed` draws what the vocoder leaves open."""
        return self.lanes.run(lambda: self.vocoder(log_mel, seed))

    def decode(self, latent: Tensor, seed: int = 0) -> tuple[Tensor, Tensor]:
        """Latent (B, C, T) to (log-mel (B, 4T, bands), waveform (B, samples))."""
        log_mel = self.mel(latent)
        return log_mel.transpose(1, 2), self.waveform(log_mel, seed)


def _sampler(name: str) -> Sampler:
    if name not in SAMPLERS:
        raise ValueError(f"no sampler is called {name!r}; there are: {', '.join(SAMPLERS)}")
    return SAMPLERS[name]
