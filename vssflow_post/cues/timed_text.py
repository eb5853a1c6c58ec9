"""What the readers of scripts give: timed texts, or word of the line of the file that is wrong."""

from __future__ import annotations

from dataclasses import dataclass

from vssflow_post.cues.times import ScriptTime


class MalformedLine(ValueError):
    """Says what is wrong, and in which line of the file (from 1; 0 where it is the file itself)."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(problem)
        self.line = line


@dataclass(frozen=True, slots=True)
class TimedText:
    """One text of a script, as the file has it."""

    start: ScriptTime
    end: ScriptTime
    text: str
    """With line breaks, and with WebVTT's tags."""
    speaker: str | None
    """From a column of its own (CSV), or from the Name field (ASS)."""
    line: int
    """Where it stands in the file, from 1."""
