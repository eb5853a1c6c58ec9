"""Times as people write them in scripts and cue sheets: clock times and SMPTE timecode, read exactly.

In the table of a cue sheet a label keeps every sample: `01:00:06:21+400` is 400 samples (of 48 kHz) after the start of
the frame `01:00:06:21`. A label that is typed by hand has no `+`: it is the start of its frame. Hours go on past 23, so
that a film that runs over midnight stays in order.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from vssflow_post.media.timecode import frame_at, frame_from_timecode, nominal_rate, timecode_from_frame
from vssflow_post.timeline import samples_from_frame

_FROM_MINUTES_ON = r"(:[0-5]\d:[0-5]\d)([:;])(\d{2,3})"
_LABEL = re.compile(rf"(\d{{1,3}}){_FROM_MINUTES_ON}(?:\+(\d{{1,6}}))?", re.ASCII)
_TIMECODE = re.compile(rf"(\d{{1,2}}){_FROM_MINUTES_ON}", re.ASCII)
_CLOCK_TIME = re.compile(r"(\d{1,2}):([0-5]\d):([0-5]\d)(?:[.,](\d{1,9}))?", re.ASCII)
_LONGEST_LABEL = 40
"""Characters of a cell that are looked at."""


@dataclass(frozen=True, slots=True)
class ScriptTime:
    """One time of a script."""

    seconds: Fraction
    """From the label 00:00:00, in real seconds."""
    is_timecode: bool
    """Whether it counts frames (`HH:MM:SS:FF`) and not thousandths."""


def label_of(sample: int, frame_rate: Fraction, drop_frame: bool) -> str:
    """The label of a sample counted from midnight (>= 0)."""
    frame = frame_at(sample, frame_rate)
    days, frame_of_day = divmod(frame, _frames_a_day(frame_rate, drop_frame))
    label = timecode_from_frame(frame_of_day, frame_rate, drop_frame)
    rest = sample - samples_from_frame(frame, frame_rate)
    return f"{int(label[:2]) + 24 * days:02d}{label[2:]}" + (f"+{rest}" if rest else "")


def sample_of(label: str, frame_rate: Fraction, drop_frame: bool = False) -> int:
    """The sample, counted from midnight, that a label stands for; with `drop_frame` one with a colon counts so too.

    Raises ValueError with a sentence fragment.
    """
    label = label.strip()[:_LONGEST_LABEL]
    match = _LABEL.fullmatch(label)
    if match is None:
        raise ValueError(f"{label!r} is not a timecode of the form HH:MM:SS:FF")
    hours, minutes_on, separator, frames, extra = match.groups()
    days, hour = divmod(int(hours), 24)
    frame = _frame_of(f"{hour:02d}{minutes_on}", separator, frames, frame_rate, drop_frame)
    frame += days * _frames_a_day(frame_rate, drop_frame or separator == ";")
    return samples_from_frame(frame, frame_rate) + int(extra or 0)


def read_time(text: str, frame_rate: Fraction, drop_frame: bool = False) -> ScriptTime:
    """`HH:MM:SS.mmm` or `HH:MM:SS:FF` (`;` before the frames, or `drop_frame`: drop-frame counting).

    Raises ValueError with a sentence fragment that says what is wrong.
    """
    text = text.strip()
    if clock := _CLOCK_TIME.fullmatch(text):
        hours, minutes, seconds, decimals = clock.groups()
        fraction = Fraction(int(decimals), 10 ** len(decimals)) if decimals else Fraction(0)
        return ScriptTime(int(hours) * 3600 + int(minutes) * 60 + int(seconds) + fraction, False)
    if timecode := _TIMECODE.fullmatch(text):
        hours, minutes_on, separator, frames = timecode.groups()
        frame = _frame_of(f"{int(hours):02d}{minutes_on}", separator, frames, frame_rate, drop_frame)
        return ScriptTime(frame / frame_rate, True)
    raise ValueError(f"{text[:40]!r} is neither HH:MM:SS.mmm nor HH:MM:SS:FF")


def time_in_order(text: str) -> ScriptTime:
    """The same for a film whose frame rate is not known: seconds of a timecode tell which of two comes first, no more.

    Raises ValueError for what is no time at any rate.
    """
    timecode = _TIMECODE.fullmatch(text.strip())
    if timecode is None:
        return read_time(text, Fraction(1))
    hours, minutes_on, _, frames = timecode.groups()
    return ScriptTime(read_time(f"{hours}{minutes_on}", Fraction(1)).seconds + Fraction(int(frames), 1000), True)


def start_label(start_timecode: str | None, frame_rate: Fraction) -> tuple[ScriptTime, ScriptTime]:
    """The film's start timecode as (clock time, timecode).

    The two differ at 23.976 and 29.97 non-drop, where an hour of timecode lasts 3603.6 real seconds:
    a script in clock times means the label, a script in frames means the frame.
    """
    match = _TIMECODE.fullmatch((start_timecode or "").strip())
    if match is None:
        return ScriptTime(Fraction(0), False), ScriptTime(Fraction(0), True)
    hours, minutes_on, _, frames = match.groups()
    clock = read_time(hours + minutes_on, frame_rate).seconds + Fraction(int(frames), nominal_rate(frame_rate))
    return ScriptTime(clock, False), read_time(match.group(), frame_rate)


def _frames_a_day(frame_rate: Fraction, drop_frame: bool) -> int:
    nominal = nominal_rate(frame_rate)
    if not drop_frame:
        return 86_400 * nominal
    return frame_from_timecode(f"23:59:59;{nominal - 1:02d}", frame_rate) + 1


def _frame_of(label: str, separator: str, frames: str, frame_rate: Fraction, drop_frame: bool) -> int:
    """The frame number of a label that may be drop-frame and typed with a colon.

    Who types a colon does not think of the labels that drop-frame skips: such a one is the next that exists.
    """
    if not drop_frame or separator == ";":
        return frame_from_timecode(f"{label}{separator}{frames}", frame_rate)
    for later in range(nominal_rate(frame_rate) // 15 + 1):
        try:
            return frame_from_timecode(f"{label};{int(frames) + later:02d}", frame_rate)
        except ValueError:
            continue
    return frame_from_timecode(f"{label};{frames}", frame_rate)
