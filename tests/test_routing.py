"""One film by several backends: who makes what, who is asked next, and what of it each take depends on."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner, Result

from conftest import MakeFilm
from vssflow_post.cli import cli
from vssflow_post.plugins import choose_backend, load_plugins
from vssflow_post.settings.preset import GenerateSection

ROUTES = """
extends = "ci"
[generate]
speech = "picky"
bed = ["picky", "auto"]
[mix]
layout = "stereo"
effects_pan_width = 0.0
room_tone = false
"""
CUES = [
    {"id": "s1", "kind": "sound", "layer": "bed", "sound": "rain", "start_s": 0.0, "end_s": 1.0},
    {"id": "s2", "kind": "sound", "layer": "bed", "sound": "wind", "start_s": 1.0, "end_s": 2.0},
    {"id": "s3", "kind": "sound", "layer": "spot", "sound": "rain", "start_s": 0.0, "end_s": 1.0},
    {"id": "s4", "kind": "sound", "layer": "bed", "sound": "rain", "start_s": 2.0, "end_s": 3.0},
    {"id": "d1", "kind": "speech", "text": "Hello.", "start_s": 0.2, "end_s": 0.8},
    {"id": "d2", "kind": "speech", "text": "Guten Tag.", "language": "de-AT", "start_s": 1.2, "end_s": 1.8},
    {"id": "d3", "kind": "speech", "text": "Bye.", "voice": "bass", "start_s": 2.2, "end_s": 2.8},
]


@pytest.fixture
def several(make_film: MakeFilm, fake_backend: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A film of three seconds, a cue sheet and a preset of two backends; their folder."""
    info = tmp_path / "site" / "picky_backend-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: picky-backend\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[vssflow_post]\npicky = picky_backend\n")
    monkeypatch.setenv("PICKY_BACKEND_LOG", str(tmp_path / "picky.log"))
    make_film("a.mp4", 72, Fraction(24))
    film = {"path": "a.mp4", "duration_s": 3.0, "frame_rate": "24/1", "start_timecode": None}
    scenes = [{"index": 0, "start_s": 0.0, "end_s": 3.0}]
    (tmp_path / "a.json").write_text(json.dumps({"version": 1, "film": film, "scenes": scenes, "cues": CUES}))
    (tmp_path / "several.toml").write_text(ROUTES)
    return tmp_path


def render(folder: Path, *more: object) -> Result:
    words = ["render", folder / "a.mp4", "-o", folder / "out", "-q", "-p", folder / "several.toml"]
    return CliRunner().invoke(cli, [str(word) for word in (*words, "--cues", folder / "a.json", *more)])


def report(folder: Path) -> dict[str, Any]:
    table: dict[str, Any] = json.loads((folder / "out" / "a" / "report.json").read_text("utf-8"))
    return table


def test_each_cue_is_made_by_the_first_that_can(several: Path, fake_backend: Path) -> None:
    result = render(several)
    assert result.exit_code == 0, result.output
    made = {"s1": "picky", "s2": "fake", "s3": "fake", "s4": "picky", "d1": "picky", "d2": "fake", "d3": "fake"}
    told = report(several)
    assert {cue["id"]: cue["made_by"] for cue in told["cues"]} == made
    sheet = json.loads((several / "out" / "a" / "a.cues.json").read_text("utf-8"))
    assert {cue["id"]: cue["made_by"] for cue in sheet["cues"]} == made
    asked = [line.split() for line in (several / "picky.log").read_text().splitlines()]
    assert sorted(asked) == [["d1", "0", "-", "nothing"], ["s1", "0", "bed", "nothing"], ["s4", "1", "bed", "nothing"]]
    assert {line.split()[0] for line in fake_backend.read_text().splitlines()} == {"s2", "s3", "d2", "d3"}
    assert "s2: picky has no recording of wind: fake makes it." in told["warnings"]
    assert not [line for line in told["warnings"] if "d3" in line], "a voice says who speaks: nobody is asked in vain"
    voices = {cue["id"]: cue["voice"] for cue in told["cues"] if cue["kind"] == "speech"}
    assert voices == {"d1": "solo", "d2": "alto", "d3": "bass"}, "of those who are not known to speak another language"
    assert [(each["name"], each["task"]) for each in told["backends"]] == [
        ("fake", "speech and effects"),
        ("picky", "speech and effects"),
    ]
    page = (several / "out" / "a" / "report.html").read_text("utf-8")
    assert page.count("made by picky") >= 3
    assert ("picky-backend", "CC0") in {(model["package"], model["licence"]) for model in told["models"]}


def resheeted(folder: Path, cues: list[dict[str, Any]]) -> None:
    sheet = json.loads((folder / "a.json").read_text())
    (folder / "a.json").write_text(json.dumps(sheet | {"cues": cues}))


def test_a_recording_that_is_named_in_vain_is_a_warning(several: Path) -> None:
    resheeted(several, CUES[:1])
    assert render(several).exit_code == 0
    assert report(several)["verdict"] == "done"
    resheeted(several, [CUES[0] | {"sound": "Rain_99.wav"}])
    assert render(several).exit_code == 0
    told = report(several)
    assert told["verdict"] == "done_with_warnings"
    assert "s1: picky has no file Rain_99.wav: fake makes it." in told["warnings"]


def test_who_is_asked_for_nothing_that_has_a_name_is_told(several: Path) -> None:
    nameless = {key: value for key, value in CUES[0].items() if key != "sound"} | {"layer": "follows"}
    resheeted(several, [nameless])
    assert render(several).exit_code == 0
    told = report(several)
    assert told["verdict"] == "done"
    [line] = [line for line in told["warnings"] if line.startswith("picky makes nothing here")]
    assert "Sounds without one: 1 " in line
    resheeted(several, [nameless, CUES[3]])
    assert render(several).exit_code == 0
    assert not [line for line in report(several)["warnings"] if "makes nothing" in line]


