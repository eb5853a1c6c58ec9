"""`vssflow-post look`: what is seen in each scene, and what it would sound like."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vssflow_post.cli.options import FILE, preset_option, resolved_preset, salvage_option

if TYPE_CHECKING:
    from vssflow_post.render.sights import Sights

_LABELS = 4
"""Labels of a scene that the table shows; `--json` has more."""


@click.command(short_help="Show what is seen in each scene, and what it would sound like.")
@click.argument("film", type=FILE)
@preset_option
@salvage_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout and nothing else.")
def look(film: Path, preset: str, salvage: bool, as_json: bool) -> None:
    """Show scene by scene what is seen in FILM, and what it would sound like. Nothing is rendered or written.

    A label is followed by how sure the recogniser is of it, from 0 to 1, on average over the scene's pictures; a sound
    by its kind (bed: the ambience of the place; follows: it goes with a motion; spot: it comes at moments) and by how
    surely it is wanted. Below the preset's cues.picture_threshold no sound is claimed.

    \b
    Examples:
      vssflow-post look film.mp4
      vssflow-post look film.mp4 --json > seen.json
      vssflow-post look film.mp4 -p mine.toml     # with [picture] recogniser = "clip", or a table of your own
    """
    import json

    from vssflow_post.cli.console import print_rows
    from vssflow_post.errors import UsageError
    from vssflow_post.media.probe import probe
    from vssflow_post.plugins import load_plugins
    from vssflow_post.render.sights import see

    settings = resolved_preset(preset)
    if not film.exists() or film.is_dir():
        raise UsageError(f"there is no film {film}")
    probed = probe(film, salvage)
    sights = see(probed, settings, load_plugins().recognisers())
    if as_json:
        click.echo(json.dumps(_as_object(film, sights), indent=2, ensure_ascii=False))
        return
    print_rows(_rows(sights), ("scene", "start", "end", "seen", "sounds like"))
    click.echo(f"looked with {sights.why}")
    for sentence in probed.losses:
        click.echo(sentence, err=True)


def _rows(sights: Sights) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for scene, seen in zip(sights.scenes, sights.seen, strict=True):
        labels = ", ".join(f"{label} {x:.2f}" for label, x in list(seen.labels.items())[:_LABELS])
        sounds = ", ".join(f"{each.sound_class} ({each.kind}) {each.confidence:.2f}" for each in seen.sounds)
        times = (f"{scene.span.start_s:.2f} s", f"{scene.span.end_s:.2f} s")
        rows.append((str(scene.index), *times, labels or "-", sounds or "-"))
    return rows


def _as_object(film: Path, sights: Sights) -> dict[str, Any]:
    scenes = [
        {
            "scene": scene.index,
            "start_s": scene.span.start_s,
            "end_s": scene.span.end_s,
            "labels": dict(seen.labels),
            "sounds": [
                {
                    "sound": each.sound_class,
                    "kind": each.kind,
                    "confidence": each.confidence,
                    "labels": dict(each.labels),
                    "thing": each.thing,
                }
                for each in seen.sounds
            ],
        }
        for scene, seen in zip(sights.scenes, sights.seen, strict=True)
    ]
    recogniser = {"name": sights.recogniser, "digest": sights.digest}
    return {"version": 1, "film": str(film), "recogniser": recogniser, "scenes": scenes}
