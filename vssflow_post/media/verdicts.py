"""Damage that decoding met, counted until there is enough for a verdict."""

from __future__ import annotations

from dataclasses import dataclass

from vssflow_post.errors import FilmRejected
from vssflow_post.timeline import CLOCK_HZ

_ENOUGH = 100
"""A film this broken is given up; counting on would take as long as decoding it."""


@dataclass(slots=True)
class Damage:
    """Decode errors so far."""

    what: str
    """What is counted, in the plural."""
    n_errors: int = 0
    first_sample: int = 0

    def add(self, sample: int) -> None:
        """Counts one error at `sample` of the clock. Raises FilmRejected `corrupt` when it is one too many."""
        if not self.n_errors or sample < self.first_sample:
            self.first_sample = sample
        self.n_errors += 1
        if self.n_errors >= _ENOUGH:
            self.raise_if_any()

    def raise_if_any(self) -> None:
        """Raises FilmRejected `corrupt`, with how many and when the first, unless there was no error."""
        if not self.n_errors:
            return
        count = f"At least {self.n_errors}" if self.n_errors >= _ENOUGH else f"{self.n_errors}"
        raise FilmRejected(
            "corrupt", f"{count} of its {self.what} are damaged, the first at {self.first_sample / CLOCK_HZ:.3f} s."
        )
