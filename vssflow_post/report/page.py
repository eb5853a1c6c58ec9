"""`report.html`: the report for people."""

from __future__ import annotations

from pathlib import Path

from vssflow_post.report.facts import FilmReport


def report_as_html(report: FilmReport, folder: Path) -> str:
    """The text of `report.html`, to lie in `folder`."""
    return f"<!doctype html><title>{report.stem}</title>"
