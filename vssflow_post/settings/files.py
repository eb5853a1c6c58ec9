"""Presets as TOML files: where they lie, how one extends another, and what is wrong with one.

Looked up by name in the user's folder ($XDG_CONFIG_HOME/vssflow-post/presets) first, then among those shipped.
`checks` holds a file against what a preset may say.
"""

from __future__ import annotations

import difflib
import json
import os
import re
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path
from typing import Any, NoReturn

from vssflow_post.errors import PresetError
from vssflow_post.settings.checks import CAST_SECTIONS, MUSIC, Fault, Source, checked_section, checked_top
from vssflow_post.settings.preset import SECTIONS, CastMember, MusicSettings, Preset

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

MAX_BYTES = 256 * 1024
"""A preset is written by hand; anything larger is a mistake or an attack."""


@dataclass(frozen=True, slots=True)
class PresetFile:
    """One preset on disk."""

    name: str
    path: Path
    origin: str
    """`shipped`, `yours` or `path`."""


def shipped_folder() -> Path:
    """Where the presets of the package lie."""
    return Path(str(resources.files("vssflow_post.presets")))


def user_folder() -> Path:
    """Where the user's own presets are looked for; it need not exist."""
    home = os.environ.get("XDG_CONFIG_HOME") or str(Path("~/.config").expanduser())
    return Path(home) / "vssflow-post" / "presets"


def list_presets() -> list[PresetFile]:
    """Every preset that can be named, sorted; a user's hides a shipped one of the same name."""
    found = {}
    for folder, origin in ((shipped_folder(), "shipped"), (user_folder(), "yours")):
        for path in sorted(folder.glob("*.toml")):
            found[path.stem] = PresetFile(path.stem, path, origin)
    return [found[name] for name in sorted(found)]


def find_preset(name_or_path: str) -> PresetFile:
    """The file of a preset; raises PresetError with a suggestion when there is none."""
    if name_or_path.endswith(".toml") or os.sep in name_or_path:
        path = Path(name_or_path)
        if not path.exists():
            raise PresetError(f"there is no preset file {name_or_path}")
        return PresetFile(path.stem, path, "path")
    presets = {preset.name: preset for preset in list_presets()}
    if name_or_path not in presets:
        raise PresetError(
            f"there is no preset named {name_or_path!r} (there are: {', '.join(presets)})"
            + "".join(f". Did you mean {close!r}?" for close in difflib.get_close_matches(name_or_path, presets, 1))
        )
    return presets[name_or_path]


def load_preset(
    name_or_path: str = "film", overrides: Mapping[str, object] | None = None, cast_file: Path | None = None
) -> Preset:
    """The resolved settings of a preset; `overrides` ("section.key" -> value) win over every file.

    The characters of `cast_file` win over those of the preset. Raises PresetError, naming file, line and key, for
    anything a preset may not say; for a cast file, everything that is wrong with it.
    """
    table, description = _resolve(find_preset(name_or_path), (), _refuse)
    for key, value in (overrides or {}).items():
        section, _, name = key.partition(".")
        checked = checked_section(Source("the command line"), section, {name: value}, _refuse)
        table.setdefault(section, {}).update(checked)
    if cast_file is not None:
        table.setdefault("cast", {}).update(_cast_of(cast_file))
    return _preset(name_or_path, description, table)


def _preset(name: str, description: str, table: Mapping[str, Mapping[str, Any]]) -> Preset:
    """Of the checked tables of its file and those that it extends."""
    sections = {section: kind(**table.get(section, {})) for section, kind in SECTIONS.items()}
    cast = {who: member for who, member in table.get("cast", {}).items() if isinstance(member, CastMember)}
    pieces = table.get(MUSIC, {}).get("pieces", ())
    music = tuple(piece for piece in pieces if isinstance(piece, MusicSettings)) if isinstance(pieces, tuple) else ()
    return Preset(name=name, description=description, cast=cast, music=music, **sections)


def checked_preset(name_or_path: str) -> tuple[Preset | None, list[str]]:
    """What of a preset is right (None where it cannot be read at all), and every fault of it and of those it extends,
    each a sentence with file, line and key."""
    faults: list[str] = []
    try:
        table, description = _resolve(find_preset(name_or_path), (), faults.append)
    except PresetError as error:
        return None, [*faults, str(error)]
    return _preset(name_or_path, description, table), faults


def faults_of(name_or_path: str) -> list[str]:
    """Every fault of a preset and of those it extends, each a sentence with file, line and key; none for a good one."""
    return checked_preset(name_or_path)[1]


