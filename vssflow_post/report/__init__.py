"""The report of one film: `report.json` for programs, `report.html` for people."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from vssflow_post.publishing import publish
from vssflow_post.report.facts import (
    BackendFacts,
    CastFacts,
    CueFacts,
    FilmReport,
    LoudnessFacts,
    ModelFacts,
    NullTestFacts,
    StemFacts,
    Timing,
)
from vssflow_post.report.machine import report_as_json
from vssflow_post.report.page import report_as_html
from vssflow_post.report.stem_pictures import StemPictures, draw_stems

__all__ = [
    "BackendFacts",
    "CastFacts",
    "CueFacts",
    "FilmReport",
    "LoudnessFacts",
    "ModelFacts",
    "NullTestFacts",
    "StemFacts",
    "StemPictures",
    "Timing",
    "draw_stems",
    "report_as_html",
    "report_as_json",
    "write_report",
]


def write_report(folder: Path, report: FilmReport) -> tuple[Path, Path]:
    """Writes `report.json` and `report.html` into `folder`, which exists, and returns their paths.

    The page refers to picture, stems and other deliverables by file name, so they belong into the same folder.
    Raises FilmFailed("no_space") when the disk is full.
    """
    machine, page = folder / "report.json", folder / "report.html"
    for path, text in ((machine, report_as_json(report)), (page, report_as_html(report))):
        # A film's name may hold bytes that are no text; what cannot be shown becomes a question mark.
        publish(path, partial(_write, text.encode("utf-8", "replace")))
    return machine, page


def _write(content: bytes, path: Path) -> None:
    path.write_bytes(content)
