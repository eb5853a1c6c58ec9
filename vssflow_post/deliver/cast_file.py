"""`cast.toml`: who spoke with which voice, to be copied where the rule chose, and given back with `--cast`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from vssflow_post.deliver.report.facts import CastFacts
from vssflow_post.store.publishing import publish_bytes

NAME = "cast.toml"


def write_cast(folder: Path, cast: Sequence[CastFacts]) -> list[Path]:
    """Writes `folder/cast.toml` where the rule chose a voice for somebody; returns what was written."""
    if not any(member.is_by_rule for member in cast):
        return []
    rows = [_row(member) for member in cast if member.voice]
    text = "# Who speaks with which voice. Change what is wrong, and give the file to --cast.\n[cast]\n" + "".join(rows)
    publish_bytes(folder / NAME, text.encode("utf-8", "replace"))
    return [folder / NAME]


def _row(member: CastFacts) -> str:
    set_too = [f"{key} = {value}" for key, value in (("gain_db", member.gain_db), ("pan", member.pan)) if value]
    voice = _quoted(member.voice)
    value = f"{{ voice = {voice}, {', '.join(set_too)} }}" if set_too else voice
    lines = "1 line" if member.n_lines == 1 else f"{member.n_lines} lines"
    return f"{_quoted(member.speaker)} = {value}  # {lines}{', chosen by rule' if member.is_by_rule else ''}\n"


def _quoted(text: str) -> str:
    """A basic string of TOML, whose escapes are JSON's; DEL is the one character that only TOML refuses."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