def test_a_take_in_stereo_stays_in_stereo(several: Path) -> None:
    resheeted(several, CUES[:1])
    assert render(several).exit_code == 0
    wave, _ = soundfile.read(several / "out" / "a" / "a_FX.wav")
    left, right = np.sqrt(np.mean(wave[5000:43000] ** 2, axis=0))
    assert left / right == pytest.approx(2.0, rel=0.02)


def test_a_take_depends_on_its_own_backend_alone(
    several: Path, fake_backend: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert render(several).exit_code == 0
    again = json.loads(render(several, "--json").stdout)
    assert again["films"][0]["seconds"] < 1.0, "it was complete already"
    fake_backend.unlink()
    (several / "picky.log").unlink()
    monkeypatch.setenv("PICKY_BACKEND_WEIGHTS", "more recordings")
    assert render(several).exit_code == 0
    assert len((several / "picky.log").read_text().splitlines()) == 3
    assert not fake_backend.exists(), "takes of the other backend are kept, and so are its features"
    why = {cue["id"]: cue["why_made"] for cue in report(several)["cues"]}
    assert why == {"s1": "weights changed", "s2": None, "s3": None, "s4": "weights changed", "d1": "weights changed",
                   "d2": None, "d3": None}  # fmt: skip


def test_what_waited_for_something_is_made_anew_until_it_is_there(
    several: Path, fake_backend: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PICKY_BACKEND_AWAY", "yes")
    log = several / "picky.log"
    for n_made in (3, 6):  # however often it is run
        assert render(several).exit_code == 0
        assert "It is away." in " ".join(report(several)["warnings"])
        assert len(log.read_text().splitlines()) == n_made
    monkeypatch.delenv("PICKY_BACKEND_AWAY")
    made_once = fake_backend.read_text()
    assert render(several).exit_code == 0
    assert report(several)["warnings"] == ["s2: picky has no recording of wind: fake makes it."]
    assert len(log.read_text().splitlines()) == 9
    assert render(several).exit_code == 0
    assert len(log.read_text().splitlines()) == 9, "now it is finished"
    assert fake_backend.read_text() == made_once


def test_two_workers_make_the_same_bytes(several: Path) -> None:
    """With two films, so that each worker has one."""
    (several / "films").mkdir()
    for name in ("a", "b"):
        (several / "films" / f"{name}.mp4").write_bytes((several / "a.mp4").read_bytes())
    found = []
    for n_workers in (1, 2):
        out = several / f"out{n_workers}"
        words = ["render", several / "films", "-o", out, "-q", "-p", several / "several.toml", "--workers", n_workers]
        result = CliRunner().invoke(cli, [str(word) for word in words])
        assert result.exit_code == 0, result.output
        found.append([json.loads((out / name / "manifest.json").read_text()) for name in ("a", "b")])
    files = [[file for manifest in run for file in manifest["deliverables"]] for run in found]
    sounds = [[(file["name"], file["sha256"]) for file in run if file["name"].endswith(".wav")] for run in files]
    assert sounds[0] == sounds[1]
    assert len(sounds[0]) == 6


def test_a_backend_that_cannot_make_everything_is_never_taken_by_itself(several: Path) -> None:
    offers = [offer for offer in load_plugins().backends() if offer.name != "fake"]
    assert "picky" in {offer.name for offer in offers}
    assert choose_backend(offers)[0].name != "picky"


def test_a_name_that_nobody_has_is_told_before_anything_is_done(several: Path) -> None:
    (several / "several.toml").write_text(ROUTES.replace('"picky", "auto"', '"pickey"'))
    result = render(several)
    assert result.exit_code == 2
    assert "there is no backend named 'pickey'" in result.output
    assert "Did you mean picky?" in result.output
    assert not (several / "out" / "a").exists()


def test_a_check_names_backends_that_nobody_offers_with_their_lines(several: Path) -> None:
    preset = several / "several.toml"
    preset.write_text(ROUTES.replace('"picky", "auto"', '"picky", "libary"'))
    result = CliRunner().invoke(cli, ["presets", "check", str(preset)])
    assert result.exit_code == 2
    assert f"{preset}:5: generate.bed: there is no backend named 'libary'" in result.output
    preset.write_text(ROUTES)
    assert CliRunner().invoke(cli, ["presets", "check", str(preset)]).exit_code == 0


@pytest.mark.parametrize(
    ("settings", "kind", "layer", "order"),
    [
        ({}, "speech", "", ("auto",)),
        ({"speech": ("piper",)}, "speech", "", ("piper", "auto")),
        ({"speech": ("piper", "auto", "other")}, "speech", "", ("piper", "auto", "other")),
        ({"sound": ("library",)}, "sound", "bed", ("library", "auto")),
        ({"sound": ("library",), "spot": ("auto",)}, "sound", "spot", ("auto",)),
        ({"sound": ("library",), "backend": "cpu"}, "sound", "", ("library", "cpu")),
        ({"follow": ("library",)}, "sound", "follows", ("library", "auto")),
        ({"follow": ("library",)}, "speech", "", ("auto",)),
    ],
)
def test_who_is_asked(settings: dict[str, Any], kind: str, layer: str, order: tuple[str, ...]) -> None:
    assert GenerateSection(**settings).order(kind, layer) == order
    assert set(order) <= set(GenerateSection(**settings).backends)
