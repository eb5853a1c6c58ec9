"""Words for sounds find the class that people mean, and the documents show the very words."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from vssflow_dit.sounds import ALIASES, CLASSES, INSTEAD, follows, sound_class

TWELVE = CLASSES[:12]


@pytest.mark.parametrize(
    ("prompt", "name"),
    [
        ("bell", "bell"),
        ("a cricket bat hits a ball", "wood"),
        ("The ball bounces.", "bounce"),
        ("footsteps on gravel", "gravel"),
        ("footsteps in the hall", "thud"),
        ("a car passes", "engine"),
        ("a CAR DOOR is slammed", "door"),
        ("glass doors", "door"),
        ("glasses and bottles", "glass"),
        ("tapping on the window", "knock"),
        ("wolves in dry leaves", "grass"),
        ("running water", "stream"),
        ("splashing through puddles", "water"),
        ("somebody types", "typing"),
        ("birds twittering, chirping", "bird"),
        ("heavy rain on a roof", "rain"),
    ],
)
def test_words_mean_a_class(prompt: str, name: str) -> None:
    assert sound_class(prompt, CLASSES) == (name, "")


@pytest.mark.parametrize("prompt", ["an owl hoots", "a brainy king", "scarf", "keyhole surgery"])
def test_parts_of_words_mean_nothing(prompt: str) -> None:
    name, note = sound_class(prompt, CLASSES)
    assert name == ""
    assert prompt in note


def test_no_prompt_leaves_it_to_the_picture() -> None:
    assert sound_class(" ", CLASSES) == ("", "")


def test_every_alias_means_its_class() -> None:
    wrong = {alias: sound_class(alias, CLASSES)[0] for name in ALIASES for alias in ALIASES[name]}
    assert {alias: name for alias, name in wrong.items() if alias not in ALIASES[name]} == {}


def test_a_class_that_the_weights_lack_is_stood_in_for() -> None:
    name, note = sound_class("steps on gravel", TWELVE)
    assert name == "stone"
    assert "gravel" in note
    assert "stone" in note
    assert sound_class("a ticking clock", TWELVE)[0] == ""


def test_what_stands_in_is_heard_of_the_same_thing() -> None:
    """But for water, whose streams at least are wet."""
    assert all(follows(name) == follows(other) for name, other in INSTEAD.items() if name != "water")


def test_the_documents_show_the_table() -> None:
    text = (Path(__file__).parent.parent / "docs" / "sounds.md").read_text("utf-8")
    shown = re.findall(r"^\| (\w+) \| (strikes|speed|nothing) \| (.*) \| (\w*) ?\|$", text, re.M)
    assert shown == [(name, follows(name), ", ".join(ALIASES[name]), INSTEAD.get(name, "")) for name in CLASSES]


def run(*words: str) -> str:
    from vssflow_post.cli import cli

    result = CliRunner().invoke(cli, ["sounds", *words])
    assert result.exit_code == 0, result.output
    return result.output


def test_the_command_lists_what_the_weights_know() -> None:
    listed = json.loads(run("--json"))
    assert {"name": "rain", "follows": "nothing", "aliases": list(ALIASES["rain"])} in listed["sounds"]
    assert "engine" in run()


def test_the_command_says_what_a_prompt_means() -> None:
    assert run("a cricket bat").startswith("wood: follows strikes")
    assert "near" in run("an owl hoots")
    assert json.loads(run("an owl hoots", "--json"))["sound"] is None
