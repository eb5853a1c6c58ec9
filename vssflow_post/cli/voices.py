"""`vssflow-post voices`: who can speak, and a sample of each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vssflow_post.cli.options import FILE, backend_options, cast_option, preset_option, resolved_preset
from vssflow_post.errors import UsageError

if TYPE_CHECKING:
    from vssflow_post.backend import VoiceFacts


def _about(facts: VoiceFacts | None) -> tuple[str, str, str]:
    """Sex, pitch and accent as they are printed; nothing where nothing is known."""
    return ("", "", "") if facts is None else (facts.sex, f"{facts.pitch_hz:.0f} Hz", facts.accent)


@click.command(short_help="List the voices; write a sample of each.")
@preset_option
@cast_option
@backend_options
@click.option("--samples", type=FILE, metavar="DIR", help="Folder that gets a WAV of each voice.")
@click.option("--text", default="The storm is coming, and we have to leave now.", show_default=True, help="To be said.")
def voices(
    preset: str, cast: Path | None, backend: str | None, weights: str | None, samples: Path | None, text: str
) -> None:
    """List the voices of the backend, and which characters the cast gives them. Nothing is played.

    \b
    Examples:
      vssflow-post voices
      vssflow-post voices --samples voices/ --text "Come in."
      vssflow-post voices --cast cast.toml
    """
    from contextlib import closing
    from tempfile import TemporaryDirectory

    from vssflow_post.cli.console import print_rows, safe
    from vssflow_post.generate.voice_samples import write_samples
    from vssflow_post.plugins import load_plugins
    from vssflow_post.render.studio import open_studio
    from vssflow_post.store.output_folder import OutputFolder

    if not any(character.isalnum() for character in text):
        raise UsageError(f"--text {text!r} has no word: there is nothing to say")
    settings = resolved_preset(preset, cast, generate_backend=backend, generate_weights=weights)
    with (
        TemporaryDirectory() as scratch,
        closing(open_studio(settings, OutputFolder(Path(scratch)), load_plugins())) as studio,
    ):
        engine = studio.renderer.backend
        parts = {
            voice: [name for name, member in settings.cast.items() if member.voice == voice] for voice in engine.voices
        }
        if not parts:
            raise UsageError(f"the weights {settings.generate.weights} have no voices of their own: nothing to list")
        facts: Mapping[str, VoiceFacts] = getattr(engine, "voice_facts", {})
        rows = [(voice, *_about(facts.get(voice)), ", ".join(names)) for voice, names in parts.items()]
        print_rows(rows, ("voice", "sex", "pitch", "accent", "cast for"))
        if samples is not None:
            for path in write_samples(engine, text, samples):
                click.echo(safe(path))
