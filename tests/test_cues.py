"""Spotting tiles the film and loses no line; a cue sheet comes back as it was written and edited."""

from __future__ import annotations

import json
import re
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import accumulate, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vssflow_post.cues.direction import direction_of
from vssflow_post.cues.script import read_script
from vssflow_post.cues.sheet import checked_cue_sheet, cue_seed, read_cue_sheet, write_cue_sheet
from vssflow_post.cues.spotting import SHORTEST_SOUND, spot, unspoken
from vssflow_post.errors import ScriptError
from vssflow_post.settings.preset import CueSettings
from vssflow_post.timeline import CLOCK_HZ, Cue, CueSheet, Scene, Span, SpeakingSegment

if TYPE_CHECKING:
    from vssflow_post.media import Film

DAY = 24 * 3600 * CLOCK_HZ


@dataclass(frozen=True)
class Reel:
    """What the cue sheet needs to know of a film."""

    duration: Span
    frame_rate: Fraction = Fraction(24)
    variable_rate: bool = False
    path: Path = Path("/films/film.mp4")
    start_timecode: str | None = "01:00:00:00"
    start_sample: int = 3600 * CLOCK_HZ

    @property
    def label_rate(self) -> Fraction:
        return self.frame_rate


def film_of(n_samples: int, **facts: Any) -> Film:
    return cast("Film", Reel(Span(0, n_samples), **facts))


TEN_S = film_of(10 * CLOCK_HZ)


def scenes_at(film: Film, *cuts_s: float) -> tuple[Scene, ...]:
    edges = [0, *(round(cut * CLOCK_HZ) for cut in cuts_s), film.duration.end]
    return tuple(Scene(k, Span(a, b)) for k, (a, b) in enumerate(pairwise(edges)))


def said(start_s: float, end_s: float, text: str = "Hello", origin: str = "script") -> SpeakingSegment:
    return SpeakingSegment(Span.of_seconds(start_s, end_s), origin, text, "ANNA")


def spotted(
    *segments: SpeakingSegment, cuts_s: Sequence[float] = (), film: Film = TEN_S, under: bool = True, sound: str = ""
) -> CueSheet:
    return spot(film, scenes_at(film, *cuts_s), segments, CueSettings(under, sound), 7)


def times(sheet: CueSheet) -> list[tuple[str, float, float]]:
    return [(cue.id, cue.span.start_s, cue.span.end_s) for cue in sheet.cues]


def assert_tiles(sheet: CueSheet, film: Film, under: bool) -> None:
    """Sounds lie end to end under and beside speech; where none lie under it, speech and they do, but for slivers: of a
    gap that a cut parts each piece may be one."""
    spoken = [cue.span for cue in sheet.cues if cue.kind == "speech"]
    sounds = sorted(cue.span for cue in sheet.cues if cue.kind == "sound")
    assert all(span.n_samples > 0 for span in [*spoken, *sounds])
    assert all(before.end <= after.start for before, after in pairwise(sounds))
    tiles = sounds if under else sorted([*spoken, *sounds])
    starts, ends = [*(span.start for span in tiles), film.duration.end], [0, *accumulate((s.end for s in tiles), max)]
    for start, end in zip(starts, ends, strict=True):
        inner = [scene.span.start for scene in sheet.scenes if end < scene.span.start < start]
        pieces = [after - before for before, after in pairwise([end, *inner, max(start, end)])]
        assert max(pieces) < (1 if under else SHORTEST_SOUND)
    if not under:
        assert not [span for span in sounds if any(span.overlaps(said) for said in spoken)]
    cuts = [scene.span.start for scene in sheet.scenes]
    beside = [span for span in sounds if not any(span.overlaps(said) for said in spoken)]
    assert not [span for span in beside if bisect_right(cuts, span.start) != bisect_left(cuts, span.end)]


def test_scenes_become_sound_cues() -> None:
    sheet = spotted(cuts_s=(4.0,), sound="rain")
    assert times(sheet) == [("s0001", 0, 4), ("s0002", 4, 10)]
    assert [(cue.kind, cue.scene, cue.sound, cue.origin) for cue in sheet.cues] == [
        ("sound", 0, "rain", "preset"),
        ("sound", 1, "rain", "preset"),
    ]


