"""The deliverables as the page lists them: what each is for, and how large."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vssflow_post.audio import TITLES
from vssflow_post.deliver.report.facts import FilmReport

_WHAT = {
    ".cues.json": "cue sheet",
    ".cues.csv": "cue sheet for a spreadsheet",
    ".otio": "timeline",
    ".edl": "edit decision list",
    ".fcpxml": "timeline as FCPXML",
    ".aaf": "timeline as AAF",
    ".rpp": "Reaper project",
    ".srt": "subtitles",
    ".vtt": "subtitles",
    "cast.toml": "the cast, for --cast",
    "review.html": "page to review and comment on, for a mail",
}


@dataclass(frozen=True, slots=True)
class Deliverable:
    """One file beside the page."""

    path: Path
    what: str
    size: str


def deliverables(report: FilmReport) -> Iterator[Deliverable]:
    """The film, the stems, then the others, in their order."""
    if report.picture is not None:
        yield Deliverable(report.picture, "film with the mix", _size(report.picture))
    for name, path in report.stems.items():
        yield Deliverable(path, TITLES[name].lower(), _size(path))
    for path in report.others:
        what = next((word for ending, word in _WHAT.items() if path.name.endswith(ending)), "")
        yield Deliverable(path, what, _size(path))


def _size(path: Path) -> str:
    try:
        n_bytes = float(path.stat().st_size)
    except OSError:
        return ""
    for unit in ("B", "kB", "MB"):
        if n_bytes < 1000:
            return f"{n_bytes:.0f} {unit}" if unit == "B" or n_bytes >= 10 else f"{n_bytes:.1f} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:.1f} GB"
