"""Layers: what is seen is laid as a bed, what follows, and spots; sheets say so, and the weights are asked for it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_cues import film_of, said, scenes_at

from conftest import moving_thing
from vssflow_post.backend import Track
from vssflow_post.cues.seen import SeenSound
from vssflow_post.cues.sheet import read_cue_sheet, write_cue_sheet
from vssflow_post.cues.sound_table import shipped_table
from vssflow_post.cues.spotting import spot
from vssflow_post.deliver.timeline_otio import rows_of
from vssflow_post.errors import ScriptError
from vssflow_post.generate.requests import request_for
from vssflow_post.render.stand_ins import askable
from vssflow_post.settings.preset import CueSettings
from vssflow_post.timeline import CAPTION, CLOCK_HZ, LAYERS, Cue, CueSheet, Span

TABLE = shipped_table()
S = CLOCK_HZ


def seen(name: str, confidence: float = 0.5, thing: int | None = None) -> SeenSound:
    return SeenSound(name, TABLE.classes[name].kind, confidence, {f"a label of {name}": confidence}, thing)


def spotted(
    *sounds: Sequence[SeenSound], lines: Sequence[tuple[float, float]] = (), under: bool = True, prompt: str = ""
) -> CueSheet:
    """Scenes of ten seconds each."""
    film = film_of(10 * S * len(sounds))
    scenes = scenes_at(film, *(10.0 * k for k in range(1, len(sounds))))
    cues = CueSettings(effects_under_speech=under, sound=prompt)
    return spot(film, scenes, [said(*line) for line in lines], cues, 7, sounds, TABLE.classes)


def sounds_of(sheet: CueSheet) -> list[tuple[str, str, float, float]]:
    return [(c.layer, c.sound, c.span.start_s, c.span.end_s) for c in sheet.cues if c.kind == "sound"]


def test_a_bed_runs_from_cut_to_cut_under_all_lines() -> None:
    sheet = spotted([seen("rain")], [seen("fire")], lines=[(2, 4), (5, 7), (9, 11)])
    assert sounds_of(sheet) == [("bed", "rain", 0, 10), ("bed", "fire", 10, 20)]
    assert [cue.span.start_s for cue in sheet.cues if cue.kind == "speech"] == [2, 5, 9]


def test_layers_lie_over_each_other() -> None:
    sheet = spotted([seen("wind"), seen("car_engine", 0.9, 1), seen("gunshot", 0.3)], lines=[(2, 4)])
    assert sounds_of(sheet) == [("bed", "wind", 0, 10), ("follows", "car_engine", 0, 10), ("spot", "gunshot", 0, 10)]
    engine = next(cue for cue in sheet.cues if cue.sound == "car_engine")
    assert (engine.origin, engine.thing, engine.seen) == ("picture", 1, {"a label of car_engine": 0.9})
    assert engine.gain_db == TABLE.classes["car_engine"].level_db
    assert len({cue.seed for cue in sheet.cues}) == 4, "sounds of one span are different sounds"


def test_of_each_kind_the_surest_is_laid() -> None:
    sheet = spotted([seen("wind", 0.9), seen("rain", 0.4), seen("drum", 0.8), seen("gunshot", 0.5)])
    assert sounds_of(sheet) == [("bed", "wind", 0, 10), ("spot", "drum", 0, 10)]


def test_animals_call_now_and_then_over_what_moves() -> None:
    sheet = spotted([seen("dog"), seen("cat", 0.4)])
    calls = [sound for sound in sounds_of(sheet) if sound[0] == "spot"]
    assert calls
    assert all(end - start < 2 for _, _, start, end in calls)
    assert ("follows", "", 0, 10) in sounds_of(sheet), "what moves is heard all the same"
    assert ("follows", "drum", 0, 10) in sounds_of(spotted([seen("dog"), seen("drum", 0.4)]))


def test_thunder_rolls_when_lightning_strikes_and_animals_call_between() -> None:
    thunder = dataclasses.replace(seen("thunder", 0.9), at=(2 * S, 3 * S, 7 * S, 8 * S))
    spots = [sound for sound in sounds_of(spotted([thunder, seen("dog", 0.4)])) if sound[0] == "spot"]
    assert [(start, end) for _, name, start, end in spots if name == "thunder"] == [(2, 6), (7, 10)]
    lit, dark = (sounds_of(spotted([each])) for each in (thunder, dataclasses.replace(thunder, at=())))
    assert ("follows", "", 0, 10) not in lit, "the light on things is no motion of theirs"
    assert ("follows", "", 0, 10) in dark
    assert ("follows", "metal", 0, 10) in sounds_of(spotted([thunder], prompt="metal"))
    assert all(end <= 2 or (start >= 6 and end <= 7) for _, name, start, end in spots if name == "dog")


def test_a_motion_without_a_name_is_soft_beside_what_has_one() -> None:
    beside, alone = spotted([seen("dog")]), spotted([])
    (motion,) = [cue for cue in beside.cues if cue.layer == "follows"]
    assert motion.gain_db == TABLE.classes["cloth"].level_db
    assert {cue.gain_db for cue in alone.cues} == {0.0}


def test_a_scene_in_which_nothing_is_recognised_is_as_without() -> None:
    lines = [(12.0, 14.0)]
    assert sounds_of(spotted([], [], lines=lines)) == [
        ("follows", "", 0, 10), ("follows", "", 10, 12), ("follows", "", 12, 14), ("follows", "", 14, 20),
    ]  # fmt: skip
    assert ("follows", "", 0, 10) not in sounds_of(spotted([seen("rain")], [], lines=lines))


def test_a_line_over_a_cut_has_a_sound_under_it_where_none_runs_through() -> None:
    found = sounds_of(spotted([seen("rain")], [], lines=[(8, 13)]))
    assert found == [("bed", "rain", 0, 10), ("follows", "", 10, 13), ("follows", "", 13, 20)]


def test_nothing_lies_under_speech_where_that_is_asked_for() -> None:
    found = sounds_of(spotted([seen("rain"), seen("drum")], lines=[(0, 1), (4, 6)], under=False))
    assert found == [
        ("bed", "rain", 1, 4), ("spot", "drum", 1, 4), ("bed", "rain", 6, 10), ("spot", "drum", 6, 10),
    ]  # fmt: skip


def test_a_prompt_for_all_sounds_wins() -> None:
    lines = [(2, 4)]
    assert sounds_of(spotted([seen("dog")], lines=lines, prompt="wind in trees")) == [("bed", "wind in trees", 0, 10)]
    assert sounds_of(spotted([seen("dog")], lines=lines, prompt="metal")) == [
        ("follows", "metal", 0, 2), ("follows", "metal", 2, 4), ("follows", "metal", 4, 10),
    ]  # fmt: skip


names = st.lists(st.sampled_from(sorted(TABLE.classes)), max_size=6, unique=True)
scenes_seen = st.lists(names, min_size=1, max_size=5)
spoken = st.lists(st.tuples(st.floats(0, 49), st.floats(0.05, 9)), max_size=6)


@settings(deadline=None)
@given(scenes_seen, spoken, st.booleans(), st.booleans())
def test_within_a_layer_nothing_overlaps_and_sheets_come_back(
    tmp_path_factory: pytest.TempPathFactory,
    scenes: list[list[str]],
    lines: list[tuple[float, float]],
    under: bool,
    as_table: bool,
) -> None:
    claims = [
        [seen(name, round(0.9 - 0.1 * k, 1), k % 3 if k else None) for k, name in enumerate(found)] for found in scenes
    ]
    within = [(start, min(start + long, 10.0 * len(scenes))) for start, long in lines if start < 10 * len(scenes)]
    sheet = spotted(*claims, lines=within, under=under)
    for layer in LAYERS:
        spans = [cue.span for cue in sheet.cues if cue.kind == "sound" and cue.layer == layer]
        assert all(one.end <= other.start for one, other in pairwise(spans))
    for cue in sheet.cues:
        if cue.kind == "sound":
            assert any(scene.span.intersect(cue.span) == cue.span for scene in sheet.scenes) or cue.sound == ""
    film = film_of(sheet.scenes[-1].span.end)
    path = tmp_path_factory.getbasetemp() / ("layers.csv" if as_table else "layers.json")
    write_cue_sheet(path, film, sheet)
    again = read_cue_sheet(path, film)
    if not as_table:
        assert again == sheet
    for was, now in zip(sheet.cues, again.cues, strict=True):  # a table rounds times to the film's frames
        assert dataclasses.replace(now, span=was.span) == was


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        ('"layer": "bed"', "'layer' must be bed, follows, spot or nothing, not \"beds\""),
        ('"thing": 1', "'thing' must lie between 0 and 2, not 3"),
        ('"a label of wind": 0.5', "'a label of wind' must lie between 0 and 1, not 7"),
    ],
)
def test_what_is_wrong_with_a_layer_is_told(tmp_path: Path, edit: str, sentence: str) -> None:
    wrong = {
        '"layer": "bed"': '"layer": "beds"',
        '"thing": 1': '"thing": 3',
        '"a label of wind": 0.5': '"a label of wind": 7',
    }
    path = tmp_path / "film.cues.json"
    sheet = spotted([seen("wind"), seen("car_engine", 0.9, 1)])
    write_cue_sheet(path, film_of(10 * S), sheet)
    assert edit in path.read_text("utf-8")
    path.write_text(path.read_text("utf-8").replace(edit, wrong[edit]), "utf-8")
    with pytest.raises(ScriptError) as caught:
        read_cue_sheet(path, film_of(10 * S))
    assert sentence in str(caught.value)


def test_sounds_of_one_layer_may_not_overlap_and_those_of_two_may(tmp_path: Path) -> None:
    path, film = tmp_path / "film.cues.json", film_of(10 * S)
    sheet = spotted([seen("wind"), seen("car_engine")])
    write_cue_sheet(path, film, sheet)
    assert read_cue_sheet(path, film) == sheet
    path.write_text(path.read_text("utf-8").replace('"layer": "bed"', '"layer": "follows"'), "utf-8")
    with pytest.raises(ScriptError, match=r"overlap.*in the same layer, follows"):
        read_cue_sheet(path, film)


def test_weights_are_asked_for_the_nearest_that_they_know() -> None:
    (wind, engine, shot) = spotted([seen("open_air"), seen("car_engine"), seen("gunshot")]).cues
    (dog, *_) = [cue for cue in spotted([seen("dog")]).cues if cue.sound]
    by_hand = dataclasses.replace(dog, id="s0099", origin="user")
    asked = askable([wind, engine, shot, dog, by_hand], ["wind", "car_engine", "explosion"], TABLE)
    assert [cue.sound for cue in asked.cues] == ["wind", "car_engine", "explosion", "dog"]
    assert asked.cues[-1] is by_hand, "a person's words go as they are"
    assert [note for note in asked.notes if "gunshot" in note] == [
        "The weights have no gunshot: explosion stands in (s0003)."
    ]
    assert asked.warnings == (f"The weights have no dog, and nothing near it: silent ({dog.id}).",)
    library = askable([shot, dog], ["explosion"], TABLE, who="library")
    assert library.notes == ("library has no gunshot: explosion stands in (s0003).",)
    assert library.warnings == (f"library has no dog, and nothing near it: silent ({dog.id}).",)
    caption = dataclasses.replace(dog, origin=CAPTION, sound="a strange hum")
    [told] = askable([caption], ["dog"], TABLE, lambda _: "", "library").notes
    assert told.startswith("Captions that name no sound that library has stay silent")
    assert askable([dog], [], TABLE).cues == (dog,), "weights without names take words"
    assert askable([dog], ["dog"], TABLE) == type(asked)((dog,), (), ())


def test_a_cue_hears_its_own_thing_and_a_bed_none() -> None:
    things = [
        (moving_thing(Span(0, S)), moving_thing(Span(0, S), (0.8, 0.1, 0.1, 0.1))),
        (moving_thing(Span(S, 2 * S)),),
    ]
    features = {"motion": Track(np.zeros((200, 2), np.float32), 100)}

    def heard(**changes: object) -> tuple[object, ...]:
        cue = dataclasses.replace(Cue("s1", 0, "sound", Span(0, S)), **changes)  # type: ignore[arg-type]
        return request_for(cue, features, (), things).things

    assert heard() == things[0]
    assert heard(thing=1) == things[0][1:]
    assert heard(thing=2) == ()
    assert heard(span=Span(0, 2 * S)) == (*things[0], *things[1])
    assert heard(layer="bed", sound="rain") == heard(kind="speech") == ()


def test_a_sound_that_was_made_a_line_lies_with_the_lines() -> None:
    sound = Cue("s1", 0, "sound", Span(0, S), layer="follows")
    line = dataclasses.replace(sound, id="d1", kind="speech", text="Hello")
    assert (sound.lane, line.lane) == (("sound", "follows"), ("speech", ""))
    assert rows_of([line, Cue("d2", 0, "speech", Span(S, 2 * S))]) == [[line, Cue("d2", 0, "speech", Span(S, 2 * S))]]