def test_a_line_parts_the_sounds_and_may_run_over_a_cut() -> None:
    sheet = spotted(said(3, 5), cuts_s=(4.0,))
    assert times(sheet) == [("s0001", 0, 3), ("d0001", 3, 5), ("s0002", 3, 5), ("s0003", 5, 10)]
    assert [cue.scene for cue in sheet.cues] == [0, 0, 0, 1]
    line = sheet.cues[1]
    assert (line.kind, line.text, line.speaker, line.voice, line.origin) == ("speech", "Hello", "ANNA", None, "script")


def test_without_effects_under_speech_a_line_is_alone() -> None:
    assert times(spotted(said(3, 5), under=False)) == [("s0001", 0, 3), ("d0001", 3, 5), ("s0002", 5, 10)]


def test_gaps_too_short_for_a_sound_have_none_and_leave_the_lines_alone() -> None:
    sheet = spotted(said(0.05, 1), said(1.06, 2), said(4.04, 4.97), cuts_s=(4.0, 5.0), under=False)
    assert times(sheet) == [
        ("d0001", 0.05, 1),
        ("d0002", 1.06, 2),
        ("s0001", 2, 4),
        ("d0003", 4.04, 4.97),
        ("s0002", 5, 10),
    ]


def test_a_long_shot_gets_several_sound_cues_of_equal_length() -> None:
    film = film_of(151 * CLOCK_HZ)
    spans = [cue.span for cue in spotted(film=film).cues]
    assert [span.start for span in spans[1:]] == [span.end for span in spans[:-1]]
    assert (spans[0].start, spans[-1].end) == (0, film.duration.end)
    assert all(abs(span.n_samples - film.duration.end / 3) <= 1 for span in spans)


def test_a_short_scene_keeps_its_sound() -> None:
    sheet = spotted(said(3, 3.98), cuts_s=(4.0, 4.04), under=False)
    assert times(sheet) == [("s0001", 0, 3), ("d0001", 3, 3.98), ("s0002", 4, 4.04), ("s0003", 4.04, 10)]


def test_seeds_belong_to_the_cue_and_not_to_its_place() -> None:
    before = {cue.span: cue for cue in spotted(said(7, 8)).cues if cue.kind == "speech"}
    after = {cue.span: cue for cue in spotted(said(1, 2), said(7, 8)).cues if cue.kind == "speech"}
    span = Span.of_seconds(7, 8)
    assert before[span].id != after[span].id
    assert before[span].seed == after[span].seed
    other = cue_seed(7, "speech", span, "Other")
    seeds = {before[span].seed, other, cue_seed(8, "speech", span, "Hello"), cue_seed(7, "sound", span, "Hello")}
    assert len(seeds) == 4
    assert all(0 <= seed < 2**31 for seed in seeds)


def test_lips_without_words_are_said() -> None:
    sheet = spotted(said(1, 2, "", "lips"), said(3, 4, "", "silero"), said(5, 6, "Hi", "lips"))
    [sentence] = unspoken(sheet)
    assert "d0001 at 1.0 s" in sentence
    assert "d0002" not in sentence
    assert unspoken(spotted(said(1, 2))) == ()


@pytest.mark.parametrize("n_samples", [0, 1, 47, 1920, 2000, DAY])
def test_films_of_every_length(n_samples: int) -> None:
    film = film_of(n_samples)
    for segments in ((), (said(0, 100_000, ""),), (said(0, 1), said(0, 1, "Ho"), said(0, 1, "Hum"))):
        sheet = spot(film, (), segments, CueSettings(), 0)
        assert_tiles(sheet, film, under=True)
        spoken = " ".join(cue.text for cue in sheet.cues if cue.kind == "speech")
        assert n_samples == 0 or all(segment.text in spoken for segment in segments)


