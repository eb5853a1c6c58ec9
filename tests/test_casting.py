"""Who speaks with which voice: the same in every film of a batch, as loud and where the cast says."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from conftest import MakeFilm
from vssflow_post.backend import BackendIdentity, VoiceFacts
from vssflow_post.cli import cli
from vssflow_post.cues.casting import choose_voices, member_of, sexes_of
from vssflow_post.cues.script import read_script, speakers_of
from vssflow_post.cues.sexes import sex_of
from vssflow_post.settings.preset import CastMember

VOICES = {"alto": "", "bass": "", "tenor": ""}
NAMES = ("ANNA", "BOB", "CLARA", "DORA", "EMIL", "FRITZ")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


@given(
    st.sets(st.sampled_from(NAMES)),
    st.sets(st.sampled_from(NAMES)),
    st.dictionaries(st.sampled_from(NAMES), st.sampled_from(sorted(VOICES))),
)
def test_a_company_has_one_cast_whoever_is_in_a_film(
    here: set[str], there: set[str], given_voices: dict[str, str]
) -> None:
    cast = {name: CastMember(voice) for name, voice in given_voices.items()}
    company = here | there
    one, other = choose_voices(here, cast, VOICES, company), choose_voices(there, cast, VOICES, company)
    assert all(one[name] == other[name] for name in company)
    assert all(one[name] == voice for name, voice in given_voices.items() if name in company)
    free = [name for name in company if name not in cast]
    if not cast:
        assert len({one[name] for name in free}) == min(len(free), len(VOICES))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "a.srt",
            "1\n00:00:01,000 --> 00:00:02,000\nANNA: Hello.\n\n"
            "2\n00:00:03,000 --> 00:00:04,000\n- TOM: No.\n- EVA: Yes.\n",
        ),
        (
            "a.csv",
            "start;end;speaker;text\n00:00:01:29;00:00:02:00;ANNA;Hello.\n"
            "00:00:03:00;00:00:04:00;TOM;No.\n00:00:05:00;00:00:06:00;;EVA: Yes.\n",
        ),
    ],
)
def test_names_are_found_whatever_the_films_rate(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert speakers_of(tmp_path / name) == ("ANNA", "EVA", "TOM")
    (tmp_path / name).write_text("\x00")
    assert speakers_of(tmp_path / name) == ()


def test_a_character_keeps_the_voice_over_all_films_of_a_batch(
    make_film: MakeFilm, fake_backend: Path, tmp_path: Path
) -> None:
    lines = "1\n00:00:00,100 --> 00:00:00,800\n{}: Hello.\n\n2\n00:00:01,000 --> 00:00:01,800\n{}: Good bye.\n"
    pairs = [("ANNA", "BOB"), ("BOB", "CLARA"), ("CLARA", "ANNA")]
    for k, pair in enumerate(pairs):
        make_film(f"films/{k}.mp4", 50).with_suffix(".srt").write_text(lines.format(*pair))
    result = run("render", tmp_path / "films", "-o", tmp_path / "out", "-p", "ci", "-q")
    assert result.exit_code == 0, result.output
    voices: dict[str, set[str]] = {}
    for k in range(3):
        report = json.loads((tmp_path / "out" / str(k) / "report.json").read_text())
        for member in report["cast"]:
            assert member["assigned"] is False
            voices.setdefault(member["speaker"], set()).add(member["voice"])
        assert {member["speaker"] for member in report["cast"]} == set(pairs[k])
    assert all(len(found) == 1 for found in voices.values())
    assert len({voice for found in voices.values() for voice in found}) == 3


def test_a_batch_has_its_cast_in_one_file_that_is_added_to(
    make_film: MakeFilm, fake_backend: Path, tmp_path: Path
) -> None:
    lines = "1\n00:00:00,100 --> 00:00:00,800\n{}: Hello.\n\n2\n00:00:01,000 --> 00:00:01,800\n{}: Good bye.\n"
    out, films = tmp_path / "out", tmp_path / "films"
    for k, pair in enumerate([("ANNA", "BOB"), ("Anna", "CLARA")]):
        make_film(f"films/{k}.mp4", 50).with_suffix(".srt").write_text(lines.format(*pair))
    told = run("render", films, "-o", out, "-p", "ci", "-q")
    rows = [line.split() for line in told.stdout.splitlines()]
    assert [row[2:] for row in rows if row and row[0] == "ANNA"] == [["2", "2", "films"]]
    assert [row[0] for row in rows if row and row[0] in ("Anna", "BOB", "CLARA")] == ["BOB", "CLARA"]
    assert f"edit {out / 'cast.toml'}" in told.stdout
    cast = out / "cast.toml"
    before = cast.read_text()
    assert [row.split(" = ")[0] for row in before.splitlines()[2:]] == ['"ANNA"', '"BOB"', '"CLARA"']
    cast.write_text("# mine\n" + before.replace(before.splitlines()[2], '"Anna" = "bass"'))
    mine = cast.read_text()
    make_film("films/3.mp4", 50).with_suffix(".srt").write_text(lines.format("ANNA", "EVA"))
    make_film("films/4.mp4", 50).with_suffix(".srt").write_text(lines.format("EVA", "EVA"))
    assert run("render", films, "-o", out, "-p", "ci", "-q", "--cast", cast).exit_code == 0
    assert cast.read_text().startswith(mine)
    (added,) = cast.read_text()[len(mine) :].splitlines()
    assert added.startswith('"EVA" = ')
    assert "3 lines" in added


@pytest.mark.parametrize(
    ("speaker", "sex"),
    [
        ("ANNA", "woman"), ("Tom", "man"), ("MRS. REED", "woman"), ("Dr. John Smith", "man"), ("OLD MAN", "man"),
        ("Waitress #2", "woman"), ("ALEX (F)", "woman"), ("ANNA (M)", "man"), ("POLICE OFFICER", None), ("X", None),
        ("MOTHER AND SON", None), ("", None), ("MAN IN QUEEN'S PARK", "man"), ("O'BRIEN", None),
    ],
)  # fmt: skip
def test_a_name_tells_a_sex_or_does_not(speaker: str, sex: str | None) -> None:
    assert sex_of(speaker) == sex


def test_women_speak_with_womens_voices() -> None:
    voices = {"alto": "woman", "bass": "man", "tenor": "man"}
    chosen = choose_voices(["ANNA", "MARY", "JOHN", "PAUL", "NOBODY"], {}, voices)
    assert chosen["ANNA"] == chosen["MARY"] == "alto"
    assert {chosen["JOHN"], chosen["PAUL"]} == {"bass", "tenor"}
    assert choose_voices(["ANNA"], {"ANNA": CastMember("bass")}, voices) == {"ANNA": "bass"}
    assert choose_voices(["ANNA"], {}, {"bass": "man"}) == {"ANNA": "bass"}


def test_a_voice_whose_sex_nobody_states_has_that_of_its_name() -> None:
    facts = {"joe": VoiceFacts("woman"), "en_US-ryan-high": VoiceFacts()}
    known = BackendIdentity("0", ("joe", "en_US-amy-medium", "en_US-ryan-high", "de_DE-x"), facts)
    assert list(sexes_of(known).values()) == ["woman", "woman", "man", ""]


def test_voices_of_who_is_asked_first_are_taken_first() -> None:
    voices = {"joe": "man", "amy": "", "alto": "woman", "bass": "man", "tenor": "man"}
    ranks = {"joe": 0, "amy": 0, "alto": 1, "bass": 1, "tenor": 1}
    assert choose_voices(["JOHN"], {}, {"joe": "man", "bass": "man", "tenor": "man"}, ranks=ranks) == {"JOHN": "joe"}
    assert choose_voices(["ANNA"], {}, voices, ranks=ranks) == {"ANNA": "amy"}, "nobody says that she is none"
    both = choose_voices(["JOHN", "PAUL"], {}, {"joe": "man", "bass": "man"}, ranks=ranks)
    assert sorted(both.values()) == ["bass", "joe"], "two people have two voices as long as there are two"


def test_who_was_cast_by_the_rule_is_told_and_can_be_given_back(
    make_film: MakeFilm, fake_backend: Path, tmp_path: Path
) -> None:
    film, out = make_film("a.mp4", 50), tmp_path / "out"
    quoted = 'TOM "T" [x]'
    script = f"1\n00:00:00,100 --> 00:00:00,800\n<v ANNA>Hello.\n\n2\n00:00:01,000 --> 00:00:01,800\n<v {quoted}>No.\n"
    film.with_suffix(".vtt").write_text("WEBVTT\n\n" + script.replace(",", "."))
    told = run("render", film, "-o", out, "-p", "ci", "-q")
    assert told.exit_code == 0, told.output
    rows = [line.split() for line in told.stdout.splitlines()]
    voices = {row["speaker"]: row["voice"] for row in json.loads((out / "a" / "report.json").read_text())["cast"]}
    assert ["ANNA", voices["ANNA"], "1", "a.mp4"] in rows
    assert "--cast" in told.stdout
    cast = tmp_path / "mine.toml"
    cast.write_bytes((out / "a" / "cast.toml").read_bytes())
    again = run("render", film, "-o", tmp_path / "again", "-p", "ci", "-q", "--cast", cast)
    assert again.exit_code == 0, again.output
    assert "--cast" not in again.stdout
    assert not (tmp_path / "again" / "a" / "cast.toml").exists()
    report = json.loads((tmp_path / "again" / "a" / "report.json").read_text())
    assert {row["speaker"]: row["voice"] for row in report["cast"]} == voices
    assert all(row["assigned"] for row in report["cast"])


def test_level_and_place_of_a_character_are_heard(make_film: MakeFilm, fake_backend: Path, tmp_path: Path) -> None:
    film, cast = make_film("a.mp4", 50), tmp_path / "cast.toml"
    script = "1\n00:00:00,100 --> 00:00:00,800\nANNA: Hello.\n\n2\n00:00:01,000 --> 00:00:01,800\nTOM: Good bye.\n"
    film.with_suffix(".srt").write_text(script)
    cast.write_text("[voices]\nAnna = { voice = 'tenor', gain_db = -12, pan = -1 }\nTOM = 'tenor'\n")
    result = run("render", film, "-o", tmp_path / "out", "-p", "ci", "-q", "--cast", cast)
    assert result.exit_code == 0, result.output
    folder = tmp_path / "out" / "a"
    audio, _ = soundfile.read(folder / "a_DX.wav")
    anna, tom = (np.sqrt((audio[start : start + 9600] ** 2).mean(axis=0)) for start in (14_400, 57_600))
    assert anna[1] < 1e-4 < anna[0]
    assert tom[0] == pytest.approx(tom[1], rel=0.01)
    power = 20 * np.log10(np.hypot(*anna) / np.hypot(*tom))
    assert power == pytest.approx(-12, abs=0.5)
    report = json.loads((folder / "report.json").read_text())
    assert report["cast"][0] == {
        "speaker": "ANNA", "voice": "tenor", "assigned": True, "n_lines": 1, "gain_db": -12.0, "pan": -1.0,
    }  # fmt: skip
    assert json.loads((folder / "a.cues.json").read_text())["cues"][0]["gain_db"] == 0.0


def test_voices_are_listed_and_sampled(fake_backend: Path, tmp_path: Path) -> None:
    cast = tmp_path / "cast.toml"
    cast.write_text("[cast]\nANNA = 'bass'\nTOM = 'bass'\n")
    result = run("voices", "--cast", cast, "--samples", tmp_path / "samples", "--text", "Come in.")
    assert result.exit_code == 0, result.output
    assert ["bass", "fake", "ANNA,", "TOM"] in [line.split() for line in result.stdout.splitlines()]
    assert sorted(path.name for path in (tmp_path / "samples").iterdir()) == ["alto.wav", "bass.wav", "tenor.wav"]
    pitches = []
    for voice in VOICES:
        audio, rate_hz = soundfile.read(tmp_path / "samples" / f"{voice}.wav")
        pitches.append(np.abs(np.fft.rfft(audio)).argmax() * rate_hz / len(audio))
    assert pitches == pytest.approx([150, 250, 350], abs=1)


def test_presets_check_says_what_is_wrong(fake_backend: Path, tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text("[mix]\nfade_ms = -1\n[deliver]\nnothing = 1\n")
    result = run("presets", "check", path)
    assert result.exit_code == 2
    assert [line.split(":")[1] for line in result.stdout.splitlines()] == ["2", "4"]
    path.write_text("extends = 'web'\n")
    fine = run("presets", "check", path)
    assert (fine.exit_code, fine.stdout) == (0, f"{path}: nothing is wrong with it\n")
    assert run("presets", "web", "atsc").exit_code == 2


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("[generate]\nbackend = 'cpu'\nweights = '/absent/weights'\n", "no weights at /absent/weights"),
        ("[generate]\nbackend = 'library'\nlibrary = '/absent.sqlite'\n", "no index of a library at /absent.sqlite"),
        ("[generate]\nspeech = ['piper']\npiper_voices = '/absent'\n", "there is no folder /absent"),
        ("[picture]\nrecogniser = 'clip'\n[generate]\nclip = '/absent'\n", "no CLIP weights in '/absent'"),
        ("[cues]\npicture_sounds = '/absent.csv'\n", "/absent.csv cannot be read as a table of sounds"),
    ],
)
def test_presets_check_tells_what_is_not_on_this_machine(asked: str, told: str, tmp_path: Path) -> None:
    """It may be on another, so that it is no fault."""
    path = tmp_path / "mine.toml"
    path.write_text(asked)
    result = run("presets", "check", path)
    assert result.exit_code == 0
    verdict, absent = result.stdout.splitlines()
    assert verdict.endswith("nothing is wrong with it")
    assert absent.startswith("not on this machine: ")
    assert told in absent
    as_json = json.loads(run("presets", "check", path, "--json").stdout)
    assert (as_json["faults"], [told in each for each in as_json["not_here"]]) == ([], [True])


def test_presets_check_tells_what_is_without_effect_on_few_steps(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("[generate]\nsteps = 20\nguidance = 4.0\n")
    told = run("presets", "check", path).stdout.splitlines()[-1]
    assert told.startswith(f"{path}:2: generate.steps, generate.guidance: without effect")
    path.write_text("[generate]\nsteps = 20\nguidance = 4.0\nsampler = 'adams'\n")
    assert run("presets", "check", path).stdout == f"{path}: nothing is wrong with it\n"


def test_a_mark_behind_a_name_says_whose_voice_it_takes(tmp_path: Path) -> None:
    """It is no sound and no word, and holds for all lines of theirs, in the cast as well."""
    path = tmp_path / "a.srt"
    rows = [
        "SASHA: Come in.",
        "SASHA (M): I am here.",
        "ROBIN (F) (whispering): Hush.",
        "KIM (f)\nWho is it?",
        "Sam (male): So it is.",
    ]
    path.write_text("".join(f"{k}\n00:00:0{k},000 --> 00:00:0{k},900\n{row}\n\n" for k, row in enumerate(rows, 1)))
    script = read_script(path, Fraction(25))
    assert [(line.speaker, line.text) for line in script.lines] == [
        ("SASHA (M)", "Come in."), ("SASHA (M)", "I am here."), ("ROBIN (F)", "Hush."), ("KIM (f)", "Who is it?"),
        ("Sam (male)", "So it is."),
    ]  # fmt: skip
    assert [caption.text for caption in script.captions] == ["whispering"]
    voices = {"alto": "woman", "bass": "man"}
    assert choose_voices(["SASHA (M)", "Sasha", "ROBIN (F)"], {}, voices) == {
        "SASHA (M)": "bass", "Sasha": "bass", "ROBIN (F)": "alto",
    }  # fmt: skip
    assert member_of("SASHA (M)", {"Sasha": CastMember("alto")}).voice == "alto"
