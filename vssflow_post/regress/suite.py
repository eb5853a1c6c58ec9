"""A suite: the clips that are rendered and held against their goldens, as a TOML file beside them.

preset = "ci"                   # of every clip that names none
seed = 0
audio = "preview"               # kept with a golden to be heard: none, preview (Opus), whole (FLAC)

[[clip]]
film = "demo.mp4"               # paths are relative to the suite's folder
name = "demo"                   # without it, the film's name
script = "demo.srt"             # without it, a script beside the film, as in `render`
cues = "demo.cues.json"
cast = "cast.toml"
preset = "broadcast-ebu"
seed = 7
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vssflow_post.cues.sidecar import sidecar_of
from vssflow_post.errors import UsageError, did_you_mean

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

AUDIO = ("none", "preview", "whole")
_SUITE_KEYS: Mapping[str, type] = {"preset": str, "seed": int, "audio": str, "clip": list}
_CLIP_KEYS: Mapping[str, type] = {
    "name": str, "film": str, "script": str, "cues": str, "cast": str, "preset": str, "seed": int,
}  # fmt: skip
_KINDS = {str: "text", int: "a whole number", list: "tables, [[clip]]"}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
MAX_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Clip:
    """One film of a suite and how it is rendered."""

    name: str
    """What its render and its golden are called."""
    film: Path
    preset: str
    """A name, or a path."""
    seed: int | None = None
    """None leaves it to the preset."""
    script: Path | None = None
    cues: Path | None = None
    cast: Path | None = None


@dataclass(frozen=True, slots=True)
class Suite:
    """All clips, and where their goldens lie."""

    path: Path
    clips: tuple[Clip, ...]
    audio: str = "preview"
    """One of AUDIO."""

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def goldens(self) -> Path:
        """The folder of the goldens, beside the suite."""
        return self.path.parent / f"{self.path.stem}.goldens"


def read_suite(path: Path) -> Suite:
    """The suite at `path`. Raises UsageError, naming file, clip and key, for all that a suite may not say."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UsageError(f"{path} is larger than {MAX_BYTES >> 20} MB: no suite")
        raw = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise UsageError(f"there is no suite {path}") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from None
    faults = list(_faults(str(path), raw, _SUITE_KEYS))
    if raw.get("audio", AUDIO[1]) not in AUDIO:
        faults.append(f"{path}: audio must be one of {', '.join(AUDIO)}, not {raw['audio']!r}")
    tables = raw.get("clip", ())
    clips: list[Clip] = []
    for number, table in enumerate(tables if isinstance(tables, list) else (), 1):
        found = list(_faults_of_clip(path, f"{path}: clip {number}", table))
        faults += found
        clips += [] if found else [_clip(path, table, raw)]
    if not tables:
        faults.append(f"{path} has no clip: give it a [[clip]] with a film")
    names = [clip.name.lower() for clip in clips]
    twice = {clip.name.lower(): clip.name for clip in reversed(clips) if names.count(clip.name.lower()) > 1}
    faults += [f"{path}: two clips are called {name!r}; give each a name of its own" for name in twice.values()]
    if faults:
        raise UsageError("; ".join(faults))
    return Suite(path, tuple(clips), raw.get("audio", AUDIO[1]))


def _faults_of_clip(suite: Path, where: str, table: object) -> Iterator[str]:
    if not isinstance(table, dict):
        yield f"{where} must be a table"
        return
    yield from _faults(where, table, _CLIP_KEYS)
    if "film" not in table:
        yield f"{where} names no film"
    for key in ("film", "script", "cues", "cast"):
        path = suite.parent / str(table.get(key, ""))
        if isinstance(table.get(key), str) and not path.is_file():
            yield f"{where}: {key}: there is no file {path}"
    name = table.get("name", Path(str(table.get("film", "a"))).stem)
    if isinstance(name, str) and not _NAME.fullmatch(name):
        yield f"{where}: name may have letters, digits, '.', '_' and '-' alone, not {name!r}"


def _clip(suite: Path, table: Mapping[str, Any], defaults: Mapping[str, Any]) -> Clip:
    """Of a table that has no fault."""
    film = suite.parent / str(table["film"])
    preset = str(table.get("preset", defaults.get("preset", "ci")))
    named = {key: suite.parent / str(table[key]) for key in ("script", "cues", "cast") if key in table}
    return Clip(
        name=table.get("name", film.stem),
        film=film,
        preset=str(suite.parent / preset) if preset.endswith(".toml") else preset,
        seed=table.get("seed", defaults.get("seed")),
        script=named.get("script") or sidecar_of(film).script,
        cues=named.get("cues"),
        cast=named.get("cast"),
    )


def _faults(where: str, table: Mapping[str, Any], kinds: Mapping[str, type]) -> Iterator[str]:
    for key, value in table.items():
        if key not in kinds:
            hint = did_you_mean(key, kinds) or f" (known: {', '.join(kinds)})"
            yield f"{where}: unknown key {key!r}{hint}"
        elif type(value) is not kinds[key]:
            yield f"{where}: {key} must be {_KINDS[kinds[key]]}, not {value!r}"
