"""The reference's front end: CLIP from the frames, other features from a file, phonemes stretched over the line.

What is not at hand is zeros, as in the reference's own inference, and the take says so.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from vssflow_dit.checkpoint.weights import Weights
from vssflow_dit.config import IMAGE_ENCODER, TOKEN_RATE_HZ
from vssflow_dit.frontends.frontend import Streams
from vssflow_dit.model import VSSFlow
from vssflow_dit.picture.image_encoder import AT_ONCE, RATE_HZ, ImageEncoder
from vssflow_dit.text.phonemes import BLANK, ID, phonemise, stretched
from vssflow_post.backend import CueRequest, Frame, FrameEncoder, GenerationSettings, Track
from vssflow_post.errors import FilmRejected
from vssflow_post.timeline import CLOCK_HZ, Scene

WIDTHS = {"clip": 768, "sync": 768, "lip": 1024, "speaker": 256}
"""Feature -> its channels: CLIP ViT-B/16, Synchformer, AV-HuBERT, RawNet3."""
OF_SPEECH = ("lip", "speaker")
"""Features that mean nothing where nobody speaks."""


class ReferenceFront:
    """See `frontend.Front`."""

    voices: Sequence[str] = ()
    sounds: Sequence[str] = ()

    def __init__(self, weights: Weights, model: VSSFlow, settings: GenerationSettings) -> None:
        self._model = model
        device, dtype = model.unified.device, model.unified.dit.dtype
        self._images = ImageEncoder.found(weights.part(IMAGE_ENCODER), settings.clip, device, dtype, model.lanes)

    def encoder(self) -> FrameEncoder:
        return ReferenceEncoder(self._images)

    def line_s(self, text: str, voice: str | None) -> tuple[float, float]:
        return 0.0, 0.0

    def streams(self, request: CueRequest) -> Streams:
        n_tokens = self._model.config.tokens_for(request.span.duration_s)
        values: dict[str, Tensor | None] = {"phoneme": None}
        absent = []
        unknown = sorted(set(request.visual) - set(WIDTHS))
        if unknown:
            raise FilmRejected("bad_features", f"no feature is called {unknown[0]!r}; there are: {', '.join(WIDTHS)}")
        for name in WIDTHS:
            wanted = request.kind == "speech" or name not in OF_SPEECH
            track = request.visual.get(name) if wanted else None
            values[name] = None if track is None else _over(name, track, n_tokens)
            if wanted and track is None:
                absent.append(name)
        notes = [f"The model had no {', '.join(absent)} features: zeros stand for them."] if absent else []
        if request.kind == "speech" and request.text.strip():
            values["phoneme"] = _phonemes(request)
        if request.sound:
            notes.append("This model takes no sound prompt: effects follow the picture alone.")
        return Streams(values, n_tokens, tuple(notes))

    def waveform(self, latent: Tensor, streams: Streams, seed: int) -> Tensor:
        return self._model.decode(latent[None], seed)[1][0]


def _phonemes(request: CueRequest) -> Tensor:
    """Ids (1, n) at 25/s: the line between two blanks, each symbol as long as the next."""
    ids = [ID[BLANK], *(sound.id for sound in phonemise(request.text)), ID[BLANK]]
    return torch.from_numpy(stretched(ids, int(request.span.duration_s * TOKEN_RATE_HZ)))[None]


def _over(name: str, track: Track, n_tokens: int) -> Tensor:
    """A track's rows over n tokens, (1, k, channels), zeros past the cue's end; what holds throughout as it is.

    Raises FilmRejected("bad_features") for another width than the reference's.
    """
    rows = track.values
    if rows.shape[1] != WIDTHS[name]:
        raise FilmRejected("bad_features", f"feature {name} has {rows.shape[1]} channels, expected {WIDTHS[name]}")
    if track.rate_hz:
        rows = np.zeros((max(1, round(n_tokens * track.rate_hz / TOKEN_RATE_HZ)), rows.shape[1]), np.float32)
        rows[: len(track.values)] = track.values[: len(rows)]
    return torch.from_numpy(rows)[None]


class ReferenceEncoder:
    """Frames to {"clip": CLIP's features, (n, 768) at 10/s}, nothing without CLIP; see `backend.FrameEncoder`."""

    def __init__(self, images: ImageEncoder | None) -> None:
        self._images = images
        self._waiting: list[npt.NDArray[np.uint8]] = []
        self._rows: list[npt.NDArray[np.float32]] = []
        self._n = 0
        self._last: Frame | None = None

    def push(self, frame: Frame) -> None:
        """Keeps, for every tenth of a second, the frame nearest to it."""
        if self._images is None:
            return
        last = self._last or frame
        while self._n * CLOCK_HZ <= frame.sample * RATE_HZ:
            at = self._n * CLOCK_HZ / RATE_HZ
            self._keep(last if at - last.sample < frame.sample - at else frame)
        self._last = frame

    def _keep(self, frame: Frame) -> None:
        self._waiting.append(frame.pixels)
        self._n += 1
        if len(self._waiting) == AT_ONCE:
            self._flush()

    def _flush(self) -> None:
        if self._waiting and self._images is not None:
            self._rows.append(self._images.features(np.stack(self._waiting)))
        self._waiting = []

    def finish(self, scenes: Sequence[Scene]) -> dict[str, Track]:
        if self._images is None or self._last is None:
            return {}
        while self._n * CLOCK_HZ < scenes[-1].span.end * RATE_HZ:
            self._keep(self._last)
        self._flush()
        return {"clip": Track(np.concatenate(self._rows), RATE_HZ)}
