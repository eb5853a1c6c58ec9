"""Plugin: the commands that look at the model's weights, and make them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vssflow_post.hookspecs import hookimpl

if TYPE_CHECKING:
    import click


@hookimpl
def vssflow_commands(cli: click.Group) -> None:
    from vssflow_dit.commands.model import model
    from vssflow_dit.commands.sounds import sounds

    cli.add_command(model)
    cli.add_command(sounds)
