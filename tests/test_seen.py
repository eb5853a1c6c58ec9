"""From labels to sounds: a table without holes, and a vote with the properties that a scene's sound needs."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vssflow_dit.checkpoint.weights import config_in, verified
from vssflow_dit.config import STARTER
from vssflow_post.analysis.imagenet import labels as imagenet_labels
from vssflow_post.backend import Look
from vssflow_post.cues.seen import ROLL_S, THRESHOLD, Seen, call_spans, roll_spans, seen_in
from vssflow_post.cues.sound_table import KINDS, shipped_table, sound_table
from vssflow_post.errors import UsageError
from vssflow_post.timeline import CLOCK_HZ, Scene, Span

TABLE = shipped_table()
KNOWN = config_in(STARTER, verified(STARTER)[1]).sounds
TRAIN = {"freight car": 0.6, "electric locomotive": 0.2}
SHORE = {"seashore": 0.5, "promontory": 0.2}
NOTHING: dict[str, float] = {"tench": 0.3}


def seen(*scenes: list[dict[str, float]], faces: tuple[Span, ...] = (), bolts: tuple[int, ...] = ()) -> list[Seen]:
    """Of scenes of four seconds, each with the labels of its pictures."""
    spans = [Scene(k, Span(4 * k * CLOCK_HZ, 4 * (k + 1) * CLOCK_HZ)) for k in range(len(scenes))]
    looks = [
        Look(scene.span.start + k * CLOCK_HZ // 2, labels)
        for scene, pictures in zip(spans, scenes, strict=True)
        for k, labels in enumerate(pictures)
    ]
    return list(seen_in(spans, looks, TABLE, with_faces=faces, bolts=bolts))


def classes(one: Seen) -> list[str]:
    return [each.sound_class for each in one.sounds]


def test_every_label_of_the_recogniser_is_in_the_table() -> None:
    assert set(imagenet_labels()) <= set(TABLE.sounds)


def test_every_class_is_whole() -> None:
    for each in TABLE.classes.values():
        assert each.kind in KINDS
        assert bool(each.when) == (each.kind == "spot"), each.name
        assert -40 <= each.level_db <= 20
        assert each.nearest in ("", *KNOWN), f"{each.name}: {each.nearest} is no class of the starter"
        assert each.family in ("", *TABLE.classes), each.name
        assert not each.family or not TABLE.classes[each.family].family, f"{each.name}: a family of a family"
        assert "/" in each.ucs
    asked = {name for sounds in TABLE.sounds.values() for name in sounds}
    assert set(TABLE.classes) - asked == {"car_horn", "tyre_skid"}, "for prompts alone: no picture shows them"


def test_a_loud_thing_is_louder_than_a_quiet_one() -> None:
    level = {name: each.level_db for name, each in TABLE.classes.items()}
    assert level["explosion"] > level["gunshot"] > level["door"] > level["paper"] > level["room_tone"]


def test_what_the_weights_lack_falls_to_the_nearest_or_to_nothing() -> None:
    few = ("cart_wheels", "explosion", "birdsong")
    assert TABLE.nearest_known("train_tram", few) == "cart_wheels"
    assert TABLE.nearest_known("gunshot", few) == "explosion"
    assert TABLE.nearest_known("dog", few) == ""
    assert TABLE.nearest_known("dog", [*few, "dog"]) == "dog"
    assert TABLE.nearest_known("sheep_goat", few) == "birdsong", "its family's nearest"
    assert TABLE.nearest_known("sheep_goat", [*few, "farm"]) == "farm"
    assert all(TABLE.nearest_known(name, KNOWN) == name for name in TABLE.classes), "the starter knows all"


def test_a_hundred_breeds_are_one_dog() -> None:
    breeds = {label: 0.004 for label, sounds in TABLE.sounds.items() if list(sounds) == ["dog"]}
    assert len(breeds) >= 118
    (one,) = seen([breeds] * 3)
    assert classes(one) == ["dog"]
    assert one.sounds[0].kind == "spot"
    assert TABLE.classes["dog"].when == "now_and_then"


def test_below_the_threshold_nothing_is_claimed() -> None:
    assert classes(seen([{"sawmill": 0.08}] * 3)[0]) == []
    assert classes(seen([{"tub": 0.07}] * 3)[0]) == []


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({"revolver": 0.26, "assault rifle": 0.08}, "gunshot"),
        ({"drum": 0.16, "drumstick": 0.11, "steel drum": 0.08}, "drum"),
        ({"drum": 0.27, "drumstick": 0.12}, "drum"),
        ({"bullock cart": 0.29, "pig": 0.11, "ox": 0.07}, "farm"),
        ({"racket": 0.56, "tennis ball": 0.06}, "ball_hit"),
        ({"dugong": 0.20, "sea lion": 0.11, "tiger shark": 0.05, "great white shark": 0.04}, "underwater"),
        ({"dugong": 0.20, "sea lion": 0.11, "tiger shark": 0.05, "great white shark": 0.04}, "whale"),
        ({"Komondor": 0.4, "ram": 0.1, "llama": 0.1}, "sheep_goat"),
        ({"hammer": 0.06, "dumbbell": 0.08, "chain": 0.08, "sawmill": 0.08}, "metal"),
        ({"passenger car": 0.36, "electric locomotive": 0.13, "freight car": 0.06}, "train_tram"),
        ({"sports car": 0.11, "race car": 0.10}, "car_engine"),
        ({"semi-trailer truck": 0.11, "limousine": 0.11, "race car": 0.05}, "car_engine"),
        ({"Lhasa Apso": 0.29, "Shih Tzu": 0.21, "Tibetan Terrier": 0.10}, "dog"),
        ({"Pomeranian": 0.5}, "dog"),
        ({"space bar": 0.47, "typewriter keyboard": 0.22}, "typing"),
    ],
)  # fmt: skip
def test_real_clips_are_named_by_what_was_seen_in_them(labels: dict[str, float], expected: str) -> None:
    assert expected in classes(seen([labels] * 3)[0])


@pytest.mark.parametrize("labels", [{"suit": 0.8, "Windsor tie": 0.2}, {"academic gown": 0.25, "vestment": 0.2}])
def test_people_make_no_animal_weapon_vehicle_or_instrument(labels: dict[str, float]) -> None:
    among = {**labels, "Afghan Hound": 0.2, "Lhasa Apso": 0.2, "revolver": 0.25, "limousine": 0.15, "drum": 0.2}
    assert set(classes(seen([among] * 3)[0])) <= {"cloth"}


def test_a_face_makes_a_dog_less_likely_but_not_impossible() -> None:
    dog = {"Lhasa Apso": 0.5}
    face = (Span(0, CLOCK_HZ),)
    assert classes(seen([dog] * 3)[0]) == ["dog"]
    assert classes(seen([dog] * 3, faces=face)[0]) == []
    assert classes(seen([{"Lhasa Apso": 0.9}] * 3, faces=face)[0]) == ["dog"]


def test_a_place_wins_a_vote_and_one_picture_is_not_enough() -> None:
    assert classes(seen([SHORE] * 3)[0]) == ["surf"]
    assert classes(seen([SHORE, NOTHING, NOTHING, NOTHING])[0]) == []


def test_a_place_goes_on_over_cuts_within_it() -> None:
    faint = {"seashore": 0.05}
    assert [classes(one) for one in seen([SHORE] * 3, [faint] * 3, [NOTHING] * 3)] == [["surf"], ["surf"], []]
    assert [classes(one) for one in seen([SHORE] * 3, [NOTHING] * 3, [SHORE] * 3)] == [["surf"]] * 3
    assert [classes(one) for one in seen([SHORE] * 3, [NOTHING] * 3, [TRAIN] * 3)] == [["surf"], [], ["train_tram"]]


def test_a_thing_is_the_same_after_a_cut_that_shows_less_of_it() -> None:
    """Of one picture a third of what it takes is enough, where the next scene is sure; two minutes away it is not."""
    letter, little = {"envelope": 0.4}, {"envelope": 0.15}
    assert classes(seen([little] * 2)[0]) == []
    assert [classes(each) for each in seen([little] * 2, [letter] * 2, [little] * 2)] == [["paper"]] * 3
    assert classes(seen([letter] * 2, [{"envelope": 0.02}] * 2)[1]) == []
    assert classes(seen([letter] * 2, [TRAIN] * 2)[1]) == classes(seen([TRAIN] * 2)[0])
    apart = seen([letter] * 2, *[[NOTHING] * 2] * 30, [little] * 2)
    assert (classes(apart[0]), classes(apart[-1])) == (["paper"], [])


def test_a_thing_that_only_its_crop_shows_is_named_as_that_thing() -> None:
    scene = Scene(0, Span(0, 4 * CLOCK_HZ))
    looks = [Look(0, NOTHING), Look(CLOCK_HZ, NOTHING), Look(CLOCK_HZ, {"ram": 0.6}, 1)]
    (one,) = seen_in([scene], looks, TABLE)
    assert [(each.sound_class, each.thing) for each in one.sounds] == [("sheep_goat", 1)]


def test_a_family_is_named_after_the_thing_whose_crop_shows_it() -> None:
    scene = Scene(0, Span(0, 4 * CLOCK_HZ))
    crop = {"hammer": 0.1, "dumbbell": 0.05, "nail": 0.05}
    looks = [Look(0, NOTHING), Look(CLOCK_HZ, NOTHING), Look(CLOCK_HZ, crop, 1)]
    (one,) = seen_in([scene], looks, TABLE)
    assert [(each.sound_class, each.thing, dict(each.labels)) for each in one.sounds] == [("metal", 1, crop)]


labels = st.dictionaries(st.sampled_from(sorted(TABLE.sounds)), st.floats(0.0, 0.2), max_size=5)


@given(st.lists(st.lists(labels, max_size=4), min_size=1, max_size=5))
def test_a_scene_has_one_bed_at_most_and_claims_nothing_weak(scenes: list[list[dict[str, float]]]) -> None:
    found = seen(*scenes)
    surest: dict[str, float] = {}
    for each in (each for one in found for each in one.sounds):
        surest[each.sound_class] = max(surest.get(each.sound_class, 0.0), each.confidence)
    for one in found:
        kinds = [each.kind for each in one.sounds]
        assert kinds == sorted(kinds, key=KINDS.index)
        assert kinds.count("bed") <= 1
        assert max(kinds.count("follows"), kinds.count("spot"), 0) <= 2
        claimed = [each for each in one.sounds if each.kind != "bed"]
        # what is sure of one scene is claimed of its neighbours that show some of it
        assert all(surest[each.sound_class] >= THRESHOLD - 1e-3 for each in claimed)
        assert all(each.confidence >= THRESHOLD / 3 - 1e-3 for each in claimed)
    assert seen(*scenes) == seen(*scenes)


def test_where_lightning_strikes_there_is_thunder_then_and_nowhere_else() -> None:
    bolts = (CLOCK_HZ, 9 * CLOCK_HZ, 10 * CLOCK_HZ)
    first, between, last = seen([NOTHING] * 3, [{"rain barrel": 0.4}], [], bolts=bolts)
    for one, at in ((first, bolts[:1]), (last, bolts[1:])):
        (thunder,) = one.sounds
        assert (thunder.sound_class, thunder.kind, thunder.at) == ("thunder", "spot", at)
        assert one.labels["lightning"] == 1.0
    assert "thunder" not in classes(between)
    assert "lightning" not in between.labels


def test_a_face_in_lightning_hides_no_thunder() -> None:
    (one,) = seen([NOTHING] * 2, faces=(Span(0, CLOCK_HZ),), bolts=(CLOCK_HZ,))
    assert classes(one) == ["thunder"]


@given(st.integers(0, 10**6), st.integers(0, 30 * CLOCK_HZ), st.lists(st.integers(0, 31 * CLOCK_HZ)))
def test_thunder_rolls_from_bolts_and_never_over_itself(start: int, n: int, bolts: list[int]) -> None:
    span, at = Span(start, start + n), sorted(bolt for bolt in bolts if start <= bolt < start + n)
    rolls = roll_spans(span, at)
    assert all(one.end <= other.start for one, other in pairwise(rolls))
    for roll in rolls:
        assert roll.start in at
        assert roll.end == min(span.end, roll.start + ROLL_S * CLOCK_HZ)
        assert roll.duration_s >= 1.2
    heard = [bolt for bolt in at if span.end - bolt >= 1.2 * CLOCK_HZ]
    assert bool(rolls) == bool(heard)


@given(st.integers(0, 10**7), st.integers(0, 60 * CLOCK_HZ), st.integers(0, 2**63))
def test_calls_come_now_and_then_within_the_span(start: int, n: int, seed: int) -> None:
    span = Span(start, start + n)
    calls = call_spans(span, seed)
    assert calls == call_spans(span, seed)
    assert all(span.start <= call.start < call.end <= span.end for call in calls)
    assert all(b.start - a.end >= 3.9 * CLOCK_HZ for a, b in pairwise(calls))
    assert bool(calls) == (span.duration_s >= 1.2)


def test_a_table_of_the_users_wins_and_its_faults_are_named(tmp_path: Path) -> None:
    mine = tmp_path / "mine.csv"
    mine.write_text("label,sounds,shows\ndrum,bell 0.9,\na saucer,whoosh 0.5; machine_hum 0.2,\n")
    table = sound_table(mine)
    assert table.sounds["drum"] == {"bell": 0.9}
    assert table.sounds["a saucer"] == {"whoosh": 0.5, "machine_hum": 0.2}
    assert table.sounds["drumstick"] == TABLE.sounds["drumstick"]
    for row, fault in (
        ("drum,gong 0.5,", r"line 2: there is no class of sound 'gong'"),
        ("drum,bell,", r"line 2: 'bell' is not a class and a confidence"),
        ("drum,bell 7,", r"line 2: 'bell 7' is not a class and a confidence"),
        (",bell 0.5,", r"line 2: there is no label"),
        ("drum,,\ndrum,,", r"line 3: the label 'drum' is there twice"),
        ("drum,,dogs", r"line 2: shows is 'people' or nothing"),
    ):
        mine.write_text(f"label,sounds,shows\n{row}\n")
        with pytest.raises(UsageError, match=fault):
            sound_table(mine)
    mine.write_text("name\nx\n")
    with pytest.raises(UsageError, match="there is no column 'label'"):
        sound_table(mine)
    with pytest.raises(UsageError, match="cannot be read"):
        sound_table(tmp_path / "none.csv")
