"""How loud a take came out, and the gain that brings it to where the usual levels of classes count from.

A model makes a page as loud as a slammed door, and one door louder than the next. A sound that the picture asks for has
the level of its class, so what the model made is evened out first.
"""

from __future__ import annotations

from vssflow_post.audio import LAYOUTS
from vssflow_post.mix.laid_take import Source
from vssflow_post.mix.loudness import LoudnessMeter

DOOR_LUFS = -22.5
"""The loudest 400 ms of a door that shuts, as the starter makes it: level 0."""
MOST_DB = 8.0
"""No take is moved further: what came out much softer than others of its class was seen to be slight."""
RESIDUE_LUFS = -50.0
"""The loudest 400 ms of a take below which it is what a sampler leaves where nothing sounds, and is not raised: the
softest classes of the starter lie ten decibels higher."""
_PIECE_S = 4


def evening_db(take: Source) -> float:
    """The gain that brings the loudest 400 ms of a take to DOOR_LUFS, as far as MOST_DB; 0 where nothing sounds."""
    loudest = loudest_lufs(take)
    return 0.0 if loudest is None or loudest < RESIDUE_LUFS else max(-MOST_DB, min(MOST_DB, DOOR_LUFS - loudest))


def loudest_lufs(take: Source) -> float | None:
    """Of the loudest 400 ms; None where all is silent."""
    layout = LAYOUTS["mono" if take.read(0, 0).shape[0] == 1 else "stereo"]
    meter, size = LoudnessMeter(False, layout, take.rate_hz), _PIECE_S * take.rate_hz
    for start in range(0, take.n_samples, size):
        meter.push(take.read(start, min(take.n_samples, start + size)))
    return meter.finish().max_momentary_lufs
