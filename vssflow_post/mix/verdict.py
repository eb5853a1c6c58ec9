"""The mix against its specification: which loudness counts, and what is out of bounds."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from vssflow_post.audio import Loudness
from vssflow_post.mix.loudness import GATING_BLOCK

if TYPE_CHECKING:
    from vssflow_post.settings.preset import LoudnessSettings

PROGRAMME, DIALOGUE = "programme", "dialogue"


def counted(settings: LoudnessSettings, loudness: Loudness) -> str:
    """`dialogue` where the specification asks for it and somebody speaks, else `programme`."""
    return DIALOGUE if settings.measure == DIALOGUE and loudness.dialogue_lufs is not None else PROGRAMME


def level_of(loudness: Loudness, measure: str) -> float | None:
    """The figure that is brought to the target, in LUFS."""
    return loudness.dialogue_lufs if measure == DIALOGUE else loudness.integrated_lufs


def over_db(loudness: Loudness, ceiling_dbtp: float) -> float:
    """By how many dB the true peak exceeds the ceiling; not positive when it does not."""
    return -math.inf if loudness.true_peak_dbtp is None else loudness.true_peak_dbtp - ceiling_dbtp


def judge(loudness: Loudness, unlimited: Loudness, measure: str, settings: LoudnessSettings) -> str:
    """`pass`, `silent`, `too_short`, or a sentence that says what is out of bounds and by which clause."""
    level = level_of(loudness, measure)
    if level is None or unlimited.integrated_lufs is None:
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
            f": {_why(level, settings)}."
        )
    return "pass"


def _why(level: float, settings: LoudnessSettings) -> str:
    """What keeps a mix from its target. A decibel more of limiting adds a decibel at most, so the least is known."""
    if settings.must_hit_target or level > settings.target_lufs:
        return f"with peaks held under {settings.ceiling_dbtp:g} dBTP it comes no closer"
    least_db = settings.max_limiting_db + settings.target_lufs - level
    return (
        f"loudness.max_limiting_db = {settings.max_limiting_db:g} keeps it lower, "
        f"since the limiter would have to take at least {least_db:.1f} dB off the peaks"
    )
