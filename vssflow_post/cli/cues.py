"""`vssflow-post cues`: what is wrong with a cue sheet, before anything is rendered."""

from __future__ import annotations

from pathlib import Path

import click

from vssflow_post.cli.options import FILE, backend_options, existing, preset_option, resolved_preset


@click.group(short_help="Check a cue sheet.")
def cues() -> None:
    """What there is to do with cue sheets beside rendering them."""


@cues.command()
@click.argument("sheet", type=FILE)
@click.argument("film", type=FILE, required=False)
@preset_option
@backend_options
def check(sheet: Path, film: Path | None, preset: str, backend: str | None, weights: str | None) -> None:
    """Name everything that is wrong with SHEET (.json or .csv), each with its line, cue and key: also voices that the
    backend does not have, and recordings that cannot be heard.

    With FILM the sheet is held against it; without, against what it says itself of its film. Ends with exit code 2 when
    something is wrong.

    \b
    Examples:
      vssflow-post cues check film.cues.json
      vssflow-post cues check film.cues.csv film.mp4
    """
    from vssflow_post.cli.console import safe
    from vssflow_post.cues.sheet import checked_cue_sheet
    from vssflow_post.media.probe import probe
    from vssflow_post.plugins import load_plugins
    from vssflow_post.render.recordings import faults_of
    from vssflow_post.render.studio import voices_of

    settings = resolved_preset(preset, generate_backend=backend, generate_weights=weights)
    sheet, film = existing(sheet, "cue sheet") or sheet, existing(film, "film")
    voices = voices_of(settings, load_plugins())
    found, faults = checked_cue_sheet(sheet, None if film is None else probe(film), voices=voices)
    faults += faults_of(found) if found is not None else []
    for sentence in faults:
        click.echo(safe(sentence))
    if faults:
        click.get_current_context().exit(2)
    click.echo(f"{safe(str(sheet))}: nothing is wrong with it")
