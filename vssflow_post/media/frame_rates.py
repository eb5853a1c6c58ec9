"""Rates of frames: which ones editors know, and which one stands for a film whose own is none of them.

A film may have any rate (silent films have 16 or 18, web cameras 15, slow motion 240, telephones a varying one), but
timecode, edit lists and editing systems know few. Pictures keep the film's own rate; labels and edits get the nearest
that can be said.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

_WHOLE = tuple(map(Fraction, (24, 25, 30, 50, 60)))
_NTSC = tuple(Fraction(1000 * rate, 1001) for rate in (24, 30, 60))
_EDITED_AS_THEY_ARE = (*_WHOLE, *_NTSC, Fraction(48), Fraction(48_000, 1001))
"""Rates at which editing systems edit. Few know the last two: no other rate is brought to them."""
STANDARD_RATES = tuple(
    Fraction(1000 * rate, divisor)
    for rate in (12, 15, 24, 25, 30, 48, 50, 60, 90, 100, 120, 240)
    for divisor in (1000, 1001)
)
"""Rates that cameras record at."""
_ROUNDING = Fraction(1, 2000)
"""How far a rate may be from the one that it is written for: 23.98 is 23.976. Half of what divides 24 from 23.976."""
_OF_WHOLE = Fraction(1, 500)
"""How far labels may run off the seconds that they name: as NTSC's do, and not much more."""


def nearest_rate(rate: Fraction, rates: Iterable[Fraction]) -> Fraction:
    """The one of `rates` that is nearest in proportion."""
    return min(rates, key=lambda other: max(other / rate, rate / other))


def meant_rate(rate: Fraction) -> Fraction:
    """The standard rate that a rate is written for: 24000/1001 for 23.98; one that is near none as it is."""
    nearest = nearest_rate(rate, STANDARD_RATES)
    return nearest if abs(nearest / rate - 1) < _ROUNDING else rate


def label_rate(frame_rate: Fraction) -> Fraction:
    """The rate at which a film's labels count: its own, or where no whole number of frames fills a second (12.5, 0.1)
    that of its edit."""
    meant = meant_rate(frame_rate)
    whole = max(1, round(meant))
    return meant if abs(meant / whole - 1) < _OF_WHOLE else edit_rate(frame_rate)


def edit_rate(frame_rate: Fraction) -> Fraction:
    """The rate at which editing systems and edit lists count a film's frames.

    Its own where they know it; else one of which it is a multiple or a part (60 for 120 and 240, 25 for 12.5), so that
    each border of a frame is one of theirs; else the nearest.
    """
    nearest = nearest_rate(frame_rate, _EDITED_AS_THEY_ARE)
    if abs(nearest / frame_rate - 1) < _ROUNDING:
        return nearest
    related = next((family for rates in (_WHOLE, _NTSC) if (family := _related(frame_rate, rates))), _WHOLE)
    return nearest_rate(frame_rate, related)


def _related(frame_rate: Fraction, rates: Iterable[Fraction]) -> list[Fraction]:
    """Those of which `frame_rate` is a multiple or a part."""
    return [rate for rate in rates if _is_whole(max(rate / frame_rate, frame_rate / rate))]


def _is_whole(ratio: Fraction) -> bool:
    return abs(ratio / round(ratio) - 1) < _ROUNDING
