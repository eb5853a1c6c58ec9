"""Lip motion as a detector, for films without sound: a mouth that moves like speech."""

from __future__ import annotations

from collections.abc import Sequence

from vssflow_post.backend import SpeechEvidence, SpeechSettings
from vssflow_post.timeline import SpeakingSegment


class LipDetector:
    """Reads the mouths that the analysis tracked; the words stay unknown."""

    name = "lips"

    def __init__(self, settings: SpeechSettings) -> None:
        self._min_s = settings.min_s

    def detect(self, evidence: SpeechEvidence) -> Sequence[SpeakingSegment]:
        from vssflow_post.mouths import speaking_spans

        spans = {span for mouth in evidence.mouths for span in speaking_spans(mouth, self._min_s)}
        return [SpeakingSegment(span, self.name) for span in sorted(spans)]


def unavailable(evidence: SpeechEvidence, settings: SpeechSettings) -> str | None:
    return None if evidence.mouths else "no mouth was seen"
