"""`vssflow-post presets`: those that there are, one of them in full, or what is wrong with one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from vssflow_post.cli.options import json_option, preset_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vssflow_post.plugins import Plugins
    from vssflow_post.settings.preset import Preset

_SAMPLING = (
    *("steps", "time_shift", "time_stretch", "guidance", "sound_guidance"),
    *("guidance_from", "guidance_to", "guidance_schedule"),
)
"""Keys of `[generate]` that the sampler `distilled` does not ask for."""


@click.command(short_help="List the presets, show one, or check one.")
@click.argument("name", required=False, metavar="[NAME]", shell_complete=preset_names)
@click.argument("file", required=False, metavar="[check FILE]", shell_complete=preset_names)
@json_option
def presets(name: str | None, file: str | None, as_json: bool) -> None:
    """List the presets, or show all settings of the one called NAME, with where it comes from.

    `presets check FILE` names everything that is wrong with a preset or a cast file, each with its line, and ends with
    exit code 2 when there is something; FILE may also be the name of a preset. What it asks for and this machine does
    not have (weights, an index of recordings, a recogniser) is told as well, and is no fault of the preset.

    A preset of yours (in $XDG_CONFIG_HOME/vssflow-post/presets, usually ~/.config) wins over a shipped one of its name.

    \b
    Examples:
      vssflow-post presets
      vssflow-post presets broadcast-ebu > mine.toml
      vssflow-post presets check mine.toml
    """
    from vssflow_post.cli.console import print_rows
    from vssflow_post.errors import PresetError, UsageError
    from vssflow_post.settings.files import list_presets, load_preset

    if name == "check" and file is None:
        raise UsageError("which preset or cast file is to be checked? `vssflow-post presets check mine.toml`")
    if name == "check" and file is not None:
        _check(file, as_json)
        return
    if file is not None:
        raise UsageError(f"presets takes one NAME, or `check` and a file; what is {file!r} for?")
    if name is not None:
        _show(name, as_json)
        return
    rows = []
    for each in list_presets():
        try:
            description = load_preset(str(each.path)).description
        except PresetError as error:
            description = f"broken: {error}"
        rows.append((each.name, each.origin, description, str(each.path)))
    if as_json:
        keys = ("name", "origin", "description", "path")
        click.echo(json.dumps({"presets": [dict(zip(keys, row, strict=True)) for row in rows]}, indent=2))
        return
    print_rows(rows, ("preset", "origin", "description", "file"))


def _show(name: str, as_json: bool) -> None:
    """Prints all settings of a preset."""
    from vssflow_post.settings.files import as_toml, find_preset, load_preset, music_told

    found, preset = find_preset(name), load_preset(name)
    if as_json:
        facts = {"name": found.name, "origin": found.origin, "path": str(found.path)}
        settings = {**preset.as_table(), "music": music_told(preset)}
        click.echo(json.dumps({**facts, "settings": settings}, indent=2))
        return
    click.echo(f"# {found.name} ({found.origin}): {found.path}")
    click.echo(as_toml(preset), nl=False)


def _check(name_or_path: str, as_json: bool) -> None:
    """Says every fault, one a line; of a preset without one what is not on this machine."""
    from vssflow_post.cli.console import say
    from vssflow_post.plugins import load_plugins
    from vssflow_post.render.studio import not_here
    from vssflow_post.settings.files import checked_preset

    preset, faults = checked_preset(name_or_path)
    notes: dict[str, Sequence[str]] = {}
    if preset is not None:
        plugins = load_plugins()
        faults += _strange_backends(name_or_path, preset, plugins) or _strange_voices(name_or_path, preset, plugins)
        if not faults:
            notes = {"not_here": not_here(preset, plugins), "without_effect": _unheard(name_or_path, preset)}
    told = {key: sentences for key, sentences in notes.items() if sentences}
    if as_json:
        click.echo(json.dumps({"preset": name_or_path, "faults": faults, **told}, indent=2))
    else:
        absent = (f"not on this machine: {sentence}" for sentence in told.get("not_here", ()))
        verdict = faults or [f"{name_or_path}: nothing is wrong with it"]
        for sentence in (*verdict, *absent, *told.get("without_effect", ())):
            say(sentence)
    if faults:
        click.get_current_context().exit(2)


def _unheard(name_or_path: str, preset: Preset) -> list[str]:
    """A sentence where keys of a preset say nothing to the way of sampling that it takes."""
    from vssflow_post.backend import GenerationSettings
    from vssflow_post.settings.files import place_in

    usual = GenerationSettings()
    changed = [key for key in _SAMPLING if getattr(preset.generate, key) != getattr(usual, key)]
    if preset.generate.sampler != "distilled" or not changed:
        return []
    return [
        f"{place_in(name_or_path, changed[0], ['generate'])}: {', '.join(f'generate.{key}' for key in changed)}: "
        "without effect on weights that were taught few steps, as the starter; a sampler such as 'adams' hears of it "
        "(docs/sampling.md)"
    ]


def _strange_backends(name_or_path: str, preset: Preset, plugins: Plugins) -> list[str]:
    """A sentence for every backend that a preset names and nobody offers; one that cannot run here is its machine's
    fault."""
    from vssflow_post.settings.files import place_in
    from vssflow_post.settings.preset import AUTO, ROUTES

    offered = [offer.name for offer in plugins.backends()]
    keys = {"backend": (preset.generate.backend,), **{key: getattr(preset.generate, key) for key in ROUTES}}
    return [
        f"{place_in(name_or_path, key, ['generate'])}: generate.{key}: there is no backend named {name!r} "
        f"(there are: auto, {', '.join(offered) or 'none'})"
        for key, names in keys.items()
        for name in names
        if name not in (AUTO, *offered)
    ]


def _strange_voices(name_or_path: str, preset: Preset, plugins: Plugins) -> list[str]:
    """A sentence for everybody in a preset's cast whose voice the backend does not have."""
    from vssflow_post.render.studio import voices_of
    from vssflow_post.settings.files import place_in

    named = {name: member.voice for name, member in preset.cast.items() if member.voice}
    voices = voices_of(preset, plugins) if named else None
    if voices is None:
        return []
    known = f"(there are: {', '.join(voices) or 'none'})"
    return [
        f"{place_in(name_or_path, name)}: [cast] {name}: there is no voice {voice!r} {known}"
        for name, voice in named.items()
        if voice not in voices
    ]
