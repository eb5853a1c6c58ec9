"""One change to many cues of a sheet: to every line of a speaker, with all else in the file as it was."""

from __future__ import annotations

import csv
import difflib
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vssflow_post.cues.sexes import person
from vssflow_post.cues.sheet import MAX_BYTES, rows_of_items
from vssflow_post.cues.sheet_table import delimiter_of, guarded, unguarded
from vssflow_post.cues.strict_csv import names_in, rows_of
from vssflow_post.cues.strict_json import JsonFault, load_bytes, load_json
from vssflow_post.errors import UsageError


def with_lines_set(path: Path, speaker: str, values: Mapping[str, object]) -> tuple[bytes, list[str]]:
    """The sheet at `path` with `values` (by key of a cue) in every line of `speaker`, however the name is written
    there, and the ids of those lines.

    Raises UsageError for a sheet that cannot be read, and where nobody of that name speaks.
    """
    try:
        edited, said_by = (_table if path.suffix.lower() == ".csv" else _json)(path, speaker, values)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        problem = error if isinstance(error, JsonFault) else "is no cue sheet"
        raise UsageError(f"{path.name}: {problem} (`vssflow-post cues check` tells what is wrong)") from None
    changed = [cue_id for name, ids in said_by.items() if person(name) == person(speaker) for cue_id in ids]
    if not changed:
        close = "".join(f". Did you mean {name!r}?" for name in difflib.get_close_matches(speaker, said_by, 1, 0.5))
        raise UsageError(
            f"{path.name}: nobody called {speaker!r} speaks (there are: {', '.join(said_by) or 'none'}){close}"
        )
    return edited, changed


def _json(path: Path, speaker: str, values: Mapping[str, object]) -> tuple[bytes, dict[str, list[str]]]:
    content: Any = load_json(path, MAX_BYTES)[0]
    said_by: dict[str, list[str]] = {}
    for cue in content["cues"]:
        if cue.get("kind") == "speech" and cue.get("speaker"):
            said_by.setdefault(cue["speaker"], []).append(str(cue.get("id")))
            cue.update(values if person(cue["speaker"]) == person(speaker) else {})
    parts = (f"{json.dumps(key)}: {_shown(value)}" for key, value in content.items())
    return ("{" + ",\n ".join(parts) + "}\n").encode("utf-8", "backslashreplace"), said_by


def _shown(value: object) -> str:
    """A list of objects with one of them a line, as sheets are written; anything else in one line."""
    if not isinstance(value, list) or not value:
        return json.dumps(value, ensure_ascii=False)
    return f"[{rows_of_items(value)}]"


def _table(path: Path, speaker: str, values: Mapping[str, object]) -> tuple[bytes, dict[str, list[str]]]:
    data = load_bytes(path, MAX_BYTES)
    text = data.decode("utf-8-sig")
    delimiter = delimiter_of(text)
    header, *rows = (cells for _, cells in rows_of(text, delimiter))
    while header and not header[-1].strip():  # as spreadsheets fill up rows
        header.pop()
    names = names_in(header)
    header += [key for key in values if key not in names]
    names += [key for key in values if key not in names]
    said_by: dict[str, list[str]] = {}
    for row in rows:
        cells = dict(zip(names, row, strict=False))
        said = unguarded(cells.get("speaker", "")).strip()
        if cells.get("kind", "").strip().lower() != "speech" or not said:
            continue
        said_by.setdefault(said, []).append(cells.get("id", "").strip())
        if person(said) == person(speaker):
            row += [""] * (len(names) - len(row))
            for key, value in values.items():
                row[names.index(key)] = _cell(value)
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n" if "\r\n" in text else "\n")
    writer.writerows([header, *rows])
    return out.getvalue().encode("utf-8-sig" if data.startswith(b"\xef\xbb\xbf") else "utf-8"), said_by


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return guarded(value) if isinstance(value, str) else repr(value)
