"""Which line of a JSON text a value stands on: for sentences about files that people edit."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

JsonPath = tuple[Any, ...]
"""Keys of objects and numbers of list items, from the outermost value on."""

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
_NO_NUMBERS = ("NaN", "Infinity", "-Infinity")


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


def line_of(text: str, path: JsonPath) -> int | None:
    """The line of the value at `path`; None where there is none."""
    return next((line for at, line, _ in values_of(text) if at == path), None)


def line_of_oddity(text: str) -> int | None:
    """The line of the first value that is no number, or has the key of another; None where there is none."""
    seen = set()
    for path, line, token in values_of(text):
        if token in _NO_NUMBERS or path in seen:
            return line
        seen.add(path)
    return None
