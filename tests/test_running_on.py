"""A line that is too long for its cue runs on into free time, and no further."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from vssflow_post.cues.running_on import with_room
from vssflow_post.timeline import CLOCK_HZ, Cue, CueSheet, Recording, Scene, Span

FILM = Span(0, 20 * CLOCK_HZ)


def line(name: str, start_s: float, end_s: float, text: str = "x" * 40, speaker: str | None = None) -> Cue:
    return Cue(name, 0, "speech", Span.of_seconds(start_s, end_s), text, speaker, seed=7)


def pace(text: str, voice: str | None) -> tuple[float, float]:
    """40 characters: 2 s when spoken fast, 3 s naturally."""
    return len(text) / 20, 3 * len(text) / 40


@pytest.mark.parametrize(
    ("cues", "ends_s"),
    [
        ([line("a", 2, 3.2), line("b", 8, 9)], [5, 11]),  # into free time, to its natural length
        ([line("a", 2, 3.2), line("b", 4, 9)], [4, 9]),  # to the next line, whoever speaks it
        ([line("a", 2, 3.2, speaker="ANNA"), line("b", 4, 9, "Hi.", "TOM")], [4, 9]),
        ([line("a", 2, 3.2), line("b", 3.2, 3.4, "Hi.")], [3.2, 3.4]),  # no free time
        ([line("a", 2, 3.2), line("b", 3, 6)], [5, 6]),  # somebody who speaks meanwhile is in nobody's way
        ([line("a", 2, 3.2), line("b", 4.4, 5, "")], [4.4, 5]),  # what is kept of the film's own is a line as well
        ([line("a", 18, 19)], [20]),  # to the film's end
        ([line("a", 2, 4), line("b", 5, 7.9)], [4, 7.9]),  # what fits stays, spoken fast or not
        ([replace(line("a", 2, 3.2), recording=Recording(Path("a.wav")))], [3.2]),  # a recording is as long as it is
        ([line("a", 2, 3.2), replace(line("b", 4, 6), is_muted=True)], [5, 6]),  # what is muted is in nobody's way
        ([replace(line("a", 17, 18.2), shift=CLOCK_HZ)], [19]),  # to the film's end where it is heard
    ],
)
def test_how_far_a_line_runs_on(cues: list[Cue], ends_s: list[float]) -> None:
    sheet = CueSheet((Scene(0, FILM),), (*cues, Cue("s", 0, "sound", FILM)))
    found = with_room(sheet, FILM, pace)
    assert [cue.span.end_s for cue in found.cues[:-1]] == ends_s
    assert [cue.span.start for cue in found.cues] == [cue.span.start for cue in sheet.cues]
    assert found.cues[-1] == sheet.cues[-1]
    assert with_room(found, FILM, pace) == found, "a sheet that is read back is the same"
    assert with_room(sheet, FILM, lambda text, voice: (0.0, 0.0)) == sheet, "where nobody can tell"
