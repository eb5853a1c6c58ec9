"""`vssflow-post spot`: only the cue sheet."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vssflow_post.cli.options import (
    FILE,
    existing,
    preset_option,
    resolved_preset,
    salvage_option,
    script_option,
    seed_option,
)

if TYPE_CHECKING:
    from vssflow_post.media import Film
    from vssflow_post.render.first_half import Spotted
    from vssflow_post.settings.preset import Preset


@click.command(short_help="Make the cue sheet of a film, to read or edit.")
@click.argument("film", type=FILE)
@click.option("-o", "--output", type=FILE, help="File to write; without it the cue sheet goes to stdout.")
@preset_option
@script_option
@seed_option
@salvage_option
def spot(film: Path, output: Path | None, preset: str, script: Path | None, seed: int | None, salvage: bool) -> None:
    """Make the cue sheet of FILM: its scenes and what is to be heard in them, as JSON to read or edit.

    An output called .csv gets a table for spreadsheets instead.

    \b
    Examples:
      vssflow-post spot film.mp4
      vssflow-post spot film.mp4 -o film.cues.json && vssflow-post render film.mp4 -o out --cues film.cues.json
      vssflow-post spot film.mp4 -o film.cues.csv
    """
    from vssflow_post.cues.sheet import write_cue_sheet
    from vssflow_post.errors import UsageError
    from vssflow_post.store.publishing import publish

    settings = resolved_preset(preset, generate_seed=seed)
    if not film.exists() or film.is_dir():
        raise UsageError(f"there is no film {film}")
    probed, spotted = _spotted(film, existing(script, "script"), settings, salvage)
    if output is None:
        with tempfile.TemporaryDirectory() as folder:
            sheet = Path(folder) / "cues.json"
            write_cue_sheet(sheet, probed, spotted.sheet, Path())
            click.echo(sheet.read_text("utf-8"), nl=False)
        return
    if not output.parent.is_dir():
        raise UsageError(f"there is no folder {output.parent}")
    publish(output, lambda temporary: write_cue_sheet(temporary, probed, spotted.sheet))
    for sentence in (*probed.troubles, *spotted.warnings, *spotted.notes):
        click.echo(sentence, err=True)


def _spotted(film: Path, script: Path | None, settings: Preset, salvage: bool) -> tuple[Film, Spotted]:
    """The film and what is spotted in it; a script that is wrong is told before the film is opened."""
    from vssflow_post.cues.dialogue import SCRIPTED
    from vssflow_post.cues.script import require_good_script
    from vssflow_post.cues.sidecar import Sidecar, sidecar_of
    from vssflow_post.media.probe import probe
    from vssflow_post.plugins import load_plugins
    from vssflow_post.progress import silent
    from vssflow_post.render.first_half import Spotting, spot_film
    from vssflow_post.render.recognition import is_wanted, recognition_of

    beside = Sidecar(script) if script else sidecar_of(film)
    if beside.script is not None and settings.dialogue.source in SCRIPTED:
        require_good_script(beside.script)
    plugins, probed = load_plugins(), probe(film, salvage)
    recognition = recognition_of(settings, plugins.recognisers()) if is_wanted(settings.cues) else None
    detectors = plugins.speech_detectors()
    asked = Spotting(probed, beside.script, None, settings, detectors, recognition, untaken=beside.untaken)
    return probed, spot_film(asked, silent)
