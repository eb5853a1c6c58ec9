"""What is known is not done again, what changed is, and the report says why."""

from __future__ import annotations

import json
import os
import shutil
import time
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from conftest import MakeFilm
from one_film import render_here
from vssflow_post.batch.worker import work_on
from vssflow_post.cli import cli
from vssflow_post.plugins import load_plugins
from vssflow_post.progress import silent
from vssflow_post.render.job import FilmResult, Job, Order
from vssflow_post.render.resume import REFUSED
from vssflow_post.render.studio import open_studio
from vssflow_post.settings.files import load_preset
from vssflow_post.store.entries import file_digest
from vssflow_post.store.output_folder import OutputFolder

KINDS = (".take", ".features", ".analysis")
"""What the store's files end in."""
SCRIPT = "1\n00:00:00,300 --> 00:00:01,100\nANNA: Hello there.\n\n2\n00:00:01,200 --> 00:00:01,800\nTOM: Good bye.\n"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def render(film: Path, out: Path, fresh: bool = False, seed: int = 0) -> FilmResult:
    result = render_here(film, out, fresh, seed)
    assert result.is_done, result.reason
    return result


def why_made(out: Path) -> dict[str, str | None]:
    """Of each cue, by its text or its kind and number."""
    table = json.loads((out / "a" / "report.json").read_text("utf-8"))
    assert all(cue["cached"] is (cue["why_made"] is None) for cue in table["cues"])
    return {cue["text"] or cue["id"]: cue["why_made"] for cue in table["cues"]}


@pytest.fixture
def film(make_film: MakeFilm, fake_backend: Path) -> Path:
    path = make_film("a.mp4")
    path.with_suffix(".srt").write_text(SCRIPT)
    return path


def test_a_script_that_cannot_be_read_gets_its_own_verdict(make_film: MakeFilm, tmp_path: Path) -> None:
    """Whether it is met when the film is compared with an earlier run or when it is read: the verdict is the same."""
    out, settings = OutputFolder(tmp_path / "out"), load_preset("ci")
    gone = Job(make_film("a.mp4"), "a", out.path / "a", script=tmp_path / "gone.srt")
    with closing(open_studio(settings, out, load_plugins())) as studio:
        for fresh in (False, True):
            result = work_on(gone, Order(settings, out, fresh), studio, silent)
            assert (result.verdict, "gone.srt" in str(result.reason)) == ("rejected:bad_script", True)


