"""The engine that both plugins open: cues in, takes out, by the one model on whatever device it was given."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch

from vssflow_dit.checkpoint import weights as weight_files
from vssflow_dit.checkpoint.weights import Weights
from vssflow_dit.config import sees
from vssflow_dit.flow import Guidance
from vssflow_dit.frontends.frontend import Front, Streams
from vssflow_dit.frontends.reference import ReferenceFront
from vssflow_dit.frontends.starter import StarterFront
from vssflow_dit.lanes import Lanes
from vssflow_dit.model import Sampling, VSSFlow
from vssflow_dit.sounds import sound_class
from vssflow_dit.text.unsaid import has_sound, left_unsaid
from vssflow_dit.transformer.conditions import Condition
from vssflow_post.audio import AudioClip
from vssflow_post.backend import CueRequest, FrameEncoder, GenerationSettings, Take
from vssflow_post.timeline import CLOCK_HZ

TOKENS_AT_ONCE = 400
"""Latent tokens of a batch on a processor, 16 s: more gain nothing on two cores, and a stopped run would lose more."""
FRONT_ENDS: Mapping[str, Callable[[Weights, VSSFlow, GenerationSettings], Front]] = {
    "starter": StarterFront,
    "reference": ReferenceFront,
}
"""Of each family, see `config.FAMILIES`."""


@dataclass(frozen=True, slots=True, eq=False)
class Ready:
    """A request and what the model reads of it."""

    request: CueRequest
    streams: Streams


class Engine:
    """A `Backend` of the seam. A take depends on its request alone: on a CPU bit for bit, on a GPU so in deterministic
    mode, since then no other take shares a matrix product with it."""

    def __init__(
        self,
        name: str,
        device: torch.device,
        settings: GenerationSettings,
        dtype: torch.dtype,
        tokens_at_once: int = TOKENS_AT_ONCE,
    ) -> None:
        self.name = name
        self._device, self._settings = device, settings
        self._tokens_at_once = 1 if settings.deterministic else tokens_at_once
        self._lanes = Lanes.on(device, settings.threads)
        self.device = _in_words(device, self._lanes, dtype)
        weights = weight_files.load(settings.weights, device, dtype, self._lanes, settings.sampler == "distilled")
        self._model = VSSFlow.of(weights)
        self._front = FRONT_ENDS[self._model.config.front](weights, self._model, settings)
        self._sampling = Sampling(
            settings.sampler,
            settings.steps,
            settings.time_shift,
            settings.time_stretch,
            Guidance(settings.guidance_from, settings.guidance_to, settings.guidance_schedule),
        )
        self.weights_digest = weights.digest
        self.voices: Sequence[str] = self._front.voices
        self.voice_facts = self._model.config.voice_facts
        self.sees = sees(weights.folder, self._model.config)
        self.sounds: Sequence[str] = self._front.sounds

    def encoder(self) -> FrameEncoder:
        return self._front.encoder()

    def sound_of(self, words: str) -> str:
        """The class of sound that words mean; "" where none is near. Weights without classes take any words."""
        return sound_class(words, self.sounds)[0] if self.sounds else words

    def refuses(self, request: CueRequest) -> str:
        """Why it cannot make a cue: a language that no voice speaks, a voice or a class of sound that it does not have.
        See `Backend`."""
        if request.kind == "speech":
            if request.voice is not None and self.voices and request.voice not in self.voices:
                return f"has no voice {request.voice}"
            return "" if self._speaks(request.language) else f"speaks no {request.language}"
        found, note = sound_class(request.sound, self.sounds)
        is_own = not self.sounds or (found and not note) or not request.sound
        return "" if is_own else f"knows no sound {request.sound!r}"

    def _speaks(self, language: str) -> bool:
        """Whether one of the voices speaks a language; voices of which nothing is known may speak any."""
        spoken = {facts.language for facts in self.voice_facts.values()}
        return not (language and spoken) or language in spoken

    def line_s(self, text: str, voice: str | None) -> tuple[float, float]:
        return self._front.line_s(text, voice)

    def render(self, requests: Sequence[CueRequest]) -> Iterator[Take]:
        """Cues of like length share a batch, shortest first; a line in which nothing can be said is silent."""
        batch: list[Ready] = []
        room = self._tokens_at_once
        for request in sorted(requests, key=lambda request: request.span.n_samples):
            note, is_sayable = self._said(request)
            if not is_sayable:
                yield self._silent(request, note)
                continue
            streams = self._front.streams(request)
            ready = Ready(request, replace(streams, notes=(*streams.notes, note)) if note else streams)
            if batch and ready.streams.n_tokens > room:
                yield from self._takes(batch)
                batch, room = [], self._tokens_at_once
            batch.append(ready)
            room -= ready.streams.n_tokens
        if batch:
            yield from self._takes(batch)

    def compile_for_repeats(self) -> None:
        """Compiles the transformer's blocks where the model always sees windows of one length, so that few shapes come
        and each comes often; the starter's cues have any length, and would be compiled again and again."""
        if self._model.config.family.one_length:
            for block in self._model.unified.dit.blocks:
                block.compile()

    def close(self) -> None:
        if self._device.type == "cuda":
            torch.cuda.empty_cache()

    def _said(self, request: CueRequest) -> tuple[str, bool]:
        """A sentence about what of a line cannot be said, "" where all can; and whether anything can."""
        if request.kind != "speech":
            return "", True
        language = request.language
        if request.text.strip() and not self._speaks(language):
            return (
                f"The line is in another language ({request.language}) than the voices speak: nothing is said.",
                False,
            )
        note = left_unsaid(request.text)
        return note, not note or has_sound(request.text)

    def _silent(self, request: CueRequest, note: str) -> Take:
        n_samples = round(request.span.n_samples * self._model.rate_hz / CLOCK_HZ)
        return Take(request.id, AudioClip(np.zeros((1, n_samples), np.float32), self._model.rate_hz), (note,), 0.0)

    def _takes(self, batch: Sequence[Ready]) -> Iterator[Take]:
        """The takes of one batch: sampled together, then decoded, each by itself."""
        started = time.perf_counter()
        latents = self._latents(batch)
        waves = self._lanes.map(lambda one: self._wave(*one), list(zip(batch, latents, strict=True)))
        per_token = (time.perf_counter() - started) / sum(latent.shape[1] for latent in latents)
        for ready, latent, wave in zip(batch, latents, waves, strict=True):
            clip = AudioClip(wave, self._model.rate_hz)
            yield Take(ready.request.id, clip, ready.streams.notes, per_token * latent.shape[1])

    def _latents(self, batch: Sequence[Ready]) -> list[torch.Tensor]:
        conditions = self._lanes.map(self._condition, batch)
        guidances = [
            self._settings.guidance if ready.request.kind == "speech" else self._settings.sound_guidance
            for ready in batch
        ]
        return self._model.sample_all([self._noise(ready) for ready in batch], conditions, guidances, self._sampling)

    def _condition(self, ready: Ready) -> Condition:
        return self._model.condition(ready.streams.n_tokens, **ready.streams.values)

    def _noise(self, ready: Ready) -> torch.Tensor:
        """(C, T) from the cue's own seed, drawn on the CPU, so that every device starts from the same."""
        generator = torch.Generator().manual_seed(ready.request.seed)
        shape = self._model.config.dit.latent_channels, ready.streams.n_tokens
        return torch.randn(shape, generator=generator).to(self._device)

    def _wave(self, ready: Ready, latent: torch.Tensor) -> npt.NDArray[np.float32]:
        """(1, n) at the model's rate, as long as the cue."""
        request = ready.request
        n_samples = round(request.span.n_samples * self._model.rate_hz / CLOCK_HZ)
        wave = self._front.waveform(latent, ready.streams, request.seed)[:n_samples]
        # A strike may overshoot; what the model learned from stays within full scale.
        wave = wave / wave.abs().max().clamp(min=1.0)
        samples = np.zeros((1, n_samples), np.float32)
        samples[0, : len(wave)] = wave.cpu().numpy()
        return samples


def _in_words(device: torch.device, lanes: Lanes, dtype: torch.dtype) -> str:
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else f"CPU, {lanes.n} threads"
    return f"{name}, {str(dtype).removeprefix('torch.')}"


def cpu_engine(settings: GenerationSettings) -> Engine:
    """The engine on the processor, in bfloat16 where the processor multiplies it fast.

    Deterministic mode takes float32: rounding then differs by a millionth from one kind of processor to the next, where
    bfloat16, which only some have, differs by a dB.
    """
    dtype = torch.bfloat16 if fast_bfloat16() and not settings.deterministic else torch.float32
    return Engine("cpu", torch.device("cpu"), settings, dtype)


def fast_bfloat16() -> bool:
    """Whether matrix products in bfloat16 beat float32 here: with AVX-512 BF16 they run two to five times faster.

    oneDNN is asked as well: ONEDNN_MAX_CPU_ISA may keep it from what the processor has.
    """
    return bool(torch.cpu._is_avx512_bf16_supported() and torch.ops.mkldnn._is_mkldnn_bf16_supported())
