"""`cast.toml`: who spoke with which voice, to be copied where the rule chose, and given back with `--cast`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from vssflow_post.settings.files import toml_literal
from vssflow_post.store.publishing import publish_bytes

if TYPE_CHECKING:
    from vssflow_post.deliver.report.facts import CastFacts

NAME = "cast.toml"
HEAD = "# Who speaks with which voice. Change what is wrong, and give the file to --cast.\n[cast]\n"


def write_cast(folder: Path, cast: Sequence[CastFacts]) -> list[Path]:
    """Writes `folder/cast.toml` where the rule chose a voice for somebody; returns what was written."""
    if not any(member.is_by_rule for member in cast):
        return []
    rows = [_row(member) for member in cast if member.voice]
    publish_bytes(folder / NAME, (HEAD + "".join(rows)).encode("utf-8", "replace"))
    return [folder / NAME]


def cast_row(speaker: str, value: object, n_lines: int, is_by_rule: bool) -> str:
    """A row of the file: a character, the voice (or a table with it), and how many lines."""
    lines = "1 line" if n_lines == 1 else f"{n_lines} lines"
    return f"{toml_literal(speaker)} = {toml_literal(value)}  # {lines}{', chosen by rule' if is_by_rule else ''}\n"


def _row(member: CastFacts) -> str:
    set_too = {key: value for key, value in (("gain_db", member.gain_db), ("pan", member.pan)) if value}
    value = {"voice": member.voice, **set_too} if set_too else member.voice
    return cast_row(member.speaker, value, member.n_lines, member.is_by_rule)
