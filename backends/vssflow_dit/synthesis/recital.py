"""A sentence as a teacher says it: its sound, and when each of its phonemes ends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vssflow_dit.text.phonemes import Phoneme


@dataclass(frozen=True, slots=True, eq=False)
class Recital:
    """One sentence as the teacher says it, silence at both edges included."""

    audio: npt.NDArray[np.float32]
    """(n,) at 24 kHz."""
    phonemes: list[Phoneme]
    """What is heard, framed by pauses."""
    ends_s: list[float]
    """When each phoneme ends; the next starts there."""
