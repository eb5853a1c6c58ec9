"""What is asked for a film, and what became of it: the job and the order, the plan, the result with its verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vssflow_post.errors import FilmError, FilmRejected
from vssflow_post.settings.preset import Preset
from vssflow_post.store.output_folder import OutputFolder

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
    cast: tuple[tuple[str, str, int], ...] = ()
    """Character, voice and number of lines, where the rule chose the voice."""
    is_final: bool = True
    """Whether the next run may leave the film alone where nothing changes."""

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


@dataclass(frozen=True, slots=True)
class Job:
    """One film to work on."""

    film: Path
    stem: str
    """What the deliverables are called."""
    folder: Path
    """Where they go."""
    script: Path | None = None
    cues: Path | None = None
    features: Path | None = None
    """Features made elsewhere, which lie beside the film."""
    speakers: tuple[str, ...] = ()
    """Who speaks in its script."""
    batch_speakers: tuple[str, ...] = ()
    """Who speaks in the scripts of the whole batch."""
    salvage: bool = False
    """Whether a film that is cut off is taken as far as it goes."""
    untaken: str = ""
    """Sentence: which scripts lie beside the film while none is taken."""
    attempt: str = ""
    """Which try of which run this is: what is not delivered yet bears its name."""
    refused: FilmRejected | None = None
    """Why nothing is done about it, known before any work."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for, the same for every film. Picklable."""

    preset: Preset
    out: OutputFolder
    fresh: bool = False
    """Whether complete results are made again."""
    dry_run: bool = False
    """Whether only to look: analysis and cue sheet, nothing written."""


@dataclass(frozen=True, slots=True)
class InputDigests:
    """Digests of all that decides about a film's deliverables, and who made them."""

    source: str
    """sha256 of the film, hex; "" where it is not known."""
    settings: str
    weights: str
    tool: str
    """Version of vssflow-post."""
    recordings: tuple[tuple[str, str], ...] = ()
    """(file name, sha256 in hex) of each of the user's recordings; `settings` counts them in."""