@pytest.mark.slow
def test_a_day_of_dialogue_is_spotted_at_once() -> None:
    film = film_of(DAY)
    cuts = [5.0 * k for k in range(1, 17_280)]
    segments = [said(4.0 * k, 4.0 * k + 4.5, f"line {k}") for k in range(21_000)]
    sheet = spot(film, scenes_at(film, *cuts), segments, CueSettings(), 0)
    assert_tiles(sheet, film, under=True)
    assert len({cue.id for cue in sheet.cues}) == len(sheet.cues)


samples = st.integers(0, 20 * CLOCK_HZ)
drawn_segments = st.lists(
    st.builds(
        lambda edges, text: SpeakingSegment(Span(*sorted(edges)), "script", text, None),
        st.tuples(samples, samples),
        st.sampled_from(["", "a", "Hello there", "x" * 200]),
    ),
    max_size=8,
)


@settings(deadline=None)
@given(drawn_segments, st.sets(st.integers(1, 15 * CLOCK_HZ - 1), max_size=5), st.booleans())
def test_cues_always_tile_and_no_line_is_lost(segments: list[SpeakingSegment], cuts: set[int], under: bool) -> None:
    film = film_of(15 * CLOCK_HZ)
    edges = [0, *sorted(cuts), film.duration.end]
    scenes = [Scene(k, Span(a, b)) for k, (a, b) in enumerate(pairwise(edges))]
    sheet = spot(film, scenes, segments, CueSettings(under), 0)
    assert_tiles(sheet, film, under)
    inside = [each.text for each in segments if each.text and each.span.intersect(film.duration).n_samples]
    assert sorted(cue.text for cue in sheet.cues if cue.kind == "speech" and cue.text) == sorted(inside)


# --- the sheet as JSON ---


def edited(tmp_path: Path, change: Callable[[dict[str, Any]], object], film: Film = TEN_S) -> CueSheet:
    """The sheet of a film with a line at 3..5 s and a cut at 4 s, written, changed as JSON and read again."""
    path = tmp_path / "film.cues.json"
    write_cue_sheet(path, film, spot(film, scenes_at(film, 4.0), [said(3, 5)], CueSettings(), 7))
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(json.dumps(content), encoding="utf-8")
    return read_cue_sheet(path, film, 7)


def test_the_json_is_the_documented_one(tmp_path: Path) -> None:
    path = tmp_path / "film.cues.json"
    film = film_of(10 * CLOCK_HZ, frame_rate=Fraction(24000, 1001), path=Path("/films/a\udcff.mp4"))
    write_cue_sheet(path, film, spotted(said(3, 5, "Café"), film=film))
    text = path.read_text(encoding="utf-8")
    assert "Café" in text
    content = json.loads(text)
    assert content["version"] == 1
    assert content["film"] == {
        "path": "/films/a\udcff.mp4",
        "duration_s": 10.0,
        "frame_rate": "24000/1001",
        "start_timecode": "01:00:00:00",
    }
    assert content["scenes"] == [{"index": 0, "start_s": 0.0, "end_s": 10.0}]
    assert content["cues"][1] == {
        "id": "d0001",
        "scene": 0,
        "kind": "speech",
        "start_s": 3.0,
        "end_s": 5.0,
        "text": "Café",
        "speaker": "ANNA",
        "voice": None,
        "sound": "",
        "origin": "script",
        "gain_db": 0.0,
        "seed": cue_seed(7, "speech", Span.of_seconds(3, 5), "Café"),
    }
    assert read_cue_sheet(path, film).cues[1].text == "Café"


@settings(deadline=None)
@given(
    drawn_segments,
    st.integers(1, DAY),
    st.sampled_from([Fraction(24), Fraction(30000, 1001), Fraction(2_147_483_647, 71_582_788)]),
)
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, segments: list[SpeakingSegment], n_samples: int, rate: Fraction
) -> None:
    film = film_of(n_samples, frame_rate=rate)
    half = n_samples // 2
    scenes = [Scene(0, Span(0, half)), Scene(1, Span(half, n_samples))] if half else [Scene(0, Span(0, n_samples))]
    shifted = [replace(each, span=Span(each.span.start + half, each.span.end + half)) for each in segments]
    sheet = spot(film, scenes, [*segments, *shifted], CueSettings(), 3)
    path = tmp_path_factory.getbasetemp() / "film.cues.json"
    write_cue_sheet(path, film, sheet)
    assert read_cue_sheet(path, film) == sheet


