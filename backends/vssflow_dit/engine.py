"""The engine that both plugins open: cues in, takes out, by the one model on whatever device it was given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from vssflow_dit import weights as weight_files
from vssflow_dit.config import LATENT_CHANNELS, TOKEN_RATE_HZ
from vssflow_dit.mel import HOP, LOG_FLOOR, SAMPLE_RATE_HZ
from vssflow_dit.requests import Conditioning, conditioning
from vssflow_dit.ringing import rung_down
from vssflow_dit.strikes import StrikeEncoder
from vssflow_post.audio import AudioClip
from vssflow_post.backend import CueRequest, FrameEncoder, GenerationSettings, Take
from vssflow_post.timeline import CLOCK_HZ

QUIET_LN = 1.6
"""Mel frames whose loudest band lies less than this above the floor are silence: what is left is the sampler's dust."""


class Engine:
    """A `Backend` of the seam. One take at a time, so that a take depends on its request alone, bit for bit."""

    def __init__(self, name: str, device: torch.device, settings: GenerationSettings, dtype: torch.dtype) -> None:
        self.name, self.device = name, _in_words(device, dtype)
        self._device, self._settings = device, settings
        self._weights = weight_files.load(settings.weights)
        self._model = self._weights.model.to(device).quickened(dtype)
        self._vocoder = self._weights.vocoder.to(device)
        self.weights_digest = self._weights.digest
        self.voices: Sequence[str] = self._model.config.voices
        self.sounds: Sequence[str] = self._model.config.sounds

    def encoder(self) -> FrameEncoder:
        return StrikeEncoder(self._weights.strikes)

    def render(self, requests: Sequence[CueRequest]) -> Iterator[Take]:
        for request in requests:
            n_samples = round(request.span.n_samples * SAMPLE_RATE_HZ / CLOCK_HZ)
            ready = conditioning(request, self._weights)
            wave = self._waveform(ready, request)[:n_samples]
            samples = np.zeros((1, n_samples), np.float32)
            samples[0, : len(wave)] = wave
            yield Take(request.id, AudioClip(samples, SAMPLE_RATE_HZ), ready.notes)

    def close(self) -> None:
        if self._device.type == "cuda":
            torch.cuda.empty_cache()

    @torch.no_grad()
    def _waveform(self, ready: Conditioning, request: CueRequest) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        """The take at 16 kHz, as long as its tokens; its noise comes from the request's seed, drawn on the CPU."""
        settings = self._settings
        generator = torch.Generator().manual_seed(request.seed)
        noise = torch.randn(1, LATENT_CHANNELS, ready.n_tokens, generator=generator).to(self._device)
        values = {name: value.to(self._device) for name, value in ready.values.items()}
        latent = self._model.sample(
            noise,
            self._model.condition(values, ready.n_tokens),
            sampler=settings.sampler,
            steps=settings.steps,
            guidance=settings.guidance if request.kind == "speech" else settings.sound_guidance,
            window=round(self._model.config.window_s * TOKEN_RATE_HZ),
        )
        mel = self._model.codec.decode(latent)
        if ready.struck is not None:
            mel = rung_down(mel[0], ready.struck.to(self._device))[None]
        wave = _gated(self._vocoder(mel, request.seed)[0], mel[0])
        # A strike may overshoot; what the model learned from stays within full scale.
        return (wave / wave.abs().max().clamp(min=1.0)).cpu().numpy()


def _gated(wave: Tensor, mel: Tensor) -> Tensor:
    """Silence where the mel (64, n) is at its floor, faded over a frame, so that a pause is a pause."""
    floor = float(np.log(LOG_FLOOR))
    open_ = ((mel.amax(0) - floor - QUIET_LN) / QUIET_LN).clamp(0, 1)
    gain = torch.nn.functional.interpolate(open_[None, None], size=len(open_) * HOP, mode="linear", align_corners=False)
    return wave * gain[0, 0, : len(wave)]


def _in_words(device: torch.device, dtype: torch.dtype) -> str:
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else f"CPU, {torch.get_num_threads()} threads"
    return f"{name}, {str(dtype).removeprefix('torch.')}"
