"""The group of all commands. They import what they need when they run, so that `--help` loads nothing heavy."""

from __future__ import annotations

import click

from vssflow_post.cli.cache import cache
from vssflow_post.cli.cues import cues
from vssflow_post.cli.demo import demo
from vssflow_post.cli.ending import INTERRUPTED, TERMINATED, Terminated
from vssflow_post.cli.installation import backends, doctor
from vssflow_post.cli.look import look
from vssflow_post.cli.presets import presets
from vssflow_post.cli.regress import regress
from vssflow_post.cli.render import render
from vssflow_post.cli.spot import spot
from vssflow_post.cli.verify import verify
from vssflow_post.cli.voices import voices
from vssflow_post.errors import UsageError, VssflowError


class OneSentence(click.ClickException):
    """A foreseeable error as the one sentence that the user reads."""

    def __init__(self, error: VssflowError) -> None:
        super().__init__(str(error))

    def format_message(self) -> str:
        from vssflow_post.cli.console import safe

        return safe(self.message)


class WrongUsage(OneSentence):
    """What was asked for does not exist or contradicts itself."""

    exit_code = 2


class PluginGroup(click.Group):
    """The built-in commands, and those of plugins, which are asked for only when a name is not built in."""

    _has_plugins = False

    def list_commands(self, ctx: click.Context) -> list[str]:
        self._add_plugins()
        return list(self.commands)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in self.commands:
            self._add_plugins()
        return super().get_command(ctx, name)

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except VssflowError as error:
            raise (WrongUsage if isinstance(error, UsageError) else OneSentence)(error) from error
        except KeyboardInterrupt as error:
            terminated = isinstance(error, Terminated)
            click.echo("terminated" if terminated else "interrupted", err=True)
            ctx.exit(TERMINATED if terminated else INTERRUPTED)

    def _add_plugins(self) -> None:
        if not self._has_plugins:
            self._has_plugins = True
            from vssflow_post.plugins import load_plugins

            load_plugins().add_commands(self)


@click.group(cls=PluginGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="vssflow-post")
def cli() -> None:
    """A film in, broadcast-ready sound out: dialogue and effects stems, their mix, and a report.

    \b
    vssflow-post render film.mp4 -o out       one film
    vssflow-post render films/ -o out         a folder of films
    vssflow-post demo                         the film that ships with the tool

    Options may also come from the environment, as VSSFLOW_POST_PRESET, VSSFLOW_POST_BACKEND and so on; the command line
    wins over the environment, and both over the preset.

    Exit code: 0 all films done, 1 some film rejected or failed, 2 wrong usage, 130 interrupted.
    """


for _command in (render, spot, cues, look, demo, regress, voices, verify, cache, presets, backends, doctor):
    cli.add_command(_command)
