"""`vssflow-post look`: a table for people, an object for programs, and nothing written."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from conftest import MakeFilm
from vssflow_post.cli import cli


def test_look_shows_each_scene(make_film: MakeFilm) -> None:
    film = make_film("film.mp4", n_frames=50, shots=2)
    shown = CliRunner().invoke(cli, ["look", str(film)])
    assert shown.exit_code == 0, shown.output
    assert [word for word in ("scene", "seen", "sounds like", "looked with imagenet") if word not in shown.output] == []
    assert [path.name for path in film.parent.iterdir()] == [film.name]


def test_look_as_json_says_the_same_every_time(make_film: MakeFilm) -> None:
    film = make_film("film.mp4", n_frames=50, shots=2)
    first, again = (CliRunner().invoke(cli, ["look", str(film), "--json"]) for _ in range(2))
    found = json.loads(first.stdout)
    assert found == json.loads(again.stdout)
    assert found["recogniser"]["name"] == "imagenet"
    assert [scene["scene"] for scene in found["scenes"]] == list(range(len(found["scenes"])))
    assert found["scenes"][0]["start_s"] == 0
    for scene in found["scenes"]:
        assert {"scene", "start_s", "end_s", "labels", "sounds"} == set(scene)


def test_what_look_cannot_do_is_one_sentence(tmp_path: Path, make_film: MakeFilm) -> None:
    assert "there is no film" in CliRunner().invoke(cli, ["look", str(tmp_path / "none.mp4")]).output
    preset = tmp_path / "mine.toml"
    preset.write_text('[picture]\nrecogniser = "clip"\n[generate]\nclip = "/nowhere"\n')
    refused = CliRunner().invoke(cli, ["look", str(make_film("film.mp4", n_frames=5)), "-p", str(preset)])
    assert refused.exit_code == 2
    assert "recogniser clip cannot run here: there are no CLIP weights in '/nowhere'" in refused.output
