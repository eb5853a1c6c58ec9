"""The script as a detector: its lines are the speaking segments."""

from __future__ import annotations

from collections.abc import Sequence

from vssflow_post.backend import SpeechEvidence, SpeechSettings
from vssflow_post.timeline import SpeakingSegment


class ScriptDetector:
    """Every line is a segment, with its words and its speaker."""

    name = "script"

    def detect(self, evidence: SpeechEvidence) -> Sequence[SpeakingSegment]:
        return [SpeakingSegment(line.span, self.name, line.text, line.speaker) for line in evidence.lines or ()]


def unavailable(evidence: SpeechEvidence, settings: SpeechSettings) -> str | None:
    return "there is no script" if evidence.lines is None else None
