"""The models that this package knows by name, each a file beside this one; a variant says only what differs."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from vssflow_dit.config import ModelConfig
from vssflow_post.errors import UsageError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def config_names() -> list[str]:
    """Every configuration that `config_of` knows."""
    return sorted(file.name.removesuffix(".toml") for file in files(__name__).iterdir() if file.name.endswith(".toml"))


def config_of(name: str) -> ModelConfig:
    """The configuration called `name`. Raises UsageError, naming those there are."""
    if name not in config_names():
        raise UsageError(f"no model configuration is called {name!r}; there are: {', '.join(config_names())}")
    return ModelConfig.from_table(_table(name))


def _table(name: str) -> dict[str, Any]:
    """A configuration's table; `extends` names the one it starts from, `routes` sends streams of that another way."""
    table: dict[str, Any] = tomllib.loads(files(__name__).joinpath(f"{name}.toml").read_text("utf-8"))
    if "extends" not in table:
        return table
    base = _table(table.pop("extends"))
    routes: Mapping[str, str] = table.pop("routes", {})
    unknown = set(routes) - {stream["name"] for stream in base["streams"]}
    if unknown:
        raise UsageError(f"configuration {name}: no stream is called {', '.join(sorted(unknown))}")
    for stream in base["streams"]:
        stream["route"] = routes.get(stream["name"], stream["route"])
    return {**base, **table, "name": name}