def place_in(name_or_path: str, key: str, sections: Sequence[str] = CAST_SECTIONS) -> str:
    """File and line of a key, of a member of the cast for one, for a sentence; the file alone where a preset below it
    has the key."""
    path = find_preset(name_or_path).path
    source = Source(str(path), path.read_text("utf-8"))
    return next((at for section in sections if (at := source.at(section, key)) != str(path)), str(path))


def _refuse(sentence: str) -> NoReturn:
    raise PresetError(sentence)


def _cast_of(path: Path) -> dict[str, object]:
    """The `[cast]` (or `[voices]`) of a file that says nothing else."""
    text, raw = read_toml(path)
    source = Source(str(path), text)
    found: dict[str, object] = {}
    faults: list[str] = []
    for section, values in raw.items():
        if section in CAST_SECTIONS:
            found.update(checked_section(source, section, values, faults.append))
        else:
            faults.append(f"{source.at('', section)}: a cast file has the section [cast] alone, not {section!r}")
    if faults:
        raise PresetError("; ".join(faults))
    return found


def _resolve(file: PresetFile, below: tuple[Path, ...], fault: Fault) -> tuple[dict[str, dict[str, object]], str]:
    """The checked tables of a file laid over those of the preset it extends, and its description."""
    path = file.path.resolve()
    if path in below:
        raise PresetError(f"{file.path}: extends itself, by way of {', '.join(p.name for p in below)}")
    text, raw = read_toml(file.path)
    source = Source(str(file.path), text)
    top = checked_top(source, raw, fault)
    table: dict[str, dict[str, object]] = {}
    if "extends" in raw and "extends" in top:
        try:
            table, _ = _resolve(_base(file, top["extends"], source), (*below, path), fault)
        except PresetError as error:
            fault(str(error))
    for section, values in raw.items():
        if section not in top:
            name = "cast" if section in CAST_SECTIONS else section
            table.setdefault(name, {}).update(checked_section(source, section, values, fault))
    return table, top.get("description", "")


def _base(file: PresetFile, extends: str, source: Source) -> PresetFile:
    """The preset that `file` extends: a user's `film` may extend the shipped `film`; paths count from the file."""
    shipped = shipped_folder() / f"{extends}.toml"
    if extends == file.path.stem and shipped.exists() and shipped.resolve() != file.path.resolve():
        return PresetFile(extends, shipped, "shipped")
    if extends.endswith(".toml"):
        extends = str(file.path.parent / extends)
    try:
        return find_preset(extends)
    except PresetError as error:
        raise PresetError(f"{source.at('', 'extends')}: extends: {error}") from None


def read_toml(path: Path) -> tuple[str, dict[str, Any]]:
    """The text of a file, and what it says. Raises PresetError, naming it."""
    try:
        state = path.stat()
        if not stat.S_ISREG(state.st_mode):
            raise PresetError(f"{path}: not a regular file")
        if state.st_size > MAX_BYTES:
            raise PresetError(f"{path}: larger than {MAX_BYTES // 1024} KB")
        text = path.read_text("utf-8")
        return text, tomllib.loads(text)
    except OSError as error:
        raise PresetError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise PresetError(f"{path}: not UTF-8 text") from None
    except RecursionError:
        raise PresetError(f"{path}: not TOML: nested too deeply") from None
    except ValueError as error:  # TOMLDecodeError, and Python's for an integer of thousands of digits
        raise PresetError(f"{path}: not TOML: {error}") from None


def as_toml(preset: Preset) -> str:
    """All settings of a preset as the text of a preset file."""
    lines = [f"description = {toml_literal(preset.description)}"]
    for section, values in preset.as_table().items():
        lines += ["", f"[{section}]", *_assignments(values)]
    for piece in music_told(preset):
        lines += ["", f"[[{MUSIC}]]", *_assignments(piece)]
    return "\n".join(lines) + "\n"


def music_told(preset: Preset) -> list[dict[str, object]]:
    """The pieces of a preset's music as a preset file would say them, wherever it lies."""
    return [{**asdict(piece), "file": str(Path(piece.file).absolute())} for piece in preset.music]


def _assignments(values: Mapping[str, object]) -> Iterator[str]:
    return (f"{_literal_key(key)} = {toml_literal(value)}" for key, value in values.items())


def _literal_key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else toml_literal(key)


def toml_literal(value: object) -> str:
    """A value as TOML; its strings are JSON's, but for the one control character that TOML wants escaped too."""
    if isinstance(value, dict):
        return f"{{ {', '.join(_assignments(value))} }}"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