def test_the_report_says_why_each_cue_was_rendered(film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out, script = tmp_path / "out", film.with_suffix(".srt")
    render(film, out)
    assert set(why_made(out).values()) == {"first time"}
    script.write_text(SCRIPT.replace("Good bye", "See you"))
    render(film, out)
    told = why_made(out)
    assert told.pop("See you.") == "text changed"
    assert set(told.values()) == {None}
    render(film, out, seed=7)
    assert set(why_made(out).values()) == {"seed changed"}
    script.write_text(SCRIPT.replace("ANNA: Hello there.", "EVA: Hello there.").replace("Good bye", "See you"))
    render(film, out, seed=7)
    assert why_made(out)["Hello there."] in ("voice changed", None)
    monkeypatch.setenv("FAKE_BACKEND_WEIGHTS", "other weights")
    render(film, out, seed=7)
    assert set(why_made(out).values()) == {"weights changed"}
    script.write_text(SCRIPT.replace("00:00:01,200", "00:00:01,250").replace("Good bye", "See you"))
    render(film, out, seed=7)
    assert why_made(out)["See you."] == "length and place changed"


def test_a_line_that_only_moved_in_the_list_is_not_rendered(film: Path, tmp_path: Path) -> None:
    """A new first line gives every other another number; their takes stay."""
    out, script = tmp_path / "out", film.with_suffix(".srt")
    script.write_text(SCRIPT.replace("00:00:00,300", "00:00:00,700"))
    render(film, out)
    script.write_text("1\n00:00:00,100 --> 00:00:00,500\nTOM: Hey.\n\n" + script.read_text())
    render(film, out)
    told = why_made(out)
    assert (told["Hello there."], told["Good bye."]) == (None, None)
    assert told["Hey."] == "first time"


def test_what_rotted_or_went_is_named(film: Path, tmp_path: Path, fake_backend: Path) -> None:
    out = tmp_path / "out"
    render(film, out)
    before = file_digest(out / "a" / "a_MIX.wav")
    first, second = sorted((out / ".vssflow-post" / "takes").rglob("*.take"))[:2]
    first.write_bytes(first.read_bytes()[:-200] + b"\0" * 200)
    second.unlink()
    for kept in (out / ".vssflow-post").rglob("*.analysis"):
        kept.write_bytes(b"\0" + kept.read_bytes()[1:])
    fake_backend.unlink()
    told = render(film, out, fresh=True)
    assert sorted(filter(None, why_made(out).values())) == ["gone from the store", "rotted"]
    assert len(fake_backend.read_text().splitlines()) == 2
    assert told.verdict == "done"
    assert "had rotted and was made again" in (told.reason or "")
    assert "this film's analysis" in (told.reason or "")
    assert file_digest(out / "a" / "a_MIX.wav") == before


def test_finished_films_are_known_at_a_glance(
    make_film: MakeFilm, fake_backend: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No worker is hired and no backend opened; not even for those that were rejected."""
    films, out, opened = tmp_path / "films", tmp_path / "out", tmp_path / "opened"
    for k in range(4):
        make_film(f"films/{k}.mp4", n_frames=12, shots=1)
    (films / "bad.mp4").write_text("no film")
    (films / "0.srt").write_text("1\n00:00:00,100 --> 00:00:00,400\nANNA: Hello there.\n")
    monkeypatch.setenv("FAKE_BACKEND_OPENED", str(opened))
    words = ("render", films, "-o", out, "-p", "ci", "-q", "--json")
    first = json.loads(run(*words).stdout)
    assert opened.read_text() == "opened\n"
    monkeypatch.setattr("vssflow_post.batch.local_crew.LocalCrew.__init__", lambda *_: pytest.fail("a worker is hired"))
    again = json.loads(run(*words, "--workers", 2).stdout)
    assert opened.read_text() == "opened\n"
    for was, now in zip(first["films"], again["films"], strict=True):
        assert {**was, "seconds": 0.0} == {**now, "seconds": 0.0}
    assert (again["done"], again["rejected"]) == (4, 1)


@pytest.mark.parametrize("harm", ["touch", "receipt", "copy"])
def test_where_a_glance_is_not_enough_contents_decide(
    film: Path, tmp_path: Path, fake_backend: Path, harm: str
) -> None:
    """A file that looks different is digested, and is as good when its content is."""
    out = tmp_path / "out"
    told = render(film, out)
    manifest = (out / "a" / "manifest.json").read_bytes()
    if harm == "touch":
        os.utime(out / "a" / "a_MIX.wav")
        os.utime(film)
    elif harm == "receipt":
        shutil.rmtree(out / ".vssflow-post")
    else:
        shutil.copytree(out, tmp_path / "moved")
        out = tmp_path / "moved"
    n_rendered = len(fake_backend.read_text().splitlines())
    assert render(film, out).verdict == told.verdict
    assert len(fake_backend.read_text().splitlines()) == n_rendered
    assert (out / "a" / "manifest.json").read_bytes() == manifest


@pytest.mark.parametrize("harm", ["changed", "missing", "source", "manifest"])
def test_what_is_not_as_it_was_is_done_again(film: Path, make_film: MakeFilm, tmp_path: Path, harm: str) -> None:
    """A changed byte in a file of the same size and age is found by the time at which its content was changed."""
    out = tmp_path / "out"
    render(film, out)
    mix, manifest = out / "a" / "a_MIX.wav", out / "a" / "manifest.json"
    before, committed = file_digest(mix), manifest.stat().st_mtime_ns
    if harm == "changed":
        stat = mix.stat()
        mix.write_bytes(mix.read_bytes()[:-1] + b"\x55")
        os.utime(mix, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    elif harm == "missing":
        mix.unlink()
    elif harm == "manifest":
        manifest.unlink()
    else:
        make_film("a.mp4", n_frames=40)
    render(film, out)
    assert manifest.stat().st_mtime_ns > committed
    assert (file_digest(mix) == before) is (harm != "source")


def test_a_rejected_film_gets_another_chance_when_it_changes(
    make_film: MakeFilm, fake_backend: Path, tmp_path: Path
) -> None:
    film, out = make_film("a.mp4", n_frames=12, shots=1), tmp_path / "out"
    good = film.read_bytes()
    film.write_bytes(b"no film")
    for detail in ("", REFUSED):
        result = render_here(film, out)
        assert (result.verdict, result.detail) == ("rejected:not_media", detail)
    film.write_bytes(good)
    assert render(film, out).verdict == "done"


def test_verify_names_every_fault(film: Path, make_film: MakeFilm, tmp_path: Path) -> None:
    out = tmp_path / "out"
    make_film("b.mp4", n_frames=12, shots=1)
    assert run("verify", tmp_path / "out").exit_code == 2
    for name in ("a", "b"):
        render(tmp_path / f"{name}.mp4", out)
    (out / "a" / "notes.txt").write_text("mine")
    intact = run("verify", out)
    assert intact.exit_code == 0
    assert "2 of 2 films are as they were delivered" in intact.output
    stat = (out / "a" / "a_DX.wav").stat()
    (out / "a" / "a_DX.wav").write_bytes((out / "a" / "a_DX.wav").read_bytes()[:-1] + b"\x55")
    os.utime(out / "a" / "a_DX.wav", ns=(stat.st_atime_ns, stat.st_mtime_ns))
    (out / "a" / "a_FX.wav").unlink()
    (out / "a" / "a.otio").write_text("short")
    (out / "b" / "manifest.json").unlink()
    result = run("verify", out)
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert len(lines) == 5
    for told in ("a.otio has 5 bytes", "a_DX.wav is not the file", "a_FX.wav is missing", "manifest.json is missing"):
        assert any(told in line for line in lines), told
    table = json.loads(run("verify", out, "--json").stdout)
    assert (table["intact"], table["damaged"]) == (0, 2)
    assert [Path(one["folder"]).name for one in table["films"]] == ["a", "b"]
    assert [len(one["faults"]) for one in table["films"]] == [3, 1]
    render(film, out)
    assert run("verify", out / "a").exit_code == 0


def test_the_cache_is_shown_and_pruned(film: Path, tmp_path: Path, fake_backend: Path) -> None:
    from vssflow_post.store.output_folder import OutputFolder, output_lock

    out = tmp_path / "out"
    assert run("cache", out).exit_code == 2
    render(film, out)
    takes = sorted((out / ".vssflow-post" / "takes").rglob("*.take"))
    for row in (["takes", str(len(takes))], ["features", "1"], ["analyses", "1"], ["all", str(len(takes) + 2)]):
        assert row in [line.split()[:2] for line in run("cache", out).stdout.splitlines()]
    os.utime(takes[0], (time.time() - 3 * 86_400,) * 2)
    with output_lock(OutputFolder(out)):
        held = run("cache", out, "--older-than", "1d")
    assert held.exit_code == 2
    assert takes[0].exists()
    assert "removed 0 entries" in run("cache", out, "--older-than", "1w").stdout
    assert "removed 0 entries" in run("cache", out, "--older-than", "99999m").stdout
    assert "removed 1 entries" in run("cache", out, "--older-than", "2d").stdout
    assert not takes[0].exists()
    assert takes[1].exists()
    os.utime(takes[1], (time.time() - 3600,) * 2)
    total = sum(path.stat().st_size for path in (out / ".vssflow-post").rglob("*") if path.suffix in KINDS)
    assert run("cache", out, "--max-size", f"{total - 1}B").exit_code == 0
    assert not takes[1].exists()
    assert takes[2].exists()
    assert run("cache", out, "--max-size", "0b").exit_code == 0
    assert not [path for path in (out / ".vssflow-post").rglob("*") if path.suffix in KINDS]
    assert run("verify", out).exit_code == 0, "deliverables do not need the store"
    assert run("cache", out, "--max-size", "ten").exit_code == 2
