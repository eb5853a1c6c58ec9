"""The film's own timecode, as pages and their players count it."""

from __future__ import annotations

from fractions import Fraction

from vssflow_post.media.frame_rates import label_rate
from vssflow_post.media.timecode import is_drop_frame, samples_from_timecode, timecode_from_samples
from vssflow_post.timeline import CLOCK_HZ


class FilmClock:
    """Times on a film's own timecode."""

    def __init__(self, frame_rate: Fraction, start_timecode: str | None) -> None:
        self._rate, self._drop_frame = label_rate(frame_rate), is_drop_frame(start_timecode)
        self._origin = 0 if start_timecode is None else samples_from_timecode(start_timecode, self._rate)

    def __call__(self, sample: int) -> str:
        """The label of a sample of the film."""
        return timecode_from_samples(self._origin + sample, self._rate, self._drop_frame)

    @property
    def facts(self) -> dict[str, object]:
        """What a page's player counts with."""
        return {
            "rate": [self._rate.numerator, self._rate.denominator],
            "first_frame": round(Fraction(self._origin, CLOCK_HZ) * self._rate),
            "drop": self._drop_frame,
        }