def test_the_sheet_of_a_day_of_film_can_be_read(tmp_path: Path) -> None:
    film = film_of(DAY)
    segments = [said(8.0 * k, 8.0 * k + 3, "A line of dialogue of the usual length") for k in range(10_800)]
    sheet = spot(film, scenes_at(film, *(9.0 * k for k in range(1, 9_600))), segments, CueSettings(), 3)
    path = tmp_path / "film.cues.json"
    write_cue_sheet(path, film, sheet)
    assert read_cue_sheet(path, film) == sheet


def test_a_sheet_of_long_captions_is_read_again(tmp_path: Path) -> None:
    (tmp_path / "film.srt").write_text(
        f"1\n00:00:01,000 --> 00:00:02,000\n[door {'slams ' * 200}]\n\n"
        f"2\n00:00:03,000 --> 00:00:04,000\n{'(whispering) ' * 60}Come in.\n"
    )
    script = read_script(tmp_path / "film.srt", TEN_S.frame_rate)
    segments = [SpeakingSegment(line.span, "script", line.text, direction=line.direction) for line in script.lines]
    asked = direction_of(script.captions, scenes_at(TEN_S)).sounds
    sheet = spot(TEN_S, scenes_at(TEN_S), segments, CueSettings(), 0, asked=asked)
    write_cue_sheet(tmp_path / "film.cues.json", TEN_S, sheet)
    assert read_cue_sheet(tmp_path / "film.cues.json", TEN_S) == sheet
    assert max(len(cue.sound) for cue in sheet.cues) == max(len(cue.direction) for cue in sheet.cues) == 500


def test_all_faults_of_a_large_sheet_are_told_at_once(tmp_path: Path) -> None:
    film, path = film_of(1000 * CLOCK_HZ), tmp_path / "film.cues.json"
    cues = tuple(
        Cue(f"d{k}", 0, "speech", Span(k * CLOCK_HZ, (k + 1) * CLOCK_HZ), "Hello", voice="nobody") for k in range(1000)
    )
    write_cue_sheet(path, film, CueSheet(scenes_at(film), cues))
    before = time.process_time()
    sheet, faults = checked_cue_sheet(path, film, voices=["alto"])
    assert time.process_time() - before < 3.0
    assert sheet is None
    lines = path.read_text().splitlines()
    assert [f'"d{k}"' in lines[int(re.findall(r"line (\d+)", told)[0]) - 1] for k, told in enumerate(faults)] == [
        True
    ] * 1000


def test_every_field_of_a_cue_can_be_edited(tmp_path: Path) -> None:
    change = {
        "id": "anna.1",
        "scene": 1,
        "start_s": 2.5,
        "end_s": 5.25,
        "text": "Good morning",
        "speaker": "BOB",
        "voice": "rms",
        "origin": "user",
        "gain_db": -3.5,
        "seed": 12,
    }

    def edit(content: dict[str, Any]) -> None:
        content["cues"][0]["end_s"] = 2.5
        content["cues"][1].update(change)

    sheet = edited(tmp_path, edit)
    span = Span.of_seconds(2.5, 5.25)
    expected = Cue("anna.1", 1, "speech", span, "Good morning", "BOB", "rms", "", "user", -3.5, 12)
    assert expected in sheet.cues


def test_left_out_fields_have_defaults(tmp_path: Path) -> None:
    def edit(content: dict[str, Any]) -> None:
        content["cues"] = [{"id": "a", "kind": "sound", "start_s": 6, "end_s": 7.5, "sound": "wood", "voice": None}]

    span = Span.of_seconds(6, 7.5)
    seed = cue_seed(7, "sound", span, "")
    assert edited(tmp_path, edit).cues == (Cue("a", 1, "sound", span, sound="wood", origin="user", seed=seed),)


def test_a_cue_taken_out_leaves_silence(tmp_path: Path) -> None:
    sheet = edited(tmp_path, lambda content: content["cues"].pop(2))
    assert times(sheet) == [("s0001", 0, 3), ("d0001", 3, 5), ("s0003", 5, 10)]
    assert edited(tmp_path, lambda content: content["cues"].clear()).cues == ()


