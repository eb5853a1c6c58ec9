"""The mix: takes laid on the film's clock, levelled and limited as one, delivered as stems that sum to it exactly."""

from __future__ import annotations

from vssflow_post.mix.lay import ClipSource, LaidTake, Source
from vssflow_post.mix.levelling import LevelResult
from vssflow_post.mix.loudness import Loudness, LoudnessMeter
from vssflow_post.mix.mixdown import MixReport, StemSink, lay_and_mix
from vssflow_post.mix.outline import Outline

__all__ = [
    "ClipSource",
    "LaidTake",
    "LevelResult",
    "Loudness",
    "LoudnessMeter",
    "MixReport",
    "Outline",
    "Source",
    "StemSink",
    "lay_and_mix",
]
