"""`vssflow-post render`: films in, deliverables out."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
    workers_option,
)
from vssflow_post.cli.quantities import time_of
from vssflow_post.errors import UsageError

if TYPE_CHECKING:
    from vssflow_post.batch.inputs import Films
    from vssflow_post.render.job import FilmResult
    from vssflow_post.settings.preset import Preset


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
    "--takes", type=click.IntRange(1, 9), help="How many takes of each cue to make, to choose from in the report."
)
@workers_option
@salvage_option
@click.option(
    "--cluster",
    metavar="auto|ADDRESS",
    envvar="VSSFLOW_POST_CLUSTER",
    help="Work on the machines of a Ray cluster, which share INPUT and the output folder (docs/cluster.md).",
)
@click.option("--fresh", is_flag=True, help="Do films again whose results are complete.")
@click.option("--since", metavar="TIME", help="Only films changed since a date (2026-11-24T18:00) or an age (36h, 2d).")
@click.option(
    "--only", multiple=True, metavar="PATTERN", help="Only films whose path below INPUT is like this: 'reel1/*'."
)
@click.option("--exclude", multiple=True, metavar="PATTERN", help="No films whose path below INPUT is like this.")
@click.option("--watch", is_flag=True, help="Go on with films that come into the folders, until Ctrl-C.")
@click.option("--dry-run", is_flag=True, help="Only show scenes, cues and the work ahead; write nothing.")
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print one JSON object on stdout and nothing else; with --watch, one on a line for each film as it ends.",
)
@click.option("--log-file", type=FILE, metavar="FILE", help="Write there, too, what happens, each line with its time.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
def render(**options: Any) -> None:
    """Render films: a dialogue stem, an effects stem, their mix and a report, each film in a folder of its own.

    INPUT is a film or a folder, which is walked. A file NAME.srt, .vtt, .ass or .csv beside NAME.mp4 is its script;
    where there is none, NAME.en.srt is. `--script FOLDER` looks there for the script of each film.
    A run that was stopped goes on where it was; only one run at a time may write into a folder (the second one ends
    with exit code 2).

    \b
    Examples:
      vssflow-post render film.mp4 -o out
      vssflow-post render film.mp4 -o out --script film.csv -p broadcast-ebu
      vssflow-post render films/ -o out --script subtitles/
      vssflow-post render films/ -o out --workers 2 --json
      vssflow-post render films/ -o out --cast cast.toml
      vssflow-post render film.mp4 -o out --takes 3
      vssflow-post render incoming/ -o out --watch --exclude 'tests/*'
      vssflow-post spot film.mp4 -o film.cues.json && vssflow-post render film.mp4 -o out --cues film.cues.json
    """
    _render(RenderOptions(**options))


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """What the command line or the environment said, each option by its name."""

    inputs: tuple[Path, ...]
    output: Path
    preset: str
    script: Path | None
    cast: Path | None
    cues: Path | None
    backend: str | None
    weights: str | None
    seed: int | None
    deterministic: bool
    takes: int | None
    workers: int | None
    salvage: bool
    cluster: str | None
    fresh: bool
    since: str | None
    only: tuple[str, ...]
    exclude: tuple[str, ...]
    watch: bool
    dry_run: bool
    as_json: bool
    log_file: Path | None
    quiet: bool

    def resolved_preset(self) -> Preset:
        return resolved_preset(
            self.preset,
            self.cast,
            generate_backend=self.backend,
            generate_weights=self.weights,
            generate_seed=self.seed,
            generate_deterministic=self.deterministic or None,
            generate_takes=self.takes,
        )

    def films(self) -> Films:
        """Raises UsageError for a time that is none, and for a script or cue sheet that is not there."""
        from vssflow_post.batch.inputs import Films
        from vssflow_post.batch.selection import Selection

        since_s = time_of(self.since, datetime.now().astimezone()) if self.since else None
        if self.watch and (self.script or self.cues or self.dry_run):
            raise UsageError("--watch goes with neither --script nor --cues nor --dry-run")
        is_folder = self.script is not None and self.script.is_dir()
        script, cues = self.script if is_folder else existing(self.script, "script"), existing(self.cues, "cue sheet")
        return Films(self.inputs, Selection(since_s, self.only, self.exclude), script, cues, self.salvage)


def _render(options: RenderOptions) -> None:
    from vssflow_post.batch.run import Hiring, run_films, watch_films
    from vssflow_post.cli.watching import JsonLines, watching
    from vssflow_post.render.job import Order
    from vssflow_post.store.output_folder import OutputFolder

    order = Order(options.resolved_preset(), OutputFolder(options.output), options.fresh, options.dry_run)
    films, hiring = options.films(), Hiring(options.workers, options.cluster)
    lines = [JsonLines(film_as_table)] if options.watch and options.as_json else []
    with watching(options.quiet, options.log_file, *lines) as watcher:
        results = (watch_films if options.watch else run_films)(films, order, hiring, watcher)
    report(results, options.as_json, options.output)


def report(results: Sequence[FilmResult], as_json: bool, output: Path) -> None:
    """Says what became of the films in `output`, and ends the command with its exit code."""
    if as_json:
        click.echo(json.dumps(as_table(results), indent=2))
    else:
        from vssflow_post.cli.console import print_summary

        print_summary(results, output)
    if not all(result.is_done for result in results):
        click.get_current_context().exit(1)


def as_table(results: Sequence[FilmResult]) -> dict[str, object]:
    """The object that `--json` prints."""
    counts = Counter(result.kind for result in results)
    films = [film_as_table(result) for result in results]
    return {"films": films, **{kind: counts[kind] for kind in ("done", "warnings", "rejected", "failed")}}


def film_as_table(result: FilmResult) -> dict[str, object]:
    """What `--json` says of one film."""
    return {
        "film": str(result.film),
        "verdict": result.verdict,
        "output": None if result.output is None else str(result.output),
        "reason": result.reason,
        "seconds": round(result.seconds, 3),
        **({"plan": asdict(result.plan)} if result.plan else {}),
    }
