"""`vssflow-post library`: index folders of recordings, look into the index. What is heavy is imported when it runs."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from vssflow_library.index import Recording

PLACE = click.option(
    "--index",
    "place",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The index, where it is not the usual one; a preset names it as `generate.library`.",
)


@click.group(short_help="Index recordings of your own, and find them.")
def library() -> None:
    """Recordings of your own, for `[generate]` of a preset to take: `sound = ["library", "auto"]`.

    \b
    vssflow-post library index ~/Sounds ~/Foley       reads what is new or changed
    vssflow-post library find "car door"              which recordings that prompt would take
    vssflow-post library info                         what is in the index
    """


@library.command()
@click.argument("folders", nargs=-1, type=click.Path(path_type=Path))
@PLACE
@click.option("--workers", type=click.IntRange(1), default=None, help="Processes that read; one for each core without.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def index(folders: tuple[Path, ...], place: Path | None, workers: int | None, as_json: bool) -> None:
    """Bring the index up to date with FOLDERS and all that lies in them; without any, with those it knows.

    WAV, RF64, FLAC, OGG, MP3 and AIFF, at any rate. What did not change is not read again; a run that was stopped goes
    on where it was. Nothing is copied.

    \b
    vssflow-post library index ~/Sounds
    vssflow-post library index
    """
    from vssflow_dit.bars import bars
    from vssflow_library.index import usual_place
    from vssflow_library.indexing import update
    from vssflow_post.progress import silent

    place = place or usual_place()
    count = workers or os.cpu_count() or 1
    if as_json:
        done = update(place, folders, count, silent)
    else:
        with bars() as report:
            done = update(place, folders, count, report)
    if as_json:
        facts = {"index": os.fspath(place), "recordings": done.n_recordings, "read": done.n_read, "gone": done.n_gone,
                 "unreadable": [one._asdict() for one in done.unreadable]}  # fmt: skip
        click.echo(json.dumps(facts))
        return
    for path, why in done.unreadable:
        click.echo(f"skipped {path}: {why}", err=True)
    click.echo(f"{done.n_recordings} recordings, {done.n_read} read, {done.n_gone} gone: {place}")


@library.command()
@click.argument("prompt")
@PLACE
@click.option("-n", "most", type=click.IntRange(1), default=20, show_default=True, help="Rows at most.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def find(prompt: str, place: Path | None, most: int, as_json: bool) -> None:
    """List the recordings that PROMPT would take, best first: those of its class, by its other words.

    That there are none is an answer as well, with what comes near, and exit code 0; `found` of --json counts.

    \b
    vssflow-post library find "car door"
    vssflow-post library find "gravel footsteps boots" --json
    """
    from contextlib import closing

    from vssflow_library.choosing import LEAST_POOL, best_first, way_out
    from vssflow_library.index import opened, usual_place

    with closing(opened(place or usual_place())) as connection:
        sound, found = best_first(connection, prompt)
        instead = way_out(connection, prompt, found) if len(found) < LEAST_POOL else []
    if as_json:
        rows = [
            {"file": one.path, "class": one.sound, "seconds": round(one.duration_s, 3), "lufs": one.lufs,
             "channels": one.channels, "hits": len(one.onsets), "steady": one.is_steady}
            for one in found[:most]
        ]  # fmt: skip
        facts = {"prompt": prompt, "class": sound or None, "found": len(found), "recordings": rows, "instead": instead}
        click.echo(json.dumps(facts))
        return
    if not found:
        click.echo(f"no recording of {sound or repr(prompt)}")
    else:
        _list(found, most)
    for line in instead:
        click.echo(line)


def _list(found: Sequence[Recording], most: int) -> None:
    click.echo(f"{'class':<16} {'seconds':>8} {'LUFS':>6} {'ch':>2} {'hits':>6}  file")
    for one in found[:most]:
        hits = "steady" if one.is_steady else str(len(one.onsets))
        row = f"{one.sound:<16} {one.duration_s:>8.2f} {one.lufs:>6.1f} {one.channels:>2} {hits:>6}"
        click.echo(f"{row}  {one.path}")
    if len(found) > most:
        click.echo(f"and {len(found) - most} more (-n {len(found)} lists all)")


@library.command()
@PLACE
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def info(place: Path | None, as_json: bool) -> None:
    """Say where the index lies, which folders it is of, how many recordings it has of each class, and its digest."""
    from contextlib import closing

    from vssflow_library.index import digest_in, opened, sounds, usual_place

    place = place or usual_place()
    with closing(opened(place)) as connection:
        folders = [str(row[0]) for row in connection.execute("SELECT folder FROM folders ORDER BY folder")]
        n_all = int(connection.execute("SELECT count(*) FROM recordings").fetchone()[0])
        n_bad = int(connection.execute("SELECT count(*) FROM unreadable").fetchone()[0])
        counts, digest = sounds(connection), digest_in(connection)
    if as_json:
        facts = {"index": os.fspath(place), "folders": folders, "recordings": n_all, "unreadable": n_bad,
                 "sounds": counts, "digest": digest}  # fmt: skip
        click.echo(json.dumps(facts))
        return
    click.echo(f"index       {place}\ndigest      {digest}")
    click.echo(f"recordings  {n_all}, {n_all - sum(counts.values())} of them of no known class; {n_bad} unreadable")
    for folder in folders:
        click.echo(f"folder      {folder}")
    for name, n in sorted(counts.items(), key=lambda one: (-one[1], one[0])):
        click.echo(f"  {name:<16} {n}")
