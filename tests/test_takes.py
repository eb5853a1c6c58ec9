"""Several takes of a cue: made once, held against each other, and chosen in the sheet."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from conftest import MakeFilm
from vssflow_post.cli import cli
from vssflow_post.cues.sheet import take_seed

SCRIPT = "1\n00:00:00,500 --> 00:00:01,500\nANNA: Hello there.\n"


def render(film: Path, out: Path, *words: object) -> dict[str, Any]:
    asked = ["render", "-q", "-p", "ci", film, "-o", out, *words]
    result = CliRunner().invoke(cli, [str(word) for word in asked])
    assert result.exit_code == 0, result.output
    return dict(json.loads((out / "a" / "report.json").read_text()))


@pytest.fixture
def film(make_film: MakeFilm) -> Path:
    path = make_film("a.mp4", 50)
    path.with_suffix(".srt").write_text(SCRIPT)
    return path


def n_asked(fake_backend: Path) -> int:
    return len(fake_backend.read_text().splitlines())


def test_takes_are_made_once_and_the_sheet_chooses(film: Path, fake_backend: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    told = render(film, out, "--takes", 3)
    for cue in told["cues"]:
        assert list(cue["choice"]) == ["1", "2", "3"]
        heard = [soundfile.read(out / "a" / name)[0] for name in cue["choice"].values()]
        assert len({take.tobytes() for take in heard}) == (3 if cue["kind"] == "sound" else 1)  # the fake speaks evenly
    made, sheet = n_asked(fake_backend), json.loads((out / "a" / "a.cues.json").read_text())
    assert "take" not in sheet["cues"][0]
    sound = next(cue for cue in sheet["cues"] if cue["kind"] == "sound")
    sound["take"] = 2
    chosen = tmp_path / "chosen.json"
    chosen.write_text(json.dumps(sheet))
    before, _ = soundfile.read(out / "a" / "a_FX.wav")
    again = render(film, out, "--takes", 3, "--cues", chosen)
    assert n_asked(fake_backend) == made
    assert next(cue for cue in again["cues"] if cue["id"] == sound["id"])["take"] == 2
    after, _ = soundfile.read(out / "a" / "a_FX.wav")
    assert not np.array_equal(before, after)


def test_a_cue_may_have_takes_of_its_own_and_one_chosen_needs_no_other(
    film: Path, fake_backend: Path, tmp_path: Path
) -> None:
    sheet = tmp_path / "cues.json"
    assert CliRunner().invoke(cli, ["spot", str(film), "-o", str(sheet), "-p", "ci"]).exit_code == 0
    table = json.loads(sheet.read_text())
    line = next(cue for cue in table["cues"] if cue["kind"] == "speech")
    line["takes"] = 2
    others = [cue for cue in table["cues"] if cue is not line]
    others[0]["take"] = 3
    sheet.write_text(json.dumps(table))
    told = render(film, tmp_path / "out", "--cues", sheet)
    assert n_asked(fake_backend) == len(table["cues"]) + 1
    assert {cue["id"]: list(cue.get("choice", {})) for cue in told["cues"] if "choice" in cue} == {
        line["id"]: ["1", "2"]
    }
    listed = (tmp_path / "out" / "a" / "a.cues.csv").read_text("utf-8-sig")
    assert "take,takes" in listed.splitlines()[0]
    render(film, tmp_path / "table", "--cues", tmp_path / "out" / "a" / "a.cues.csv")
    one, other = (tmp_path / name / "a" / "a_MIX.wav" for name in ("out", "table"))
    assert one.read_bytes() == other.read_bytes()


@pytest.mark.parametrize(("key", "value"), [("take", 0), ("take", 10), ("takes", 0), ("takes", "two")])
def test_takes_that_cannot_be_are_refused(
    film: Path, fake_backend: Path, tmp_path: Path, key: str, value: object
) -> None:
    sheet = tmp_path / "cues.json"
    assert CliRunner().invoke(cli, ["spot", str(film), "-o", str(sheet), "-p", "ci"]).exit_code == 0
    table = json.loads(sheet.read_text())
    table["cues"][0][key] = value
    sheet.write_text(json.dumps(table))
    words = ["render", "-q", "-p", "ci", str(film), "-o", str(tmp_path / "out"), "--cues", str(sheet)]
    result = CliRunner().invoke(cli, words)
    assert result.exit_code == 1
    assert f"'{key}'" in result.output


def test_each_take_has_a_seed_of_its_own() -> None:
    seeds = [take_seed(7, take) for take in range(1, 10)]
    assert seeds[0] == 7
    assert len(set(seeds)) == 9
    assert seeds == [take_seed(7, take) for take in range(1, 10)]
