"""How loud a take came out, and the gain that brings it to where the usual levels of classes count from.

A model makes a page as loud as a slammed door, and one door louder than the next. A sound that the picture asks for has
the level of its class, so what the model made is evened out first. A line that was recorded elsewhere is brought to
where the other lines are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

from vssflow_post.audio import Loudness, Source, layout_of
from vssflow_post.mix.loudness import LoudnessMeter

DOOR_LUFS = -22.5
"""The loudest 400 ms of a door that shuts, as the starter makes it: level 0."""
MOST_DB = 8.0
"""No take is moved further: what came out much softer than others of its class was seen to be slight."""
RESIDUE_LUFS = -50.0
"""The loudest 400 ms of a take below which it is what a sampler leaves where nothing sounds, and is not raised: the
softest classes of the starter lie ten decibels higher."""
_PIECE_S = 4
Said = tuple[Source, int, int]
"""A line: where it is heard, and from which sample to which."""


def evening_db(take: Source) -> float:
    """The gain that brings the loudest 400 ms of a take to DOOR_LUFS, as far as MOST_DB; 0 where nothing sounds."""
    loudest = loudest_lufs(take)
    return 0.0 if loudest is None or loudest < RESIDUE_LUFS else max(-MOST_DB, min(MOST_DB, DOOR_LUFS - loudest))


def loudest_lufs(take: Source) -> float | None:
    """Of the loudest 400 ms; None where all is silent."""
    return _measured(take, 0, take.n_samples).max_momentary_lufs


def is_heard(take: Source) -> bool:
    """Whether any sample of a take is other than zero."""
    size = _PIECE_S * take.rate_hz
    return any(take.read(at, min(take.n_samples, at + size)).any() for at in range(0, take.n_samples, size))


def matching_db(recorded: Mapping[str, Said], others: Sequence[Said]) -> dict[str, float]:
    """The gain of each recorded line, by cue id, that brings it to the middle loudness of the other lines; where there
    are none, of all that were recorded. Silence stays as it is."""
    levels = {identity: _line_lufs(said) for identity, said in recorded.items()}
    known = [level for level in map(_line_lufs, others) if level is not None] if levels else []
    known = known or [level for level in levels.values() if level is not None]
    return {identity: 0.0 if level is None else median(known) - level for identity, level in levels.items()}


def _line_lufs(said: Said) -> float | None:
    """Gated loudness; of a line that is too short for it, as if it were said again and again."""
    source, start, end = said
    times = 1 if end <= start else -(-source.rate_hz // (2 * (end - start)))
    return _measured(source, start, end, times).integrated_lufs


def _measured(source: Source, start: int, end: int, times: int = 1) -> Loudness:
    n_channels = source.read(0, 0).shape[0]
    meter = LoudnessMeter(False, layout_of(n_channels), source.rate_hz)
    size = _PIECE_S * source.rate_hz
    for _ in range(times):
        for at in range(start, end, size):
            meter.push(source.read(at, min(end, at + size)))
    return meter.finish()
