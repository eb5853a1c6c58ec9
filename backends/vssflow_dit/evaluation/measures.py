"""The one record of an evaluation: one number, of what, for whom, and of which sound."""

from __future__ import annotations

from dataclasses import dataclass

TRUTH, CEILING, MODEL = "ground truth", "through codec and vocoder", "model"
"""What is measured alike: the teacher's sound, that sound through codec and vocoder (what the model can reach at best),
and what the model makes of the conditions alone."""
ALONE, FITTED = "predicted durations", "fitted to the mouth"
"""What is compared where a mouth is seen."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One number."""

    group: str
    """The question it answers; a table and a heading of the page."""
    what: str
    """The quantity, and its unit unless it is a share."""
    subject: str
    """The voice or class of sound; "" for all together."""
    column: str
    """Whose it is: TRUTH, CEILING, MODEL, ALONE or FITTED."""
    value: float
    unit: str
    """`%`, `ms` or "" for a plain number; percentages are stored as 0 to 100."""
    n: int
    """Items that it is a mean over."""
