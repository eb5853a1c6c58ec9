"""The mix against its specification: which loudness counts, and what is out of bounds."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from vssflow_post.audio import Loudness
from vssflow_post.mix.loudness import GATING_BLOCK

if TYPE_CHECKING:
    from vssflow_post.settings.preset import LoudnessSettings

PROGRAMME, DIALOGUE = "programme", "dialogue"
FAINTEST_LUFS = -60.0
"""A mix whose loudest 400 ms lie lower as it was laid is silent: what a model leaves where nothing sounds would be
made programme by the gain. The softest sound that the picture asks for (cloth) is laid ten decibels louder."""
CAPPED_DB = 0.2
"""How near to `max_limiting_db` the limiter came where it was that which kept a mix from its target."""


def counted(settings: LoudnessSettings, loudness: Loudness) -> str:
    """`dialogue` where the specification asks for it and somebody speaks, else `programme`."""
    return DIALOGUE if settings.measure == DIALOGUE and loudness.dialogue_lufs is not None else PROGRAMME


def level_of(loudness: Loudness, measure: str) -> float | None:
    """The figure that is brought to the target, in LUFS."""
    return loudness.dialogue_lufs if measure == DIALOGUE else loudness.integrated_lufs


def over_db(loudness: Loudness, ceiling_dbtp: float) -> float:
    """By how many dB the true peak exceeds the ceiling; not positive when it does not."""
    return -math.inf if loudness.true_peak_dbtp is None else loudness.true_peak_dbtp - ceiling_dbtp


def nothing_sounds(as_laid: Loudness) -> bool:
    """Whether there is nothing in a mix that a gain could bring to a target."""
    loudest = as_laid.max_momentary_lufs
    return as_laid.integrated_lufs is None or loudest is None or loudest < FAINTEST_LUFS


def judge(loudness: Loudness, as_laid: Loudness, measure: str, reduction_db: float, settings: LoudnessSettings) -> str:
    """`pass`, `silent`, `too_short`, or a sentence that says what is out of bounds and by which clause.

    `reduction_db` is the most that the limiter took off a peak.
    """
    level = level_of(loudness, measure)
    if level is None or nothing_sounds(as_laid):
        return "silent" if loudness.n_samples >= GATING_BLOCK else "too_short"
    by = f" ({settings.clause})" if settings.clause else ""
    if over_db(loudness, settings.ceiling_dbtp) > 0:
        return (
            f"The true peak is {loudness.true_peak_dbtp:.2f} dBTP, over the ceiling of {settings.ceiling_dbtp:g} dBTP"
            f"{by}."
        )
    if abs(level - settings.target_lufs) > settings.tolerance_lu:
        what = "dialogue of the mix" if measure == DIALOGUE else "mix"
        return (
            f"The {what} is {level:.2f} LUFS, not {settings.target_lufs:g} LUFS within {settings.tolerance_lu:g} LU{by}"
            f": {_why(level, reduction_db, settings)}."
        )
    return "pass"


def _why(level: float, reduction_db: float, settings: LoudnessSettings) -> str:
    """What keeps a mix from its target. A decibel more of limiting adds a decibel at most, so the least is known."""
    if reduction_db <= 0 < settings.max_limiting_db:
        return "no gain brings it closer"
    is_capped = reduction_db >= settings.max_limiting_db - CAPPED_DB
    if settings.must_hit_target or level > settings.target_lufs or not is_capped:
        return f"with peaks held under {settings.ceiling_dbtp:g} dBTP it comes no closer"
    least_db = settings.max_limiting_db + settings.target_lufs - level
    return (
        f"loudness.max_limiting_db = {settings.max_limiting_db:g} keeps it lower, "
        f"since the limiter would have to take at least {least_db:.1f} dB off the peaks"
    )
