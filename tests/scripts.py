"""Scripts as files, read."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from vssflow_post.cues.script import Script, read_script
from vssflow_post.errors import ScriptError

FILM_25 = Fraction(25)


def script_of(
    folder: Path, name: str, content: str | bytes, rate: Fraction = FILM_25, start: str | None = None
) -> Script:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_script(path, rate, start)


def said(script: Script) -> list[tuple[float, float, str]]:
    """(start, end, text) of each line, in seconds."""
    return [(round(line.span.start_s, 3), round(line.span.end_s, 3), line.text) for line in script.lines]


def refusal(folder: Path, name: str, content: str | bytes, rate: Fraction = FILM_25) -> str:
    """What is said of a script that cannot be read: one row, which begins with its name."""
    with pytest.raises(ScriptError) as caught:
        script_of(folder, name, content, rate)
    assert caught.value.full_verdict == "rejected:bad_script"
    sentence = str(caught.value)
    assert sentence.startswith(name)
    assert "\n" not in sentence
    return sentence
