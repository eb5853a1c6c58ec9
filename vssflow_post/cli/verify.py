"""`vssflow-post verify`: whether delivered files are still what was delivered."""

from __future__ import annotations

import json
from pathlib import Path

import click

from vssflow_post.cli.options import FILE, json_option


@click.command(short_help="Check delivered files against their manifests.")
@click.argument("folder", type=FILE, metavar="DIR")
@json_option
def verify(folder: Path, as_json: bool) -> None:
    """Check every film folder at or under DIR: each file that its manifest lists is there, and its digest is right.

    Every file is read whole. Ends with exit code 1 and a sentence per fault when something is wrong.

    \b
    Examples:
      vssflow-post verify out
      vssflow-post verify out/film --json
    """
    from vssflow_post.cli.console import safe
    from vssflow_post.deliver import faults_of, film_folders
    from vssflow_post.errors import UsageError

    faults = {film: list(faults_of(film)) for film in film_folders(folder)}
    if not faults:
        raise UsageError(f"there is no delivered film in {folder}")
    damaged = {film: sentences for film, sentences in faults.items() if sentences}
    if as_json:
        films = [{"folder": str(film), "faults": sentences} for film, sentences in faults.items()]
        click.echo(
            json.dumps({"films": films, "intact": len(faults) - len(damaged), "damaged": len(damaged)}, indent=2)
        )
    else:
        for film, sentences in damaged.items():
            for sentence in sentences:
                click.echo(safe(f"{film}: {sentence}"))
        click.echo(f"{len(faults) - len(damaged)} of {len(faults)} films are as they were delivered")
    if damaged:
        click.get_current_context().exit(1)
