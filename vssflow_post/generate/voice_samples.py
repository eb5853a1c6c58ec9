"""A sample of each of a backend's voices, as WAV."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from vssflow_post.audio import AudioClip
from vssflow_post.backend import Backend, CueRequest, Frame, Track
from vssflow_post.errors import BackendError, UsageError
from vssflow_post.generate.renderer import checked_take
from vssflow_post.store.publishing import publish
from vssflow_post.timeline import CLOCK_HZ, Scene, Span

CHARACTERS_PER_S = 13.0
"""How fast a sample is spoken, about."""
SHORTEST_S, LONGEST_S = 2.0, 30.0


def write_samples(voices: Iterable[tuple[str, Backend]], text: str, folder: Path) -> Iterator[Path]:
    """Has each voice, by its backend, say `text` into `<folder>/<voice>.wav`, and gives each path when its file is
    there.

    A voice that has no sounds for it gets no file. Raises UsageError where none has, or the folder cannot be made,
    BackendError when the backend breaks its contract.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot write into {folder}: {error.strerror}") from None
    span = Span.of_seconds(0, min(LONGEST_S, max(SHORTEST_S, len(text) / CHARACTERS_PER_S + 0.5)))
    has_said = False
    for voice, backend in voices:
        visual = _of_darkness(backend, span)
        request = CueRequest(f"sample-{voice}", "speech", span, 1, text=text, voice=voice, visual=visual)
        takes = list(backend.render([request]))
        if len(takes) != 1:
            raise BackendError("missing_take", f"backend {backend.name} returned {len(takes)} takes for voice {voice}")
        audio = checked_take(takes[0], request, backend.name).audio
        if not audio.samples.any():
            continue
        has_said = True
        path = folder / f"{re.sub(r'[^A-Za-z0-9._-]', '_', voice)}.wav"
        publish(path, partial(_write, audio))
        yield path
    if not has_said:
        raise UsageError(f"no voice has sounds for {text!r}: give words that they can say")


def _write(audio: AudioClip, path: Path) -> None:
    import soundfile

    soundfile.write(os.fsencode(path), audio.samples.T, audio.rate_hz, "PCM_16")


def _of_darkness(backend: Backend, span: Span) -> dict[str, Track]:
    """The backend's features of a black picture as long as `span`: a sample has no film."""
    encoder = backend.encoder()
    grey = np.zeros((72, 128), np.uint8)
    for sample in range(0, span.end, CLOCK_HZ // 24):
        encoder.push(Frame(sample, np.repeat(grey[..., None], 3, axis=2), grey))
    return {name: track.slice(span) for name, track in encoder.finish([Scene(0, span)]).items()}
