"""A preset file's values checked for kind, choice and range; every fault is told with the line that it stands on."""

from __future__ import annotations

import dataclasses
import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, get_type_hints

from vssflow_post.errors import did_you_mean
from vssflow_post.settings.preset import (
    CAST_RANGES,
    CHOICES,
    MOST_CHARACTERS,
    MUSIC_RANGES,
    RANGES,
    SECTIONS,
    CastMember,
    MusicSettings,
)

Fault = Callable[[str], None]
"""Is told each fault as a sentence; it may raise."""

TOP_KEYS = ("extends", "description")
CAST_SECTIONS = ("cast", "voices")
"""Two names of one section: who speaks with which voice."""
MUSIC = "music"
"""The section that may be there several times."""
_KIND_WORDS: Mapping[type, str] = {str: "text", bool: "true or false", int: "a whole number", float: "a number"}
_NUMBERS, _NAMES = tuple[int, ...], tuple[str, ...]
_UNCHECKED = object()


@dataclasses.dataclass(frozen=True, slots=True)
class Source:
    """A file that is checked, or the command line."""

    name: str
    """As the user knows it."""
    text: str = ""
    """Its text, to find lines in."""

    def at(self, section: str, key: str) -> str:
        """File and line of a key (of a section, where `section` is empty), for a sentence."""
        return f"{self.name}{line_of(self.text, section, key)}"


def checked_top(source: Source, raw: Mapping[str, Any], fault: Fault) -> dict[str, str]:
    """`extends` and `description`, where they are text."""
    found = {}
    for key in TOP_KEYS:
        value = raw.get(key, "")
        if isinstance(value, str):
            found[key] = value
        else:
            fault(f"{source.at('', key)}: {key} must be text, not {_kind(value)}")
    return found


def checked_section(source: Source, section: str, values: object, fault: Fault) -> dict[str, object]:
    """The values of a section that may stand as they are; each other one is told to `fault`."""
    if section == MUSIC:
        pieces = values if isinstance(values, list) else [values]
        return {"pieces": tuple(_music(_of_piece(source, k), piece, fault) for k, piece in enumerate(pieces))}
    if section not in CAST_SECTIONS and section not in SECTIONS:
        what = f"section [{section}]" if isinstance(values, dict) else f"key {section!r}"
        hint = did_you_mean(section, [*SECTIONS, *CAST_SECTIONS, MUSIC, *TOP_KEYS]) or _belongs_in(section)
        fault(f"{source.at('', section)}: unknown {what}{hint}")
        return {}
    if not isinstance(values, dict):
        fault(f"{source.at('', section)}: [{section}] must be a section, not {_kind(values)}")
        return {}
    if section in CAST_SECTIONS:
        members = {name: _cast_member(source, section, name, value, fault) for name, value in values.items()}
        return {name: member for name, member in members.items() if member is not None}
    types = get_type_hints(SECTIONS[section])
    known = {field.name for field in dataclasses.fields(SECTIONS[section])}
    checked = {}
    for key, value in values.items():
        if key not in known:
            hint = did_you_mean(key, known) or _belongs_in(key)
            fault(f"{source.at(section, key)}: unknown key {key!r} in [{section}]{hint}")
            continue
        name = f"{section}.{key}"
        check = {_NUMBERS: _checked_numbers, _NAMES: _checked_names}.get(types[key], _checked)
        accepted = check(value, types[key], f"{source.at(section, key)}: {name}", name, RANGES.get(name), fault)
        if accepted is not _UNCHECKED:
            checked[key] = accepted
    return checked


def _cast_member(source: Source, section: str, character: str, value: object, fault: Fault) -> CastMember | None:
    """`"voice"`, or a table with any of `voice`, `gain_db` and `pan`."""
    where = f"{source.at(section, character)}: {section}.{character}"
    if not isinstance(value, (str, dict)):
        fault(f"{where} must be text (a voice) or a table of voice, gain_db and pan, not {_kind(value)}")
        return None
    table = {"voice": value} if isinstance(value, str) else value
    types = get_type_hints(CastMember)
    checked: dict[str, Any] = {}
    for key, part in table.items():
        if key not in types:
            fault(f"{where}: unknown key {key!r}{did_you_mean(key, types)} (known: {', '.join(types)})")
            continue
        accepted = _checked(part, types[key], f"{where}.{key}", "", CAST_RANGES.get(key), fault)
        if accepted is not _UNCHECKED:
            checked[key] = accepted
    return CastMember(**checked)