def test_cues_may_stand_in_any_order(tmp_path: Path) -> None:
    sheet = edited(tmp_path, lambda content: content["cues"].reverse())
    assert [cue.span.start_s for cue in sheet.cues] == [0, 3, 3, 5]


def test_times_rounded_by_hand_do_not_collide(tmp_path: Path) -> None:
    def edit(content: dict[str, Any]) -> None:
        content["cues"][0]["end_s"] = 3.0004
        content["cues"][3]["end_s"] = 10.0005

    sheet = edited(tmp_path, edit)
    assert (sheet.cues[0].span.end_s, sheet.cues[-1].span.end_s) == (3.0, 10.0)


def test_lines_may_overlap_and_sounds_of_one_layer_may_not(tmp_path: Path) -> None:
    def edit(content: dict[str, Any]) -> None:
        line = content["cues"][1]
        content["cues"] += [{**line, "id": "d2", "start_s": 3.5, "end_s": 4.5}, {**line, "id": "d3", "speaker": "TOM"}]

    lines = [cue for cue in edited(tmp_path, edit).cues if cue.kind == "speech"]
    assert [(cue.id, cue.span.start_s, cue.span.end_s) for cue in lines] == [
        ("d0001", 3.0, 5.0), ("d3", 3.0, 5.0), ("d2", 3.5, 4.5),
    ]  # fmt: skip


