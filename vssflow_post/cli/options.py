"""Options that several commands share, each spelled out once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    from vssflow_post.settings.preset import Preset

Command = TypeVar("Command", bound=Callable[..., Any])

FILE = click.Path(path_type=Path)


def preset_names(context: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """What completes the name of a preset; where none begins so, a shell offers files."""
    from vssflow_post.settings.files import list_presets

    names = [CompletionItem(preset.name) for preset in list_presets() if preset.name.startswith(begun)]
    return [CompletionItem(begun, type="file"), *names]


def preset_option(command: Command) -> Command:
    """`-p PRESET`."""
    return click.option(
        "-p",
        "--preset",
        default="film",
        show_default=True,
        envvar="VSSFLOW_POST_PRESET",
        help="Name of a preset (see `vssflow-post presets`) or a .toml file.",
        shell_complete=preset_names,
    )(command)


def script_option(command: Command) -> Command:
    """`--script FILE`."""
    return click.option(
        "--script",
        type=FILE,
        envvar="VSSFLOW_POST_SCRIPT",
        help="Lines to speak: .srt, .vtt, .ass or .csv. Without it, the one beside the film: film.srt, film.en.srt.",
    )(command)


def cast_option(command: Command) -> Command:
    """`--cast FILE`."""
    return click.option(
        "--cast",
        type=FILE,
        envvar="VSSFLOW_POST_CAST",
        help="Who speaks with which voice: a .toml file with a [cast] section; its characters win over the preset's.",
    )(command)


def seed_option(command: Command) -> Command:
    """`--seed N`."""
    return click.option(
        "--seed", type=int, envvar="VSSFLOW_POST_SEED", help="Where all randomness comes from; overrides the preset."
    )(command)


def salvage_option(command: Command) -> Command:
    """`--salvage`."""
    return click.option(
        "--salvage",
        is_flag=True,
        envvar="VSSFLOW_POST_SALVAGE",
        help="Take a film that is cut off as far as it can be decoded, and say how far that is.",
    )(command)


def backend_options(command: Command) -> Command:
    """`--backend` and `--weights`."""
    for option in (
        click.option(
            "--weights", envvar="VSSFLOW_POST_WEIGHTS", help="`starter`, or a folder of weights; overrides the preset."
        ),
        click.option(
            "--backend",
            envvar="VSSFLOW_POST_BACKEND",
            help="`auto`, or a name listed by `vssflow-post backends`; overrides the preset.",
        ),
    ):
        command = option(command)
    return command


def workers_option(command: Command) -> Command:
    """`--workers N`."""
    return click.option(
        "--workers",
        type=click.IntRange(1),
        envvar="VSSFLOW_POST_WORKERS",
        help="Films worked on at once, each in a process of its own. Without it: "
        "one per two cores and 4 GiB of memory.",
    )(command)


def json_option(command: Command) -> Command:
    """`--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout and nothing else.")(
        command
    )


def resolved_preset(name: str, cast_file: Path | None = None, **overrides: object) -> Preset:
    """The preset with what the command line or environment set: `generate_seed=3` means `seed` of `[generate]`.

    Raises UsageError when `cast_file` is not there.
    """
    from vssflow_post.settings.files import load_preset

    values = {key.replace("_", ".", 1): value for key, value in overrides.items() if value is not None}
    return load_preset(name, values, existing(cast_file, "cast file"))


def existing(path: Path | None, what: str) -> Path | None:
    """`path`, checked. Raises UsageError when it was named and is not there."""
    from vssflow_post.errors import UsageError

    if path is not None and not path.is_file():
        raise UsageError(f"there is no {what} {path}")
    return path
