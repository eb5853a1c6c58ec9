"""The report of one film: `report.json` for programs, `report.html` for people."""

from __future__ import annotations

from pathlib import Path

from vssflow_post.report.facts import (
    BackendFacts,
    CueFacts,
    FilmReport,
    LoudnessFacts,
    Timing,
)
from vssflow_post.report.machine import report_as_json
from vssflow_post.report.page import report_as_html

__all__ = [
    "BackendFacts",
    "CueFacts",
    "FilmReport",
    "LoudnessFacts",
    "Timing",
    "report_as_html",
    "report_as_json",
    "write_report",
]


def write_report(folder: Path, report: FilmReport) -> tuple[Path, Path]:
    """Writes `report.json` and `report.html` into `folder` and returns their paths.

    The page refers to the picture and the stems by name, so they belong in the same folder; the pictures
    of the stems are drawn from the WAVs named in `report.stems`, block by block.
    """
    machine, page = folder / "report.json", folder / "report.html"
    machine.write_text(report_as_json(report), encoding="utf-8")
    page.write_text(report_as_html(report, folder), encoding="utf-8")
    return machine, page
