"""`vssflow-post cache`: what the store of an output folder holds, and making it smaller."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vssflow_post.cli.options import FILE

if TYPE_CHECKING:
    from vssflow_post.store.pruning import Kept


class Quantity(click.ParamType):  # type: ignore[type-arg]  # a type of types from click 8.2 on
    """A number with a unit, as in `30d`; the value is in the smallest unit."""

    def __init__(self, name: str, units: Mapping[str, int], example: str) -> None:
        self.name, self._units, self._example = name, units, example

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([a-z]+)", str(value).lower())
        if match is None or match[2] not in self._units:
            self.fail(f"{value!r} is not a number with {', '.join(self._units)}, as in {self._example}", param, ctx)
        return float(match[1]) * self._units[match[2]]


AGE = Quantity("AGE", {"s": 1, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}, "30d")
SIZE = Quantity("SIZE", {"b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}, "10GB")


@click.command(short_help="Show what is kept of earlier runs, or prune it.")
@click.argument("folder", type=FILE, default=Path(), metavar="[DIR]")
@click.option("--older-than", type=AGE, help="Remove what was not used for so long: 12h, 30d, 8w.")
@click.option("--max-size", type=SIZE, help="Remove what was unused the longest until this is left: 500MB, 10GB.")
def cache(folder: Path, older_than: float | None, max_size: float | None) -> None:
    """Show how much the store in the output folder DIR (else the current folder) holds, by kind, and prune it.

    The store spares the next run work; deliverables do not need it. While a run holds the folder, nothing is removed.

    \b
    Examples:
      vssflow-post cache out
      vssflow-post cache out --older-than 30d
      vssflow-post cache out --max-size 10GB
    """
    from vssflow_post.store.output_folder import OutputFolder
    from vssflow_post.store.pruning import kept_entries, prune

    out = OutputFolder(folder)
    if older_than is not None or max_size is not None:
        since_s = None if older_than is None else time.time() - older_than
        removed = prune(out, since_s, None if max_size is None else int(max_size))
        click.echo(f"removed {len(removed)} entries, {_in_words(sum(kept.n_bytes for kept in removed))}")
    _show(kept_entries(out))


def _show(entries: list[Kept]) -> None:
    from vssflow_post.cli.console import print_rows

    kinds = sorted({kept.kind for kept in entries})
    groups = [(kind, [kept for kept in entries if kept.kind == kind]) for kind in kinds] + [("all", entries)]
    rows = [
        (kind, str(len(group)), _in_words(sum(kept.n_bytes for kept in group)), _last_use(group))
        for kind, group in groups
    ]
    print_rows(rows, ("kind", "entries", "size", "last used"))


def _last_use(entries: list[Kept]) -> str:
    if not entries:
        return ""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(max(kept.used_s for kept in entries)))


def _in_words(n_bytes: int) -> str:
    """As in `12.3 MB`."""
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if n_bytes >= size:
            return f"{n_bytes / size:.1f} {unit}"
    return f"{n_bytes} bytes"
