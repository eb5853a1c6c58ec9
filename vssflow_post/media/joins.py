"""Where a stream was joined from several recordings, each with a clock of its own: they are put one behind the other.

Transport and program streams may simply be written one behind the other, and receivers' clocks jump. Timestamps that
step back, or forward by more than any pause, start a new recording; it goes on where the one before ended, picture and
sound by the same amount.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, TypeVar

from vssflow_post.media.opening import packets_of

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream

_AnyStream = TypeVar("_AnyStream", bound="Stream")
JOINABLE = ("mpegts", "mpeg")
"""Formats whose files can be joined by writing one behind the other; the others have one clock by construction."""
_BACK_S = Fraction(1, 10)
"""A smaller step back is a writer's disorder."""
_FORWARD_S = 10
"""A longer one is no pause. (FFmpeg and players take the same.)"""
_TOGETHER_S = 1
"""Tracks of one recording end and start as near to each other."""


@dataclass(frozen=True, slots=True)
class Join:
    """One recording's end and the next one's start, in seconds."""

    jump_s: Fraction
    """How far the clock jumps."""
    shift_s: Fraction
    """What timestamps behind it are moved by, in all."""
    at_s: Fraction
    """Where it lies on the first recording's clock, by the picture."""


class Clock:
    """One stream's timestamps on the clock of its file's first recording, packet by packet."""

    def __init__(self, time_base: Fraction, known: Sequence[Join] = ()) -> None:
        """`known` are the picture's joins, for any other stream."""
        self.joins: list[Join] = []
        self._time_base, self._known = time_base, list(known)
        self._last: int | None = None
        self._step = 0
        self._shift = 0

    def moved(self, packet: Packet[_AnyStream]) -> Packet[_AnyStream]:
        """The packet, with its timestamps where they belong."""
        dts = packet.dts
        if dts is not None and self._last is not None:
            delta = dts - self._last
            if delta * self._time_base < -_BACK_S or delta * self._time_base > _FORWARD_S:
                self._join(self._last + self._step, dts, packet.pts if packet.pts is not None else dts)
            elif delta > 0:
                self._step = delta
        if dts is not None:
            self._last = dts
        if self._shift:
            packet.pts = packet.pts + self._shift if packet.pts is not None else None
            packet.dts = dts + self._shift if dts is not None else None
        return packet

    def _join(self, expected: int, found: int, pts: int) -> None:
        jump_s = (found - expected) * self._time_base
        same = next((k for k, one in enumerate(self._known) if abs(one.jump_s - jump_s) <= _TOGETHER_S), None)
        if same is None:
            self._shift += expected - found
        else:
            self._shift = round(self._known[same].shift_s / self._time_base)
            del self._known[: same + 1]
        shift_s = self._shift * self._time_base
        before = self.joins[-2].shift_s if len(self.joins) > 1 else Fraction(0)
        if self.joins and shift_s == before:  # one timestamp was wrong, and the clock is as it was
            self.joins.pop()
            return
        self.joins.append(Join(jump_s, shift_s, pts * self._time_base + shift_s))


def packets_on_one_clock(
    container: InputContainer, stream: _AnyStream, demuxer: str, clock: Clock | None = None
) -> Iterator[Packet[_AnyStream]]:
    """`packets_of`, joined where the file was."""
    clock = clock or Clock(stream.time_base or Fraction(1, 90_000))
    for packet in packets_of(container, stream):
        yield clock.moved(packet) if demuxer in JOINABLE else packet
