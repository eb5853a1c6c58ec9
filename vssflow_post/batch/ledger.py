"""`batch.jsonl`: the verdict of every film that was to have results in a folder, one line of JSON a film.

Paths in it are relative to the output folder, so that films and results may move together; what stands elsewhere on the
machine is found by its way from there.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from vssflow_post.deliver.manifest import MANIFEST, is_of
from vssflow_post.errors import FilmFailed, FilmRejected
from vssflow_post.render.job import FilmResult, Job
from vssflow_post.store.output_folder import LEDGER_OF_OLD, OutputFolder
from vssflow_post.store.publishing import publish_bytes
from vssflow_post.timeline import Span


class Ledger:
    """Gets a line as each film ends, in one write that is forced to the disk, so that a run killed at any moment leaves
    whole lines (and at most a torn last one, which the next run drops). `close` leaves one line a film: its last.

    What earlier runs wrote of other films stays.
    """

    def __init__(self, out: OutputFolder) -> None:
        self._out = out
        self._base = os.path.realpath(out.path)
        of_old = out.path / LEDGER_OF_OLD
        self._lines = self._whole_lines(out.ledger if out.ledger.exists() else of_old)
        self._owners: defaultdict[str, list[str]] = defaultdict(list)
        """By folder of results: the films that earlier runs made them of; as the lines say them."""
        for film, line in self._lines.items():
            self._owners[str(line.get("output"))].append(film)
        self._rewrite()
        of_old.unlink(missing_ok=True)

    def record(self, job: Job, result: FilmResult, n_tries: int) -> None:
        """A line that cannot be written now (the disk is full) is tried again by `close`.

        The line of a film that was not worked on, and whose verdict is the old one, stays as it is.
        """
        line: dict[str, Any] = {
            "film": self._relative(result.film),
            "verdict": result.verdict,
            "output": None if result.output is None else self._relative(result.output),
            "report": self._relative(self._report_path(job, result)),
            "reason": result.reason,
            "seconds": round(result.seconds, 3),
            "tries": n_tries,
            "ended": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        }
        old = self._lines.pop(line["film"], {})
        if n_tries == 0 and all(old.get(name) == line[name] for name in ("verdict", "output", "report", "reason")):
            self._lines[line["film"]] = old
            return
        self._lines[line["film"]] = line
        with suppress(OSError, FilmFailed):
            self._append(_as_text(line).encode("ascii"))
            self._report(job, result)

    def collision(self, job: Job) -> FilmRejected | None:
        """Why a film would be delivered over another one's results: they are those of an earlier run, the other film is
        still there, and it is not the same one."""
        mine, owners = self._relative(job.film), self._owners[self._relative(job.folder)]
        others = [self._absolute(film) for film in owners if film != mine]
        other = next((film for film in others if film.exists()), None)
        if other is None:
            return None
        if not (job.folder / MANIFEST).exists() or not job.film.is_file() or is_of(job.folder, job.film):
            return None
        why = f"{job.folder} holds the results of {other}; choose another output folder, or remove that one"
        return FilmRejected("output_collision", why)

    def close(self) -> None:
        """Raises FilmFailed("no_space") or OSError when the file cannot be written."""
        self._rewrite()

    def _relative(self, path: Path) -> str:
        """A path as the lines say it."""
        return os.path.relpath(_resolved(path), self._base)

    def _absolute(self, said: str) -> Path:
        return Path(os.path.normpath(Path(self._base, said)))

    def _whole_lines(self, path: Path) -> dict[str, dict[str, Any]]:
        """The last line of each film, by the film's path; what is no such line is left out. Lines of old say absolute
        paths, and are turned into those that we say."""
        lines: dict[str, dict[str, Any]] = {}
        with suppress(OSError):
            for text in path.read_bytes().splitlines():
                with suppress(ValueError, TypeError, KeyError):
                    line = json.loads(text)
                    for key in ("film", "output", "report"):
                        if line.get(key) is not None:
                            line[key] = self._relative(self._absolute(str(line[key])))
                    lines.pop(line["film"], None)
                    lines[line["film"]] = line
        return lines

    def _rewrite(self) -> None:
        text = "".join(map(_as_text, self._lines.values()))
        publish_bytes(self._out.ledger, text.encode("ascii"))

    def _append(self, line: bytes) -> None:
        descriptor = os.open(self._out.ledger, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            size = os.fstat(descriptor).st_size
            if os.write(descriptor, line) != len(line):
                os.ftruncate(descriptor, size)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _report_path(self, job: Job, result: FilmResult) -> Path:
        if result.output is not None:
            return result.output / "report.json"
        return self._out.report_without_results(job.stem, job.film)

    def _report(self, job: Job, result: FilmResult) -> None:
        """Writes the report of a film that has no results."""
        path = self._report_path(job, result)
        if result.output is None:
            # a report's facts are numpy's, which whoever hires workers is to start without
            from vssflow_post.deliver.report.as_json import report_as_json
            from vssflow_post.deliver.report.facts import FilmReport

            report = FilmReport(job.stem, job.film, Span(0, 0), result.verdict, result.reason or "")
            path.parent.mkdir(parents=True, exist_ok=True)
            publish_bytes(path, report_as_json(report).encode("ascii"))


def _as_text(line: dict[str, Any]) -> str:
    return json.dumps(line, ensure_ascii=True) + "\n"  # ASCII: a name need not be valid Unicode


def _resolved(path: Path) -> Path:
    """Its own name in the real folder that it lies in: a film that is a link is not what it links to."""
    return Path(os.path.realpath(path.parent), path.name)
