"""`vssflow-post cache`: what the store of an output folder holds, and making it smaller."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vssflow_post.cli.options import FILE, json_option
from vssflow_post.cli.quantities import AGE, SIZE

if TYPE_CHECKING:
    from vssflow_post.store.pruning import Kept


@click.command(short_help="Show what is kept of earlier runs, or prune it.")
@click.argument("folder", type=FILE, default=Path(), metavar="[DIR]")
@click.option("--older-than", type=AGE, help="Remove what was not used for so long: 12h, 30d, 8w.")
@click.option("--max-size", type=SIZE, help="Remove what was unused the longest until this is left: 500MB, 10GB.")
@json_option
def cache(folder: Path, older_than: float | None, max_size: float | None, as_json: bool) -> None:
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
    removed: list[Kept] | None = None
    if older_than is not None or max_size is not None:
        since_s = None if older_than is None else time.time() - older_than
        removed = prune(out, since_s, None if max_size is None else int(max_size))
    entries = kept_entries(out)
    groups = [
        (kind, [kept for kept in entries if kept.kind == kind]) for kind in sorted({kept.kind for kept in entries})
    ]
    if as_json:
        kept = {kind: _sizes(group) for kind, group in (*groups, ("all", entries))}
        click.echo(json.dumps({"removed": None if removed is None else _sizes(removed), "kept": kept}, indent=2))
        return
    _show([*groups, ("all", entries)], removed)


def _show(groups: Sequence[tuple[str, Sequence[Kept]]], removed: Sequence[Kept] | None) -> None:
    from rich.filesize import decimal

    from vssflow_post.cli.console import print_rows

    if removed is not None:
        click.echo(f"removed {len(removed)} entries, {decimal(sum(kept.n_bytes for kept in removed))}")
    rows = [
        (kind, str(len(group)), decimal(sum(kept.n_bytes for kept in group)), _last_use(group, " ", "minutes")[:16])
        for kind, group in groups
    ]
    print_rows(rows, ("kind", "entries", "size", "last used"))


def _sizes(entries: Sequence[Kept]) -> dict[str, object]:
    """Entries of the store as `--json` says them; null for the last use of none."""
    n_bytes = sum(kept.n_bytes for kept in entries)
    return {"entries": len(entries), "bytes": n_bytes, "last_used": _last_use(entries, "T", "seconds") or None}


def _last_use(entries: Sequence[Kept], sep: str, precision: str) -> str:
    """As ISO 8601 with the offset of this machine's clock; "" of none."""
    if not entries:
        return ""
    used = datetime.fromtimestamp(max(kept.used_s for kept in entries)).astimezone()
    return used.isoformat(sep, precision)
