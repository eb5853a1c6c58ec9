"""Presets as TOML files: where they lie, how one extends another, and what is wrong with one.

Looked up by name in the user's folder ($XDG_CONFIG_HOME/vssflow-post/presets) first, then among those shipped.
"""

from __future__ import annotations

import dataclasses
import difflib
import json
import math
import os
import re
import stat
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, get_type_hints

from vssflow_post.errors import PresetError
from vssflow_post.preset import CHOICES, RANGES, SECTIONS, Preset

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

MAX_BYTES = 256 * 1024
"""A preset is written by hand; anything larger is a mistake or an attack."""
TOP_KEYS = ("extends", "description")


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
            + _did_you_mean(name_or_path, presets)
        )
    return presets[name_or_path]


def load_preset(name_or_path: str = "film", overrides: Mapping[str, object] | None = None) -> Preset:
    """The resolved settings of a preset; `overrides` ("section.key" -> value) win over every file.

    Raises PresetError, naming file, line and key, for anything a preset may not say.
    """
    table, description = _resolve(find_preset(name_or_path), ())
    for key, value in (overrides or {}).items():
        section, _, name = key.partition(".")
        checked = _checked_section("the command line", "", section, {name: value})
        table.setdefault(section, {}).update(checked)
    sections = {name: kind(**table.get(name, {})) for name, kind in SECTIONS.items()}
    cast = {character: str(voice) for character, voice in table.get("cast", {}).items()}
    return Preset(name=name_or_path, description=description, cast=cast, **sections)


def _resolve(file: PresetFile, below: tuple[Path, ...]) -> tuple[dict[str, dict[str, object]], str]:
    """The checked tables of a file laid over those of the preset it extends, and its description."""
    path = file.path.resolve()
    if path in below:
        raise PresetError(f"{file.path}: extends itself, by way of {', '.join(p.name for p in below)}")
    text, raw = _read(file.path)
    extends = raw.pop("extends", None)
    description = raw.pop("description", "")
    for key, value in (("extends", extends or ""), ("description", description)):
        if not isinstance(value, str):
            raise PresetError(f"{file.path}{_line(text, '', key)}: {key} must be text, not {_kind(value)}")
    table: dict[str, dict[str, object]] = {}
    if extends is not None:
        table, _ = _resolve(_base(file, str(extends)), (*below, path))
    for section, values in raw.items():
        table.setdefault(section, {}).update(_checked_section(str(file.path), text, section, values))
    return table, str(description)


def _base(file: PresetFile, extends: str) -> PresetFile:
    """The preset that `file` extends: a user's `film` may extend the shipped `film`; paths count from the file."""
    shipped = shipped_folder() / f"{extends}.toml"
    if extends == file.path.stem and shipped.exists() and shipped.resolve() != file.path.resolve():
        return PresetFile(extends, shipped, "shipped")
    if extends.endswith(".toml"):
        extends = str(file.path.parent / extends)
    try:
        return find_preset(extends)
    except PresetError as error:
        raise PresetError(f"{file.path}: extends: {error}") from None


def _read(path: Path) -> tuple[str, dict[str, Any]]:
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
    except tomllib.TOMLDecodeError as error:
        raise PresetError(f"{path}: not TOML: {error}") from None


def _checked_section(source: str, text: str, section: str, values: object) -> dict[str, object]:
    if section != "cast" and section not in SECTIONS:
        what = f"section [{section}]" if isinstance(values, dict) else f"key {section!r}"
        hint = _did_you_mean(section, [*SECTIONS, "cast", *TOP_KEYS])
        raise PresetError(f"{source}{_line(text, '', section)}: unknown {what}{hint}")
    if not isinstance(values, dict):
        raise PresetError(f"{source}{_line(text, '', section)}: [{section}] must be a section, not {_kind(values)}")
    if section == "cast":
        return {key: _checked(source, text, "cast", key, value, str) for key, value in values.items()}
    types = get_type_hints(SECTIONS[section])
    known = {field.name for field in dataclasses.fields(SECTIONS[section])}
    checked = {}
    for key, value in values.items():
        if key not in known:
            where = f"{source}{_line(text, section, key)}"
            raise PresetError(f"{where}: unknown key {key!r} in [{section}]{_did_you_mean(key, known)}")
        checked[key] = _checked(source, text, section, key, value, types[key])
    return checked


def _checked(source: str, text: str, section: str, key: str, value: object, kind: type) -> object:
    """`value`, as `kind`, when it is of that kind and within its limits."""
    name, problem = f"{section}.{key}", None
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(value) is not kind:
        problem = f"must be {_KIND_WORDS[kind]}, not {_kind(value)}"
    elif isinstance(value, float) and not math.isfinite(value):
        problem = f"must be a finite number, not {value}"
    elif name in CHOICES and value not in CHOICES[name]:
        problem = f"must be one of {', '.join(CHOICES[name])}, not {value!r}{_did_you_mean(value, CHOICES[name])}"
    elif name in RANGES and isinstance(value, (int, float)):
        low, high = RANGES[name]
        if not low <= value <= high:
            problem = f"must lie between {low} and {high}, not {value}"
    if problem:
        raise PresetError(f"{source}{_line(text, section, key)}: {name} {problem}")
    return value


_KIND_WORDS: Mapping[type, str] = {str: "text", bool: "true or false", int: "a whole number", float: "a number"}


def _kind(value: object) -> str:
    return _KIND_WORDS.get(type(value), "a section" if isinstance(value, dict) else type(value).__name__)


def _did_you_mean(word: object, known: Collection[str]) -> str:
    close = difflib.get_close_matches(str(word), sorted(known), 1)
    return f". Did you mean {close[0]!r}?" if close else ""


def _line(text: str, section: str, key: str) -> str:
    """The line on which `key` of `section` (or the section itself) stands, as ":12"; "" when it is not plain to see."""
    inside = ""
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(r"\s*\[\s*([^\]]+?)\s*\]", line)
        inside = header.group(1) if header else inside
        assigned = re.match(r"""\s*["']?([^"'=]+?)["']?\s*=""", line)
        if (assigned and inside == section and assigned.group(1) == key) or (header and not section and inside == key):
            return f":{number}"
    return ""


def as_toml(preset: Preset) -> str:
    """All settings of a preset as the text of a preset file."""
    lines = [f"description = {_literal(preset.description)}"]
    for section, values in preset.as_table().items():
        lines += ["", f"[{section}]", *(f"{_literal_key(key)} = {_literal(value)}" for key, value in values.items())]
    return "\n".join(lines) + "\n"


def _literal_key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _literal(key)


def _literal(value: object) -> str:
    """A value as TOML; its strings are JSON's, but for the one control character that TOML wants escaped too."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
