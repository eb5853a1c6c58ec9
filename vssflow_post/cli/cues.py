"""`vssflow-post cues`: what is wrong with a cue sheet, and one change to all lines of a speaker."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from vssflow_post.cli.options import FILE, backend_options, existing, preset_option, resolved_preset

if TYPE_CHECKING:
    from vssflow_post.media import Film
    from vssflow_post.settings.preset import Preset
    from vssflow_post.timeline import Cue


@click.group(short_help="Check a cue sheet or script, or change all lines of a speaker.")
def cues() -> None:
    """What there is to do with cue sheets beside rendering them."""


@cues.command()
@click.argument("sheet", type=FILE)
@click.argument("film", type=FILE, required=False)
@preset_option
@backend_options
def check(sheet: Path, film: Path | None, preset: str, backend: str | None, weights: str | None) -> None:
    """Name everything that is wrong with SHEET (.json or .csv), each with its line, cue and key: also voices that the
    backend does not have, and recordings that cannot be heard, or that are not in the library which the preset asks.
    Or with a script (.srt, .vtt, .ass or .csv).

    With FILM the sheet is held against it; without, against what it says itself of its film. Ends with exit code 2 when
    something is wrong.

    \b
    Examples:
      vssflow-post cues check film.cues.json
      vssflow-post cues check film.cues.csv film.mp4
      vssflow-post cues check film.srt
    """
    from vssflow_post.cli.console import say
    from vssflow_post.cues.script import checked_script, is_script
    from vssflow_post.media.probe import probe

    settings = resolved_preset(preset, generate_backend=backend, generate_weights=weights)
    sheet, film = existing(sheet, "cue sheet") or sheet, existing(film, "film")
    probed = None if film is None else probe(film)
    if not is_script(sheet):
        faults = _faults_of_sheet(sheet, probed, settings)
    elif probed is None:
        faults = checked_script(sheet)[1]
    else:
        faults = checked_script(sheet, probed.label_rate, probed.start_timecode)[1]
    for sentence in faults:
        say(sentence)
    if faults:
        click.get_current_context().exit(2)
    say(f"{sheet}: nothing is wrong with it")


def _faults_of_sheet(sheet: Path, film: Film | None, settings: Preset) -> list[str]:
    from vssflow_post.cues.sheet import checked_cue_sheet
    from vssflow_post.plugins import load_plugins
    from vssflow_post.render.recordings import fault_of
    from vssflow_post.render.studio import lacking, voices_of

    plugins = load_plugins()
    lack = lacking(settings, plugins)
    voices = voices_of(settings, plugins)

    def heard(cue: Cue) -> str:
        return lack(cue) if cue.recording is None else fault_of(cue)

    return checked_cue_sheet(sheet, film, voices=voices, heard=heard)[1]


@cues.command("set")
@click.argument("sheet", type=FILE)
@click.option("--speaker", required=True, metavar="NAME", help="Whose lines are meant: all of them.")
@click.option("--voice", help="The voice that speaks them (see `vssflow-post voices`).")
@click.option("--gain-db", type=float, help="Their gain.")
@click.option("--mute/--no-mute", default=None, help="Whether nothing of them is heard.")
@click.option("--lock/--no-lock", default=None, help="Whether the takes that they have are kept, whatever changes.")
@preset_option
@backend_options
def set_lines(
    sheet: Path,
    speaker: str,
    preset: str,
    backend: str | None,
    weights: str | None,
    **chosen: str | float | bool | None,
) -> None:
    """Change all lines of one speaker in SHEET (.json or .csv), in the file itself. All else in it stays as it is.

    What would make the sheet wrong is refused, and the file left alone.

    \b
    Examples:
      vssflow-post cues set film.cues.json --speaker ANNA --voice slt
      vssflow-post cues set film.cues.csv --speaker TOM --gain-db -3 --lock
    """
    from vssflow_post.cli.console import safe
    from vssflow_post.cues.sheet import require_good_sheet
    from vssflow_post.cues.sheet_edit import with_lines_set
    from vssflow_post.errors import ScriptError, UsageError
    from vssflow_post.plugins import load_plugins
    from vssflow_post.render.studio import voices_of
    from vssflow_post.store.publishing import publishing

    values = {key: value for key, value in chosen.items() if value is not None}
    if not values:
        raise UsageError("what is to be set? --voice, --gain-db, --mute or --lock")
    settings = resolved_preset(preset, generate_backend=backend, generate_weights=weights)
    edited, lines = with_lines_set(existing(sheet, "cue sheet") or sheet, speaker, values)
    voices = voices_of(settings, load_plugins()) if "voice" in values else None
    try:
        with publishing(sheet, lambda path: require_good_sheet(path, voices)) as temporary:
            temporary.write_bytes(edited)
    except ScriptError as error:
        what = str(error).replace(temporary.name, sheet.name)
        raise UsageError(f"{sheet} is left as it was: {what}") from None
    click.echo(f"{safe(str(sheet))}: {len(lines)} of {safe(speaker)}: {', '.join(lines)}")
