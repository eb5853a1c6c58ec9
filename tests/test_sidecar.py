"""Which script is taken of those that lie beside a film, and what is said where none is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.conftest import MakeFilm
from vssflow_post.batch.inputs import Films, find_jobs, jobs_now
from vssflow_post.cli import cli
from vssflow_post.cues.sidecar import names_in, sidecar_of

SCRIPT = "1\n00:00:00,200 --> 00:00:01,400\nThe market was full.\n"


def beside(folder: Path, names: list[str], film: str = "film.mp4") -> tuple[str | None, str]:
    for name in [film, *names]:
        (folder / name).write_text(SCRIPT)
    found = sidecar_of(folder / film)
    return found.script and found.script.name, found.untaken


@pytest.mark.parametrize(
    ("names", "taken"),
    [
        (["film.srt"], "film.srt"),
        (["film.SRT"], "film.SRT"),
        (["film.Vtt"], "film.Vtt"),
        (["film.ssa"], "film.ssa"),
        (["FILM.srt"], "FILM.srt"),
        (["film.en.srt"], "film.en.srt"),
        (["film.eng.sdh.srt"], "film.eng.sdh.srt"),
        (["film.en.hi.srt"], "film.en.hi.srt"),
        (["film.English.ass"], "film.English.ass"),
        (["film.en-GB.srt"], "film.en-GB.srt"),
        (["film_en.srt"], "film_en.srt"),
        (["film [eng].srt"], "film [eng].srt"),
        (["film.sdh.srt"], "film.sdh.srt"),
        (["film.und.srt"], "film.und.srt"),
        (["film.default.srt"], "film.default.srt"),
        (["film.1.en.srt", "film.2.de.srt"], "film.1.en.srt"),
        (["film.csv", "film.vtt", "film.srt"], "film.srt"),
        (["film.csv", "film.en.srt"], "film.csv"),
        (["film.srt", "film.en.srt", "film.de.srt"], "film.srt"),
        (["film.de.srt", "film.en.srt", "film.fr.srt"], "film.en.srt"),
        (["film.en.sdh.srt", "film.en.srt"], "film.en.srt"),
        (["film.en.forced.srt", "film.en.srt"], "film.en.srt"),
        (["film.en.vtt", "film.en.srt"], "film.en.srt"),
        (["film.de.srt", "film.sdh.srt"], "film.sdh.srt"),
    ],
)
def test_a_script_that_is_clearly_meant_is_taken(tmp_path: Path, names: list[str], taken: str) -> None:
    assert beside(tmp_path, names) == (taken, "")


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (["film.de.srt"], "film.de.srt (named for another language than English"),
        (["film.hi.srt"], "film.hi.srt (named for another language"),
        (["film.pt-BR.srt", "film.zh-Hans.ass"], "film.zh-Hans.ass"),
        (["film.forced.srt"], "film.forced.srt (named as a part of what is said)"),
        (["film.en.forced.srt"], "film.en.forced.srt (named as a part"),
        (["film.en.signs.ass"], "film.en.signs.ass (named as a part"),
        (["film.director.srt"], "film.director.srt (named for something that is not known here)"),
        (["film.2.srt"], "film.2.srt (named for something"),
        (
            ["film.en.srt", "film.eng.srt"],
            "since several suit as well, though beside the film lies film.en.srt, film.eng.srt",
        ),
    ],
)
def test_one_that_is_not_clearly_meant_is_told_with_a_way_out(tmp_path: Path, names: list[str], why: str) -> None:
    taken, untaken = beside(tmp_path, names)
    assert taken is None
    assert why in untaken
    assert "--script film." in untaken
    assert "call the one that is meant film." in untaken


@pytest.mark.parametrize(
    "names", [["film2.srt"], ["film-intro.srt"], ["film 2.srt"], ["film.cues.csv"], ["film.txt"], []]
)
def test_what_only_begins_like_the_film_is_not_its_script(tmp_path: Path, names: list[str]) -> None:
    assert beside(tmp_path, names) == (None, "")


def test_subtitles_that_are_not_read_are_told_where_there_is_no_script(tmp_path: Path) -> None:
    _, untaken = beside(tmp_path, ["film.sub", "film.en.ttml"])
    assert "film.sub (of a kind that is not read here)" in untaken
    assert untaken.endswith("save it as film.srt.")
    assert beside(tmp_path, ["film.en.srt"]) == ("film.en.srt", "")


def test_the_script_of_another_film_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "film.en.mkv").touch()
    assert beside(tmp_path, ["film.en.srt"]) == (None, "")
    assert beside(tmp_path, ["film.en.srt"], "film.en.mkv") == ("film.en.srt", "")


def test_names_are_compared_as_they_read(tmp_path: Path) -> None:
    (tmp_path / "Cafe\u0301.mp4").touch()
    (tmp_path / "Caf\u00e9.en.srt").write_text(SCRIPT)
    assert sidecar_of(tmp_path / "Cafe\u0301.mp4").script == tmp_path / "Caf\u00e9.en.srt"


def test_a_folder_is_read_once_for_all_of_its_films(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(50):
        (tmp_path / f"{n}.mp4").touch()
    (tmp_path / "7.en.srt").write_text(SCRIPT)
    reads = []
    monkeypatch.setattr("vssflow_post.batch.inputs.names_in", lambda folder: reads.append(folder) or [])
    jobs_now(Films([tmp_path]), tmp_path / "out")
    assert reads == [tmp_path]
    monkeypatch.undo()
    assert [job.script.name for job in jobs_now(Films([tmp_path]), tmp_path / "out") if job.script] == ["7.en.srt"]


def test_a_script_that_the_user_names_wins(tmp_path: Path) -> None:
    film, mine = tmp_path / "film.mp4", tmp_path / "mine.srt"
    for path in (film, mine, tmp_path / "film.de.srt"):
        path.write_text(SCRIPT)
    [job] = find_jobs(Films([film]), tmp_path / "out")
    assert (job.script, job.untaken != "") == (None, True)
    [job] = find_jobs(Films([film], script=mine), tmp_path / "out")
    assert (job.script, job.untaken) == (mine, "")


def test_a_link_that_leads_out_of_the_folder_is_refused_whatever_it_is_called(tmp_path: Path) -> None:
    (tmp_path / "films").mkdir()
    (tmp_path / "films" / "film.mp4").touch()
    (tmp_path / "secret.srt").write_text(SCRIPT)
    (tmp_path / "films" / "film.en.srt").symlink_to(tmp_path / "secret.srt")
    [job] = jobs_now(Films([tmp_path / "films"]), tmp_path / "out")
    assert job.refused is not None
    assert job.refused.code == "outside_root"


def test_a_folder_of_scripts_is_read_once_and_a_named_cue_sheet_goes_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripts, films, out = tmp_path / "scripts", [tmp_path / f"{n}.mp4" for n in range(20)], tmp_path / "out"
    scripts.mkdir()
    (scripts / "7.srt").write_text(SCRIPT)
    for film in films:
        film.touch()
    reads: list[Path] = []
    monkeypatch.setattr("vssflow_post.batch.inputs.names_in", lambda folder: reads.append(folder) or names_in(folder))
    jobs = find_jobs(Films(films, script=scripts), out)
    assert {job.film.name: job.script for job in jobs if job.script} == {"7.mp4": scripts / "7.srt"}
    assert sorted(reads) == [tmp_path, scripts]
    cues = tmp_path / "cues.json"
    [job] = find_jobs(Films([films[7]], script=scripts, cues=cues), out)
    assert (job.script, job.cues) == (scripts / "7.srt", cues)


def test_a_render_tells_and_a_script_that_comes_later_is_taken(
    make_film: MakeFilm, fake_backend: Path, tmp_path: Path
) -> None:
    film, out = make_film("film.mp4", n_frames=36), tmp_path / "out"
    command = ["render", str(film), "-o", str(out), "-p", "ci", "--json"]

    def rendered(*more: str) -> dict[str, str]:
        result: dict[str, str] = json.loads(CliRunner().invoke(cli, [*command, *more]).stdout)["films"][0]
        return result

    assert "film.de.srt" not in (rendered()["reason"] or "")
    (tmp_path / "film.de.srt").write_text(SCRIPT)
    for result in (rendered("--dry-run"), rendered()):
        assert result["verdict"] == "done_with_warnings"
        assert "film.de.srt (named for another language" in result["reason"]
    (tmp_path / "film.en.srt").write_text(SCRIPT)
    assert "film.de.srt" not in (rendered()["reason"] or "")
    cues = json.loads((out / "film" / "report.json").read_text())["cues"]
    assert [cue["text"] for cue in cues if cue["kind"] == "speech"] == ["The market was full."]
    spoken = CliRunner().invoke(cli, ["spot", str(film), "-p", "ci"])
    assert "The market was full." in spoken.stdout
