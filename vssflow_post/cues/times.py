"""Times of a cue table: timecode labels that keep every sample.

`01:00:06:21+400` is 400 samples (of 48 kHz) after the start of the frame `01:00:06:21`. A label that is typed by hand
has no `+`: it is the start of its frame. Hours go on past 23, so that a film that runs over midnight stays in order.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from vssflow_post.media.timecode import frame_from_timecode, nominal_rate, timecode_from_frame
from vssflow_post.timeline import CLOCK_HZ, samples_from_frame

_LABEL = re.compile(r"(\d{1,3})(:[0-5]\d:[0-5]\d)([:;])(\d{2,3})(?:\+(\d{1,6}))?", re.ASCII)
LONGEST_LABEL = 40
"""Characters of a cell that are looked at."""


def label_of(sample: int, frame_rate: Fraction, drop_frame: bool) -> str:
    """The label of a sample counted from midnight (>= 0)."""
    frame = int(Fraction(sample) * frame_rate / CLOCK_HZ)
    while samples_from_frame(frame + 1, frame_rate) <= sample:
        frame += 1
    while samples_from_frame(frame, frame_rate) > sample:
        frame -= 1
    days, frame_of_day = divmod(frame, _frames_a_day(frame_rate, drop_frame))
    label = timecode_from_frame(frame_of_day, frame_rate, drop_frame)
    rest = sample - samples_from_frame(frame, frame_rate)
    return f"{int(label[:2]) + 24 * days:02d}{label[2:]}" + (f"+{rest}" if rest else "")


def sample_of(label: str, frame_rate: Fraction) -> int:
    """The sample, counted from midnight, that a label stands for. Raises ValueError with a sentence fragment."""
    match = _LABEL.fullmatch(label.strip()[:LONGEST_LABEL])
    if match is None:
        raise ValueError(f"{label.strip()[:LONGEST_LABEL]!r} is not a timecode of the form HH:MM:SS:FF")
    hours, rest, separator, frames, extra = match.groups()
    days, hour = divmod(int(hours), 24)
    frame = frame_from_timecode(f"{hour:02d}{rest}{separator}{frames}", frame_rate)
    frame += days * _frames_a_day(frame_rate, separator == ";")
    return samples_from_frame(frame, frame_rate) + int(extra or 0)


def _frames_a_day(frame_rate: Fraction, drop_frame: bool) -> int:
    nominal = nominal_rate(frame_rate)
    if not drop_frame:
        return 86_400 * nominal
    return frame_from_timecode(f"23:59:59;{nominal - 1:02d}", frame_rate) + 1


_CLOCK = re.compile(r"(\d{1,2}):([0-5]\d):([0-5]\d)(?:[.,](\d{1,9}))?", re.ASCII)
_TIMECODE = re.compile(r"(\d{1,2}:[0-5]\d:[0-5]\d)([:;])(\d{2,3})", re.ASCII)


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
        label, separator, frames = timecode.groups()
        label = label.zfill(8)
        if drop_frame and separator == ":":
            return ScriptTime(_loose_drop_frame(label, int(frames), frame_rate) / frame_rate, True)
        return ScriptTime(frame_from_timecode(f"{label}{separator}{frames}", frame_rate) / frame_rate, True)
    raise ValueError(f"{text[:40]!r} is neither HH:MM:SS.mmm nor HH:MM:SS:FF")


def start_label(start_timecode: str | None, frame_rate: Fraction) -> tuple[ScriptTime, ScriptTime]:
    """The film's start timecode as (clock time, timecode).

    The two differ at 23.976 and 29.97 non-drop, where an hour of timecode lasts 3603.6 real seconds:
    a script in clock times means the label, a script in frames means the frame.
    """
    match = _TIMECODE.fullmatch((start_timecode or "").strip())
    if match is None:
        return ScriptTime(Fraction(0), False), ScriptTime(Fraction(0), True)
    label, _, frames = match.groups()
    clock = read_time(label, frame_rate).seconds + Fraction(int(frames), nominal_rate(frame_rate))
    return ScriptTime(clock, False), read_time(match.group(), frame_rate)


def _loose_drop_frame(label: str, frame: int, frame_rate: Fraction) -> int:
    """The frame number of a drop-frame label that was typed with a colon.

    Who types a colon does not think of the labels that drop-frame skips: such a one is the next that exists.
    """
    for later in range(4):
        try:
            return frame_from_timecode(f"{label};{frame + later:02d}", frame_rate)
        except ValueError:
            continue
    return frame_from_timecode(f"{label};{frame:02d}", frame_rate)
