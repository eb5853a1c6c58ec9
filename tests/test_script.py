"""Scripts: what is spoken, by whom and when; and one clear sentence for what cannot be read."""

from __future__ import annotations

import time
import unicodedata
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.scripts import refusal, script_of
from vssflow_post.cues.script import read_script
from vssflow_post.cues.spoken_text import said_in
from vssflow_post.cues.times import read_time
from vssflow_post.errors import ScriptError
from vssflow_post.timeline import Line, Span, samples_from_frame

FILM_24 = Fraction(24)
NTSC_24 = Fraction(24000, 1001)
NTSC_30 = Fraction(30000, 1001)

ASS_HEAD = """[Script Info]
ScriptType: v4.00+

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


def read(
    folder: Path, name: str, content: str | bytes, rate: Fraction = FILM_24, start: str | None = None
) -> list[Line]:
    return list(script_of(folder, name, content, rate, start).lines)


def line(start_s: float, end_s: float, text: str, speaker: str | None = None) -> Line:
    return Line(Span.of_seconds(Fraction(str(start_s)), Fraction(str(end_s))), text, speaker)


def test_srt(tmp_path: Path) -> None:
    content = r"""1
00:00:01,000 --> 00:00:02,500 X1:40 X2:600
{\an8}ANNA: <i>Where is</i>
the <font color="#fff">train</font>?

2
00:00:03,000 --> 00:00:04,000
[door slams]

3
00:00:05,000 --> 00:00:06,000
(sighs) How many?
42

4
00:01:07,250 --> 00:01:08,000
At 10:30 &amp; not later.
1984
"""
    assert read(tmp_path, "film.srt", content) == [
        line(1, 2.5, "Where is the train?", "ANNA"),
        line(5, 6, "How many? 42"),
        line(67.25, 68, "At 10:30 & not later. 1984"),
    ]


def test_vtt_voices_names_and_comments(tmp_path: Path) -> None:
    content = """WEBVTT - a title

NOTE this is not spoken
00:00:01.000 --> nor is this a timing

STYLE
::cue { color: red }

intro-1
00:01.000 --> 00:02.000 align:start
<v Anna>Hello <00:00:01.500><c.red>there</c></v>

second cue
01:00:02.000 --> 01:00:03.000
<v.loud Bob Lee>Hi.

