"""SMPTE timecode labels and the clock, exactly.

A label counts frames at the nominal (whole) rate; the clock runs in real time. At 29.97 fps the label 01:00:00:00
(non-drop) therefore lies 3603.6 s after midnight. Drop-frame skips labels, never pictures: the first two of each
minute (four at 59.94) but each tenth. Source: SMPTE ST 12-1:2014, clauses 5 and 7. Recorders and cameras count so at
exactly 30 and 60 frames a second too, where labels and seconds part; it is the frame that counts, not the second.

At which rate labels count where a film's own is none that they can is said in `frame_rates`.
"""

from __future__ import annotations

import math
import re
from fractions import Fraction

from vssflow_post.timeline import CLOCK_HZ, samples_from_frame

_LABEL = re.compile(r"(\d{2}):([0-5]\d):([0-5]\d)([:;.,])(\d{2,3})", re.ASCII)
_FOUND = re.compile(r"(\d{1,2})[:;]([0-5]\d)([:;])([0-5]\d)(?:([:;.,])(\d{1,9}))?", re.ASCII)
"""A label as cameras and programs write it."""
_DROP_FRAME_RATES = (30, 60, 90, 120, 240)
"""Nominal rates that have drop-frame: that of the standard, and its multiples."""


def nominal_rate(frame_rate: Fraction) -> int:
    """The whole number of frames that a timecode counts in a second, e.g. 30 for 29.97 fps."""
    return max(1, round(frame_rate))


def is_drop_frame(label: str | None) -> bool:
    """Whether a label counts in drop-frame: what stands before its frames is `;`, `.` or `,` and no colon."""
    return label is not None and label.count(":") < 3


def _dropped_per_minute(frame_rate: Fraction) -> int:
    """Labels that drop-frame skips at the start of a minute. Raises ValueError at a rate that has no drop-frame."""
    nominal = nominal_rate(frame_rate)
    if nominal not in _DROP_FRAME_RATES:
        raise ValueError(f"there is no drop-frame timecode at {float(frame_rate):g} fps")
    return nominal // 15


def frame_from_timecode(label: str, frame_rate: Fraction) -> int:
    """The number of frames since midnight that a label stands for.

    Raises ValueError for a label that is malformed, cannot exist at this rate, or is one that drop-frame skips.
    """
    match = _LABEL.fullmatch(label.strip())
    if match is None:
        raise ValueError(f"{label!r} is not a timecode of the form HH:MM:SS:FF")
    hours, minutes, seconds, frames = (int(match[group]) for group in (1, 2, 3, 5))
    nominal = nominal_rate(frame_rate)
    if hours > 23 or frames >= nominal:
        raise ValueError(f"{label!r} does not exist at {float(frame_rate):g} fps")
    total_minutes = hours * 60 + minutes
    number = (total_minutes * 60 + seconds) * nominal + frames
    if match[4] == ":":
        return number
    dropped = _dropped_per_minute(frame_rate)
    if minutes % 10 and seconds == 0 and frames < dropped:
        raise ValueError(f"{label!r} does not exist: drop-frame timecode skips it")
    return number - dropped * (total_minutes - total_minutes // 10)


def timecode_from_frame(frame: int, frame_rate: Fraction, drop_frame: bool = False) -> str:
    """The label of a frame counted from midnight; wraps after 24 hours."""
    nominal = nominal_rate(frame_rate)
    if drop_frame:
        dropped = _dropped_per_minute(frame_rate)
        ten_minutes = 600 * nominal - 9 * dropped
        tens, rest = divmod(frame % (144 * ten_minutes), ten_minutes)
        # The first minute of the ten keeps its labels, so it is longer by what the others drop.
        skipped_minutes = max(0, rest - dropped) // (60 * nominal - dropped)
        frame += dropped * (9 * tens + skipped_minutes) - (frame - frame % (144 * ten_minutes))
    seconds, frames = divmod(frame % (86_400 * nominal), nominal)
    minutes, seconds = divmod(seconds, 60)
    separator = ";" if drop_frame else ":"
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}{separator}{frames:02d}"


def label_found(text: str, frame_rate: Fraction) -> tuple[str | None, str]:
    """The label that a file means by `text`, as `HH:MM:SS:FF` or `HH:MM:SS;FF`, and a sentence where it says another.

    None where no label can be meant. What is behind a point and too much for a frame is a part of a second.
    """
    match, shown = _FOUND.fullmatch(text.strip()), f"Its start timecode {text.strip()[:40]!r}"
    unused = f"{shown} does not exist at {float(frame_rate):g} fps and is not used: times count from 00:00:00:00."
    if match is None or int(match[1]) > 23:
        return None, unused
    clock = f"{int(match[1]):02d}:{match[2]}:{match[4]}"
    nominal, sign, digits = nominal_rate(frame_rate), match[5] or ":", match[6] or "0"
    if sign in ".," and (len(digits) > 2 or int(digits) >= nominal):
        label = f"{clock}:{int(digits) * nominal // 10 ** len(digits):02d}"
        return label, f"{shown} counts parts of a second: it is read as {label}."
    if int(digits) >= nominal:
        return None, unused
    drop_frame = nominal in _DROP_FRAME_RATES and (sign != ":" or match[3] == ";")
    if drop_frame and int(match[2]) % 10 and match[4] == "00" and int(digits) < _dropped_per_minute(frame_rate):
        label = f"{clock};{_dropped_per_minute(frame_rate):02d}"
        return label, f"{shown} is one that drop-frame skips: it is read as {label}, the next that exists."
    label = f"{clock}{';' if drop_frame else ':'}{int(digits):02d}"
    has_no_drop = sign != ":" and not drop_frame
    return label, f"{shown} is read as {label}: {float(frame_rate):g} fps knows no drop-frame." if has_no_drop else ""


def frame_at(sample: int, frame_rate: Fraction) -> int:
    """The number of the frame on screen at `sample`: the last one that starts at it or before."""
    # Frame starts are rounded to the clock: frame k has begun where k / frame_rate lies before sample + 1/2.
    return math.ceil(Fraction(2 * sample + 1, 2) * frame_rate / CLOCK_HZ) - 1


def samples_from_timecode(label: str, frame_rate: Fraction) -> int:
    """Clock samples (48 kHz) from midnight to a label: what BWF calls TimeReference (EBU Tech 3285, 2.3)."""
    return samples_from_frame(frame_from_timecode(label, frame_rate), frame_rate)


def timecode_from_samples(sample: int, frame_rate: Fraction, drop_frame: bool = False) -> str:
    """The label of the frame on screen at `sample` (48 kHz samples since midnight)."""
    return timecode_from_frame(frame_at(sample, frame_rate), frame_rate, drop_frame)
