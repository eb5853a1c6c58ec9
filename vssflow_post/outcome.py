"""What became of one film."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vssflow_post.errors import FilmError

DONE = "done"
WARNINGS = "done_with_warnings"


@dataclass(frozen=True, slots=True)
class Plan:
    """What there is to do for a film, and what it would cost on this machine."""

    n_scenes: int
    cues: tuple[Mapping[str, Any], ...]
    """As the cue sheet says them."""
    n_production: int
    """Cues of speech that are kept from the film's own sound."""
    speech_s: float
    sound_s: float
    """Seconds to generate of each kind."""
    work_s: float
    """Seconds of work for one worker."""
    memory_bytes: int
    """What a worker holds."""
    disk_bytes: int
    """What the film's results and its takes need."""


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
    plan: Plan | None = None
    """What a dry run says."""

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
