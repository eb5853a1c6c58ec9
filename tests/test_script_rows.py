"""SubRip and WebVTT as people and programs write them: numbers, times, blank rows and line ends in any spelling.

No number is spoken, no line is lost without a word, and words that look like numbers are kept.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.conftest import MakeFilm
from tests.scripts import refusal, said, script_of
from vssflow_post.cli import cli

TWO = "1\n00:00:01,000 --> 00:00:03,000\nThe market was full.\n\n2\n00:00:04,000 --> 00:00:06,000\nCome in.\n"
BOTH = [(1, 3, "The market was full."), (4, 6, "Come in.")]


def numbered(number: str, first: str = "1") -> str:
    """Two subtitles, with `number` in place of the second's."""
    return TWO.replace("\n2\n", f"\n{number}\n").replace("1\n", f"{first}\n", 1)


@pytest.mark.parametrize(
    "content",
    [
        numbered("2\n\n2"),
        numbered("2\n2"),
        numbered("2\n\n2\n\n2"),
        numbered("2nd", "1st"),
        numbered("2."),
        numbered("#2", "#1"),
        numbered("No. 2"),
        numbered(" 2 "),
        numbered("\u00a02\u00a0"),
        numbered("[2]"),
        numbered("\uff12"),
        numbered("\u0662"),
        numbered("\ufeff2"),
        numbered("\u200e2"),
        numbered("2\n"),
        numbered("17"),
        numbered("17\n"),
        numbered("2", "1\n"),
        numbered("2", "7\n"),
        numbered("2-\u0439"),
        TWO.replace("2\n00", "2 00").replace("1\n00", "1 00"),
        TWO.replace("\n2\n", "\n"),
        TWO.replace("1\n", "", 1).replace("\n2\n", "\n"),
        TWO.replace("\n\n", "\n"),
        TWO.replace("\n\n", "\n\n\n\n"),
        TWO.replace("\n\n", "\n \t\n"),
        "\n\n" + TWO + "\n\n\n",
        "\ufeff" + TWO,
        TWO.replace("\n2", "\n\ufeff2"),
    ],
)
def test_the_number_of_a_subtitle_is_not_spoken(tmp_path: Path, content: str) -> None:
    script = script_of(tmp_path, "a.srt", content)
    assert (said(script), script.warnings) == (BOTH, ())


@pytest.mark.parametrize("number", ["\u0432\u0442\u043e\u0440\u043e\u0439", "zwei", "Hello there"])
def test_a_text_in_place_of_a_number_is_left_out_and_told(tmp_path: Path, number: str) -> None:
    script = script_of(tmp_path, "a.srt", numbered(number))
    assert said(script) == BOTH
    assert script.warnings[0].startswith("a.srt, line 5: stands alone before a time")


@pytest.mark.parametrize("newline", ["\r\n", "\r", "\n\r", "\r\r\n", "\u2028", "\v", "\n\n", "\r\n\r\n"])
def test_line_ends_of_any_kind(tmp_path: Path, newline: str) -> None:
    content = TWO.replace("\n", newline).encode()
    assert said(script_of(tmp_path, "a.srt", content)) == BOTH


def test_rows_spaced_without_the_blank_rows_between(tmp_path: Path) -> None:
    assert said(script_of(tmp_path, "a.srt", TWO.replace("\n\n", "\n").replace("\n", "\n\n"))) == BOTH


@pytest.mark.parametrize(
    "timing",
    [
        "00: 00: 01, 000 -> 00: 00: 03, 000",
        "00 : 00 : 01 , 000 --> 00 : 00 : 03 , 000",
        "00:00:01,000 -> 00:00:03,000",
        "00:00:01.000-->00:00:03.000",
        "00:00:01,000 \u2013> 00:00:03,000",
        "00:00:01,000 - -> 00:00:03,000",
        "00:00:01,000 \u2192 00:00:03,000",
        "00:00:01,000 ==> 00:00:03,000",
        "00:00:01;000 --> 00:00:03;000",
        "00:00:01:000 --> 00:00:03:000",
        "00:00:01,0 --> 00:00:03,0",
        "0:0:1,000 --> 0:0:3,000",
        "00:00:01 --> 00:00:03",
        "00:01,000 --> 00:03,000",
        "\u00a000:00:01,000\u00a0-->\u00a000:00:03,000\u00a0",
        "\u200e00:00:01,000 --> 00:00:03,000",
        "\uff10\uff10\uff1a00\uff1a01,000 --> 00:00:03,000",
        "00:00:01,000 --> 00:00:03,000 X1:40 X2:600 Y1:20 Y2:50",
        "00:00:01,000 --> 00:00:03,000 align:start line:0%",
    ],
)
def test_a_time_in_any_spelling_that_can_mean_but_one(tmp_path: Path, timing: str) -> None:
    script = script_of(tmp_path, "a.srt", TWO.replace("00:00:01,000 --> 00:00:03,000", timing))
    assert said(script) == BOTH


