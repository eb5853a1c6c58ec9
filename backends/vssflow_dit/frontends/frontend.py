"""What a front end does: it makes the streams that its family of models reads for a cue, and sound of their latent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from vssflow_post.backend import CueRequest, FrameEncoder


@dataclass(frozen=True, slots=True, eq=False)
class Streams:
    """The values of a model's streams for one cue."""

    values: dict[str, Tensor | None]
    """Stream -> its values, as a batch of one."""
    n_tokens: int
    notes: tuple[str, ...]
    """Sentences for the report."""
    struck: Tensor | None = None
    """Strike pulses (n mel frames,), where the sound is that of a struck thing."""
    heard_s: tuple[float, float] | None = None
    """From when to when it is heard, from the cue's start: silence lies around it. None: throughout."""


class Front(Protocol):
    """A front end."""

    voices: Sequence[str]
    sounds: Sequence[str]

    def encoder(self) -> FrameEncoder:
        """A fresh encoder for one film."""
        ...

    def line_s(self, text: str, voice: str | None) -> tuple[float, float]:
        """Seconds that a line takes when spoken as fast as it may be, and naturally; zeros where it fills any span."""
        ...

    def streams(self, request: CueRequest) -> Streams:
        """What the model reads for a cue. Raises FilmRejected for features it cannot read."""
        ...

    def waveform(self, latent: Tensor, streams: Streams, seed: int) -> Tensor:
        """Latent (C, T) to samples (n,) at the model's rate."""
        ...
