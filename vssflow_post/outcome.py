"""What became of one film."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vssflow_post.errors import FilmError

DONE = "done"
WARNINGS = "done_with_warnings"


@dataclass(frozen=True, slots=True)
class FilmResult:
    """The one verdict in which every film ends."""

    film: Path
    """As the user named it."""
    verdict: str
    """`done`, `done_with_warnings`, `rejected:<code>` or `failed:<code>`."""
    output: Path | None = None
    """Folder of the deliverables; None where there are none."""
    reason: str | None = None
    """Why it was not simply done, as a sentence."""
    seconds: float = 0.0
    """Time it took."""
    detail: str = ""
    """What a person wants to know at a glance: loudness, speed, or the plan of a dry run."""
    rows: tuple[str, ...] = ()
    """The cues of a dry run, one a line."""

    @property
    def is_done(self) -> bool:
        return self.verdict in (DONE, WARNINGS)

    @property
    def kind(self) -> str:
        """The column it is counted in: `done`, `warnings`, `rejected` or `failed`."""
        return {DONE: "done", WARNINGS: "warnings"}.get(self.verdict, self.verdict.partition(":")[0])


def result_of(error: FilmError, film: Path, seconds: float = 0.0) -> FilmResult:
    """The verdict that an error stands for."""
    return FilmResult(film, error.full_verdict, None, str(error), seconds)
