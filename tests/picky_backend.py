"""A backend for tests that cannot make everything: the voice `solo`, in English, and rain, in stereo.

Its rain tells by its pitch which turn it is: `TURN_HZ` times one more than the cue's turn, louder on the left.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence

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
    VoiceFacts,
)
from vssflow_post.hookspecs import hookimpl
from vssflow_post.timeline import CLOCK_HZ, Scene

TURN_HZ = 500
FACTS = {"solo": VoiceFacts(language="en", licence="CC0")}


class Blind:
    """Sees nothing."""

    def push(self, frame: Frame) -> None: ...

    def finish(self, scenes: Sequence[Scene]) -> dict[str, Track]:
        return {"nothing": Track(np.zeros((1, 1), np.float32), 0.0)}


class PickyBackend:
    """`PICKY_BACKEND_LOG` names a file that gets each request's id, turn, layer and features; what it makes while
    `PICKY_BACKEND_AWAY` is set is not final."""

    name = "picky"
    device = "thin air"
    voices: Sequence[str] = ("solo",)
    voice_facts = FACTS
    sounds: Sequence[str] = ("rain",)
    in_turn = True
    sees = "nothing"

    def __init__(self) -> None:
        self.weights_digest = _digest()

    def encoder(self) -> FrameEncoder:
        return Blind()

    def refuses(self, request: CueRequest) -> str:
        assert not request.visual
        if request.kind == "speech":
            return "speaks English alone" if request.language not in ("", "en") else ""
        if request.sound.endswith(".wav"):
            return f"has no file {request.sound}"
        return "" if request.sound == "rain" else f"has no recording of {request.sound or 'this'}"

    def render(self, requests: Sequence[CueRequest]) -> Iterator[Take]:
        for request in requests:
            with open(os.environ["PICKY_BACKEND_LOG"], "a", encoding="utf-8") as file:  # noqa: PTH123
                file.write(f"{request.id} {request.turn} {request.layer or '-'} {','.join(request.visual)}\n")
            at_s = np.arange(request.span.n_samples) / CLOCK_HZ
            wave = (0.2 * np.sin(2 * np.pi * TURN_HZ * (1 + request.turn) * at_s)).astype(np.float32)
            is_away = bool(os.environ.get("PICKY_BACKEND_AWAY"))
            notes = ("It is away.",) if is_away else ()
            yield Take(request.id, AudioClip(np.stack([wave, 0.5 * wave]), CLOCK_HZ), notes, is_final=not is_away)

    def close(self) -> None: ...


def _digest() -> str:
    return hashlib.sha256(os.environ.get("PICKY_BACKEND_WEIGHTS", "picky").encode()).hexdigest()


def _open(settings: GenerationSettings) -> Backend:
    return PickyBackend()


@hookimpl
def vssflow_backends() -> Sequence[BackendOffer]:
    def identify(settings: GenerationSettings) -> BackendIdentity:
        return BackendIdentity(_digest(), ("solo",), FACTS, "nothing")

    def lacks(settings: GenerationSettings, sound: str) -> str:
        return f"has no file {sound}" if sound.endswith(".wav") else ""

    return [BackendOffer("picky", 0, _open, identify=identify, lacks=lacks)]
