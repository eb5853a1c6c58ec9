"""Plugin: a library of recordings, laid in sync. It has no model of its own: it lays what the user's folders hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from vssflow_post.hookspecs import hookimpl

if TYPE_CHECKING:
    import click

    from vssflow_post.backend import Backend, BackendIdentity, BackendOffer, GenerationSettings


def _open(settings: GenerationSettings) -> Backend:
    from vssflow_library.engine import Library

    return Library(settings)


def _identify(settings: GenerationSettings) -> BackendIdentity:
    from vssflow_library.index import facts, place_of
    from vssflow_library.sight import sees
    from vssflow_post.backend import BackendIdentity

    return BackendIdentity(facts(place_of(settings.library))[0], (), sees=sees())


def _lacks(settings: GenerationSettings, sound: str) -> str:
    from contextlib import closing
    from pathlib import Path

    from vssflow_library.choosing import names_a_file
    from vssflow_library.index import named, opened, place_of

    if not names_a_file(sound):
        return ""
    with closing(opened(place_of(settings.library))) as connection:
        found = named(connection, sound)
    if not found:
        return f"has no file {sound}"
    return "" if any(Path(one.path).is_file() for one in found) else f"misses {found[0].path}: it is not there now"


@hookimpl
def vssflow_backends() -> Sequence[BackendOffer]:
    from vssflow_post.backend import BackendOffer

    return [BackendOffer(name="library", priority=0, open=_open, identify=_identify, lacks=_lacks)]


@hookimpl
def vssflow_commands(cli: click.Group) -> None:
    from vssflow_library.commands import library

    cli.add_command(library)
