"""What a vocoder adds above the mel, learned alone: all that it made before stays as it was, number for number.

Of a vocoder that was grown to a higher rate only those numbers of its last layer learn that shape the bands above the
mel. Everything before that layer is given, so that a step costs a third of the vocoder's own; and what was learned
below in hours is not put at risk.
"""

from __future__ import annotations

import torch
from torch import Tensor

from vssflow_dit.sound.mel import log_mel
from vssflow_dit.sound.oscillators import MEL_TOP_HZ
from vssflow_dit.sound.vocoder import VocoderConfig
from vssflow_dit.training.listening import BAND_TOP_HZ, energy_distance, without_upper
from vssflow_dit.training.vocoder import Trainer, VocoderTraining, twice

UPPER_BAND = VocoderTraining(clips=12, weight_decay=0.0, decay_from=0.3, adversarial_from=1.0, ema=0.99)
"""No discriminators: what lies up there is breath and noise, of which the energy distance knows enough. No decay: it
would move what has no gradient."""


class UpperBandTrainer(Trainer):
    """Trains those numbers alone."""

    def thaw(self) -> None:
        self.vocoder.train().requires_grad_(False)
        is_new = above_the_mel(self.vocoder.config).to(next(self.vocoder.parameters()).device)
        for weight in self.vocoder.head.parameters():
            weight.requires_grad_(True)
            own = is_new if weight.dim() == 1 else is_new[:, None]
            weight.register_hook(own.mul)  # type: ignore[no-untyped-call]

    def update(self, truth: Tensor, narrow: Tensor, is_judging: bool) -> dict[str, Tensor]:
        """One step on clips (B, n); those that are `narrow` (B, 1) teach nothing."""
        rate_hz = self.vocoder.rate_hz
        truth = without_upper(truth, narrow, rate_hz)
        with torch.no_grad():
            given = self.codec.decode(self.codec.encode(log_mel(truth, self.vocoder.config.n_bands, rate_hz)))
            excitation = twice(self.vocoder.excitation(self.vocoder.read(given)))
        waves = self.vocoder.synthesise(given.repeat(2, 1, 1), excitation, brief=True)
        first, second = without_upper(waves, narrow.repeat(2, 1), rate_hz).chunk(2)
        loss = energy_distance(truth, first, second, rate_hz, BAND_TOP_HZ)
        return {"distance": loss.detach(), "gradient": self.learn(loss).detach()}


def above_the_mel(config: VocoderConfig) -> Tensor:
    """Which of the head's numbers (6 bands + 2 bins,) shape what lies above the mel's 8 kHz."""
    bands, bins = torch.zeros(6, config.all_bands), torch.zeros(2, config.n_fft // 2 + 1)
    bands[:, config.n_bands :] = 1.0
    bins[:, int(MEL_TOP_HZ * config.n_fft / config.rate_hz) + 1 :] = 1.0
    return torch.cat([bands.flatten(), bins.flatten()])
