"""`vssflow-post demo`: the film that ships with the tool."""

from __future__ import annotations

from pathlib import Path

import click

from vssflow_post.cli.options import FILE, backend_options, preset_option, resolved_preset, seed_option
from vssflow_post.errors import UsageError


@click.command(short_help="Render the demo film.")
@click.option("-o", "--output", type=FILE, default=Path("demo-out"), show_default=True, help="Folder of the results.")
@preset_option
@backend_options
@seed_option
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
def demo(output: Path, preset: str, backend: str | None, weights: str | None, seed: int | None, quiet: bool) -> None:
    """Render the demo film: three short scenes and two lines of dialogue, drawn by a program.

    \b
    Examples:
      vssflow-post demo
      vssflow-post demo -o /tmp/demo -p draft
    """
    from importlib import resources

    from vssflow_post.batch.inputs import Films
    from vssflow_post.batch.run import Hiring, run_films
    from vssflow_post.cli.render import report
    from vssflow_post.cli.watching import watching
    from vssflow_post.render.job import Order
    from vssflow_post.store.output_folder import OutputFolder

    settings = resolved_preset(preset, generate_backend=backend, generate_weights=weights, generate_seed=seed)
    with resources.as_file(resources.files("vssflow_post.examples")) as folder:
        film = folder / "demo.mp4"
        if not film.is_file():
            raise UsageError(f"this installation has no demo film ({film})")
        cues = folder / "demo.cues.json"
        films = Films([film], cues=cues if cues.is_file() else None)
        with watching(quiet) as watcher:
            results = run_films(films, Order(settings, OutputFolder(output)), Hiring(), watcher)
    for result in results:
        if result.output is not None:
            click.echo(f"Results: {result.output.resolve()}")
            click.echo(f"Look at it: {result.output.resolve() / 'report.html'}")
    report(results, as_json=False, output=output)
