"""Times of a cue table: timecode labels that keep every sample.

`01:00:06:21+400` is 400 samples (of 48 kHz) after the start of the frame `01:00:06:21`. A label that is typed by hand
has no `+`: it is the start of its frame. Hours go on past 23, so that a film that runs over midnight stays in order.
"""

from __future__ import annotations

import re
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
