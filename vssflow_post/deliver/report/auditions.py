"""Auditions: a few seconds of each speaker, inside the page, so that a report that was mailed alone can be heard.

pydub works in whole milliseconds and integers, which is right for this and for nothing that must be in sync.
"""

from __future__ import annotations

import base64
import io
import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vssflow_post.deliver.report.facts import CueFacts
from vssflow_post.timeline import CLOCK_HZ, Span

RATE_HZ = 16_000
LONGEST_S = 6.0
"""Speech of one speaker, in seconds: 190 kB of audio."""
MOST_SPEAKERS = 8
FADE_MS, GAP_MS = 15, 250


@dataclass(frozen=True, slots=True)
class Audition:
    """One member of the cast."""

    speaker: str
    """Name of the character; "" when the script names none."""
    voice: str
    n_lines: int
    sound: str
    """WAV as a `data:` URI: 16 kHz, 16 bit, mono; "" where there is nothing to hear."""


def auditions_of(cues: Sequence[CueFacts], dialogue: Path | None) -> tuple[Audition, ...]:
    """Everybody who speaks, in order of appearance, with their first lines from the dialogue stem (WAV at 48 kHz).

    Raises soundfile.LibsndfileError when the stem cannot be read.
    """
    lines: dict[str, list[CueFacts]] = {}
    for facts in cues:
        if facts.cue.kind == "speech":
            lines.setdefault(facts.cue.speaker or "", []).append(facts)
    cast: list[Audition] = []
    for speaker, said in lines.items():
        heard = dialogue is not None and len(cast) < MOST_SPEAKERS
        sound = (
            _reel(dialogue, [facts.cue.heard for facts in said if not facts.cue.is_muted])
            if heard and dialogue is not None
            else ""
        )
        voice = next((facts.cue.voice for facts in said if facts.cue.voice), "")
        cast.append(Audition(speaker, voice, len(said), sound))
    return tuple(cast)


def _reel(dialogue: Path, spans: Sequence[Span]) -> str:
    """The first LONGEST_S of the spans, faded at their ends, with short gaps between them."""
    segment = _pydub()
    reel, left = segment.empty(), LONGEST_S
    gap = segment.silent(duration=GAP_MS, frame_rate=RATE_HZ)
    for span in spans:
        if left < 0.5 and len(reel):
            break
        line = _line(segment, dialogue, Span(span.start, min(span.end, span.start + round(left * CLOCK_HZ))))
        left -= line.duration_seconds
        reel = reel + gap + line.fade_in(FADE_MS).fade_out(FADE_MS) if len(reel) else line
    if not reel.max:
        return ""
    wav = io.BytesIO()
    reel.export(wav, format="wav")
    return "data:audio/wav;base64," + base64.b64encode(wav.getvalue()).decode("ascii")


def _line(segment: Any, dialogue: Path, span: Span) -> Any:
    """One stretch of the stem as a pydub segment."""
    import soundfile
    import soxr

    samples, rate_hz = soundfile.read(
        os.fsencode(dialogue), span.n_samples, span.start, dtype="float32", always_2d=True
    )
    mono = soxr.resample(samples.mean(axis=1), rate_hz, RATE_HZ) if len(samples) else np.zeros(0)
    whole = np.clip(np.round(mono * 32767.0), -32768, 32767).astype("<i2")
    return segment(data=whole.tobytes(), sample_width=2, frame_rate=RATE_HZ, channels=1)


def _pydub() -> Any:
    with warnings.catch_warnings():
        # It warns that it finds no ffmpeg, which it needs for formats other than WAV.
        warnings.simplefilter("ignore")
        from pydub import AudioSegment
    return AudioSegment
