"""The speech detectors that come with the product, offered by a plugin like anybody else's; script and lips are here.

Making the list imports none of what they need.
"""

from __future__ import annotations

from collections.abc import Sequence

from vssflow_post.backend import DetectorOffer, SpeechEvidence, SpeechSettings
from vssflow_post.hookspecs import hookimpl
from vssflow_post.timeline import SpeakingSegment


@hookimpl
def vssflow_speech_detectors() -> Sequence[DetectorOffer]:
    """The script, the production audio by pyannote.audio or by silero-vad, the lips; best first."""
    from vssflow_post.analysis import pyannote_detector, silero

    return (
        DetectorOffer("script", 100, lambda settings: ScriptDetector(), _without_script),
        DetectorOffer("pyannote", 60, pyannote_detector.PyannoteDetector, pyannote_detector.unavailable),
        DetectorOffer("silero", 50, lambda settings: silero.SileroDetector(), silero.unavailable),
        DetectorOffer("lips", 10, LipDetector, _without_mouths),
    )


class ScriptDetector:
    """Every line of the script is a segment, with its words and its speaker."""

    name = "script"

    def detect(self, evidence: SpeechEvidence) -> Sequence[SpeakingSegment]:
        lines = evidence.lines or ()
        return [SpeakingSegment(line.span, self.name, line.text, line.speaker, line.direction) for line in lines]


def _without_script(evidence: SpeechEvidence, settings: SpeechSettings) -> str | None:
    return "there is no script" if evidence.lines is None else None


class LipDetector:
    """Where a mouth that the analysis tracked moves like speech, for films without sound; the words stay unknown."""

    name = "lips"

    def __init__(self, settings: SpeechSettings) -> None:
        self._min_s = settings.min_s

    def detect(self, evidence: SpeechEvidence) -> Sequence[SpeakingSegment]:
        from vssflow_post.analysis.mouths import speaking_spans

        spans = {span for mouth in evidence.mouths for span in speaking_spans(mouth, self._min_s)}
        return [SpeakingSegment(span, self.name) for span in sorted(spans)]


def _without_mouths(evidence: SpeechEvidence, settings: SpeechSettings) -> str | None:
    return None if evidence.mouths else "no mouth was seen"
