"""`vssflow-post regress`: record golden renders, and check later that the sound did not change."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vssflow_post.cli.options import FILE, backend_options, json_option, resolved_preset, workers_option
from vssflow_post.errors import UsageError

if TYPE_CHECKING:
    from vssflow_post.regress import Clip, Made, Suite
    from vssflow_post.regress.comparing import Outcome
    from vssflow_post.regress.preview import Heard
    from vssflow_post.render.job import Job
    from vssflow_post.settings.preset import Preset

MOST_LINES = 12
"""Findings of a clip that the terminal shows."""


@click.group(short_help="Golden renders for CI.")
def regress() -> None:
    """Golden renders for CI: record what a suite of clips sounds like, and check later that it still does.

    \b
    Examples:
      vssflow-post regress record suite.toml
      vssflow-post regress check suite.toml --junit junit.xml --html diff
    """


@regress.command(short_help="Render the clips of a suite and store them as goldens.")
@click.argument("suite", type=FILE, metavar="SUITE.toml")
@click.option("--clip", "names", multiple=True, help="Only this clip; may be given several times.")
@click.option("--rendered", type=FILE, metavar="DIR", help="Store the renders in DIR/CLIP instead of rendering.")
@backend_options
@workers_option
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
def record(
    suite: Path,
    names: tuple[str, ...],
    rendered: Path | None,
    backend: str | None,
    weights: str | None,
    workers: int | None,
    quiet: bool,
) -> None:
    """Render every clip of SUITE.toml and store what it sounds like beside the suite, in SUITE.goldens/.

    The goldens belong into git: two small files for each clip and a preview to hear. What a suite says:
    docs/regression.md.

    \b
    Examples:
      vssflow-post regress record suite.toml
      vssflow-post regress record suite.toml --clip demo
    """
    from vssflow_post.regress import read_suite, record

    read = read_suite(suite)
    clips = _chosen(read, names)
    with _made(clips, rendered, Rendering(backend, weights, workers, quiet)) as made:
        outcomes = list(record(read, clips, made))
    _tell(outcomes)
    _end(outcomes)


@regress.command(short_help="Render the clips of a suite and hold them against their goldens.")
@click.argument("suite", type=FILE, metavar="SUITE.toml")
@click.option("--clip", "names", multiple=True, help="Only this clip; may be given several times.")
@click.option("--accept", is_flag=True, help="Make what has changed the new golden: after it was looked at.")
@click.option("--rendered", type=FILE, metavar="DIR", help="Check the renders in DIR/CLIP instead of rendering.")
@click.option("--keep", type=FILE, metavar="DIR", help="Keep the renders, as DIR/CLIP.")
@click.option("--junit", type=FILE, metavar="FILE", help="Write the result as JUnit XML.")
@click.option("--html", type=FILE, metavar="DIR", help="Write DIR/index.html: what changed, to be seen and heard.")
@json_option
@backend_options
@workers_option
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
def check(
    suite: Path,
    names: tuple[str, ...],
    accept: bool,
    rendered: Path | None,
    keep: Path | None,
    junit: Path | None,
    html: Path | None,
    as_json: bool,
    backend: str | None,
    weights: str | None,
    workers: int | None,
    quiet: bool,
) -> None:
    """Render every clip of SUITE.toml and hold it against its golden: pass, changed or worse.

    The same tool on the same kind of machine must give the same bytes; else the tolerances of docs/regression.md hold.
    Ends with exit code 1 when anything changed.

    \b
    Examples:
      vssflow-post regress check suite.toml
      vssflow-post regress check suite.toml --junit junit.xml --html diff
      vssflow-post regress check suite.toml --clip demo --accept
    """
    from vssflow_post.regress import check, golden_audio, read_suite

    if rendered is not None and keep is not None:
        raise UsageError("--rendered takes renders that are there, and --keep keeps new ones: give one of the two")
    _check_parents(junit, html)
    read = read_suite(suite)
    clips = _chosen(read, names)
    heard = {clip.name: sound for clip in clips if (sound := golden_audio(read, clip.name))}
    with _made(clips, rendered, Rendering(backend, weights, workers, quiet)) as made:
        outcomes = list(check(read, clips, made, accept))
        if keep is not None:
            _keep(made, keep)
    page = _written(read, outcomes, heard, junit, html)
    if as_json:
        click.echo(json.dumps(as_table(outcomes), indent=2))
    else:
        _tell(outcomes)
        if page is not None:
            click.echo(f"Look at it: {page.resolve()}")
    _end(outcomes)


def _chosen(suite: Suite, names: Sequence[str]) -> list[Clip]:
    """The clips that are meant. Raises UsageError for one that the suite does not have."""
    known = {clip.name: clip for clip in suite.clips}
    for name in names:
        if name not in known:
            raise UsageError(f"{suite.path} has no clip {name!r} (it has: {', '.join(known)})")
    return [clip for clip in suite.clips if not names or clip.name in names]


def _check_parents(*paths: Path | None) -> None:
    """Raises UsageError before anything is rendered where a result could not be written."""
    for path in paths:
        if path is not None and not path.absolute().parent.is_dir():
            raise UsageError(f"there is no folder {path.absolute().parent}")


@dataclass(frozen=True, slots=True)
class Rendering:
    """How clips are rendered, as the command line says it."""

    backend: str | None
    weights: str | None
    workers: int | None
    quiet: bool


def _written(
    suite: Suite, outcomes: Sequence[Outcome], heard: Mapping[str, Heard], junit: Path | None, html: Path | None
) -> Path | None:
    """Writes the results as files, where they are wanted; returns the page. `heard` are the goldens as sound."""
    from vssflow_post.regress.junit import write_junit
    from vssflow_post.regress.page import write_page

    if junit is not None:
        write_junit(junit, suite.name, outcomes)
    return None if html is None else write_page(html, suite, outcomes, heard)


@contextmanager
def _made(clips: Sequence[Clip], rendered: Path | None, rendering: Rendering) -> Iterator[dict[str, Made]]:
    """The renders of all clips: those in the folder `rendered`, or new ones, which are gone after the block."""
    from vssflow_post.regress import found_in

    if rendered is not None:
        yield found_in(rendered, clips)
        return
    with tempfile.TemporaryDirectory(prefix="vssflow-post-") as folder:
        yield _rendered(clips, Path(folder), rendering)


def _rendered(clips: Sequence[Clip], folder: Path, rendering: Rendering) -> dict[str, Made]:
    """Every clip rendered anew into `folder`, deterministically; clips of one preset together."""
    from vssflow_post.batch.run import Hiring, run_jobs
    from vssflow_post.cli.watching import watching
    from vssflow_post.regress import Made
    from vssflow_post.render.job import Order
    from vssflow_post.store.output_folder import OutputFolder

    orders: dict[str, tuple[Preset, list[Job]]] = {}
    for clip in clips:
        preset = resolved_preset(
            clip.preset,
            clip.cast,
            generate_backend=rendering.backend,
            generate_weights=rendering.weights,
            generate_seed=clip.seed,
            generate_deterministic=True,
        )
        orders.setdefault(preset.digest, (preset, []))[1].append(_job(clip, folder))
    made: dict[str, Made] = {}
    for preset, jobs in orders.values():
        with watching(rendering.quiet) as watcher:
            results = run_jobs(jobs, Order(preset, OutputFolder(folder)), Hiring(rendering.workers), watcher)
        for job, result in zip(jobs, results, strict=True):
            reason = f"{result.verdict}: {result.reason}"
            made[job.stem] = Made(result.output if result.is_done else None, reason, result.seconds)
    return made


def _job(clip: Clip, folder: Path) -> Job:
    """A clip is cast by itself, so that no other clip of the suite decides about its voices."""
    from vssflow_post.batch.inputs import features_beside, with_batch_speakers
    from vssflow_post.render.job import Job

    if not clip.film.is_file():
        raise UsageError(f"there is no film {clip.film}")
    job = Job(clip.film, clip.name, folder / clip.name, clip.script, clip.cues, features_beside(clip.film))
    return with_batch_speakers([job])[0]


def _keep(made: dict[str, Made], keep: Path) -> None:
    """Moves the renders to where the user wants them; renders kept earlier give way."""
    for name, render in made.items():
        if render.folder is not None:
            shutil.rmtree(keep / name, ignore_errors=True)
            keep.mkdir(parents=True, exist_ok=True)
            shutil.move(render.folder, keep / name)


def as_table(outcomes: Sequence[Outcome]) -> dict[str, object]:
    """The object that `--json` prints."""
    clips = [
        {
            "clip": each.clip,
            "status": each.status,
            "summary": each.summary,
            "findings": [asdict(finding) for finding in each.findings],
        }
        for each in outcomes
    ]
    return {"clips": clips, "passed": all(each.is_passed for each in outcomes)}


def _tell(outcomes: Sequence[Outcome]) -> None:
    """Says what became of the clips, a line each, and a line for each finding where there are several."""
    from vssflow_post.cli.console import say

    for each in outcomes:
        say(f"{each.status:<8} {each.clip}: {each.summary}", 9)
        if len(each.findings) > 1:
            worst_first = sorted(each.lines, key=lambda line: not line.startswith("worse"))
            for line in worst_first[:MOST_LINES]:
                say(f"         {line}", 9)
            if len(worst_first) > MOST_LINES:
                say(f"         and {len(worst_first) - MOST_LINES} more (--html, --junit and --json tell all)", 9)


def _end(outcomes: Sequence[Outcome]) -> None:
    """Ends the command with exit code 1 where something changed or did not render."""
    if not all(outcome.is_passed for outcome in outcomes):
        click.get_current_context().exit(1)
