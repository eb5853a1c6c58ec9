"""pyannote.audio on the production audio, with a model that the user has.

https://github.com/pyannote/pyannote-audio (MIT; its models have terms of their own).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from vssflow_post.analysis import pyannote_model
from vssflow_post.audio import AudioClip
from vssflow_post.backend import SpeechEvidence, SpeechSettings
from vssflow_post.timeline import Span, SpeakingSegment

RATE_HZ = 16_000
_NO_SPEAKER = "SPEECH"
"""Label of pipelines that tell speech from silence only."""


class PyannoteDetector:
    """Hears that somebody speaks and, with a diarization pipeline, who."""

    name = "pyannote"

    def __init__(self, settings: SpeechSettings) -> None:
        self._pipeline: Any = pyannote_model.load_pipeline(settings.pyannote_model)

    def detect(self, evidence: SpeechEvidence) -> Sequence[SpeakingSegment]:
        if evidence.audio is None:
            return []
        return sorted(self._segments(evidence.audio(RATE_HZ), evidence.duration), key=lambda each: each.span)

    def _segments(self, clip: AudioClip, duration: Span) -> Iterator[SpeakingSegment]:
        import torch

        if clip.n_samples == 0:
            return
        # In memory, so that pyannote needs neither torchcodec nor an ffmpeg of the system.
        file = {"waveform": torch.from_numpy(clip.samples[:1]), "sample_rate": clip.rate_hz}
        for segment, _, label in _annotation(self._pipeline(file)).itertracks(yield_label=True):
            span = Span.of_seconds(max(0.0, float(segment.start)), max(0.0, float(segment.end))).intersect(duration)
            if span.n_samples > 0:
                yield SpeakingSegment(span, self.name, speaker=None if label == _NO_SPEAKER else str(label))


def unavailable(evidence: SpeechEvidence, settings: SpeechSettings) -> str | None:
    if evidence.audio is None:
        return "the film has no audio"
    return pyannote_model.missing(settings.pyannote_model)


def _annotation(output: Any) -> Any:
    """pyannote's Annotation: diarization pipelines of pyannote.audio 4 return it inside a record."""
    for name in ("exclusive_speaker_diarization", "speaker_diarization"):
        if getattr(output, name, None) is not None:
            return getattr(output, name)
    return output
