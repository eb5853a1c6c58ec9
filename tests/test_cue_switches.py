"""What a sheet says of a cue beside what it sounds like: muted, locked, moved."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from conftest import MakeFilm
from tests.desk import Desk, S, level_db, music, sound, speech, tone
from vssflow_post.cli import cli
from vssflow_post.cues.sheet import read_cue_sheet, write_cue_sheet
from vssflow_post.media.probe import probe


def asked_for(log: Path) -> list[str]:
    """Ids of the cues that the backend was asked for, since the last look."""
    ids = [line.split()[0] for line in log.read_text().splitlines()] if log.exists() else []
    log.unlink(missing_ok=True)
    return sorted(ids)


def test_a_muted_cue_is_neither_made_nor_heard_and_ducks_nothing(desk: Desk, fake_backend: Path) -> None:
    desk.put("theme.wav", tone(8, 300))
    bed = sound("s1", 0, 8, file="theme.wav")
    cues = [speech("d1", 1, 3, text="Hello.", mute=True), speech("d2", 1.5, 3.5, file="gone.wav", mute=True), bed]
    waves = desk.rendered([*cues, music("m1", 0, 8, file="gone.wav", mute=True)], mix__duck_db=12.0)
    assert asked_for(fake_backend) == []
    assert set(waves) == {"DX", "FX", "MIX", "ME", "ME_FX"}
    assert not waves["DX"].any()
    assert level_db(waves["FX"], 1.2, 2.8) == pytest.approx(level_db(waves["FX"], 5, 7), abs=0.01)
    folder = desk.out / "a"
    assert not (folder / "a.srt").exists()
    assert "d1" not in (folder / "a.otio").read_text()
    assert [cue.get("mute", False) for cue in desk.told("a.cues.json")["cues"]] == [False, True, True, True]
    assert "muted" in (folder / "report.html").read_text("utf-8")
    assert desk.told("report.json")["verdict"] == "done"


def test_a_shift_moves_what_is_heard_and_renders_nothing_again(desk: Desk, fake_backend: Path) -> None:
    desk.put("door.wav", tone(1, 700))
    desk.put("theme.wav", tone(1, 300))
    cues = [speech("d1", 1, 2, text="Hello."), sound("s1", 3, 4, file="door.wav"), music("m1", 5, 6, file="theme.wav")]
    before = desk.rendered(cues)
    assert asked_for(fake_backend) == ["d1"]
    shifts = ({"shift_s": 0.5}, {"shift_s": -0.25}, {"shift_frames": 10}, {"shift_frames": -3})
    for shift, shift_s in zip(shifts, (0.5, -0.25, 0.4, -0.12), strict=True):
        after = desk.rendered([{**cue, **shift} for cue in cues])
        assert asked_for(fake_backend) == []
        for name in ("DX", "FX", "MX"):
            assert_moved(before[name], after[name], shift_s, f"{name} by {shift}")
        assert [cue["shift_s"] for cue in desk.told("a.cues.json")["cues"]] == [shift_s] * 3
        start = f"00:00:{1 + shift_s:06.3f}".replace(".", ",")
        assert (desk.out / "a" / "a.srt").read_text().split("\n")[1].startswith(start)


def assert_moved(before: np.ndarray, after: np.ndarray, shift_s: float, what: str) -> None:
    moved = np.roll(before, round(shift_s * S), axis=1)
    gain = np.abs(after).max() / np.abs(moved).max()  # loudness is measured in windows that do not move along
    assert gain == pytest.approx(1.0, abs=0.1), what
    assert np.abs(after - gain * moved).max() <= 4, what
    first, last = np.flatnonzero(moved.any(axis=0))[[0, -1]]
    heard = np.flatnonzero(after.any(axis=0))
    assert abs(heard[0] - first) < 48, what
    assert abs(heard[-1] - last) < 48, what


def test_kept_sound_of_the_film_is_moved_too(make_film: MakeFilm, fake_backend: Path, tmp_path: Path) -> None:
    said = np.concatenate([np.zeros(2 * S, np.float32), tone(1, 400, 0.2), np.zeros(5 * S, np.float32)])
    desk = Desk(make_film("a.mp4", 200, 25, 1, sound=said), tmp_path)
    cue = speech("d1", 2.2, 2.8, origin="silero", shift_s=1.5)
    dialogue = desk.rendered([cue], dialogue__source="production", dialogue__production="speech")["DX"]
    heard = np.flatnonzero(np.abs(dialogue[0]) > 2000)
    assert heard[0] / S == pytest.approx(3.7, abs=0.01)
    assert heard[-1] / S == pytest.approx(4.3, abs=0.01)
    assert desk.told("report.json")["warnings"] == []
    desk.rendered([cue], dialogue__source="production", dialogue__production="whole")
    told, kept = desk.told("report.json")["warnings"]
    assert "kept whole, in DX; what is made beside it is what the cue sheet says" in kept
    assert "d1 cannot be muted or moved" in told


def test_a_locked_cue_keeps_its_take_whatever_changes(
    desk: Desk, fake_backend: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cues = [speech("d1", 1, 3, text="Hello.", voice="alto"), speech("d2", 4, 6, text="Good bye.", voice="alto")]
    first = desk.rendered(cues)
    assert asked_for(fake_backend) == ["d1", "d2"]
    locked = [{**cues[0], "lock": True, "voice": "bass", "seed": 99}, {**cues[1], "voice": "bass"}]
    for weights in ("no weights", "others", "yet others"):
        monkeypatch.setenv("FAKE_BACKEND_WEIGHTS", weights)
        again = desk.rendered(locked)
        assert asked_for(fake_backend) == ["d2"]
        assert pitch_hz(again["DX"], 1.2, 2.8) == pitch_hz(first["DX"], 1.2, 2.8)
        assert pitch_hz(again["DX"], 4.2, 5.8) != pitch_hz(first["DX"], 4.2, 5.8)
    assert desk.render([{**locked[0], "mute": True}, locked[1]]).is_done
    monkeypatch.setenv("FAKE_BACKEND_WEIGHTS", "the last")
    desk.rendered(locked)
    assert asked_for(fake_backend) == ["d2"], "it stays locked while it is muted"
    for path in (desk.out / ".vssflow-post" / "takes").rglob("*.take"):
        path.unlink()
    desk.rendered([*locked, sound("s1", 0, 1, sound="click")])
    assert asked_for(fake_backend) == ["d1", "d2", "s1"]
    (warning,) = desk.told("report.json")["warnings"]
    assert "d1, which are locked, are not in the store any more" in warning


def pitch_hz(samples: np.ndarray, start_s: float, end_s: float) -> int:
    part = samples[0, round(start_s * S) : round(end_s * S)]
    return round(int(np.abs(np.fft.rfft(part)).argmax()) / (end_s - start_s))


@pytest.mark.slow
def test_a_dry_run_counts_what_is_still_to_be_made(
    desk: Desk, fake_backend: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.put("line.wav", tone(1, 300))
    locked, other = speech("d1", 1, 3, text="Hello."), speech("d2", 4, 5, text="Good bye.")
    settled = [speech("d3", 5, 6, text="Yes.", mute=True), speech("d4", 6, 7, text="No.", file="line.wav")]
    desk.rendered([locked, other, *settled])
    monkeypatch.setenv("FAKE_BACKEND_WEIGHTS", "others")
    sheet = desk.sheet([{**locked, "lock": True}, other, *settled])
    words = ["render", "-q", "-p", "ci", str(desk.film), "-o", str(desk.out), "--cues", str(sheet)]
    result = CliRunner().invoke(cli, [*words, "--dry-run", "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["films"][0]["plan"]["speech_s"] == 1.0


def test_a_new_cue_may_be_locked_from_the_start(desk: Desk, fake_backend: Path) -> None:
    desk.rendered([speech("d1", 1, 3, text="Hello.", lock=True)])
    assert asked_for(fake_backend) == ["d1"]
    assert desk.told("report.json")["warnings"] == []


def test_what_is_settled_gives_no_takes_to_choose_from(desk: Desk, fake_backend: Path) -> None:
    desk.put("line.wav", tone(1, 300))
    switches: list[dict[str, Any]] = [{"lock": True}, {"mute": True}, {"file": "line.wav"}, {}]
    cues = [speech(f"d{k}", 1 + k, 2 + k, text="Hello.", seed=k, takes=2, **more) for k, more in enumerate(switches, 1)]
    desk.rendered(cues)
    assert asked_for(fake_backend) == ["d1", "d4", "d4@2"]
    assert [cue["id"] for cue in desk.told("report.json")["cues"] if "choice" in cue] == ["d4"]
    page = (desk.out / "a" / "report.html").read_text("utf-8")
    chosen = json.loads(page.partition('id="sheet">')[2].partition("</script>")[0])["content"]
    assert [cue.get("file") for cue in chosen["cues"]] == [None, None, str(desk.folder / "line.wav"), None]


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"shift_s": 5}, "'shift_s' moves the cue out of the film"),
        ({"shift_frames": -60}, "'shift_frames' moves the cue out of the film"),
        ({"shift_s": 1, "shift_frames": 2}, "'shift_frames' says the same as 'shift_s'"),
        ({"mute": "yes"}, "'mute' must be true or false"),
        ({"lock": 1}, "'lock' must be true or false"),
    ],
)
def test_what_a_switch_may_not_say(desk: Desk, more: dict[str, Any], sentence: str) -> None:
    result = desk.render([speech("d1", 2, 4, text="Hello.", **more)])
    assert (result.verdict, sentence in (result.reason or "")) == ("rejected:bad_cues", True), result.reason


def test_a_table_says_them_as_well(desk: Desk) -> None:
    film = probe(desk.film)
    sheet = read_cue_sheet(
        desk.sheet([speech("d1", 1, 2, text="A.", mute=True), speech("d2", 3, 4, text="B.", lock=True, shift_s=-0.5)]),
        film,
    )
    table = desk.folder / "sheet.csv"
    write_cue_sheet(table, film, sheet)
    assert read_cue_sheet(table, film) == sheet
    rows: Sequence[str] = table.read_text("utf-8-sig").splitlines()
    table.write_text(
        "\n".join([rows[0].replace("shift_s", "shift_frames"), *(row.replace("-0.5", "-12") for row in rows[1:])])
    )
    assert [cue.shift for cue in read_cue_sheet(table, film).cues] == [0, -12 * 1920]
    assert json.loads(json.dumps([cue.is_muted for cue in sheet.cues])) == [True, False]
