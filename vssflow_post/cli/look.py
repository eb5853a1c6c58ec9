"""`vssflow-post look`: what is seen in each scene, what moves in it, and what it would sound like."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vssflow_post.cli.options import FILE, json_option, preset_option, resolved_preset, salvage_option

if TYPE_CHECKING:
    from vssflow_post.backend import Features, Thing, Track
    from vssflow_post.cues.seen import Seen, SeenSound
    from vssflow_post.media import Film
    from vssflow_post.render.sights import Sights
    from vssflow_post.settings.preset import Preset

_LABELS = 4
"""Labels of a scene that the table shows; `--json` has more."""
_PATH_HZ = 2.0
"""Places of a thing a second that `--json` tells."""


@click.command(short_help="Show what is seen and what moves in each scene, and what it would sound like.")
@click.argument("film", type=FILE)
@preset_option
@salvage_option
@json_option
def look(film: Path, preset: str, salvage: bool, as_json: bool) -> None:
    """Show scene by scene what is seen in FILM, what moves, and what it would sound like.

    Nothing is rendered or written. A label is followed by how sure the recogniser is of it, from 0 to 1, on average
    over the scene's pictures. Of each thing that moves: where in the picture, how fast (1/s is the longer side of the
    picture in a second), and its share of all motion in the scene. A sound is followed by its kind (bed: the ambience
    of the place; follows: it goes with a motion; spot: it comes at moments), the number of the thing that it comes from
    where that is known, and by how surely it is wanted. Below the preset's cues.picture_threshold no sound is claimed.

    \b
    Examples:
      vssflow-post look film.mp4
      vssflow-post look film.mp4 --json > seen.json
      vssflow-post look film.mp4 -p mine.toml     # with [picture] recogniser = "clip", or a table of your own
    """
    import json

    from vssflow_post.cli.console import print_rows, safe, say
    from vssflow_post.errors import UsageError
    from vssflow_post.media.probe import probe

    settings = resolved_preset(preset)
    if not film.exists() or film.is_dir():
        raise UsageError(f"there is no film {film}")
    probed = probe(film, salvage)
    sights = _seen(probed, settings)
    if as_json:
        click.echo(json.dumps(_as_object(film, sights), indent=2))
    else:
        print_rows(_rows(sights), ("scene", "start", "end", "seen", "moves", "sounds like"))
        say(f"looked with {sights.why}")
    for sentence in probed.losses:
        click.echo(safe(sentence), err=True)


def _seen(film: Film, settings: Preset) -> Sights:
    """The film as it is seen; how far that is shows on a terminal."""
    from vssflow_post.cli.watching import watching
    from vssflow_post.plugins import load_plugins
    from vssflow_post.render.sights import see

    recognisers = load_plugins().recognisers()
    with watching(quiet=not sys.stderr.isatty()) as watcher:
        watcher.started(0, 1, film.path.name)
        return see(film, settings, recognisers, partial(watcher.moved, 0))


def _rows(sights: Sights) -> list[tuple[str, ...]]:
    """Numbers count from 1, as in every table."""
    rows: list[tuple[str, ...]] = []
    for scene, seen, things in zip(sights.scenes, sights.seen, sights.things, strict=True):
        labels = ", ".join(f"{label} {x:.2f}" for label, x in list(seen.labels.items())[:_LABELS])
        moves = "; ".join(f"{k}: {_motion(thing)}" for k, thing in enumerate(things, 1))
        sounds = ", ".join(_sound(each) for each in seen.sounds)
        times = (f"{scene.span.start_s:.2f} s", f"{scene.span.end_s:.2f} s")
        rows.append((str(scene.index + 1), *times, labels or "-", moves or "-", sounds or "-"))
    return rows


def _motion(thing: Thing) -> str:
    """`left to right 0.42/s 61%, 2 flashes`."""
    places = _while_seen(thing.place, thing)
    quarter = max(1, len(places) // 4)
    sides = dict.fromkeys(_side(float(part.mean())) for part in (places[:quarter], places[-quarter:]))
    n_flashes = sum(strike.kind == "flash" for strike in thing.strikes)
    flashes = f", {n_flashes} flash{'es' if n_flashes > 1 else ''}" if n_flashes else ""
    return f"{' to '.join(sides)} {_mean(thing.speed, thing):.2f}/s {100 * thing.weight:.0f}%{flashes}"


def _side(place: float) -> str:
    return "left" if place < 1 / 3 else "right" if place > 2 / 3 else "middle"


def _sound(sound: SeenSound) -> str:
    of = "" if sound.thing is None else f" of {sound.thing + 1}"
    return f"{sound.sound_class} ({sound.kind}{of}) {sound.confidence:.2f}"


def _as_object(film: Path, sights: Sights) -> dict[str, Any]:
    """Numbers count from 0, as in every JSON."""
    scenes = [
        {
            "scene": scene.index,
            "start_s": scene.span.start_s,
            "end_s": scene.span.end_s,
            "labels": dict(seen.labels),
            "things": [_thing_as_object(thing) for thing in things],
            "sounds": _sounds_as_objects(seen),
        }
        for scene, seen, things in zip(sights.scenes, sights.seen, sights.things, strict=True)
    ]
    recogniser = {"name": sights.recogniser, "digest": sights.digest}
    return {"version": 1, "film": str(film), "recogniser": recogniser, "scenes": scenes}


def _sounds_as_objects(seen: Seen) -> list[dict[str, Any]]:
    return [
        {
            "sound": each.sound_class,
            "kind": each.kind,
            "confidence": each.confidence,
            "labels": dict(each.labels),
            "thing": each.thing,
        }
        for each in seen.sounds
    ]


def _thing_as_object(thing: Thing) -> dict[str, Any]:
    from vssflow_post.timeline import seconds_of

    places, every = _while_seen(thing.place, thing)[:, 0], max(1, round(thing.place.rate_hz / _PATH_HZ))
    boxes = _while_seen(thing.boxes, thing)
    return {
        "start_s": seconds_of(thing.seen.start),
        "end_s": seconds_of(thing.seen.end),
        "place": _mean(thing.place, thing),
        "speed": _mean(thing.speed, thing),
        "weight": round(thing.weight, 3),
        "box": [round(float(edge), 3) for edge in boxes.mean(axis=0)],
        "path": [round(float(place), 3) for place in places[::every]],
        "path_hz": thing.place.rate_hz / every,
        "strikes": [
            {"at_s": seconds_of(strike.sample), "kind": strike.kind, "strength": round(strike.strength, 3)}
            for strike in thing.strikes
        ],
    }


def _mean(track: Track, thing: Thing) -> float:
    return round(float(_while_seen(track, thing).mean()), 3)


def _while_seen(track: Track, thing: Thing) -> Features:
    """The rows of a thing's track while it is seen to move; one at least."""
    from vssflow_post.timeline import CLOCK_HZ

    rows, rate_hz = track.values, track.rate_hz
    first = min(len(rows) - 1, round((thing.seen.start - thing.span.start) / CLOCK_HZ * rate_hz))
    return rows[first : first + max(1, round(thing.seen.duration_s * rate_hz))]
