"""`vssflow-post look`: a table for people, an object for programs, and nothing written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner, Result

from conftest import MakeFilm, moving_thing
from tests.drawn_films import write_film
from vssflow_post.analysis import imagenet
from vssflow_post.backend import Strike, Thing, Track
from vssflow_post.cli import cli
from vssflow_post.cli.look import _motion, _thing_as_object
from vssflow_post.timeline import CLOCK_HZ, Span


def look(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["look", *map(str, arguments)])


@pytest.fixture
def passing(tmp_path: Path) -> Path:
    """A bright square that crosses the picture from left to right in three seconds, before something to hold on to."""
    noise = cv2.GaussianBlur(np.random.default_rng(3).normal(0, 1, (180, 320)), (0, 0), 4)
    ground = np.clip(110 + 30 * noise / noise.std(), 0, 255).astype(np.uint8)
    pictures = [np.repeat(ground[:, :, None], 3, axis=2) for _ in range(75)]
    for k, picture in enumerate(pictures):
        picture[70:98, round(10 + 3.6 * k) : round(38 + 3.6 * k)] = (250, 250, 40)
    return write_film(tmp_path / "passing.mp4", pictures, 25)


def moved(span: Span, places: list[float], speed: float, strikes: list[Strike], weight: float) -> Thing:
    """A thing at `places`, ten a second, whose first second it rests."""
    like = moving_thing(span, strikes=strikes)
    return Thing(
        span=span,
        seen=Span(span.start + CLOCK_HZ, span.end),
        place=Track(np.array(places, np.float32)[:, None], 10),
        speed=Track(np.array([[0.0]] * 10 + [[speed]] * (len(places) - 10), np.float32), 10),
        strikes=tuple(strikes),
        boxes=like.boxes,
        samples=like.samples,
        moments=like.moments,
        weight=weight,
    )


def test_look_shows_each_scene(make_film: MakeFilm) -> None:
    film = make_film("film.mp4", n_frames=50, shots=2)
    shown = look(film)
    assert shown.exit_code == 0, shown.output
    header = shown.output.splitlines()[0].split()
    assert header == ["scene", "start", "end", "seen", "moves", "sounds", "like"]
    assert [line.split()[0] for line in shown.stdout.splitlines()[1:]] == ["1", "2", "looked"]
    assert "looked with imagenet" in shown.output
    assert shown.stderr == ""
    assert [path.name for path in film.parent.iterdir()] == [film.name]


def test_look_as_json_says_the_same_every_time(make_film: MakeFilm) -> None:
    film = make_film("film.mp4", n_frames=50, shots=2)
    first, again = (look(film, "--json") for _ in range(2))
    found = json.loads(first.stdout)
    assert found == json.loads(again.stdout)
    assert found["recogniser"]["name"] == "imagenet"
    assert [scene["scene"] for scene in found["scenes"]] == list(range(len(found["scenes"])))
    assert found["scenes"][0]["start_s"] == 0
    for scene in found["scenes"]:
        assert set(scene) == {"scene", "start_s", "end_s", "labels", "things", "sounds"}


def test_look_says_what_moves_where_and_how_fast(passing: Path) -> None:
    assert "1: left to right 0.2" in look(passing).stdout
    (scene,) = json.loads(look(passing, "--json").stdout)["scenes"]
    thing = scene["things"][0]
    assert set(thing) == {"start_s", "end_s", "place", "speed", "weight", "box", "path", "path_hz", "strikes"}
    assert thing["speed"] == pytest.approx(90 / 320, rel=0.25)
    assert thing["path"] == sorted(thing["path"])
    times_s = [thing["start_s"] + k / thing["path_hz"] for k in range(len(thing["path"]))]
    assert thing["path"] == pytest.approx([(24 + 90 * t) / 320 for t in times_s], abs=0.06)


def test_a_thing_is_told_from_when_it_is_seen_to_move() -> None:
    span = Span.of_seconds(10, 13)
    flashes = [Strike(span.start + k * CLOCK_HZ, 0.5, "flash") for k in (1, 2)]
    thing = moved(span, [0.1] * 10 + [0.5] * 10 + [0.9] * 10, 0.4, flashes, 0.614)
    assert _motion(thing) == "middle to right 0.40/s 61%, 2 flashes"
    told = _thing_as_object(thing)
    assert (told["start_s"], told["end_s"], told["place"], told["speed"]) == (11.0, 13.0, 0.7, 0.4)
    assert (told["path"], told["path_hz"]) == ([0.5, 0.5, 0.9, 0.9], 2.0)
    assert told["strikes"][0] == {"at_s": 11.0, "kind": "flash", "strength": 0.5}
    assert json.loads(json.dumps(told)) == told


def test_a_film_that_is_cut_off_is_refused_and_what_is_left_of_it_is_looked_at_on_request(make_film: MakeFilm) -> None:
    film = make_film("film.mkv", n_frames=75, shots=3)
    film.write_bytes(film.read_bytes()[:-2000])
    assert look(film).exit_code == 1
    for arguments in ((), ("--json",)):
        salvaged = look(film, "--salvage", *arguments)
        assert salvaged.exit_code == 0, salvaged.output
        assert "cut off" in salvaged.stderr
    assert json.loads(salvaged.stdout)["version"] == 1


def torn_weights(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    (folder / "torn.pth").write_bytes(b"weights that are torn")
    monkeypatch.setattr(imagenet, "_weights", lambda: folder / "torn.pth")
    return []


def no_clip(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    return preset(folder, '[picture]\nrecogniser = "clip"\n[generate]\nclip = "/nowhere"\n')


def bad_table(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    (folder / "mine.csv").write_text("label,sounds,shows\ndog,barking 0.9,\n")
    return preset(folder, f'[cues]\npicture_sounds = "{folder}/mine.csv"\n')


def no_table(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    return preset(folder, '[cues]\npicture_sounds = "/nowhere.csv"\n')


def preset(folder: Path, text: str) -> list[object]:
    (folder / "mine.toml").write_text(text)
    return ["-p", folder / "mine.toml"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (torn_weights, "recogniser imagenet does not open: "),
        (no_clip, "recogniser clip cannot run here: there are no CLIP weights in '/nowhere'"),
        (bad_table, "mine.csv: line 2: there is no class of sound 'barking'"),
        (no_table, "/nowhere.csv cannot be read"),
    ],
)
@pytest.mark.parametrize("as_json", [(), ("--json",)], ids=["table", "json"])
def test_what_look_cannot_look_with_is_one_sentence(
    given: Callable[[Path, pytest.MonkeyPatch], list[object]],
    said: str,
    as_json: tuple[str, ...],
    make_film: MakeFilm,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refused = look(make_film("film.mp4", n_frames=5), *given(tmp_path, monkeypatch), *as_json)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert said in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [(None, 2, "there is no film"), (b"", 1, "The file is empty"), (b"no film\n" * 99, 1, "This is not a film")],
)
def test_what_is_no_film_is_one_sentence(content: bytes | None, code: int, said: str, tmp_path: Path) -> None:
    film = tmp_path / "none.mp4"
    if content is not None:
        film.write_bytes(content)
    refused = look(film)
    assert (refused.exit_code, refused.stdout) == (code, "")
    assert said in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
