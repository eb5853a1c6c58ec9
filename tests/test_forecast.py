"""What a dry run says that a render will take: it knows what is kept, learns from renders, and load misleads it not."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from conftest import MakeFilm
from vssflow_post.cli import cli
from vssflow_post.render import pace
from vssflow_post.render.forecast import _time_in_words
from vssflow_post.render.pace import (
    REMEMBERED,
    Cost,
    Mixing,
    Moment,
    keep_cost,
    kept_costs,
    mix_share_of,
    pace_of,
    seconds_on_the_clock,
    width_of,
)

SCRIPT = "1\n00:00:00,500 --> 00:00:01,500\nANNA: {}\n"


def cost(cpu_s: float = 1.0, generated_s: float = 20.0, mix_cpu_s: float = 1.4, width: float = 1.3) -> Cost:
    return Cost(generated_s, cpu_s, width, 20.0, mix_cpu_s, 1 << 30, 96_000.0)


def forecast(film: Path, out: Path, *more: str) -> dict[str, Any]:
    command = ["render", str(film), "-o", str(out), "-p", "ci", "-q", "--dry-run", "--json", *more]
    result = CliRunner().invoke(cli, command)
    assert result.exit_code == 0, result.output
    told: dict[str, Any] = json.loads(result.stdout)["films"][0]
    return told


def test_the_pace_is_that_of_the_last_renders_by_how_much_they_made() -> None:
    assert pace_of([]) is None
    assert pace_of([cost(generated_s=0.0)]) is None
    known = pace_of([cost(4.0, 20.0), cost(1.0, 1.0), cost(0.0, 0.0)])
    assert known is not None
    assert known.generate_cpu_s == pytest.approx(5 / 21)
    assert known.mix_cpu_s(20.0) == pytest.approx(1.4)
    assert known.take_bytes == 96_000.0


def test_a_pace_that_is_no_more_is_forgotten() -> None:
    slow, quick = cost(2000.0, mix_cpu_s=300.0), cost(1.0)
    known = pace_of([slow, *[quick] * REMEMBERED])
    assert known == pace_of([quick])


STEREO, FULL = Mixing("stereo", 6, False), Mixing("5.1 with all", 36, True)


def delivering(mixing: Mixing, mix_cpu_s: float, generated_s: float = 0.0) -> Cost:
    return replace(cost(generated_s=generated_s, mix_cpu_s=mix_cpu_s), mixing=mixing)


def test_the_pace_of_a_mix_is_that_of_what_was_delivered_alike(tmp_path: Path) -> None:
    path = tmp_path / "pace.json"
    for each in (delivering(FULL, 6.0), *[delivering(STEREO, 1.4, 20.0)] * (REMEMBERED + 2), delivering(FULL, 8.0)):
        keep_cost(path, each)
    kept = kept_costs(path)
    assert [each.mixing for each in kept] == [FULL, *[STEREO] * REMEMBERED, FULL]
    known = pace_of(kept, STEREO), pace_of(kept, FULL)
    assert known[0] is not None
    assert known[1] is not None
    assert known[0].mix_cpu_s(20.0, STEREO) == pytest.approx(1.4)
    assert known[1].mix_cpu_s(20.0, FULL) == pytest.approx(7.0)
    assert known[1].mix_cpu_s(20.0, STEREO) == pytest.approx(7.0 * STEREO.usual_cpu_s(20) / FULL.usual_cpu_s(20))


def test_a_delivery_that_is_new_costs_by_its_channels_and_its_page() -> None:
    share = mix_share_of([delivering(STEREO, 1.4)], FULL)
    assert share == mix_share_of([delivering(STEREO, 1.4)], STEREO) == pytest.approx(1.4 / pace.usual_mix_cpu_s(20.0))
    assert mix_share_of([], FULL) == 1.0
    wide, paged = replace(STEREO, n_channels=36), replace(STEREO, has_review=True)
    assert 2.3 < wide.usual_cpu_s(28) / STEREO.usual_cpu_s(28) < 2.7
    assert 1.7 < paged.usual_cpu_s(28) - STEREO.usual_cpu_s(28) < 2.1


@pytest.mark.parametrize(("before", "now"), [([], ["--takes", "3"]), (["--takes", "3"], [])])
def test_more_takes_have_the_pace_of_one(
    make_film: MakeFilm, fake_backend: Path, tmp_path: Path, before: list[str], now: list[str]
) -> None:
    film, out = make_film("a.mp4", 40, 10, 1), tmp_path / "out"
    render = ["render", str(film), "-o", str(out), "-p", "ci", "-q", *before]
    assert CliRunner().invoke(cli, render).exit_code == 0
    (path,) = (tmp_path / "cache").rglob("pace/*.json")
    path.write_text(
        json.dumps([{**row, "generate_cpu_s": 1000.0, "generated_s": 1.0} for row in json.loads(path.read_text())])
    )
    told = forecast(film, out, *now, "--seed", "5")["plan"]
    assert told["work_s"] > 100 * (told["sound_s"] + told["speech_s"]) > 0


def test_what_is_kept_is_bounded_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "cache" / "pace.json"
    assert kept_costs(path) == []
    for k in range(REMEMBERED + 3):
        keep_cost(path, cost(float(k)))
    assert [one.generate_cpu_s for one in kept_costs(path)] == [3.0, 4.0, 5.0, 6.0, 7.0]
    path.write_text('[{"of another": "version"}]')
    assert kept_costs(path) == []
    keep_cost(Path("/dev/null/pace.json"), cost())


def test_load_stretches_the_clock_and_not_the_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "n_processors", lambda: 2)
    idle = seconds_on_the_clock(10.0, 1.25, 1.0)
    assert idle == pytest.approx(8.0)
    busy = seconds_on_the_clock(10.0, 1.25, 0.25)
    assert 10.0 / 2 / 0.25 <= busy <= idle / 0.25
    work = Moment(wall_s=busy, cpu_s=10.0, ran_s=5.0, queued_s=15.0)
    assert work.share == 0.25
    assert 1.25 <= width_of(work, work.share) <= 2.0
    assert Moment(1.0, 1.0, 0.01, 0.0).share == 1.0
    assert Moment(1.0, 1.0, 0.0, 0.0).share == 1.0


def test_a_thread_that_waits_for_nobody_has_a_processor_to_itself() -> None:
    start = Moment.now()
    while Moment.now().since(start).cpu_s < 0.1:
        pass
    passed = Moment.now().since(start)
    assert 0.0 < passed.share <= 1.0
    assert passed.wall_s >= passed.ran_s - 0.01


@pytest.mark.slow
def test_a_dry_run_knows_what_is_kept(make_film: MakeFilm, fake_backend: Path, tmp_path: Path) -> None:
    film, out = make_film("a.mp4"), tmp_path / "out"
    film.with_suffix(".srt").write_text(SCRIPT.format("Hello there."))
    first = forecast(film, out)
    assert first["plan"]["speech_s"] == 1.0
    assert first["plan"]["work_s"] > 0
    assert CliRunner().invoke(cli, ["render", str(film), "-o", str(out), "-p", "ci", "-q"]).exit_code == 0
    before = {path: path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}
    fake_backend.unlink()
    again = forecast(film, out)["plan"]
    assert (again["speech_s"], again["sound_s"], again["work_s"], again["disk_bytes"]) == (0, 0, 0, 0)
    assert again["n_scenes"] == first["plan"]["n_scenes"]
    fresh = forecast(film, out, "--fresh")["plan"]
    assert (fresh["speech_s"], fresh["sound_s"]) == (0, 0)
    assert fresh["work_s"] > 0
    film.with_suffix(".srt").write_text(SCRIPT.format("Something else."))
    changed = forecast(film, out)["plan"]
    assert (changed["speech_s"], changed["sound_s"]) == (1.0, 0)
    assert not fake_backend.exists(), "what rendering takes is known from the render"
    assert {path: path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()} == before
    shutil.rmtree(out)
    assert forecast(film, out)["plan"]["speech_s"] == 1.0
    assert not out.exists()


@pytest.mark.slow
def test_a_render_teaches_the_forecast(make_film: MakeFilm, fake_backend: Path, tmp_path: Path) -> None:
    film = make_film("a.mp4")
    for out in ("one", "two"):
        assert (
            CliRunner().invoke(cli, ["render", str(film), "-o", str(tmp_path / out), "-p", "ci", "-q"]).exit_code == 0
        )
    (kept,) = (tmp_path / "cache").rglob("pace/*.json")
    costs = kept_costs(kept)
    assert [(one.film_s, one.generated_s) for one in costs] == [(2.0, 2.0)] * 2
    assert all(one.mix_cpu_s > 0 and one.memory_bytes > 10_000_000 and one.take_bytes == 64_000 for one in costs)
    fake_backend.unlink()
    assert forecast(film, tmp_path / "three")["plan"]["sound_s"] == 2.0
    assert not fake_backend.exists()


@pytest.mark.slow
def test_a_dry_run_tells_what_a_render_would(make_film: MakeFilm, fake_backend: Path, tmp_path: Path) -> None:
    film = make_film("a.mov", rate=Fraction(16), timecode="01:00:00:00")
    preset = tmp_path / "edl.toml"
    preset.write_text("extends = 'ci'\n[deliver]\nedl = true\n")
    told = forecast(film, tmp_path / "out", "-p", str(preset))
    assert told["verdict"] == "done"
    assert "count 24 frames a second, since editors know no 16" in told["reason"]
    result = CliRunner().invoke(cli, ["render", str(film), "-o", str(tmp_path / "out"), "-p", str(preset), "-q"])
    assert result.exit_code == 0, result.output
    assert "count 24 frames a second" in result.stdout
    assert (tmp_path / "out" / "a" / "a_FX.edl").exists()
    assert "count 24 frames a second" in " ".join(
        json.loads((tmp_path / "out" / "a" / "report.json").read_text())["warnings"]
    )


@pytest.mark.parametrize(("seconds", "told"), [(0.4, "1 s"), (16, "16 s"), (100, "1.7 minutes"), (9000, "2.5 hours")])
def test_times_are_told_in_units_that_fit(seconds: float, told: str) -> None:
    assert _time_in_words(seconds) == told
