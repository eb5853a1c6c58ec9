"""Times as scripts write them: clock times and SMPTE timecode, read as exact fractions of a second."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

_CLOCK = re.compile(r"(\d{1,2}):([0-5]\d):([0-5]\d)(?:[.,](\d{1,9}))?", re.ASCII)
_TIMECODE = re.compile(r"(\d{1,2}):([0-5]\d):([0-5]\d)([:;])(\d{2,3})", re.ASCII)
_DROPPED = {Fraction(30000, 1001): 2, Fraction(60000, 1001): 4}
"""Labels left out at the start of each minute but every tenth (SMPTE ST 12-1, 5.2.2), by frame rate."""


@dataclass(frozen=True, slots=True)
class ScriptTime:
    """One time of a script."""

    seconds: Fraction
    """From the label 00:00:00, in real seconds."""
    is_timecode: bool
    """Whether it counts frames (`HH:MM:SS:FF`) and not thousandths."""


def read_time(text: str, frame_rate: Fraction, drop_frame: bool = False) -> ScriptTime:
    """`HH:MM:SS.mmm` or `HH:MM:SS:FF` (`;` before the frames, or `drop_frame`: drop-frame counting).

    Raises ValueError with a sentence fragment that says what is wrong.
    """
    text = text.strip()
    if clock := _CLOCK.fullmatch(text):
        hours, minutes, seconds, decimals = clock.groups()
        fraction = Fraction(int(decimals), 10 ** len(decimals)) if decimals else Fraction(0)
        return ScriptTime(int(hours) * 3600 + int(minutes) * 60 + int(seconds) + fraction, False)
    if timecode := _TIMECODE.fullmatch(text):
        hours, minutes, seconds, separator, frames = timecode.groups()
        whole = (int(hours) * 60 + int(minutes)) * 60 + int(seconds)
        frame = _frame_number(whole, int(frames), frame_rate, drop=separator == ";", drop_film=drop_frame)
        return ScriptTime(frame / frame_rate, True)
    raise ValueError(f"{text[:40]!r} is neither HH:MM:SS.mmm nor HH:MM:SS:FF")


def start_label(start_timecode: str | None, frame_rate: Fraction) -> tuple[ScriptTime, ScriptTime]:
    """The film's start timecode as (clock time, timecode).

    The two differ at 23.976 and 29.97 non-drop, where an hour of timecode lasts 3603.6 real seconds:
    a script in clock times means the label, a script in frames means the frame.
    """
    if not start_timecode or not _TIMECODE.fullmatch(start_timecode.strip()):
        return ScriptTime(Fraction(0), False), ScriptTime(Fraction(0), True)
    by_frame = read_time(start_timecode, frame_rate)
    label, frames = re.split(r"[:;](?=\d+$)", start_timecode.strip())
    clock = read_time(label, frame_rate)
    return ScriptTime(clock.seconds + Fraction(int(frames), _nominal(frame_rate)), False), by_frame


def _nominal(frame_rate: Fraction) -> int:
    return -(-frame_rate.numerator // frame_rate.denominator)


def _frame_number(whole_seconds: int, frames: int, frame_rate: Fraction, *, drop: bool, drop_film: bool) -> int:
    nominal = _nominal(frame_rate)
    if frames >= nominal:
        raise ValueError(f"frame {frames} does not exist at {float(frame_rate):g} frames per second")
    number = whole_seconds * nominal + frames
    dropped = _DROPPED.get(frame_rate, 0)
    if drop and not dropped:
        raise ValueError(f"drop-frame timecode (';') does not exist at {float(frame_rate):g} frames per second")
    if not dropped or not (drop or drop_film):
        return number
    minutes = whole_seconds // 60
    if drop and whole_seconds % 60 == 0 and minutes % 10 and frames < dropped:
        raise ValueError(f"drop-frame timecode has no frame {frames:02d} at the start of minute {minutes % 60}")
    return number - dropped * (minutes - minutes // 10)
