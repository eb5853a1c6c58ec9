"""Delivered subtitles: rows that fit, and all that the script's subtitles show: italics, places, labels, captions."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner
from drawn_films import texture, write_film
from hypothesis import given
from hypothesis import strategies as st
from many_tracks import Track, silence, voice, write_tracks

from tests.conftest import MakeFilm
from tests.scripts import script_of
from vssflow_post.cli import cli
from vssflow_post.cues.script import Script, read_script
from vssflow_post.cues.sheet import write_cue_sheet
from vssflow_post.deliver.subtitle_fit import MOST_COLUMNS, MOST_ROWS, fitted
from vssflow_post.deliver.subtitles import as_srt, as_vtt, shown
from vssflow_post.media import Film
from vssflow_post.media.probe import probe
from vssflow_post.progress import silent
from vssflow_post.render.first_half import Spotted, Spotting, spot_film
from vssflow_post.settings.files import load_preset
from vssflow_post.timeline import CLOCK_HZ, SECOND_VOICE, Cue, CueSheet, Run, Scene, Span, Subtitle

FILM = Span(0, 60 * CLOCK_HZ)


def cues_of(script: Script) -> list[Cue]:
    return [Cue(f"d{n}", 0, "speech", line.span, line.text, line.speaker) for n, line in enumerate(script.lines, 1)]


def delivered(folder: Path, name: str, content: str) -> tuple[str, str]:
    """The SubRip and the WebVTT that a script comes back as when all of its lines are spoken."""
    script = script_of(folder, name, content)
    subtitles = shown(cues_of(script), script.subtitles, FILM)
    return as_srt(subtitles), as_vtt(subtitles)


def srt(text: str, start: str = "00:00:01,000", end: str = "00:00:05,000") -> str:
    return f"1\n{start} --> {end}\n{text}\n"


@pytest.mark.parametrize(
    "text",
    [
        "<i>The market was full of people and noise</i>\n<i>and nobody knew the way out.</i>",
        "[door slams]",
        "- Come in.\n- The market was full.",
        "ANNA: Come in.",
        "ANNA: Come in.\nBOB: No.",
        "(sighs) Somebody <b>knocked</b> twice.",
        "{\\an8}Come in.",
        "{\\an7}<i>Come</i> in.\nNow.",
        "\u266a dramatic music \u266a",
        "Un<i>believ</i>able.",
        "{door slams}",
        "<door slams>",
        "- Who?\n- You.",
        ">> Who?\n>> You.",
        "\u3010\u96f7\u9e23\u3011",
        "*sighs* Somebody knocked twice.",
        "# Happy birthday to you #",
    ],
)
def test_a_subtitle_that_fits_is_delivered_as_it_stands(tmp_path: Path, text: str) -> None:
    assert delivered(tmp_path, "a.srt", srt(text))[0] == srt(text)


VTT = "WEBVTT\n\n00:01.000 --> 00:05.000 "
ASS = "[Events]\nDialogue: 0,0:00:01.00,0:00:05.00,D,Ann,0,0,0,,"
CSV = "start,end,speaker,text\n00:00:01.000,00:00:05.000,"


@pytest.mark.parametrize(
    ("name", "content", "rows", "settings"),
    [
        ("a.srt", srt("{\\an8}<i>Hi</i> & bye"), "<i>Hi</i> &amp; bye", " line:0"),
        ("a.vtt", VTT + "line:10% align:start\n<v Ann><i>Hi</i>\n", "<v Ann><i>Hi</i>", " line:10% align:start"),
        ("a.vtt", VTT + "region:a\nHi\n", "Hi", ""),
        ("a.ass", ASS + "{\\an9\\i1}Hi{\\i0} you\n", "<v Ann><i>Hi</i> you", " line:0 align:end"),
        ("a.csv", CSV + "Ann,Hi\n", "<v Ann>Hi", ""),
    ],
)
def test_webvtt_has_voices_italics_and_places(
    tmp_path: Path, name: str, content: str, rows: str, settings: str
) -> None:
    script = script_of(tmp_path, name, content)
    vtt = as_vtt(shown(cues_of(script), script.subtitles, FILM))
    named = "d1\n" if script.lines else ""
    assert vtt == f"WEBVTT\n\n{named}00:00:01.000 --> 00:00:05.000{settings}\n{rows}\n"


@pytest.mark.parametrize(
    ("settings", "place"),
    [("line:0", 8), ("line:5%", 8), ("line:-1", 2), ("line:90%", 2), ("line:50%", 5), ("align:start", 1)],
)
def test_subrip_keeps_the_place_that_webvtt_names(tmp_path: Path, settings: str, place: int) -> None:
    text = delivered(tmp_path, "a.vtt", f"WEBVTT\n\n00:01.000 --> 00:05.000 {settings}\nHi\n")[0]
    assert text == srt("Hi" if place == 2 else f"{{\\an{place}}}Hi")


def test_the_place_of_a_style_is_kept(tmp_path: Path) -> None:
    content = (
        "[Script Info]\nScriptType: v4.00+\n\n[V4+ Styles]\nFormat: Name, Fontname, Fontsize, Alignment\n"
        "Style: Top,Arial,20,8\n"
        "[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
        "Dialogue: 0,0:00:01.00,0:00:05.00,Top,,0,0,0,,Hi\n"
    )
    assert delivered(tmp_path, "a.ass", content)[0] == srt("{\\an8}Hi")


LONG = (
    "ANNA: This is a <i>very</i> long line, which nobody would ever want to read in one row. It goes on and on, as "
    "people do when they are nervous; and it does not stop before everybody has left the room."
)


def test_a_long_line_becomes_several_subtitles_that_end_with_its_sentences(tmp_path: Path) -> None:
    text = delivered(tmp_path, "a.srt", srt(LONG, end="00:00:11,000"))[0]
    blocks = [block.split("\n") for block in text.strip().split("\n\n")]
    plain = [re.sub(r"<[^>]*>", "", " ".join(rows[2:])) for rows in blocks]
    assert " ".join(plain) == re.sub(r"<[^>]*>", "", LONG)
    assert [words[-1] for words in plain] == [".", ";", "."]
    assert all(len(re.sub(r"<[^>]*>", "", row)) <= 42 for rows in blocks for row in rows[2:])
    assert "<i>very</i>" in text
    times = [rows[1].split(" --> ") for rows in blocks]
    assert (times[0][0], times[-1][1]) == ("00:00:01,000", "00:00:11,000")
    assert all(before[1] == after[0] for before, after in pairwise(times))


def test_three_short_rows_are_two(tmp_path: Path) -> None:
    text = delivered(tmp_path, "a.srt", srt("Somebody knocked\ntwice at the door\nand then left again."))[0]
    assert text == srt("Somebody knocked twice\nat the door and then left again.")


def test_two_people_whose_rows_do_not_fit_follow_each_other(tmp_path: Path) -> None:
    first = "- Come in, my dear friend, since the weather is awful."
    second = "- The market was full of people, and nobody knew the way out."
    blocks = delivered(tmp_path, "a.srt", srt(f"{first}\n{second}"))[0].strip().split("\n\n")
    assert [" ".join(block.split("\n")[2:]) for block in blocks] == [first, second]


def test_a_line_without_a_script_has_rows_that_fit() -> None:
    cue = Cue("d1", 0, "speech", Span(CLOCK_HZ, 6 * CLOCK_HZ), re.sub(r"<[^>]*>|ANNA: ", "", LONG), "ANNA")
    text = as_srt(shown([cue]))
    assert text.startswith("1\n00:00:01,000 --> ")
    assert "\nANNA: This is" in text
    assert max(map(len, text.split("\n"))) <= MOST_COLUMNS


def test_who_answers_without_a_name_is_not_named() -> None:
    cue = Cue("d1", 0, "speech", Span(CLOCK_HZ, 5 * CLOCK_HZ), "Come in.", SECOND_VOICE)
    assert as_srt(shown([cue])) == srt("Come in.")


def test_captions_beyond_the_film_and_lines_that_nobody_says_are_left_out(tmp_path: Path) -> None:
    content = (
        srt("[rain]", "00:00:59,000", "00:01:02,000") + "\n" + srt("[wind]", "00:01:01,000", "00:01:02,000") + "\n"
        + srt("Come in.") + "\n" + srt("Go [laughs].", "00:00:06,000", "00:00:08,000")
    )  # fmt: skip
    script = script_of(tmp_path, "a.srt", content)
    spoken = [cue for cue in cues_of(script) if cue.text == "Come in."]
    text = as_srt(shown(spoken, script.subtitles, FILM))
    assert re.findall(r"^[^\d\s].*", text, re.M) == ["Come in.", "[rain]"]
    assert "00:00:59,000 --> 00:01:00,000" in text


def test_a_line_that_was_edited_or_given_to_somebody_else_is_shown_as_it_is_now(tmp_path: Path) -> None:
    script = script_of(tmp_path, "a.srt", srt("<i>ANNA: Come in.</i>"))
    [cue] = cues_of(script)
    other = Cue("d1", 0, "speech", cue.span, "Come in.", "BOB")
    assert as_srt(shown([other], script.subtitles, FILM)) == srt("BOB: Come in.")
    edited = Cue("d1", 0, "speech", cue.span, "Stay out.", "ANNA")
    assert as_srt(shown([edited], script.subtitles, FILM)) == srt("ANNA: Stay out.")


def test_a_moved_line_is_shown_where_it_was_placed(tmp_path: Path) -> None:
    script = script_of(tmp_path, "a.srt", srt("<i>Come in.</i>"))
    cue = Cue("d1", 0, "speech", Span(2 * CLOCK_HZ, 6 * CLOCK_HZ), "Come in.")
    assert as_srt(shown([cue], script.subtitles, FILM)) == srt("<i>Come in.</i>", "00:00:02,000", "00:00:06,000")


@given(
    rows=st.lists(st.text(" abc,.-\u6f22\u0301", min_size=1, max_size=120).filter(str.strip), min_size=1, max_size=4),
    style=st.sampled_from(["", "i", "bi"]),
    n_samples=st.integers(1, 10 * CLOCK_HZ),
)
def test_whatever_is_shown_fits_and_nothing_is_lost(rows: list[str], style: str, n_samples: int) -> None:
    subtitle = Subtitle(Span(0, n_samples), tuple((Run(row, style),) for row in rows))
    parts = fitted(subtitle)
    text = "".join(run.text for part in parts for row in part.rows for run in row)
    assert "".join(text.split()) == "".join("".join(rows).split())
    assert (parts[0].span.start, parts[-1].span.end) == (0, n_samples)
    assert all(before.span.end == after.span.start for before, after in pairwise(parts))
    assert len(parts) == 1 or all(len(part.rows) <= MOST_ROWS for part in parts)
    assert all(len("".join(run.text for run in row)) <= MOST_COLUMNS * 2 for part in parts for row in part.rows)


def test_a_sheet_changes_neither_the_subtitles_nor_which_tracks_are_kept(tmp_path: Path) -> None:
    """At 12.5 pictures a second, whose timecode counts to 25, with a silent track before the one that is heard."""
    script, sheet = tmp_path / "film.csv", tmp_path / "film.cues.json"
    script.write_text("start,end,text\n00:00:00:20,00:00:01:20,Come in.\n")
    preset = load_preset("ci", {"dialogue.production": "speech"})

    def spotted(film: Film, script: Path | None, cues: Path | None) -> Spotted:
        return spot_film(Spotting(film, script, cues, preset, ()), silent)

    slow = probe(write_film(tmp_path / "slow.mp4", [texture(1, 64, 48)] * 25, Fraction(25, 2)))
    first = spotted(slow, script, None)
    write_cue_sheet(sheet, slow, first.sheet)
    assert [each.span.start_s for each in first.script.subtitles] == [0.8]
    assert spotted(slow, script, sheet).script.subtitles == first.script.subtitles

    film = probe(write_tracks(tmp_path / "film.mkv", [Track(silence()), Track(voice(1, (0.5, 1.2)))]))
    cue = Cue("d1", 0, "speech", Span.of_seconds(0.5, 1.2), origin="silero")
    write_cue_sheet(sheet, film, CueSheet((Scene(0, film.duration),), (cue,)))
    alone, beside = (spotted(film, each, sheet) for each in (None, script))
    assert [pickup.track.number for pickup in alone.pickups] == [2]
    assert beside.pickups == alone.pickups
    assert "Track 1" in " ".join(alone.warnings)
    assert beside.warnings == alone.warnings


def test_a_render_delivers_the_scripts_captions_and_a_cue_sheet_keeps_them(
    make_film: MakeFilm, fake_backend: Path, tmp_path: Path
) -> None:
    film, out = make_film("a.mp4", n_frames=100), tmp_path / "out"
    content = (
        "1\n00:00:00,200 --> 00:00:01,800\n{\\an8}<i>Come in,</i>\n<i>all of you.</i>\n\n"
        "2\n00:00:02,000 --> 00:00:02,500\n[door slams]\n\n3\n00:00:02,600 --> 00:00:04,000\n- Who?\n- You.\n"
    )
    film.with_suffix(".srt").write_text(content)
    for more in ((), ("--cues", str(tmp_path / "a.cues.json"))):
        result = CliRunner().invoke(cli, ["render", str(film), "-o", str(out), "-p", "ci", "--json", "--fresh", *more])
        assert result.exit_code == 0, result.output
        assert (out / "a" / "a.srt").read_text() == content
        (tmp_path / "a.cues.json").write_bytes((out / "a" / "a.cues.json").read_bytes())
    assert json.loads(result.stdout)["films"][0]["output"] == str(out / "a")
    again = read_script(out / "a" / "a.vtt", Fraction(25))
    assert [line.text for line in again.lines] == ["Come in, all of you.", "Who?", "You."]
