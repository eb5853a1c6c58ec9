"""What the readers of scripts give: timed texts, or word of the line of the file that is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from vssflow_post.cues.times import ScriptTime
from vssflow_post.timeline import BOTTOM

NO_DURATION = "no duration, so it is not spoken; give it an end after its start"
MOST_LINES = 5
"""So many are named in one sentence."""
MOST_TOLD, MOST_FAULTS = 8, 1000
"""Faults that an error names, and that are looked for."""


class MalformedLine(ValueError):
    """Says what is wrong, and in which line of the file (from 1; 0 where it is the file itself)."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(problem)
        self.line = line


def more_than_told(faults: Sequence[str]) -> list[str]:
    """How many faults there are beyond those that an error names, where there are more."""
    n_more = len(faults) - MOST_TOLD
    return [f"and {n_more} more (`vssflow-post cues check` tells all)"] if n_more > 0 else []


@dataclass(slots=True)
class Remarks:
    """What a reader of a script tells of it beside its texts, by sentence with the lines that it holds for."""

    lost: dict[str, list[int]] = field(default_factory=dict)
    """What is left out although somebody may miss it."""
    noted: dict[str, list[int]] = field(default_factory=dict)
    """What is read otherwise than it stands, or rightly left out."""
    faults: list[MalformedLine] = field(default_factory=list)
    """What is wrong with single lines: the rest is read all the same, so that all of them are told."""

    def fail(self, fault: MalformedLine) -> None:
        """Notes what is wrong with a line. Raises it where so much is that nobody reads on."""
        if len(self.faults) >= MOST_FAULTS:
            raise MalformedLine(fault.line, f"{fault}; what is wrong after that was not looked for")
        self.faults.append(fault)

    def lose(self, line: int, sentence: str) -> None:
        self.lost.setdefault(sentence, []).append(line)

    def note(self, line: int, sentence: str) -> None:
        self.noted.setdefault(sentence, []).append(line)


def told(name: str, remarks: dict[str, list[int]]) -> tuple[str, ...]:
    """The remarks on the file `name` as sentences: `film.srt, lines 5, 9 and 3 more: ...`."""
    return tuple(f"{name}{_lines(lines)}: {sentence}." for sentence, lines in remarks.items())


def _lines(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:MOST_LINES]))
    more = f" and {len(numbers) - MOST_LINES} more" if len(numbers) > MOST_LINES else ""
    return "" if numbers == [0] else f", line{'s' if len(numbers) > 1 else ''} {shown}{more}"


@dataclass(frozen=True, slots=True)
class TimedText:
    """One text of a script, as the file has it."""

    start: ScriptTime
    end: ScriptTime
    text: str
    """With line breaks, and with its tags: of WebVTT and SubRip, or `{...}` of ASS."""
    speaker: str | None
    """From a column of its own (CSV), or from the Name field (ASS)."""
    line: int
    """Where it stands in the file, from 1."""
    not_speech: str = ""
    """What it is for all that the file says, as a remark: a sign, karaoke."""
    position: int = BOTTOM
    """Where it is shown, as the number keys lie (ASS): 2 is bottom centre, 8 top centre."""
    settings: str = ""
    """The cue settings of WebVTT."""

    @property
    def is_spoken(self) -> bool:
        return not self.not_speech