def _music(source: Source, value: object, fault: Fault) -> MusicSettings:
    """One `[[music]]`, its file found from the preset's folder; the usual values stand for what is wrong in it."""
    where = f"{source.at('', MUSIC)}: [[{MUSIC}]]"
    if not isinstance(value, dict):
        fault(f"{where} must be a section, not {_kind(value)}")
        return MusicSettings()
    types = get_type_hints(MusicSettings)
    checked: dict[str, Any] = {}
    for key, part in value.items():
        at = f"{source.at(MUSIC, key)}: {MUSIC}.{key}"
        if key not in types:
            fault(f"{at}: unknown key{did_you_mean(key, types)} (known: {', '.join(types)})")
            continue
        accepted = _checked(part, types[key], at, "", MUSIC_RANGES.get(key), fault)
        if accepted is not _UNCHECKED:
            checked[key] = accepted
    piece = MusicSettings(**checked)
    file = Path(source.name).parent / piece.file
    if not piece.file:
        fault(f"{where} needs a file: the recording that is heard")
    elif not file.is_file():
        fault(f"{source.at(MUSIC, 'file')}: {MUSIC}.file: there is no file {file}")
    if 0 < piece.end_s <= piece.start_s:
        fault(f"{source.at(MUSIC, 'end_s')}: {MUSIC}.end_s must lie after start_s ({piece.start_s:g})")
    return dataclasses.replace(piece, file=str(file))


def _of_piece(source: Source, number: int) -> Source:
    """The source without the pieces of music before this one, so that lines are found within it."""
    lines = source.text.splitlines()
    starts = [k for k, line in enumerate(lines) if re.match(rf"\s*\[\[\s*{MUSIC}\s*\]\]", line)]
    if number >= len(starts):
        return source
    return Source(source.name, "\n" * starts[number] + "\n".join(lines[starts[number] :]))


def _checked(
    value: object, kind: type, where: str, name: str, limits: tuple[float, float] | None, fault: Fault
) -> object:
    """`value`, as `kind`, when it is of that kind and within its limits; `_UNCHECKED` after a fault."""
    problem = None
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(value) is not kind:
        problem = f"must be {_KIND_WORDS[kind]}, not {_kind(value)}"
    elif isinstance(value, float) and not math.isfinite(value):
        problem = f"must be a finite number, not {value}"
    elif isinstance(value, str) and any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t" for c in value):
        problem = f"must not hold control characters: {value[:40]!r}"
    elif isinstance(value, str) and len(value) > MOST_CHARACTERS.get(name, len(value)):
        problem = f"must not have more than {MOST_CHARACTERS[name]} characters, and has {len(value)}"
    elif name in CHOICES and value not in CHOICES[name]:
        problem = f"must be one of {', '.join(CHOICES[name])}, not {value!r}{did_you_mean(value, CHOICES[name])}"
    elif limits is not None and isinstance(value, (int, float)) and not limits[0] <= value <= limits[1]:
        problem = f"must lie between {limits[0]} and {limits[1]}, not {value}"
    if problem is None:
        return value
    fault(f"{where} {problem}")
    return _UNCHECKED


def _checked_numbers(
    value: object, kind: Any, where: str, name: str, limits: tuple[float, float] | None, fault: Fault
) -> object:
    """A list of whole numbers, or `"auto"` for none."""
    if value == "auto":
        return ()
    if not isinstance(value, (list, tuple)):
        fault(f'{where} must be a list of whole numbers such as [2], or "auto", not {_kind(value)}')
        return _UNCHECKED
    numbers = [_checked(number, int, where, name, limits, fault) for number in value]
    return _UNCHECKED if _UNCHECKED in numbers else tuple(dict.fromkeys(numbers))


def _checked_names(
    value: object, kind: Any, where: str, name: str, limits: tuple[float, float] | None, fault: Fault
) -> object:
    """A name, or a list of names."""
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, (list, tuple)) or not all(isinstance(name, str) and name for name in names):
        fault(f'{where} must be a name such as "auto", or a list of names, not {_kind(value)}')
        return _UNCHECKED
    return tuple(dict.fromkeys(names))


def _kind(value: object) -> str:
    words = {**_KIND_WORDS, dict: "a section", list: "a list"}
    return words.get(type(value), type(value).__name__)


def _belongs_in(key: str) -> str:
    """The sections that have such a key, or are called so, as a sentence; "" where none is."""
    if key in SECTIONS:
        return f". [{key}] is a section of its own."
    homes = [name for name, kind in SECTIONS.items() if key in (field.name for field in dataclasses.fields(kind))]
    homes += [f"[{MUSIC}]"] if key in (field.name for field in dataclasses.fields(MusicSettings)) else []
    return f". It belongs in {' or '.join(f'[{name}]' for name in homes)}." if homes else ""


def line_of(text: str, section: str, key: str) -> str:
    """The line on which `key` of `section` (or the section itself) stands, as ":12"; "" when it is not plain to see."""
    inside = ""
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(r"\s*\[\[?\s*([^\]]+?)\s*\]", line)
        inside = header.group(1) if header else inside
        if header and ((not section and inside == key) or (section and _plain(inside) == f"{section}.{key}")):
            return f":{number}"
        assigned = re.match(r"""\s*((?:"[^"]*"|'[^']*'|[^"'=#])+?)\s*=""", line[:400])
        if not assigned or header:
            continue
        path = _plain(assigned.group(1))
        whole = f"{inside}.{path}" if inside else path
        wanted = f"{section}.{key}" if section else key
        if whole == wanted or whole.startswith(f"{wanted}."):
            return f":{number}"
    return ""


def _plain(path: str) -> str:
    """A TOML key path without its quotes and the blanks around its dots."""
    return re.sub(r"\s*\.\s*", ".", re.sub(r"""["']""", "", path))