NOTE nor this
"""
    assert read(tmp_path, "film.vtt", content) == [
        line(1, 2, "Hello there", "Anna"),
        line(3602, 3603, "Hi.", "Bob Lee"),
    ]


def test_ass_names_tags_comments_and_drawings(tmp_path: Path) -> None:
    content = ASS_HEAD + (
        "Dialogue: 0,0:00:05.00,0:00:06.50,Default,,0,0,0,,BOB: Later\n"
        "Dialogue: 0,0:00:01.00,0:00:02.50,Default,Anna,0,0,0,,{\\i1}Hello,{\\i0} you\\Nthere\n"
        "Comment: 0,0:00:02.00,0:00:02.50,Default,Anna,0,0,0,,not spoken\n"
        "Dialogue: 0,0:00:03.00,0:00:04.50,Default,,0,0,0,,{\\p1}m 0 0 l 1 1{\\p0}\n"
    )
    assert read(tmp_path, "film.ass", content) == [
        line(1, 2.5, "Hello, you there", "Anna"),
        line(5, 6.5, "Later", "BOB"),
    ]


def test_csv_with_clock_times_and_timecode(tmp_path: Path) -> None:
    content = 'start,end,speaker,text\n00:00:01.500,00:00:02:12,Anna,"Hello, you"\n\n00:00:03:00,00:00:04:00,,Hi\n'
    assert read(tmp_path, "film.csv", content) == [line(1.5, 2.5, "Hello, you", "Anna"), line(3, 4, "Hi")]


def test_csv_columns_in_any_order_and_other_delimiters(tmp_path: Path) -> None:
    expected = [line(1, 2, "Hello", "Anna")]
    assert read(tmp_path, "a.csv", "Text;Speaker;Start;End\nHello;Anna;00:00:01.000;00:00:02.000\n") == expected
    assert read(tmp_path, "b.csv", "start\tend\ttext\tspeaker\n00:00:01.000\t00:00:02.000\tHello\tAnna\n") == expected
    assert read(tmp_path, "c.csv", "00:00:01.000,00:00:02.000,Anna,Hello\n") == expected


def test_csv_text_over_two_rows_keeps_line_numbers(tmp_path: Path) -> None:
    content = 'start,end,text\n00:00:01.000,00:00:02.000,"Hello\nyou"\n00:00:03.000,oops,Hi\n'
    assert "film.csv, line 4: end: 'oops'" in refusal(tmp_path, "film.csv", content, FILM_24)
    assert read(tmp_path, "film.csv", content.replace("oops", "00:00:04.000"))[0].text == "Hello you"


def test_frames_are_exact_at_fractional_rates(tmp_path: Path) -> None:
    [spoken] = read(tmp_path, "film.csv", "01:00:00:01,01:00:00:05,,Hi\n", NTSC_30)
    assert spoken.span == Span(samples_from_frame(108001, NTSC_30), samples_from_frame(108005, NTSC_30))


def test_drop_frame_counts_the_labels_that_exist() -> None:
    assert read_time("00:10:00;00", NTSC_30).seconds == 17982 / NTSC_30
    assert read_time("00:01:00;02", NTSC_30).seconds == 1800 / NTSC_30
    assert abs(read_time("01:00:00;00", NTSC_30).seconds - 3600) < Fraction(1, 100)
    assert read_time("00:01:00:00", NTSC_30, drop_frame=True) == read_time("00:01:00;02", NTSC_30)
    for wrong, rate in (("00:01:00;00", NTSC_30), ("00:00:01;00", FILM_24), ("00:00:01:24", FILM_24)):
        with pytest.raises(ValueError, match=r"exist|drop-frame"):
            read_time(wrong, rate)


@pytest.mark.parametrize(
    ("start", "end"), [("01:00:01:00", "01:00:02:00"), ("01:00:01.001", "01:00:02.002"), ("00:00:01:00", "00:00:02:00")]
)
def test_times_on_the_films_timecode_are_moved_to_its_start(tmp_path: Path, start: str, end: str) -> None:
    """At 23.976 one second of timecode is 1.001 s; the label 01:00:00 is 3603.6 s after midnight."""
    spoken = read(tmp_path, "film.csv", f"{start},{end},,Hi\n", NTSC_24, "01:00:00:00")
    assert spoken == [line(1.001, 2.002, "Hi")]


def test_times_stay_where_one_lies_before_the_start_timecode(tmp_path: Path) -> None:
    content = "00:00:05:00,00:00:06:00,,Hi\n00:00:15:00,00:00:16:00,,Ho\n"
    assert [each.span.start_s for each in read(tmp_path, "film.csv", content, FILM_24, "00:00:10:00")] == [5, 15]
    assert [each.span.start_s for each in read(tmp_path, "film.csv", content, FILM_24, "00:00:05:00")] == [0, 10]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(tmp_path: Path, encoding: str, newline: str) -> None:
    content = "1\n00:00:01,000 --> 00:00:02,000\nCafé \u2019tis\n".replace("\n", newline).encode(encoding)
    assert read(tmp_path, "film.srt", content) == [line(1, 2, "Café \u2019tis")]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Remember: the door", [("Remember: the door", None)]),
        ("MAN 2: Go", [("Go", "MAN 2")]),
        ("ANNA (V.O.): Go", [("Go", "ANNA")]),
        ("[ANNA]: Go", [("Go", "ANNA")]),
        ("ÉVA: Go", [("Go", "ÉVA")]),
        ("SHE SAID IT WAS ALL OVER: run", [("SHE SAID IT WAS ALL OVER: run", None)]),
        ("- Hi.\n- Ho.", [("Hi.", None), ("Ho.", "SECOND VOICE")]),
        ("- and then\nhe left", [("and then he left", None)]),
        ("ANNA: Hi.\nBOB: Ho\nhum.", [("Hi.", "ANNA"), ("Ho hum.", "BOB")]),
        ("[music (loud [very])] ♪ ...", []),
        ("(starts\nhere) end", [("end", None)]),
        ("I <3 you, 2 < 3 > 1", [("I <3 you, 2 < 3 > 1", None)]),
        ("a\x1b[31mb\u202e\x00c", [("a [31mb c", None)]),
        ("<v Anna (V>Oh) no", [("Oh) no", "Anna (V")]),
        ("\x00", []),
        ("", []),
    ],
)
def test_what_is_spoken(raw: str, expected: list[tuple[str, str | None]]) -> None:
    assert [(each.text, each.speaker) for each in said_in([(raw, None)])[0].utterances] == expected


def test_two_people_in_one_subtitle_share_its_time(tmp_path: Path) -> None:
    first, second = read(tmp_path, "a.srt", "1\n00:00:01,000 --> 00:00:05,000\nANNA: aaa\nBOB: aaaaaaaaa\n")
    assert (first.span.start_s, second.span.end_s) == (1.0, 5.0)
    assert first.span.end == second.span.start == pytest.approx(2 * 48_000, abs=2)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.srt", "1\n00:00:01,000 -- 00:00:02,500\nHello\n", "line 2: is not a timing"),
        ("a.srt", "1\n00:00:01,000 --> 00:00:99,500\nHello\n", "line 2: is not a timing"),
        ("a.srt", "1\n00:00:01,000 --> 00:00:02,500\nHello\n\n2\nno times\n", "line 5: subtitle 2 has no times"),
        ("a.srt", "1\n00:00:03,000 --> 00:00:02,500\nHello\n", "line 2: ends before it starts"),
        ("a.srt", "<html><body>404</body></html>", "no timed line"),
        ("a.srt", "", "is empty"),
        ("a.srt", b"\x00\x01\x02\x03", "is not a text file"),
        ("a.srt", "1\n00:00:01,000 --> 00:00:02,000\n" + "x" * 3000, "line 2: one line of dialogue has more than 2000"),
        ("a.srt", "x" * (5 * 1024 * 1024 + 1), "larger than 5 MB"),
        ("a.vtt", "WEBVTT\n\n00:01,000 --> 00:02,000\nHello\n", "line 3: is not a timing"),
        ("a.ass", ASS_HEAD + "Dialogue: 0,oops,0:00:02.50,Default,,0,0,0,,Hi\n", "line 6: start is not a time"),
        ("a.ass", ASS_HEAD + "Dialogue: 0,0:00:01.00,0:00:02.50\n", "line 6: has 3 of the 10 fields"),
        ("a.ass", "1\n00:00:01,000 --> 00:00:02,500\nHello\n", "no [Events] section"),
        ("a.csv", "start,end,character,text\n", "line 1: unknown column 'character'"),
        ("a.csv", "start,end,speaker\n", "line 1: column 'text' is missing"),
        ("a.csv", "start,end,text,text\n", "line 1: column 'text' is there twice"),
        ("a.csv", "start,end,speaker,text\n1.5,2.5,A,Hi\n", "line 2: start: '1.5' is neither"),
        (
            "a.csv",
            "start,end,text\n00:00:01.000,00:00:02:24,Hi\n",
            "line 2: end: '00:00:02:24' does not exist at 24 fps",
        ),
        ("a.csv", "start,end,text\n00:00:02.000,00:00:01.000,Hi\n", "line 2: end 00:00:01.000 is not after"),
        ("a.csv", "start,end,text\n00:00:01.000,00:00:02.000,Hi, you\n", "line 2: has 4 cells, not 3"),
        ("a.csv", 'start,end,text\n00:00:01.000,00:00:02.000,"Hi\n', "is not CSV"),
        ("a.txt", "Hello", "is not called"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, name: str, content: str | bytes, expected: str) -> None:
    assert expected in refusal(tmp_path, name, content, FILM_24)


def test_no_file_is_an_error_too(tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match=r"film\.srt: is not a file"):
        read_script(tmp_path / "film.srt", FILM_24)


def test_a_script_of_sounds_only_has_no_lines(tmp_path: Path) -> None:
    assert read(tmp_path, "film.srt", "1\n00:00:01,000 --> 00:00:02,000\n[rain]\n") == []
    assert read(tmp_path, "film.vtt", "WEBVTT\n") == []
    assert read(tmp_path, "film.csv", "start,end,speaker,text\n") == []


@pytest.mark.parametrize("filling", ["{", "<i", "[", "1:1:1;", "<v ", "- ", "A:", "\n\n1\n"])
@pytest.mark.parametrize("name", ["a.srt", "a.vtt", "a.ass", "a.csv"])
def test_hostile_text_takes_no_time(tmp_path: Path, name: str, filling: str) -> None:
    heads = {
        "a.srt": "1\n00:00:01,000 --> 00:00:02,000\n",
        "a.vtt": "WEBVTT\n\n00:01.000 --> 00:02.000\n",
        "a.ass": ASS_HEAD + "Dialogue: 0,0:00:01.00,0:00:02.50,Default,,0,0,0,,",
        "a.csv": "start,end,text\n00:00:01.000,00:00:02.000,",
    }
    before = time.process_time()
    for length in (1900, 1_000_000):
        with suppress(ScriptError):
            read(tmp_path, name, heads[name] + filling * (length // len(filling)))
    assert time.process_time() - before < 5.0


@given(st.text(max_size=200))
def test_spoken_text_is_one_clean_line(raw: str) -> None:
    for each in said_in([(raw, None)])[0].utterances:
        assert each.text == " ".join(each.text.split())
        assert each.text
        assert not {unicodedata.category(character) for character in each.text} & {"Cc", "Cs", "Zl", "Zp"}
        assert each.speaker is None or each.speaker.strip()


@given(
    content=st.one_of(
        st.binary(max_size=300),
        st.text('0123456789:,.;->\n ABab[](){}\\"<>/', max_size=300).map(str.encode),
    ),
    name=st.sampled_from(["a.srt", "a.vtt", "a.ass", "a.csv"]),
)
def test_any_content_gives_lines_or_one_sentence(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, name: str
) -> None:
    path = tmp_path_factory.getbasetemp() / name
    path.write_bytes(content)
    lines: tuple[Line, ...] = ()
    with suppress(ScriptError):
        lines = read_script(path, NTSC_30).lines
    assert list(lines) == sorted(lines, key=lambda each: each.span)
    assert all(each.span.n_samples > 0 for each in lines)


@given(st.integers(0, 24 * 3600 * 30 - 1), st.sampled_from([FILM_24, Fraction(25), NTSC_24, NTSC_30]))
def test_every_label_of_timecode_is_its_frame(frame: int, rate: Fraction) -> None:
    nominal = round(rate)
    seconds, frames = divmod(frame % (24 * 3600 * nominal), nominal)
    label = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}:{frames:02d}"
    assert read_time(label, rate).seconds * rate == frame % (24 * 3600 * nominal)
