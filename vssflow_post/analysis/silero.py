"""silero-vad on the production audio: its weights lie in its wheel, so it works without a network.

https://github.com/snakers4/silero-vad (MIT).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from vssflow_post.analysis.one_thread import one_thread
from vssflow_post.audio import Samples
from vssflow_post.backend import SpeechEvidence, SpeechSettings
from vssflow_post.timeline import Span, SpeakingSegment

RATE_HZ = 16_000
PIECE_S = 300
"""A film is heard in pieces of this length, so that memory stays flat."""


class SileroDetector:
    """Hears that somebody speaks, not who."""

    name = "silero"

    def __init__(self) -> None:
        # silero_vad sets torch to one thread when it is imported, for good: everything later would crawl.
        with one_thread(), warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # TorchScript is deprecated, but it is what the wheel holds
            from silero_vad import load_silero_vad

            self._model: Any = load_silero_vad()

    def detect(self, evidence: SpeechEvidence) -> Sequence[SpeakingSegment]:
        return [SpeakingSegment(span, self.name) for span in self._speech(_pieces(evidence))]

    def _speech(self, pieces: Iterable[Samples]) -> Iterator[Span]:
        import torch
        from silero_vad import get_speech_timestamps

        start = 0
        for piece in pieces:
            with one_thread():
                found = get_speech_timestamps(torch.from_numpy(piece[0]), self._model, sampling_rate=RATE_HZ)
            for each in found:
                yield Span.of_seconds(Fraction(start + each["start"], RATE_HZ), Fraction(start + each["end"], RATE_HZ))
            start += piece.shape[1]


def _pieces(evidence: SpeechEvidence) -> Iterator[Samples]:
    """The production track, (1, n) a piece. Speech over a border comes out as two segments without a pause."""
    if evidence.audio_blocks is not None:
        waiting: list[Samples] = []
        for block in evidence.audio_blocks(RATE_HZ):
            waiting.append(block)
            if sum(each.shape[1] for each in waiting) >= PIECE_S * RATE_HZ:
                yield np.concatenate(waiting, axis=1)
                waiting = []
        if waiting:
            yield np.concatenate(waiting, axis=1)
    elif evidence.audio is not None:
        samples = evidence.audio(RATE_HZ).samples
        for start in range(0, samples.shape[1], PIECE_S * RATE_HZ):
            yield samples[:1, start : start + PIECE_S * RATE_HZ]


def unavailable(evidence: SpeechEvidence, settings: SpeechSettings) -> str | None:
    return "the film has no audio" if evidence.audio is None and evidence.audio_blocks is None else None
