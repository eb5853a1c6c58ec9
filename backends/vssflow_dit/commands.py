"""Plugin: the commands that look at the model's weights, and make them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vssflow_post.hookspecs import hookimpl

if TYPE_CHECKING:
    import click


@hookimpl
def vssflow_commands(cli: click.Group) -> None:
    from vssflow_dit.model_command import model
    from vssflow_dit.sounds_command import sounds

    cli.add_command(model)
    cli.add_command(sounds)
