"""The mix: takes laid on the film's clock, levelled and limited as one, delivered as stems that sum to it exactly."""

from __future__ import annotations

from vssflow_post.mix.ambience import is_ambience
from vssflow_post.mix.desk import StemSink
from vssflow_post.mix.ducking import DuckCurve, duck_under
from vssflow_post.mix.lay import ClipSource, LaidTake, Source
from vssflow_post.mix.levelling import LevelResult
from vssflow_post.mix.loudness import Loudness, LoudnessMeter
from vssflow_post.mix.mixdown import MixReport, lay_and_mix
from vssflow_post.mix.panning import CENTRE, PanCurve
from vssflow_post.mix.room_tone import Tone, ToneSource, tone_of

__all__ = [
    "CENTRE",
    "ClipSource",
    "DuckCurve",
    "LaidTake",
    "LevelResult",
    "Loudness",
    "LoudnessMeter",
    "MixReport",
    "PanCurve",
    "Source",
    "StemSink",
    "Tone",
    "ToneSource",
    "duck_under",
    "is_ambience",
    "lay_and_mix",
    "tone_of",
]