def set_in_cue(k: int, key: str, value: object) -> Callable[[dict[str, Any]], object]:
    return lambda content: content["cues"][k].__setitem__(key, value)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (set_in_cue(1, "sond", "x"), 'cues[1] (d0001): unknown key "sond"'),
        (set_in_cue(1, "start_s", "3"), "cues[1] (d0001): 'start_s' must be a number, not \"3\""),
        (set_in_cue(1, "start_s", True), "cues[1] (d0001): 'start_s' must be a number, not true"),
        (set_in_cue(1, "start_s", None), "cues[1] (d0001): 'start_s' must be a number, not null"),
        (set_in_cue(1, "start_s", float("nan")), "holds NaN"),
        (set_in_cue(1, "start_s", -1), "cues[1] (d0001): 'start_s' must lie between 0 and"),
        (set_in_cue(1, "start_s", 6), "cues[1] (d0001): 'end_s' must lie after 'start_s'"),
        (set_in_cue(3, "end_s", 10.1), "cues[3] (s0003): 'end_s' lies after the end of the film, 10.000000 s"),
        (set_in_cue(1, "end_s", 3.0), "cues[1] (d0001): 'end_s' must lie after 'start_s'"),
        (set_in_cue(0, "end_s", 3.5), "cues s0001 and s0002 overlap: s0001 ends at 3.500000 s, s0002 starts at 3.0"),
        (set_in_cue(3, "start_s", 3.0), "cues s0002 and s0003 overlap"),
        (set_in_cue(1, "id", "s0001"), "the id 's0001' is there twice"),
        (set_in_cue(1, "id", "../x"), "'id' must be letters"),
        (set_in_cue(1, "kind", "song"), '\'kind\' must be "speech", "sound" or "music", not "song"'),
        (set_in_cue(1, "scene", 2), "'scene' must lie between 0 and 1"),
        (set_in_cue(1, "sound", "rain"), "'sound' has no meaning for a speech cue"),
        (set_in_cue(0, "text", "Hi"), "cues[0] (s0001): 'text' has no meaning for a sound cue"),
        (set_in_cue(1, "text", 5), "'text' must be a text, not 5"),
        (set_in_cue(1, "text", "a\x1b[31m"), "'text' holds the control character U+001B"),
        (set_in_cue(1, "text", "\ud800"), "'text' holds the control character U+D800"),
        (set_in_cue(1, "text", "x" * 3000), "'text' has more than 2000 characters"),
        (set_in_cue(1, "gain_db", 99), "'gain_db' must lie between"),
        (set_in_cue(1, "seed", 1.5), "'seed' must be a whole number, not 1.5"),
        (set_in_cue(1, "seed", 2**31), "'seed' must lie between"),
        (lambda content: content["cues"][1].pop("kind"), "cues[1] (d0001): key 'kind' is missing"),
        (lambda content: content["cues"].append(3), "cues[4] must be an object, not 3"),
        (lambda content: content.update(cues={}), "the cue sheet: 'cues' must be a list"),
        (lambda content: content.update(version=2), "'version' must lie between 1 and 1, not 2"),
        (lambda content: content.pop("scenes"), "the cue sheet: key 'scenes' is missing"),
        (lambda content: content.update(note=""), 'the cue sheet: unknown key "note"'),
        (
            lambda content: content["film"].update(duration_s=11),
            "was made for a film of 11.000 s, and this one has 10.000 s",
        ),
        (lambda content: content["film"].update(frame_rate="25/1"), "25/1 frames per second, and this one has 24"),
        (lambda content: content["film"].update(frame_rate="1/0"), "film: 'frame_rate' must look like 24000/1001"),
        (lambda content: content["scenes"][1].update(start_s=4.5), "scenes[1]: 'start_s' must be 4.000000"),
        (lambda content: content["scenes"].pop(), "scenes: must reach the end of the film, 10.000000 s"),
        (lambda content: content["scenes"].reverse(), "scenes[0]: 'index' must be 0"),
    ],
)
def test_each_fault_is_one_sentence(tmp_path: Path, change: Callable[[dict[str, Any]], object], sentence: str) -> None:
    with pytest.raises(ScriptError) as caught:
        edited(tmp_path, change)
    assert caught.value.full_verdict == "rejected:bad_cues"
    assert re.match(r"film\.cues\.json(, line \d+)?: ", str(caught.value))
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "line 1: is not JSON"),
        (b'{"version": 1,\n "film": ', "line 2: is not JSON"),
        (b"\xff\xfe\x00", "is not UTF-8"),
        (b"[" * 100_000, "is nested too deeply"),
        (b"[1]", "the cue sheet must be an object, not [1]"),
        (b'{"version": 1, "version": 1}', 'key "version" is there twice'),
        (b'{"version": ' + b"9" * 5000 + b"}", "is not JSON"),
        (b" " * (276 * 1024 + 1), "is larger than 276 KB"),
    ],
)
def test_a_file_that_is_no_cue_sheet(tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "film.cues.json"
    path.write_bytes(content)
    with pytest.raises(ScriptError) as caught:
        read_cue_sheet(path, TEN_S)
    assert sentence in str(caught.value)


def test_no_file_and_no_regular_file(tmp_path: Path) -> None:
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(ScriptError, match="is not a file"):
            read_cue_sheet(path, TEN_S)


@settings(max_examples=25, deadline=None)
@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda inner: st.lists(inner, max_size=3)))
def test_any_value_in_any_key_gives_a_sheet_or_one_sentence(
    tmp_path_factory: pytest.TempPathFactory, value: object
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.cues.json"
    write_cue_sheet(path, TEN_S, spotted(said(3, 5)))
    whole = json.loads(path.read_text(encoding="utf-8"))
    sentences = []
    for part, keys in ((whole, whole), (whole["film"], whole["film"]), (whole["cues"][1], whole["cues"][1])):
        for key in list(keys):
            before, part[key] = part[key], value
            path.write_text(json.dumps(whole), encoding="utf-8")
            try:
                read_cue_sheet(path, TEN_S)
            except ScriptError as error:
                sentences.append(str(error))
            part[key] = before
    assert all(re.match(r"any\.cues\.json(, line \d+)?: ", sentence) for sentence in sentences)


def test_a_sheet_of_a_film_of_varying_rate_is_read_whatever_its_rate_was_called(tmp_path: Path) -> None:
    film = film_of(10 * CLOCK_HZ, frame_rate=Fraction(30), variable_rate=True)
    path = tmp_path / "film.cues.json"
    write_cue_sheet(path, film, spotted(said(1, 2), film=film))
    path.write_text(path.read_text().replace('"30/1"', '"44000/2011"'))
    assert [cue.text for cue in read_cue_sheet(path, film).cues if cue.kind == "speech"] == ["Hello"]
