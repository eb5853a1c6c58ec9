"""`cast.toml`: who spoke with which voice, to be copied where the rule chose, and given back with `--cast`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from vssflow_post.deliver.report.facts import CastFacts
from vssflow_post.settings.files import toml_literal
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
    set_too = {key: value for key, value in (("gain_db", member.gain_db), ("pan", member.pan)) if value}
    value = toml_literal({"voice": member.voice, **set_too} if set_too else member.voice)
    lines = "1 line" if member.n_lines == 1 else f"{member.n_lines} lines"
    return f"{toml_literal(member.speaker)} = {value}  # {lines}{', chosen by rule' if member.is_by_rule else ''}\n"
