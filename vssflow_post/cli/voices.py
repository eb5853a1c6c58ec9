"""`vssflow-post voices`: who can speak, and a sample of each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vssflow_post.cli.options import FILE, backend_options, cast_option, json_option, preset_option, resolved_preset
from vssflow_post.errors import UsageError

if TYPE_CHECKING:
    from vssflow_post.render.studio import Studio
    from vssflow_post.settings.preset import CastMember, Preset

TOLD = {
    "voice": "voice",
    "sex": "sex",
    "pitch_hz": "pitch",
    "accent": "accent",
    "language": "language",
    "licence": "licence",
    "backend": "backend",
    "cast_for": "cast for",
}
"""What the table says of a voice, and over it."""


@click.command(short_help="List the voices; write a sample of each.")
@preset_option
@cast_option
@backend_options
@click.option("--samples", type=FILE, metavar="DIR", help="Folder that gets a WAV of each voice.")
@click.option("--text", default="The storm is coming, and we have to leave now.", show_default=True, help="To be said.")
@json_option
def voices(
    preset: str,
    cast: Path | None,
    backend: str | None,
    weights: str | None,
    samples: Path | None,
    text: str,
    as_json: bool,
) -> None:
    """List the voices of the preset's backends, and which characters the cast gives them. Nothing is played.

    \b
    Examples:
      vssflow-post voices
      vssflow-post voices --samples voices/ --text "Come in."
      vssflow-post voices --cast cast.toml --json
    """
    from vssflow_post.cli.console import print_rows, safe

    if not any(character.isalnum() for character in text):
        raise UsageError(f"--text {text!r} has no word: give the words that each voice is to say")
    settings = resolved_preset(preset, cast, generate_backend=backend, generate_weights=weights)
    table, paths, problems = _voices(settings, samples, text)
    for sentence in problems:
        click.echo(f"Note: {safe(sentence)}", err=True)
    if as_json:
        click.echo(json.dumps({"voices": table, "samples": [str(path) for path in paths]}, indent=2))
        return
    keys = [key for key in TOLD if any(each[key] for each in table) or key == "cast_for"]
    rows = [tuple(_cell(each[key]) for key in keys) for each in table]
    print_rows(rows, tuple(TOLD[key] for key in keys))
    for path in paths:
        click.echo(safe(path))


def _voices(
    settings: Preset, samples: Path | None, text: str
) -> tuple[list[dict[str, object]], list[Path], tuple[str, ...]]:
    """What is known of each voice, the samples that were written, and what was found and is no voice; only samples need
    the backends opened."""
    from contextlib import closing
    from tempfile import TemporaryDirectory

    from vssflow_post.cues.casting import check_cast
    from vssflow_post.plugins import load_plugins
    from vssflow_post.render.studio import open_studio
    from vssflow_post.store.output_folder import OutputFolder

    with (
        TemporaryDirectory() as scratch,
        closing(open_studio(settings, OutputFolder(Path(scratch)), load_plugins())) as studio,
    ):
        known = studio.known_identity()
        check_cast(settings.cast, known.voices)
        if not known.voices:
            raise UsageError(f"the weights {settings.generate.weights} have no voices of their own: nothing to list")
        table = [_about(voice, studio, settings.cast) for voice in known.voices]
        if samples is None:
            return table, [], known.problems
        from vssflow_post.generate.voice_samples import write_samples

        spoken = [(voice, studio.speaker(voice).renderer.backend) for voice in known.voices]
        return table, list(write_samples(spoken, text, samples)), known.problems


def _about(voice: str, studio: Studio, cast: Mapping[str, CastMember]) -> dict[str, object]:
    """A voice as `--json` says it; null for what is not known."""
    maker = studio.speaker(voice)
    facts = maker.identity().voice_facts.get(voice)
    return {
        "voice": voice,
        "sex": (facts and facts.sex) or None,
        "pitch_hz": (facts and round(facts.pitch_hz)) or None,
        "accent": (facts and facts.accent) or None,
        "language": facts.language if facts else None,
        "licence": (facts and facts.licence) or None,
        "backend": maker.offer.name,
        "cast_for": [name for name, member in cast.items() if member.voice == voice],
    }


def _cell(value: object) -> str:
    """As the table shows it."""
    if isinstance(value, list):
        return ", ".join(value)
    return "" if value is None else f"{value} Hz" if isinstance(value, int) else str(value)
