"""What a plugin may implement. Hooks only register, once, at start; hot calls are ordinary methods.

A plugin is a module (or object) named by an entry point of group `vssflow_post`; its hook functions carry
`@hookimpl`. Nothing heavy may be imported when a hook is called: that is what an offer's `open` is for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import pluggy

if TYPE_CHECKING:
    import click

    from vssflow_post.backend import BackendOffer, DetectorOffer, RecogniserOffer

GROUP: Final = "vssflow_post"
"""Name of the entry point group, and of the pluggy project."""

hookspec = pluggy.HookspecMarker(GROUP)
hookimpl = pluggy.HookimplMarker(GROUP)
"""Marks a plugin's hook functions."""


@hookspec
def vssflow_backends() -> Sequence[BackendOffer]:  # type: ignore[empty-body]
    """The generation backends this plugin offers, usable here or not."""


@hookspec
def vssflow_speech_detectors() -> Sequence[DetectorOffer]:  # type: ignore[empty-body]
    """The detectors of speaking segments this plugin offers."""


@hookspec
def vssflow_recognisers() -> Sequence[RecogniserOffer]:  # type: ignore[empty-body]
    """The recognisers this plugin offers: what says in words what a picture shows."""


@hookspec
def vssflow_commands(cli: click.Group) -> None:
    """Add commands to the command line, e.g. `cli.add_command(model)`; import what they use inside them."""
