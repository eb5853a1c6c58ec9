"""`report.json` for programs and `report.html` for people, written beside the deliverables they tell of."""

from __future__ import annotations

from pathlib import Path

from vssflow_post.deliver.report.as_html import report_as_html
from vssflow_post.deliver.report.as_json import report_as_json
from vssflow_post.deliver.report.facts import FilmReport
from vssflow_post.store.publishing import publish_bytes


def write_report(folder: Path, report: FilmReport) -> tuple[Path, Path]:
    """Writes `report.json` and `report.html` into `folder`, which exists, and returns their paths.

    The page refers to picture, stems and other deliverables by file name, so they belong into the same folder.
    Raises FilmFailed("no_space") when the disk is full.
    """
    machine, page = folder / "report.json", folder / "report.html"
    for path, text in ((machine, report_as_json(report)), (page, report_as_html(report))):
        # A film's name may hold bytes that are no text; what cannot be shown becomes a question mark.
        publish_bytes(path, text.encode("utf-8", "replace"))
    return machine, page
