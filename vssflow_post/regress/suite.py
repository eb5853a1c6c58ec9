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
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vssflow_post.cues.sidecar import sidecar_of
from vssflow_post.errors import UsageError

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
    """The suite at `path`. Raises UsageError, naming file, clip and key, for whatever a suite may not say."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UsageError(f"{path} is larger than {MAX_BYTES >> 20} MB: no suite")
        raw = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise UsageError(f"there is no suite {path}") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from None
    _check(str(path), raw, _SUITE_KEYS)
    if raw.get("audio", AUDIO[1]) not in AUDIO:
        raise UsageError(f"{path}: audio must be one of {', '.join(AUDIO)}, not {raw['audio']!r}")
    clips = tuple(_clip(path, number, table, raw) for number, table in enumerate(raw.get("clip", ()), 1))
    if not clips:
        raise UsageError(f"{path} has no clip: give it a [[clip]] with a film")
    names = [clip.name.lower() for clip in clips]
    for clip in clips:
        if names.count(clip.name.lower()) > 1:
            raise UsageError(f"{path}: two clips are called {clip.name!r}; give each a name of its own")
    return Suite(path, clips, raw.get("audio", AUDIO[1]))


def _clip(suite: Path, number: int, table: object, defaults: Mapping[str, Any]) -> Clip:
    where = f"{suite}: clip {number}"
    if not isinstance(table, dict):
        raise UsageError(f"{where} must be a table")
    _check(where, table, _CLIP_KEYS)
    if "film" not in table:
        raise UsageError(f"{where} names no film")
    film = _beside(suite, where, "film", table)
    assert film is not None
    name = table.get("name", film.stem)
    if not _NAME.fullmatch(name):
        raise UsageError(f"{where}: name may have letters, digits, '.', '_' and '-' alone, not {name!r}")
    preset = table.get("preset", defaults.get("preset", "ci"))
    return Clip(
        name=name,
        film=film,
        preset=str(suite.parent / preset) if preset.endswith(".toml") else preset,
        seed=table.get("seed", defaults.get("seed")),
        script=_beside(suite, where, "script", table) or sidecar_of(film).script,
        cues=_beside(suite, where, "cues", table),
        cast=_beside(suite, where, "cast", table),
    )


def _beside(suite: Path, where: str, key: str, table: Mapping[str, Any]) -> Path | None:
    """The file that a key names. Raises UsageError when it is not there."""
    if key not in table:
        return None
    path = suite.parent / str(table[key])
    if not path.is_file():
        raise UsageError(f"{where}: {key}: there is no file {path}")
    return path


def _check(where: str, table: Mapping[str, Any], kinds: Mapping[str, type]) -> None:
    for key, value in table.items():
        if key not in kinds:
            raise UsageError(f"{where}: unknown key {key!r} (known: {', '.join(kinds)})")
        if type(value) is not kinds[key]:
            raise UsageError(f"{where}: {key} must be {_KINDS[kinds[key]]}, not {value!r}")