def test_a_text_behind_its_time_is_spoken(tmp_path: Path) -> None:
    assert said(script_of(tmp_path, "a.srt", TWO.replace("03,000\n", "03,000 "))) == BOTH


@pytest.mark.parametrize(
    "timing",
    [
        "00:00:01,000 --> 00:00:99,000",
        "00:00:01,000 --> ",
        "--> 00:00:03,000",
        "00.00.01,000 --> 00.00.03,000",
        "00:00:01,000 -- 00:00:03,000",
        "00:00:01,000 00:00:03,000",
        "00:00:01:12 --> 00:00:03:00",
        "-00:00:01,000 --> 00:00:03,000",
        "00:00:01,000",
        "00:61:01,000 --> 00:61:03,000",
    ],
)
@pytest.mark.parametrize("which", [0, 1])
def test_what_looks_timed_and_is_not_is_an_error_with_its_line(tmp_path: Path, timing: str, which: int) -> None:
    rows = TWO.split("\n")
    at = [k for k, row in enumerate(rows) if "-->" in row][which]
    rows[at] = timing
    assert refusal(tmp_path, "a.srt", "\n".join(rows)).startswith(f"a.srt, line {at + 1}: is not a timing")


@pytest.mark.parametrize(
    "text",
    [
        "How many?\n42",
        "42",
        "2nd",
        "1984\nwas a year.",
        "How many?\n\n42\n\nThat many.",
        "How many?\n\n42",
        "Open 10:30 - 11:45.",
        "10:30 - 11:45",
        "Go --> there",
        "I am number\n2",
    ],
)
def test_spoken_numbers_are_kept(tmp_path: Path, text: str) -> None:
    script = script_of(tmp_path, "a.srt", TWO.replace("The market was full.", text))
    assert said(script) == [(1, 3, " ".join(text.split())), (4, 6, "Come in.")]
    assert script.warnings == ()


def test_a_number_at_the_end_of_a_file_without_numbers_is_spoken(tmp_path: Path) -> None:
    content = "00:00:01,000 --> 00:00:03,000\nHow many?\n42\n00:00:04,000 --> 00:00:06,000\nThat many.\n42\n"
    assert said(script_of(tmp_path, "a.srt", content)) == [(1, 3, "How many? 42"), (4, 6, "That many. 42")]


def test_a_file_that_was_numbered_twice(tmp_path: Path) -> None:
    blocks = [f"{n + 7}\n\n{n}\n00:00:0{n},000 --> 00:00:0{n},900\nLine {n}.\n" for n in range(1, 6)]
    script = script_of(tmp_path, "a.srt", "\n".join(blocks))
    assert [text for _, _, text in said(script)] == [f"Line {n}." for n in range(1, 6)]


def test_a_subtitle_that_lost_its_time_is_an_error_with_its_line(tmp_path: Path) -> None:
    three = TWO + "\n3\n00:00:07,000 --> 00:00:09,000\nGo.\n"
    lost = three.replace("00:00:04,000 --> 00:00:06,000\n", "")
    assert refusal(tmp_path, "a.srt", lost) == "a.srt, line 5: subtitle 2 has no times"
    assert refusal(tmp_path, "b.srt", TWO.replace("00:00:04,000 --> 00:00:06,000\n", "")).endswith("2 has no times")


def test_text_before_the_first_time_and_a_torn_end_are_told(tmp_path: Path) -> None:
    script = script_of(tmp_path, "a.srt", "Subtitles by a friend\n\n" + TWO + "\n3\n")
    assert said(script) == BOTH
    assert [sentence.partition(":")[0] for sentence in script.warnings] == ["a.srt, line 11", "a.srt, line 1"]


@pytest.mark.parametrize("kind", ["srt", "vtt", "ass", "csv"])
def test_an_event_without_duration_is_left_out_and_told(tmp_path: Path, kind: str) -> None:
    rows = {
        "srt": "1\n00:00:01,000 --> 00:00:01,000\nNo.\n\n2\n00:00:04,000 --> 00:00:06,000\nCome in.\n",
        "vtt": "WEBVTT\n\n00:01.000 --> 00:01.000\nNo.\n\n00:04.000 --> 00:06.000\nCome in.\n",
        "ass": "[Events]\nDialogue: 0,0:00:01.00,0:00:01.00,Default,,0,0,0,,No.\n"
        "Dialogue: 0,0:00:04.00,0:00:06.00,Default,,0,0,0,,Come in.\n",
        "csv": "start,end,text\n00:00:01.000,00:00:01.000,No.\n00:00:04.000,00:00:06.000,Come in.\n",
    }
    script = script_of(tmp_path, f"a.{kind}", rows[kind])
    assert said(script) == [(4, 6, "Come in.")]
    line = {"srt": 2, "vtt": 3, "ass": 2, "csv": 2}[kind]
    assert script.warnings == (
        f"a.{kind}, line {line}: no duration, so it is not spoken; give it an end after its start.",
    )


