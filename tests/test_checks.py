"""What is wrong is told before anything is rendered, all of it at once, each with its place."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from conftest import MakeFilm
from tests.desk import Desk, speech, tone
from tests.recorded_library import make
from vssflow_library.indexing import update
from vssflow_post.cli import cli
from vssflow_post.cues.sheet import read_cue_sheet, write_cue_sheet
from vssflow_post.media.probe import probe
from vssflow_post.progress import silent


def run(*words: object) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])


def sheet_of(*cues: dict[str, Any]) -> str:
    about = {"path": "a.mp4", "duration_s": 8.0, "frame_rate": "25/1"}
    scenes = [{"index": 0, "start_s": 0.0, "end_s": 8.0}]
    return json.dumps({"version": 1, "film": about, "scenes": scenes, "cues": list(cues)}, indent=1)


def line_of(text: str, words: str) -> int:
    return next(number for number, row in enumerate(text.split("\n"), 1) if words in row)


def test_a_sheet_tells_all_its_mistakes_without_its_film(fake_backend: Path, tmp_path: Path) -> None:
    text = sheet_of(
        speech("d1", 1, 2, text="A.", voise="alto", gain_db="loud", thing="hat"),
        speech("d2", 3, 4, text="B.", voice="soprano"),
        {"id": "s1", "kind": "sound", "start_s": 5, "end_s": 9},
        {"id": "s2", "kind": "sond", "start_s": 5, "end_s": 6},
    )
    path = tmp_path / "a.cues.json"
    path.write_text(text)
    result = run("cues", "check", path)
    assert result.exit_code == 2
    places = {"voise": "unknown key", "gain_db": "must be a number", "hat": "must be a whole number",
              "soprano": "there is no voice", "9": "lies after the end of the film", "sond": "must be"}  # fmt: skip
    told = result.output.splitlines()
    assert len(told) == len(places)
    for words, fault in places.items():
        number = line_of(text, f'"{words}"' if words != "9" else '"end_s": 9')
        assert any(row.startswith(f"a.cues.json, line {number}: ") and fault in row for row in told), (words, told)


def test_a_sheet_with_other_mistakes_tells_of_its_recordings_too(desk: Desk) -> None:
    sheet = desk.sheet([speech("d1", 1, 2, file="gone.wav"), speech("d2", 3, 4, text="A.", gain_db=900)])
    told = run("cues", "check", sheet).output.splitlines()
    assert len(told) == 2
    assert "'gain_db' must lie between" in told[0]
    place = "edit.cues.json, line 1: cues[0] (d1): 'file'"
    assert told[1] == f"{place}: the recording {desk.folder / 'gone.wav'}: there is no such file"


def test_a_recording_that_a_sound_names_and_the_library_lacks_is_told(tmp_path: Path) -> None:
    sounds, place, preset, sheet = (tmp_path / name for name in ("sounds", "a.sqlite", "mine.toml", "a.cues.json"))
    sounds.mkdir()
    make(sounds, loop_s=2.0)
    update(place, [sounds], 1, silent)
    there = sorted(path.name for path in sounds.iterdir())
    names = (there[0], "Gone_01.wav", f"sounds/{there[1]}", "Muted_02.wav", "a door slams")
    cues = [{"id": f"s{k}", "kind": "sound", "start_s": k, "end_s": k + 1, "sound": name, "mute": "Muted" in name}
            for k, name in enumerate(names)]  # fmt: skip
    sheet.write_text(sheet_of(*cues))
    preset.write_text(f'[generate]\nsound = ["library", "auto"]\nlibrary = "{place}"\n')
    result = run("cues", "check", sheet, "-p", preset)
    assert result.exit_code == 2
    line = line_of(sheet.read_text(), "Gone_01")
    told = f"a.cues.json, line {line}: cues[1] (s1): 'sound': library has no file Gone_01.wav\n"
    assert result.output == told
    assert run("cues", "check", sheet).exit_code == 0, "who asks no library has words"
    (sounds / there[0]).unlink()
    assert "not there now" in run("cues", "check", sheet, "-p", preset).output
    place.unlink()
    assert run("cues", "check", sheet, "-p", preset).exit_code == 0, "that there is no index is not the sheet's fault"


def test_a_table_tells_all_its_mistakes_too(fake_backend: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = [
        "kind,id,start,end,text,voice,gain_db",
        "film,film,01:00:00:00,01:00:08:00,25/1 fps,,",
        "speech,d1,01:00:01:00,01:00:02:00,A.,alto,loud",
        "speech,d2,01:00:03:00,later,B.,alto,",
        "speech,d3,01:00:05:00,01:00:06:00,C.,soprano,",
        "speech,d4,01:00:07:00,01:00:09:00,D.,,",
    ]
    path.write_text("\n".join(rows))
    result = run("cues", "check", path)
    assert result.exit_code == 2
    told = sorted(result.output.splitlines())
    assert [row.split(" (")[0].split(": '")[0] for row in told] == [f"a.csv: line {number}" for number in (3, 4, 5, 6)]
    path.write_text("\n".join([rows[0], *rows[2:]]))
    assert "has no row of its film: name the film as well" in run("cues", "check", path).output
    path.write_text("\n".join([*rows[:2], "speech,d1,01:00:01:00,01:00:02:00,A.,alto,-3"]))
    assert run("cues", "check", path).output == f"{path}: nothing is wrong with it\n"


def test_a_sheet_is_held_against_its_film_and_its_recordings_are_heard(desk: Desk) -> None:
    sheet = desk.sheet([speech("d1", 1, 2, file="gone.wav"), speech("d2", 3, 4, file="here.wav", in_s=9)])
    desk.put("here.wav", tone(2))
    told = run("cues", "check", sheet, desk.film).output.splitlines()
    lines = [line_of(sheet.read_text(), f'"file": "{name}"') for name in ("gone.wav", "here.wav")]
    assert [row.rpartition("'file': the recording")[0] for row in told] == [
        f"{sheet.name}, line {lines[k]}: cues[{k}] (d{k + 1}): " for k in (0, 1)
    ]
    assert "there is no such file" in told[0]
    assert "it is over by 9 s" in told[1]
    sheet.write_text(sheet.read_text().replace('"25/1"', '"24/1"'))
    assert "24/1 frames per second" in run("cues", "check", sheet, desk.film).output
    assert "there is no cue sheet" in run("cues", "check", desk.folder / "none.json").output


def test_what_is_wrong_between_cues_is_told_beside_what_is_wrong_in_them(fake_backend: Path, tmp_path: Path) -> None:
    text = sheet_of(
        {"id": "s1", "kind": "sound", "start_s": 0, "end_s": 4, "layer": "bed"},
        {"id": "s1", "kind": "sound", "start_s": 1, "end_s": 3, "layer": "bed"},
        {"id": "s2", "kind": "sound", "start_s": 2, "end_s": 5, "layer": "bed"},
        speech("d1", 6, 9, text="A.", voice="soprano", gain_bd=1),
        {"id": "d 2", "kind": "talk", "start_s": "a", "end_s": 7, "gain_db": "loud", "text": "B."},
        {"id": "m1", "start_s": 0, "end_s": 7, "kind": "music"},
        speech("d3", 1, 2, file="gone.wav"),
        {"kind": "speech", "start_s": 3, "end_s": 2, "scene": 5},
    )
    path = tmp_path / "a.cues.json"
    path.write_text(text)
    told = run("cues", "check", path).output.splitlines()
    faults = [
        (1, "the id 's1' is there twice"), (1, "cues s1 and s1 overlap"), (2, "cues s1 and s2 overlap"),
        (3, "unknown key \"gain_bd\". Did you mean 'gain_db'?"), (3, "'end_s' lies after"), (3, "there is no voice"),
        (4, "'id' must be letters"), (4, "'kind' must be"), (4, "'start_s' must be a number"), (4, "'gain_db' must be"),
        (5, "'file' is missing"), (6, "there is no such file"),
        (7, "key 'id' is missing"), (7, "'end_s' must lie after"), (7, "'scene' must lie between 0 and 0"),
    ]  # fmt: skip
    for number, words in faults:
        assert any(f"cues[{number}]" in row and words in row for row in told), (number, words, told)
    assert len(told) == len(faults)
    lines = text.split("\n")
    numbers = [int(row.partition(", line ")[2].partition(":")[0]) for row in told]
    assert numbers == sorted(numbers)
    assert lines[numbers[0] - 1].strip() == '"id": "s1",'


def test_a_table_tells_the_same_with_its_own_words(fake_backend: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = [
        "kind,id,scene,start,end,text,voice,sound,gain_db,mute,file",
        "film,film,,01:00:00:00,01:00:08:00,25/1 fps,,,,,",
        "sound,s1,1,01:00:00:00,01:00:04:00,,,,loud,maybe,",
        "sound,s1,1,01:00:01:00,01:00:02:00,,,,,,",
        "speech,d1,4,01:00:01:00,01:00:02:00,A.,soprano,,,,",
        "talk,d2,1,abc,def,,,,,,",
        "music,m1,1,01:00:00:00,01:00:07:00,,,,,,gone.wav",
    ]
    path.write_text("\n".join(rows))
    told = run("cues", "check", path).output.splitlines()
    faults = [
        (3, "'gain_db' must be a number"), (3, "'mute' must be yes or no"), (4, "the id 's1' is there twice"),
        (5, "'scene' must lie between 1 and 1, not 4"), (5, "there is no voice"), (6, "'kind' must be"),
        (6, "'start': 'abc' is not a timecode"), (6, "'end': 'def' is not a timecode"), (7, "there is no such file"),
    ]  # fmt: skip
    assert [int(row.partition("line ")[2].split(":")[0].split(" ")[0]) for row in told] == [line for line, _ in faults]
    assert {words for line, words in faults for row in told if f"line {line}" in row and words in row} == {
        words for _, words in faults
    }


@pytest.mark.parametrize(
    ("film", "sentence"),
    [
        ("film,film,,01:00:00:00,01:00:08:00,about 25", "line 2: 'text' of the film's row must be its frame rate"),
        ("film,film,,01:00:00:00,01:00:08:00,", "has no row of its film with its frame rate: name the film as well"),
        ("film,film,,00:30:00:00,00:30:08:00,25/1 fps", ""),
    ],
)
def test_a_table_says_what_film_it_is_of(fake_backend: Path, tmp_path: Path, film: str, sentence: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"kind,id,scene,start,end,text\n{film}\n")
    told = run("cues", "check", path).output
    assert told == f"{path}: nothing is wrong with it\n" if not sentence else sentence in told


def test_a_table_of_a_film_that_starts_elsewhere_is_told_so(desk: Desk) -> None:
    path = desk.folder / "a.csv"
    path.write_text("kind,id,start,end,text\nfilm,film,01:00:00:00,01:00:08:00,25/1 fps\n")
    told = run("cues", "check", path, desk.film).output
    assert told == "a.csv: was made for a film that starts at 01:00:00:00, and this one does at 00:00:00:00\n"


def test_a_bad_sheet_is_refused_before_the_film_is_opened_with_all_that_is_wrong(tmp_path: Path) -> None:
    film = tmp_path / "a.mp4"
    film.write_text("this is no film, which nobody finds out")
    sheet = tmp_path / "a.json"
    sheet.write_text(sheet_of(*(speech(f"d{k}", 1, 2, gain_db="loud", seed=-1) for k in range(6))))
    result = run("render", film, "-o", tmp_path / "out", "--cues", sheet, "--json", "-q")
    (told,) = json.loads(result.stdout)["films"]
    assert told["verdict"] == "rejected:bad_cues"
    assert told["reason"].count("'gain_db' must be a number") + told["reason"].count("'seed' must lie") == 8
    assert "and 4 more (`vssflow-post cues check` tells all)" in told["reason"]


FAULTY_SCRIPTS = {
    "a.srt": (
        "1\n00:00:01,000 --> 00:00:02,00x\nA\n\n2\n00:00:05,000 --> 00:00:03,000\nB\n\n"
        "3\n00:00:06,000 --> 00:00:61,000\nC\n\n"
        "4\n00:00:07,000 --> 00:00:08,000\nD\n\n5\nE\n\n6\n00:00:09,000 --> 00:00:10,000\nF\n",
        {2: "is not a timing", 6: "ends before it starts", 10: "is not a timing", 17: "subtitle 5 has no times"},
    ),
    "a.ass": (
        "[Events]\nFormat: Start, End, Text\nDialogue: 1:00,0:00:02.00,A\nDialogue: 0:00:03.00,0:00:02.00,B\n"
        "Dialogue: 0:00:03.00\n",
        {3: "start is not a time", 4: "ends before it starts", 5: "has 1 of the 3 fields"},
    ),
    "a.csv": (
        "start,end,speaker,text\n1.5,abc,A,A\n00:00:05.000,00:00:03.000,A,B\n00:00:06.000,00:00:07.000,A,B,C\n"
        "00:00:07:40,00:00:08:00,A,D\n00:00:09:10,00:00:09:05,A,E\n00:00:09:20,00:00:09.500,A,F\n",
        {2: "start: '1.5' is neither", 3: "is not after start", 4: "has 5 cells", 6: "is not after start"},
    ),
}
"""Content, and what is wrong in which lines whatever the film is."""


@pytest.mark.parametrize("name", [*FAULTY_SCRIPTS])
def test_a_script_tells_all_its_mistakes_before_the_film_is_opened(
    fake_backend: Path, tmp_path: Path, name: str
) -> None:
    film, script = tmp_path / "a.mp4", tmp_path / name
    film.write_text("this is no film, which nobody finds out")
    content, faults = FAULTY_SCRIPTS[name]
    script.write_text(content)
    told = run("cues", "check", script).output.splitlines()
    assert [row.split(": ", 1)[0] for row in told] == [f"{name}, line {line}" for line in faults]
    assert all(words in row for row, words in zip(told, faults.values(), strict=True))
    for dry_run in ([], ["--dry-run"]):
        result = run("render", film, "-o", tmp_path / "out", "--json", "-q", *dry_run)
        (ended,) = json.loads(result.stdout)["films"]
        assert (ended["verdict"], ended["reason"]) == ("rejected:bad_script", "; ".join(told))
    assert "; ".join(told) in run("spot", film).output


def test_a_file_of_nothing_but_faults_is_read_so_far(tmp_path: Path) -> None:
    for name, row in (("a.csv", "x,y,A\n"), ("a.srt", "00:00:01,000 --> 00:00:61,000\nA\n\n")):
        path = tmp_path / name
        path.write_text(("start,end,text\n" if name == "a.csv" else "") + row * 1100)
        told = run("cues", "check", path).output.splitlines()
        assert len(told) == 1001
        assert told[-1].endswith("; what is wrong after that was not looked for")


def test_a_script_that_is_not_spoken_refuses_no_film(make_film: MakeFilm, fake_backend: Path, tmp_path: Path) -> None:
    film = make_film("b.mp4", n_frames=12, shots=1)
    (tmp_path / "a.csv").write_text(FAULTY_SCRIPTS["a.csv"][0])
    for source, verdict in (("none", "done"), ("generate", "rejected:bad_script")):
        (tmp_path / "mine.toml").write_text(f'extends = "ci"\n[dialogue]\nsource = "{source}"\n')
        preset = ["-p", tmp_path / "mine.toml", "--script", tmp_path / "a.csv"]
        result = run("render", film, "-o", tmp_path / "out", "--dry-run", "--json", "-q", *preset)
        assert json.loads(result.stdout)["films"][0]["verdict"] == verdict


def test_a_script_held_against_its_film_counts_its_frames(desk: Desk) -> None:
    script = desk.folder / "b.csv"
    script.write_text("start,end,text\n00:00:01:24,00:00:02:25,A\n")
    assert run("cues", "check", script).output == f"{script}: nothing is wrong with it\n"
    assert "line 2: end: '00:00:02:25' does not exist at 25 fps" in run("cues", "check", script, desk.film).output
    script.write_text("start,end,text\n" + "x,y,A\n" * 11)
    result = run("render", desk.film, "-o", desk.folder / "out", "--script", script, "--json", "-q")
    assert "and 3 more (`vssflow-post cues check` tells all)" in json.loads(result.stdout)["films"][0]["reason"]


def test_a_cast_is_checked_for_voices_that_nobody_has(fake_backend: Path, tmp_path: Path) -> None:
    cast = tmp_path / "cast.toml"
    cast.write_text(
        '[cast]\nANNA = "alto"\nTOM = { voice = "rumble", gain_db = -2.0 }\nEVE = "shrill"\nPAT = { pan = 0.2 }\n'
    )
    result = run("presets", "check", cast)
    assert result.exit_code == 2
    assert result.output.splitlines() == [
        f"{cast}:3: [cast] TOM: there is no voice 'rumble' (there are: alto, bass, tenor)",
        f"{cast}:4: [cast] EVE: there is no voice 'shrill' (there are: alto, bass, tenor)",
    ]
    cast.write_text('[cast]\nANNA = "alto"\n')
    assert run("presets", "check", cast).output == f"{cast}: nothing is wrong with it\n"
    cast.write_text('[cast]\nTOM = { voice = "rumble", gian_db = -2.0 }\nEVE = "shrill"\n[mix]\nfade = 3\n')
    faults = [row.removeprefix(f"{cast}:") for row in run("presets", "check", cast).output.splitlines()]
    assert [row.partition(" (")[0] for row in faults] == [
        "2: cast.TOM: unknown key 'gian_db'. Did you mean 'gain_db'?",
        "5: unknown key 'fade' in [mix]. Did you mean 'fade_ms'?",
        "2: [cast] TOM: there is no voice 'rumble'",
        "3: [cast] EVE: there is no voice 'shrill'",
    ]


def test_a_check_of_nothing_asks_what_is_meant(fake_backend: Path) -> None:
    result = run("presets", "check")
    assert result.exit_code == 2
    assert "which preset or cast file is to be checked?" in result.output


def test_a_voice_that_nobody_has_is_told_before_the_film_is_opened(fake_backend: Path, tmp_path: Path) -> None:
    film, cast = tmp_path / "a.mp4", tmp_path / "cast.toml"
    film.write_text("this is no film, which nobody finds out")
    cast.write_text('[cast]\nTOM = "rumble"\n')
    result = run("render", film, "-o", tmp_path / "out", "--cast", cast, "-q")
    assert result.exit_code == 2
    assert "[cast] TOM: there is no voice 'rumble'" in result.output


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("[mix]\ntarget_lufs = -20.0\n", "unknown key 'target_lufs' in [mix]. It belongs in [loudness]."),
        ("steps = 4\n", "unknown key 'steps'. It belongs in [generate]."),
        ("[loudness]\nfade_in_s = 1.0\n", "unknown key 'fade_in_s' in [loudness]. It belongs in [[music]]."),
        ("[mix]\nfade = 3\n", "Did you mean 'fade_ms'?"),
    ],
)
def test_a_key_in_the_wrong_place_is_told_where_it_belongs(
    fake_backend: Path, tmp_path: Path, text: str, hint: str
) -> None:
    preset = tmp_path / "mine.toml"
    preset.write_text(text)
    assert hint in run("presets", "check", preset).output


@pytest.mark.parametrize("kind", ["json", "csv"])
def test_one_command_changes_all_lines_of_a_speaker_and_nothing_else(desk: Desk, kind: str) -> None:
    lines = [
        speech("d1", 1, 2, text='So, "Tom"; yes.', speaker="ANNA"),
        speech("d2", 2, 3, text="No.", speaker="TOM", voice="bass"),
        speech("d3", 4, 5, text="-1 degrees", speaker="Anna", voice="tenor", gain_db=-1.5),
    ]
    film, sheet = probe(desk.film), desk.folder / f"sheet.{kind}"
    write_cue_sheet(sheet, film, read_cue_sheet(desk.sheet(lines), film))
    before = read_cue_sheet(sheet, film).cues
    head = sheet.read_bytes()[:100]
    result = run("cues", "set", sheet, "--speaker", "ANNA", "--voice", "alto", "--gain-db", -3, "--lock")
    assert result.output == f"{sheet}: 2 of ANNA: d1, d3\n"
    changed = [
        replace(cue, voice="alto", gain_db=-3.0, is_locked=True) if cue.speaker != "TOM" else cue for cue in before
    ]
    assert list(read_cue_sheet(sheet, film).cues) == changed
    assert sheet.read_bytes()[:100] == head
    assert run("cues", "set", sheet, "--speaker", "ANNA", "--no-lock").exit_code == 0
    assert [cue.is_locked for cue in read_cue_sheet(sheet, film).cues] == [False] * 3


def test_a_table_that_a_spreadsheet_has_filled_up_can_be_changed(fake_backend: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.csv"
    sheet.write_text(
        "kind,id,start,end,text,speaker,,\nfilm,film,01:00:00:00,01:00:08:00,25/1 fps,,,\n"
        "speech,d1,01:00:01:00,01:00:02:00,Come in.,ANNA,,\n"
    )
    assert run("cues", "set", sheet, "--speaker", "ANNA", "--gain-db", -3).output == f"{sheet}: 1 of ANNA: d1\n"
    assert sheet.read_text().splitlines()[::2] == [
        "kind,id,start,end,text,speaker,gain_db",
        "speech,d1,01:00:01:00,01:00:02:00,Come in.,ANNA,-3.0,",
    ]
    assert run("cues", "check", sheet).exit_code == 0


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--speaker", "ANA", "--voice", "alto"), "nobody called 'ANA' speaks (there are: ANNA). Did you mean 'ANNA'?"),
        (("--speaker", "ANNA", "--voice", "rumble"), 'there is no voice "rumble" (there are: alto, bass, tenor)'),
        (("--speaker", "ANNA", "--gain-db", "900"), "'gain_db' must lie between"),
        (("--speaker", "ANNA"), "what is to be set?"),
    ],
)
def test_what_cannot_be_set_leaves_the_sheet_as_it_was(desk: Desk, words: tuple[str, ...], sentence: str) -> None:
    sheet = desk.sheet([speech("d1", 1, 2, text="A.", speaker="ANNA")])
    text = sheet.read_text()
    result = run("cues", "set", sheet, *words)
    assert (result.exit_code, sentence in result.output) == (2, True), result.output
    assert ".tmp" not in result.output
    assert sheet.read_text() == text
    assert [path.name for path in desk.folder.glob(".vssflow*")] == []


def test_a_file_that_is_no_sheet_is_told_by_both_commands(fake_backend: Path, tmp_path: Path) -> None:
    for name, content in (
        ("a.json", "[]"),
        ("b.json", "{"),
        ("c.csv", "\xff"),
        ("d.csv", ""),
        ("e.json", '{"cues": [3]}'),
    ):
        path = tmp_path / name
        path.write_bytes(content.encode("latin-1"))
        for words in (("check", path), ("set", path, "--speaker", "ANNA", "--mute")):
            result = run("cues", *words)
            assert (result.exit_code, name in result.output) == (2, True), (name, words, result.output)
