"""What a run is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vssflow_post.preset import Preset


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for, the same for every film. Picklable."""

    preset: Preset
    out: Path
    fresh: bool = False
    """Whether complete results are made again."""
    dry_run: bool = False
    """Whether only to look: analysis and cue sheet, nothing written."""
