"""The plugin through which the built-in speech detectors are offered, like anybody else's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from vssflow_post.hookspecs import hookimpl

if TYPE_CHECKING:
    from vssflow_post.backend import DetectorOffer


@hookimpl
def vssflow_speech_detectors() -> Sequence[DetectorOffer]:
    """Script, pyannote, silero and lips."""
    from vssflow_post.speech import built_in_detectors

    return built_in_detectors()
