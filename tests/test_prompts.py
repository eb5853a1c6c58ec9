"""Words for sounds find the class that people mean, and the documents show the very words."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from vssflow_dit.sounds import ALIASES, CLASSES, INSTEAD, follows, sound_class, sound_mixture

FEW = ("wood", "metal", "glass_clink", "stone", "thud", "car_engine", "whoosh", "rain", "wind", "stream", "fire")
"""What small weights of somebody's might know."""


@pytest.mark.parametrize(
    ("prompt", "name"),
    [
        ("bell", "bell"),
        ("a cricket bat hits a ball", "wood"),
        ("The ball bounces.", "ball_bounce"),
        ("footsteps on gravel", "footsteps_gravel"),
        ("footsteps on the stairs", "footsteps_hard"),
        ("a car passes", "car_engine"),
        ("a CAR DOOR is slammed", "car_door"),
        ("glass doors", "door"),
        ("glasses and bottles", "glass_clink"),
        ("tapping on the window", "knock"),
        ("wolves in dry leaves", "footsteps_grass"),
        ("running water", "stream"),
        ("splashing through puddles", "splash"),
        ("horse_hooves", "horse_hooves"),
        ("an owl hoots", "owl"),
        ("somebody types", "typing"),
        ("birds twittering, chirping", "birdsong"),
        ("heavy rain on a roof", "rain"),
    ],
)
def test_words_mean_a_class(prompt: str, name: str) -> None:
    assert sound_class(prompt, CLASSES) == (name, "")


@pytest.mark.parametrize("prompt", ["a brainy king", "scarf", "keyhole surgery"])
def test_parts_of_words_mean_nothing(prompt: str) -> None:
    name, note = sound_class(prompt, CLASSES)
    assert name == ""
    assert prompt in note


@pytest.mark.parametrize(
    ("prompt", "mixture"),
    [
        ("rain and wind", {"rain": 0.5, "wind": 0.5}),
        ("stream 70%, birdsong 30%", {"stream": 0.7, "birdsong": 0.3}),
        ("wind in the trees", {"wind_leaves": 1.0}),
        ("a dog and the wind", {"dog": 1.0}),
        ("rain", {"rain": 1.0}),
        ("wind 0%, rain 0%", {"wind": 1.0}),
        ("", {}),
        ("an otter and a brainy king", {}),
    ],
)
def test_what_goes_on_by_itself_is_mixed(prompt: str, mixture: dict[str, float]) -> None:
    assert sound_mixture(prompt, CLASSES)[0] == pytest.approx(mixture)


def test_no_prompt_leaves_it_to_the_picture() -> None:
    assert sound_class(" ", CLASSES) == ("", "")


def test_every_alias_means_its_class() -> None:
    wrong = {alias: sound_class(alias, CLASSES)[0] for name in ALIASES for alias in ALIASES[name]}
    assert {alias: name for alias, name in wrong.items() if alias not in ALIASES[name]} == {}


def test_a_class_that_the_weights_lack_is_stood_in_for() -> None:
    name, note = sound_class("steps on gravel", FEW)
    assert name == "stone"
    assert "footsteps_gravel" in note
    assert "stone" in note
    assert sound_class("a rifle is fired", FEW)[0] == "thud"
    assert sound_class("a bottle", FEW) == ("glass_clink", "")
    assert sound_class("a ticking clock", FEW)[0] == ""


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("geese honk", "duck_goose"), ("goose honking", "duck_goose"), ("car honks", "car_horn"),
        ("a ship's horn", "ship"), ("the ship\u2019s horn", "ship"),
        ("glass crashes", "glass_break"), ("car crash", "metal"),
    ],
)  # fmt: skip
def test_who_makes_a_sound_tells_which_it_is(words: str, name: str) -> None:
    assert sound_class(words, CLASSES) == (name, "")


def test_what_stands_in_is_heard_of_the_same_thing() -> None:
    """But for a splash, whose streams at least are wet; a call may be struck."""
    heard_at_times = {"calls": "strikes"}
    for name, other in INSTEAD.items():
        first, second = (heard_at_times.get(follows(one), follows(one)) for one in (name, other))
        assert first == second or name == "splash", name


def test_the_documents_show_the_table() -> None:
    text = (Path(__file__).parent.parent / "docs" / "sounds.md").read_text("utf-8")
    shown = re.findall(r"^\| (\w+) \| (strikes|calls|speed|nothing) \| (.*) \| (\w*) ?\|$", text, re.M)
    assert shown == [(name, follows(name), ", ".join(ALIASES[name]), INSTEAD.get(name, "")) for name in CLASSES]


def run(*words: str) -> str:
    from vssflow_post.cli import cli

    result = CliRunner().invoke(cli, ["sounds", *words])
    assert result.exit_code == 0, result.output
    return result.output


def test_the_command_lists_what_the_weights_know() -> None:
    listed = json.loads(run("--json"))
    assert {"name": "rain", "follows": "nothing", "aliases": list(ALIASES["rain"])} in listed["sounds"]
    assert "car_engine" in run()


def test_the_command_says_what_a_prompt_means() -> None:
    assert run("a cricket bat").startswith("wood: follows strikes")
    assert run("rain 70%, wind 30%") == "rain 70%, wind 30%: follows nothing\n"
    assert json.loads(run("rain and wind", "--json"))["mixture"] == {"rain": 0.5, "wind": 0.5}
    assert "near" in run("an otter yawns")
    assert json.loads(run("an otter yawns", "--json"))["sound"] is None
