"""Lines that overlap keep their starts; two people speak at once, and what gives way is told with how much."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vssflow_post.cues.overlaps import gave_way, placed, spoken_together
from vssflow_post.timeline import CLOCK_HZ, Cue, Span, SpeakingSegment

FILM = Span(0, 30 * CLOCK_HZ)


def said(start_s: float, end_s: float, text: str = "Hello", speaker: str | None = None) -> SpeakingSegment:
    return SpeakingSegment(Span.of_seconds(start_s, end_s), "script" if text else "lips", text, speaker)


def spans(*segments: SpeakingSegment) -> list[tuple[float, float]]:
    return [(one.span.start_s, one.span.end_s) for one in placed(segments, FILM)]


@pytest.mark.parametrize(
    ("segments", "expected"),
    [
        # Two people, or one with a name and one without: both keep all of their time.
        ([said(1, 6, "The market was full.", "ANNA"), said(3, 5, "Come in.", "TOM")], [(1, 6), (3, 5)]),
        ([said(1, 6, "The market was full.", "ANNA"), said(3, 5, "Come in.")], [(1, 6), (3, 5)]),
        ([said(1, 3, speaker="ANNA"), said(1, 3, speaker="TOM"), said(1, 3, speaker="EVA")], [(1, 3)] * 3),
        # One voice: who spoke first is done when the next line starts.
        ([said(1, 3), said(2, 4)], [(1, 2), (2, 4)]),
        ([said(1, 3, speaker="ANNA"), said(2, 4, speaker="ANNA")], [(1, 2), (2, 4)]),
        ([said(0, 28, "Thank you."), said(2, 4), said(6, 8), said(20, 22)], [(0, 2), (2, 4), (6, 8), (20, 22)]),
        # What its words need is never taken from it: then it lies over the next one.
        ([said(1, 6, "x" * 38), said(1.5, 3)], [(1, 3), (1.5, 3)]),
        # Lines that start together: one after the other.
        ([said(1, 3, "aa"), said(1, 3, "aa")], [(1, 2), (2, 3)]),
        ([said(0, 28, "Thank you."), said(0, 2), said(6, 8)], [(0, 2), (2, 6), (6, 8)]),
        ([said(1, 1.1, "aa"), said(1, 1.1, "aa")], [(1, 1.1), (1, 1.1)]),
        # Without words: the film's own sound is heard once.
        ([said(1, 3, ""), said(1.5, 2, "")], [(1, 3)]),
        ([said(1, 3, ""), said(2, 4, "")], [(1, 2), (2, 4)]),
        ([said(1, 3, ""), said(2, 2.5)], [(1, 2), (2, 2.5)]),
        ([said(1, 3, ""), said(0, 5)], [(0, 5)]),
        # The film's end, and lines in no order.
        ([said(28, 40), said(29, 31)], [(28, 29), (29, 30)]),
        ([said(3, 4), said(1, 2)], [(1, 2), (3, 4)]),
    ],
)
def test_where_lines_lie(segments: list[SpeakingSegment], expected: list[tuple[float, float]]) -> None:
    assert spans(*segments) == [pytest.approx(pair, abs=0.011) for pair in expected]


def test_who_speaks_at_once_is_told_by_cue_and_time() -> None:
    def line(identity: str, start_s: float, end_s: float, speaker: str | None, text: str = "Hello.") -> Cue:
        return Cue(identity, 0, "speech", Span.of_seconds(start_s, end_s), text, speaker)

    together = [line("d1", 1, 4, "ANNA"), line("d2", 3, 5, "TOM"), line("d3", 4.95, 6, "ANNA"), line("d4", 9, 10, None)]
    (sentence,) = spoken_together(together)
    assert "d1 (ANNA) and d2 (TOM) from 3.0 s for 1.0 s." in sentence, "a breath of overlap is worth no word"
    assert spoken_together(together[2:]) == ()
    assert spoken_together([line("d1", 1, 4, "ANNA"), line("d2", 3, 5, "TOM", "")]) == (), "nobody says it"
    assert "d1 (ANNA) and d4 (nobody named)" in spoken_together([together[0], line("d4", 2, 3, None)])[0]
    crowd = [line(f"d{k}", 1, 4, f"P{k}") for k in range(9)]
    assert "and 31 more" in spoken_together(crowd)[0]


def test_what_gives_way_is_told_by_cue_time_and_how_much() -> None:
    lines = [said(0, 28, "Thank you."), said(0, 2), said(6, 8), said(6.95, 9), said(12, 14.05), said(14, 15)]
    (sentence,) = gave_way(lines, FILM)
    assert "d0002 at 0.0 s starts 2.0 s later and ends 22.0 s earlier; d0003 at 6.0 s ends 1.1 s earlier" in sentence
    assert "d0005" not in sentence, "what overlaps by 50 ms is not worth a word"
    assert "ANNA: ..." in sentence
    assert gave_way([said(1, 6, "Hello", "ANNA"), said(3, 5, "Hello", "TOM"), said(7, 8)], FILM) == ()


def test_one_voice_that_says_two_things_at_once_is_told() -> None:
    (sentence,) = gave_way(
        [said(11, 12, "One two three four five six.", "ANNA"), said(11.2, 12.4, "Ho.", "ANNA")], FILM
    )
    assert "d0001 at 11.0 s goes on for 0.8 s under the next" in sentence
    (sentence,) = gave_way([said(1, 6, "x" * 38), said(1.5, 3)], FILM)
    assert "d0001 at 1.0 s ends 3.0 s earlier and goes on for 1.5 s under the next" in sentence
    assert gave_way([said(11, 12, "One two three four five six.", "ANNA"), said(11.2, 12.4, "Ho.", "TOM")], FILM) == ()


samples = st.integers(0, 12 * CLOCK_HZ)
drawn = st.lists(
    st.builds(
        lambda edges, text, speaker: SpeakingSegment(Span(*sorted(edges)), "script", text, speaker),
        st.tuples(samples, samples),
        st.sampled_from(["a", "Hello there", "x" * 200]),
        st.sampled_from(["ANNA", "TOM", None]),
    ),
    max_size=9,
)


@settings(deadline=None)
@given(drawn)
def test_no_line_is_lost_and_only_lines_that_start_together_move(segments: Sequence[SpeakingSegment]) -> None:
    found = placed(segments, FILM)
    inside = [each for each in segments if each.span.n_samples]
    assert sorted(one.segment.text for one in found) == sorted(each.text for each in inside)
    assert all(before.span <= after.span for before, after in pairwise(found))
    for one in found:
        assert one.was.start <= one.span.start < one.span.end
        assert one.span.end <= max(other.was.end for other in found if other.segment.speaker == one.segment.speaker)
        if one.span.start != one.was.start:  # who waits does so for a line of the same speaker
            assert any(other is not one and other.segment.speaker == one.segment.speaker for other in found)
    for each in inside:
        rivals = [other for other in inside if other is not each and other.speaker == each.speaker]
        if not any(other.span.overlaps(each.span) for other in rivals):
            assert each in [one.segment for one in found]
