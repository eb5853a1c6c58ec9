"""A backend without a model, for tests: speech is a sine whose pitch tells the voice, sound is clicks.

A plugin like any other: tests put it (and an entry point for it) on the path, and the product finds it.
"""

from __future__ import annotations

import hashlib
import os
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from vssflow_post.audio import AudioClip
from vssflow_post.backend import (
    Backend,
    BackendIdentity,
    BackendOffer,
    CueRequest,
    Frame,
    FrameEncoder,
    GenerationSettings,
    Take,
    Track,
)
from vssflow_post.hookspecs import hookimpl
from vssflow_post.timeline import CLOCK_HZ, Scene

RATE_HZ = 16_000
VOICES = ("alto", "bass", "tenor")


class MeanEncoder:
    """Mean brightness of each frame."""

    def __init__(self) -> None:
        self._means: list[float] = []

    def push(self, frame: Frame) -> None:
        self._means.append(float(frame.grey.mean()) / 255)

    def finish(self, scenes: Sequence[Scene]) -> dict[str, Track]:
        rate_hz = len(self._means) / scenes[-1].span.end_s
        return {"brightness": Track(np.array(self._means, np.float32)[:, None], rate_hz)}


class FakeBackend:
    """`FAKE_BACKEND_FAULT` names a way to break the contract; `FAKE_BACKEND_LOG` a file that gets each cue's id.

    `FAKE_BACKEND_OPENED` names a file that gets a line whenever one is opened; `FAKE_BACKEND_WEIGHTS` are its weights.
    """

    name = "fake"
    device = "nothing at all"
    voices: Sequence[str] = VOICES
    sounds: Sequence[str] = ("click",)

    def __init__(self, settings: GenerationSettings) -> None:
        self.settings = settings
        self.weights_digest = _weights_digest()

    def encoder(self) -> FrameEncoder:
        return MeanEncoder()

    def render(self, requests: Sequence[CueRequest]) -> Iterator[Take]:
        for request in reversed(requests):  # any order is allowed
            if log := os.environ.get("FAKE_BACKEND_LOG"):
                with open(log, "a", encoding="utf-8") as file:  # noqa: PTH123
                    file.write(f"{request.id} {request.voice or '-'} {request.sound or '-'} {request.text or '-'}\n")
            notes = ("I know no dragon.",) if request.sound == "dragon" else ()
            yield self._faulty(Take(request.id, AudioClip(_sound_of(request)[None], RATE_HZ), notes))

    def _faulty(self, take: Take) -> Take:
        fault = os.environ.get("FAKE_BACKEND_FAULT")
        samples = take.audio.samples
        if fault == "raise":
            raise RuntimeError("the fake is out of order")
        if fault == "exit":
            raise SystemExit(3)
        if fault == "die":
            os._exit(9)
        if fault == "die once" and not (died := Path(f"{os.environ['FAKE_BACKEND_LOG']}.died")).exists():
            died.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if fault == "hang":
            time.sleep(3600)
        if fault == "short":
            return Take(take.id, AudioClip(samples[:, :-100], RATE_HZ))
        if fault == "surround":
            return Take(take.id, AudioClip(np.repeat(samples, 6, axis=0), RATE_HZ))
        if fault == "rounding":  # no fault: what another processor's arithmetic may give
            samples *= 1 + 3e-6 * np.sin(np.arange(samples.shape[1], dtype=np.float32) / 900)
        if fault == "nan":
            samples[0, 5] = np.nan
        if fault == "stranger":
            return Take("nobody", take.audio)
        return take

    def close(self) -> None: ...


def _sound_of(request: CueRequest) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    n = round(request.span.n_samples * RATE_HZ / CLOCK_HZ)
    random = np.random.default_rng(request.seed)
    if request.kind == "speech":
        pitch_hz = 150 + 100 * VOICES.index(request.voice or VOICES[0])
        return (0.3 * np.sin(2 * np.pi * pitch_hz * np.arange(n) / RATE_HZ)).astype(np.float32)
    samples = 0.02 * random.standard_normal(n)
    samples[:: RATE_HZ // 2] = 0.5
    return samples.astype(np.float32)


def _weights_digest() -> str:
    return hashlib.sha256(os.environ.get("FAKE_BACKEND_WEIGHTS", "no weights").encode()).hexdigest()


def _identify(settings: GenerationSettings) -> BackendIdentity:
    return BackendIdentity(_weights_digest(), VOICES)


def _open(settings: GenerationSettings) -> Backend:
    if log := os.environ.get("FAKE_BACKEND_OPENED"):
        with open(log, "a", encoding="utf-8") as file:  # noqa: PTH123
            file.write("opened\n")
    if settings.weights == "absent":
        from vssflow_post.errors import BackendUnavailable

        raise BackendUnavailable("there are no weights at absent")
    return FakeBackend(settings)


@hookimpl
def vssflow_backends() -> Sequence[BackendOffer]:
    return [
        BackendOffer("fake", 1000, _open, identify=_identify),
        BackendOffer("absent", 2000, _open, unavailable="it is made of nothing"),
    ]
