"""JSON from outside, read strictly: every fault is a sentence that says where it is.

Python's reader tells no lines, so the line of a value is looked for in the text once something is wrong with it.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from vssflow_post.errors import did_you_mean

JsonPath = tuple[Any, ...]
"""Keys of objects and numbers of list items, from the outermost value on."""
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
_NO_NUMBERS = ("NaN", "Infinity", "-Infinity")


class JsonFault(ValueError):
    """Says what is wrong and where inside the file."""

    def __init__(self, problem: str, path: JsonPath | None = None) -> None:
        super().__init__(problem)
        self.path = path
        """Of the value that is wrong (or missing), where its line is not told yet."""


def load_bytes(path: Path, max_bytes: int) -> bytes:
    """A file of at most `max_bytes`. Raises JsonFault."""
    try:
        if not path.is_file():
            raise JsonFault("is not a file")
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
    except OSError as error:
        raise JsonFault(f"cannot be read ({error.strerror or error})") from None
    if len(data) > max_bytes:
        raise JsonFault(f"is larger than {max_bytes // 1024} KB")
    return data


def load_json(path: Path, max_bytes: int) -> tuple[object, str]:
    """The content and the text of a JSON file of at most `max_bytes`; no NaN, no key twice. Raises JsonFault."""
    try:
        text = load_bytes(path, max_bytes).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise JsonFault("is not UTF-8 text") from None
    try:
        return json.loads(text, parse_constant=_no_constant, object_pairs_hook=_no_key_twice), text
    except json.JSONDecodeError as error:
        raise JsonFault(f"line {error.lineno}: is not JSON ({error.msg})") from None
    except RecursionError:
        raise JsonFault("is nested too deeply") from None
    except JsonFault as fault:
        raise JsonFault(f"line {_line_of_oddity(text)}: {fault}") from None
    except ValueError as error:  # an integer of thousands of digits
        raise JsonFault(f"is not JSON ({error})") from None


def shown(value: object) -> str:
    """A value for a sentence: short, on one line, harmless in a terminal."""
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


class Table:
    """One JSON object; each access checks a type and raises JsonFault with the place and the key."""

    def __init__(
        self, content: object, where: str, known: Sequence[str], required: Sequence[str], path: JsonPath = ()
    ) -> None:
        """`where` names the object in a sentence, `path` is its place in the file."""
        self.where, self.path = where, path
        if not isinstance(content, dict):
            raise JsonFault(f"{where} must be an object, not {shown(content)}", path)
        self._content: dict[str, Any] = content
        for key in content:
            if key not in known:
                hint = did_you_mean(key, known) or f" (known: {', '.join(known)})"
                raise JsonFault(f"{where}: unknown key {shown(key)}{hint}", (*path, key))
        for key in required:
            if key not in content:
                raise JsonFault(f"{where}: key '{key}' is missing", (*path, key))

    def __contains__(self, key: str) -> bool:
        """Whether the key is there and not null."""
        return self._content.get(key) is not None

    def fault(self, key: str, problem: str) -> JsonFault:
        return JsonFault(f"{self.where}: '{key}' {problem}", (*self.path, key))

    def text(self, key: str, default: str = "", max_characters: int = 2000) -> str:
        value = self.value(key, default)
        if not isinstance(value, str):
            raise self.fault(key, f"must be a text, not {shown(value)}")
        if len(value) > max_characters:
            raise self.fault(key, f"has more than {max_characters} characters")
        for character in value:
            if unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\t":
                raise self.fault(key, f"holds the control character U+{ord(character):04X}")
        return value

    def optional_text(self, key: str, max_characters: int = 200) -> str | None:
        return self.text(key, max_characters=max_characters) if key in self else None

    def number(self, key: str, lowest: float, highest: float, default: float = 0.0) -> float:
        value = self.value(key, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self.fault(key, f"must be a number, not {shown(value)}")
        if not lowest <= value <= highest or not math.isfinite(value):
            raise self.fault(key, f"must lie between {lowest:g} and {highest:g}, not {shown(value)}")
        return float(value)

    def whole(self, key: str, lowest: int, highest: int) -> int:
        value = self.value(key)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.fault(key, f"must be a whole number, not {shown(value)}")
        if not lowest <= value <= highest:
            raise self.fault(key, f"must lie between {lowest} and {highest}, not {shown(value)}")
        return value

    def flag(self, key: str, default: bool) -> bool:
        value = self.value(key)
        if value is not None and not isinstance(value, bool):
            raise self.fault(key, f"must be true or false, not {shown(value)}")
        return default if value is None else value

    def items(self, key: str) -> list[object]:
        value = self.value(key)
        if not isinstance(value, list):
            raise self.fault(key, f"must be a list, not {shown(value)}")
        return value

    def value(self, key: str, default: object = None) -> Any:
        """What stands there, whatever it is. A fault that a reader left in its place is raised."""
        value = self._content.get(key, default)
        if isinstance(value, JsonFault):
            raise JsonFault(str(value), (*self.path, key))
        return value


def lines_of(text: str) -> dict[JsonPath, int]:
    """The line of every value, by its path."""
    return {at: line for at, line, _ in values_of(text)}


def values_of(text: str) -> Iterator[tuple[JsonPath, int, str]]:
    """(path, line, first token) of every value of a text that Python reads as JSON, in order; lines count from 1."""
    open_values: list[list[Any]] = []  # bracket, and the key or number of the item in it that comes next
    line, before = 1, 0
    for match in _TOKEN.finditer(text):
        line += text.count("\n", before, match.start())
        before, token = match.start(), match.group()
        inside: list[Any] = open_values[-1] if open_values else ["", None]
        if token in "}]":
            open_values.pop()
        elif token == ",":
            inside[1] = inside[1] + 1 if inside[0] == "[" else None
        elif token == ":":
            continue
        elif inside[0] == "{" and inside[1] is None:
            inside[1] = json.loads(token)
        else:
            yield tuple(item for _, item in open_values), line, token
            if token in "{[":
                open_values.append([token, 0 if token == "[" else None])


def _no_constant(name: str) -> object:
    raise JsonFault(f"holds {name}, which is not a number")


def _no_key_twice(pairs: list[tuple[str, object]]) -> dict[str, object]:
    table: dict[str, object] = {}
    for key, value in pairs:
        if key in table:
            raise JsonFault(f"key {shown(key)} is there twice in one object")
        table[key] = value
    return table


def _line_of_oddity(text: str) -> int | None:
    """The line of the first value that is no number, or has the key of another; None where there is none."""
    seen = set()
    for path, line, token in values_of(text):
        if token in _NO_NUMBERS or path in seen:
            return line
        seen.add(path)
    return None
