"""silero-vad on the production audio: its weights lie in its wheel, so it works without a network.

https://github.com/snakers4/silero-vad (MIT).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

from vssflow_post.audio import AudioClip
from vssflow_post.backend import SpeechEvidence, SpeechSettings
from vssflow_post.timeline import Span, SpeakingSegment

RATE_HZ = 16_000


class SileroDetector:
    """Hears that somebody speaks, not who."""

    name = "silero"

    def __init__(self) -> None:
        with _one_thread(), warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # TorchScript is deprecated, but it is what the wheel holds
            from silero_vad import load_silero_vad

            self._model: Any = load_silero_vad()

    def detect(self, evidence: SpeechEvidence) -> Sequence[SpeakingSegment]:
        if evidence.audio is None:
            return []
        return [SpeakingSegment(span, self.name) for span in self._speech(evidence.audio(RATE_HZ))]

    def _speech(self, clip: AudioClip) -> Iterator[Span]:
        import torch
        from silero_vad import get_speech_timestamps

        audio = torch.from_numpy(clip.samples[0])
        with _one_thread():
            found = get_speech_timestamps(audio, self._model, sampling_rate=clip.rate_hz)
        for each in found:
            yield Span.of_seconds(Fraction(each["start"], clip.rate_hz), Fraction(each["end"], clip.rate_hz))


def unavailable(evidence: SpeechEvidence, settings: SpeechSettings) -> str | None:
    return "the film has no audio" if evidence.audio is None else None


@contextmanager
def _one_thread() -> Iterator[None]:
    """One thread inside, and torch's number of threads as it was afterwards.

    silero_vad sets it to one when it is imported, for good: everything that torch does later would crawl.
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
