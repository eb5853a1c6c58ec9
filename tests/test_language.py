"""Which language lines are in, and what becomes of those that no voice speaks."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vssflow_post.backend import CueRequest, GenerationSettings
from vssflow_post.cues.language import languages_of, with_languages
from vssflow_post.timeline import Cue, CueSheet, Span

SENTENCES = Path(__file__).parent.parent / "backends/vssflow_dit/evaluation/sentences.txt"


@pytest.mark.parametrize(
    ("lines", "languages"),
    [
        (["Guten Tag, mein Herr.", "Nein!", "Das Wetter ist heute sehr schlecht.", "Ja."], ["de", "de", "de", "de"]),
        (["Hello.", "No!", "Come here, Anna.", "Signor Rossi!"], ["", "", "", ""]),
        (["What are you doing?", "O\u00f9 est la gare, s'il vous pla\u00eet?", "Die!"], ["en", "fr", ""]),
        (["Das Wetter ist heute sehr schlecht.", "What are you doing?", "Ja."], ["de", "en", ""]),
        (["\u00bfD\u00f3nde est\u00e1 la biblioteca de la universidad?"], ["es"]),
        (["...", "42"], ["", ""]),
        ([], []),
    ],
)
def test_lines_and_their_languages(lines: list[str], languages: list[str]) -> None:
    assert languages_of(lines) == languages


def test_english_is_never_taken_for_another_language() -> None:
    lines = SENTENCES.read_text("utf-8").splitlines()
    for n in range(1, 8):  # however short, alone or in a script
        parts = [" ".join(line.split()[:n]) for line in lines]
        assert {*languages_of(parts), *(languages_of([part])[0] for part in parts)} <= {"", "en"}


@given(st.lists(st.text(max_size=40), max_size=5))
def test_every_text_has_an_answer(lines: list[str]) -> None:
    assert len(languages_of(lines)) == len(lines)


def test_what_a_line_says_of_itself_stays() -> None:
    said = Cue("d1", 0, "speech", Span(0, 9), text="Das Wetter ist heute sehr schlecht.", language="en")
    found = with_languages(CueSheet((), (said, Cue("s1", 0, "sound", Span(0, 9), sound="rain"))))
    assert [cue.language for cue in found.cues] == ["en", ""]


def test_a_line_that_no_voice_speaks_is_silent_and_told() -> None:
    from vssflow_cpu.engine import open_engine

    engine = open_engine(GenerationSettings(steps=1))
    german = CueRequest("d1", "speech", Span(0, 48_000), 1, "Guten Tag.", language="de")
    (take,) = engine.render([german])
    assert not take.audio.samples.any()
    assert "de" in "".join(take.notes)
    assert engine.refuses(german)
    assert not engine.refuses(CueRequest("d1", "speech", Span(0, 48_000), 1, "Good day.", language="en"))