@pytest.mark.parametrize("text", ["", " ", "<i></i>", "{\\an8}", "\u00a0", "&nbsp;"])
def test_an_event_without_text_is_noted_and_rejects_nothing(tmp_path: Path, text: str) -> None:
    script = script_of(tmp_path, "a.srt", TWO.replace("The market was full.", text))
    assert (said(script), script.warnings) == (BOTH[1:], ())
    assert script.notes == ("a.srt, line 2: a subtitle without text.",)


def test_an_end_some_milliseconds_before_the_start_is_no_duration_and_more_is_an_error(tmp_path: Path) -> None:
    script = script_of(tmp_path, "a.srt", TWO.replace("03,000", "00,960"))
    assert said(script) == BOTH[1:]
    assert "no duration" in script.warnings[0]
    assert refusal(tmp_path, "b.srt", TWO.replace("03,000", "00,500")) == "b.srt, line 2: ends before it starts"


def test_what_is_left_out_is_a_warning_of_the_film_and_a_note_is_none(
    make_film: MakeFilm, fake_backend: Path, tmp_path: Path
) -> None:
    noted, lost = make_film("noted.mp4", n_frames=48), make_film("lost.mp4", n_frames=48)
    spoken = "1\n00:00:00,200 --> 00:00:01,400\nCafé.\n\n"
    noted.with_suffix(".srt").write_bytes(spoken.encode("cp1252"))
    lost.with_suffix(".srt").write_text(spoken + "2\n00:00:01,500 --> 00:00:01,500\nCome in.\n")
    command = ["render", str(noted), str(lost), "-o", str(tmp_path / "out"), "-p", "ci", "--json"]
    films = json.loads(CliRunner().invoke(cli, command).stdout)["films"]
    assert [(film["verdict"], film["reason"]) for film in films] == [
        ("done", "noted.srt: not UTF-8; read as Windows-1252. Where letters are wrong, save it as UTF-8."),
        ("done_with_warnings", "lost.srt, line 6: no duration, so it is not spoken; give it an end after its start."),
    ]
    told = json.loads((tmp_path / "out" / "lost" / "report.json").read_text())["warnings"]
    assert told == [films[1]["reason"]]


def test_many_remarks_of_a_kind_are_one_sentence(tmp_path: Path) -> None:
    blocks = [f"{n}\n00:00:{n:02d},000 --> 00:00:{n:02d},000\nNo.\n" for n in range(1, 10)]
    script = script_of(tmp_path, "a.srt", "\n".join(blocks))
    assert script.warnings == (
        "a.srt, lines 2, 6, 10, 14, 18 and 4 more: no duration, so it is not spoken; give it an end after its start.",
    )


def test_webvtt_names_comments_and_settings_are_not_spoken(tmp_path: Path) -> None:
    content = (
        "WEBVTT\nKind: captions\n\nREGION\nid:fred\n\nSTYLE\n::cue { color: red }\n\nNOTE\nnot this\n\n"
        "second\n00:01.000 --> 00:03.000 region:fred line:0\nNOTEBOOK is a word.\nNOTE this is spoken too\n\n"
        "3\n00:04.000 --> 00:06.000\n<ruby>Come<rt>kom</rt></ruby> in.\n"
    )
    script = script_of(tmp_path, "a.vtt", content)
    assert said(script) == [(1, 3, "NOTEBOOK is a word. NOTE this is spoken too"), (4, 6, "Come in.")]
    assert script.warnings == ()


def test_webvtt_text_that_no_time_covers_is_told(tmp_path: Path) -> None:
    content = (
        "WEBVTT\n\nStray\n\n00:01.000 --> 00:03.000\nThe market\n\nwas full.\n\n00:04.000 --> 00:06.000\nCome in.\n"
    )
    script = script_of(tmp_path, "a.vtt", content)
    assert said(script) == [(1, 3, "The market"), (4, 6, "Come in.")]
    assert [sentence.partition(";")[0] for sentence in script.warnings] == [
        "a.vtt, lines 3, 8: no time stands above this, so it is not spoken"
    ]


def test_webvtt_whose_blank_rows_are_missing(tmp_path: Path) -> None:
    content = "WEBVTT\n\n00:01.000 --> 00:03.000\nThe market was full.\n00:04.000 --> 00:06.000\nCome in.\n"
    assert said(script_of(tmp_path, "a.vtt", content)) == BOTH


def test_a_file_is_what_it_holds_and_not_what_it_is_called(tmp_path: Path) -> None:
    vtt = "WEBVTT\n\nfirst\n00:01.000 --> 00:03.000\nThe market was full.\n\n00:04.000 --> 00:06.000\nCome in.\n"
    assert said(script_of(tmp_path, "a.srt", vtt)) == BOTH
    ass = "[Script Info]\n[Events]\nDialogue: 0,0:00:01.00,0:00:03.00,Default,,0,0,0,,Hi\n"
    assert said(script_of(tmp_path, "b.srt", ass)) == [(1, 3, "Hi")]
