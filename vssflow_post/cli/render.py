"""`vssflow-post render`: films in, deliverables out."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vssflow_post.cli.options import (
    FILE,
    backend_options,
    cast_option,
    existing,
    preset_option,
    resolved_preset,
    salvage_option,
    script_option,
    seed_option,
)
from vssflow_post.errors import UsageError, VssflowError

if TYPE_CHECKING:
    from vssflow_post.inputs import Job
    from vssflow_post.outcome import FilmResult
    from vssflow_post.preset import Preset

    Record = Callable[[Job, FilmResult, int], None]


@click.command(short_help="Render films: stems, mix, report.")
@click.argument("inputs", nargs=-1, required=True, type=FILE, metavar="INPUT...")
@click.option("-o", "--output", type=FILE, required=True, envvar="VSSFLOW_POST_OUTPUT", help="Folder of the results.")
@preset_option
@script_option
@cast_option
@click.option("--cues", type=FILE, help="An edited cue sheet (.json or .csv), made by `vssflow-post spot`.")
@backend_options
@seed_option
@click.option(
    "--deterministic",
    is_flag=True,
    envvar="VSSFLOW_POST_DETERMINISTIC",
    help="Render every cue alone: the same bits whatever else is rendered. Slower.",
)
@click.option(
    "--workers",
    type=click.IntRange(1),
    envvar="VSSFLOW_POST_WORKERS",
    help="Films worked on at once, each in a process of its own. Without it: one per two cores and 4 GiB of memory.",
)
@salvage_option
@click.option("--fresh", is_flag=True, help="Do films again whose results are complete.")
@click.option("--dry-run", is_flag=True, help="Only show scenes, cues and the work ahead; write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout and nothing else.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
def render(
    inputs: tuple[Path, ...],
    output: Path,
    preset: str,
    script: Path | None,
    cast: Path | None,
    cues: Path | None,
    backend: str | None,
    weights: str | None,
    seed: int | None,
    deterministic: bool,
    workers: int | None,
    salvage: bool,
    fresh: bool,
    dry_run: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Render films: a dialogue stem, an effects stem, their mix and a report, each film in a folder of its own.

    INPUT is a film or a folder, which is walked. A file NAME.srt, .vtt, .ass or .csv beside NAME.mp4 is its script.
    A run that was stopped goes on where it was; only one run at a time may write into a folder (the second one ends
    with exit code 2).

    \b
    Examples:
      vssflow-post render film.mp4 -o out
      vssflow-post render film.mp4 -o out --script film.csv -p broadcast-ebu
      vssflow-post render films/ -o out --workers 2 --json
      vssflow-post render films/ -o out --cast cast.toml
      vssflow-post spot film.mp4 -o film.cues.json && vssflow-post render film.mp4 -o out --cues film.cues.json
    """
    settings = resolved_preset(
        preset,
        cast,
        generate_backend=backend,
        generate_weights=weights,
        generate_seed=seed,
        generate_deterministic=deterministic or None,
    )
    jobs = jobs_for(inputs, output, existing(script, "script"), existing(cues, "cue sheet"))
    jobs = [replace(job, salvage=salvage) for job in jobs]
    results = carried_out(jobs, settings, output, workers, fresh, dry_run, quiet)
    report(results, as_json)


def jobs_for(inputs: Sequence[Path], output: Path, script: Path | None, cues: Path | None) -> list[Job]:
    """The films to work on. Raises UsageError when a script or cue sheet is meant for several films."""
    from vssflow_post.inputs import find_jobs

    jobs = find_jobs(inputs, output)
    for option, path in (("--script", script), ("--cues", cues)):
        if path is not None and len(jobs) != 1:
            raise UsageError(f"{option} is for one film, and there are {len(jobs)}")
    return with_company([replace(job, script=script or job.script, cues=cues) for job in jobs])


def with_company(jobs: Sequence[Job]) -> list[Job]:
    """The jobs, each knowing who speaks in its script and in those of all: voices are cast over the whole batch."""
    from vssflow_post.speech import speakers_of

    known = {job.script: speakers_of(job.script) for job in jobs if job.script is not None}
    company = tuple(sorted({name for names in known.values() for name in names}))
    return [replace(job, speakers=known[job.script] if job.script is not None else (), company=company) for job in jobs]


def carried_out(
    jobs: Sequence[Job],
    preset: Preset,
    output: Path,
    workers: int | None = None,
    fresh: bool = False,
    dry_run: bool = False,
    quiet: bool = False,
) -> list[FilmResult]:
    """The results of all films, watched on stderr. Raises UsageError for what would meet every film."""
    from vssflow_post.arrivals import Listed
    from vssflow_post.batch import Batch
    from vssflow_post.console import watching
    from vssflow_post.finished import known_result
    from vssflow_post.local_crew import LocalCrew, crew_size, this_machine
    from vssflow_post.plugins import load_plugins
    from vssflow_post.studio import open_studio
    from vssflow_post.work import Order

    studio = open_studio(preset, output, load_plugins())  # tells of a backend that cannot run here before all else
    n_workers = min(workers or crew_size(*this_machine()), len(jobs))
    order = Order(preset, output, fresh, dry_run)
    known = (lambda job: None) if fresh or dry_run else partial(known_result, studio=studio)
    with recording(output, dry_run) as record, watching(quiet) as watcher:
        return Batch(Listed(jobs), preset.worker, lambda: LocalCrew(order, n_workers), watcher, record, known).run()


@contextmanager
def recording(output: Path, dry_run: bool) -> Iterator[Record]:
    """Holds the output folder and keeps its `batch.json`; a dry run writes nothing."""
    from vssflow_post.ledger import Ledger
    from vssflow_post.output_folder import output_lock

    if dry_run:
        yield lambda job, result, n_tries: None
        return
    with output_lock(output):
        ledger = Ledger(output)
        try:
            yield ledger.record
        finally:
            try:
                ledger.close()
            except (OSError, VssflowError) as error:
                click.echo(f"batch.json is not complete: {error}", err=True)


def report(results: Sequence[FilmResult], as_json: bool) -> None:
    """Says what became of the films, and ends the command with its exit code."""
    if as_json:
        click.echo(json.dumps(as_table(results), indent=2))
    else:
        from vssflow_post.console import print_summary

        print_summary(results)
    if not all(result.is_done for result in results):
        click.get_current_context().exit(1)


def as_table(results: Sequence[FilmResult]) -> dict[str, object]:
    """The object that `--json` prints."""
    counts = Counter(result.kind for result in results)
    films = [
        {
            "film": str(result.film),
            "verdict": result.verdict,
            "output": None if result.output is None else str(result.output),
            "reason": result.reason,
            "seconds": round(result.seconds, 3),
        }
        for result in results
    ]
    return {"films": films, **{kind: counts[kind] for kind in ("done", "warnings", "rejected", "failed")}}
