"""The detectors that come with the product. Making the list imports none of what they need."""

from __future__ import annotations

from collections.abc import Sequence

from vssflow_post.backend import DetectorOffer, SpeechDetector, SpeechSettings
from vssflow_post.speech import lips, pyannote_detector, scripted, silero


def built_in_detectors() -> Sequence[DetectorOffer]:
    """The script, the production audio by pyannote.audio or by silero-vad, the lips; best first."""
    return (
        DetectorOffer("script", 100, _open_script, scripted.unavailable),
        DetectorOffer("pyannote", 60, pyannote_detector.PyannoteDetector, pyannote_detector.unavailable),
        DetectorOffer("silero", 50, _open_silero, silero.unavailable),
        DetectorOffer("lips", 10, lips.LipDetector, lips.unavailable),
    )


def _open_script(settings: SpeechSettings) -> SpeechDetector:
    return scripted.ScriptDetector()


def _open_silero(settings: SpeechSettings) -> SpeechDetector:
    return silero.SileroDetector()
