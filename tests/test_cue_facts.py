"""What the report states of cues and scenes: what became of each."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from vssflow_post.analysis.picture import Analysis
from vssflow_post.generate.history import AskedCue
from vssflow_post.generate.renderer import CueTake
from vssflow_post.generate.take_store import StoredTake
from vssflow_post.render.facts import cue_facts, thumbnails_of
from vssflow_post.timeline import Cue, Scene, Span


def test_a_cue_that_the_weights_are_not_asked_for_is_silent_and_one_that_is_asked_for_otherwise_is_stood_in_for() -> (
    None
):
    known, near, far, line = (
        Cue(name, 0, kind, Span(0, 48_000), sound=sound)
        for name, kind, sound in (
            ("a", "sound", "door"),
            ("b", "sound", "gunshot"),
            ("c", "sound", "dog"),
            ("d", "speech", ""),
        )
    )
    audio = StoredTake(Path("take"), "take", 48_000, 1, 48_000)
    made = {name: CueTake(AskedCue(name, "sound", "", {}), audio, 1.0, "first time") for name in "ab"}
    found = cue_facts([known, near, far, line], [known, replace(near, sound="explosion"), line], made)
    assert [(facts.stand_in, facts.is_silent) for facts in found] == [
        ("", False), ("explosion", False), ("", True), ("", False),
    ]  # fmt: skip


def test_scenes_of_an_edited_sheet_have_the_pictures_of_their_time() -> None:
    def scenes(*edges: int) -> tuple[Scene, ...]:
        return tuple(Scene(k, Span(start, end)) for k, (start, end) in enumerate(pairwise(edges)))

    analysis = Analysis(scenes(0, 10, 20, 30), (), {}, ((b"a",), (b"x", b"b", b"y"), (b"c",)))
    assert thumbnails_of(analysis.scenes, analysis) == (b"a", b"b", b"c")
    assert thumbnails_of(scenes(0, 18, 30), analysis) == (b"a", b"c")
    assert thumbnails_of(scenes(0, 3, 30), analysis) == (b"a", b"b")
